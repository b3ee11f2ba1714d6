"""What autograd differentiates to any depth: closed forms, and placing few functions among all."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from kanpde.errors import InputError

Evaluate = Callable[[Tensor, Tensor | None, int], Tensor]


class _WithDerivatives(torch.autograd.Function):
    """Closed-form derivatives 0..orders; the gradient of order m is order m + 1."""

    @staticmethod
    def forward(z: Tensor, place: Tensor | None, evaluate: Evaluate, orders: int) -> Tensor:
        return evaluate(z, place, orders)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        z, place, ctx.evaluate, ctx.orders = inputs
        ctx.save_for_backward(z, place)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        z, place = ctx.saved_tensors
        higher = _differentiable(z, place, ctx.evaluate, ctx.orders + 1)[1:]
        summed = (0, *range(z.ndim + 1, higher.ndim))
        return (gradients[0] * higher).sum(summed), None, None, None

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        z: Tensor,
        place: Tensor | None,
        evaluate: Evaluate,
        orders: int,
    ) -> tuple[Tensor, int]:
        # point by point: the batch is one more axis of points
        z = z.movedim(in_dims[0] or 0, 0)
        place = None if place is None else place.movedim(in_dims[1] or 0, 0)
        return _differentiable(z, place, evaluate, orders), 1


_differentiable: Callable[..., Tensor] = _WithDerivatives.apply


def with_derivatives(
    z: Tensor,  # any shape
    evaluate: Evaluate,
    orders: int,
    *,
    place: Tensor | None = None,
) -> Tensor:  # (orders + 1, *z.shape, ...)
    """Make a closed form for derivatives of every order differentiable in `z`.

    Parameters
    ----------
    z
        Points, any shape.
    evaluate
        ``evaluate(z, place, orders)`` returns the value and the derivatives of
        orders 0 .. orders, shape ``(orders + 1, *z.shape, ...)``; it works point
        by point. It is never differentiated itself.
    orders
        Highest derivative.
    place
        Integers that belong to the points (a knot span), passed on unchanged.

    Returns
    -------
    Tensor
        What `evaluate` returns. Its gradient with respect to `z`, to any depth,
        is built from the closed form at the next order.

    Raises
    ------
    InputError
        If `orders` is no integer >= 0 or `z` is not floating point.

    Examples
    --------
    >>> def exponential(z, place, orders):
    ...     return torch.stack([z.exp()] * (orders + 1))
    >>> with_derivatives(torch.zeros(1), exponential, 2)[:, 0]
    tensor([1., 1., 1.])
    """
    check_points(z, orders)
    return _differentiable(z, place, evaluate, orders)


def check_points(z: Tensor, orders: int) -> None:
    """Refuse points and orders that no basis can evaluate.

    Parameters
    ----------
    z
        Points.
    orders
        Highest derivative.

    Raises
    ------
    InputError
        If `orders` is no integer >= 0 or `z` is not floating point.
    """
    whole_number("orders", orders, least=0)
    if not torch.is_floating_point(z):
        raise InputError(f"z: expected a floating-point tensor, got {z.dtype}")


def whole_number(name: str, value: object, *, least: int) -> int:
    """Return `value` if it is an integer of at least `least`.

    Parameters
    ----------
    name
        What the message calls it.
    value
        Anything.
    least
        Smallest admissible value.

    Returns
    -------
    int
        The value.

    Raises
    ------
    InputError
        If it is not an integer (bool counts as none) or too small.

    Examples
    --------
    >>> whole_number("degree", 3, least=0)
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"{name}: expected an integer of at least {least}, got {value!r}")
    return int(value)


def _memory_order(x: Tensor) -> tuple[list[int], list[int]]:
    """Axes from the longest stride to the shortest, and the way back."""
    order = sorted(range(x.dim()), key=lambda k: -x.stride()[k])
    return order, [order.index(k) for k in range(x.dim())]


class _Place(torch.autograd.Function):
    """Put the few functions that live at a point among all of them."""

    @staticmethod
    def forward(local: Tensor, columns: Tensor, count: int) -> Tensor:
        order, back = _memory_order(local)
        shape = (*local.shape[:-1], count)
        dense = local.new_zeros([shape[k] for k in order]).permute(back)
        return dense.scatter_(-1, columns.expand(local.shape), local)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (columns,) = ctx.saved_tensors
        wanted = columns.expand(*gradients[0].shape[:-1], -1)
        order, back = _memory_order(gradients[0])
        last = order.index(wanted.dim() - 1)
        found = gradients[0].permute(order).gather(last, wanted.permute(order))
        return found.permute(back), None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], local: Tensor, columns: Tensor, count: int
    ) -> tuple[Tensor, int]:
        # the batch of a gradient is one more axis in front, columns may have none
        size = info.batch_size
        if in_dims[0] is None:
            local = local.expand(size, *local.shape)
        else:
            local = local.movedim(in_dims[0], 0)
        if in_dims[1] is not None:
            columns = columns.movedim(in_dims[1], 0)[:, None]
        return placed(local, columns, count), 0


placed: Callable[..., Tensor] = _Place.apply
