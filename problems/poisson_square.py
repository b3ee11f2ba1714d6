"""Poisson's equation on a square, the first problem to run.

    Δu = f on [-1, 1]²,  u = 0 on the boundary,
    u = sin(mπx) sin(mπy),  f = -2 m² π² u.

`mode` is m, 1 unless given: each unit adds a full wave in each direction.

Source: the Poisson example that comes with pykan (Liu et al., 2024, arXiv:2404.19756).

The solution is an eigenfunction of the Laplacian, smooth, with a relative condition number of
order one: an error in f of relative size e gives an error in u of about e.

Good values: linear and smooth, so 1e-10 and below is within reach in seconds. As `mode` grows,
the net needs about four times the coefficients for twice the mode; gradient methods without
curvature learn the low frequencies first and stall at mode 3 and above.
"""

from sympy import pi, sin

from kanpde import Dirichlet, Problem, Rectangle, coordinates, laplacian, manufactured, unknown


def problem(mode: int = 1) -> Problem:
    """Poisson's equation with u = sin(mπx) sin(mπy)."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    exact = {u: sin(mode * pi * x) * sin(mode * pi * y)}
    f = manufactured(laplacian(u, x, y), exact)
    return Problem(
        domain=Rectangle((x, -1, 1), (y, -1, 1)),
        equations={"poisson": laplacian(u, x, y) - f},
        conditions={"walls": Dirichlet(u, 0)},
        exact=exact,
    )
