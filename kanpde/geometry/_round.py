"""Plane shapes with round sides: `Ellipse`, `Annulus`, `Sector`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy
from scipy.special import roots_jacobi, roots_legendre

from kanpde.errors import InputError
from kanpde.geometry import _data, _numbers
from kanpde.geometry._curve import Curve
from kanpde.geometry._curves import Arc, Segment
from kanpde.geometry._levels import quadratic_level
from kanpde.geometry._names import labelled, named, shape_name, suffix
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._patch import Chart, Sample
from kanpde.geometry._patch_ball import BallChart
from kanpde.geometry._plane import Inside, Plane
from kanpde.geometry._samplers import Array, axis_rule, outer, outer_weights


class EllipseChart(Chart):
    """An ellipse, as the image of the unit disk."""

    columns = dimension = units = 2

    def __init__(self, center: Array, axes: Array) -> None:
        self.center, self.axes = center, axes
        self.disk = BallChart(np.zeros(2), 1.0)
        self.measure = self.disk.measure * abs(float(np.linalg.det(axes)))

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Stretch the disk."""
        return self.center + self.disk.from_unit(unit)[0] @ self.axes, None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Stretch the disk's rule."""
        rule = self.disk.tensor(count, sampler)
        weights = rule.weights * (self.measure / self.disk.measure)
        return Sample(self.center + rule.points @ self.axes, None, weights)


class PolarChart(Chart):
    """The points between two radii and two angles."""

    columns = dimension = units = 2

    def __init__(self, center: Array, radii: tuple[float, float], angles: tuple[float, float]):
        self.center, self.radii, self.angles = center, radii, angles
        self.measure = 0.5 * (radii[1] ** 2 - radii[0] ** 2) * (angles[1] - angles[0])

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Map the square: equal areas for equal steps of the squared radius."""
        low, high = self.radii
        radius = np.sqrt(low**2 + unit[:, 0] * (high**2 - low**2))
        return self._at(radius, unit[:, 1]), None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return a rule in radius and angle, by Gauss exact for polynomials."""
        low, high = self.radii
        if sampler == "gauss" and low == 0.0:
            nodes, radial = roots_jacobi(count, 0.0, 1.0)  # the density of the radius is r
        elif sampler == "gauss":
            nodes, radial = roots_legendre(count)
            radial = radial * (low + 0.5 * (high - low) * (nodes + 1.0))
        else:
            return super().tensor(count, sampler)
        radii = low + 0.5 * (high - low) * (nodes + 1.0)
        turn, angular = axis_rule(count, "grid" if self._closed else sampler)
        grid = outer([radii, turn])
        weights = outer_weights([radial / radial.sum(), angular])
        return Sample(self._at(grid[:, 0], grid[:, 1]), None, self.measure * weights)

    @property
    def _closed(self) -> bool:
        return self.angles[1] - self.angles[0] >= 2.0 * np.pi - 1e-12

    def _at(self, radius: Array, turn: Array) -> Array:
        angle = self.angles[0] + turn * (self.angles[1] - self.angles[0])
        return self.center + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


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

    def bulk(self) -> EllipseChart:
        """Return the inside as a patch."""
        return EllipseChart(self.center, self.axes)

    def implicit(self, points: Array) -> Array:
        """Return the distance from the center as a share of that of the ellipse, less 1."""
        share = (points - self.center) @ np.linalg.inv(self.axes)
        return (np.linalg.norm(share, axis=1) - 1.0) * float(self.radii.min())

    def level(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give 1 minus the squared distance from the center, in half axes."""
        return quadratic_level(self.coordinates, self.center, self.axes)

    def _inside(self, points: Array) -> Inside:
        return np.asarray(self.implicit(points) < 0.0, dtype=np.bool_)

    def to_data(self) -> dict[str, Any]:
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
        text = f"Ellipse(({x}, {y}), {_pair(self.center)}, {_pair(self.radii)}"
        text += f", {self.angle:.6g}" if self.angle else ""
        return f"{text}{suffix(self.name)})"


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

    def bulk(self) -> PolarChart:
        """Return the ring as a patch."""
        return PolarChart(self.center, (self.inner, self.outer), (0.0, 2.0 * np.pi))

    def signed_distance(self, points: Array) -> Array:
        """Return the distance to the nearer circle, negative inside."""
        radius = np.linalg.norm(checked_points(points, 2) - self.center, axis=1)
        return np.maximum(radius - self.outer, self.inner - radius)

    def _inside(self, points: Array) -> Inside:
        return np.asarray(self.signed_distance(points) < 0.0, dtype=np.bool_)

    def to_data(self) -> dict[str, Any]:
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
        return f"Annulus(({x}, {y}), {_pair(self.center)}, {radii}{suffix(self.name)})"


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

    def bulk(self) -> PolarChart:
        """Return the sector as a patch."""
        return PolarChart(self.center, (0.0, self.radius), self.angles)

    def _inside(self, points: Array) -> Inside:
        off = points - self.center
        turn = np.mod(np.arctan2(off[:, 1], off[:, 0]) - self.angles[0], 2.0 * np.pi)
        near = np.linalg.norm(off, axis=1) < self.radius
        between = (turn > 0.0) & (turn < self.angles[1] - self.angles[0])
        return np.asarray(near & between, dtype=np.bool_)

    def to_data(self) -> dict[str, Any]:
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
        return f"Sector(({x}, {y}), {_pair(self.center)}, {sizes}{suffix(self.name)})"


def _pair(values: Array) -> str:
    return f"({', '.join(f'{v:.6g}' for v in values)})"


@_data.reads("annulus")
def _annulus_from_data(data: dict[str, Any]) -> Annulus:
    keys = _data.entries(data, "coordinates", "center", "inner", "outer", optional=("name",))
    inner, outer = _data.floats("radii", keys[2:], 2)
    place = _data.floats("center", keys[1], 2)
    return Annulus(_data.symbols(keys[0]), place, inner=inner, outer=outer, name=data.get("name"))


@_data.reads("ellipse")
def _ellipse_from_data(data: dict[str, Any]) -> Ellipse:
    keys = _data.entries(data, "coordinates", "center", "radii", "angle", optional=("name",))
    (angle,) = _data.floats("angle", keys[3:], 1)
    place, radii = _data.floats("center", keys[1], 2), _data.floats("radii", keys[2], 2)
    return Ellipse(_data.symbols(keys[0]), place, radii, angle, name=data.get("name"))


@_data.reads("sector")
def _sector_from_data(data: dict[str, Any]) -> Sector:
    keys = _data.entries(
        data, "coordinates", "center", "radius", "start", "stop", optional=("name",)
    )
    radius, start, stop = _data.floats("sizes", keys[2:], 3)
    return Sector(
        _data.symbols(keys[0]),
        _data.floats("center", keys[1], 2),
        radius=radius,
        start=start,
        stop=stop,
        name=data.get("name"),
    )
