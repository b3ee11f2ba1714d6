"""Product KAN: fixed Chebyshev and Fourier edges, product nodes, learned outer edges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from kanpde._jets import JetSpace, MultiIndex
from kanpde.nets._layer import BiasBlock, Block, Layer, Record, Tape
from kanpde.nets._network import Network
from kanpde.nets._univariate import (
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
    charts
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
        charts: tuple[AxisMap | None, ...],
        breaks: Breaks,
    ) -> None:
        super().__init__()
        self.rates, self.axes, self.degrees, self.n_out = rates, axes, degrees, n_out
        self.charts, self.breaks = charts, breaks
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
                tables.append(chebyshev_tables(z, degree, rate, orders, self.charts[axis]))
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


@dataclass
class _ProductRecord(Record):
    """What a product KAN leaves on the tape: tables instead of features."""

    tables: Tables
    space: JetSpace


class ProductKAN(Network):
    r"""KAN with product nodes whose first edges are fixed: linear in all it learns.

    :math:`u(x) = \sum_i c_i \prod_k T_{i_k}(x_k)` over :math:`\sum_k i_k / n_k \le 1`, with sines
    and cosines instead of Chebyshev polynomials along periodic coordinates. The product nodes
    are those of MultKAN. Its least squares is spectral least squares in KAN form, not training.

    Parameters
    ----------
    rates
        Per coordinate the slope of the network's input, the angle's rate for a periodic one.
    periodic
        Coordinates that enter as a cosine and a sine.
    n_out
        Number of outputs.
    degree
        Highest degree n, for all coordinates or for each.
    charts
        Per coordinate a map that crowds resolution at a front, or ``None``.
    breaks
        Per coordinate the inputs in (-1, 1) at which it is broken: the pieces between have
        polynomials of their own, and a second input tells the piece.
    interaction
        Highest number of coordinates in one product (1: a sum of functions of one coordinate);
        all unless given. Not with breaks.

    References
    ----------
    Liu et al., *KAN 2.0*, arXiv 2408.10205, section 2 (multiplication nodes).

    Examples
    --------
    >>> ProductKAN((1.0, 1.0), (), 1, degree=3).count
    10
    """

    plain_inputs = True

    def __init__(
        self,
        rates: tuple[float, ...],
        periodic: tuple[int, ...],
        n_out: int,
        *,
        degree: int | Sequence[int],
        charts: Sequence[AxisMap | None] | None = None,
        breaks: Sequence[Sequence[float]] | None = None,
        interaction: int | None = None,
    ) -> None:
        axes = tuple(k in periodic for k in range(len(rates)))
        degrees = all_degrees(degree, len(rates))
        maps = tuple(charts) if charts is not None else (None,) * len(rates)
        cuts = tuple(tuple(b) for b in breaks) if breaks is not None else ((),) * len(rates)
        parts = (rates, axes, degrees, n_out, maps, cuts)
        self.interaction = interaction if interaction and interaction < len(rates) else None
        if self.interaction is None:
            block = ProductBlock(*parts)
        else:
            from kanpde.nets._interaction import InteractionBlock

            block = InteractionBlock(*parts, interaction=self.interaction)
        inputs = len(rates) + len(periodic) + sum(map(bool, cuts))
        layer = Layer([block, BiasBlock(n_out)], inputs, n_out, squash=False)
        super().__init__([layer])
        self.rates, self.periodic = rates, periodic
        self.degrees, self.charts, self.breaks = degrees, maps, cuts
        self.products = len(block.indices)
        self.to(torch.get_default_dtype())

    @property
    def degree(self) -> int:
        """Highest degree along any coordinate."""
        return max(self.degrees)

    @property
    def block(self) -> ProductBlock:
        """The products."""
        block = self.layer(0).blocks[0]
        assert isinstance(block, ProductBlock)
        return block

    def index_list(self) -> list[tuple[int, ...]]:
        """Per product the function of every axis, in the order of the coefficients."""
        return [tuple(index) for index in self.block.indices.tolist()]

    def keys(self) -> list[Key]:
        """Names of the coefficients' rows, in their order; the bias has the empty one."""
        return [(-1, *index) for index in self.index_list()] + [()]

    def degree_list(self) -> Tensor:
        """Per product the degree along every axis, ``(products, d)``."""
        index = self.block.indices.detach().cpu().clone()
        for axis, cuts in enumerate(self.breaks):
            if axis in self.periodic:
                index[:, axis] = torch.div(index[:, axis] + 1, 2, rounding_mode="floor")
            else:
                index[:, axis] = torch.div(index[:, axis], len(cuts) + 1, rounding_mode="floor")
        return index

    @property
    def width(self) -> list[int]:
        """Sizes of inputs, product nodes and outputs."""
        return [self.n_in, self.products, self.n_out]

    def jets(self, z: Tensor, space: JetSpace, tape: Tape | None = None) -> Tensor:
        """Jets of the outputs ``(K, N, n_out)``; only the inputs' values are used."""
        tables, output = self._products(z, space)
        if tape is not None:
            tape.append(_ProductRecord(self.layer(0), [], output, tables, space))
        return output

    def _products(self, z: Tensor, space: JetSpace) -> tuple[Tables, Tensor]:
        """Tables of the axes' functions, and the jets of their products with the bias."""
        tables = self.block.tables(z[0], space.order)
        output = self.block.contracted(tables, space)
        bias = self.layer(0).blocks[1].coefficients
        assert isinstance(bias, Tensor)
        rest = bias.new_zeros(space.size - 1, self.n_out)
        return tables, output + torch.cat((bias, rest))[:, None]

    def rows(self, tape: Tape, cotangents: list[Tensor], out: Tensor) -> None:
        """Write the per-point Jacobian ``(N, P)`` from the cotangent of the output."""
        (record,), (cotangent,) = tape, cotangents
        assert isinstance(record, _ProductRecord)
        target = out.T.unflatten(0, (self.products + 1, self.n_out))
        self.block.write_rows(record.tables, record.space, cotangent, target[:-1])
        target[-1].copy_(cotangent[0].T)
