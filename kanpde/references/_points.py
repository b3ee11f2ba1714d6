"""Points in space and time, as every reference takes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError, ShapeError

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Reference = Callable[[Array], Array]

_CHUNK = 4096


def columns(points: Array) -> tuple[Array, Array]:
    """Split points ``(N, 2)`` into x and t, ``(N,)`` each."""
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(f"points: expected shape (N, 2) with columns x and t, got {points.shape}")
    return points[:, 0], points[:, 1]


def columns_until(points: Array, final: float) -> tuple[Array, Array]:
    """Split points ``(N, 2)`` into x and t; times must lie in [0, final], but for rounding."""
    x, t = columns(points)
    slack = 1e-12 * final
    if t.size and not (t.min() >= -slack and t.max() <= final + slack):
        raise InputError(f"points: expected times in [0, {final}], got {t.min()} to {t.max()}")
    return x, np.clip(t, 0.0, final)


def in_chunks(function: Callable[[Array, Array], Array], x: Array, t: Array) -> Array:
    """Evaluate on few points at a time, where a point needs a long row of numbers."""
    result = np.empty(x.shape)
    for i in range(0, x.size, _CHUNK):
        part = slice(i, i + _CHUNK)
        result[part] = function(x[part], t[part])
    return result


def check_grid(modes: int, interval: tuple[float, float], final: float) -> None:
    """Refuse what a Fourier grid, its period and its end time cannot be."""
    if modes < 16 or modes % 2:
        raise InputError(f"modes: expected an even number of at least 16, got {modes}")
    low, high = interval
    if not low < high:
        raise InputError(f"interval: expected a lower and a higher end, got {interval}")
    if not final > 0.0:
        raise InputError(f"final: expected an end time above 0, got {final}")


def periodic_grid(interval: tuple[float, float], modes: int) -> Array:
    """Grid points ``(modes,)``, the lower end and not the upper one."""
    low, high = interval
    return np.asarray(low + (high - low) * np.arange(modes) / modes)
