"""The operations that a lowered program is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kanpde.pde.program._bessel import bessel_j, largest_argument

BESSEL_ORDERS = 31
"""Bessel functions J_0 ... J_30 are in the table."""


@dataclass(frozen=True)
class Operation:
    """One elementwise operation of the table.

    `kinds` has one letter per argument, ``r`` real or ``b`` boolean, and
    `result` the letter of what comes out. With `tensors` set, numbers among
    the arguments are made tensors first, because torch asks for it.
    """

    kinds: str
    apply: Callable[..., Any]
    result: str = "r"
    tensors: bool = False


def _heaviside(x: Tensor, at_zero: float | Tensor) -> Tensor:
    """Evaluate the step with a chosen value at 0; its derivative is 0, not undefined."""
    sign = torch.sign(x)
    return 0.5 * (1.0 + sign) + (at_zero - 0.5) * (1.0 - sign * sign)


def _sech(x: Tensor) -> Tensor:
    """Evaluate 1/cosh; held where cosh would overflow, so the gradient is never inf * 0."""
    limit = largest_argument(x.dtype)
    return 1.0 / torch.cosh(torch.clamp(x, -limit, limit))


def _csch(x: Tensor) -> Tensor:
    """Evaluate 1/sinh; held where sinh would overflow."""
    limit = largest_argument(x.dtype)
    return 1.0 / torch.sinh(torch.clamp(x, -limit, limit))


def _bessel(order: int) -> Callable[[Tensor], Tensor]:
    def evaluate(x: Tensor) -> Tensor:
        return bessel_j(order, x)

    return evaluate


_UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "neg": torch.neg,
    "sqrt": torch.sqrt,
    "exp": torch.exp,
    "log": torch.log,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "sech": _sech,
    "csch": _csch,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "asinh": torch.asinh,
    "acosh": torch.acosh,
    "atanh": torch.atanh,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "abs": torch.abs,
    "sign": torch.sign,
    **{f"bessel_j{order}": _bessel(order) for order in range(BESSEL_ORDERS)},
}

TABLE: dict[str, Operation] = {
    "add": Operation("rr", lambda a, b: a + b),
    "sub": Operation("rr", lambda a, b: a - b),
    "mul": Operation("rr", lambda a, b: a * b),
    "div": Operation("rr", lambda a, b: a / b),
    "pow": Operation("rr", torch.pow),
    "atan2": Operation("rr", torch.atan2, tensors=True),
    "min": Operation("rr", torch.minimum, tensors=True),
    "max": Operation("rr", torch.maximum, tensors=True),
    "heaviside": Operation("rr", _heaviside, tensors=True),
    "where": Operation("brr", torch.where, tensors=True),
    "lt": Operation("rr", lambda a, b: a < b, result="b"),
    "le": Operation("rr", lambda a, b: a <= b, result="b"),
    "gt": Operation("rr", lambda a, b: a > b, result="b"),
    "ge": Operation("rr", lambda a, b: a >= b, result="b"),
    "eq": Operation("rr", lambda a, b: a == b, result="b"),
    "ne": Operation("rr", lambda a, b: a != b, result="b"),
    "and": Operation("bb", torch.logical_and, result="b"),
    "or": Operation("bb", torch.logical_or, result="b"),
    "not": Operation("b", torch.logical_not, result="b"),
    **{name: Operation("r", function, tensors=True) for name, function in _UNARY.items()},
}
"""Every operation by name; beside them stand ``("const", value)`` and ``("input", index)``."""


def apply_operation(
    operation: Operation, arguments: list[Any], dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Apply an operation to tensors and python numbers.

    Numbers stay numbers where torch takes them, and never decide the dtype.
    """
    if operation.tensors or not any(isinstance(value, Tensor) for value in arguments):
        arguments = [
            value
            if isinstance(value, Tensor)
            else torch.full((), value, dtype=dtype, device=device)
            for value in arguments
        ]
    result: Tensor = operation.apply(*arguments)
    return result
