"""Normalisation: inputs to [-1, 1], outputs to mean 0 and deviation 1, by the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kanpde.errors import RunDirectoryError

Array = NDArray[np.float64]
MARGIN = 2.0  # mean spacings


@dataclass(frozen=True)
class Scaling:
    """Affine maps around a network: ``z = (x - shift) * factor``, ``y = offset + gain * net(z)``.

    Attributes
    ----------
    shift, factor
        Of the inputs, ``(d,)``; the factor of a constant column is 0, so that it becomes 0.
    offset, gain
        Of the outputs, ``(m,)``.
    """

    shift: Array
    factor: Array
    offset: Array
    gain: Array

    def inputs(self, x: Array) -> Array:
        """Normalise inputs ``(N, d)``."""
        return np.asarray((x - self.shift) * self.factor)

    def inputs_tensor(self, x: Tensor) -> Tensor:
        """Normalise inputs ``(N, d)`` of torch, differentiably."""
        shift, factor = (torch.as_tensor(a).to(x) for a in (self.shift, self.factor))
        return (x - shift) * factor

    def targets(self, y: Array) -> Array:
        """Bring outputs ``(N, m)`` to the network's units."""
        return np.asarray((y - self.offset) / self.gain)

    def outputs_tensor(self, values: Tensor) -> Tensor:
        """Bring the network's values ``(N, m)`` to the units of the data."""
        offset, gain = (torch.as_tensor(a).to(values) for a in (self.offset, self.gain))
        return offset + gain * values

    @property
    def constant(self) -> list[int]:
        """Columns of the inputs that are constant over the training rows."""
        return [int(k) for k in np.flatnonzero(self.factor == 0)]

    def to_record(self) -> dict[str, list[float]]:
        """Describe the maps by lists; numbers survive exactly."""
        return {n: getattr(self, n).tolist() for n in ("shift", "factor", "offset", "gain")}

    @classmethod
    def from_record(cls, data: dict[str, Any], sizes: tuple[int, int]) -> Scaling:
        """Inverse of `to_record`; `sizes` count inputs and outputs.

        Raises
        ------
        RunDirectoryError
            If a map has another size or is not finite.
        """
        parts = {}
        for name, size in (
            ("shift", sizes[0]),
            ("factor", sizes[0]),
            ("offset", sizes[1]),
            ("gain", sizes[1]),
        ):
            parts[name] = np.array(data[name], dtype=np.float64)
            if parts[name].shape != (size,) or not np.isfinite(parts[name]).all():
                raise RunDirectoryError(f"scaling: expected {size} numbers as {name}, got others")
        return cls(**parts)


def identity(d: int, m: int) -> Scaling:
    """Give the maps that change nothing.

    Examples
    --------
    >>> identity(1, 1).inputs(np.array([[3.0]]))
    array([[3.]])
    """
    return Scaling(np.zeros(d), np.ones(d), np.zeros(m), np.ones(m))


def input_maps(x: Array) -> tuple[Array, Array]:
    """Shift and factor that bring the columns of ``(N, d)`` into [-1, 1].

    A margin of two mean spacings, 2 / N of the range, is left on both sides: other rows from
    the same source will fall there, and splines end at -1 and 1. A column whose range is below
    round-off of its size is constant: its factor is 0.

    Examples
    --------
    >>> shift, factor = input_maps(np.array([[0.0, 7.0], [4.0, 7.0], [1.0, 7.0], [3.0, 7.0]]))
    >>> shift, factor
    (array([2., 7.]), array([0.25, 0.  ]))
    """
    low, high = x.min(axis=0), x.max(axis=0)
    size = np.maximum(np.abs(low), np.abs(high))
    half = high / 2 - low / 2
    varies = half > 4 * np.finfo(np.float64).eps * size
    wide = half * (1 + 2 * MARGIN / len(x))
    return low / 2 + high / 2, np.where(varies, 1 / np.where(varies, wide, 1.0), 0.0)


def output_maps(y: Array) -> tuple[Array, Array]:
    """Mean and deviation of the columns of ``(N, m)``; deviation 1 where a column is constant.

    Examples
    --------
    >>> mean, deviation = output_maps(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> mean, deviation
    (array([2., 5.]), array([1., 1.]))
    """
    size = np.abs(y).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    mean = (y / size).mean(axis=0)
    spread = (y / size - mean).std(axis=0)
    varies = spread > 4 * np.finfo(np.float64).eps
    return size * mean, np.where(varies, size * spread, 1.0)
