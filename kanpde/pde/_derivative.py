"""Exact derivatives of real expressions, branch by branch."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError, ShapeError


class _Sign(sympy.Function):
    """sign of a real number, constant on each side."""

    is_real = True
    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class _Abs(sympy.Function):
    """Absolute value of a real number."""

    is_real = True
    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return _Sign(self.args[0])


class _Step(sympy.Function):
    """Heaviside's function with its value at 0, constant on each side."""

    is_real = True
    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class _Larger(sympy.Function):
    """The larger of two real numbers."""

    is_real = True
    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return _difference_step(self.args, argindex)


class _Smaller(sympy.Function):
    """The smaller of two real numbers."""

    is_real = True
    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return _difference_step(self.args, 3 - argindex)


def _difference_step(args: tuple[sympy.Expr, ...], first: int) -> sympy.Expr:
    a, b = args if first == 1 else (args[1], args[0])
    return _Step(a - b, sympy.Rational(1, 2))


def _nested(function: type[sympy.Function], args: Sequence[sympy.Expr]) -> sympy.Expr:
    result = args[0]
    for argument in args[1:]:
        result = function(result, argument)
    return result


def _hide(expression: sympy.Expr) -> sympy.Expr:
    """Put the real versions in, whose derivatives know no complex plane and no deltas."""
    return (
        expression.replace(sympy.Abs, _Abs)
        .replace(sympy.sign, _Sign)
        .replace(sympy.Heaviside, _Step)
        .replace(sympy.Max, lambda *args: _nested(_Larger, args))
        .replace(sympy.Min, lambda *args: _nested(_Smaller, args))
    )


def _show(expression: sympy.Expr) -> sympy.Expr:
    """Put sympy's own functions back."""
    return (
        expression.replace(_Abs, sympy.Abs)
        .replace(_Sign, sympy.sign)
        .replace(_Step, sympy.Heaviside)
        .replace(_Larger, sympy.Max)
        .replace(_Smaller, sympy.Min)
    )


def derivative(
    expr: sympy.Expr, coords: Sequence[sympy.Symbol], alpha: Sequence[int]
) -> sympy.Expr:
    """Differentiate an expression exactly, as a function of real numbers.

    Where a function has a kink or a jump the derivative is the one of its
    branches: sign' = 0, Heaviside' = 0, Abs' = sign, Max and Min through
    Heaviside (1/2 at a tie), Piecewise branch by branch. No deltas arise.

    Parameters
    ----------
    expr
        A scalar expression.
    coords
        The d coordinates.
    alpha
        How often to differentiate by each, d integers >= 0.

    Returns
    -------
    Expr
        The derivative; of an unknown it is sympy's ``Derivative``.

    Raises
    ------
    ShapeError
        If `alpha` and `coords` differ in length.
    InputError
        If an order is no integer >= 0.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> derivative(sympy.Abs(x) * x, [x], [2])
    2*sign(x)
    """
    if len(alpha) != len(coords):
        raise ShapeError(
            f"derivative: expected one order per coordinate {tuple(coords)}, came {tuple(alpha)}"
        )
    if any(int(order) != order or order < 0 for order in alpha):
        raise InputError(f"derivative: expected orders >= 0, came {tuple(alpha)}")
    steps = [(symbol, int(order)) for symbol, order in zip(coords, alpha, strict=True) if order]
    if not steps:
        return sympy.sympify(expr, strict=True)
    return differentiate(sympy.sympify(expr, strict=True), steps)


def differentiate(expression: sympy.Expr, steps: Sequence[tuple[sympy.Symbol, int]]) -> sympy.Expr:
    """Differentiate by (symbol, how often) pairs, after unevaluated derivatives inside."""
    result = _hide(evaluate_derivatives(expression))
    for symbol, times in steps:
        for _ in range(int(times)):
            result = result.diff(symbol)
    return _show(result)


def evaluate_derivatives(expression: sympy.Basic) -> sympy.Basic:
    """Carry out derivatives of anything but an unknown, innermost first."""

    def carry_out(node: sympy.Derivative) -> sympy.Basic:
        if isinstance(node.expr, AppliedUndef) or not all(
            isinstance(symbol, sympy.Symbol) for symbol, _ in node.variable_count
        ):
            return node
        hidden = _hide(node.expr)
        for symbol, times in node.variable_count:
            if not times.is_Integer:
                return node
            for _ in range(int(times)):
                hidden = hidden.diff(symbol)
        return _show(hidden)

    return expression.replace(lambda node: isinstance(node, sympy.Derivative), carry_out)
