"""Poisson's equation in a hundred dimensions.

    Δu = 2d on [0, 1]^d, u = Σ xᵢ² on the boundary, d = 100,
    u = Σ xᵢ².

Source: E, Yu, The deep Ritz method, Commun. Math. Stat. 6 (2018) 1-12, section 3.2 (Poisson
equations in d = 10 and 100 with polynomial solutions).

The Laplacian has a hundred second derivatives, the boundary two hundred faces. The solution is a
sum of functions of one coordinate, which is what a product KAN is tried as first; rows of
such a network are marked as matched to that structure.

Good values: the deep Ritz method reports a relative error of 2.2e-2 in 100 dimensions.
"""

from sympy import Add

from kanpde import Box, Dirichlet, Problem, coordinates, laplacian, unknown


def problem(d: int = 100) -> Problem:
    """Poisson's equation with a constant source and a quadratic solution."""
    xs = coordinates(f"x1:{d + 1}") if d > 1 else (coordinates("x1"),)
    u = unknown("u", *xs)
    total = Add(*(x**2 for x in xs))
    return Problem(
        domain=Box(*((x, 0, 1) for x in xs)),
        equations={"poisson": laplacian(u, *xs) - 2 * d},
        conditions={"faces": Dirichlet(u, total)},
        exact={u: total},
    )
