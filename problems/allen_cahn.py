"""The Allen-Cahn equation: two phases and thin interfaces.

    u_t = d u_xx + 5u - 5u³ on [-1, 1], periodic,  0 ≤ t ≤ 1,  d = 1e-4,
    u(x, 0) = x² cos(πx).

Source: Raissi, Perdikaris, Karniadakis, Physics-informed neural networks, J. Comput. Phys. 378
(2019) 686-707, section 3.2; in chemistry: Allen and Cahn, Acta Metall. 27 (1979) 1085-1095.

u grows towards ±1 and leaves two interfaces of width √(2d/5) = 0.006. The initial values are
periodic, their slope is not, u₀′(±1) = ∓2: u starts with a corner at the seam x = ±1, which is
rounded at once over √(dt). An ansatz u₀ + t N with a periodic N keeps the corner and solves
another problem (relative L2 error 3e-4).

The reference takes the corner out: u = w + v with the heat evolution w of the corner in closed
form (times exp(-10t), the reaction's rate at u = -1), and v by Fourier modes and ETDRK4 with
time steps graded towards t = 0. Without w, 4096 modes leave an error of 2e-5 at t = 0.01; with
it, 3072 modes leave about 1e-10. Computed in seconds on the first call; docs/problems.md has
its measured accuracy. Files of this solution that are in use elsewhere differ from it by up to
2e-5 in relative L2 norm: do not quote smaller errors against them.

Hard for gradient methods: they settle on the wrong phase unless early times are learned first.
Good values: relative L2 errors of 1e-2 for plain networks, 5e-5 for well-tuned ones by Adam,
1e-6 for the best second-order ones. It stays hard below 1e-6 because of the corner.
"""

import numpy as np
from scipy.special import erfc
from sympy import cos, pi

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown
from kanpde.references import Lift, Resolution, spectral_reference


def problem(d: float = 1e-4) -> Problem:
    """Allen-Cahn equation from x² cos(πx), with a Fourier reference."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    reference = spectral_reference(
        lambda x: x**2 * np.cos(np.pi * x),
        lambda k: -d * k**2,
        lambda u: 5.0 * u - 5.0 * u**3,
        lift=Lift(lambda x, t: corner(x, t, d), rate=-10.0),
        resolution=Resolution(modes=3072, steps=384, grading=8, every=8),
    )
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"allen-cahn": u.diff(t) - d * u.diff(x, 2) - 5 * u + 5 * u**3},
        conditions={"start": Initial(u, x**2 * cos(pi * x)), "seam": Periodic(u, x)},
        reference={u: reference},
    )


def corner(x: np.ndarray, t: np.ndarray | float, d: float) -> np.ndarray:
    """Solution of w_t = d w_xx - 10 w from 2|s| - s², s the distance to the seam x = ±1.

    The parabola makes the period smooth opposite the seam. Images of the corner from other
    periods are below exp(-1/(4dt)), nothing in double precision for d t < 1e-3.
    """
    s = np.abs(1.0 - np.abs(np.mod(x + 1.0, 2.0) - 1.0))
    width = 2.0 * np.sqrt(d * np.asarray(t, dtype=float))
    z = np.minimum(s / np.maximum(width, 1e-300), 30.0)
    rounding = np.exp(-(z**2)) / np.sqrt(np.pi) - z * erfc(z)
    return 2.0 * np.exp(-10.0 * np.asarray(t)) * (s - 0.5 * s**2 - d * t + width * rounding)
