"""`Annulus`, a ring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._names import labelled, named, shape_name, suffix
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry.curve import Arc, Curve
from kanpde.geometry.plane._plane import Inside, Plane
from kanpde.geometry.plane._polar import PolarPiece


class Annulus(Plane):
    """The closed ring between two circles; its parts are ``"inner"`` and ``"outer"``.

    Parameters
    ----------
    coordinates
        Two sympy symbols.
    center
        Two numbers.
    inner, outer
        Radii, ``0 < inner < outer``.
    name
        Put before the parts: ``"pipe:inner"``.

    Raises
    ------
    InputError
        If there are not two coordinates, or a number does not fit.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> ring = Annulus((x, y), inner=1, outer=2)
    >>> list(ring.parts), round(ring.measure, 6)
    (['inner', 'outer'], 9.424778)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        center: Any = (0, 0),
        *,
        inner: Any,
        outer: Any,
        name: str | None = None,
    ) -> None:
        self.coordinates = _numbers.symbols("Annulus", coordinates, 2)
        self.center = _numbers.vector("Annulus center", center, 2)
        self.inner = _numbers.real_number("Annulus inner", inner)
        self.outer = _numbers.real_number("Annulus outer", outer)
        if not 0.0 < self.inner < self.outer:
            raise InputError(
                f"Annulus: expected radii 0 < inner < outer, got {inner} and {outer}; "
                "without a hole it is a Disk"
            )
        self.name = shape_name("Annulus", name)
        self._set_bounds()

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the inner circle, clockwise, and the outer one."""
        names = labelled(self.name, ["inner", "outer"])
        inner, outer = (
            Arc(self.center, np.array([r, 0.0]), np.array([0.0, r]))
            for r in (self.inner, self.outer)
        )
        return {names[0]: (inner.reverse(),), names[1]: (outer,)}

    def bulk(self) -> PolarPiece:
        """Return the ring as a piece."""
        return PolarPiece(self.center, (self.inner, self.outer), (0.0, 2.0 * np.pi))

    def signed_distance(self, points: Array) -> Array:
        """Return the distance to the nearer circle, negative inside."""
        radius = np.linalg.norm(checked_points(points, 2) - self.center, axis=1)
        return np.maximum(radius - self.outer, self.inner - radius)

    def _inside(self, points: Array) -> Inside:
        return np.asarray(self.signed_distance(points) < 0.0, dtype=np.bool_)

    def to_record(self) -> dict[str, Any]:
        """Describe the ring in plain JSON types."""
        return {
            "kind": "annulus",
            "coordinates": [str(c) for c in self.coordinates],
            "center": self.center.tolist(),
            "inner": self.inner,
            "outer": self.outer,
        } | named(self.name)

    def __repr__(self) -> str:
        """Show coordinates, center and radii."""
        x, y = self.coordinates
        radii = f"inner={self.inner:.6g}, outer={self.outer:.6g}"
        return f"Annulus(({x}, {y}), {_numbers.pair(self.center)}, {radii}{suffix(self.name)})"


@_records.reads("annulus")
def _annulus_from_record(data: dict[str, Any]) -> Annulus:
    keys = _records.entries(data, "coordinates", "center", "inner", "outer", optional=("name",))
    inner, outer = _records.floats("radii", keys[2:], 2)
    place = _records.floats("center", keys[1], 2)
    return Annulus(
        _records.symbols(keys[0]), place, inner=inner, outer=outer, name=data.get("name")
    )
