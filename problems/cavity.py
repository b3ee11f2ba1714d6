"""Flow in a cavity below a lid that moves, fastest in its middle.

    u u_x + v u_y = -p_x + Δu/Re,
    u v_x + v v_y = -p_y + Δv/Re,
    u_x + v_y = 0 on [0, 1]²,  Re = 100,
    u = a x (1 - x), v = 0 on the lid y = 1,  u = v = 0 on the other walls,  p(0, 0) = 0,  a = 4.

Source: Hao et al., PINNacle: a comprehensive benchmark of physics-informed neural networks,
NeurIPS 2024 (arXiv 2306.08827); the lid at a constant speed, whose velocity jumps in the corners,
is Ghia, Ghia, Shin, J. Comput. Phys. 48 (1982) 387-411.

The lid's speed vanishes in the corners but its slope does not: there the velocity is like r f(θ)
and the pressure infinite, like log r (Goodier, Philos. Mag. 17 (1934) 554-576). No polynomial
resolves that, and errors fall with a power of the degree; those of the pressure most slowly.

The reference is a Chebyshev collocation solution with the corners' flow split off, computed on its
first call; docs/problems.md has its measured accuracy. Good values: published networks reach
relative L2 errors of 2e-2 in u and v, second-order ones 1e-3. High Reynolds numbers are reached in
stages: `kanpde solve problems/cavity.py --continue Re=100:400`.
"""

from _cavity_reference import CavityReference
from sympy import Eq

from kanpde import Dirichlet, PointData, Problem, Rectangle, coordinates, laplacian, unknown


def problem(Re: float = 100.0, a: float = 4.0) -> Problem:
    """Steady Navier-Stokes equations in velocity and pressure."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    flow = CavityReference(Re, a)
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={
            "momentum x": u * u.diff(x) + v * u.diff(y) + p.diff(x) - laplacian(u, x, y) / Re,
            "momentum y": u * v.diff(x) + v * v.diff(y) + p.diff(y) - laplacian(v, x, y) / Re,
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "lid": Dirichlet(u, a * x * (1 - x), on=Eq(y, 1)),
            "bottom": Dirichlet(u, 0, on=Eq(y, 0)),
            "left": Dirichlet(u, 0, on=Eq(x, 0)),
            "right": Dirichlet(u, 0, on=Eq(x, 1)),
            "across": Dirichlet(v, 0),
            "pressure pin": PointData(p, [[0.0, 0.0]], [0.0]),
        },
        vectors={"velocity": (u, v)},
        reference={u: flow.u, v: flow.v, p: flow.p},
    )
