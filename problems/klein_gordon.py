"""The Klein-Gordon equation with a cubic term, made to have a known solution.

    u_tt - u_xx + u³ = f on [0, 1],  0 ≤ t ≤ 1,
    u = x cos(5πt) + (xt)³,

with u and u_t given at the start, u at both ends, and f from this solution.

Source: Wang, Teng, Perdikaris, Understanding and mitigating gradient flow pathologies in
physics-informed neural networks, SIAM J. Sci. Comput. 43 (2021) A3055-A3081, section 4.2.

Nothing in it is steep, but a wave equation keeps every error it has made, and two and a half
periods pass. Good values: 1e-1 for plain networks, 1e-2 to 1e-3 with adaptive weights of the
conditions (in the source); exact conditions make the weights unnecessary.
"""

from sympy import cos, pi

from kanpde import (
    Dirichlet,
    Initial,
    Interval,
    Problem,
    TimeInterval,
    coordinates,
    manufactured,
    unknown,
)


def problem(mode: int = 5) -> Problem:
    """Cubic Klein-Gordon equation with a manufactured source."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    exact = x * cos(mode * pi * t) + (x * t) ** 3
    left = u.diff(t, 2) - u.diff(x, 2) + u**3
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        equations={"klein-gordon": left - manufactured(left, {u: exact})},
        conditions={
            "start": Initial(u, x),
            "start velocity": Initial(u.diff(t), 0),
            "ends": Dirichlet(u, exact),
        },
        exact={u: exact},
    )
