"""Schnakenberg's reactions: a uniform mixture forms a pattern.

    u_t = Du u_xx + γ (a - u + u² v),
    v_t = Dv v_xx + γ (b - u² v)   on [0, 1], periodic,  0 ≤ t ≤ 2,
    u = (a + b) (1 + 0.1 cos 2πx + 0.05 cos 4πx),  v = b/(a + b)²  at t = 0;
    a = 0.1, b = 0.9, γ = 10, Du = 0.01, Dv = 0.4.

Source: Schnakenberg, Simple chemical reaction systems with limit cycle behaviour, J. Theor. Biol.
81 (1979) 389-400; as a pattern-forming system: Murray, Mathematical Biology II, chapter 2.

The activator u makes itself, the inhibitor v spreads forty times faster: the uniform state is
stable without diffusion and not with it (Turing). The perturbation of the start grows into one
high and narrow hill of u.

The reference is a Fourier collocation of 64 points integrated by DOP853 with a relative
tolerance of 1e-12, computed on its first call; docs/problems.md has its measured accuracy.
Good values: published networks for such systems give relative L2 errors of 1e-2 to 1e-3.
"""

import numpy as np
from sympy import cos, pi

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown
from kanpde.references import PeriodicLines


def problem(
    a: float = 0.1, b: float = 0.9, gamma: float = 10.0, Du: float = 0.01, Dv: float = 0.4
) -> Problem:
    """Schnakenberg's activator and inhibitor, with a Fourier reference."""
    x, t = coordinates("x t")
    u, v = unknown("u", x, t), unknown("v", x, t)
    steady = (a + b, b / (a + b) ** 2)
    lines = PeriodicLines(
        [
            lambda x: steady[0] * (1 + 0.1 * np.cos(2 * np.pi * x) + 0.05 * np.cos(4 * np.pi * x)),
            lambda x: np.full_like(x, steady[1]),
        ],
        lambda d: np.stack(
            [
                Du * d(2)[0] + gamma * (a - d(0)[0] + d(0)[0] ** 2 * d(0)[1]),
                Dv * d(2)[1] + gamma * (b - d(0)[0] ** 2 * d(0)[1]),
            ]
        ),
        modes=64,
        interval=(0.0, 1.0),
        final=2.0,
    )
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 2),
        equations={
            "activator": u.diff(t) - Du * u.diff(x, 2) - gamma * (a - u + u**2 * v),
            "inhibitor": v.diff(t) - Dv * v.diff(x, 2) - gamma * (b - u**2 * v),
        },
        conditions={
            "start u": Initial(u, steady[0] * (1 + cos(2 * pi * x) / 10 + cos(4 * pi * x) / 20)),
            "start v": Initial(v, steady[1]),
            "seam u": Periodic(u, x),
            "seam v": Periodic(v, x),
        },
        reference={u: lines.component(0), v: lines.component(1)},
    )
