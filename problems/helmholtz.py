"""Helmholtz' equation with one slow and one fast direction.

    Δu + k²u = f on [-1, 1]²,  u = 0 on the boundary,
    u = sin(a₁πx) sin(a₂πy),  a₁ = 1, a₂ = 4, k = 1.

Source: Wang, Teng, Perdikaris, Understanding and mitigating gradient flow pathologies in
physics-informed neural networks, SIAM J. Sci. Comput. 43 (2021) A3055-A3081.

The residual is about (a₁² + a₂²)π² = 168 times as large as u, while the boundary rows are as
large as u: with conditions as rows and equal weights the boundary is forgotten, which is why
the problem became a benchmark. Exactly imposed walls remove that difficulty. k² must stay away
from the eigenvalues (m² + n²)π²/4 of -Δ; k = 1 is below the smallest, 4.9.

Good values: published physics-informed networks reach a relative L2 error of 1e-3 to 1e-5,
the best second-order ones 1e-9. The problem is linear and smooth: 1e-10 is within reach.
"""

from sympy import pi, sin

from kanpde import Dirichlet, Problem, Rectangle, coordinates, laplacian, manufactured, unknown


def problem(a1: int = 1, a2: int = 4, k: float = 1.0) -> Problem:
    """Helmholtz' equation with u = sin(a₁πx) sin(a₂πy)."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    operator = laplacian(u, x, y) + k**2 * u
    exact = {u: sin(a1 * pi * x) * sin(a2 * pi * y)}
    return Problem(
        domain=Rectangle((x, -1, 1), (y, -1, 1)),
        equations={"helmholtz": operator - manufactured(operator, exact)},
        conditions={"walls": Dirichlet(u, 0)},
        exact=exact,
    )
