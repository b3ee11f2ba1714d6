"""Errors on points that training never saw, and the error predicted without the truth."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray

from kanpde.problem import Problem, columns_of, drifting_unknowns, floating_unknowns, magnitudes
from kanpde.trial import Trial

Array = NDArray[np.float64]
EVALUATION_POINTS = 4000


def relative_l2(values: Array, truth: Array) -> Array:
    r"""Relative L2 error of every column, :math:`\|u - u^*\|_2 / \|u^*\|_2`.

    Examples
    --------
    >>> relative_l2(np.array([[1.1]]), np.array([[1.0]])).round(3)
    array([0.1])
    """
    size = np.sqrt(np.square(truth).sum(axis=0))
    gap = np.sqrt(np.square(values - truth).sum(axis=0))
    return np.asarray(gap / np.where(size > 0, size, 1.0))


def mean_in_time(times: Array, values: Array, degree: int = 10) -> Array:
    """Polynomial in time that is nearest to scattered values: their mean as it changes.

    Parameters
    ----------
    times, values
        Shapes ``(N,)``.
    degree
        Of the polynomial; lower where there are fewer than five points per coefficient.

    Examples
    --------
    >>> t = np.linspace(0, 1, 50)
    >>> float(abs(mean_in_time(t, t**2) - t**2).max().round(12))
    0.0
    """
    most = max(0, min(degree, len(times) // 5 - 1))
    since = times - times.min()  # or short intervals late in time would lose digits
    # The full answer tells of missing rank instead of warning: few instants are none the worse.
    found, _ = Chebyshev.fit(since, values, most, full=True)
    return np.asarray(found(since))


class Evaluation:
    """Fixed evaluation points, and the truth there if it is known.

    Parameters
    ----------
    problem
        The problem.
    seed
        Seed of the evaluation points, apart from the training points' generator.
    """

    def __init__(self, problem: Problem, *, seed: int = 0) -> None:
        rng = np.random.default_rng([seed, 977])
        self.points, _ = problem.domain.interior(EVALUATION_POINTS, sampler="uniform", rng=rng)
        self.names = [str(u.func.__name__) for u in problem.unknowns]
        self.floating = floating_unknowns(problem)
        self.drifting = drifting_unknowns(problem)
        self._axis = problem.coordinates.index(problem.time) if problem.time is not None else 0
        self.against = "reference" if problem.reference else "exact"
        self._problem = problem
        self._truth: Array | None = None
        self._asked = False
        self._last: tuple[Trial, torch.Tensor, Array] | None = None

    def within(self, axis: int, low: float, high: float) -> Evaluation:
        """Make the evaluation at the points of one slab, without the truth."""
        part = copy.copy(self)
        t = self.points[:, axis]
        part.points = self.points[(t >= low) & (t <= high)]
        part._truth, part._asked, part._last = None, True, None
        return part

    @property
    def truth(self) -> Array | None:
        """True values ``(N, m)``, computed when first asked for."""
        if not self._asked:
            self._asked = True
            truth = self._problem.truth(self.points)
            self._truth = None if truth is None else self._centered(truth)
        return self._truth

    def values(self, trial: Trial) -> Array:
        """Evaluate the trial at the points, ``(N, m)``; free constants removed."""
        vector = trial.get()
        if self._last is not None and self._last[0] is trial and torch.equal(self._last[1], vector):
            return self._last[2]
        with torch.no_grad():
            points = torch.as_tensor(self.points, dtype=trial.dtype, device=trial.device)
            pieces = [trial(part) for part in points.split(2048)]
        values = self._centered(torch.cat(pieces).double().cpu().numpy())
        self._last = (trial, vector, values)
        return values

    def _centered(self, values: Array) -> Array:
        result = np.array(values, dtype=np.float64)
        for k, floats in enumerate(self.floating):
            if self.drifting[k]:
                result[:, k] -= mean_in_time(self.points[:, self._axis], result[:, k])
            elif floats:
                result[:, k] -= result[:, k].mean()
        return result

    def worst(self, trial: Trial) -> float | None:
        """Largest relative L2 error over the unknowns, ``None`` without the truth."""
        truth = self.truth
        if truth is None:
            return None
        values = self.values(trial)
        return float(relative_l2(values, self._sign(values, truth) * truth).max())

    def _sign(self, values: Array, truth: Array) -> int:
        """Sign that the truth is compared with: an eigenfunction's own is free."""
        return -1 if self._problem.eigen and float((values * truth).sum()) < 0 else 1

    def errors(self, trial: Trial) -> dict[str, dict[str, float | int | str]]:
        """Relative L2 and largest error per unknown."""
        truth = self.truth
        if truth is None:
            return {}
        values = self.values(trial)
        sign = self._sign(values, truth)
        pairs = columns_of(self._problem.complex, self._problem.unknowns)
        sizes = [magnitudes(pairs, v) for v in (values, truth)]
        named = dict(zip(self.names, zip(values.T, sign * truth.T, strict=True), strict=True))
        named |= {name: (size, sizes[1][name]) for name, size in sizes[0].items()}
        removed = [f or d for f, d in zip(self.floating, self.drifting, strict=True)]
        return {
            name: {
                "relative_l2": float(relative_l2(found[:, None], true[:, None])[0]),
                "max": float(np.abs(found - true).max()),
                "points": len(self.points),
                "against": self.against,
                "mean_removed": k < len(removed) and removed[k],
                **({"sign": sign} if self._problem.eigen else {}),
            }
            for k, (name, (found, true)) in enumerate(named.items())
        }


@dataclass(frozen=True)
class Level:
    """A state on the way: mean square residual on fresh points, and the values then."""

    fresh: float
    values: Array


def predicted_errors(
    levels: Sequence[Level], final: Level, *, floor: Sequence[float] | None = None
) -> list[float] | None:
    """Relative error per unknown, predicted from earlier levels.

    An earlier level's error is its difference to the final one; errors are taken
    proportional to the residual on fresh points. The median over the earlier levels
    whose residual is well above the final one's is used.

    Parameters
    ----------
    levels
        Earlier states, oldest first.
    final
        The state whose error is predicted.
    floor
        Per unknown what round-off was seen to do; no prediction is below it.

    Returns
    -------
    list of float or None
        One per unknown; ``None`` where there is no earlier level to compare with.
    """
    useful = [
        level for level in levels if 2 * final.fresh < level.fresh and math.isfinite(level.fresh)
    ]
    useful = useful[-6:]
    if not useful:
        useful = [level for level in levels if level.fresh > 0][-1:]
    if not useful:
        return None
    ratios = [
        relative_l2(level.values, final.values) * math.sqrt(final.fresh / level.fresh)
        for level in useful
    ]
    least = [float(np.finfo(np.float64).eps)] * len(ratios[0]) if floor is None else floor
    predicted = np.median(np.array(ratios), axis=0)
    return [max(float(x), low) for x, low in zip(predicted, least, strict=True)]
