"""Nonlinear heat equation over a hundred units of time: a stress case."""

from pathlib import Path

from sympy import pi, sin

from kanpde import (
    Dirichlet,
    Initial,
    Problem,
    Rectangle,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)

SETTINGS = {"time_limit": 600}


def problem(folder: Path) -> Problem:
    """A source that switches between branches, diffusion of 0.001."""
    x, y, t = coordinates("x y t")
    u = unknown("u", x, y, t)
    drive = 1 + 2 * sin(pi * t / 4)
    source = 5 * sin(u**2) * drive * sin(4 * pi * x) * sin(2 * pi * y)
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)) * TimeInterval(t, 0, 100),
        equations={"heat": u.diff(t) - laplacian(u, x, y) / 1000 - source},
        conditions={
            "start": Initial(u, sin(4 * pi * x) * sin(3 * pi * y)),
            "walls": Dirichlet(u, 0),
        },
    )
