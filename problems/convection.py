"""A sine that is carried round a circle eight times.

    u_t + β u_x = 0 on [0, 2π], periodic,  0 ≤ t ≤ 1,  β = 50,
    u(x, 0) = sin x,  u = sin(x - βt).

Source: Krishnapriyan et al., Characterizing possible failure modes in physics-informed neural
networks, NeurIPS 2021, arXiv:2109.01050.

The solution is as smooth as can be, but it turns β/2π = 8 times in time. The residual alone is
also small for u = 0 at later times: a net that has not yet learned the early times settles
there, the failure that the paper describes. Each further period in time must be learned after
the one before; slabs in time help.

Good values: plain networks give a relative L2 error near 1 for β above 20 (the start is
right, the rest is zero); curriculum methods 1e-2; second-order optimizers 1e-5 and below. The
problem is linear: with enough coefficients in t, 1e-8 is within reach.
"""

import math

from sympy import sin

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown


def problem(beta: float = 50.0) -> Problem:
    """Convection of a sine with speed β."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        domain=Interval(x, 0, 2 * math.pi) * TimeInterval(t, 0, 1),
        equations={"convection": u.diff(t) + beta * u.diff(x)},
        conditions={"start": Initial(u, sin(x)), "seam": Periodic(u, x)},
        exact={u: sin(x - beta * t)},
    )
