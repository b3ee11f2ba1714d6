"""Burgers' equation with a steep layer."""

from pathlib import Path

from sympy import pi, sin

from kanpde import Dirichlet, Initial, Interval, Problem, TimeInterval, coordinates, unknown

SETTINGS = {"time_limit": 100, "tolerance": 1e-9}


def problem(folder: Path) -> Problem:
    """Viscosity 0.01/pi, from minus a sine."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"burgers": u.diff(t) + u * u.diff(x) - 0.01 / pi * u.diff(x, 2)},
        conditions={"start": Initial(u, -sin(pi * x)), "ends": Dirichlet(u, 0)},
    )
