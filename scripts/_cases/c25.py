"""Viscous flow past two discs in a wide channel that is open at its end."""

from pathlib import Path

from sympy import Eq

from kanpde import (
    Dirichlet,
    Disk,
    Operator,
    Problem,
    Rectangle,
    coordinates,
    laplacian,
    unknown,
)

SETTINGS = {"time_limit": 600}


def problem(folder: Path) -> Problem:
    """Steady Navier-Stokes equations at ν = 1; no traction at the outlet."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    domain = (
        Rectangle((x, 0, 8), (y, 0, 8))
        - Disk((x, y), (6, 6), 1, name="large")
        - Disk((x, y), (2, 1), 0.5, name="small")
    )
    resting = ["large", "small", "y=0", "y=8"]
    return Problem(
        domain=domain,
        equations={
            "momentum x": u * u.diff(x) + v * u.diff(y) + p.diff(x) - laplacian(u, x, y),
            "momentum y": u * v.diff(x) + v * v.diff(y) + p.diff(y) - laplacian(v, x, y),
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "walls u": Dirichlet(u, 0, on=resting),
            "walls v": Dirichlet(v, 0, on=resting),
            "inlet u": Dirichlet(u, y * (8 - y) / 16, on=Eq(x, 0)),
            "inlet v": Dirichlet(v, 0, on=Eq(x, 0)),
            "outlet x": Operator(2 * u.diff(x) - p, on=Eq(x, 8)),
            "outlet y": Operator(u.diff(y) + v.diff(x), on=Eq(x, 8)),
        },
    )
