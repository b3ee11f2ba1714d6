"""Kuramoto-Sivashinsky equation, regular."""

from pathlib import Path

from sympy import pi, sin

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown

SETTINGS = {"time_limit": 200, "tolerance": 1e-6}


def problem(folder: Path) -> Problem:
    """Fourth order in space, periodic."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={
            "ks": u.diff(t) + 5 * u * u.diff(x) + u.diff(x, 2) / 2 + 0.005 * u.diff(x, 4),
        },
        conditions={"start": Initial(u, -sin(pi * x)), "seam": Periodic(u, x)},
    )
