"""The Korteweg-de Vries equation: a cosine breaks into solitons.

    u_t + u u_x + δ² u_xxx = 0 on [-1, 1], periodic,  0 ≤ t ≤ 1,
    u(x, 0) = cos(πx),  δ = 0.022.

Source: Zabusky and Kruskal, Interaction of "solitons" in a collisionless plasma and the
recurrence of initial states, Phys. Rev. Lett. 15 (1965) 240-243 (there on [0, 2], the same
circle).

The cosine steepens until about t = 1/π, then dispersion breaks the front into a train of
solitons, the tallest about 2.5 high, that travel at different speeds. Nothing is damped: mean,
∫u², and ∫(u³/3 - δ²u_x²) stay what they are, and errors stay too.

The reference is a Fourier solution with 512 modes and ETDRK4 (30 000 steps), computed in
seconds on the first call; docs/problems.md has its measured accuracy.

Hard because of the third derivative (degree 4 or more for piecewise polynomials) and the many
solitons: beyond t = 0.5 the solution has structure everywhere. Good values: physics-informed
networks with slabs in time reach relative L2 errors of 1e-3 to 1e-4, the best one below 1e-10
with second-order optimizers on four slabs. Without slabs, expect the early times to be right.
"""

import numpy as np
from sympy import cos, pi

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown
from kanpde.references import Resolution, spectral_reference


def problem(delta: float = 0.022) -> Problem:
    """Korteweg-de Vries equation from a cosine, with a Fourier reference."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    reference = spectral_reference(
        lambda x: np.cos(np.pi * x),
        lambda k: 1j * delta**2 * k**3,
        lambda u: 0.5 * u**2,
        outer=lambda k: -1j * k,
        resolution=Resolution(modes=512, steps=30_000, every=30),
    )
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"kdv": u.diff(t) + u * u.diff(x) + delta**2 * u.diff(x, 3)},
        conditions={"start": Initial(u, cos(pi * x)), "seam": Periodic(u, x)},
        reference={u: reference},
    )
