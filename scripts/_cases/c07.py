"""The nonlinear Schroedinger equation from 2 sech x, periodic; its slope is not."""

from pathlib import Path
from typing import Any

import numpy as np
from sympy import Abs, I, im, pi, re, sech

from kanpde import Initial, Interval, Periodic, Problem, TimeInterval, coordinates, unknown

SETTINGS = {
    "time_limit": 400,
    "symmetry": False,
    "exact_conditions": False,
    "weights": {"start (re)": 700.0, "start (im)": 700.0},
}


def problem(folder: Path) -> Problem:
    """As stated, the unknown complex."""
    x, t = coordinates("x t")
    h = unknown("h", x, t, complex=True)
    return Problem(
        domain=Interval(x, -5, 5) * TimeInterval(t, 0, pi / 2),
        equations={"schroedinger": I * h.diff(t) + h.diff(x, 2) / 2 + Abs(h) ** 2 * h},
        conditions={"start": Initial(h, 2 * sech(x)), "seam": Periodic(h, x)},
    )


def expressions(problem: Problem) -> dict[str, Any]:
    """Real and imaginary part under the reference's names, and the size."""
    x, t = problem.coordinates
    h = unknown("h", x, t, complex=True)
    return {"u": re(h), "v": im(h), "abs(h)": Abs(h)}


def derived(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The size of h, which publications compare."""
    return {"abs(h)": np.hypot(columns["u"], columns["v"])}
