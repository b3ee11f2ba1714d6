"""The wave equation with a slow and a fast standing wave.

    u_tt = c² u_xx on [0, 1],  0 ≤ t ≤ 1,  c = 2,
    u(x, 0) = sin(πx) + ½ sin(βπx),  u_t(x, 0) = 0,  u(0, t) = u(1, t) = 0,
    u = sin(πx) cos(cπt) + ½ sin(βπx) cos(βcπt).

`mode` is β = 3.

Source: Wang, Yu, Perdikaris, When and why PINNs fail to train: a neural tangent kernel
perspective, J. Comput. Phys. 449 (2022) 110768, with β = 4; β = 3 as in Zhao, Ding, Prakash,
PINNsFormer, 2023, arXiv:2307.11833 (which prints β in the equation as well; the solution
quoted there belongs to the equation above).

The solution is smooth and neither decays nor spreads: an error made early is carried to the
end. Displacement and velocity are given at t = 0; a solver that only holds the displacement
finds another motion of equal residual.

Good values: plain networks fail with relative L2 errors of 0.3 and more, the best published
ones reach 1e-4. The problem is linear and smooth: 1e-8 and below is within reach.
"""

from sympy import cos, pi, sin

from kanpde import Dirichlet, Initial, Interval, Problem, TimeInterval, coordinates, unknown


def problem(c: float = 2.0, mode: int = 3) -> Problem:
    """Wave equation from sin(πx) + ½ sin(βπx) at rest."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    exact = sin(pi * x) * cos(c * pi * t) + sin(mode * pi * x) * cos(mode * c * pi * t) / 2
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        equations={"wave": u.diff(t, 2) - c**2 * u.diff(x, 2)},
        conditions={
            "displacement": Initial(u, exact.subs(t, 0)),
            "velocity": Initial(u.diff(t), 0),
            "ends": Dirichlet(u, 0),
        },
        exact={u: exact},
    )
