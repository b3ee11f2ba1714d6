"""Kuramoto-Sivashinsky equation, chaotic: judged up to t = 0.5."""

from pathlib import Path

from sympy import Rational, cos, pi, sin

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown

SETTINGS = {"time_limit": 500, "tolerance": 1e-5}
WINDOWS = (0.25, 0.5, 1.0)
JUDGED = ("u, t <= 0.5",)


def problem(folder: Path) -> Problem:
    """Strongly scaled: about a hundred natural units of time."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    a, b, c = (Rational(100, 16**k) for k in (1, 2, 4))
    return Problem(
        domain=Interval(x, 0, 2 * pi) * TimeInterval(t, 0, 1),
        equations={
            "ks": u.diff(t) + a * u * u.diff(x) + b * u.diff(x, 2) + c * u.diff(x, 4),
        },
        conditions={"start": Initial(u, cos(x) * (1 + sin(x))), "seam": Periodic(u, x)},
    )
