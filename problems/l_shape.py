"""Laplace's equation on an L-shaped room with its corner singularity.

    Δu = 0 on (-1, 1)² without [0, 1] × [-1, 0],
    u = r^(2/3) sin(2θ/3) on the boundary, θ from the edge y = 0.

Source: Motz, Quart. Appl. Math. 4 (1947) 371-377, for the method; the room is MATLAB's logo and
the usual test of adaptive finite elements.

The gradient is infinite at the re-entrant corner: polynomials, splines and networks all converge
slowly there. The corner is found from the domain, and gets functions r^(2k/3 + 2j) cos(2kθ/3) and
sines; the solution is one of them, so here only round-off is left. Poisson's equation with u = 0
on the same room, whose solution is not among them, is in docs/geometry.md.

Good values: published networks reach 1e-2 to 1e-3 on such rooms, 1e-4 with the corner function
given by hand; product KANs without coordinates about the corner (charts = false) 1e-2.
"""

from sympy import Rational, atan2, pi, sin, sqrt

from kanpde import Dirichlet, Problem, Rectangle, coordinates, laplacian, unknown


def problem() -> Problem:
    """Laplace's equation with the first corner function."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    angle = atan2(-x - y, y - x) + 3 * pi / 4  # from the bisector, so that the cut is outside
    exact = sqrt(x**2 + y**2) ** Rational(2, 3) * sin(2 * angle / 3)
    workspace = Rectangle((x, -1, 1), (y, -1, 1)) - Rectangle((x, 0, 1), (y, -1, 0))
    return Problem(
        domain=workspace,
        equations={"laplace": laplacian(u, x, y)},
        conditions={"walls": Dirichlet(u, exact)},
        exact={u: exact},
    )
