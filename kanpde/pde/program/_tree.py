"""Expressions as plain JSON data, numbers exact, and back without evaluating any text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy import Expr
from sympy.core.function import AppliedUndef

from kanpde.errors import RunDirectoryError

_CONSTANTS = {"pi": sympy.pi, "E": sympy.E}
_NAMES = (
    "Add",
    "Mul",
    "Pow",
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
    "coth",
    "asin",
    "acos",
    "atan",
    "atan2",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "erfc",
    "besselj",
    "Abs",
    "sign",
    "Min",
    "Max",
)
_FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(sympy, name) for name in _NAMES}
_BY_CLASS = {function: name for name, function in _FUNCTIONS.items()}


def tree_record(expression: Expr) -> Any:
    """Describe an expression by nested lists, or give ``None`` where it holds anything else.

    Examples
    --------
    >>> tree_record(sympy.pi * sympy.Symbol("x") / 2)
    ['Mul', ['rational', 1, 2], ['constant', 'pi'], ['symbol', 'x']]
    """
    try:
        return _data(sympy.sympify(expression, strict=True))
    except _UnknownError:
        return None


class _UnknownError(Exception):
    """Something that the description does not cover."""


def _data(e: Any) -> Any:
    if isinstance(e, sympy.Integer):
        return ["integer", str(int(e))]
    if isinstance(e, sympy.Rational):
        return ["rational", int(e.p), int(e.q)]
    if isinstance(e, sympy.Float):
        return ["float", float(e)]
    for constant, value in _CONSTANTS.items():
        if e == value:
            return ["constant", constant]
    if isinstance(e, sympy.Symbol):
        return ["symbol", e.name]
    if isinstance(e, AppliedUndef):
        return ["unknown", str(e.func.__name__)]
    if isinstance(e, sympy.Derivative) and isinstance(e.expr, AppliedUndef):
        counts = [[x.name, int(n)] for x, n in e.variable_count]
        return ["derivative", str(e.expr.func.__name__), counts]
    name = _BY_CLASS.get(e.func)
    if name is None:
        raise _UnknownError(str(e.func))
    return [name, *map(_data, e.args)]


def tree_expression(data: Any, names: Mapping[str, Expr]) -> Expr:
    """Rebuild an expression; `names` gives symbols and unknowns.

    Raises
    ------
    RunDirectoryError
        If the data are damaged or name something else.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> tree_expression(tree_record(sympy.sin(x / 3) ** 2), {"x": x})
    sin(x/3)**2
    """
    try:
        return _expression(data, names)
    except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise RunDirectoryError(f"expression: the description is damaged ({error})") from None


def _expression(data: Any, names: Mapping[str, Expr]) -> Expr:
    kind, *rest = data
    leaves: dict[str, Callable[[], Any]] = {
        "integer": lambda: sympy.Integer(int(rest[0])),
        "rational": lambda: sympy.Rational(int(rest[0]), int(rest[1])),
        "float": lambda: sympy.Float(float(rest[0]), 17),
        "constant": lambda: _CONSTANTS[rest[0]],
        "symbol": lambda: names[rest[0]],
        "unknown": lambda: names[rest[0]],
        "derivative": lambda: sympy.Derivative(
            names[rest[0]], *((names[x], int(n)) for x, n in rest[1])
        ),
    }
    if kind in leaves:
        return leaves[kind]()
    return _FUNCTIONS[kind](*(_expression(part, names) for part in rest))
