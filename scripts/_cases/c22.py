"""Cavity with the classic lid, whose speed jumps from 1 to 0 at both upper corners.

The jump and Stokes' flow around it are split off in closed form (`_corners`); what is left is
continuous. The corners themselves count as wall, as in the reference. The higher Reynolds
number is reached in stages, each from the one before, by trained networks: product KANs need
degree 34 and more there and end in wrong minima where a stage is cut short.
"""

from pathlib import Path
from typing import Any

import kanpde
from _cases._corners import cavity, whole_flow
from kanpde import Problem, Settings, Solution

VARIANTS = ({"Re": 100}, {"Re": 400})


def settings(Re: float) -> dict[str, Any]:
    """Give the higher Reynolds number more time, and networks that are trained."""
    return {"time_limit": 120} if Re <= 100 else {"time_limit": 400, "linear": False}


def problem(folder: Path, Re: float) -> Problem:
    """Steady Navier-Stokes equations in velocity and pressure, pressure 0 in one corner."""
    found = cavity(lambda x: 1 + 0 * x, 1 / Re, jump=1.0)
    found.parameters = {"Re": Re}
    return found


def solve(folder: Path, settings: dict[str, Any], *, seed: int, Re: float) -> Solution:
    """Go from Re = 100 to what is asked for."""
    chosen = Settings(seed=seed, **settings)
    if Re <= 100:
        return kanpde.solve(problem(folder, Re), chosen)
    return kanpde.solve_continued(lambda Re: problem(folder, Re), "Re", [100, 180, 280, Re], chosen)


def expressions(problem: Any) -> dict[str, Any]:
    """Velocity, the corners' parts included."""
    return whole_flow(problem, 1 / problem.parameters["Re"], jump=1.0)
