"""Fields on meshes as functions: by the values at points, or constant on every cell."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from kanpde.calculus import Indices, Simplices, pack, signed_measures, unpack
from kanpde.errors import RunDirectoryError
from kanpde.ground._names import stored_identifier
from kanpde.pde.tables._spline import Spline
from kanpde.pde.tables._tabulation import Array, Tabulation

_CHUNK = 4_000_000  # numbers of the matrices that are inverted in one go
_KEPT = 8  # sets of points whose cells are remembered


class MeshField(Tabulation):
    r"""A field on triangles or tetrahedra.

    Values f at the points are continued as :math:`\sum_i \lambda_i (f_i + \tfrac12 G_i \cdot
    (x - x_i))`, continuous and exact for quadratic f, with the barycentric coordinates λ and
    gradients G that a least-squares quadratic through the neighbors of each point has. The first
    derivatives are continued alike from G and the Hessians of those quadratics, the second from
    the Hessians alone; all are continuous. A field of one value per cell is constant there.

    Beyond the mesh the value on the rim of a cell nearby is taken.

    Parameters
    ----------
    name
        What it is called in expressions.
    points, cells
        Corners ``(N, d)`` and their numbers ``(C, d + 1)``, cells of positive size.
    values
        ``(N,)`` at the points, or ``(C,)`` on the cells with ``on="cell"``.
    on
        ``"point"`` or ``"cell"``.
    """

    def __init__(
        self, name: str, points: Array, cells: Indices, values: Array, *, on: str = "point"
    ) -> None:
        self.name, self.on = name, on
        self.degree = 2 if on == "point" else 0
        self._points, self._cells = points, cells
        self._values = np.ascontiguousarray(values, dtype=np.float64)
        content = b"".join(np.ascontiguousarray(a).tobytes() for a in (points, cells, values))
        shape = f"{name} {on} {points.shape} {cells.shape}".encode()
        self.digest = hashlib.sha256(shape + content).hexdigest()
        self._simplices: Simplices | None = None
        self._derivatives: tuple[Array, Array] | None = None
        self._found: dict[bytes, tuple[Indices, Array, Array]] = {}

    @property
    def dimension(self) -> int:
        """Number of arguments."""
        return int(self._points.shape[1])

    def values(self, columns: Sequence[Array], nu: Sequence[int]) -> Array:
        """Give derivative `nu` at points given by their columns, which broadcast."""
        stacked = np.stack(np.broadcast_arrays(*columns), axis=-1).astype(np.float64)
        points = stacked.reshape(-1, self.dimension)
        order = sum(nu)
        if order > self.degree:
            return np.zeros(stacked.shape[:-1])
        cell, shares, place = self._places(points)
        if self.on == "cell":
            return self._values[cell].reshape(stacked.shape[:-1])
        if self._derivatives is None:
            self._derivatives = recovered(self._points, self._cells, self._values)
        gradients, hessians = self._derivatives
        corners = self._cells[cell]
        step = 0.5 * (place[:, None] - self._points[corners])  # (N, d + 1, d)
        axes = [axis for axis, n in enumerate(nu) for _ in range(n)]
        if order == 0:
            own = self._values[corners] + (gradients[corners] * step).sum(axis=2)
        elif order == 1:
            rows = hessians[corners][:, :, axes[0]]
            own = gradients[corners, axes[0]] + (rows * step).sum(axis=2)
        else:
            own = hessians[corners, axes[0], axes[1]]
        return np.asarray((shares * own).sum(axis=1).reshape(stacked.shape[:-1]))

    def _places(self, points: Array) -> tuple[Indices, Array, Array]:
        """Give the cell of every point, its shares of the corners, and the place they mean."""
        key = hashlib.blake2b(points.tobytes(), digest_size=16).digest()
        if key not in self._found:
            if self._simplices is None:
                self._simplices = Simplices(self._points, self._cells)
            cell, shares, _ = self._simplices.locate(points)
            lost = cell < 0
            if lost.any():
                tree = cKDTree(self._points[self._cells].mean(axis=1))
                cell[lost] = tree.query(np.nan_to_num(points[lost]))[1]
                shares[lost] = self._simplices.shares(points[lost], cell[lost])
            shares = np.maximum(shares, 0.0)
            shares /= shares.sum(axis=1, keepdims=True)
            place = np.einsum("nk,nkd->nd", shares, self._points[self._cells[cell]])
            while len(self._found) >= _KEPT:
                self._found.pop(next(iter(self._found)))
            self._found[key] = (cell, shares, place)
        return self._found[key]

    def to_record(self) -> dict[str, Any]:
        """Describe the field in plain JSON types; its arrays as compressed text."""
        return {
            "kind": "mesh",
            "name": self.name,
            "on": self.on,
            "points": pack(self._points),
            "cells": pack(self._cells),
            "values": pack(self._values),
        }

    @classmethod
    def from_record(cls, data: dict[str, Any]) -> MeshField:
        """Rebuild a field.

        Raises
        ------
        RunDirectoryError
            If the data are damaged.
        """
        if set(data) != {"kind", "name", "on", "points", "cells", "values"}:
            raise RunDirectoryError(f"program: a mesh field has the keys {', '.join(data)}")
        shape = data["points"].get("shape") if isinstance(data["points"], dict) else None
        d = shape[1] if isinstance(shape, list) and len(shape) == 2 else 0
        if d not in (2, 3) or data["on"] not in ("point", "cell"):
            raise RunDirectoryError(f"program: a mesh field is damaged ({data['on']!r:.20}, {d})")
        points = unpack("program points", data["points"], float, (None, d))
        cells = unpack("program cells", data["cells"], int, (None, d + 1))
        count = len(points) if data["on"] == "point" else len(cells)
        values = unpack("program values", data["values"], float, (count,))
        fits = cells.size and cells.min() >= 0 and cells.max() < len(points)
        if not fits or not (signed_measures(points, cells) > 0).all():
            raise RunDirectoryError("program: a mesh field has cells that are none")
        name = stored_identifier("program: a mesh field", data["name"])
        return cls(name, points, cells, values, on=data["on"])


def table_from_record(data: Any) -> Tabulation:
    """Rebuild a spline or a field.

    Raises
    ------
    RunDirectoryError
        If the data are damaged.
    """
    if isinstance(data, dict) and data.get("kind") == "mesh":
        return MeshField.from_record(data)
    return Spline.from_record(data)


def recovered(points: Array, cells: Indices, values: Array) -> tuple[Array, Array]:
    """Fit a quadratic through every point and near its neighbors' neighbors.

    Returns
    -------
    gradients
        Shape ``(N, d)``.
    hessians
        Shape ``(N, d, d)``.

    Examples
    --------
    >>> points = np.array([[i, j] for i in (0.0, 1, 2) for j in (0.0, 1, 2)])
    >>> squares = np.array([[k, k + 3, k + 4, k + 1] for k in (0, 1, 3, 4)])
    >>> cells = np.concatenate([squares[:, [0, 1, 2]], squares[:, [0, 2, 3]]])
    >>> gradients, hessians = recovered(points, cells, points[:, 0] * points[:, 1])
    >>> gradients[4].round(12).tolist(), hessians[4].round(12).tolist()
    ([1.0, 1.0], [[0.0, 1.0], [1.0, 0.0]])
    """
    n, d = points.shape
    corners = cells.shape[1]
    row, column = np.repeat(cells, corners, axis=1).ravel(), np.tile(cells, (1, corners)).ravel()
    near = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(n, n))
    wide = sparse.csr_array(near @ near)
    counts = np.diff(wide.indptr)
    pairs = [(i, j) for i in range(d) for j in range(i, d)]
    gradients, hessians = np.zeros((n, d)), np.zeros((n, d, d))
    widest, width = int(counts.max()), d + len(pairs)
    size = max(1, _CHUNK // (widest * width))
    for start in range(0, n, size):
        which = np.arange(start, min(start + size, n))
        found = _quadratics(points, values, which, (wide, widest), pairs)
        gradients[which] = found[:, :d]
        for k, (i, j) in enumerate(pairs):
            hessians[which, i, j] = hessians[which, j, i] = found[:, d + k]
    return gradients, hessians


def _fitted(columns: Array, right: Array) -> Array:
    """Solve many small least-squares problems, the shortest solution where there are several."""
    return np.asarray(np.einsum("nck,nk->nc", np.linalg.pinv(columns, rcond=1e-8), right))


def _quadratics(
    points: Array, values: Array, which: Indices, wide: tuple[Any, int], pairs: Any
) -> Array:
    """Give gradients and second derivatives at some points, ``(n, d + d (d + 1) / 2)``."""
    (matrix, widest), d = wide, points.shape[1]
    first, last = matrix.indptr[which], matrix.indptr[which + 1]
    place = first[:, None] + np.arange(widest)
    known = place < last[:, None]
    other = np.where(known, matrix.indices[np.where(known, place, 0)], which[:, None])
    step = points[other] - points[which][:, None]
    length = np.linalg.norm(step, axis=2)
    scale = length.max(axis=1)
    step = step / scale[:, None, None]
    weight = np.divide(scale[:, None], length, out=np.zeros_like(length), where=length > 0)
    second = [step[..., i] * step[..., j] * (0.5 if i == j else 1.0) for i, j in pairs]
    columns = np.concatenate([step, np.stack(second, axis=2)], axis=2) * weight[..., None]
    right = (values[other] - values[which][:, None]) * weight
    # A plane first, what it leaves then by a quadratic: linear fields come out exact where there
    # are too few neighbors for more.
    plane = _fitted(columns[..., :d], right)
    left = right - (columns[..., :d] * plane[:, None]).sum(axis=2)
    enough = known.sum(axis=1) > columns.shape[2]
    found = np.where(enough[:, None], _fitted(columns, left), 0.0)
    found[:, :d] += plane
    powers = np.array([1.0] * d + [2.0] * len(pairs))
    return np.asarray(found / scale[:, None] ** powers)
