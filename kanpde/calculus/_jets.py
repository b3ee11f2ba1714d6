r"""Truncated Taylor algebra: a function's value and chosen derivatives, carried together.

A *jet* is a tensor of shape ``(K, N, n)``: K components (derivatives named by a
`JetSpace`), N points, n functions. Components are plain derivatives
:math:`\partial^\alpha f`, not Taylor coefficients, so products carry binomials.

A *collapsed* component carries :math:`\sum_i a_i \partial_i^2 f` in one slot, so a
Laplacian in d dimensions costs d + 2 components instead of 2 d + 1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

MultiIndex = tuple[int, ...]
Product = tuple[int, int, float]


@dataclass(frozen=True)
class JetSpace:
    r"""Which derivatives are carried: a downward-closed set of multi-indices.

    Parameters
    ----------
    dimension
        Number of coordinates d.
    indices
        Multi-indices, downward closed, the zero index first. Use `closed`.
    collapsed
        Weights :math:`a_i` of one collapsed second-order operator
        :math:`\sum_i a_i \partial_i^2`, carried as the last component.

    Examples
    --------
    >>> space = JetSpace.closed(2, [(2, 0), (0, 1)])
    >>> space.indices
    ((0, 0), (1, 0), (0, 1), (2, 0))
    """

    dimension: int
    indices: tuple[MultiIndex, ...]
    collapsed: tuple[float, ...] | None = None

    @classmethod
    def closed(
        cls,
        dimension: int,
        wanted: Iterable[MultiIndex],
        collapsed: Sequence[float] | None = None,
    ) -> JetSpace:
        """Return the smallest downward-closed space that holds `wanted`."""
        found = {(0,) * dimension}
        for alpha in wanted:
            found.update(itertools.product(*(range(k + 1) for k in alpha)))
        if collapsed is not None:
            for axis, weight in enumerate(collapsed):
                if weight:
                    found.add(unit(dimension, axis))
        ordered = sorted(found, key=lambda a: (sum(a), tuple(-k for k in a)))
        return cls(dimension, tuple(ordered), None if collapsed is None else tuple(collapsed))

    @property
    def size(self) -> int:
        """Number of components K."""
        return len(self.indices) + (self.collapsed is not None)

    @cached_property
    def order(self) -> int:
        """Highest derivative carried."""
        highest = max(sum(alpha) for alpha in self.indices)
        return max(highest, 2) if self.collapsed is not None else highest

    @cached_property
    def _positions(self) -> dict[MultiIndex, int]:
        return {alpha: k for k, alpha in enumerate(self.indices)}

    def position(self, alpha: MultiIndex) -> int:
        """Component that holds the derivative `alpha`."""
        return self._positions[alpha]

    def component_order(self, k: int) -> int:
        """Order of the derivative in component `k`."""
        return 2 if k == len(self.indices) else sum(self.indices[k])

    @cached_property
    def parts(self) -> tuple[tuple[int, float, MultiIndex], ...]:
        """Plain derivatives that the components are sums of: (component, factor, multi-index).

        Examples
        --------
        >>> JetSpace.closed(2, [], collapsed=(1.0, 4.0)).parts[-2:]
        ((3, 1.0, (2, 0)), (3, 4.0, (0, 2)))
        """
        listed = [(k, 1.0, alpha) for k, alpha in enumerate(self.indices)]
        for axis, weight in enumerate(self.collapsed or ()):
            if weight:
                alpha = tuple(2 * a for a in unit(self.dimension, axis))
                listed.append((len(self.indices), float(weight), alpha))
        return tuple(listed)

    @cached_property
    def products(self) -> tuple[tuple[Product, ...], ...]:
        """For each component the pairs (left, right, factor) of non-constant parts."""
        table: list[tuple[Product, ...]] = []
        for alpha in self.indices:
            pairs = []
            for beta in itertools.product(*(range(k + 1) for k in alpha)):
                gamma = tuple(a - b for a, b in zip(alpha, beta, strict=True))
                if sum(beta) and sum(gamma):
                    factor = math.prod(math.comb(a, b) for a, b in zip(alpha, beta, strict=True))
                    pairs.append((self._positions[beta], self._positions[gamma], float(factor)))
            table.append(tuple(pairs))
        if self.collapsed is not None:
            squares = []
            for axis, weight in enumerate(self.collapsed):
                if weight:
                    k = self._positions[unit(self.dimension, axis)]
                    squares.append((k, k, 2.0 * weight))
            table.append(tuple(squares))
        return tuple(table)

    @cached_property
    def _symmetric_products(self) -> tuple[tuple[Product, ...], ...]:
        """`products` for a square: each unordered pair once."""
        table = []
        for pairs in self.products:
            merged: dict[tuple[int, int], float] = {}
            for left, right, factor in pairs:
                key = (min(left, right), max(left, right))
                merged[key] = merged.get(key, 0.0) + factor
            table.append(tuple((a, b, f) for (a, b), f in merged.items()))
        return tuple(table)


def unit(dimension: int, axis: int) -> MultiIndex:
    """Multi-index of the first derivative along `axis`.

    Examples
    --------
    >>> unit(3, 1)
    (0, 1, 0)
    """
    return tuple(int(k == axis) for k in range(dimension))


def coordinates_jet(points: Tensor, space: JetSpace) -> Tensor:
    """Jets of the coordinates themselves.

    Parameters
    ----------
    points
        Shape ``(N, d)``.

    Returns
    -------
    Tensor
        Shape ``(K, N, d)``: the value, ones in the own first derivative.

    Examples
    --------
    >>> coordinates_jet(torch.zeros(1, 1), JetSpace.closed(1, [(1,)])).flatten()
    tensor([0., 1.])
    """
    jet = points.new_zeros((space.size, *points.shape))
    jet[0] = points
    for axis in range(space.dimension):
        alpha = unit(space.dimension, axis)
        if alpha in space._positions:
            jet[space.position(alpha), :, axis] = 1.0
    return jet


def multiply(left: Tensor, right: Tensor, space: JetSpace) -> Tensor:
    """Product of two jets, shapes ``(K, N, n)`` (broadcast), by the Leibniz rule.

    Examples
    --------
    >>> space = JetSpace.closed(1, [(2,)])
    >>> x = coordinates_jet(torch.tensor([[3.0]]), space)
    >>> multiply(x, x, space).flatten()
    tensor([9., 6., 2.])
    """
    lefts, rights = left.unbind(0), right.unbind(0)
    parts = [lefts[0] * rights[0]]
    for k in range(1, space.size):
        part = torch.addcmul(lefts[0] * rights[k], lefts[k], rights[0])
        for a, b, factor in space.products[k]:
            part = torch.addcmul(part, lefts[a], rights[b], value=factor)
        parts.append(part)
    return torch.stack(parts)


def powers(inner: Tensor, space: JetSpace) -> list[list[Tensor | None]]:
    """Scaled powers ``h^m / m!`` of the non-constant part of a jet.

    Returns
    -------
    list
        Entry ``[m - 1][k]`` holds component k of ``h^m / m!``, shape ``(N, n)``,
        or ``None`` where it is zero by degree; m = 1 … order.
    """
    first: list[Tensor | None] = [None, *inner.unbind(0)[1:]]
    result = [first]
    for m in range(2, space.order + 1):
        previous = result[-1]
        table = space._symmetric_products if m == 2 else space.products
        current: list[Tensor | None] = [None] * space.size
        for k in range(1, space.size):
            total: Tensor | None = None
            for a, b, factor in table[k]:
                x, y = previous[a], first[b]
                if x is None or y is None:
                    continue
                scaled = factor / m
                total = x * y * scaled if total is None else total.addcmul(x, y, value=scaled)
            current[k] = total
        result.append(current)
    return result
