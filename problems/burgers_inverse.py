"""Find the viscosity in Burgers' equation from noisy velocities.

    u_t + u u_x = ν u_xx on [-1, 1],  0 ≤ t ≤ 1,  ν unknown in [1e-4, 1],
    u(x, 0) = -sin(πx),  u(±1, t) = 0,
    and 2000 measured velocities u(xᵢ, tᵢ).

The measurements are the Cole-Hopf solution at ν = 0.01/π on points drawn uniformly over the
domain, with Gaussian noise of standard deviation `noise` = 1 % of the data's own. `draw` is the
seed of points and noise. The search starts at ν = `start` = 0.02, six times the true value, which
enters the data and the error measure, nothing else.

Source: Raissi, Perdikaris, Karniadakis, Physics-informed neural networks, J. Comput. Phys. 378
(2019) 686-707, section 4: 2000 points, 0 and 1 % noise, initial and boundary data unused.

What can be known: only points in the thin layer at x = 0 (after t = 1/π) and at the steep flanks
before tell of ν. The Cramer-Rao bound from the sensitivity ∂u/∂ν at the points is about 0.4 % of ν;
it differs from draw to draw with the number of points in the layer (`scripts/bench_inverse.py
burgers` computes it). Published networks give ν within 0.1 % to 1 %.

Good values: ν within twice that bound, and an interval that holds the truth in 95 of 100 draws.
"""

import math

import numpy as np
from sympy import Symbol, pi, sin

from kanpde import (
    Constant,
    Dirichlet,
    Initial,
    Interval,
    PointData,
    Problem,
    TimeInterval,
    cole_hopf,
    coordinates,
    unknown,
)

MEASUREMENTS = 2000
TRUTH = 0.01 / math.pi


def problem(noise: float = 0.01, draw: int = 0, start: float = 0.02) -> Problem:
    """Burgers' equation with unknown viscosity and noisy data."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    nu = Symbol("nu", real=True)
    points, values = measurements(noise, draw)
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"burgers": u.diff(t) + u * u.diff(x) - nu * u.diff(x, 2)},
        conditions={
            "start": Initial(u, -sin(pi * x)),
            "walls": Dirichlet(u, 0),
            "data": PointData(u, points, values),
        },
        constants={nu: Constant(start, bounds=(1e-4, 1.0), exact=TRUTH)},
        reference={u: cole_hopf(TRUTH)},
    )


def measurements(noise: float, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Points ``(2000, 2)`` and noisy velocities ``(2000,)``."""
    rng = np.random.default_rng(draw)
    points = rng.uniform((-1.0, 0.0), (1.0, 1.0), size=(MEASUREMENTS, 2))
    clean = cole_hopf(TRUTH)(points)
    return points, clean + noise * clean.std() * rng.standard_normal(MEASUREMENTS)
