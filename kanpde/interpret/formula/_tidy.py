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

from kanpde.interpret.formula._constants import recognise

SIMILAR = 1e-5  # relative tolerance with which constants are judged here; nothing is rounded
TERMS = 60  # sums with more terms are not multiplied out
POWER = 6
DIGITS = 17


def number(value: float) -> Expr:
    """Make a floating point constant of full precision."""
    return sympy.Float(value, DIGITS)


def gathered(expression: Expr) -> Expr:
    """Multiply constants into sums and bring equal terms together; products stay products."""
    terms: list[Expr] = []
    for term in Add.make_args(expression):
        coefficient, rest = split(term)
        if isinstance(rest, Add):
            pairs = [split(inner) for inner in Add.make_args(gathered(rest))]
            terms += [_scaled(coefficient * own, inner) for own, inner in pairs]
        else:
            terms.append(_scaled(coefficient, rest))
    return Add(*terms)


def _scaled(coefficient: float, rest: Expr) -> Expr:
    return rest if coefficient == 1.0 else number(coefficient) * rest


def split(term: Expr) -> tuple[float, Expr]:
    """Separate the numerical factor of a term.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> split(2.5 * sympy.pi * x)[1]
    x
    """
    number, rest = term.as_independent(*term.free_symbols, as_Add=False)
    if not number.is_number:  # an undefined function of a constant
        return 1.0, term
    return float(number), rest


def tidied(expression: Expr) -> Expr:
    """Move constants outwards, from the innermost argument on.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> tidied((2.0 * x - 2.0) ** 2 / 4.0 + sympy.Float(0.5))
    (x - 1.0)**2 + 0.5
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
    return _scaled(coefficient, rest)


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
    pairs = [split(term) for term in Add.make_args(base)]
    coefficients = [c for c, _ in pairs]
    largest = max(map(abs, coefficients))
    options = [c for c, rest in pairs if abs(c) > 1e-6 * largest and not rest.is_number]
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


def grouped(expression: Expr) -> Expr:
    """Factor what belongs together in sums, and multiply square roots together.

    Examples
    --------
    >>> a, b, c, d = sympy.symbols("a b c d")
    >>> grouped(sympy.sqrt(a**2 - 2 * a * b + b**2 + c**2 + 2 * c * d + d**2))
    sqrt((a - b)**2 + (c + d)**2)
    """
    if not expression.args:
        return expression
    made = expression.func(*[grouped(argument) for argument in expression.args])
    if isinstance(made, Add):
        return Add(*[_shorter(Add(*part)) for part in _components(made)])
    if isinstance(made, Mul):
        return _joined(made)
    return made


def _components(total: Add) -> list[list[Expr]]:
    """Terms of a sum that share variables, directly or through others."""
    parts: list[tuple[set[Expr], list[Expr]]] = []
    for term in total.args:
        symbols, together = set(term.free_symbols), [term]
        apart = []
        for own, terms in parts:
            if own & symbols:
                symbols, together = symbols | own, terms + together
            else:
                apart.append((own, terms))
        parts = [*apart, (symbols, together)]
    return [terms for _, terms in parts]


def _shorter(total: Expr) -> Expr:
    """Factor a short polynomial where that makes it shorter."""
    symbols = total.free_symbols
    if not isinstance(total, Add) or len(total.args) > 12 or not total.is_polynomial(*symbols):
        return total
    factored = sympy.factor(total)
    return factored if sympy.count_ops(factored) < sympy.count_ops(total) else total


def _joined(product: Expr) -> Expr:
    """Take an exact number under the square root that it multiplies."""
    coefficient, rest = product.as_independent(*product.free_symbols, as_Add=False)
    if not (isinstance(rest, Pow) and rest.exp == sympy.Rational(1, 2)):
        return product
    square = coefficient**2
    if coefficient.is_Rational or not square.is_Rational:
        return product
    inner = grouped(sympy.expand(square * rest.base, deep=False))
    return sympy.sign(coefficient) * sympy.sqrt(inner)


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
