"""Pieces of solids of revolution about the third axis, in their own coordinates."""

from __future__ import annotations

import numpy as np

from kanpde.geometry._samplers import Array, axis_rule, outer, outer_weights
from kanpde.geometry.piece import BallPiece, MappedPiece, Sample
from kanpde.geometry.solid._revolved import around_axis

_HALVINGS = 52


class ConePiece(MappedPiece):
    """The inside of a truncated cone; radii at the lower and the upper end."""

    columns = dimension = units = 3

    def __init__(self, radii: tuple[float, float], height: float) -> None:
        self.radii, self.height = radii, height
        a, b = radii
        self.measure = np.pi * height * (a**2 + a * b + b**2) / 3.0
        self.disk = BallPiece(np.zeros(2), 1.0)

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Choose the height by volume, then a point of the disk there."""
        share = _by_power(self.radii, unit[:, 0], 3)
        return self._at(share, self.disk.from_unit(unit[:, 1:])[0]), None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the product of a rule in height and one on the disk."""
        share, along = axis_rule(count, sampler)
        radius = self.radii[0] + share * (self.radii[1] - self.radii[0])
        along = along * radius**2
        rule = self.disk.tensor(count, sampler)
        first = np.repeat(np.arange(count), len(rule.weights))
        second = np.tile(np.arange(len(rule.weights)), count)
        weights = outer_weights([along / along.sum(), rule.weights / rule.weights.sum()])
        return Sample(self._at(share[first], rule.points[second]), None, self.measure * weights)

    def _at(self, share: Array, disk: Array) -> Array:
        radius = self.radii[0] + share * (self.radii[1] - self.radii[0])
        return np.column_stack([radius[:, None] * disk, (share - 0.5) * self.height])


class ConeSide(MappedPiece):
    """The side of a truncated cone."""

    columns, dimension, units = 3, 2, 2

    def __init__(self, radii: tuple[float, float], height: float) -> None:
        self.radii, self.height = radii, height
        self.slant = float(np.hypot(height, radii[1] - radii[0]))
        self.measure = np.pi * (radii[0] + radii[1]) * self.slant

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Choose the height by area, then the angle."""
        share = _by_power(self.radii, unit[:, 0], 2)
        return self._at(share, 2.0 * np.pi * unit[:, 1])

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the product of a rule in height and equal angles."""
        share, along = axis_rule(count, sampler)
        along = along * (self.radii[0] + share * (self.radii[1] - self.radii[0]))
        turn, round_ = axis_rule(count, "grid")
        grid = outer([share, 2.0 * np.pi * turn])
        weights = outer_weights([along / along.sum(), round_])
        return Sample(*self._at(grid[:, 0], grid[:, 1]), self.measure * weights)

    def _at(self, share: Array, angle: Array) -> tuple[Array, Array]:
        a, b = self.radii
        radius, out = a + share * (b - a), np.stack([np.cos(angle), np.sin(angle)], axis=1)
        points = np.column_stack([radius[:, None] * out, (share - 0.5) * self.height])
        slope = np.full(len(share), (a - b) / self.slant)
        return points, np.column_stack([self.height / self.slant * out, slope])


class DiskPiece(MappedPiece):
    """A disk across the axis, with the normal up (side 1) or down (side -1)."""

    columns, dimension, units = 3, 2, 2

    def __init__(self, radius: float, height: float, side: int) -> None:
        self.disk, self.height, self.side = BallPiece(np.zeros(2), radius), height, side
        self.measure = self.disk.measure

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Lift the plane disk."""
        return self._lifted(self.disk.from_unit(unit)[0])

    def tensor(self, count: int, sampler: str) -> Sample:
        """Lift the plane disk's rule."""
        rule = self.disk.tensor(count, sampler)
        return Sample(*self._lifted(rule.points), rule.weights)

    def _lifted(self, plane: Array) -> tuple[Array, Array]:
        normals = np.tile([0.0, 0.0, float(self.side)], (len(plane), 1))
        return np.column_stack([plane, np.full(len(plane), self.height)]), normals


class TorusPiece(MappedPiece):
    """The inside of a torus."""

    columns = dimension = units = 3

    def __init__(self, radius: float, tube: float) -> None:
        self.radius, self.tube = radius, tube
        self.measure = 2.0 * np.pi**2 * radius * tube**2

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Choose the distance from the circle, then the angle about it by volume."""
        off = self.tube * np.sqrt(unit[:, 0])
        turn = tube_angle(unit[:, 1], off / self.radius)
        around = 2.0 * np.pi * unit[:, 2]
        return around_axis(self.radius + off * np.cos(turn), off * np.sin(turn), around), None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the product of a rule on the tube's disk and equal angles."""
        disk = BallPiece(np.zeros(2), self.tube).tensor(count, sampler)
        around, equal = axis_rule(count, "grid")
        across = disk.weights * (self.radius + disk.points[:, 0])
        place = np.repeat(np.arange(len(across)), count)
        angle = np.tile(2.0 * np.pi * around, len(across))
        points = around_axis(self.radius + disk.points[place, 0], disk.points[place, 1], angle)
        weights = outer_weights([across / across.sum(), equal])
        return Sample(points, None, self.measure * weights)


class TorusSurface(MappedPiece):
    """The surface of a torus."""

    columns, dimension, units = 3, 2, 2

    def __init__(self, radius: float, tube: float) -> None:
        self.radius, self.tube = radius, tube
        self.measure = 4.0 * np.pi**2 * radius * tube

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Choose the angle about the circle by area, then the one about the axis."""
        ratio = np.full(len(unit), self.tube / self.radius)
        return self._at(tube_angle(unit[:, 0], ratio), 2.0 * np.pi * unit[:, 1])

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return equal steps of both angles: the best rule for what is periodic."""
        steps, equal = axis_rule(count, "grid")
        grid = outer([2.0 * np.pi * steps] * 2)
        across = equal * (self.radius + self.tube * np.cos(2.0 * np.pi * steps))
        weights = outer_weights([across / across.sum(), equal])
        return Sample(*self._at(grid[:, 0], grid[:, 1]), self.measure * weights)

    def _at(self, turn: Array, around: Array) -> tuple[Array, Array]:
        c, s = np.cos(turn), np.sin(turn)
        points = around_axis(self.radius + self.tube * c, self.tube * s, around)
        return points, around_axis(c, s, around)


def tube_angle(share: Array, ratio: Array) -> Array:
    """Solve Kepler's equation ``t + ratio sin t = 2 pi share`` by bisection.

    The part of a torus between the angles 0 and t about its circle is that share of it.

    Examples
    --------
    >>> tube_angle(np.array([0.5, 0.25]), np.array([0.9, 0.0])).round(6).tolist()
    [3.141593, 1.570796]
    """
    low, high = np.zeros(len(share)), np.full(len(share), 2.0 * np.pi)
    for _ in range(_HALVINGS):
        t = 0.5 * (low + high)
        beyond = t + ratio * np.sin(t) > 2.0 * np.pi * share
        low, high = np.where(beyond, low, t), np.where(beyond, t, high)
    return np.asarray(0.5 * (low + high), dtype=np.float64)


def _by_power(radii: tuple[float, float], share: Array, power: int) -> Array:
    """Return heights that leave a share of the integral of ``r**(power - 1)`` below."""
    a, b = radii
    if abs(b - a) <= 1e-9 * max(a, b):
        return share
    radius = (a**power + share * (b**power - a**power)) ** (1.0 / power)
    return np.asarray(np.clip((radius - a) / (b - a), 0.0, 1.0), dtype=np.float64)
