"""The heat equation with two decaying modes.

    u_t = α u_xx on [0, 1],  0 ≤ t ≤ 1,
    u(x, 0) = sin(πx) + ½ sin(mπx),  u(0, t) = u(1, t) = 0,
    u = exp(-απ²t) sin(πx) + ½ exp(-αm²π²t) sin(mπx).

`alpha` is the diffusivity α = 0.1, `mode` is m = 3.

Source: separation of variables; any text on partial differential equations.

The solution is smooth and decays; the second mode decays m² times as fast as the first, so a
layer in time of width 1/(αm²π²) = 0.11 at the start has to be resolved. It becomes hard with
large `mode` or large `alpha`, when u is almost zero on most of the interval and a relative
error counts little of it.

Good values: linear and smooth, so 1e-8 and below is within reach.
"""

from sympy import Expr, exp, pi, sin

from kanpde import Dirichlet, Initial, Interval, Problem, TimeInterval, coordinates, unknown


def problem(alpha: float = 0.1, mode: int = 3) -> Problem:
    """Heat equation from sin(πx) + ½ sin(mπx)."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)

    def wave(m: int) -> Expr:
        return exp(-alpha * (m * pi) ** 2 * t) * sin(m * pi * x)

    exact = wave(1) + wave(mode) / 2
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        equations={"heat": u.diff(t) - alpha * u.diff(x, 2)},
        conditions={"start": Initial(u, exact.subs(t, 0)), "ends": Dirichlet(u, 0)},
        exact={u: exact},
    )
