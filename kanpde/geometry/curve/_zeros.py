"""Real zeros of trigonometric polynomials of degree two: where two ellipses meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOUCH = 1e-13  # two zeros that a relative change by this much makes one are one
_ROUND = 1e-13  # coefficients of that relative size are zero
_CLOSE = 1e-6  # zeros that close are one, which rounding has split


@dataclass(frozen=True)
class Waves:
    """``constant + c1 cos t + s1 sin t + c2 cos 2t + s2 sin 2t``.

    Examples
    --------
    >>> Waves(0.0, 1.0, 0.0).roots().round(6).tolist()
    [-1.570796, 1.570796]
    """

    constant: float
    c1: float
    s1: float
    c2: float = 0.0
    s2: float = 0.0

    def roots(self) -> Array:
        """Return the real zeros: closed form without the second wave, else of a quartic."""
        size = max(abs(v) for v in (self.constant, self.c1, self.s1, self.c2, self.s2, 1e-300))
        if np.hypot(self.c2, self.s2) <= _ROUND * size:
            wave = np.hypot(self.c1, self.s1)
            middle = np.arctan2(self.s1, self.c1)
            if wave <= _ROUND * size or abs(self.constant) > (1.0 + TOUCH) * wave:
                return np.zeros(0)
            if abs(self.constant) > (1.0 - TOUCH) * wave:
                return np.array([middle + (np.pi if self.constant > 0.0 else 0.0)])
            half = np.arccos(-self.constant / wave)
            return middle + np.array([-half, half])
        first, second = 0.5 * complex(self.c1, -self.s1), 0.5 * complex(self.c2, -self.s2)
        powers = [second, first, self.constant, np.conj(first), np.conj(second)]
        z = np.roots(powers)
        t: Array = np.asarray(np.angle(z[abs(abs(z) - 1.0) < 1e-6]), dtype=np.float64)
        for _ in range(3):
            slope = self._slope(t)
            safe = np.where(abs(slope) > 1e-6 * size, slope, np.inf)
            t = np.asarray(t - self._value(t) / safe, dtype=np.float64)
        return _one_for_close(t)

    def _value(self, t: Array) -> Array:
        first = self.constant + self.c1 * np.cos(t) + self.s1 * np.sin(t)
        return first + self.c2 * np.cos(2.0 * t) + self.s2 * np.sin(2.0 * t)

    def _slope(self, t: Array) -> Array:
        first = self.s1 * np.cos(t) - self.c1 * np.sin(t)
        return first + 2.0 * (self.s2 * np.cos(2.0 * t) - self.c2 * np.sin(2.0 * t))


def _one_for_close(t: Array) -> Array:
    """Put the mean in the place of zeros that differ by rounding."""
    t = np.sort(t)
    groups = np.split(t, np.flatnonzero(np.diff(t) > _CLOSE) + 1)
    return np.array([group.mean() for group in groups if len(group)])
