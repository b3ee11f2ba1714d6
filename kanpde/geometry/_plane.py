"""What follows for a plane domain from the curves that bound it."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_legendre

from kanpde.errors import InputError
from kanpde.geometry._curves import Arc, Curve, distance_to
from kanpde.geometry._domain import Domain
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._patch import Chart, Sample, join, split
from kanpde.geometry._samplers import Array, axis_rule
from kanpde.geometry._selection import Part

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

Inside = NDArray[np.bool_]
Curves = Mapping[str, Sequence[Curve]]


class CurveChart(Chart):
    """Curves one after the other, by arc length, with normals to their right."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        self.curves = tuple(curves)
        self.columns, self.dimension, self.units = 2, 1, 1
        self.lengths = np.array([c.length for c in curves])
        self.measure = float(self.lengths.sum())

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Go along the curves by shares of the whole length."""
        ends = np.concatenate(([0.0], np.cumsum(self.lengths)))
        way = unit[:, 0] * self.measure
        index = np.clip(np.searchsorted(ends, way, side="right") - 1, 0, len(self.curves) - 1)
        points, normals = np.empty((len(unit), 2)), np.empty((len(unit), 2))
        for k, curve in enumerate(self.curves):
            here = index == k
            t = curve.by_length(np.clip((way[here] - ends[k]) / self.lengths[k], 0.0, 1.0))
            points[here], normals[here] = curve.at(t), curve.normal(t)
        return points, normals

    def tensor(self, count: int, sampler: str) -> Sample:
        """Join the rules of the curves, so that no node straddles a corner."""
        samples = []
        for curve, length, m in zip(
            self.curves, self.lengths, split(count, self.lengths.tolist()), strict=True
        ):
            if sampler == "gauss":  # the parameter is smoother than the length
                least = min(count, 6) if isinstance(curve, Arc) else 1
                unit, weights = axis_rule(max(m, least), "grid" if curve.whole else "gauss")
                t = curve.start + unit * (curve.stop - curve.start)
                weights = weights * np.linalg.norm(curve.velocity(t), axis=1)
                weights /= weights.sum()
            else:
                unit, weights = axis_rule(m, sampler)
                t = curve.by_length(unit)
            samples.append(Sample(curve.at(t), curve.normal(t), length * weights))
        return join(samples)


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

    def surface(self, name: str) -> CurveChart:
        """Return the curves of a part as a patch."""
        return CurveChart(self.curves()[name])

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


def all_curves(curves: Curves) -> list[Curve]:
    """Return the curves of all parts in order."""
    return [c for cs in curves.values() for c in cs]


def curve_bounds(curves: Sequence[Curve]) -> tuple[Array, Array]:
    """Return the corners of the box about curves."""
    boxes = [c.bounds() for c in curves]
    return np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)


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


def area(curves: Sequence[Curve]) -> float:
    """Return the area inside closed curves, half the integral of x . n along them.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Disk
    >>> x, y = sympy.symbols("x y")
    >>> round(area(Disk((x, y), (3, 4)).curves()["boundary"]), 12)
    3.14159265359
    """
    nodes, weights = roots_legendre(24)
    total = 0.0
    for curve in curves:
        cuts = np.linspace(curve.start, curve.stop, 5)
        for a, b in itertools.pairwise(cuts.tolist()):
            t = a + 0.5 * (b - a) * (nodes + 1.0)
            p, v = curve.at(t), curve.velocity(t)
            total += 0.25 * (b - a) * float(weights @ (p[:, 0] * v[:, 1] - p[:, 1] * v[:, 0]))
    return float(total)


def outline_of(domain: Domain, resolution: Any) -> Polygon | MultiPolygon:
    """Return the polygons that the chords of a plane domain's curves enclose."""
    import shapely

    if isinstance(resolution, bool) or not isinstance(resolution, int) or resolution < 8:
        raise InputError(
            f"outline resolution: expected a whole number >= 8 of chords for a full turn, "
            f"got {resolution!r}"
        )
    lines = [c.chords(resolution) for c in all_curves(domain.curves())]
    size = float((domain.upper - domain.lower).max())
    lines = _joined_ends(lines, 1e-7 * size)
    rings = shapely.union_all([shapely.LineString(line) for line in lines])
    faces = shapely.polygonize([rings]).geoms
    # A representative point may lie on a corner that touches a hole: go to the middle.
    middle = np.array([shapely.maximum_inscribed_circle(f).coords[0] for f in faces])
    kept = [f for f, m in zip(faces, domain.contains(middle), strict=True) if m]
    result = shapely.union_all(kept)
    return shapely.normalize(result) if result.is_valid else shapely.make_valid(result)


def _joined_ends(lines: Sequence[Array], slack: float) -> list[Array]:
    """Give ends that lie within `slack` of each other the same coordinates."""
    places: list[Array] = []
    result = []
    for line in lines:
        line = line.copy()
        for k in (0, -1):
            same = next((p for p in places if np.hypot(*(p - line[k])) <= slack), None)
            if same is None:
                places.append(line[k].copy())
            else:
                line[k] = same
        result.append(line)
    return result
