"""Triangles that fill a polygon by Delaunay's rule, small ones beside short edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay, QhullError, cKDTree

from kanpde.geometry._samplers import Array
from kanpde.geometry.meshing._triangles import MOST, Triangles, areas, rings

_GRADE = 0.35  # how fast triangles may grow away from short edges
_SMOOTHINGS, _CUTS = 4, 4


def triangles_by_delaunay(polygon: shapely.Polygon, size: float) -> Triangles:
    """Fill with the points of a graded lattice.

    Where Delaunay's triangles cross the boundary, as beside a narrow gap, its edges are cut;
    if that does not help the polygon's own vertices are triangulated.
    """
    for halvings in range(_CUTS + 1):
        cut = shapely.segmentize(polygon, size / 2**halvings)
        found = _graded(cut, size)
        if found is not None:
            return found
    return _by_constraints(polygon, size)


def _graded(polygon: shapely.Polygon, size: float) -> Triangles | None:
    """Fill with the points of a graded lattice; None if triangles cross the boundary."""
    border = np.concatenate([np.asarray(r.coords)[:-1] for r in rings(polygon)])
    inner = _lattice(polygon, size)
    for _ in range(_SMOOTHINGS + 1):
        found = _triangles_inside(polygon, np.concatenate([border, inner]))
        if found is None:
            return None
        last = found
        inner = _smoothed(*found, len(border))
    return last


def _lattice(polygon: shapely.Polygon, size: float) -> Array:  # (N, 2)
    """Give the middles of a quadtree's cells, which grow away from short edges."""
    near = _Spacing(polygon, size)
    low, high = np.array(polygon.bounds).reshape(2, 2)
    counts = np.ceil((high - low) / size).astype(int)
    ticks = [a + size * (np.arange(n) + 0.5) for a, n in zip(low, counts, strict=True)]
    centers = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2)
    edge, done = size, []
    while len(centers):
        wanted = near(centers)
        split = wanted < 0.75 * edge
        done.append(centers[~split])
        edge *= 0.5
        shifts = 0.5 * edge * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
        centers = (centers[split][:, None] + shifts).reshape(-1, 2)
        inside = shapely.contains_xy(shapely.buffer(polygon, edge), *centers.T)
        centers = centers[inside]
    points = np.concatenate(done)
    points = points[shapely.contains_xy(polygon, *points.T)]
    away = shapely.distance(shapely.points(points), polygon.boundary)
    return points[away > 0.55 * near(points)]


class _Spacing:
    """The size that triangles should have: that of edges near by, growing with the distance."""

    def __init__(self, polygon: shapely.Polygon, size: float) -> None:
        self.size = size
        middles, lengths = [], []
        for ring in rings(polygon):
            vertices = np.asarray(ring.coords)
            middles.append(0.5 * (vertices[1:] + vertices[:-1]))
            lengths.append(np.hypot(*np.diff(vertices, axis=0).T))
        level = np.floor(np.log2(np.concatenate(lengths) / size) * 2)
        points = np.concatenate(middles)
        self.trees = [(size * 2 ** (k / 2), cKDTree(points[level == k])) for k in np.unique(level)]

    def __call__(self, points: Array) -> Array:
        wanted = np.full(len(points), self.size)
        for spacing, tree in self.trees:
            wanted = np.minimum(wanted, 1.2 * spacing + _GRADE * tree.query(points)[0])
        return wanted


def _triangles_inside(polygon: shapely.Polygon, points: Array) -> Triangles | None:
    """Triangulate points and keep what lies inside; None if the edges were not respected."""
    try:
        cells = Delaunay(points).simplices.astype(np.int64)
    except QhullError:
        return None
    middles = points[cells].mean(axis=1)
    sizes = np.abs(areas(points, cells))
    cells = cells[shapely.contains_xy(polygon, *middles.T) & (sizes > 1e-12 * polygon.area)]
    kept = float(np.abs(areas(points, cells)).sum())
    if abs(kept - polygon.area) > 1e-9 * polygon.area or len(np.unique(cells)) < len(points):
        return None
    return points, cells


def _smoothed(points: Array, cells: NDArray[np.int64], fixed: int) -> Array:
    """Move the points after the first `fixed` to the middle of their neighbors."""
    sums, many = np.zeros_like(points), np.zeros(len(points))
    for a, b in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
        np.add.at(sums, cells[:, a], points[cells[:, b]])
        np.add.at(many, cells[:, a], 1.0)
    return (sums / np.maximum(many, 1.0)[:, None])[fixed:]


def _by_constraints(polygon: shapely.Polygon, size: float) -> Triangles:
    """Triangulate the polygon's own vertices, and quarter the triangles until they are small."""
    pieces = shapely.constrained_delaunay_triangles(polygon).geoms
    corners = np.concatenate([np.asarray(t.exterior.coords)[:3] for t in pieces])
    points, inverse = np.unique(corners, axis=0, return_inverse=True)
    cells = inverse.reshape(-1, 3).astype(np.int64)
    while len(cells) * 4 < MOST and _longest(points, cells) > 1.5 * size:
        points, cells = _quartered(points, cells)
    return points, cells


def _longest(points: Array, cells: NDArray[np.int64]) -> float:
    sides = points[cells] - points[np.roll(cells, 1, axis=1)]
    return float(np.linalg.norm(sides, axis=2).max())


def _quartered(points: Array, cells: NDArray[np.int64]) -> Triangles:
    """Cut every triangle into four at the middles of its sides."""
    sides = np.sort(np.stack([cells, np.roll(cells, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    unique, inverse = np.unique(sides, axis=0, return_inverse=True)
    middle = len(points) + inverse.reshape(-1, 3)  # of sides 01, 12, 20
    a, b, c = cells.T
    ab, bc, ca = middle.T
    parts: Sequence[Sequence[Any]] = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    new = np.concatenate([np.stack(p, axis=1) for p in parts])
    return np.concatenate([points, points[unique].mean(axis=1)]), new
