"""From a program of table operations back to sympy, without evaluating any text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy import Expr

from kanpde.errors import RunDirectoryError
from kanpde.pde.program._program import Program
from kanpde.pde.tables._tabulated import tabulated

_SYMPY: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "abs": sympy.Abs,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "min": sympy.Min,
    "max": sympy.Max,
    "heaviside": sympy.Heaviside,
    "where": lambda c, a, b: sympy.Piecewise((a, c), (b, True)),
    "lt": sympy.Lt,
    "le": sympy.Le,
    "gt": sympy.Gt,
    "ge": sympy.Ge,
    "eq": sympy.Eq,
    "ne": sympy.Ne,
    "and": sympy.And,
    "or": sympy.Or,
    "not": sympy.Not,
}
_SAME_NAME = [
    "sqrt",
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "sech",
    "csch",
    "asin",
    "acos",
    "atan",
    "atan2",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "erfc",
    "sign",
]
_SYMPY.update({name: getattr(sympy, name) for name in _SAME_NAME})


def raise_program(program: Program, inputs: Sequence[Expr]) -> tuple[Expr, ...]:
    """Write the outputs of a program as sympy expressions of `inputs`.

    Parameters
    ----------
    program
        A lowered program.
    inputs
        One expression per program input.

    Returns
    -------
    tuple of Expr
        One expression per output; lowering it gives the same function.

    Raises
    ------
    RunDirectoryError
        If the program holds an operation without a sympy counterpart.

    Examples
    --------
    >>> from kanpde.pde import coordinates, lower
    >>> x = coordinates("x")
    >>> raise_program(lower([sympy.sin(2 * x)], [x]), [x])
    (sin(2*x),)
    """
    values: list[Any] = []
    for name, *arguments in program.operations:
        if name == "const":
            values.append(_constant(float(arguments[0])))
        elif name == "input":
            values.append(inputs[int(arguments[0])])
        elif name == "table":
            values.append(_table(program, [int(a) for a in arguments], values))
        else:
            operands = [values[int(a)] for a in arguments]
            values.append(_function(str(name))(*operands))
    return tuple(sympy.sympify(values[k], strict=True) for k in program.outputs)


def _table(program: Program, arguments: list[int], values: list[Any]) -> Expr:
    spline = program.tables[arguments[0]]
    d = spline.dimension
    result: Expr = tabulated(spline, tuple(arguments[1 : 1 + d]))(
        *(values[p] for p in arguments[1 + d :])
    )
    return result


def _function(name: str) -> Callable[..., Any]:
    bessel = re.fullmatch(r"bessel_j(\d+)", name)
    if bessel:
        order = int(bessel.group(1))
        return lambda a: sympy.besselj(order, a)
    if name not in _SYMPY:
        raise RunDirectoryError(f"program: no sympy counterpart of the operation {name!r}")
    return _SYMPY[name]


def _constant(value: float) -> Expr:
    return (
        sympy.Integer(int(value))
        if value == int(value) and abs(value) < 1e15
        else sympy.Float(value, 17)
    )
