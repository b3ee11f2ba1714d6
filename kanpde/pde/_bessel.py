"""Bessel functions of the first kind with gradients of every order.

`torch.special.bessel_j0` and `bessel_j1` have no derivative in torch.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def _series(x: Tensor, order: int) -> Tensor:
    """Sum the power series of J_order, for ``|x| <= order`` (DLMF 10.2.2)."""
    square = -0.25 * x * x
    # (x/2)^n / n! by factors: neither the power nor the factorial overflows.
    term = torch.ones_like(x)
    for n in range(1, order + 1):
        term = term * x / (2.0 * n)
    total = term
    for k in range(1, 30 + 2 * order):
        term = term * square / (k * (k + order))
        total = total + term
    return total


def _recurrence(x: Tensor, order: int) -> Tensor:
    """Climb J_{n+1} = 2n/x J_n - J_{n-1}, stable for ``|x| >= order`` (DLMF 10.6.1)."""
    lower, value = torch.special.bessel_j0(x), torch.special.bessel_j1(x)
    for n in range(1, order):
        lower, value = value, 2.0 * n / x * value - lower
    return value


def _values(x: Tensor, order: int) -> Tensor:
    """Evaluate J_order elementwise, without a graph."""
    if order == 0:
        return torch.special.bessel_j0(x)
    if order == 1:
        return torch.special.bessel_j1(x)
    large = x.abs() >= order
    inner = torch.where(large, torch.zeros_like(x), x)
    outer = torch.where(large, x, torch.full_like(x, float(order)))
    return torch.where(large, _recurrence(outer, order), _series(inner, order))


class _BesselJ(torch.autograd.Function):
    """J_n with J_n' = (J_{n-1} - J_{n+1}) / 2 (DLMF 10.6.1), which is safe at 0."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, order: int) -> Tensor:
        return _values(x, order)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])
        ctx.order = inputs[1]

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return cotangents[0] * _slope(x, ctx.order), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        (x,) = ctx.saved_tensors
        return tangents[0] * _slope(x, ctx.order)


def _slope(x: Tensor, order: int) -> Tensor:
    """Return J_order'(x), itself differentiable."""
    if order == 0:
        return -bessel_j(1, x)
    return 0.5 * (bessel_j(order - 1, x) - bessel_j(order + 1, x))


def bessel_j(order: int, x: Tensor) -> Tensor:
    """Evaluate the Bessel function J_order elementwise.

    Parameters
    ----------
    order
        Zero or a positive integer.
    x
        Floating point tensor of any shape.

    Returns
    -------
    Tensor
        The shape of `x`; differentiable any number of times.

    References
    ----------
    NIST Digital Library of Mathematical Functions, ch. 10.

    Examples
    --------
    >>> bessel_j(0, torch.zeros(2))
    tensor([1., 1.])
    """
    assert order >= 0
    result: Tensor = _BesselJ.apply(x, order)
    return result


def largest_argument(dtype: torch.dtype) -> float:
    """Return where cosh, squared, is still finite in `dtype`."""
    return 0.45 * math.log(torch.finfo(dtype).max)
