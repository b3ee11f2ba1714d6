"""Products of univariate functions as a block: which there are, their jets and rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn

from kanpde.calculus import JetSpace, MultiIndex
from kanpde.nets._block import Block
from kanpde.nets.spectral._univariate import (
    AxisMap,
    broken_tables,
    chebyshev_tables,
    fourier_tables,
)

Tables = list[list[Tensor]]
ROUNDING = 1e-9
Parts = Sequence[tuple[int, float, MultiIndex]]
Breaks = tuple[tuple[float, ...], ...]
Key = tuple[int, ...]


def all_degrees(degree: int | Sequence[int], lengths: int) -> tuple[int, ...]:
    """Give one degree per coordinate.

    Examples
    --------
    >>> all_degrees(3, 2)
    (3, 3)
    """
    return (degree,) * lengths if isinstance(degree, int) else tuple(degree)


@lru_cache(maxsize=256)
def product_count(
    axes: tuple[bool, ...],
    degrees: tuple[int, ...],
    *,
    pieces: tuple[int, ...] = (),
    interaction: int | None = None,
    most: int = 10**6,
) -> int:
    """Count the products of a product KAN without listing them, up to `most`.

    Parameters
    ----------
    axes
        Per coordinate whether it carries sines and cosines.
    degrees
        Highest degree (frequency) along every coordinate.
    pieces
        Per coordinate the number of pieces that a break leaves; one each if empty.
    interaction
        Highest number of coordinates in one product; all unless given.
    most
        Stop counting beyond this number.

    Examples
    --------
    >>> product_count((False, False), (3, 3)), product_count((True, False), (3, 3))
    (9, 15)
    """

    def below(axis: int, left: float, factors: int) -> int:
        if not factors:
            return 1
        n, periodic, many = degrees[axis], axes[axis], pieces[axis] if pieces else 1
        highest = min(n, math.floor(left * n + ROUNDING * n)) if n else 0
        if axis == len(axes) - 1:
            return many + highest * (2 if periodic else many)
        total = below(axis + 1, left, factors) * many
        for k in range(1, highest + 1):
            if total > most:
                break
            total += below(axis + 1, left - k / n, factors - 1) * (2 if periodic else many)
        return total

    # One more factor than axes: the pieces of a broken axis have constants of their own.
    return below(0, 1.0, len(axes) + 1 if interaction is None else interaction) - 1


@lru_cache(maxsize=64)
def _indices(
    axes: tuple[bool, ...], degrees: tuple[int, ...], pieces: tuple[int, ...]
) -> tuple[tuple[int, ...], ...]:
    """Functions of every axis with sum of degree / highest degree <= 1, but all first ones.

    A periodic axis numbers 1, cos, sin, cos 2, sin 2, …: function k has degree (k + 1) // 2.
    A broken one numbers the constants of its pieces, then their lines, …: k // pieces.
    Sorted by the last axis first, so that products with one of its functions are neighbours.
    """
    shares = []
    for periodic, n, many in zip(axes, degrees, pieces, strict=True):
        count = 2 * n + 1 if periodic else (n + 1) * many
        shares.append([((k + 1) // 2 if periodic else k // many) / max(n, 1) for k in range(count)])
    found: list[tuple[int, ...]] = []
    for last, share in enumerate(shares[-1]):
        ranges = [range(sum(s <= 1 - share + ROUNDING for s in own)) for own in shares[:-1]]
        for index in itertools.product(*ranges):
            total = share + sum(shares[a][k] for a, k in enumerate(index))
            if total <= 1 + ROUNDING and any((*index, last)):
                found.append((*index, last))
    return tuple(found)


class ProductBlock(Block):
    """Products of univariate functions, one coefficient each, linear in all it learns.

    Parameters
    ----------
    rates
        Per coordinate: d(input)/d(coordinate), the angle's rate for a periodic one.
    axes
        Per coordinate whether it is periodic (two inputs, cosine and sine).
    degrees
        Highest degree along every coordinate; products are kept whose degrees, each divided by
        its highest, sum to at most one.
    n_out
        Number of outputs.
    maps
        Per coordinate a map of the input, or ``None``.
    breaks
        Per coordinate the inputs at which it is broken into pieces.
    """

    def __init__(
        self,
        rates: tuple[float, ...],
        axes: tuple[bool, ...],
        degrees: tuple[int, ...],
        n_out: int,
        maps: tuple[AxisMap | None, ...],
        breaks: Breaks,
    ) -> None:
        super().__init__()
        self.rates, self.axes, self.degrees, self.n_out = rates, axes, degrees, n_out
        self.maps, self.breaks = maps, breaks
        found = self._listed()
        listed = torch.tensor(found, dtype=torch.long).reshape(-1, len(axes))
        self.register_buffer("indices", listed, persistent=False)
        counts = torch.bincount(listed[:, -1], minlength=1).tolist()
        self._ends = list(itertools.accumulate(counts))  # of the products with last function j
        self.coefficients = nn.Parameter(torch.zeros(len(listed), n_out, dtype=torch.float64))

    indices: Tensor

    def _listed(self) -> tuple[tuple[int, ...], ...]:
        return _indices(self.axes, self.degrees, tuple(len(b) + 1 for b in self.breaks))

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        """Jets of the products, ``(K, N, f)``; only the inputs' values are used."""
        tables = self.tables(z[0], space.order)
        parts: list[Tensor | None] = [None] * space.size
        for k, weight, alpha in space.parts:
            product = self._product(tables, alpha, self.indices)
            done = parts[k]
            parts[k] = weight * product if done is None else done + weight * product
        return torch.stack([p for p in parts if p is not None])

    def _product(self, tables: Tables, alpha: MultiIndex, indices: Tensor) -> Tensor:
        result: Tensor | None = None
        for axis, order in enumerate(alpha[: indices.shape[1]]):
            part = tables[axis][order][:, indices[:, axis]]
            result = part if result is None else result * part
        assert result is not None
        return result

    def tables(self, inputs: Tensor, orders: int) -> Tables:
        """Per coordinate and order of derivative the univariate functions, ``(N, n)``."""
        tables, column = [], 0
        for axis, (rate, periodic) in enumerate(zip(self.rates, self.axes, strict=True)):
            degree, z = self.degrees[axis], inputs[:, column]
            if periodic:
                tables.append(fourier_tables(z, inputs[:, column + 1], degree, rate, orders))
            elif self.breaks[axis]:
                side = inputs[:, column + 1]
                tables.append(broken_tables(z, side, degree, rate, orders, self.breaks[axis]))
            else:
                tables.append(chebyshev_tables(z, degree, rate, orders, self.maps[axis]))
            column += 2 if periodic or self.breaks[axis] else 1
        return tables

    def contracted(self, tables: Tables, space: JetSpace) -> Tensor:
        """Jets of the outputs ``(K, N, n_out)``, an axis at a time, without the products."""
        sizes = [table[0].shape[1] for table in tables]
        dense = self.coefficients.new_zeros((*sizes, self.n_out))
        dense = dense.index_put(tuple(self.indices.unbind(1)), self.coefficients)
        parts: list[Tensor | None] = [None] * space.size
        firsts: dict[int, Tensor] = {}
        for k, weight, alpha in space.parts:
            if alpha[0] not in firsts:
                firsts[alpha[0]] = (tables[0][alpha[0]] @ dense.flatten(1)).unflatten(
                    1, dense.shape[1:]
                )
            value = firsts[alpha[0]]
            for axis, order in enumerate(alpha[1:], start=1):
                value = torch.einsum("nj,nj...->n...", tables[axis][order], value)
            done = parts[k]
            parts[k] = weight * value if done is None else done + weight * value
        return torch.stack([p for p in parts if p is not None])

    def write_rows(self, tables: Tables, space: JetSpace, cotangent: Tensor, out: Tensor) -> None:
        """Write this block's columns of the Jacobian into ``(f, n_out, N)``."""
        wanted = space.parts
        for b in sorted({alpha[-1] for _, _, alpha in wanted}):
            group = [(k, w, alpha) for k, w, alpha in wanted if alpha[-1] == b]
            last = tables[-1][b].T
            left = self._left(tables, group, cotangent)
            start = 0
            for j, end in enumerate(self._ends):
                if end == start:
                    continue
                if len(self.axes) == 2:  # the constant alone is no product
                    first = int(j == 0)
                    own = left[first : first + end - start]
                else:
                    own = left[start:end]
                if b == 0:
                    torch.mul(own, last[j], out=out[start:end])
                else:
                    out[start:end].addcmul_(own, last[j])
                start = end

    def _left(self, tables: Tables, group: Parts, cotangent: Tensor) -> Tensor:
        """Sum cotangents times the functions of all axes but the last, ``(·, n_out, N)``.

        In one and two dimensions a row per function of the first axis, beyond that a row per
        product.
        """
        total: Tensor | None = None
        for k, weight, alpha in group:
            if len(self.axes) == 1:
                part = cotangent.new_ones(len(self.indices), cotangent.shape[1])
            elif len(self.axes) == 2:
                part = tables[0][alpha[0]].T
            else:
                part = self._product(tables, alpha[:-1], self.indices[:, :-1]).T
            term = part[:, None] * (weight * cotangent[k]).T
            total = term if total is None else total + term
        assert total is not None
        return total
