"""Cavity driven by a lid with the profile a x (1 - x), viscosity 1/100, three strengths.

The flow of both upper corners is split off in closed form (`_corners`). There the pressure is
infinite, like log r; it is compared with finite values, so it is cut off at r = 0.002, half the
distance of the points there. Strong lids are reached in stages, each from the one before.
"""

from pathlib import Path
from typing import Any

import kanpde
from _cases._corners import cavity, whole_flow
from kanpde import Problem, Settings, Solution

VARIANTS = ({"a": 4}, {"a": 16}, {"a": 32})
NU, CORE = 0.01, 2e-3
STAGES = {4: (4,), 16: (4, 16), 32: (4, 16, 32)}


def settings(a: float) -> dict[str, Any]:
    """Give strong lids more time."""
    return {"time_limit": {4: 120, 16: 240}.get(int(a), 580)}


def problem(folder: Path, a: float) -> Problem:
    """Steady Navier-Stokes equations in velocity and pressure, pressure 0 in one corner."""
    found = cavity(lambda x: a * x * (1 - x), NU, slope=a)
    found.parameters = {"a": a}
    return found


def solve(folder: Path, settings: dict[str, Any], *, seed: int, a: float) -> Solution:
    """Go from a = 4 to what is asked for."""
    chosen = Settings(seed=seed, **settings)
    values = STAGES.get(int(a), (4, a))
    if len(values) == 1:
        return kanpde.solve(problem(folder, a), chosen)
    return kanpde.solve_continued(lambda a: problem(folder, a), "a", values, chosen)


def expressions(problem: Any) -> dict[str, Any]:
    """Velocity and pressure, the corners' parts included."""
    return whole_flow(problem, NU, slope=problem.parameters["a"], core=CORE)
