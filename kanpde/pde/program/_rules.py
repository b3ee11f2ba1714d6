"""How each sympy function becomes operations: the lowering table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import sympy

from kanpde.errors import InputError, UnsupportedError
from kanpde.pde.program._builder import Builder
from kanpde.pde.program._operations import BESSEL_ORDERS

# sympy class -> (operation, argument that is safe in a branch not taken, or None)
UNARY: dict[Any, tuple[str, float | None]] = {
    sympy.exp: ("exp", 0.0),
    sympy.log: ("log", 1.0),
    sympy.sin: ("sin", None),
    sympy.cos: ("cos", None),
    sympy.tan: ("tan", 0.0),
    sympy.sinh: ("sinh", 0.0),
    sympy.cosh: ("cosh", 0.0),
    sympy.tanh: ("tanh", None),
    sympy.sech: ("sech", None),
    sympy.csch: ("csch", 1.0),
    sympy.asin: ("asin", 0.0),
    sympy.acos: ("acos", 0.0),
    sympy.atan: ("atan", None),
    sympy.asinh: ("asinh", None),
    sympy.acosh: ("acosh", 2.0),
    sympy.atanh: ("atanh", 0.0),
    sympy.erf: ("erf", None),
    sympy.erfc: ("erfc", None),
    sympy.Abs: ("abs", None),
    sympy.sign: ("sign", None),
}
# f(x) = 1/g(x), and f(x) = g(1/x): (g, safe value of what is passed to g)
_RECIPROCAL: dict[Any, str] = {sympy.sec: "cos", sympy.csc: "sin", sympy.coth: "tanh"}
_OF_RECIPROCAL: dict[Any, tuple[str, float]] = {
    sympy.asec: ("acos", 0.0),
    sympy.acsc: ("asin", 0.0),
    sympy.asech: ("acosh", 2.0),
    sympy.acsch: ("asinh", 1.0),
    sympy.acoth: ("atanh", 0.0),
}
_COMPLEX = (sympy.re, sympy.im, sympy.conjugate, sympy.arg)


class Lowering(Protocol):
    """What a rule needs of the walk over an expression."""

    where: str
    builder: Builder

    def real(self, expression: sympy.Expr, mask: int | None) -> int:
        """Lower an expression whose value matters only inside `mask`."""

    def number(self, expression: sympy.Expr) -> float:
        """Evaluate a constant expression."""

    def truth(self, condition: Any) -> int | bool:
        """Lower a condition."""


Rule = Callable[[Lowering, Any, "int | None"], int]


def covered() -> str:
    """List what `lower` covers, for messages and documentation."""
    names = {function.__name__ for function in (*UNARY, *RULES)}
    names -= {"Add", "Mul", "Pow", "Piecewise", "besselj"}
    functions = ", ".join(sorted(names, key=str.lower))
    return (
        f"+ - * / **, sqrt, {functions}, "
        f"besselj(0..{BESSEL_ORDERS - 1}, .), Piecewise with < <= > >= Eq Ne And Or Not, pi, E"
    )


def covered_hint(expression: sympy.Expr) -> str:
    """Say what to write instead of something that is not covered."""
    if expression.has(sympy.DiracDelta):
        return (
            "a point source (often the derivative of sign or Heaviside) has no value at a "
            "point; smooth it, for instance exp(-(x/w)**2)/(w*sqrt(pi))"
        )
    if expression.has(sympy.Integral):
        return "an Integral needs its limits and must be taken out by extract_integrals"
    if isinstance(expression, _COMPLEX):
        return "write real and imaginary part as two real unknowns"
    return f"covered are {covered()}"


def _add(low: Lowering, expression: sympy.Add, mask: int | None) -> int:
    """Add the terms, subtract those with factor -1; the constants together come last."""
    plus: list[int] = []
    minus: list[int] = []
    numbers = [term for term in expression.args if term.is_number]
    for term in expression.args:
        if term.is_number:
            continue
        coefficient, rest = term.as_coeff_Mul()
        if coefficient == -1:
            minus.append(low.real(rest, mask))
        else:
            plus.append(low.real(term, mask))
    if numbers:
        plus.append(low.builder.constant(low.number(sympy.Add(*numbers))))
    if not plus:
        plus.append(low.builder.emit("neg", minus.pop(0)))
    result = plus[0]
    for position in plus[1:]:
        result = low.builder.emit("add", result, position)
    for position in minus:
        result = low.builder.emit("sub", result, position)
    return result


def _mul(low: Lowering, expression: sympy.Mul, mask: int | None) -> int:
    """Multiply; factors with a negative power go below one division bar."""
    above: list[int] = []
    below: list[int] = []
    numbers = [factor for factor in expression.args if factor.is_number]
    for factor in expression.args:
        if factor.is_number:
            continue
        inverse = _inverse(factor)
        if inverse is None:
            above.append(low.real(factor, mask))
        else:
            below.append(low.real(inverse, mask))
    number = low.number(sympy.Mul(*numbers)) if numbers else 1.0
    build = low.builder
    if number == -1.0 and above:
        result = build.emit("neg", build.product(above))
    elif number != 1.0 or not above:
        result = build.product([*above, build.constant(number)])
    else:
        result = build.product(above)
    return build.divide(result, build.product(below), mask) if below else result


def _inverse(factor: sympy.Expr) -> sympy.Expr | None:
    """Return 1/factor where that is a power with a positive number as exponent."""
    if isinstance(factor, sympy.Pow) and factor.exp.is_number and factor.exp.is_negative:
        if factor.exp == -1:
            return factor.base
        return sympy.Pow(factor.base, -factor.exp, evaluate=False)
    return None


def _pow(low: Lowering, expression: sympy.Pow, mask: int | None) -> int:
    build = low.builder
    if expression.exp.is_number:
        exponent = low.number(expression.exp)
        base = low.real(expression.base, mask)
        if exponent == 0:
            return build.constant(1.0)
        positive = build.real_power(base, abs(exponent), mask)
        if exponent > 0:
            return positive
        return build.divide(build.constant(1.0), positive, mask)
    base = build.guard(low.real(expression.base, mask), mask, 1.0)
    exponent_position = build.guard(low.real(expression.exp, mask), mask, 1.0)
    return build.emit("pow", base, exponent_position)


def _reciprocal(low: Lowering, expression: sympy.Expr, mask: int | None) -> int:
    below = low.builder.emit(_RECIPROCAL[expression.func], low.real(expression.args[0], mask))
    return low.builder.divide(low.builder.constant(1.0), below, mask)


def _of_reciprocal(low: Lowering, expression: sympy.Expr, mask: int | None) -> int:
    name, safe = _OF_RECIPROCAL[expression.func]
    build = low.builder
    inverse = build.divide(build.constant(1.0), low.real(expression.args[0], mask), mask)
    return build.emit(name, build.guard(inverse, mask, safe))


def _cot(low: Lowering, expression: sympy.Expr, mask: int | None) -> int:
    argument = low.real(expression.args[0], mask)
    return low.builder.divide(
        low.builder.emit("cos", argument), low.builder.emit("sin", argument), mask
    )


def _acot(low: Lowering, expression: sympy.Expr, mask: int | None) -> int:
    """Lower acot, sympy's with range (-pi/2, pi/2]: atan2(s, s x), s = 1 for x >= 0, else -1."""
    build = low.builder
    argument = low.real(expression.args[0], mask)
    step = build.emit("heaviside", argument, build.constant(1.0))
    side = build.emit("sub", build.emit("mul", step, build.constant(2.0)), build.constant(1.0))
    return build.emit("atan2", side, build.emit("mul", side, argument))


def _atan2(low: Lowering, expression: sympy.Expr, mask: int | None) -> int:
    y, x = (low.real(argument, mask) for argument in expression.args)
    return low.builder.emit(
        "atan2", low.builder.guard(y, mask, 0.0), low.builder.guard(x, mask, 1.0)
    )


def _extremum(low: Lowering, expression: sympy.Expr, mask: int | None) -> int:
    name = "min" if isinstance(expression, sympy.Min) else "max"
    result, *others = (low.real(argument, mask) for argument in expression.args)
    for other in others:
        result = low.builder.emit(name, result, other)
    return result


def _heaviside(low: Lowering, expression: sympy.Heaviside, mask: int | None) -> int:
    argument, at_zero = (low.real(part, mask) for part in expression.args)
    return low.builder.emit("heaviside", argument, at_zero)


def _besselj(low: Lowering, expression: sympy.besselj, mask: int | None) -> int:
    order, argument = expression.args
    if not (order.is_Integer and 0 <= order < BESSEL_ORDERS):
        raise UnsupportedError(
            f"{low.where}: besselj: expected an integer order from 0 to "
            f"{BESSEL_ORDERS - 1}, came {expression}"
        )
    return low.builder.emit(f"bessel_j{order}", low.real(argument, mask))


def _piecewise(low: Lowering, expression: sympy.Piecewise, mask: int | None) -> int:
    """Choose between branches, each lowered under the mask of the points that take it."""
    build = low.builder
    branches: list[tuple[int, int]] = []
    remaining = mask
    for value, condition in expression.args:
        truth = low.truth(condition)
        if truth is False:
            continue
        if truth is True:
            result = low.real(value, remaining)
            break
        branches.append((truth, low.real(value, build.both(remaining, truth))))
        remaining = build.both(remaining, build.emit("not", truth))
    else:
        if sympy.Or(*(condition for _, condition in expression.args)) is not sympy.true:
            raise InputError(
                f"{low.where}: Piecewise: expected branches that cover every point, "
                f"came {expression}; add a last branch (value, True)"
            )
        _, result = branches.pop()
    for truth, value in reversed(branches):
        result = build.emit("where", truth, value, result)
    return result


RULES: dict[Any, Rule] = {
    sympy.Add: _add,
    sympy.Mul: _mul,
    sympy.Pow: _pow,
    sympy.cot: _cot,
    sympy.acot: _acot,
    sympy.atan2: _atan2,
    sympy.Min: _extremum,
    sympy.Max: _extremum,
    sympy.Heaviside: _heaviside,
    sympy.besselj: _besselj,
    sympy.Piecewise: _piecewise,
    **dict.fromkeys(_RECIPROCAL, _reciprocal),
    **dict.fromkeys(_OF_RECIPROCAL, _of_reciprocal),
}
