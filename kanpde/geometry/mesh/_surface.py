"""Closed surfaces of triangles: what is inside, and how far away, by libigl."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanpde.calculus import Indices, signed_measures
from kanpde.errors import InputError
from kanpde.geometry._samplers import Array
from kanpde.geometry.mesh._topology import signed_volume

_THIN = 1e-6  # size of a tetrahedron relative to the mean


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


def from_middle(points: Array, triangles: Indices) -> tuple[Array, Indices] | None:
    """Return points and the tetrahedra between the faces and the middle of what they enclose.

    ``None`` where the middle does not see all faces from inside.

    Examples
    --------
    >>> points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> _, cells = from_middle(points, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    >>> len(cells)
    4
    """
    start = np.full(len(triangles), len(points), dtype=np.int64)
    cells = np.column_stack([start, triangles])
    origin = points.mean(axis=0)
    sizes = signed_measures(np.vstack([points, origin]), cells)
    corners = (points[triangles].sum(axis=1) + origin) / 4.0
    middle = (sizes[:, None] * corners).sum(axis=0) / sizes.sum()
    together = np.vstack([points, middle])
    sizes = signed_measures(together, cells)
    seen = (sizes > _THIN * sizes.sum() / len(sizes)).all()
    return (together, cells) if seen else None


def _igl() -> Any:
    try:
        import igl
    except ImportError:
        raise InputError(
            "mesh: expected libigl for the inside of a closed surface, found none; "
            'pip install "kanpde[geometry]"'
        ) from None
    return igl
