"""Heat through the wall of a pipe: a hot liquid inside, cooling air outside.

    Δu = 0 on 1 <= r <= 2,
    u = 1 on r = 1,  ∂u/∂n + h u = 0 on r = 2,
    u = 1 - h log(r) / (1/2 + h log 2).

Source: Carslaw, Jaeger, Conduction of Heat in Solids (1959), section 7.2.

The temperature is a logarithm of the distance from the middle of the hole, which no polynomial
in x and y follows quickly: about a hole a product KAN gets coordinates of its own, log r and the
angle, in which the logarithm is a straight line. The error says that they are found and right.

Good values: published networks on annuli reach 1e-3 to 1e-4; 1e-12 is round-off here.
"""

from sympy import log, sqrt

from kanpde import Annulus, Dirichlet, Problem, Robin, coordinates, laplacian, unknown


def problem(h: float = 2.0) -> Problem:
    """Laplace's equation with a cooled outer wall of heat transfer coefficient h."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    r = sqrt(x**2 + y**2)
    return Problem(
        domain=Annulus((x, y), center=(0, 0), inner=1, outer=2),
        equations={"conduction": laplacian(u, x, y)},
        conditions={
            "liquid": Dirichlet(u, 1, on="inner"),
            "air": Robin(u, a=h, b=1, value=0, on="outer"),
        },
        exact={u: 1 - h * log(r) / (0.5 + h * log(2))},
    )
