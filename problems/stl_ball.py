"""A source inside a body that is known by its surface only, an STL file.

    -Δu = f inside the surface,  u given on it,
    u = exp(-2 |x - a|²),  a = (0.3, 0, 0),  f = (12 - 16 |x - a|²) u.

The domain is what the 1280 triangles of `ball.stl` beside this file enclose (made by
`scripts/make_meshes.py`): the unit ball, but for the 1 % of its volume between the sphere and the
triangles. The solution is exact on this polyhedron, for its values on the triangles are prescribed.

Source: a manufactured solution; the surface is an icosahedron refined three times.

A test of meshes without volume cells: points inside are found by the signed distance to the
surface (libigl, the extra "geometry"), those on it by the areas of the triangles.

Good values: the solution is smooth, so a relative L2 error of 1e-6 within seconds.
"""

from pathlib import Path

from sympy import Rational, exp

from kanpde import Dirichlet, Mesh, Problem, Settings, coordinates, laplacian, unknown

FILES = Path(__file__).resolve().parent

settings = Settings(tolerance=1e-6)


def problem() -> Problem:
    """Poisson's equation inside a closed surface."""
    x, y, z = coordinates("x y z")
    u = unknown("u", x, y, z)
    squared = (x - Rational(3, 10)) ** 2 + y**2 + z**2
    exact = exp(-2 * squared)
    return Problem(
        domain=Mesh((x, y, z), FILES / "ball.stl"),
        equations={"poisson": laplacian(u, x, y, z) + (12 - 16 * squared) * exact},
        conditions={"skin": Dirichlet(u, exact)},
        exact={u: exact},
    )
