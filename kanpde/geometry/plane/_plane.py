"""What follows for a plane domain from the curves that bound it."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kanpde.geometry._domain import Domain
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Part
from kanpde.geometry.curve import Curve, CurvePiece, all_curves, curve_bounds, distance_to

Inside = NDArray[np.bool_]


class Plane(Domain):
    """A plane domain that says by its curves where it ends, and by `_inside` where it is."""

    @abstractmethod
    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the curves of every part, the domain on their left."""

    @abstractmethod
    def _inside(self, points: Array) -> Inside:
        """Tell which points lie inside (the boundary may count or not)."""

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The parts in the order of the curves."""
        return {n: Part(n, sum(c.length for c in cs)) for n, cs in self.curves().items()}

    def surface(self, name: str) -> CurvePiece:
        """Return the curves of a part as a piece."""
        return CurvePiece(self.curves()[name])

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed domain."""
        array = checked_points(points, 2)
        return near_or_inside(self, array, self._inside(array))

    def signed_distance(self, points: Array) -> Array:
        """Return the exact distance to the boundary, negative inside."""
        array = checked_points(points, 2)
        distance = distance_to(all_curves(self.curves()), array)
        return np.where(self._inside(array), -distance, distance)

    def _set_bounds(self) -> None:
        """Set `lower` and `upper` from the curves."""
        self.lower, self.upper = curve_bounds(all_curves(self.curves()))


def near_or_inside(domain: Domain, points: Array, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add the points of the closed boundary, 1e-12 of the coordinates' size aside."""
    size = max(float(np.abs(domain.lower).max()), float(np.abs(domain.upper).max()))
    slack = 1e-12 * size
    with np.errstate(invalid="ignore"):
        boxed = (points >= domain.lower - slack) & (points <= domain.upper + slack)
    asked = np.flatnonzero(~inside & boxed.all(axis=1))
    result = inside & boxed.all(axis=1)
    result[asked] = distance_to(all_curves(domain.curves()), points[asked]) <= slack
    return np.asarray(result, dtype=np.bool_)
