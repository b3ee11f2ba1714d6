r"""Functions of one variable applied to jets, and what the algebra gives as their backward.

A composition with :math:`\varphi` needs only :math:`\varphi, \varphi', \dots`:

.. math:: (\varphi\circ z)_\alpha = \sum_m \varphi^{(m)}(z_0)\,(h^m)_\alpha / m!,
          \qquad h = z - z_0 .
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kanpde.calculus._jets import JetSpace, powers

Family = Callable[[Tensor, int], Tensor]


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
    >>> from kanpde.calculus._jets import coordinates_jet
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
    >>> from kanpde.calculus._jets import coordinates_jet
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
