"""The cavity of `cavity.py` by its stream function: one unknown, fourth order.

    Δ²ψ/Re = ψ_y Δψ_x - ψ_x Δψ_y on [0, 1]²,  Re = 100,  times the distances to both upper corners,
    ψ = 0 on all walls,  ψ_y = a x (1 - x) on the lid y = 1,  ψ_n = 0 on the other walls,  a = 4.

The velocity is u = ψ_y, v = -ψ_x, so that continuity holds by itself and there is no pressure:
`Solution.evaluate(psi.diff(y), points)` gives u.

Source: Hao et al., PINNacle (arXiv 2306.08827) for the lid; the form is that of Ghia, Ghia, Shin,
J. Comput. Phys. 48 (1982) 387-411, without the vorticity.

In the upper corners ψ is like r² f(θ): its second derivatives are bounded, its fourth are like r⁻²
and not even square integrable. So the equation is multiplied by the distances to both corners, and
the slopes at the side walls, which contradict the lid's there, count with a weight of 100 only.

The reference is the stream function of the Chebyshev collocation solution of `cavity.py`.
Good values: relative L2 errors of 3e-3, limited by the corners. Splines need degree 5.
"""

from _cavity_reference import CavityReference
from sympy import Eq, sqrt

from kanpde import (
    Dirichlet,
    Neumann,
    Problem,
    Rectangle,
    Settings,
    coordinates,
    laplacian,
    unknown,
)

settings = Settings(weights={"left": 100.0, "right": 100.0})


def problem(Re: float = 100.0, a: float = 4.0) -> Problem:
    """Steady Navier-Stokes equations in the stream function."""
    x, y = coordinates("x y")
    psi = unknown("psi", x, y)
    curl = laplacian(psi, x, y)
    carried = psi.diff(y) * curl.diff(x) - psi.diff(x) * curl.diff(y)
    near = sqrt(x**2 + (1 - y) ** 2) * sqrt((1 - x) ** 2 + (1 - y) ** 2)
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={"vorticity": near * (laplacian(curl, x, y) / Re - carried)},
        conditions={
            "walls": Dirichlet(psi, 0),
            "lid": Neumann(psi, a * x * (1 - x), on=Eq(y, 1)),
            "bottom": Neumann(psi, 0, on=Eq(y, 0)),
            "left": Neumann(psi, 0, on=Eq(x, 0)),
            "right": Neumann(psi, 0, on=Eq(x, 1)),
        },
        reference={psi: CavityReference(Re, a).stream},
    )
