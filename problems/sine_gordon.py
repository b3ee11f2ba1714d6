"""The sine-Gordon equation: a breather.

    u_tt = u_xx - sin u on [-8, 8],  0 ≤ t ≤ 10,
    u = 4 atan( k cos(ωt) / (ω cosh(kx)) ),  k = √(1 - ω²),  ω = 0.6,

with u and u_t at the start and u at both ends from this solution.

Source: Ablowitz, Kaup, Newell, Segur, Method for solving the sine-Gordon equation, Phys. Rev.
Lett. 30 (1973) 1262-1264.

A kink and an antikink are bound together and swing through each other with period 2π/ω; at the
turning points u reaches 4 atan(k/ω) = 3.7, far outside where sin u is like u. Good values: relative
L2 errors of 1e-2 to 1e-3 for trained networks. The equation keeps energy, so errors do not decay.
"""

from sympy import atan, cos, cosh, sin, sqrt

from kanpde import Dirichlet, Initial, Interval, Problem, TimeInterval, coordinates, unknown


def problem(omega: float = 0.6) -> Problem:
    """Sine-Gordon equation with a breather of frequency omega."""
    if not 0 < omega < 1:
        raise ValueError(f"omega: expected a frequency between 0 and 1, got {omega}")
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    k = sqrt(1 - omega**2)
    exact = 4 * atan(k * cos(omega * t) / (omega * cosh(k * x)))
    return Problem(
        domain=Interval(x, -8, 8) * TimeInterval(t, 0, 10),
        equations={"sine-gordon": u.diff(t, 2) - u.diff(x, 2) + sin(u)},
        conditions={
            "start": Initial(u, exact.subs(t, 0)),
            "start velocity": Initial(u.diff(t), 0),
            "ends": Dirichlet(u, exact),
        },
        exact={u: exact},
    )
