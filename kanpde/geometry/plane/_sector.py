"""`Sector`, a piece of a disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._names import labelled, named, shape_name, suffix
from kanpde.geometry._samplers import Array
from kanpde.geometry.curve import Arc, Curve, Segment
from kanpde.geometry.plane._plane import Inside, Plane
from kanpde.geometry.plane._polar import PolarPiece


class Sector(Plane):
    """The closed piece of a disk between two angles; parts ``"arc"``, ``"start"``, ``"end"``.

    Parameters
    ----------
    coordinates
        Two sympy symbols.
    center
        Two numbers, the tip.
    radius
        Positive number.
    start, stop
        Angles in radians, counter-clockwise, less than a full turn apart.
    name
        Put before the parts: ``"cake:arc"``.

    Raises
    ------
    InputError
        If there are not two coordinates, or a number does not fit.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> quarter = Sector((x, y), radius=2, start=0, stop=sympy.pi / 2)
    >>> {name: round(part.measure, 6) for name, part in quarter.parts.items()}
    {'arc': 3.141593, 'start': 2.0, 'end': 2.0}
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = (0, 0),
        *,
        radius: Any = 1,
        start: Any,
        stop: Any,
        name: str | None = None,
    ) -> None:
        self.coordinates = _numbers.symbols("Sector", coordinates, 2)
        self.center = _numbers.vector("Sector center", center, 2)
        self.radius = _numbers.positive("Sector radius", radius)
        low = _numbers.real_number("Sector start", start)
        high = _numbers.real_number("Sector stop", stop)
        self.angles = (low, high)
        if not 0.0 < high - low < 2.0 * np.pi - 1e-9:
            raise InputError(
                f"Sector: expected angles start < stop less than 2*pi apart, got {start} and "
                f"{stop}; a full turn is a Disk"
            )
        self.name = shape_name("Sector", name)
        self._set_bounds()

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the arc and the two radii, counter-clockwise."""
        axes = self.radius * np.eye(2)
        arc = Arc(self.center, axes[0], axes[1], *self.angles)
        first, last = arc.ends()
        sides = (arc, Segment(self.center, first), Segment(last, self.center))
        names = labelled(self.name, ["arc", "start", "end"])
        return {name: (side,) for name, side in zip(names, sides, strict=True)}

    def bulk(self) -> PolarPiece:
        """Return the sector as a piece."""
        return PolarPiece(self.center, (0.0, self.radius), self.angles)

    def _inside(self, points: Array) -> Inside:
        off = points - self.center
        turn = np.mod(np.arctan2(off[:, 1], off[:, 0]) - self.angles[0], 2.0 * np.pi)
        near = np.linalg.norm(off, axis=1) < self.radius
        between = (turn > 0.0) & (turn < self.angles[1] - self.angles[0])
        return np.asarray(near & between, dtype=np.bool_)

    def to_record(self) -> dict[str, Any]:
        """Describe the sector in plain JSON types."""
        return {
            "kind": "sector",
            "coordinates": [str(c) for c in self.coordinates],
            "center": self.center.tolist(),
            "radius": self.radius,
            "start": self.angles[0],
            "stop": self.angles[1],
        } | named(self.name)

    def __repr__(self) -> str:
        """Show coordinates, center, radius and angles."""
        x, y = self.coordinates
        sizes = f"radius={self.radius:.6g}, start={self.angles[0]:.6g}, stop={self.angles[1]:.6g}"
        return f"Sector(({x}, {y}), {_numbers.pair(self.center)}, {sizes}{suffix(self.name)})"


@_records.reads("sector")
def _sector_from_record(data: dict[str, Any]) -> Sector:
    keys = _records.entries(
        data, "coordinates", "center", "radius", "start", "stop", optional=("name",)
    )
    radius, start, stop = _records.floats("sizes", keys[2:], 3)
    return Sector(
        _records.symbols(keys[0]),
        _records.floats("center", keys[1], 2),
        radius=radius,
        start=start,
        stop=stop,
        name=data.get("name"),
    )
