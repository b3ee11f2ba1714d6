"""Activation functions with derivatives of every order in closed form."""

from collections.abc import Callable
from functools import lru_cache

import torch
from numpy.polynomial import Polynomial
from torch import Tensor

from kanpde.basis._differentiable import with_derivatives
from kanpde.errors import InputError


@lru_cache(maxsize=64)
def _factors(rate: tuple[float, ...], orders: int) -> tuple[tuple[float, ...], ...]:
    """Give Q_m with y^(m) = a(y) Q_m(y), m = 1 .. orders, where y' = a(y)."""
    a, factor, found = Polynomial(rate), Polynomial([1.0]), []
    for _ in range(orders):
        found.append(tuple(float(c) for c in factor.coef))
        factor = a.deriv() * factor + a * factor.deriv()
    return tuple(found)


def _horner(coefficients: tuple[float, ...], y: Tensor) -> Tensor:
    total = torch.full_like(y, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total.mul_(y).add_(coefficient)
    return total


def _tanh(z: Tensor, orders: int) -> list[Tensor]:
    y = z.tanh()
    rate = 1 - y * y
    return [y, *(_horner(q, y).mul_(rate) for q in _factors((1.0, 0.0, -1.0), orders))]


def _silu(z: Tensor, orders: int) -> list[Tensor]:
    # (z s)^(m) = z s^(m) + m s^(m-1), with s' = s (1 - s)
    s = z.sigmoid()
    rate = s * (-z).sigmoid()
    logistic = [s, *(_horner(q, s).mul_(rate) for q in _factors((0.0, 1.0, -1.0), orders))]
    return [
        z * logistic[m] + m * logistic[m - 1] if m else z * logistic[m] for m in range(orders + 1)
    ]


def _sine(z: Tensor, orders: int, quarter: int = 0) -> list[Tensor]:
    sine, cosine = z.sin(), z.cos()
    turns = (sine, cosine, -sine, -cosine)
    return [turns[(m + quarter) % 4] for m in range(orders + 1)]


def _cosine(z: Tensor, orders: int) -> list[Tensor]:
    return _sine(z, orders, quarter=1)


def _identity(z: Tensor, orders: int) -> list[Tensor]:
    zero = torch.zeros_like(z)
    return [z, torch.ones_like(z), *(zero for _ in range(orders - 1))][: orders + 1]


def _none(z: Tensor, orders: int) -> list[Tensor]:
    return [torch.zeros_like(z)] * (orders + 1)


_FUNCTIONS: dict[str, Callable[[Tensor, int], list[Tensor]]] = {
    "silu": _silu,
    "tanh": _tanh,
    "sin": _sine,
    "cos": _cosine,
    "identity": _identity,
    "none": _none,
}
UNIVARIATE_NAMES = tuple(_FUNCTIONS)
BASE_NAMES = ("silu", "tanh", "identity", "none")


def univariate_values(
    name: str,
    z: Tensor,  # any shape
    orders: int = 0,
) -> Tensor:  # (orders + 1, *z.shape)
    """Evaluate a named function and its derivatives.

    Parameters
    ----------
    name
        "silu", "tanh", "sin", "cos", "identity" or "none" (zero).
    z
        Points, any shape.
    orders
        Highest derivative.

    Returns
    -------
    Tensor
        Value and derivatives 0 .. orders, shape ``(orders + 1, *z.shape)``,
        `z`'s dtype and device; differentiable in `z` to any depth.

    Raises
    ------
    InputError
        If the name is unknown, `orders` negative or `z` not floating point.

    Examples
    --------
    >>> univariate_values("tanh", torch.zeros(1), 3)[:, 0]
    tensor([ 0.,  1.,  0., -2.])
    """
    if name not in _FUNCTIONS:
        raise InputError(f"function: expected one of {', '.join(_FUNCTIONS)}, got {name!r}")
    function = _FUNCTIONS[name]

    def evaluate(points: Tensor, _: Tensor | None, highest: int) -> Tensor:
        return torch.stack(function(points, highest))

    return with_derivatives(z, evaluate, orders)


def base_values(
    name: str,
    z: Tensor,  # any shape
    orders: int = 0,
) -> Tensor:  # (orders + 1, *z.shape)
    """Evaluate a KAN edge's base function and its derivatives.

    Parameters
    ----------
    name
        "silu" (the paper's), "tanh", "identity" or "none" (zero).
    z
        Points, any shape.
    orders
        Highest derivative.

    Returns
    -------
    Tensor
        Value and derivatives 0 .. orders, shape ``(orders + 1, *z.shape)``,
        `z`'s dtype and device; differentiable in `z` to any depth.

    Raises
    ------
    InputError
        If the name is unknown, `orders` negative or `z` not floating point.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, 2024, eq. 2.10.

    Examples
    --------
    >>> base_values("silu", torch.zeros(1), 2)[:, 0]
    tensor([0.0000, 0.5000, 0.5000])
    """
    if name not in BASE_NAMES:
        raise InputError(f"base: expected one of {', '.join(BASE_NAMES)}, got {name!r}")
    return univariate_values(name, z, orders)
