"""Heat equation whose diffusion differs by five orders of magnitude between the axes."""

from pathlib import Path

from sympy import pi, sin

from kanpde import Dirichlet, Initial, Problem, Rectangle, TimeInterval, coordinates, unknown

SETTINGS = {"time_limit": 300}


def problem(folder: Path) -> Problem:
    """Twenty half waves along x, one along y."""
    x, y, t = coordinates("x y t")
    u = unknown("u", x, y, t)
    flux = u.diff(x, 2) / (500 * pi) ** 2 + u.diff(y, 2) / pi**2
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)) * TimeInterval(t, 0, 5),
        equations={"heat": u.diff(t) - flux},
        conditions={
            "start": Initial(u, sin(20 * pi * x) * sin(pi * y)),
            "walls": Dirichlet(u, 0),
        },
    )
