"""Least squares for few constants: weights from the noise, steps, covariance, intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from kanpde.optimize import Factor
from kanpde.problem import Constant

Array = NDArray[np.float64]
CONFIDENCE = 0.95
SMALLEST, ROUND_OFF = 1e-300, 1e-13


@dataclass(frozen=True)
class Scale:
    """The variable in which a constant is sought: its logarithm where it must be positive.

    Parameters
    ----------
    constant
        Start, bounds and natural size.
    """

    constant: Constant

    @property
    def logarithmic(self) -> bool:
        """Whether bounds and start say that the constant is positive."""
        return self._bounds[0] >= 0 and self.constant.start > 0

    def inner(self, value: float) -> float:
        """Give the variable of a value."""
        return math.log(value) if self.logarithmic else value / float(self.constant.scale or 1.0)

    def outer(self, z: float) -> float:
        """Give the value of a variable, within the bounds."""
        scale = float(self.constant.scale or 1.0)
        value = math.exp(min(z, 700.0)) if self.logarithmic else z * scale
        low, high = self._bounds
        return min(max(value, low), high)

    @property
    def _bounds(self) -> tuple[float, float]:
        low, high = self.constant.bounds
        assert low is not None
        assert high is not None
        return low, high


@dataclass(frozen=True)
class DataSet:
    """Residuals of one set of measurements, in units of their own standard deviations.

    `size` is the spread of its values; residuals below its round-off count as that.
    """

    name: str
    residual: Array
    sd: Array
    size: float = 1.0

    @property
    def floor(self) -> float:
        """Residual that is round-off."""
        return ROUND_OFF * self.size


@dataclass(frozen=True)
class Fit:
    """What a linearised fit says of the constants.

    Parameters
    ----------
    covariance
        Of the variables, ``(C, C)``; infinite on the diagonal where nothing is known.
    noise
        Estimated factor on the standard deviations, per data set.
    freedom
        Residuals minus constants.
    """

    covariance: Array
    noise: tuple[float, ...]
    freedom: int

    @property
    def deviations(self) -> Array:
        """Standard deviations of the variables."""
        return np.sqrt(np.diagonal(self.covariance))


def misfit(sets: Sequence[DataSet]) -> float:
    """Minus twice the logarithm of the likelihood, every set's noise at its best value."""
    total = 0.0
    for s in sets:
        mean = float(np.mean(np.square(s.residual)))
        total += len(s.residual) * math.log(max(mean, s.floor**2, SMALLEST))
    return total if math.isfinite(total) else math.inf


def fit(sets: Sequence[DataSet], slopes: Sequence[Array]) -> Fit:
    """Noise and covariance from residuals and their slopes ``(N, C)``, one per set."""
    freedom = sum(len(s.residual) for s in sets) - slopes[0].shape[1]
    noise = _noise(sets, slopes)
    stacked = np.concatenate([j / n for j, n in zip(slopes, noise, strict=True)])
    factor = Factor(torch.as_tensor(stacked), cutoff=1e-10)
    covariance = (factor.basis @ factor.basis.T).numpy()
    lost = factor.rest.square().sum(dim=0).numpy() > 1e-6
    covariance[lost, lost] = math.inf
    return Fit(covariance, noise, max(1, freedom))


def _noise(sets: Sequence[DataSet], slopes: Sequence[Array]) -> tuple[float, ...]:
    """Noise of every set; the constants take their share of the freedom."""
    total = sum(len(s.residual) for s in sets)
    left = max(1, total - slopes[0].shape[1]) / total
    return tuple(
        max(math.sqrt(float(np.square(s.residual).sum()) / (len(s.residual) * left)), s.floor)
        for s in sets
    )


def step(
    sets: Sequence[DataSet], slopes: Sequence[Array], damping: float, *, longest: float
) -> Array:
    """Levenberg-Marquardt step of the variables, no component longer than `longest`."""
    noise = _noise(sets, slopes)
    j = np.concatenate([s / n for s, n in zip(slopes, noise, strict=True)])
    r = np.concatenate([s.residual / n for s, n in zip(sets, noise, strict=True)])
    found = Factor(torch.as_tensor(j), cutoff=0.0).step(torch.as_tensor(r), damping).numpy()
    return np.asarray(found * min(1.0, longest / max(float(np.abs(found).max()), SMALLEST)))


def intervals(
    scales: dict[str, Scale], z: Array, fitted: Fit | None
) -> dict[str, dict[str, float | None]]:
    """Value and 95 % interval of every constant; ``None`` where the data say nothing."""
    result: dict[str, dict[str, float | None]] = {}
    for k, (name, scale) in enumerate(scales.items()):
        entry: dict[str, float | None] = {"value": scale.outer(z[k]), "low": None, "high": None}
        deviation = math.inf if fitted is None else float(fitted.deviations[k])
        if fitted is not None and math.isfinite(deviation):
            reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, fitted.freedom)) * deviation
            entry["low"], entry["high"] = scale.outer(z[k] - reach), scale.outer(z[k] + reach)
        result[name] = entry
    return result


def noise_levels(sets: Sequence[DataSet], fitted: Fit) -> dict[str, dict[str, Any]]:
    """Estimated noise of every data set, in units of its values."""
    return {
        s.name: {
            "sd": float(n * np.sqrt(np.mean(np.square(s.sd)))),
            "values": len(s.residual),
        }
        for s, n in zip(sets, fitted.noise, strict=True)
    }
