"""The Kuramoto-Sivashinsky equation: from a sine into chaos.

    u_t + a u u_x + b u_xx + c u_xxxx = 0 on [-1, 1], periodic,  0 ≤ t ≤ 1,
    u(x, 0) = -sin(πx),  a = 5, b = 0.5, c = 0.005.

Source: Kuramoto, Progr. Theor. Phys. Suppl. 64 (1978) 346-367; Sivashinsky, Acta Astronautica 4
(1977) 1177-1206. As a test of networks in time: Raissi, Deep hidden physics models, J. Mach.
Learn. Res. 19 (2018), and, in the chaotic regime, Wang, Sankaran, Perdikaris, Respecting causality
for training physics-informed neural networks, Comput. Methods Appl. Mech. Eng. 421 (2024) 116813.

The second derivative makes energy at long waves, the fourth takes it away at short ones, and the
nonlinear term hands it over. The period is 2.25 lengths of the most unstable wave: regular. With
`-p a=6.25 -p b=0.390625 -p c=0.00152587890625` it is the chaotic case of the second paper.

The reference is a Fourier solution with 128 modes and ETDRK4 (64 000 steps), computed on its first
call; docs/problems.md has its measured accuracy. Good values: with slabs in time, networks
reach 1e-3 to 1e-4 here, second-order ones 1e-6. Splines need degree 5.
"""

import numpy as np
from sympy import pi, sin

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown
from kanpde.references import Resolution, spectral_reference


def problem(a: float = 5.0, b: float = 0.5, c: float = 0.005) -> Problem:
    """Kuramoto-Sivashinsky equation from minus a sine, with a Fourier reference."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    reference = spectral_reference(
        lambda x: -np.sin(np.pi * x),
        lambda k: b * k**2 - c * k**4,
        lambda u: 0.5 * a * u**2,
        outer=lambda k: -1j * k,
        resolution=Resolution(modes=128, steps=64_000, every=64),
    )
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={
            "ks": u.diff(t) + a * u * u.diff(x) + b * u.diff(x, 2) + c * u.diff(x, 4),
        },
        conditions={"start": Initial(u, -sin(pi * x)), "seam": Periodic(u, x)},
        reference={u: reference},
    )
