"""Kovasznay's flow at Re = 20, pressure given at the outlet."""

from pathlib import Path

from sympy import Eq, cos, exp, pi, sin, sqrt

from kanpde import Dirichlet, Problem, Rectangle, coordinates, laplacian, unknown

SETTINGS = {"time_limit": 60}
RE = 20


def problem(folder: Path) -> Problem:
    """Steady Navier-Stokes equations; boundary data as the statement gives them."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    rate = sqrt(RE**2 + 16 * pi**2) / -2 + RE / 2
    return Problem(
        domain=Rectangle((x, -0.5, 1), (y, -0.5, 1.5)),
        equations={
            "momentum x": u * u.diff(x) + v * u.diff(y) + p.diff(x) - laplacian(u, x, y) / RE,
            "momentum y": u * v.diff(x) + v * v.diff(y) + p.diff(y) - laplacian(v, x, y) / RE,
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "velocity u": Dirichlet(u, 1 - exp(rate * x) * cos(2 * pi * y)),
            "velocity v": Dirichlet(v, rate / (2 * pi) * exp(rate * x) * sin(2 * pi * y)),
            "outlet": Dirichlet(p, (1 - exp(2 * rate)) / 2, on=Eq(x, 1)),
        },
        vectors={"velocity": (u, v)},
    )
