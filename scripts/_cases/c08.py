"""Wave equation with two frequencies."""

from pathlib import Path

from sympy import pi, sin

from kanpde import Dirichlet, Initial, Interval, Problem, TimeInterval, coordinates, unknown

SETTINGS = {"time_limit": 60}


def problem(folder: Path) -> Problem:
    """Two standing waves, ends held."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        equations={"wave": u.diff(t, 2) - 4 * u.diff(x, 2)},
        conditions={
            "start": Initial(u, sin(pi * x) + sin(4 * pi * x) / 2),
            "rest": Initial(u.diff(t), 0),
            "ends": Dirichlet(u, 0),
        },
    )
