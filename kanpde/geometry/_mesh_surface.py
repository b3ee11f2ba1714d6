"""Closed surfaces of triangles: what is inside, and how far away, by libigl."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanpde._simplices import Indices
from kanpde.errors import InputError
from kanpde.geometry._mesh_topology import signed_volume
from kanpde.geometry._samplers import Array


class ClosedSurface:
    """Triangles that enclose a volume.

    Parameters
    ----------
    points
        Corners, shape ``(N, 3)``.
    triangles
        Their numbers, shape ``(T, 3)``, seen from outside.
    """

    def __init__(self, points: Array, triangles: Indices) -> None:
        self._points = np.ascontiguousarray(points, dtype=np.float64)
        self._triangles = np.ascontiguousarray(triangles, dtype=np.int64)
        self.volume = signed_volume(points, triangles)

    def signed_distance(self, points: Array) -> Array:  # (N, 3) -> (N,)
        """Return the distance to the surface, negative inside.

        Raises
        ------
        InputError
            If libigl is not installed.
        """
        igl = _igl()
        finite = np.isfinite(points).all(axis=1)
        result = np.full(len(points), np.inf)
        if finite.any():
            kind = igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL
            wanted = np.ascontiguousarray(points[finite], dtype=np.float64)
            found = igl.signed_distance(wanted, self._points, self._triangles, sign_type=kind)
            result[finite] = np.asarray(found[0]).reshape(-1)
        return result

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie inside or on the surface."""
        return np.asarray(self.signed_distance(points) <= 0.0, dtype=np.bool_)


def _igl() -> Any:
    try:
        import igl
    except ImportError:
        raise InputError(
            "mesh: expected libigl for the inside of a closed surface, found none; "
            'pip install "kanpde[geometry]"'
        ) from None
    return igl
