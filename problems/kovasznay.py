"""Kovasznay's flow: the steady wake behind a row of cylinders.

    u u_x + v u_y = -p_x + Δu/Re,
    u v_x + v v_y = -p_y + Δv/Re,
    u_x + v_y = 0 on [-0.5, 1] × [-0.5, 1.5],  Re = 40,
    u = 1 - exp(λx) cos(2πy),  v = λ/(2π) exp(λx) sin(2πy),
    p = (1 - exp(2λx))/2,  λ = Re/2 - √(Re²/4 + 4π²) = -0.964.

The velocity is given on the whole boundary. The pressure is then free up to a constant; it is
pinned to its exact value 0 at the origin.

Source: Kovasznay, Laminar flow behind a two-dimensional grid, Proc. Camb. Phil. Soc. 44 (1948)
58-62. In the learning literature: Jin, Cai, Li, Karniadakis, NSFnets, J. Comput. Phys. 426
(2021) 109951.

One of the few exact solutions of the full Navier-Stokes equations; smooth, with two vortices
behind the grid. It is a good test of a system with unknowns of different kind: no boundary
condition holds the pressure, which is determined by the momentum equations alone.

Good values: published networks give relative L2 errors of 1e-3 to 1e-4 for u, v and p,
second-order ones 1e-6 to 1e-7. An error in p much larger than in u with a small residual means
a constant that is not pinned.
"""

from sympy import cos, exp, pi, sin, sqrt

from kanpde import Dirichlet, PointData, Problem, Rectangle, coordinates, laplacian, unknown


def problem(Re: float = 40.0) -> Problem:
    """Navier-Stokes equations with Kovasznay's solution."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    rate = Re / 2 - sqrt(Re**2 / 4 + 4 * pi**2)
    exact = {
        u: 1 - exp(rate * x) * cos(2 * pi * y),
        v: rate / (2 * pi) * exp(rate * x) * sin(2 * pi * y),
        p: (1 - exp(2 * rate * x)) / 2,
    }
    return Problem(
        domain=Rectangle((x, -0.5, 1), (y, -0.5, 1.5)),
        equations={
            "momentum x": u * u.diff(x) + v * u.diff(y) + p.diff(x) - laplacian(u, x, y) / Re,
            "momentum y": u * v.diff(x) + v * v.diff(y) + p.diff(y) - laplacian(v, x, y) / Re,
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "velocity u": Dirichlet(u, exact[u]),
            "velocity v": Dirichlet(v, exact[v]),
            "pressure pin": PointData(p, [[0.0, 0.0]], [0.0]),
        },
        vectors={"velocity": (u, v)},
        exact=exact,
    )
