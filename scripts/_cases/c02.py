"""Allen-Cahn's equation with thin interfaces, periodic."""

from pathlib import Path

from sympy import cos, pi

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown

SETTINGS = {"time_limit": 300, "tolerance": 1e-6}


def problem(folder: Path) -> Problem:
    """Diffusion 1e-4, reaction 5u - 5u^3."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"allen-cahn": u.diff(t) - 1e-4 * u.diff(x, 2) - 5 * u + 5 * u**3},
        conditions={"start": Initial(u, x**2 * cos(pi * x)), "seam": Periodic(u, x)},
    )
