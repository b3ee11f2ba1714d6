"""Two reacting species with unknown diffusivity and rate, 800 noisy pairs of values."""

from pathlib import Path

import numpy as np
from sympy import Eq, Rational, Symbol, exp

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

SETTINGS = {"time_limit": 550}
# DeepXDE's example (k = 0.1, D = 2 up to t = 10) with time four times as fast; for the error only.
CONSTANTS = {"D": 8.0, "k": 0.4}
NOISE = 0.01  # of every value, as the statement says
FLOOR = 0.05  # values below are not trusted more: the solver has its errors as well


def problem(folder: Path) -> Problem:
    """Pose it with noise relative to the values: points count by what was measured there."""
    x, t = coordinates("x t")
    ca, cb = unknown("ca", x, t), unknown("cb", x, t)
    D, k = Symbol("D", real=True), Symbol("k", real=True)
    data = np.load(folder / "observations.npz")
    points, values = data["x"], data["u_noisy"]
    sd = NOISE * np.hypot(values, FLOOR)
    end = Rational(5, 2)
    conditions = {}
    for i, u in enumerate((ca, cb)):
        name = u.func.__name__
        conditions |= {
            f"start {name}": Initial(u, exp(-20 * x)),
            f"left {name}": Dirichlet(u, 1, on=Eq(x, 0)),
            f"right {name}": Dirichlet(u, 0, on=Eq(x, 1)),
            f"data {name}": PointData(u, points, values[:, i], sd[:, i]),
        }
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, end),
        equations={
            "ca": ca.diff(t) - D * ca.diff(x, 2) / 1000 + k * ca * cb**2,
            "cb": cb.diff(t) - D * cb.diff(x, 2) / 1000 + 2 * k * ca * cb**2,
        },
        conditions=conditions,
        constants={D: Constant(1.0, bounds=(0.01, 10)), k: Constant(1.0, bounds=(0.01, 10))},
    )
