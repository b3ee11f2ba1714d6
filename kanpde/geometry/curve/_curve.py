"""What a curve answers that bounds a plane domain, with the domain on its left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from kanpde.geometry._samplers import Array

_CHUNK = 2**21  # numbers held at once by `distance_to`


class Curve(ABC):
    """A curve with parameters `start` to `stop`; its normal points to the right of it."""

    start: float
    stop: float

    @abstractmethod
    def at(self, t: Array) -> Array:  # (N,) -> (N, 2)
        """Return the points with parameters `t`."""

    @abstractmethod
    def velocity(self, t: Array) -> Array:  # (N,) -> (N, 2)
        """Return the derivatives with respect to the parameter."""

    @property
    def whole(self) -> bool:
        """Tell whether it is closed."""
        return False

    @property
    @abstractmethod
    def length(self) -> float:
        """Arc length."""

    @abstractmethod
    def by_length(self, share: Array) -> Array:  # (N,) -> (N,)
        """Return the parameters at these shares, 0 to 1, of the length."""

    @abstractmethod
    def piece(self, start: float, stop: float) -> Curve:
        """Return the piece between two parameters."""

    @abstractmethod
    def reverse(self) -> Curve:
        """Return the same points in the other direction."""

    @abstractmethod
    def moved(self, matrix: Array, offset: Array) -> Curve:
        """Return the image under the similarity x -> matrix x + offset."""

    @abstractmethod
    def parameters(self, points: Array) -> Array:  # (N, 2) -> (N,)
        """Return the parameters of points on the curve, beyond its ends too."""

    @abstractmethod
    def meets(self, other: Curve) -> Array:
        """Return parameters, beyond the ends too, where it meets the other's line or ellipse."""

    @abstractmethod
    def distance(self, points: Array) -> Array:  # (N, 2) -> (N,)
        """Return the distances of points to the curve."""

    @abstractmethod
    def heights(self, x: Array) -> Array:  # (N,) -> (N, 2)
        """Return the second coordinates above `x`; NaN where there are none."""

    @abstractmethod
    def turns(self) -> Array:
        """Return the parameters, in the curve, at which the first coordinate turns back."""

    @abstractmethod
    def chords(self, resolution: int) -> Array:  # (M, 2)
        """Return points along it, both ends included, `resolution` for a full turn."""

    def normal(self, t: Array) -> Array:  # (N,) -> (N, 2)
        """Return the unit normals to the right."""
        v = self.velocity(t)
        v = v / np.linalg.norm(v, axis=1, keepdims=True)
        return np.stack([v[:, 1], -v[:, 0]], axis=1)

    def ends(self) -> Array:  # (2, 2)
        """Return the first and the last point."""
        return self.at(np.array([self.start, self.stop]))

    def bounds(self) -> tuple[Array, Array]:
        """Return the corners of the bounding box."""
        places = np.concatenate(([self.start, self.stop], self.turns(), self._other_turns()))
        points = self.at(places)
        return points.min(axis=0), points.max(axis=0)

    def _other_turns(self) -> Array:
        return np.zeros(0)


def distance_to(curves: Sequence[Curve], points: Array) -> Array:  # (N,)
    """Return the distance of every point to the nearest of the curves."""
    best = np.full(len(points), np.inf)
    step = max(1, _CHUNK // 65)
    for start in range(0, len(points), step):
        some = slice(start, start + step)
        for curve in curves:
            best[some] = np.minimum(best[some], curve.distance(points[some]))
    return best
