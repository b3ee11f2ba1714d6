r"""Intervals of unknown constants, the network's coefficients eliminated.

With :math:`H = J^T J` over all rows and :math:`J_d` the rows of the measurements, the
estimator moves by :math:`-H^{-1} J_d^T \varepsilon` under noise :math:`\varepsilon`, so its
covariance is :math:`\sigma^2 H^{-1} J_d^T J_d H^{-1}`; the rows of the equations count as
what they are, a weighted penalty. Noise is estimated from the measurements' residual.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import stats

from kanpde.errors import NumericalError
from kanpde.optimize import Accumulator, StreamingQR, stacked
from kanpde.residual import POINTS, Rows
from kanpde.solvers._plan import Plan, has_data
from kanpde.trial import Trial

DAMPING = 1e-14
CONFIDENCE = 0.95


def identify(plan: Plan, trial: Trial, points: int) -> dict[str, dict[str, float | None]]:
    """Value and 95 % interval of every unknown constant.

    Parameters
    ----------
    plan, trial
        The problem and its solution.
    points
        Number of collocation points to assemble with.

    Returns
    -------
    dict
        ``{name: {"value", "low", "high"}}``; without measurements (exact conditions only)
        the interval is ``None``.
    """
    values = trial.constant_values()
    drawn = plan.draw(max(points, 1000), plan.rng(500))
    if all(terms.where != POINTS for terms, _ in drawn):
        return {n: {"value": v, "low": None, "high": None} for n, v in values.items()}
    rows = Rows(trial, drawn, weights=plan.settings.weights)
    whole = StreamingQR(trial.count, trial.eta).gather(rows)  # squares lose half the digits
    noisy = rows.only(lambda terms: terms.where == POINTS)
    measured, residual = stacked(noisy)
    count = len(residual)
    scales = torch.cat([s for part in noisy.parts for s in part.scale])
    split = trial.network.count
    result: dict[str, dict[str, float | None]] = {}
    try:
        freedom = _effective_freedom(whole, measured)
        noise = float((residual / scales).square().sum()) / max(1.0, count - freedom)
        for k, (name, value) in enumerate(values.items()):
            seed = torch.zeros(trial.count, dtype=trial.dtype, device=trial.device)
            seed[split + k] = 1.0
            influence = (measured @ whole.solve(seed, DAMPING)) * scales
            scale = float(trial.constants.scales[k])
            deviation = math.sqrt(noise * float(influence.square().sum())) * scale
            reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, max(1.0, count - freedom))) * deviation
            low = max(value - reach, float(trial.constants.low[k]))
            high = min(value + reach, float(trial.constants.high[k]))
            result[name] = {"value": value, "low": low, "high": high}
    except NumericalError:
        return {n: {"value": v, "low": None, "high": None} for n, v in values.items()}
    return result


def _effective_freedom(whole: Accumulator, measured: torch.Tensor) -> float:
    """Coefficients that the measurements themselves determine: trace of the hat matrix."""
    total = 0.0
    for row in measured[:: max(1, len(measured) // 64)]:
        total += float(row @ whole.solve(row, DAMPING))
    share = len(measured[:: max(1, len(measured) // 64)])
    return float(np.clip(total / share * len(measured), 0.0, 0.9 * len(measured)))


def noise_levels(plan: Plan, trial: Trial) -> dict[str, dict[str, float | int]]:
    """Root mean square misfit of every data set, in units of its values.

    Where points have standard deviations of their own, that of a value that counts as most do.
    """
    if not has_data(plan):
        return {}
    drawn = [(s, d) for s, d in plan.draw(64, plan.rng(510)) if s.where == POINTS and d.rows > 1]
    found = Rows(trial, drawn).terms()
    return {s.names[0]: {"sd": math.sqrt(found[s.names[0]]), "values": d.rows} for s, d in drawn}
