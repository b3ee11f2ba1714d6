"""Numbers that formulas are made of: integers, fractions, multiples of pi, square roots."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import sympy
from sympy import Expr

MOST_DIGITS = 15
LARGEST = 1e9
DECIMALS = 6
DECIMAL_COST = 1.0
ROOT_COST = 1.5
IRRATIONAL_DIGITS = 3.5  # of numerator and denominator beside pi, e or a root
SPARE = 3.0  # digits that a match must have beyond what chance explains


@lru_cache(maxsize=1)
def _units() -> tuple[tuple[Expr, float, float], ...]:
    """Irrational factors: expression, value, and the digits they cost."""
    pi, e = sympy.pi, sympy.E
    roots = [(sympy.sqrt(n), 0.8 if n < 4 else 1.2) for n in (2, 3, 5, 6, 7, 10)]
    rows = [
        (sympy.Integer(1), 0.0),
        (pi, 0.4),
        (1 / pi, 0.9),
        (pi**2, 0.7),
        (1 / pi**2, 1.4),
        (pi**3, 1.4),
        (pi**4, 1.4),
        (sympy.sqrt(pi), 1.2),
        (1 / sympy.sqrt(pi), 1.2),
        (sympy.sqrt(2 * pi), 1.4),
        (1 / sympy.sqrt(2 * pi), 1.4),
        (pi * sympy.sqrt(2), 1.4),
        (sympy.sqrt(2) / pi, 1.6),
        (e, 0.9),
        (1 / e, 1.0),
        (e**2, 1.3),
        (1 / e**2, 1.3),
        (sympy.log(2), 1.0),
        (sympy.log(3), 1.3),
        *roots,
    ]
    return tuple((unit, float(unit), cost) for unit, cost in rows)


def recognise(
    value: float,
    tolerance: float,
    *,
    largest_denominator: int = 1000,
) -> list[Expr]:
    """List exact constants within `tolerance` of a number, simplest first.

    A constant counts only where the agreement could not be chance: the more digits its
    numerator, denominator and irrational factor have, the more digits must agree.

    Parameters
    ----------
    value
        A finite number.
    tolerance
        Largest distance, absolute.
    largest_denominator
        Limit of fractions.

    Returns
    -------
    list of Expr
        Possibly empty. 0 is the first where it lies within the tolerance.

    Examples
    --------
    >>> recognise(3.14159265358, 1e-9)[0], recognise(-0.70710678, 1e-7)[0]
    (pi, -sqrt(2)/2)
    >>> recognise(0.7362, 1e-4)
    []
    """
    if not math.isfinite(value) or abs(value) > LARGEST:
        return []
    relative = max(tolerance / abs(value) if value else 1.0, 10.0**-MOST_DIGITS)
    digits = max(-math.log10(relative), SPARE)
    found: list[tuple[float, Expr]] = []
    if abs(value) <= tolerance:
        found.append((-1.0, sympy.Integer(0)))
    for candidates in (
        *(_multiples(value, unit, largest_denominator) for unit in _units()),
        _roots(value, largest_denominator),
        _decimals(value),
    ):
        for spent, near, made in candidates:
            if spent + SPARE > digits:
                break
            if abs(near - value) <= tolerance:
                found.append((spent, made()))
                break
    found.sort(key=lambda pair: pair[0])
    return [constant for _, constant in found]


Candidate = tuple[float, float, Callable[[], Expr]]  # digits spent, value, constant


def _multiples(value: float, unit: tuple[Expr, float, float], largest: int) -> Iterator[Candidate]:
    """Fractions of a factor, with the digits they spend and their values."""
    factor, size, cost = unit
    for numerator, denominator in _fractions(value / size, largest):
        spent = math.log10(abs(numerator)) + math.log10(denominator)
        if cost and spent > IRRATIONAL_DIGITS:
            return
        near = numerator / denominator * size
        fraction = numerator, denominator
        yield cost + spent, near, partial(_multiple, factor, fraction)


def _roots(value: float, largest: int) -> Iterator[Candidate]:
    """Square roots of fractions."""
    for numerator, denominator in _fractions(value**2, largest):
        near = math.copysign(math.sqrt(numerator / denominator), value)
        spent = ROOT_COST + math.log10(numerator) + math.log10(denominator)
        yield spent, near, partial(_root, (numerator, denominator), -1 if value < 0 else 1)


def _decimals(value: float) -> Iterator[Candidate]:
    """Decimal fractions of few digits."""
    for places in range(2, DECIMALS + 1):
        whole = round(value * 10**places)
        spent = DECIMAL_COST + math.log10(max(abs(whole), 1))
        yield spent, whole / 10**places, partial(sympy.Rational, whole, 10**places)


def _multiple(factor: Expr, fraction: tuple[int, int]) -> Expr:
    return factor * sympy.Rational(*fraction)


def _root(fraction: tuple[int, int], sign: int) -> Expr:
    return sign * sympy.sqrt(sympy.Rational(*fraction))


def _fractions(value: float, largest: int) -> Iterator[tuple[int, int]]:
    """Convergents of the continued fraction, by increasing denominator."""
    sign, rest = (-1 if value < 0 else 1), abs(value)
    before, now = (0, 1), (1, 0)
    for _ in range(20):
        whole = math.floor(rest + 1e-12)
        before, now = now, (whole * now[0] + before[0], whole * now[1] + before[1])
        if now[1] > largest:
            return
        if now[0]:
            yield sign * now[0], now[1]
        rest -= whole
        if rest <= 1e-12:
            return
        rest = 1 / rest
