"""Logistic growth at every place of a circle.

    u_t = ρ u (1 - u) on [0, 2π], periodic,  0 ≤ t ≤ 1,  ρ = 5,
    u(x, 0) = h(x) = exp(-(x - π)²/(2 (π/4)²)),
    u = h exp(ρt)/(h exp(ρt) + 1 - h).

Source: Krishnapriyan et al., Characterizing possible failure modes in physics-informed neural
networks, NeurIPS 2021, arXiv:2109.01050.

No derivative in x: every place has its own ordinary differential equation. u grows from a
narrow bell to a plateau with two fronts. The values agree at the seam x = 0, 2π (both
exp(-8) = 3.4e-4 at the start), the slopes do not: h'(0) = -h'(2π) = 1.7e-3, growing to 0.23
at t = 1. An ansatz that is smooth across the seam solves another problem.

Hard for gradient methods because u = 0 and u = 1 both have zero residual and the net settles on
u = 0 except near the start. Good values: plain networks fail with relative L2 errors near 1,
the best published ones reach 3e-5. The solution is smooth inside: 1e-7 is within reach.
"""

import math

from sympy import exp, pi

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown


def problem(rho: float = 5.0) -> Problem:
    """Logistic reaction with rate ρ from a Gaussian bell."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    h = exp(-((x - pi) ** 2) / (2 * (pi / 4) ** 2))
    growth = h * exp(rho * t)
    return Problem(
        domain=Interval(x, 0, 2 * math.pi) * TimeInterval(t, 0, 1),
        equations={"reaction": u.diff(t) - rho * u * (1 - u)},
        conditions={"start": Initial(u, h), "seam": Periodic(u, x)},
        exact={u: growth / (growth + 1 - h)},
    )
