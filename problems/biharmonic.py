"""A clamped plate: the biharmonic equation.

    Δ²u = f on [0, 1]²,  u = 0 and ∂u/∂n = 0 on the boundary,
    u = sin²(πx) sin²(πy).

u is the deflection of a plate under the load f, in units of its bending stiffness.

Source: Timoshenko and Woinowsky-Krieger, Theory of Plates and Shells, 2nd ed., 1959, for the
equation and the clamped edge; the load is manufactured.

The solution is smooth, positive, with its maximum 1 in the middle. Fourth derivatives make it
hard: piecewise polynomials need degree 5 or more to converge at all in the residual, the
residual's rows are up to 16π⁴ times as large as the deflection, and rounding in nested
automatic differentiation costs digits.

Good values: linear and smooth, so 1e-8 and below is within reach with smooth edges of high
degree; worse than 1e-3 usually means that the normal derivative is not held.
"""

from sympy import pi, sin

from kanpde import (
    Dirichlet,
    Neumann,
    Problem,
    Rectangle,
    coordinates,
    laplacian,
    manufactured,
    unknown,
)


def problem() -> Problem:
    """Biharmonic equation with u = sin²(πx) sin²(πy), clamped."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    operator = laplacian(laplacian(u, x, y), x, y)
    exact = {u: sin(pi * x) ** 2 * sin(pi * y) ** 2}
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={"plate": operator - manufactured(operator, exact)},
        conditions={"deflection": Dirichlet(u, 0), "slope": Neumann(u, 0)},
        exact=exact,
    )
