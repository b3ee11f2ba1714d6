"""Closed forms for derivatives of every order, made differentiable in turn."""

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
