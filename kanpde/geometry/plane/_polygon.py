"""`Polygon` and `Triangle`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import shapely
import sympy

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._names import named, part_names, shape_name, suffix
from kanpde.geometry._samplers import Array
from kanpde.geometry.curve import Curve, Segment, all_curves, slice_rule
from kanpde.geometry.piece import MappedPiece, Piece, Sample
from kanpde.geometry.plane._plane import Inside, Plane
from kanpde.geometry.plane._vanishing import vanishing_lines


class TrianglesPiece(MappedPiece):
    """The inside of a polygon, triangle after triangle; tensor rules go by slices."""

    columns = dimension = units = 2

    def __init__(self, triangles: Array, curves: Sequence[Curve]) -> None:  # (T, 3, 2)
        self.triangles, self.curves = triangles, tuple(curves)
        first, second = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
        self.areas = 0.5 * abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
        self.measure = float(self.areas.sum())

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Choose the triangle by area, then a point in it."""
        ends = np.concatenate(([0.0], np.cumsum(self.areas)))
        way = unit[:, 0] * self.measure
        index = np.clip(np.searchsorted(ends, way, side="right") - 1, 0, len(self.areas) - 1)
        first = np.sqrt(np.clip((way - ends[index]) / self.areas[index], 0.0, 1.0))[:, None]
        second = unit[:, 1:]
        a, b, c = np.moveaxis(self.triangles[index], 1, 0)
        return (1.0 - first) * a + first * (1.0 - second) * b + first * second * c, None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the rule of slices, by Gauss exact for polynomials."""
        return slice_rule(self.curves, self.measure, count, sampler)


class Polygon(Plane):
    """A polygon, convex or not, perhaps with holes; its parts are its edges.

    The edges are called ``"edge1"`` (from the first vertex to the second),
    ``"edge2"``, … and go on with those of the holes.

    Parameters
    ----------
    coordinates
        Two sympy symbols.
    vertices
        Three or more pairs of numbers, in either direction.
    holes
        Lists of vertices of holes.
    names
        A name for each edge; edges of one name are one part.
    name
        Put before the parts: ``"gear:edge1"``.

    Raises
    ------
    InputError
        If there are not two coordinates, a vertex is no pair of numbers, the
        sides cross or touch, or the area is zero.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> corners = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
    >>> workspace = Polygon((x, y), corners, names=["floor", *5 * ["wall"]])
    >>> workspace.measure, workspace.parts["wall"].measure
    (3.0, 6.0)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        vertices: Any,
        holes: Any = (),
        names: Sequence[str] | None = None,
        *,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        self.coordinates = _numbers.symbols(kind, coordinates, 2)
        self.vertices = _ring(f"{kind} vertices", vertices)
        if not isinstance(holes, tuple | list):
            raise InputError(f"{kind} holes: expected a list of lists of vertices, got {holes!r}")
        self.holes = tuple(_ring(f"{kind} hole {k + 1}", h) for k, h in enumerate(holes))
        self.name = shape_name(kind, name)
        rings = (self.vertices, *self.holes)
        count = sum(len(r) for r in rings)
        self.names = part_names(kind, names, count, "edge")
        self.shape = shapely.Polygon(self.vertices, self.holes)
        _check_polygon(kind, self.shape)
        shapely.prepare(self.shape)
        self._set_bounds()

    @cached_property
    def _edges(self) -> dict[str, tuple[Curve, ...]]:
        found: dict[str, tuple[Curve, ...]] = {}
        names = iter(self.names)
        for k, ring in enumerate((self.vertices, *self.holes)):
            forward = shapely.LinearRing(ring).is_ccw == (k == 0)
            for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
                name = next(names)
                name = f"{self.name}:{name}" if self.name else name
                edge = Segment(a, b) if forward else Segment(b, a)
                found[name] = (*found.get(name, ()), edge)
        return found

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the edges of every part."""
        return dict(self._edges)

    @cached_property
    def _chart(self) -> TrianglesPiece:
        pieces = shapely.constrained_delaunay_triangles(self.shape).geoms
        corners = np.array([np.asarray(p.exterior.coords)[:3] for p in pieces])
        return TrianglesPiece(corners, all_curves(self._edges))

    def bulk(self) -> Piece:
        """Return the inside as triangles."""
        return self._chart

    def vanishing_on(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give the product of the distances from the lines of edges; convex polygons only."""
        ends = np.array([0.0, 1.0])
        convex = self.shape.convex_hull.area - self.shape.area <= 1e-12 * self.shape.area
        edges = [(c.at(ends)[0], c.at(ends)[1]) for name in parts for c in self._edges[name]]
        return vanishing_lines(self.coordinates, edges, self.vertices) if convex else None

    def _inside(self, points: Array) -> Inside:
        return np.asarray(shapely.contains_xy(self.shape, points), dtype=np.bool_)

    def to_record(self) -> dict[str, Any]:
        """Describe the polygon in plain JSON types."""
        return {
            "kind": "polygon",
            "coordinates": [str(c) for c in self.coordinates],
            "vertices": self.vertices.tolist(),
            "holes": [h.tolist() for h in self.holes],
            "names": list(self.names),
        } | named(self.name)

    def __repr__(self) -> str:
        """Show coordinates and vertices."""
        x, y = self.coordinates
        shown = [f"({a:.6g}, {b:.6g})" for a, b in self.vertices]
        if len(shown) > 8:
            shown = [*shown[:3], "...", f"{len(shown)} vertices"]
        holes = f", {len(self.holes)} holes" if self.holes else ""
        return f"Polygon(({x}, {y}), [{', '.join(shown)}]{holes}{suffix(self.name)})"


class Triangle(Polygon):
    """The triangle with three corners; its parts are ``"edge1"`` (p to q) and so on.

    Parameters
    ----------
    coordinates
        Two sympy symbols.
    p, q, r
        Corners, pairs of numbers, in either direction.
    names
        A name for each edge; edges of one name are one part.
    name
        Put before the parts.

    Raises
    ------
    InputError
        As `Polygon`.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> triangle = Triangle((x, y), (0, 0), (3, 0), (0, 4))
    >>> triangle.measure, triangle.parts["edge2"].measure
    (6.0, 5.0)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        p: Any,
        q: Any,
        r: Any,
        *,
        names: Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(coordinates, [p, q, r], names=names, name=name)

    def to_record(self) -> dict[str, Any]:
        """Describe the triangle in plain JSON types."""
        data = super().to_record()
        del data["holes"]
        return data | {"kind": "triangle"}

    def __repr__(self) -> str:
        """Show coordinates and corners."""
        x, y = self.coordinates
        shown = ", ".join(f"({a:.6g}, {b:.6g})" for a, b in self.vertices)
        return f"Triangle(({x}, {y}), {shown}{suffix(self.name)})"


def _ring(name: str, vertices: Any) -> Array:
    """Return vertices as an array, a repeated first one left out."""
    if not isinstance(vertices, tuple | list | np.ndarray) or len(vertices) < 3:
        raise InputError(f"{name}: expected three or more pairs of numbers, got {vertices!r:.80}")
    ring = np.array([_numbers.vector(name, v, 2) for v in vertices])
    if len(ring) > 3 and (ring[0] == ring[-1]).all():
        ring = ring[:-1]
    return ring


def _check_polygon(kind: str, shape: shapely.Polygon) -> None:
    low, high = np.array(shape.bounds[:2]), np.array(shape.bounds[2:])
    size = float((high - low).max())
    sides = [np.diff(np.asarray(r.coords), axis=0) for r in (shape.exterior, *shape.interiors)]
    shortest = min(float(np.linalg.norm(s, axis=1).min()) for s in sides)
    if shortest <= 1e-12 * size:
        raise InputError(f"{kind}: expected different vertices, got the same one twice in a row")
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        raise InputError(
            f"{kind}: expected sides that do not cross or touch, got {reason}; "
            "give the vertices in order along the boundary, and holes inside and apart"
        )
    if shape.area <= 1e-12 * size**2:
        raise InputError(f"{kind}: expected an area, got 0; all vertices are in line")


@_records.reads("polygon")
@_records.reads("triangle")
def _polygon_from_record(data: dict[str, Any]) -> Polygon:
    names, rows, edges = _records.entries(
        data, "coordinates", "vertices", "names", optional=("name", "holes")
    )
    vertices, symbols, name = (
        _records.rows("vertices", rows, 2),
        _records.symbols(names),
        data.get("name"),
    )
    if data["kind"] == "triangle":
        if len(vertices) != 3:
            raise RunDirectoryError(f"domain triangle: expected 3 vertices, got {len(vertices)}")
        return Triangle(symbols, *vertices, names=edges, name=name)
    holes = data.get("holes")
    if not isinstance(holes, list):
        raise RunDirectoryError(f"domain holes: expected a list, got {holes!r:.80}")
    rings = [_records.rows("holes", h, 2) for h in holes]
    return Polygon(symbols, vertices, rings, edges, name=name)
