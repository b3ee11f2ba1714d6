"""Poisson's equation of the KAN paper.

    Δu = f on [-1, 1]²,  u = 0 on the boundary,
    u = sin(πx) sin(πy²).

Source: Liu et al., KAN: Kolmogorov-Arnold Networks, 2024, arXiv:2404.19756, the example of its
section on partial differential equations. There f is written out,
f = -π²(1 + 4y²) sin(πx) sin(πy²) + 2π sin(πx) cos(πy²); here it is manufactured from u, which
is the same function.

The solution is smooth, odd in x, even in y, and its curvature grows towards y = ±1. Two
variables enter through y² and a product, which a small KAN can write exactly; nothing in the
equation tells the solver so.

Good values: the paper reports mean squares, not relative errors: an L2 error squared of about
1e-7 for a KAN [2, 10, 1]. The mean square of u is 0.19, so that is a relative L2 error near
7e-4. The problem is linear and smooth: 1e-10 is within reach, and worse than 1e-6 is a sign of
too few points or of an optimizer that has stalled.
"""

from sympy import pi, sin

from kanpde import Dirichlet, Problem, Rectangle, coordinates, laplacian, manufactured, unknown


def problem() -> Problem:
    """Poisson's equation with u = sin(πx) sin(πy²)."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    exact = {u: sin(pi * x) * sin(pi * y**2)}
    f = manufactured(laplacian(u, x, y), exact)
    return Problem(
        domain=Rectangle((x, -1, 1), (y, -1, 1)),
        equations={"poisson": laplacian(u, x, y) - f},
        conditions={"walls": Dirichlet(u, 0)},
        exact=exact,
    )
