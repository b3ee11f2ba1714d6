"""Find the diffusivity of a rod from noisy temperatures.

    u_t = D u_xx on [0, 1],  0 ≤ t ≤ 1,  D unknown in [1e-3, 10],
    u(x, 0) = sin(πx),  u(0, t) = u(1, t) = 0,
    and 200 measured temperatures u(xᵢ, tᵢ).

The measurements are the exact solution u = exp(-π²Dt) sin(πx) at D = `truth` = 0.1 on points
drawn uniformly over the rod and the time, with Gaussian noise of standard deviation `noise` =
1 % of the data's own. `draw` is the seed of points and noise. The search starts at D = 1, ten
times the true value; the true value enters the data and the error measure, nothing else.

Source: a standard exercise of parameter identification; Raissi, Perdikaris, Karniadakis, J.
Comput. Phys. 378 (2019) 686-707 pose it for other equations.

What can be known: with exact initial data the spread of D that the noise allows follows from
the sensitivity ∂u/∂D = -π²t u. With 200 points and 1 % noise its standard deviation is about
0.083 % of D, so D = 0.1000 ± 0.0002 (two standard deviations) is as good as any unbiased method
gets; `noise=0` should give D to the accuracy of the solution itself, and a 95 % interval of a
noisy run should hold 0.1 in 95 of 100 draws.

Good values: D within 0.2 % of the truth at 1 % noise, and a relative L2 error of u of about
0.4 times the relative error of D. It is hard when the start is so large that u has decayed before
the first measurement: then the data say little about which way to go.
"""

import numpy as np
from sympy import Symbol, exp, pi, sin

from kanpde import (
    Constant,
    Dirichlet,
    Initial,
    Interval,
    PointData,
    Problem,
    TimeInterval,
    coordinates,
    unknown,
)

MEASUREMENTS = 200


def problem(truth: float = 0.1, noise: float = 0.01, draw: int = 0, start: float = 1.0) -> Problem:
    """Heat equation with unknown diffusivity D and noisy data."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    D = Symbol("D", real=True)
    points, values = measurements(truth, noise, draw)
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        equations={"heat": u.diff(t) - D * u.diff(x, 2)},
        conditions={
            "start": Initial(u, sin(pi * x)),
            "ends": Dirichlet(u, 0),
            "data": PointData(u, points, values),
        },
        constants={D: Constant(start, bounds=(1e-3, 10.0))},
        exact={u: exp(-(pi**2) * truth * t) * sin(pi * x)},
    )


def measurements(truth: float, noise: float, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Points ``(200, 2)`` and noisy temperatures ``(200,)``."""
    rng = np.random.default_rng(draw)
    points = rng.uniform(size=(MEASUREMENTS, 2))
    clean = np.exp(-(np.pi**2) * truth * points[:, 1]) * np.sin(np.pi * points[:, 0])
    return points, clean + noise * clean.std() * rng.standard_normal(MEASUREMENTS)
