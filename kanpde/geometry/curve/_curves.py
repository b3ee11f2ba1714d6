"""Curves that bound plane domains: segments and arcs of ellipses, with the domain on the left.

Every curve of a `Combination` is a piece of a curve of its operands, so that a cut needs
nothing but the parameters at which two curves meet, which are roots of polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ellipeinc

from kanpde.geometry._samplers import Array
from kanpde.geometry.curve._curve import Curve
from kanpde.geometry.curve._zeros import TOUCH, Waves

_ROUND = 1e-13  # slopes of that relative size are parallel


@dataclass(frozen=True, eq=False)
class Segment(Curve):
    """The straight way from `first` to `last`, or a piece of it; parameters 0 to 1."""

    first: Array
    last: Array
    start: float = 0.0
    stop: float = 1.0

    @property
    def vector(self) -> Array:
        """From the point with parameter 0 to the one with parameter 1."""
        return self.last - self.first

    def at(self, t: Array) -> Array:
        """Return the points with parameters `t`."""
        s = np.asarray(t, dtype=np.float64)[:, None]
        return (1.0 - s) * self.first + s * self.last

    def velocity(self, t: Array) -> Array:
        """Return the constant derivative."""
        return np.tile(self.vector, (len(t), 1))

    @property
    def length(self) -> float:
        """Arc length."""
        return float(np.hypot(*self.vector)) * (self.stop - self.start)

    def by_length(self, share: Array) -> Array:
        """Return the parameters at these shares of the length."""
        return self.start + share * (self.stop - self.start)

    def piece(self, start: float, stop: float) -> Segment:
        """Return the piece between two parameters."""
        return Segment(self.first, self.last, start, stop)

    def reverse(self) -> Segment:
        """Return the same points in the other direction."""
        return Segment(self.last, self.first, 1.0 - self.stop, 1.0 - self.start)

    def moved(self, matrix: Array, offset: Array) -> Segment:
        """Return the image under a similarity."""
        ends = np.stack([self.first, self.last]) @ matrix.T + offset
        return Segment(ends[0], ends[1], self.start, self.stop)

    def parameters(self, points: Array) -> Array:
        """Return the parameters of the nearest points of the line."""
        v = self.vector
        return np.asarray((points - self.first) @ v / (v @ v), dtype=np.float64)

    def meets(self, other: Curve) -> Array:
        """Return the parameters of at most two points."""
        if isinstance(other, Segment):
            right = np.array([other.vector[1], -other.vector[0]])
            slope = float(self.vector @ right)
            if abs(slope) <= _ROUND * np.hypot(*self.vector) * np.hypot(*right):
                return np.zeros(0)
            return np.array([(other.first - self.first) @ right / slope])
        assert isinstance(other, Arc)
        inverse = other.inverse()
        w, v = inverse @ (self.first - other.center), inverse @ self.vector
        middle, speed = -(w @ v) / (v @ v), v @ v
        rest = 1.0 - float(((w + middle * v) ** 2).sum())
        if rest < TOUCH:  # it passes by, or touches in one point
            return np.full(int(rest > -TOUCH), middle)
        return middle + np.sqrt(rest / speed) * np.array([-1.0, 1.0])

    def distance(self, points: Array) -> Array:
        """Return the distances of points to the segment."""
        t = np.clip(self.parameters(points), self.start, self.stop)
        return np.asarray(np.linalg.norm(points - self.at(t), axis=1), dtype=np.float64)

    def heights(self, x: Array) -> Array:
        """Return the one height above `x`, or NaN."""
        run = self.vector[0]
        if run == 0.0:
            return np.full((len(x), 2), np.nan)
        t = (x - self.first[0]) / run
        y = np.where((t >= self.start) & (t <= self.stop), self.at(t)[:, 1], np.nan)
        return np.stack([y, np.full(len(x), np.nan)], axis=1)

    def turns(self) -> Array:
        """Return none."""
        return np.zeros(0)

    def chords(self, resolution: int) -> Array:
        """Return both ends."""
        return self.ends()


@dataclass(frozen=True, eq=False)
class Arc(Curve):
    """``center + first cos t + second sin t``: a piece of an ellipse with these half axes."""

    center: Array
    first: Array
    second: Array
    start: float = 0.0
    stop: float = 2.0 * np.pi

    def at(self, t: Array) -> Array:
        """Return the points with parameters `t`."""
        s = np.asarray(t, dtype=np.float64)[:, None]
        return self.center + np.cos(s) * self.first + np.sin(s) * self.second

    def velocity(self, t: Array) -> Array:
        """Return the derivatives with respect to the parameter."""
        s = np.asarray(t, dtype=np.float64)[:, None]
        return np.cos(s) * self.second - np.sin(s) * self.first

    @property
    def radii(self) -> tuple[float, float]:
        """Lengths of the half axes."""
        return float(np.hypot(*self.first)), float(np.hypot(*self.second))

    @property
    def whole(self) -> bool:
        """Tell whether it is closed."""
        return self.stop - self.start >= 2.0 * np.pi - 1e-12

    @property
    def round(self) -> bool:
        """Tell whether it is an arc of a circle."""
        a, b = self.radii
        return abs(a - b) <= 1e-14 * max(a, b)

    def inverse(self) -> Array:  # (2, 2)
        """Return the matrix that takes the half axes to the unit vectors."""
        return np.linalg.inv(np.stack([self.first, self.second], axis=1))

    def travelled(self, t: Array) -> Array:
        """Return the arc length from parameter 0."""
        a, b = self.radii
        return np.asarray(b * ellipeinc(t, 1.0 - (a / b) ** 2), dtype=np.float64)

    @property
    def length(self) -> float:
        """Arc length."""
        low, high = self.travelled(np.array([self.start, self.stop]))
        return float(high - low)

    def by_length(self, share: Array) -> Array:
        """Return the parameters at these shares of the length, by Newton's method."""
        t = self.start + share * (self.stop - self.start)
        if self.round:
            return t
        low, high = self.travelled(np.array([self.start, self.stop]))
        table = np.linspace(self.start, self.stop, 1025)
        wanted = low + share * (high - low)
        t = np.interp(wanted, self.travelled(table), table)
        for _ in range(4):
            speed = np.linalg.norm(self.velocity(t), axis=1)
            t = t - (self.travelled(t) - wanted) / speed
        return np.asarray(np.clip(t, self.start, self.stop), dtype=np.float64)

    def piece(self, start: float, stop: float) -> Arc:
        """Return the piece between two parameters."""
        return Arc(self.center, self.first, self.second, start, stop)

    def reverse(self) -> Arc:
        """Return the same points in the other direction."""
        return Arc(self.center, self.first, -self.second, -self.stop, -self.start)

    def moved(self, matrix: Array, offset: Array) -> Arc:
        """Return the image under a similarity."""
        return Arc(
            matrix @ self.center + offset,
            matrix @ self.first,
            matrix @ self.second,
            self.start,
            self.stop,
        )

    def parameters(self, points: Array) -> Array:
        """Return the parameters, from `start` to less than a turn more."""
        w = (points - self.center) @ self.inverse().T
        t = np.arctan2(w[:, 1], w[:, 0])
        return np.asarray(self.start + np.mod(t - self.start, 2.0 * np.pi), dtype=np.float64)

    def meets(self, other: Curve) -> Array:
        """Return the parameters of at most four points."""
        if isinstance(other, Segment):
            right = np.array([other.vector[1], -other.vector[0]])
            waves = Waves(
                float((self.center - other.first) @ right),
                float(self.first @ right),
                float(self.second @ right),
            )
        else:
            assert isinstance(other, Arc)
            inverse = other.inverse()
            w = inverse @ (self.center - other.center)
            a, b = inverse @ self.first, inverse @ self.second
            waves = Waves(
                float(w @ w + 0.5 * (a @ a + b @ b) - 1.0),
                float(2.0 * w @ a),
                float(2.0 * w @ b),
                float(0.5 * (a @ a - b @ b)),
                float(a @ b),
            )
        return self.start + np.mod(waves.roots() - self.start, 2.0 * np.pi)

    def distance(self, points: Array) -> Array:
        """Return the distances: closed form on a circle, Newton's method on an ellipse."""
        to_ends = np.linalg.norm(points[:, None] - self.ends(), axis=2).min(axis=1)
        if self.round:
            off = points - self.center
            over = self.parameters(points) <= self.stop
            radial = abs(np.linalg.norm(off, axis=1) - self.radii[0])
            return np.where(over | self.whole, radial, to_ends)
        t = np.linspace(self.start, self.stop, 65)
        squares = ((points[:, None] - self.at(t)) ** 2).sum(axis=2)
        best = squares.argmin(axis=1)
        low = t[np.maximum(best - 1, 0)] if not self.whole else t[best] - (t[1] - t[0])
        high = t[np.minimum(best + 1, 64)] if not self.whole else t[best] + (t[1] - t[0])
        found = _nearest(self, points, low, high)
        return np.minimum(np.linalg.norm(points - self.at(found), axis=1), to_ends)

    def heights(self, x: Array) -> Array:
        """Return the two heights above `x`, NaN off the arc."""
        angle = np.arctan2(self.second[0], self.first[0])
        wide = np.hypot(self.first[0], self.second[0])
        share = (x - self.center[0]) / wide
        with np.errstate(invalid="ignore"):
            half = np.arccos(np.where(abs(share) <= 1.0, share, np.nan))
        t = self.start + np.mod(np.stack([angle - half, angle + half]) - self.start, 2.0 * np.pi)
        y = self.center[1] + np.cos(t) * self.first[1] + np.sin(t) * self.second[1]
        with np.errstate(invalid="ignore"):
            return np.where((t <= self.stop) | self.whole, y, np.nan).T

    def turns(self) -> Array:
        """Return where the tangent is parallel to the second axis."""
        return self._extremes(0)

    def _other_turns(self) -> Array:
        return self._extremes(1)

    def _extremes(self, axis: int) -> Array:
        angle = np.arctan2(self.second[axis], self.first[axis]) + np.array([0.0, np.pi])
        t = self.start + np.mod(angle - self.start, 2.0 * np.pi)
        return t[t <= self.stop]

    def chords(self, resolution: int) -> Array:
        """Return points at equal steps of the parameter."""
        count = max(2, int(np.ceil((self.stop - self.start) / (2.0 * np.pi) * resolution)))
        return self.at(np.linspace(self.start, self.stop, count + 1))


def _nearest(arc: Arc, points: Array, low: Array, high: Array) -> Array:
    """Find the parameter of the nearest point in a bracket by bisection of the slope."""
    for _ in range(48):
        t = 0.5 * (low + high)
        ahead = ((points - arc.at(t)) * arc.velocity(t)).sum(axis=1) > 0.0
        low, high = np.where(ahead, t, low), np.where(ahead, high, t)
    return np.asarray(0.5 * (low + high), dtype=np.float64)
