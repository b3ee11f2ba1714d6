"""Poisson's equation on a disk.

    -Δu = f on x² + y² <= 1,  u = 0 on the circle,
    f chosen so that u = (1 - x² - y²) exp(x) cos(2y).

Source: a manufactured solution; the domain is the first that every textbook leaves the square for.

The disk has a smooth distance, 1 - x² - y², so the value on the circle holds exactly, and
products of polynomials in x and y follow the rest as on a square.

Good values: published networks on disks reach relative L2 errors of 1e-3 to 1e-5; 1e-13 is
round-off here.
"""

from sympy import cos, exp

from kanpde import Dirichlet, Disk, Problem, coordinates, laplacian, unknown


def problem() -> Problem:
    """Poisson's equation with a manufactured solution."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    exact = (1 - x**2 - y**2) * exp(x) * cos(2 * y)
    return Problem(
        domain=Disk((x, y), center=(0, 0), radius=1),
        equations={"poisson": laplacian(u, x, y) - laplacian(exact, x, y)},
        conditions={"rim": Dirichlet(u, 0)},
        exact={u: exact},
    )
