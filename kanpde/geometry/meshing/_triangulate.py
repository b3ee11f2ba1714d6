"""Triangles that fill a polygon: by Delaunay's rule, or by gmsh."""

from __future__ import annotations

import math

import numpy as np
import shapely

from kanpde.errors import InputError
from kanpde.geometry._samplers import Array
from kanpde.geometry.meshing._delaunay import triangles_by_delaunay
from kanpde.geometry.meshing._gmsh import triangles_by_gmsh
from kanpde.geometry.meshing._triangles import MOST, Triangles, areas, rings

_TURN = 2.0 * math.pi / 64  # an edge follows a curve through at most this angle
MESHERS = ("gmsh", "delaunay")


def triangulate(
    shape: shapely.Polygon | shapely.MultiPolygon, size: float, *, mesher: str = "delaunay"
) -> Triangles:  # (N, 2), (C, 3)
    """Fill polygons with triangles, small ones beside short edges.

    Parameters
    ----------
    shape
        One or several polygons, with holes or without; see `Domain.outline`. Edges in a row
        that turn little are joined, so the outline may be finer than the triangles.
    size
        Longest edge, about.
    mesher
        ``"delaunay"``, or ``"gmsh"`` (extra ``geometry``).

    Returns
    -------
    points
        Shape ``(N, 2)``; those on the boundary are vertices of the polygons or lie on edges.
    cells
        Shape ``(C, 3)``, numbers of points, counter-clockwise.

    Raises
    ------
    InputError
        If `size` is not positive or would make more than two million triangles, the mesher is
        not known or not installed, or gmsh fails.

    Examples
    --------
    >>> import shapely
    >>> points, cells = triangulate(shapely.box(0, 0, 2, 1), 0.25)
    >>> round(float(areas(points, cells).sum()), 12)
    2.0
    """
    if not size > 0 or not math.isfinite(size):
        raise InputError(f"triangulation size: expected a positive number, got {size}")
    many = 2.4 * shape.area / size**2
    if many > MOST:
        raise InputError(
            f"triangulation size: expected at most {MOST} triangles, got about {many:.2g}; "
            "take a larger size"
        )
    if mesher not in MESHERS:
        raise InputError(f"mesher: expected one of {', '.join(MESHERS)}, got {mesher!r}")
    fill = triangles_by_gmsh if mesher == "gmsh" else triangles_by_delaunay
    found = [fill(_spaced(p, size), size) for p in getattr(shape, "geoms", [shape])]
    starts = np.cumsum([0, *(len(p) for p, _ in found)])
    cells = np.concatenate([c + start for (_, c), start in zip(found, starts, strict=False)])
    points = np.concatenate([p for p, _ in found])
    backward = areas(points, cells) < 0
    cells[backward] = cells[backward][:, ::-1]
    return points, cells


def _spaced(polygon: shapely.Polygon, size: float) -> shapely.Polygon:
    """Keep vertices so that edges are as long as `size` and the turn allow."""
    thin = [_thinned(np.asarray(r.coords)[:-1], size) for r in rings(polygon)]
    spaced = shapely.Polygon(thin[0], thin[1:])
    if not spaced.is_valid:  # a narrow gap closed: keep every vertex
        spaced = polygon
    return shapely.segmentize(spaced, size)


def _thinned(ring: Array, size: float) -> Array:  # (N, 2) -> (M, 2)
    """Leave vertices out where the boundary is smooth, starting at its sharpest corner."""
    edges = np.roll(ring, -1, axis=0) - ring
    lengths = np.hypot(*edges.T)
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    turns = np.abs((angles - np.roll(angles, 1) + np.pi) % (2 * np.pi) - np.pi)
    first = int(turns.argmax())
    kept, length, turned = [first], 0.0, 0.0
    for step in range(1, len(ring)):
        k, before = (first + step) % len(ring), (first + step - 1) % len(ring)
        length += lengths[before]
        turned += turns[k]
        corner = turns[k] > 0.7 * _TURN
        if corner or length + lengths[k] > size or turned + turns[(k + 1) % len(ring)] > _TURN:
            kept.append(k)
            length, turned = 0.0, 0.0
    return ring[kept] if len(kept) >= 3 else ring
