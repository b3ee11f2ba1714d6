"""Poisson's equation in five dimensions."""

from pathlib import Path

from sympy import Add, pi, sin

from kanpde import Box, Dirichlet, Problem, coordinates, laplacian, unknown

SETTINGS = {"time_limit": 300}


def problem(folder: Path) -> Problem:
    """Source and boundary values as the statement gives them."""
    xs = coordinates("x1:6")
    u = unknown("u", *xs)
    total = Add(*(sin(pi * x / 2) for x in xs))
    return Problem(
        domain=Box(*((x, 0, 1) for x in xs)),
        equations={"poisson": laplacian(u, *xs) + pi**2 / 4 * total},
        conditions={"faces": Dirichlet(u, total)},
    )
