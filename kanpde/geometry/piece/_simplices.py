"""Pieces made of many simplices, and the inside of a closed surface."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import roots_jacobi

from kanpde.calculus import Indices, edges
from kanpde.geometry._samplers import Array, axis_rule, outer, outer_weights
from kanpde.geometry.piece._piece import MappedPiece, Sample

_SPARSE = 4  # a rule of fewer points than cells / 4 leaves cells out


class SimplexPiece(MappedPiece):
    """Simplices of one dimension, each drawn from by its measure.

    The first coordinate of the cube chooses the simplex, the others the place in it. The
    simplices stand in the order of a space-filling curve, so that low-discrepancy points are
    spread evenly over the whole. Lines stand one after the other, and one coordinate is the
    length along them.

    Parameters
    ----------
    points
        Corners, shape ``(N, d)``.
    cells
        Their numbers, shape ``(C, m + 1)``.
    normals
        Unit normal of every simplex, shape ``(C, d)``; ``None`` for a bulk.
    """

    def __init__(self, points: Array, cells: Indices, normals: Array | None = None) -> None:
        self.columns, self.dimension = points.shape[1], cells.shape[1] - 1
        self.units = 1 if self.dimension == 1 else self.dimension + 1
        order = _chain(cells) if self.dimension == 1 else _curve(points[cells].mean(axis=1))
        self.corners = points[cells[order]]  # (C, m + 1, d)
        self.normals = None if normals is None else normals[order]
        sides = edges(points, cells[order])
        gram = np.linalg.det(sides @ np.swapaxes(sides, 1, 2))
        self.sizes = np.sqrt(np.maximum(gram, 0.0)) / math.factorial(self.dimension)
        self.measure = float(self.sizes.sum())
        self._steps = np.cumsum(self.sizes) / self.measure

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Map the cube to the simplices, measure-preservingly."""
        chosen = np.searchsorted(self._steps, unit[:, 0], side="right")
        chosen = np.minimum(chosen, len(self.sizes) - 1)
        if self.dimension == 1:
            before = self._steps[chosen] - self.sizes[chosen] / self.measure
            along = (unit[:, 0] - before) * self.measure / self.sizes[chosen]
            along = np.clip(along, 0.0, 1.0)
            points = self._place(chosen, np.stack([1.0 - along, along], axis=1))
        else:
            points = self._place(chosen, simplex_shares(unit[:, 1:]))
        return points, None if self.normals is None else self.normals[chosen]

    def _place(self, chosen: Indices, shares: Array) -> Array:
        return np.asarray(np.einsum("nk,nkd->nd", shares, self.corners[chosen]))

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return a rule on every simplex, or one point on some where there are too many."""
        many, total = len(self.sizes), count**self.dimension
        if many > _SPARSE * total:
            middle = (np.arange(total) + 0.5) / total
            chosen = np.minimum(np.searchsorted(self._steps, middle), many - 1)
            shares = np.full((total, self.dimension + 1), 1.0 / (self.dimension + 1))
            weights = np.full(total, self.measure / total)
        else:
            each = max(1, math.ceil((total / many) ** (1.0 / self.dimension) - 1e-9))
            rule, share = simplex_rule(self.dimension, each, sampler)
            chosen = np.repeat(np.arange(many), len(share))
            shares = np.tile(rule, (many, 1))
            weights = np.outer(self.sizes, share).ravel()
        normals = None if self.normals is None else self.normals[chosen]
        return Sample(self._place(chosen, shares), normals, weights)


def simplex_shares(unit: Array) -> Array:  # (N, m) -> (N, m + 1)
    """Map the cube to barycentric coordinates, measure-preservingly.

    Examples
    --------
    >>> simplex_shares(np.array([[0.75, 0.5]])).tolist()
    [[0.5, 0.25, 0.25]]
    """
    n, m = unit.shape
    powers = np.arange(m, 0, -1)
    return _from_parts(1.0 - (1.0 - unit) ** (1.0 / powers)) if m else np.ones((n, 1))


def _from_parts(parts: Array) -> Array:
    """Give each corner but the last its part of what the corners before it left."""
    rest = np.cumprod(1.0 - parts, axis=1)
    before = np.concatenate([np.ones((len(parts), 1)), rest[:, :-1]], axis=1)
    return np.concatenate([before * parts, rest[:, -1:]], axis=1)


def simplex_rule(m: int, count: int, sampler: str) -> tuple[Array, Array]:
    """Return barycentric nodes and weights of sum 1 of a rule with `count` nodes per axis.

    ``gauss`` is exact for polynomials of degree ``2 * count - 1`` (the conical product rule).

    Examples
    --------
    >>> nodes, weights = simplex_rule(2, 2, "gauss")
    >>> round(float(weights @ nodes[:, 0] ** 3), 12)  # 3! 2! / 5!
    0.1
    """
    if sampler != "gauss":
        nodes, weights = axis_rule(count, sampler)
        return simplex_shares(outer([nodes] * m)), outer_weights([weights] * m)
    axes, shares = [], []
    for k in range(m):
        found, weights = roots_jacobi(count, float(m - 1 - k), 0.0)
        axes.append(0.5 * (found + 1.0))
        shares.append(weights / weights.sum())
    return _from_parts(outer(axes)), outer_weights(shares)


def _chain(lines: Indices) -> Indices:
    """Return an order of directed lines in which each starts where the one before ends.

    Examples
    --------
    >>> _chain(np.array([[0, 1], [5, 6], [1, 2], [6, 5], [2, 3]])).tolist()
    [0, 2, 4, 1, 3]
    """
    first: dict[int, list[int]] = {}
    for number in range(len(lines) - 1, -1, -1):
        first.setdefault(int(lines[number, 0]), []).append(number)
    ends = set(lines[:, 1].tolist())
    starts = [k for k in range(len(lines)) if int(lines[k, 0]) not in ends]  # of open chains
    order: list[int] = []
    seen = np.zeros(len(lines), dtype=np.bool_)
    for start in (*starts, *range(len(lines))):
        number = start
        while not seen[number]:
            seen[number] = True
            order.append(number)
            further = [k for k in first.get(int(lines[number, 1]), ()) if not seen[k]]
            number = further[-1] if further else number
    return np.array(order, dtype=np.int64)


def _curve(points: Array) -> Indices:
    """Return the order of the points along Morton's space-filling curve."""
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (points - low) / np.where(high > low, high - low, 1.0)
    d = points.shape[1]
    bits = 60 // d
    whole = np.minimum((unit * 2.0**bits).astype(np.int64), 2**bits - 1)
    code = np.zeros(len(points), dtype=np.int64)
    for bit in range(bits - 1, -1, -1):
        for axis in range(d):
            code = (code << 1) | ((whole[:, axis] >> bit) & 1)
    return np.argsort(code, kind="stable")
