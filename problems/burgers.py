"""Burgers' equation: a sine steepens into a thin layer.

    u_t + u u_x = ν u_xx on [-1, 1],  0 ≤ t ≤ 1,
    u(x, 0) = -sin(πx),  u(±1, t) = 0,  ν = 0.01/π.

Source: Basdevant et al., Spectral and finite difference solutions of the Burgers equation,
Computers & Fluids 14 (1986) 23-41; in the learning literature since Raissi, Perdikaris,
Karniadakis, Physics-informed neural networks, J. Comput. Phys. 378 (2019) 686-707.

The solution is smooth and odd in x. At x = 0 a layer of width of order ν forms from t = 1/π
on; the steepest slope is -u_x(0, t) = 152.005 at t = 0.510. The reference is the
Cole-Hopf quotient of two integrals by Gauss-Hermite quadrature: 256 and 1200 nodes agree to
4e-15, and a Chebyshev collocation agrees to 2e-12 (docs/problems.md has the numbers).

Good values: the relative L2 error that a run prints is measured against the reference on
points of its own. Physics-informed networks trained by Adam give 1e-2 to 1e-3, second-order
optimizers 1e-5 to 1e-8. A loss that falls while the error stays near 1e-1 means a layer at the
wrong place or a missed layer. Many published numbers use the easier ν = 0.01, whose steepest
slope is 44.6 (`-p nu=0.01`): compare only equal ν. `nu` may be 5e-4 to 1.
"""

import math

from sympy import pi, sin

from kanpde import (
    Dirichlet,
    Initial,
    Interval,
    Problem,
    TimeInterval,
    cole_hopf,
    coordinates,
    unknown,
)


def problem(nu: float = 0.01 / math.pi) -> Problem:
    """Burgers' equation from minus a sine, with the Cole-Hopf solution as reference."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"burgers": u.diff(t) + u * u.diff(x) - nu * u.diff(x, 2)},
        conditions={"start": Initial(u, -sin(pi * x)), "walls": Dirichlet(u, 0)},
        reference={u: cole_hopf(nu)},
    )
