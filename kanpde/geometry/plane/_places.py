"""Places of a plane domain beside which solutions are not smooth: holes and re-entrant corners."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from kanpde.geometry._domain import Domain

BENT = math.radians(8.0)  # a turn beyond what the chords of a circle make


@dataclass(frozen=True)
class Hole:
    """A hole: a point inside, and the radius of the largest disk about it that is hole."""

    center: tuple[float, float]
    radius: float


@dataclass(frozen=True)
class Corner:
    """A vertex with the angle of its bisector inside the domain, and its opening.

    `reach` is how far the plane can be cut along the bisector outside without cutting the
    domain, infinite where it never does.
    """

    vertex: tuple[float, float]
    direction: float
    opening: float
    reach: float


def holes(domain: Domain) -> list[Hole]:
    """List the holes of a plane domain, largest first.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Disk, Rectangle
    >>> x, y = sympy.symbols("x y", real=True)
    >>> plate = Rectangle((x, -2, 2), (y, -1, 1)) - Disk((x, y), (1, 0), 0.5)
    >>> [hole] = holes(plate)
    >>> round(hole.center[0], 6), round(hole.radius, 3)
    (1.0, 0.5)
    """
    found = []
    for polygon in _polygons(domain):
        for ring in polygon.interiors:
            inside = Polygon(ring)
            middle = inside.centroid
            if not inside.contains(middle):
                middle = inside.representative_point()
            found.append(Hole((middle.x, middle.y), float(ring.distance(middle))))
    return sorted(found, key=lambda hole: -hole.radius)


def corners(domain: Domain) -> list[Corner]:
    """List the corners of a plane domain whose opening is beyond 180 degrees.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Rectangle
    >>> x, y = sympy.symbols("x y", real=True)
    >>> workspace = Rectangle((x, -1, 1), (y, -1, 1)) - Rectangle((x, 0, 1), (y, -1, 0))
    >>> [corner] = corners(workspace)
    >>> [round(v, 6) for v in (*corner.vertex, math.degrees(corner.opening))]
    [0.0, 0.0, 270.0]
    """
    found = []
    for polygon in _polygons(domain):
        whole = shapely.geometry.polygon.orient(polygon)  # the domain lies to the left of its rings
        for ring in (whole.exterior, *whole.interiors):
            found += _ring_corners(np.asarray(ring.coords)[:-1, :2], polygon)
    return found


def _polygons(domain: Domain) -> list[Polygon]:
    outline = domain.outline()
    return list(outline.geoms) if isinstance(outline, MultiPolygon) else [outline]


def _ring_corners(vertices: np.ndarray, polygon: Polygon) -> list[Corner]:
    size = math.hypot(*np.ptp(vertices, axis=0))
    before = vertices - np.roll(vertices, 1, axis=0)
    after = np.roll(vertices, -1, axis=0) - vertices
    turn = np.arctan2(
        before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1)
    )
    found = []
    for k in np.flatnonzero(turn < -BENT):
        opening = math.pi - float(turn[k])
        ahead = math.atan2(after[k, 1], after[k, 0])
        direction = ahead + 0.5 * opening
        found.append(
            Corner(
                (float(vertices[k, 0]), float(vertices[k, 1])),
                math.remainder(direction, 2 * math.pi),
                opening,
                _reach(vertices[k], direction + math.pi, polygon, size),
            )
        )
    return found


def _reach(vertex: np.ndarray, angle: float, polygon: Polygon, size: float) -> float:
    way = np.array([math.cos(angle), math.sin(angle)])
    extent = 2 * math.hypot(*np.subtract(polygon.bounds[2:], polygon.bounds[:2]))
    ray = LineString([vertex + 1e-6 * size * way, vertex + extent * way])
    met = ray.intersection(polygon)
    return math.inf if met.is_empty else float(met.distance(Point(vertex)))
