"""`Cone` and `Cylinder`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._domain import Domain
from kanpde.geometry._samplers import Array
from kanpde.geometry.curve import Segment
from kanpde.geometry.piece import MappedPiece
from kanpde.geometry.solid._pieces import (
    ConePiece,
    ConeSide,
    DiskPiece,
)
from kanpde.geometry.solid._solid import Solid


class Cone(Solid):
    """A closed cone, perhaps without its tip; its parts are ``"side"``, ``"bottom"``, ``"top"``.

    Parameters
    ----------
    coordinates
        Three sympy symbols.
    center
        Three numbers: the middle of the axis, half way between bottom and tip.
    radius
        Positive number, at the bottom.
    height
        Positive number.
    top_radius
        Radius at the top, 0 for a tip (there is no part ``"top"`` then).
    axis
        The coordinate or vector from bottom to top; the third coordinate by default.
    name
        Put before the parts: ``"nozzle:side"``.

    Raises
    ------
    InputError
        If there are not three coordinates, or a number does not fit.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z", real=True)
    >>> cone = Cone((x, y, z), radius=1, height=3)
    >>> list(cone.parts), round(cone.measure, 6)
    (['side', 'bottom'], 3.141593)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = (0, 0, 0),
        *,
        radius: Any = 1,
        height: Any = 1,
        top_radius: Any = 0,
        axis: Any = None,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        self._place(kind, coordinates, center, axis, name)
        self.height = _numbers.positive(f"{kind} height", height)
        top = _numbers.real_number(f"{kind} top_radius", top_radius)
        if top < 0:
            raise InputError(f"{kind} top_radius: expected 0 or a positive number, got {top:.17g}")
        self.radii = (_numbers.positive(f"{kind} radius", radius), top)
        self._ends([(-0.5 * self.height, self.radii[0]), (0.5 * self.height, self.radii[1])])

    def _inner(self) -> MappedPiece:
        return ConePiece(self.radii, self.height)

    def _sides(self) -> dict[str, MappedPiece]:
        half = 0.5 * self.height
        sides: dict[str, MappedPiece] = {
            "side": ConeSide(self.radii, self.height),
            "bottom": DiskPiece(self.radii[0], -half, -1),
        }
        return sides | ({"top": DiskPiece(self.radii[1], half, 1)} if self.radii[1] else {})

    def _corners(self) -> Array:
        half = 0.5 * self.height
        low, high = self.radii
        return np.array([[0.0, -half], [low, -half], [high, half], [0.0, half]])

    def _profile_distance(self, profile: Array) -> Array:
        corners = self._corners()
        if not self.radii[1]:
            corners = corners[:3]
        lines = [Segment(a, b) for a, b in itertools.pairwise(corners)]
        distance = np.min([line.distance(profile) for line in lines], axis=0)
        share = profile[:, 1] / self.height + 0.5
        low, high = self.radii
        inside = (share > 0.0) & (share < 1.0) & (profile[:, 0] < low + share * (high - low))
        return np.where(inside, -distance, distance)

    def _profile(self, size: float) -> Array:
        corners = self._corners()
        pieces = [
            np.linspace(a, b, max(1, int(np.ceil(np.hypot(*(b - a)) / size))), endpoint=False)
            for a, b in itertools.pairwise(corners)
            if (a != b).any()
        ]
        return np.concatenate([*pieces, corners[-1:]])

    def _copy(self, factor: float, **place: Any) -> Domain:
        radius, top = (factor * r for r in self.radii)
        height = factor * self.height
        return Cone(self.coordinates, radius=radius, height=height, top_radius=top, **place)

    def to_record(self) -> dict[str, Any]:
        """Describe the cone in plain JSON types."""
        sizes = {"radius": self.radii[0], "height": self.height, "top_radius": self.radii[1]}
        return self._place_record("cone") | sizes

    def __repr__(self) -> str:
        """Show coordinates, center and sizes."""
        top = f", top_radius={self.radii[1]:.6g}" if self.radii[1] else ""
        return self._shown(f"radius={self.radii[0]:.6g}, height={self.height:.6g}{top}")


class Cylinder(Cone):
    """A closed circular cylinder; its parts are ``"side"``, ``"bottom"`` and ``"top"``.

    Parameters
    ----------
    coordinates
        Three sympy symbols.
    center
        Three numbers, the middle of the axis.
    radius, height
        Positive numbers.
    axis
        The coordinate or vector from bottom to top; the third coordinate by default.
    name
        Put before the parts: ``"pipe:side"``.

    Raises
    ------
    InputError
        If there are not three coordinates, or a number does not fit.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z", real=True)
    >>> pipe = Cylinder((x, y, z), radius=1, height=4, axis=x)
    >>> pipe.lower.tolist(), round(pipe.parts["side"].measure, 6)
    ([-2.0, -1.0, -1.0], 25.132741)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = (0, 0, 0),
        *,
        radius: Any = 1,
        height: Any = 1,
        axis: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            coordinates,
            center,
            radius=_numbers.positive("Cylinder radius", radius),
            height=height,
            top_radius=radius,
            axis=axis,
            name=name,
        )

    def _copy(self, factor: float, **place: Any) -> Domain:
        radius, height = factor * self.radii[0], factor * self.height
        return Cylinder(self.coordinates, radius=radius, height=height, **place)

    def to_record(self) -> dict[str, Any]:
        """Describe the cylinder in plain JSON types."""
        return self._place_record("cylinder") | {"radius": self.radii[0], "height": self.height}

    def __repr__(self) -> str:
        """Show coordinates, center and sizes."""
        return self._shown(f"radius={self.radii[0]:.6g}, height={self.height:.6g}")


@_records.reads("cone")
@_records.reads("cylinder")
def _cone_from_record(data: dict[str, Any]) -> Domain:
    sizes = ("radius", "height") + (("top_radius",) if data["kind"] == "cone" else ())
    keys = _records.entries(data, "coordinates", "center", "axis", *sizes, optional=("name",))
    numbers = dict(zip(sizes, _records.floats("sizes", keys[3:], len(sizes)), strict=True))
    place, axis = _records.floats("center", keys[1], 3), _records.floats("axis", keys[2], 3)
    kind = Cone if data["kind"] == "cone" else Cylinder
    return kind(_records.symbols(keys[0]), place, axis=axis, name=data.get("name"), **numbers)
