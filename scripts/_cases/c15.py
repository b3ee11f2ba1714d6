"""Plane linear elasticity on the unit square, displacements and tractions given."""

from pathlib import Path
from typing import Any

from sympy import Eq, Rational, cos, pi, sin

from kanpde import Dirichlet, Operator, Problem, Rectangle, coordinates, unknown

SETTINGS = {"time_limit": 60}
Q, LAMBDA, MU = 4, 1, Rational(1, 2)


def problem(folder: Path) -> Problem:
    """Equilibrium in displacements; stresses are expressions of them."""
    x, y = coordinates("x y")
    ux, uy = unknown("ux", x, y), unknown("uy", x, y)
    sxx, syy, sxy = stresses(ux, uy)
    wave = cos(2 * pi * x) * sin(pi * y)
    cubic = Q * y**3 * cos(pi * x)
    fx = (
        -LAMBDA * (4 * pi**2 * wave - pi * cubic)
        - MU * (pi**2 * wave - pi * cubic)
        - 8 * MU * pi**2 * wave
    )
    shear = 2 * pi**2 * cos(pi * y) * sin(2 * pi * x)
    fy = (
        LAMBDA * (3 * Q * y**2 * sin(pi * x) - shear)
        - MU * (shear + pi**2 * Q * y**4 * sin(pi * x) / 4)
        + 6 * Q * MU * y**2 * sin(pi * x)
    )
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={
            "equilibrium x": sxx.diff(x) + sxy.diff(y) - fx,
            "equilibrium y": sxy.diff(x) + syy.diff(y) - fy,
        },
        conditions={
            "bottom x": Dirichlet(ux, 0, on=Eq(y, 0)),
            "bottom y": Dirichlet(uy, 0, on=Eq(y, 0)),
            "left y": Dirichlet(uy, 0, on=Eq(x, 0)),
            "right y": Dirichlet(uy, 0, on=Eq(x, 1)),
            "left traction": Operator(sxx, on=Eq(x, 0)),
            "right traction": Operator(sxx, on=Eq(x, 1)),
            "top x": Dirichlet(ux, 0, on=Eq(y, 1)),
            "top traction": Operator(syy - (LAMBDA + 2 * MU) * Q * sin(pi * x), on=Eq(y, 1)),
        },
        vectors={"displacement": (ux, uy)},
    )


def stresses(ux: Any, uy: Any) -> tuple[Any, Any, Any]:
    """Hooke's law."""
    x, y = ux.args
    exx, eyy, exy = ux.diff(x), uy.diff(y), (ux.diff(y) + uy.diff(x)) / 2
    along = LAMBDA + 2 * MU
    return along * exx + LAMBDA * eyy, along * eyy + LAMBDA * exx, 2 * MU * exy


def expressions(problem: Problem) -> dict[str, Any]:
    """Displacements and stresses under the reference's names."""
    ux, uy = problem.unknowns
    return dict(zip(("ux", "uy", "sxx", "syy", "sxy"), (ux, uy, *stresses(ux, uy)), strict=True))
