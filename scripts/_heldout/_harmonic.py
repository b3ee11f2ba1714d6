"""Laplace's equation by least squares on the boundary; the residual there bounds the error.

Polynomials, poles that crowd towards corners ("lightning": Gopal, Trefethen, SIAM J. Numer. Anal.
57 (2019) 2074-2094), and in holes a logarithm and negative powers. By the maximum principle the
error inside is at most the largest error on the boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray


@dataclass
class Harmonic:
    """A real harmonic function as a sum of real parts of analytic ones.

    Attributes
    ----------
    center, size
        Of the polynomials: powers of ``(z - center)/size``.
    degree
        Of the polynomials.
    poles
        Complex, outside the domain.
    holes
        ``(center, radius, powers, has a logarithm)`` of each.
    """

    center: complex
    size: float
    degree: int
    poles: Array = field(default_factory=lambda: np.zeros(0, dtype=complex))
    holes: Sequence[tuple[complex, float, int, bool]] = ()
    weights: Array = field(default_factory=lambda: np.zeros(0))

    def functions(self, z: Array) -> Array:
        """Values of all functions, ``(N, M)``."""
        powers = ((z - self.center) / self.size)[:, None] ** np.arange(self.degree + 1)
        near = np.zeros(len(self.poles))
        if len(self.poles):
            gaps = abs(self.poles[:, None] - self.poles) + 10 * np.eye(len(self.poles))
            near = gaps.min(axis=1)
        analytic = [powers, near / (z[:, None] - self.poles)]
        analytic += [(r / (z - c))[:, None] ** np.arange(1, n + 1) for c, r, n, _ in self.holes]
        logs = [np.log(abs(z - c))[:, None] for c, _, _, has in self.holes if has]
        together = np.concatenate(analytic, axis=1)
        return np.concatenate([together.real, together.imag, *logs], axis=1)

    def fit(self, z: Array, values: Array, rows: Array | None = None) -> Harmonic:
        """Take the nearest function on the boundary; `rows` weigh its points."""
        matrix = self.functions(z)
        rows = np.ones(len(z)) if rows is None else rows
        size = np.linalg.norm(matrix, axis=0) + 1e-300
        found, *_ = np.linalg.lstsq(rows[:, None] * matrix / size, rows * values, rcond=1e-15)
        self.weights = found / size
        return self

    def __call__(self, points: Array) -> Array:
        """Values at points ``(N, 2)``."""
        return self.functions(points[:, 0] + 1j * points[:, 1]) @ self.weights


def crowded(corners: Sequence[complex], many: int, closest: float = 1e-14) -> Array:
    """Points on a polygon's edges that crowd towards both ends of each."""
    depth = -np.log(closest)
    half = 0.5 * np.exp(-depth * np.linspace(0, 1, many))
    along = np.concatenate([half, 1 - half[1:]])
    ends = np.roll(corners, -1)
    return np.concatenate([a + (b - a) * along for a, b in zip(corners, ends, strict=True)])


def outside_corners(corners: Sequence[complex], many: int, reach: float) -> Array:
    """Poles along the outer bisector of each corner, corners counter-clockwise."""
    spread = np.exp(4 * (np.sqrt(np.arange(1, many + 1)) - np.sqrt(many)))
    before, after = np.roll(corners, 1), np.roll(corners, -1)
    found = []
    for a, c, b in zip(before, corners, after, strict=True):
        opening = np.angle((a - c) / (b - c)) % (2 * np.pi)
        inward = (b - c) / abs(b - c) * np.exp(0.5j * opening)
        found.append(c - reach * inward * spread)
    return np.concatenate(found)
