"""Laplace's equation on a square with four holes."""

from pathlib import Path

from kanpde import Dirichlet, Disk, Problem, Rectangle, coordinates, unknown

SETTINGS = {"time_limit": 60}
CENTERS = ((0.3, 0.3), (-0.3, 0.3), (0.3, -0.3), (-0.3, -0.3))


def problem(folder: Path) -> Problem:
    """One on the square, zero on the four circles."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    square = Rectangle((x, -0.5, 0.5), (y, -0.5, 0.5))
    domain = square
    for number, center in enumerate(CENTERS):
        domain = domain - Disk((x, y), center, 0.1, name=f"hole{number}")
    return Problem(
        domain,
        {"laplace": u.diff(x, 2) + u.diff(y, 2)},
        {
            "outside": Dirichlet(u, 1, on=list(square.parts)),
            "holes": Dirichlet(u, 0, on=[f"hole{k}" for k in range(len(CENTERS))]),
        },
    )
