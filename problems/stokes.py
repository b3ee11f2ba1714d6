"""Colliding flow: Stokes' equations with a polynomial solution.

    -Δu + p_x = 0,  -Δv + p_y = 0,  u_x + v_y = 0 on [-1, 1]²,
    u = 20 x y³,  v = 5 x⁴ - 5 y⁴,  p = 60 x² y - 20 y³,

with the velocity given on the whole boundary. The pressure is free up to a constant; its mean is
zero, as that of the exact one.

Source: Norburn and Silvester, Stabilised vs stable mixed methods for incompressible flow, Comput.
Methods Appl. Mech. Eng. 166 (1998) 131-141; Elman, Silvester, Wathen, Finite Elements and Fast
Iterative Solvers, Oxford 2014, example 3.1.4.

Two jets meet in the middle. The problem is linear and its solution lies in the span of a product
KAN of degree 4.

Good values: round-off. Finite elements of second order on a 32 × 32 mesh reach 1e-4.
"""

from kanpde import Dirichlet, MeanValue, Problem, Rectangle, coordinates, laplacian, unknown


def problem() -> Problem:
    """Stokes' equations with the colliding flow."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    exact = {u: 20 * x * y**3, v: 5 * x**4 - 5 * y**4, p: 60 * x**2 * y - 20 * y**3}
    return Problem(
        domain=Rectangle((x, -1, 1), (y, -1, 1)),
        equations={
            "momentum x": p.diff(x) - laplacian(u, x, y),
            "momentum y": p.diff(y) - laplacian(v, x, y),
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "velocity u": Dirichlet(u, exact[u]),
            "velocity v": Dirichlet(v, exact[v]),
            "pressure mean": MeanValue(p, 0),
        },
        vectors={"velocity": (u, v)},
        exact=exact,
    )
