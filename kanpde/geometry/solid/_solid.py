"""What follows for a solid of revolution from its profile."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanpde.geometry import _numbers
from kanpde.geometry._domain import Domain
from kanpde.geometry._motion import Motion, axis_vector
from kanpde.geometry._names import labelled, named, shape_name, suffix
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Part
from kanpde.geometry.piece import MappedPiece, MovedMappedPiece
from kanpde.geometry.solid._revolved import revolved


class Solid(Domain):
    """A solid of revolution: pieces and distances in radius and height, then put in place."""

    center: Array
    axis: Array
    name: str | None

    def _place(self, kind: str, coordinates: Any, center: Any, axis: Any, name: Any) -> None:
        self.coordinates = _numbers.symbols(kind, coordinates, 3)
        self.center = _numbers.vector(f"{kind} center", center, 3)
        wanted = self.coordinates[2] if axis is None else axis
        self.axis = axis_vector(f"{kind} axis", wanted, self.coordinates)
        self.name = shape_name(kind, name)

    @cached_property
    def _motion(self) -> Motion:
        """From the solid's own coordinates to its place."""
        third = self.axis
        helper = np.eye(3)[int(np.argmin(abs(third)))]
        second = np.cross(third, helper)
        second /= np.linalg.norm(second)
        if third[2] == 1.0:
            return Motion(1.0, np.eye(3), self.center)
        return Motion(1.0, np.stack([np.cross(second, third), second, third], 1), self.center)

    @abstractmethod
    def _inner(self) -> MappedPiece:
        """Return the inside in the solid's own coordinates."""

    @abstractmethod
    def _sides(self) -> dict[str, MappedPiece]:
        """Return the parts in the solid's own coordinates."""

    @abstractmethod
    def _profile_distance(self, profile: Array) -> Array:
        """Return signed distances of points given by radius and height."""

    @abstractmethod
    def _profile(self, size: float) -> Array:
        """Return radii and heights along the boundary, in steps of at most `size`."""

    @cached_property
    def _named_sides(self) -> dict[str, MappedPiece]:
        sides = self._sides()
        names = labelled(self.name, list(sides))
        return dict(zip(names, sides.values(), strict=True))

    @property
    def parts(self) -> dict[str, Part]:
        """The sides of the solid."""
        return {n: Part(n, float(c.measure)) for n, c in self._named_sides.items()}

    def bulk(self) -> MovedMappedPiece:
        """Return the inside as a piece."""
        return MovedMappedPiece(self._inner(), self._motion)

    def surface(self, name: str) -> MovedMappedPiece:
        """Return a side as a piece."""
        return MovedMappedPiece(self._named_sides[name], self._motion)

    def signed_distance(self, points: Array) -> Array:
        """Return the exact distance to the boundary, negative inside."""
        own = self._motion.backward(checked_points(points, 3))
        return self._profile_distance(np.stack([np.hypot(own[:, 0], own[:, 1]), own[:, 2]], 1))

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed solid."""
        array = checked_points(points, 3)
        size = max(float(np.abs(self.lower).max()), float(np.abs(self.upper).max()))
        return np.asarray(self.signed_distance(array) <= 1e-12 * size, dtype=np.bool_)

    def surface_triangles(self, size: float) -> tuple[Array, NDArray[np.int64]]:
        """Return points and triangles of the boundary, with edges of about `size`."""
        profile = self._profile(size)
        count = max(12, int(np.ceil(2.0 * np.pi * profile[:, 0].max() / size)))
        points, triangles = revolved(profile, count)
        return self._motion.forward(points), triangles

    def moved(self, motion: Motion) -> Domain:
        """Return the solid at its new place, about its new axis."""
        center = motion.forward(self.center[None])[0].tolist()
        axis = (motion.rotation @ self.axis).tolist()
        return self._copy(motion.factor, center=center, axis=axis, name=self.name)

    @abstractmethod
    def _copy(self, factor: float, **place: Any) -> Domain:
        """Return a scaled copy at a place."""

    def _ends(self, own: Sequence[tuple[float, float]]) -> None:
        """Set the bounding box from circles, given by height and radius."""
        wide = np.sqrt(np.maximum(0.0, 1.0 - self.axis**2))
        middles = [self.center + h * self.axis for h, _ in own]
        self.lower = np.min([m - r * wide for m, (_, r) in zip(middles, own, strict=True)], axis=0)
        self.upper = np.max([m + r * wide for m, (_, r) in zip(middles, own, strict=True)], axis=0)

    def _place_record(self, kind: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "coordinates": [str(c) for c in self.coordinates],
            "center": self.center.tolist(),
            "axis": self.axis.tolist(),
        } | named(self.name)

    def _shown(self, sizes: str) -> str:
        names = ", ".join(str(c) for c in self.coordinates)
        middle = ", ".join(f"{c:.6g}" for c in self.center)
        if self.axis[2] != 1.0:
            sizes += f", axis=({', '.join(f'{a:.6g}' for a in self.axis)})"
        return f"{type(self).__name__}(({names}), ({middle}), {sizes}{suffix(self.name)})"
