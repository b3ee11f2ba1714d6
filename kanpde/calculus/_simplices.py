"""Triangles and tetrahedra: sizes, the cell that holds a point, and arrays as text."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import RunDirectoryError

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_PAIRS = 1_000_000  # of a point and a cell that are looked at in one go
_MOST_BINS = 4_000_000
_MOST_NUMBERS = 100_000_000


def edges(points: Array, cells: Indices) -> Array:  # (C, m, d)
    """Return the edges from the first corner of every cell.

    Examples
    --------
    >>> edges(np.array([[0.0, 0], [2, 0], [0, 3]]), np.array([[0, 1, 2]])).tolist()
    [[[2.0, 0.0], [0.0, 3.0]]]
    """
    return np.asarray(points[cells[:, 1:]] - points[cells[:, :1]])


def signed_measures(points: Array, cells: Indices) -> Array:  # (C,)
    """Return areas or volumes of simplices of full dimension, negative where mirrored.

    Examples
    --------
    >>> signed_measures(np.array([[0.0, 0], [2, 0], [0, 3]]), np.array([[0, 1, 2]])).tolist()
    [3.0]
    """
    d = points.shape[1]
    return np.asarray(np.linalg.det(edges(points, cells)) / math.factorial(d))


def facet_vectors(points: Array, facets: Indices) -> Array:  # (F, d)
    """Return normals of facets, as long as the facets are large.

    Edges of two points have the normal on their right, triangles in space that of the right
    hand.

    Examples
    --------
    >>> facet_vectors(np.array([[0.0, 0], [2, 0]]), np.array([[0, 1]])).tolist()
    [[0.0, -2.0]]
    """
    sides = edges(points, facets)
    if points.shape[1] == 2:
        return np.stack([sides[:, 0, 1], -sides[:, 0, 0]], axis=1)
    return np.asarray(0.5 * np.cross(sides[:, 0], sides[:, 1]))


class Simplices:
    """Cells of full dimension in which points are found.

    Parameters
    ----------
    points
        Corners, shape ``(N, d)``.
    cells
        Their numbers, shape ``(C, d + 1)``, all of positive size.

    Examples
    --------
    >>> square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    >>> cells = Simplices(square, np.array([[0, 1, 2], [0, 2, 3]]))
    >>> found, shares, depth = cells.locate(np.array([[0.5, 0.25], [2.0, 0.5]]))
    >>> int(found[0]), shares[0].tolist(), bool(depth[1] < 0)
    (0, [0.5, 0.25, 0.25], True)
    """

    def __init__(self, points: Array, cells: Indices) -> None:
        self.points, self.cells = points, cells
        self._first = points[cells[:, 0]]
        self._inverse = np.linalg.inv(edges(points, cells))  # columns: gradients of the shares
        rest = -self._inverse.sum(axis=2, keepdims=True)
        gradients = np.concatenate([rest, self._inverse], axis=2)
        self.gradients = np.swapaxes(gradients, 1, 2)  # (C, d + 1, d)
        self._heights = 1.0 / np.linalg.norm(self.gradients, axis=2)
        corners = points[cells]
        self._fill_bins(corners.min(axis=1), corners.max(axis=1))

    def _fill_bins(self, low: Array, high: Array) -> None:
        """Note in every bin of a lattice which cells' bounding boxes meet it."""
        count, d = low.shape
        self._low = low.min(axis=0)
        span = np.maximum(high.max(axis=0) - self._low, 1e-300)
        width = float(np.prod(span) / min(count, _MOST_BINS)) ** (1.0 / d)
        self._shape = np.clip(np.rint(span / width), 1, _MOST_BINS).astype(np.int64)
        self._step = span / self._shape
        first, last = self._bin(low), self._bin(high)
        extent = last - first + 1
        each = extent.prod(axis=1)
        owner = np.repeat(np.arange(count), each)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(each) - each, each)
        number = np.zeros(len(owner), dtype=np.int64)
        for axis in range(d):
            step = extent[owner, axis]
            number = number * self._shape[axis] + first[owner, axis] + place % step
            place = place // step
        order = np.argsort(number, kind="stable")
        self._owners = owner[order]
        bins = np.arange(int(self._shape.prod()) + 1)
        self._starts = np.searchsorted(number[order], bins)

    def _bin(self, points: Array) -> Indices:
        place = np.floor((points - self._low) / self._step)
        return np.clip(np.nan_to_num(place), 0, self._shape - 1).astype(np.int64)

    def locate(self, points: Array) -> tuple[Indices, Array, Array]:
        """Find the cell that every point lies deepest in.

        Returns
        -------
        cell
            Number of the cell, ``(N,)``; -1 where none is near.
        shares
            Barycentric coordinates in it, ``(N, d + 1)``.
        depth
            Distance to the nearest face of that cell, ``(N,)``; negative outside, minus
            infinity where no cell is near.
        """
        bins = self._bin(points)
        number = np.ravel_multi_index(tuple(bins.T), tuple(int(n) for n in self._shape))
        counts = self._starts[number + 1] - self._starts[number]
        counts = np.where(np.isfinite(points).all(axis=1), counts, 0)
        n, corners = len(points), self.cells.shape[1]
        cell = np.full(n, -1, dtype=np.int64)
        shares, depth = np.zeros((n, corners)), np.full(n, -np.inf)
        total = np.cumsum(counts)
        start = 0
        while start < n:
            before = 0 if start == 0 else int(total[start - 1])
            stop = max(start + 1, int(np.searchsorted(total, before + _PAIRS, side="right")))
            which = slice(start, stop)
            self._locate_some(points[which], number[which], counts[which], cell[which],
                              shares[which], depth[which])  # fmt: skip
            start = stop
        return cell, shares, depth

    def _locate_some(
        self, points: Array, number: Indices, counts: Indices, cell: Indices, shares: Array,
        depth: Array,
    ) -> None:  # fmt: skip
        """Fill in the answers of some points."""
        owner = np.repeat(np.arange(len(points)), counts)
        if not len(owner):
            return
        place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        candidate = self._owners[self._starts[number][owner] + place]
        found = self.shares(points[owner], candidate)
        depths = (found * self._heights[candidate]).min(axis=1)
        # The last of every point's candidates in this order is the deepest.
        order = np.lexsort((depths, owner))
        last = order[np.cumsum(counts)[counts > 0] - 1]
        some = owner[last]
        cell[some], shares[some], depth[some] = candidate[last], found[last], depths[last]

    def shares(self, points: Array, cells: Indices) -> Array:
        """Return barycentric coordinates of every point in a cell of its own, ``(N, d + 1)``."""
        rest = np.einsum("ni,nij->nj", points - self._first[cells], self._inverse[cells])
        return np.concatenate([1.0 - rest.sum(axis=1, keepdims=True), rest], axis=1)


def pack(array: NDArray[Any]) -> dict[str, Any]:
    """Write an array of numbers as text, compressed, exact to the last bit.

    Examples
    --------
    >>> unpack("points", pack(np.array([[0.1, 0.2]])), float, (None, 2)).tolist()
    [[0.1, 0.2]]
    """
    kind = "<i8" if np.issubdtype(array.dtype, np.integer) else "<f8"
    raw = np.ascontiguousarray(array, dtype=kind).tobytes()
    text = base64.b64encode(zlib.compress(raw, 6)).decode("ascii")
    return {"dtype": kind, "shape": list(array.shape), "zlib": text}


def unpack(name: str, data: object, kind: type, shape: Sequence[int | None]) -> NDArray[Any]:
    """Read what `pack` wrote, strictly: no more bytes than the shape says are made.

    Raises
    ------
    RunDirectoryError
        If type, shape or content are others.
    """
    wanted = "<i8" if kind is int else "<f8"
    if not isinstance(data, dict) or set(data) != {"dtype", "shape", "zlib"}:
        raise RunDirectoryError(f"{name}: expected a packed array, got {data!r:.60}")
    sizes = data["shape"]
    fits = isinstance(sizes, list) and len(sizes) == len(shape)
    fits = fits and all(type(s) is int and s >= 0 and e in (None, s)
                        for s, e in zip(sizes, shape, strict=True))  # fmt: skip
    if not fits or data["dtype"] != wanted or math.prod(sizes) > _MOST_NUMBERS:
        raise RunDirectoryError(
            f"{name}: expected {wanted} of shape {tuple(shape)}, "
            f"got {data['dtype']!r:.20} {sizes!r:.60}"
        )
    count = 8 * math.prod(sizes)
    try:
        inflate = zlib.decompressobj()
        raw = inflate.decompress(base64.b64decode(data["zlib"], validate=True), count + 1)
    except (TypeError, ValueError, zlib.error) as error:
        raise RunDirectoryError(f"{name}: expected a packed array ({error})") from None
    if len(raw) != count:
        raise RunDirectoryError(f"{name}: expected {count} bytes, got {len(raw)}")
    array: NDArray[Any] = np.frombuffer(raw, dtype=wanted).reshape(sizes).astype(kind)
    if kind is float and not np.isfinite(array).all():
        raise RunDirectoryError(f"{name}: expected finite numbers")
    return array
