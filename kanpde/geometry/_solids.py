"""Solids of revolution: `Cylinder`, `Cone`, `Torus`."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import _data, _numbers
from kanpde.geometry._curves import Segment
from kanpde.geometry._domain import Domain
from kanpde.geometry._motion import Motion, axis_vector
from kanpde.geometry._names import labelled, named, shape_name, suffix
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._patch import Chart
from kanpde.geometry._patch_moved import MovedChart
from kanpde.geometry._revolution import (
    ConeChart,
    ConeSide,
    DiskChart,
    TorusChart,
    TorusSurface,
)
from kanpde.geometry._revolved import revolved
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Part


class Solid(Domain):
    """A solid of revolution: charts and distances in radius and height, then put in place."""

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
    def _inner(self) -> Chart:
        """Return the inside in the solid's own coordinates."""

    @abstractmethod
    def _sides(self) -> dict[str, Chart]:
        """Return the parts in the solid's own coordinates."""

    @abstractmethod
    def _profile_distance(self, profile: Array) -> Array:
        """Return signed distances of points given by radius and height."""

    @abstractmethod
    def _profile(self, size: float) -> Array:
        """Return radii and heights along the boundary, in steps of at most `size`."""

    @cached_property
    def _named_sides(self) -> dict[str, Chart]:
        sides = self._sides()
        names = labelled(self.name, list(sides))
        return dict(zip(names, sides.values(), strict=True))

    @property
    def parts(self) -> dict[str, Part]:
        """The sides of the solid."""
        return {n: Part(n, float(c.measure)) for n, c in self._named_sides.items()}

    def bulk(self) -> MovedChart:
        """Return the inside as a patch."""
        return MovedChart(self._inner(), self._motion)

    def surface(self, name: str) -> MovedChart:
        """Return a side as a patch."""
        return MovedChart(self._named_sides[name], self._motion)

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

    def _place_data(self, kind: str) -> dict[str, Any]:
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

    def _inner(self) -> Chart:
        return ConeChart(self.radii, self.height)

    def _sides(self) -> dict[str, Chart]:
        half = 0.5 * self.height
        sides: dict[str, Chart] = {
            "side": ConeSide(self.radii, self.height),
            "bottom": DiskChart(self.radii[0], -half, -1),
        }
        return sides | ({"top": DiskChart(self.radii[1], half, 1)} if self.radii[1] else {})

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

    def to_data(self) -> dict[str, Any]:
        """Describe the cone in plain JSON types."""
        sizes = {"radius": self.radii[0], "height": self.height, "top_radius": self.radii[1]}
        return self._place_data("cone") | sizes

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

    def to_data(self) -> dict[str, Any]:
        """Describe the cylinder in plain JSON types."""
        return self._place_data("cylinder") | {"radius": self.radii[0], "height": self.height}

    def __repr__(self) -> str:
        """Show coordinates, center and sizes."""
        return self._shown(f"radius={self.radii[0]:.6g}, height={self.height:.6g}")


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

    def _inner(self) -> Chart:
        return TorusChart(self.radius, self.tube)

    def _sides(self) -> dict[str, Chart]:
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

    def to_data(self) -> dict[str, Any]:
        """Describe the torus in plain JSON types."""
        return self._place_data("torus") | {"radius": self.radius, "tube": self.tube}

    def __repr__(self) -> str:
        """Show coordinates, center and radii."""
        return self._shown(f"radius={self.radius:.6g}, tube={self.tube:.6g}")


@_data.reads("cone")
@_data.reads("cylinder")
def _cone_from_data(data: dict[str, Any]) -> Domain:
    sizes = ("radius", "height") + (("top_radius",) if data["kind"] == "cone" else ())
    keys = _data.entries(data, "coordinates", "center", "axis", *sizes, optional=("name",))
    numbers = dict(zip(sizes, _data.floats("sizes", keys[3:], len(sizes)), strict=True))
    place, axis = _data.floats("center", keys[1], 3), _data.floats("axis", keys[2], 3)
    kind = Cone if data["kind"] == "cone" else Cylinder
    return kind(_data.symbols(keys[0]), place, axis=axis, name=data.get("name"), **numbers)


@_data.reads("torus")
def _torus_from_data(data: dict[str, Any]) -> Domain:
    keys = _data.entries(
        data, "coordinates", "center", "axis", "radius", "tube", optional=("name",)
    )
    radius, tube = _data.floats("sizes", keys[3:], 2)
    place, axis = _data.floats("center", keys[1], 3), _data.floats("axis", keys[2], 3)
    symbols, name = _data.symbols(keys[0]), data.get("name")
    return Torus(symbols, place, radius=radius, tube=tube, axis=axis, name=name)
