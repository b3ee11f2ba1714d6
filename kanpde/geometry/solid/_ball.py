"""Disks and balls of any dimension, in hyperspherical coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._domain import Domain
from kanpde.geometry._motion import Motion
from kanpde.geometry._names import labelled, named, shape_name, suffix
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Part
from kanpde.geometry.curve import Arc, Curve
from kanpde.geometry.piece import BallPiece, SpherePiece
from kanpde.geometry.plane import vanishing_quadratic
from kanpde.geometry.solid._revolved import revolved


class Ball(Domain):
    """The closed ball of any dimension d >= 2; its part is ``"boundary"`` or its `name`.

    Parameters
    ----------
    coordinates
        Two or more sympy symbols.
    center
        One number for each coordinate, or one for all.
    radius
        Positive number.
    name
        Name of the part instead of ``"boundary"``.

    Raises
    ------
    InputError
        If the coordinates are not two or more different symbols, the center
        does not fit them, or the radius is not positive and finite.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z", real=True)
    >>> ball = Ball((x, y, z), radius=2)
    >>> round(ball.measure, 6), round(ball.parts["boundary"].measure, 6)
    (33.510322, 50.265482)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = 0.0,
        radius: Any = 1.0,
        *,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        if not isinstance(coordinates, tuple | list) or len(coordinates) < 2:
            raise InputError(
                f"{kind}: expected a tuple of two or more coordinates, got {coordinates!r}"
            )
        self.coordinates = tuple(_numbers.coordinate(kind, c) for c in coordinates)
        _numbers.distinct(kind, self.coordinates)
        d = len(self.coordinates)
        entries = list(center) if isinstance(center, tuple | list | np.ndarray) else [center] * d
        if len(entries) != d:
            raise InputError(f"{kind} center: expected {d} numbers, got {len(entries)}: {center!r}")
        self.center = np.array([_numbers.real_number(f"{kind} center", c) for c in entries])
        self.radius = _numbers.positive(f"{kind} radius", radius)
        self.lower, self.upper = self.center - self.radius, self.center + self.radius
        self.name = shape_name(kind, name)

    @property
    def parts(self) -> dict[str, Part]:
        """The sphere, named ``"boundary"`` or like the ball."""
        (name,) = labelled(self.name, ["boundary"])
        return {name: Part(name, self.surface(name).measure)}

    def bulk(self) -> BallPiece:
        """Return the ball as a piece."""
        return BallPiece(self.center, self.radius)

    def surface(self, name: str) -> SpherePiece:
        """Return the sphere as a piece."""
        assert name == (self.name or "boundary")
        return SpherePiece(self.center, self.radius)

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the circle, counter-clockwise."""
        if self.dimension != 2:
            return super().curves()
        axes = self.radius * np.eye(2)
        return {self.name or "boundary": (Arc(self.center, axes[0], axes[1]),)}

    def signed_distance(self, points: Array) -> Array:
        """Return the distance from the center less the radius."""
        array = checked_points(points, self.dimension)
        off = np.linalg.norm(array - self.center, axis=1) - self.radius
        return np.asarray(off, dtype=np.float64)

    def surface_triangles(self, size: float) -> tuple[Array, NDArray[np.int64]]:
        """Return points and triangles of the sphere in three dimensions."""
        if self.dimension != 3:
            return super().surface_triangles(size)
        count = max(12, math.ceil(2.0 * np.pi * self.radius / size))
        angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, count // 2 + 1)
        profile = self.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        profile[[0, -1], 0] = 0.0
        points, triangles = revolved(profile, count)
        return points + self.center, triangles

    def moved(self, motion: Motion) -> Ball:
        """Return the ball at its new place."""
        center = tuple(motion.forward(self.center[None])[0].tolist())
        return type(self)(self.coordinates, center, motion.factor * self.radius, name=self.name)

    def vanishing_on(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give 1 minus the squared distance from the center, in radii."""
        axes = self.radius * np.eye(self.dimension)
        return vanishing_quadratic(self.coordinates, self.center, axes)

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed ball."""
        array = checked_points(points, self.dimension)
        distance = np.linalg.norm(array - self.center, axis=1)
        slack = 1e-12 * max(self.radius, float(np.abs(self.center).max()))
        return np.asarray(distance <= self.radius + slack, dtype=np.bool_)

    def to_record(self) -> dict[str, Any]:
        """Describe the ball in plain JSON types."""
        return {
            "kind": "ball",
            "coordinates": [str(c) for c in self.coordinates],
            "center": self.center.tolist(),
            "radius": self.radius,
        } | named(self.name)

    def __repr__(self) -> str:
        """Show coordinates, center and radius."""
        names = ", ".join(str(c) for c in self.coordinates)
        center = ", ".join(f"{c:.6g}" for c in self.center)
        sizes = f"({center}), {self.radius:.6g}{suffix(self.name)}"
        return f"{type(self).__name__}(({names}), {sizes})"


class Disk(Ball):
    """The closed disk; its part is ``"boundary"`` or its `name`.

    Parameters
    ----------
    coordinates
        Two sympy symbols.
    center
        Two numbers.
    radius
        Positive number.
    name
        Name of the part instead of ``"boundary"``.

    Raises
    ------
    InputError
        As `Ball`, or if there are not two coordinates.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> points, weights = Disk((x, y), radius=2).interior(25, sampler="gauss")
    >>> bool(abs(weights @ points[:, 0] ** 2 - 4 * sympy.pi) < 1e-12)
    True
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = 0.0,
        radius: Any = 1.0,
        *,
        name: str | None = None,
    ) -> None:
        if not isinstance(coordinates, tuple | list) or len(coordinates) != 2:
            raise InputError(
                f"Disk: expected a tuple of two coordinates, got {coordinates!r}; "
                "use Ball in more dimensions"
            )
        super().__init__(coordinates, center, radius, name=name)


@_records.reads("ball")
def _ball_from_record(data: dict[str, Any]) -> Domain:
    names, center, radius = _records.entries(
        data, "coordinates", "center", "radius", optional=("name",)
    )
    symbols = _records.symbols(names)
    kind = Disk if len(symbols) == 2 else Ball
    return kind(
        symbols,
        tuple(_records.floats("center", center, len(symbols))),
        _records.floats("radius", [radius], 1)[0],
        name=data.get("name"),
    )
