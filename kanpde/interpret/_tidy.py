"""Bring an expression with floating point constants into a form whose constants mean something.

What a network learns is known up to scales and shifts between its layers. Here they are moved
outwards: constants out of exponentials, factors out of powers and logarithms, so that the
leading coefficient inside is 1 and a constant that is exact can be recognised.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy
from sympy import Add, Expr, Mul, Pow

from kanpde.interpret._constants import recognise

SIMILAR = 1e-5  # relative tolerance with which constants are judged here; nothing is rounded
TERMS = 60  # sums with more terms are not multiplied out
POWER = 6
DIGITS = 17


def number(value: float) -> Expr:
    """Make a floating point constant of full precision."""
    return sympy.Float(value, DIGITS)


def gathered(expression: Expr) -> Expr:
    """Multiply constants into sums and bring equal terms together, without expanding powers."""
    expanded = sympy.expand(
        expression, deep=False, power_base=False, power_exp=False, log=False, multinomial=False
    )
    return evaluated(expanded)


def evaluated(expression: Expr) -> Expr:
    """Merge the numerical factors of every term into one."""
    terms = []
    for term in Add.make_args(expression):
        coefficient, rest = split(term)
        terms.append(number(coefficient) * rest if coefficient != 1.0 else rest)
    return Add(*terms)


def split(term: Expr) -> tuple[float, Expr]:
    """Separate the numerical factor of a term.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> split(2.5 * sympy.pi * x)[1]
    x
    """
    numbers = [f for f in Mul.make_args(term) if f.is_number]
    others = [f for f in Mul.make_args(term) if not f.is_number]
    if not numbers:
        return 1.0, term
    return float(Mul(*numbers)), Mul(*others)


def tidied(expression: Expr) -> Expr:
    """Move constants outwards, from the innermost argument on.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> tidied((2.0 * x - 2.0) ** 2 / 4.0 + sympy.Float(0.5))
    (1.0*x - 1.0)**2 + 0.5
    """
    if expression.is_number or expression.is_Symbol:
        return expression
    arguments = [tidied(argument) for argument in expression.args]
    if isinstance(expression, Add):
        return gathered(Add(*arguments))
    if isinstance(expression, Mul):
        return _product(arguments)
    if isinstance(expression, Pow) and arguments[1].is_number:
        return _power(arguments[0], arguments[1])
    rule = _RULES.get(expression.func)
    if rule is not None:
        return rule(gathered(arguments[0]))
    arguments = [gathered(argument) for argument in arguments]
    return expression.func(*arguments)


def _product(factors: list[Expr]) -> Expr:
    """Multiply out a number times a sum; keep products of sums."""
    product = Mul(*factors)
    coefficient, rest = split(product)
    if isinstance(rest, Add):
        return gathered(product)
    return number(coefficient) * rest if coefficient != 1.0 else rest


def _power(base: Expr, exponent: Expr) -> Expr:
    """Take the best factor out of the base of a power."""
    base = gathered(base)
    if base.is_number:
        return Pow(base, exponent)
    whole = bool(exponent.is_integer)
    factor = _factor(base, signed=whole)
    inner = gathered(base / number(factor))
    outer = factor ** int(exponent) if whole else factor ** float(exponent)
    return number(outer) * Pow(inner, exponent)


def _exponential(argument: Expr) -> Expr:
    """Take the constant out of an exponential."""
    constant, rest = argument.as_coeff_Add()
    if not constant.is_number or abs(float(constant)) > 300:
        return sympy.exp(argument)
    return number(math.exp(float(constant))) * sympy.exp(rest)


def _logarithm(argument: Expr) -> Expr:
    """Take a factor out of a logarithm."""
    factor = abs(_factor(argument, signed=False))
    return sympy.log(gathered(argument / number(factor))) + number(math.log(factor))


def _absolute(argument: Expr) -> Expr:
    factor = _factor(argument, signed=True)
    return number(abs(factor)) * sympy.Abs(gathered(argument / number(factor)))


_RULES: dict[object, Callable[[Expr], Expr]] = {
    sympy.exp: _exponential,
    sympy.log: _logarithm,
    sympy.Abs: _absolute,
}


def _factor(base: Expr, *, signed: bool) -> float:
    """Choose the factor that leaves the most recognisable coefficients inside."""
    coefficients = [split(term)[0] for term in Add.make_args(base)]
    largest = max(map(abs, coefficients))
    options = [c for c in coefficients if abs(c) > 1e-6 * largest]
    if not signed:
        options = [abs(c) for c in options]
    if not options:
        return 1.0

    def known(factor: float) -> tuple[int, float]:
        inside = [c / factor for c in coefficients]
        return sum(bool(recognise(c, SIMILAR * abs(c) + 1e-12)) for c in inside), -abs(
            math.log(abs(factor))
        )

    return max(options, key=known)


def multiplied_out(expression: Expr) -> Expr:
    """Expand polynomials of few terms everywhere; other functions keep their arguments.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> multiplied_out((x + y) ** 2 - (x - y) ** 2)
    4*x*y
    """
    if expression.is_number or expression.is_Symbol:
        return expression
    arguments = [multiplied_out(argument) for argument in expression.args]
    remade = expression.func(*arguments)
    size = 1
    for part in Mul.make_args(remade) if not isinstance(remade, Add) else ():
        size *= _terms(part)
    if size > TERMS:
        return remade
    return sympy.expand(remade, deep=False, power_base=False, power_exp=False, log=False)


def _terms(factor: Expr) -> int:
    """Terms that a factor has once multiplied out, about."""
    if isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp > 1:
        inner = len(Add.make_args(factor.base))
        if inner > 1 and factor.exp > POWER:
            return TERMS + 1
        return math.comb(inner + int(factor.exp) - 1, int(factor.exp))
    return len(Add.make_args(factor))
