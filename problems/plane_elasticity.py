"""Plane linear elasticity: a square that is held, and pulled by tractions.

    ∂σxx/∂x + ∂σxy/∂y = fx,   ∂σxy/∂x + ∂σyy/∂y = fy on [0, 1]²,
    σxx = (λ + 2μ) εxx + λ εyy,  σyy = (λ + 2μ) εyy + λ εxx,  σxy = 2μ εxy,
    ux = cos 2πx sin πy,  uy = sin πx y⁴;   λ = 1, μ = 0.5.

Held at the bottom; the sides slide along x without traction along x; the top cannot slide along x
and is pulled by σyy = 4 (λ + 2μ) sin πx. The body force f follows from the solution.

Source: Haghighat, Raissi, Moure, Gomez, Juanes, A physics-informed deep learning framework for
inversion and surrogate modeling in solid mechanics, Comput. Methods Appl. Mech. Eng. 379 (2021)
113741, section 4.1.

Two unknowns that are coupled in the interior and in the tractions, which `Operator` writes as they
are: expressions of several unknowns and of the normal. Good values: networks reach relative L2
errors of 1e-2 to 1e-4 in the displacements and less in the stresses; the solution is smooth.
"""

from sympy import Eq, cos, pi, sin

from kanpde import (
    Dirichlet,
    Operator,
    Problem,
    Rectangle,
    coordinates,
    manufactured,
    normal,
    unknown,
)


def problem(lam: float = 1.0, mu: float = 0.5) -> Problem:
    """Equilibrium of a square in displacements, with Lamé's constants lam and mu."""
    x, y = coordinates("x y")
    ux, uy = unknown("ux", x, y), unknown("uy", x, y)
    exx, eyy, exy = ux.diff(x), uy.diff(y), (ux.diff(y) + uy.diff(x)) / 2
    sxx = (lam + 2 * mu) * exx + lam * eyy
    syy = (lam + 2 * mu) * eyy + lam * exx
    sxy = 2 * mu * exy
    along_x, along_y = sxx.diff(x) + sxy.diff(y), sxy.diff(x) + syy.diff(y)
    exact = {ux: cos(2 * pi * x) * sin(pi * y), uy: sin(pi * x) * y**4}
    pull = 4 * (lam + 2 * mu) * sin(pi * x)
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={
            "equilibrium x": along_x - manufactured(along_x, exact),
            "equilibrium y": along_y - manufactured(along_y, exact),
        },
        conditions={
            "bottom x": Dirichlet(ux, 0, on=Eq(y, 0)),
            "bottom y": Dirichlet(uy, 0, on=Eq(y, 0)),
            "sides y": Dirichlet(uy, 0, on=["x=0", "x=1"]),
            "sides traction": Operator(sxx * normal(x), on=["x=0", "x=1"]),
            "top x": Dirichlet(ux, 0, on=Eq(y, 1)),
            "top traction": Operator(syy * normal(y) - pull, on=Eq(y, 1)),
        },
        vectors={"displacement": (ux, uy)},
        exact=exact,
    )
