"""`Ellipse`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._names import named, shape_name, suffix
from kanpde.geometry._samplers import Array
from kanpde.geometry.curve import Arc, Curve
from kanpde.geometry.piece import BallPiece, MappedPiece, Sample
from kanpde.geometry.plane._plane import Inside, Plane
from kanpde.geometry.plane._vanishing import vanishing_quadratic


class EllipsePiece(MappedPiece):
    """An ellipse, as the image of the unit disk."""

    columns = dimension = units = 2

    def __init__(self, center: Array, axes: Array) -> None:
        self.center, self.axes = center, axes
        self.disk = BallPiece(np.zeros(2), 1.0)
        self.measure = self.disk.measure * abs(float(np.linalg.det(axes)))

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Stretch the disk."""
        return self.center + self.disk.from_unit(unit)[0] @ self.axes, None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Stretch the disk's rule."""
        rule = self.disk.tensor(count, sampler)
        weights = rule.weights * (self.measure / self.disk.measure)
        return Sample(self.center + rule.points @ self.axes, None, weights)


class Ellipse(Plane):
    """The closed ellipse; its part is ``"boundary"`` or its `name`.

    Parameters
    ----------
    coordinates
        Two sympy symbols.
    center
        Two numbers.
    radii
        Half axes, two positive numbers.
    angle
        By which the first half axis is turned from the first coordinate, in radians.
    name
        Name of the part instead of ``"boundary"``.

    Raises
    ------
    InputError
        If there are not two coordinates, or a number does not fit.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> ellipse = Ellipse((x, y), center=(0, 0), radii=(2, 1))
    >>> round(ellipse.measure, 6), round(ellipse.parts["boundary"].measure, 6)
    (6.283185, 9.688448)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = (0, 0),
        radii: Any = (1, 1),
        angle: Any = 0,
        *,
        name: str | None = None,
    ) -> None:
        self.coordinates = _numbers.symbols("Ellipse", coordinates, 2)
        self.center = _numbers.vector("Ellipse center", center, 2)
        self.radii = _numbers.vector("Ellipse radii", radii, 2)
        if not (self.radii > 0).all():
            raise InputError(f"Ellipse radii: expected two positive numbers, got {radii}")
        self.angle = _numbers.real_number("Ellipse angle", angle)
        self.name = shape_name("Ellipse", name)
        c, s = np.cos(self.angle), np.sin(self.angle)
        self.axes = self.radii[:, None] * np.array([[c, s], [-s, c]])  # rows: the half axes
        self._set_bounds()

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the ellipse, counter-clockwise."""
        return {self.name or "boundary": (Arc(self.center, self.axes[0], self.axes[1]),)}

    def bulk(self) -> EllipsePiece:
        """Return the inside as a piece."""
        return EllipsePiece(self.center, self.axes)

    def implicit(self, points: Array) -> Array:
        """Return the distance from the center as a share of that of the ellipse, less 1."""
        share = (points - self.center) @ np.linalg.inv(self.axes)
        return (np.linalg.norm(share, axis=1) - 1.0) * float(self.radii.min())

    def vanishing_on(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give 1 minus the squared distance from the center, in half axes."""
        return vanishing_quadratic(self.coordinates, self.center, self.axes)

    def _inside(self, points: Array) -> Inside:
        return np.asarray(self.implicit(points) < 0.0, dtype=np.bool_)

    def to_record(self) -> dict[str, Any]:
        """Describe the ellipse in plain JSON types."""
        return {
            "kind": "ellipse",
            "coordinates": [str(c) for c in self.coordinates],
            "center": self.center.tolist(),
            "radii": self.radii.tolist(),
            "angle": self.angle,
        } | named(self.name)

    def __repr__(self) -> str:
        """Show coordinates, center, half axes and angle."""
        x, y = self.coordinates
        text = f"Ellipse(({x}, {y}), {_numbers.pair(self.center)}, {_numbers.pair(self.radii)}"
        text += f", {self.angle:.6g}" if self.angle else ""
        return f"{text}{suffix(self.name)})"


@_records.reads("ellipse")
def _ellipse_from_record(data: dict[str, Any]) -> Ellipse:
    keys = _records.entries(data, "coordinates", "center", "radii", "angle", optional=("name",))
    (angle,) = _records.floats("angle", keys[3:], 1)
    place, radii = _records.floats("center", keys[1], 2), _records.floats("radii", keys[2], 2)
    return Ellipse(_records.symbols(keys[0]), place, radii, angle, name=data.get("name"))
