"""Backward-facing step at Re = 800: a channel 30 steps long, entered through its upper half.

Posed with a stream function, so that mass is kept exactly, and with an interface along the
line on which the inlet's profile bends: products on both sides have polynomials of their own,
which crowd there. The bend itself no smooth function has: momentum counts less within 0.3 of
it, and the rows of the inlet count little, or else they would rule the least squares. Reached in
stages from a low Reynolds number.
"""

from pathlib import Path
from typing import Any

from sympy import Eq, Expr, Piecewise, sqrt

import kanpde
from kanpde import (
    Dirichlet,
    Interface,
    Neumann,
    Operator,
    Problem,
    Rectangle,
    Settings,
    Solution,
    coordinates,
    laplacian,
    unknown,
)

RE, STAGES, BEND = 800, (100, 200, 400), 0.3
INLET = {"inlet psi": 100.0, "inlet u": 1.0, "inlet v": 1.0}
MIDDLE = {"middle psi": 1000.0, "middle psi flux": 1.0, "middle p": 100.0, "middle p flux": 1.0}
SETTINGS = {"time_limit": 600, "weights": {**INLET, **MIDDLE}}


def problem(folder: Path, Re: float = RE) -> Problem:
    """Steady Navier-Stokes equations in stream function and pressure."""
    x, y = coordinates("x y")
    psi, p = unknown("psi", x, y), unknown("p", x, y)
    nu = 1 / Re
    u, v = velocity(psi, x, y)
    near = sqrt((x**2 + y**2) / (x**2 + y**2 + BEND**2))
    enters = Piecewise((6 * y**2 - 8 * y**3, y > 0), (0, True))
    return Problem(
        domain=Rectangle((x, 0, 15), (y, -0.5, 0.5)),
        equations={
            "momentum x": near
            * (u * u.diff(x) + v * u.diff(y) + p.diff(x) - nu * laplacian(u, x, y)),
            "momentum y": near
            * (u * v.diff(x) + v * v.diff(y) + p.diff(y) - nu * laplacian(v, x, y)),
        },
        conditions={
            "bottom psi": Dirichlet(psi, 0, on=Eq(y, -0.5)),
            "bottom u": Neumann(psi, 0, on=Eq(y, -0.5)),
            "top psi": Dirichlet(psi, 0.5, on=Eq(y, 0.5)),
            "top u": Neumann(psi, 0, on=Eq(y, 0.5)),
            "inlet psi": Operator(psi - enters, on=Eq(x, 0)),
            "inlet u": Operator(u - enters.diff(y), on=Eq(x, 0)),
            "inlet v": Operator(v, on=Eq(x, 0)),
            "outlet u": Operator(nu * u.diff(x) - p, on=Eq(x, 15)),
            "outlet v": Operator(v.diff(x), on=Eq(x, 15)),
            "middle psi": Interface(psi, at=Eq(y, 0), flux=psi.diff(y)),
            "middle p": Interface(p, at=Eq(y, 0), flux=psi.diff(y, 2)),
        },
    )


def velocity(psi: Expr, x: Expr, y: Expr) -> tuple[Expr, Expr]:
    """Velocity of a stream function."""
    return psi.diff(y), -psi.diff(x)


def solve(folder: Path, settings: dict[str, Any], *, seed: int) -> Solution:
    """Go from Re = 100 to 800."""
    chosen = Settings(seed=seed, **settings)
    return kanpde.solve_continued(lambda Re: problem(folder, Re), "Re", [*STAGES, RE], chosen)


def expressions(problem: Any) -> dict[str, Any]:
    """Velocity and pressure."""
    psi, p = problem.unknowns
    u, v = velocity(psi, *problem.coordinates)
    return {"u": u, "v": v, "p": p}
