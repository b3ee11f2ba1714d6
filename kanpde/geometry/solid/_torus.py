"""`Torus`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._domain import Domain
from kanpde.geometry._samplers import Array
from kanpde.geometry.piece import MappedPiece
from kanpde.geometry.solid._pieces import (
    TorusPiece,
    TorusSurface,
)
from kanpde.geometry.solid._solid import Solid


class Torus(Solid):
    """A closed torus; its part is ``"boundary"`` or its `name`.

    Parameters
    ----------
    coordinates
        Three sympy symbols.
    center
        Three numbers.
    radius
        Positive number, of the circle in the middle of the tube.
    tube
        Positive number less than `radius`, from that circle to the surface.
    axis
        The coordinate or vector to turn about; the third coordinate by default.
    name
        Name of the part instead of ``"boundary"``.

    Raises
    ------
    InputError
        If there are not three coordinates, or a number does not fit.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z", real=True)
    >>> ring = Torus((x, y, z), radius=2, tube=0.5)
    >>> round(ring.measure, 6), round(ring.parts["boundary"].measure, 6)
    (9.869604, 39.478418)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = (0, 0, 0),
        *,
        radius: Any = 1,
        tube: Any = 0.5,
        axis: Any = None,
        name: str | None = None,
    ) -> None:
        self._place("Torus", coordinates, center, axis, name)
        self.radius = _numbers.positive("Torus radius", radius)
        self.tube = _numbers.positive("Torus tube", tube)
        if self.tube >= self.radius:
            raise InputError(
                f"Torus tube: expected less than the radius {self.radius:.17g}, got "
                f"{self.tube:.17g}; it would close the hole"
            )
        self._ends([(0.0, self.radius)])
        self.lower, self.upper = self.lower - self.tube, self.upper + self.tube

    def _inner(self) -> MappedPiece:
        return TorusPiece(self.radius, self.tube)

    def _sides(self) -> dict[str, MappedPiece]:
        return {"boundary": TorusSurface(self.radius, self.tube)}

    def _profile_distance(self, profile: Array) -> Array:
        off = np.hypot(profile[:, 0] - self.radius, profile[:, 1]) - self.tube
        return np.asarray(off, dtype=np.float64)

    def _profile(self, size: float) -> Array:
        count = max(12, int(np.ceil(2.0 * np.pi * self.tube / size)))
        angle = 2.0 * np.pi * (np.arange(count + 1) % count) / count
        out = np.stack([self.radius + self.tube * np.cos(angle), self.tube * np.sin(angle)], 1)
        return np.asarray(out, dtype=np.float64)

    def _copy(self, factor: float, **place: Any) -> Domain:
        radius, tube = factor * self.radius, factor * self.tube
        return Torus(self.coordinates, radius=radius, tube=tube, **place)

    def to_record(self) -> dict[str, Any]:
        """Describe the torus in plain JSON types."""
        return self._place_record("torus") | {"radius": self.radius, "tube": self.tube}

    def __repr__(self) -> str:
        """Show coordinates, center and radii."""
        return self._shown(f"radius={self.radius:.6g}, tube={self.tube:.6g}")


@_records.reads("torus")
def _torus_from_record(data: dict[str, Any]) -> Domain:
    keys = _records.entries(
        data, "coordinates", "center", "axis", "radius", "tube", optional=("name",)
    )
    radius, tube = _records.floats("sizes", keys[3:], 2)
    place, axis = _records.floats("center", keys[1], 3), _records.floats("axis", keys[2], 3)
    symbols, name = _records.symbols(keys[0]), data.get("name")
    return Torus(symbols, place, radius=radius, tube=tube, axis=axis, name=name)
