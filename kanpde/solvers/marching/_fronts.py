"""Maps that crowd resolution at a front, chosen from the solution at the end of a slab."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct

from kanpde.nets import AxisMap
from kanpde.solvers._plan import Plan
from kanpde.trial import Trial

NODES = 768
WIDTHS = (0.3, 0.1, 0.03, 0.01)
WORTH_IT = 0.75


def choose_map(
    plan: Plan, trial: Trial, axis: int, time: float, *, tolerance: float, present: AxisMap | None
) -> tuple[AxisMap | None, float]:
    """Find the map in which the solution at `time` needs the fewest Chebyshev polynomials.

    Parameters
    ----------
    axis
        The one space coordinate.
    tolerance
        Coefficients below this part of the largest one count as nothing.
    present
        The map in use; kept unless another one saves a quarter.

    Returns
    -------
    tuple
        The map and how many polynomials it needs for each that the present one needs.
    """

    def needed(chart: AxisMap | None) -> float:
        return _needed(_profile(plan, trial, axis, time, chart), tolerance)

    now = needed(present)
    best: tuple[float, AxisMap | None] = (needed(None), None)
    steepest = _steepest(plan, trial, axis, time)
    for width in WIDTHS:
        best = min(best, _scored(needed, steepest, width), key=lambda found: found[0])
    if best[1] is not None:
        for factor in (0.55, 1.8):
            width = factor * best[1].width
            best = min(best, _scored(needed, steepest, width), key=lambda found: found[0])
    if best[0] < WORTH_IT * now:
        return best[1], best[0] / now
    return present, 1.0


def _scored(needed: object, center: float, width: float) -> tuple[float, AxisMap]:
    chart = AxisMap(center, width)
    return needed(chart), chart  # type: ignore[operator]


def _values(plan: Plan, trial: Trial, axis: int, time: float, z: torch.Tensor) -> np.ndarray:
    low, high = plan.frame.lower[axis], plan.frame.upper[axis]
    points = torch.full((len(z), plan.problem.dimension), time, dtype=torch.float64)
    points[:, axis] = 0.5 * (low + high) + 0.5 * (high - low) * z
    with torch.no_grad():
        values: np.ndarray = trial(points.to(trial.device)).cpu().numpy()
    return values


def _profile(plan: Plan, trial: Trial, axis: int, time: float, chart: AxisMap | None) -> np.ndarray:
    """Chebyshev coefficients of the solution in a map, ``(NODES, m)``."""
    zeta = torch.cos(torch.pi * (torch.arange(NODES, dtype=torch.float64) + 0.5) / NODES)
    z = zeta if chart is None else chart.inverse(zeta).clamp(-1.0, 1.0)
    return np.asarray(dct(_values(plan, trial, axis, time, z), axis=0)) / NODES


def _needed(coefficients: np.ndarray, tolerance: float) -> float:
    """Index of the last coefficient that counts."""
    size = np.abs(coefficients).max(axis=1)
    above = np.flatnonzero(size > tolerance * size.max())
    return float(above[-1] + 1) if len(above) else 1.0


def _steepest(plan: Plan, trial: Trial, axis: int, time: float) -> float:
    """Where in [-1, 1] the solution bends most per unit, seen on even points."""
    z = torch.linspace(-1, 1, 2 * NODES + 1, dtype=torch.float64)
    slope = np.abs(np.diff(_values(plan, trial, axis, time, z), axis=0)).max(axis=1)
    return float(z[int(slope.argmax())]) + 1.0 / (2 * NODES)
