r"""Truncated Taylor algebra: a function's value and chosen derivatives, carried together.

A *jet* is a tensor of shape ``(K, N, n)``: K components (derivatives named by a
`JetSpace`), N points, n functions. Components are plain derivatives
:math:`\partial^\alpha f`, not Taylor coefficients, so products carry binomials.
A composition with :math:`\varphi` needs only :math:`\varphi, \varphi', \dots`:

.. math:: (\varphi\circ z)_\alpha = \sum_m \varphi^{(m)}(z_0)\,(h^m)_\alpha / m!,
          \qquad h = z - z_0 .

A *collapsed* component carries :math:`\sum_i a_i \partial_i^2 f` in one slot, so a
Laplacian in d dimensions costs d + 2 components instead of 2 d + 1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

MultiIndex = tuple[int, ...]
Product = tuple[int, int, float]
Family = Callable[[Tensor, int], Tensor]


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


def compose(values: Tensor, inner: Tensor, space: JetSpace) -> Tensor:
    r"""Jets of functions of one variable applied to jets.

    Parameters
    ----------
    values
        :math:`\varphi^{(m)}(z_0)` for m = 0 … order, shape ``(order + 1, N, n)`` or
        ``(order + 1, N, n, b)`` for b functions of every input.
    inner
        Jets of z, shape ``(K, N, n)``.

    Returns
    -------
    Tensor
        Shape ``(K, N, n)`` or ``(K, N, n, b)``.

    Examples
    --------
    >>> space = JetSpace.closed(1, [(2,)])
    >>> x = coordinates_jet(torch.zeros(1, 1), space)
    >>> compose(torch.ones(3, 1, 1), 2 * x, space).flatten()  # exp(2 x) at 0
    tensor([1., 2., 4.])
    """
    extra = values.dim() - inner.dim()
    derivatives = values.unbind(0)
    parts = [derivatives[0]]
    if space.size > 1:
        scaled = powers(inner, space)
        for k in range(1, space.size):
            total: Tensor | None = None
            for m in range(1, space.component_order(k) + 1):
                factor = scaled[m - 1][k]
                if factor is None:
                    continue
                factor = factor[(...,) + (None,) * extra]
                if total is None:
                    total = derivatives[m] * factor
                else:
                    total = torch.addcmul(total, derivatives[m], factor)
            assert total is not None
            parts.append(total)
    return torch.stack(parts)


def apply_family(family: Family, inner: Tensor, space: JetSpace) -> Tensor:
    r"""Compose functions known in closed form with jets; the fast form of `compose`.

    Memory runs over the points first: a component of a function is contiguous. The
    backward is closed too. Since :math:`d(\varphi\circ z) = (\varphi'\circ z)\,dz` in the
    algebra, it needs one more derivative and no record of the products in between.

    Parameters
    ----------
    family
        ``family(z, orders)`` returns derivatives 0 … orders at ``(N, n)`` points, shape
        ``(orders + 1, N, n)`` or ``(orders + 1, N, n, b)``, differentiable in z.
    inner
        Jets of z, shape ``(K, N, n)``.

    Returns
    -------
    Tensor
        Shape ``(K, N, n)`` or ``(K, N, n, b)``, differentiable to any depth.

    Examples
    --------
    >>> space = JetSpace.closed(1, [(2,)])
    >>> x = coordinates_jet(torch.zeros(1, 1), space)
    >>> apply_family(lambda z, m: torch.stack([z.exp()] * (m + 1)), 2 * x, space).flatten()
    tensor([1., 2., 4.])
    """
    if space.size == 1:
        return family(inner[0], 0)
    if inner.requires_grad and torch.is_grad_enabled():
        result: Tensor = _Composed.apply(inner, family, space)[0]
        return result
    with torch.no_grad():
        return _composed(family(inner[0], space.order), inner, space)


class _Composed(torch.autograd.Function):
    """Composition with the backward that the algebra gives."""

    @staticmethod
    def forward(inner: Tensor, family: Family, space: JetSpace) -> tuple[Tensor, Tensor]:
        values = family(inner[0], space.order + 1)
        return _composed(values, inner, space), values

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        inner, ctx.family, ctx.space = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(inner, output[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inner, values = ctx.saved_tensors
        family, space, gradient = ctx.family, ctx.space, gradients[0]
        if torch.is_grad_enabled():  # to be differentiated again
            slopes = apply_family(lambda z, m: family(z, m + 1)[1:], inner, space)
            extra = range(3, gradient.dim())

            def paired(a: int, c: int) -> Tensor:
                product = gradient[a] * slopes[c]
                return product.sum(tuple(k - 1 for k in extra)) if extra else product

            return torch.stack(_transposed(paired, space)), None, None
        pull = _pulled_family if gradient.dim() > 3 else _pulled_single
        return _joined(_transposed(pull(gradient, values, inner, space), space)), None, None


def _joined(parts: list[Tensor]) -> Tensor:
    """Stack components ``(N, n)`` so that memory runs over the points first."""
    return torch.stack([part.T for part in parts], dim=1).permute(1, 2, 0)


def _points_first(like: Tensor) -> Tensor:
    """Memory for ``(..., N, n)`` that runs over the points first."""
    return like.new_empty((*like.shape[:-2], like.shape[-1], like.shape[-2])).mT


def _transposed(paired: Callable[[int, int], Tensor], space: JetSpace) -> list[Tensor]:
    """Cotangent of the factor z in the product (φ'∘z) z, by component.

    ``paired(a, c)`` is cotangent a times component c of the other factor.
    """
    parts = [paired(a, 0) for a in range(space.size)]
    for a in range(1, space.size):
        parts[0] = parts[0] + paired(a, a)
        for b, c, factor in space.products[a]:
            parts[b] = torch.add(parts[b], paired(a, c), alpha=factor)
    return parts


def _pulled_single(
    gradient: Tensor, values: Tensor, inner: Tensor, space: JetSpace
) -> Callable[[int, int], Tensor]:
    slopes = _composed(values[1:], inner, space)
    return lambda a, c: gradient[a] * slopes[c]


def _pulled_family(
    gradient: Tensor, values: Tensor, inner: Tensor, space: JetSpace
) -> Callable[[int, int], Tensor]:
    """Sum over the functions first: one array per component and order is left."""
    scaled = powers(inner, space)
    sums = []
    for a in range(space.size):
        slopes = values[1 : space.component_order(a) + 2]
        total = _points_first(slopes[..., 0])
        torch.mul(slopes[..., 0], gradient[a, ..., 0], out=total)
        for function in range(1, values.shape[-1]):
            total.addcmul_(slopes[..., function], gradient[a, ..., function])
        sums.append(total)

    def paired(a: int, c: int) -> Tensor:
        if c == 0:
            return sums[a][0]
        total: Tensor | None = None
        for m in range(1, space.component_order(c) + 1):
            factor = scaled[m - 1][c]
            if factor is not None:
                total = sums[a][m] * factor if total is None else total.addcmul_(sums[a][m], factor)
        assert total is not None
        return total

    return paired


def _composed(values: Tensor, inner: Tensor, space: JetSpace) -> Tensor:
    """`compose` without a graph, written once, points contiguous."""
    functions = values.shape[3:]
    n_points, n = values.shape[1:3]
    storage = values.new_empty((n, *functions, space.size, n_points))
    out = storage.permute(-2, -1, *range(storage.dim() - 2))
    out[0].copy_(values[0])
    scaled = powers(inner, space)
    for k in range(1, space.size):
        started = False
        for m in range(1, space.component_order(k) + 1):
            factor = scaled[m - 1][k]
            if factor is None:
                continue
            if functions:
                factor = factor[..., None]
            if started:
                out[k].addcmul_(values[m], factor)
            else:
                torch.mul(values[m], factor, out=out[k])
                started = True
        assert started
    return out
