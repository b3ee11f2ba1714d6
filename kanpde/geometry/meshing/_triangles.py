"""Triangles as points and cells, and the polygons that they fill."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from kanpde.geometry._samplers import Array

Triangles = tuple[Array, NDArray[np.int64]]

MOST = 2_000_000  # triangles


def rings(polygon: shapely.Polygon) -> list[Any]:
    """Return the outer ring and those of the holes."""
    return [polygon.exterior, *polygon.interiors]


def areas(points: Array, cells: NDArray[np.int64]) -> Array:  # (C,)
    """Give the areas of triangles, negative where they go clockwise.

    Examples
    --------
    >>> areas(np.array([[0.0, 0], [1, 0], [0, 1]]), np.array([[0, 1, 2], [0, 2, 1]]))
    array([ 0.5, -0.5])
    """
    a, b, c = (points[cells[:, k]] for k in range(3))
    u, v = b - a, c - a
    return np.asarray(0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]), dtype=np.float64)
