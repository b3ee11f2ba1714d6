"""Checks of the numbers, symbols and arrays that come in at the doors."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry._samplers import Array
from kanpde.ground import _check
from kanpde.ground._names import identifier

_LARGEST_LATTICE = 50_000_000


def real_number(name: str, value: object) -> float:
    """Return a finite float from a number or a sympy number such as ``2*pi``.

    Raises
    ------
    InputError
        If `value` is not a finite real number.

    Examples
    --------
    >>> real_number("radius", sympy.Rational(1, 4))
    0.25
    """
    known = isinstance(value, numbers.Real | np.integer | np.floating) and not isinstance(
        value, bool | np.bool_
    )
    constant = (
        isinstance(value, sympy.Expr)
        and bool(value.is_number)
        and value.is_extended_real is not False
    )
    if not (known or constant):
        raise InputError(
            f"{name}: expected a real number, got {type(value).__name__} {value!r}; "
            "write a number or a sympy constant such as 2*pi"
        )
    try:
        result = float(value)  # type: ignore[arg-type]  # a number by now
    except (TypeError, OverflowError):
        result = math.nan
    if not math.isfinite(result):
        raise InputError(f"{name}: expected a finite real number, got {value}; give a finite one")
    return result + 0.0  # -0.0 would name a face "x=-0"


def exact_number(value: float) -> sympy.Expr:
    """Make an exact rational of a simple float, else keep the float.

    Examples
    --------
    >>> exact_number(0.25), exact_number(0.1)
    (1/4, 1/10)
    """
    rational = sympy.nsimplify(value, rational=True)
    simple = isinstance(rational, sympy.Rational) and abs(rational.q) <= 10**6
    return rational if simple and float(rational) == value else sympy.Float(value, 17)


def coordinate(name: str, value: object) -> sympy.Symbol:
    """Return `value` if it is a sympy symbol whose name is an identifier.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> coordinate("Interval", sympy.Symbol("x"))
    x
    """
    if not isinstance(value, sympy.Symbol):
        raise InputError(
            f"{name}: expected a coordinate (a sympy Symbol), "
            f"got {type(value).__name__} {value!r}; "
            'make one with x, t = kanpde.coordinates("x t")'
        )
    identifier(name, value.name)
    return value


def symbols(kind: str, values: object, count: int) -> tuple[sympy.Symbol, ...]:
    """Return `count` different symbols.

    Raises
    ------
    InputError
        If they are anything else.

    Examples
    --------
    >>> symbols("Ellipse", sympy.symbols("x y"), 2)
    (x, y)
    """
    if not isinstance(values, tuple | list) or len(values) != count:
        word = {2: "two", 3: "three"}.get(count, str(count))
        raise InputError(f"{kind}: expected a tuple of {word} coordinates, got {values!r}")
    found = tuple(coordinate(kind, c) for c in values)
    distinct(kind, found)
    return found


def vector(name: str, values: object, d: int) -> Array:
    """Return `d` finite numbers as an array.

    Raises
    ------
    InputError
        If they are anything else.

    Examples
    --------
    >>> vector("center", (1, sympy.Rational(1, 2)), 2).tolist()
    [1.0, 0.5]
    """
    entries = list(values) if isinstance(values, tuple | list | np.ndarray) else [values]
    if len(entries) != d:
        raise InputError(f"{name}: expected {d} numbers, got {len(entries)}: {values!r:.80}")
    return np.array([real_number(name, v) for v in entries])


def positive(name: str, value: object) -> float:
    """Return a positive finite float.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> positive("radius", 2)
    2.0
    """
    number = real_number(name, value)
    if number <= 0:
        raise InputError(f"{name}: expected a positive number, got {number:.17g}")
    return number


def distinct(name: str, symbols: Sequence[sympy.Symbol]) -> None:
    """Raise `InputError` if two coordinates have the same name."""
    names = [str(s) for s in symbols]
    for s in names:
        if names.count(s) > 1:
            raise InputError(
                f"{name}: expected different coordinates, got {s} twice in ({', '.join(names)}); "
                "give every factor a coordinate of its own"
            )


def bounds(name: str, lower: object, upper: object) -> tuple[float, float]:
    """Return two finite floats, the first less than the second.

    Raises
    ------
    InputError
        If one is not a finite real number or they are not increasing.

    Examples
    --------
    >>> bounds("Interval(x)", 0, 1)
    (0.0, 1.0)
    """
    a = real_number(f"{name} lower bound", lower)
    b = real_number(f"{name} upper bound", upper)
    if not a < b:
        fix = "the interval is empty" if a == b else "swap the bounds"
        raise InputError(f"{name}: expected lower < upper, got {a:.17g} and {b:.17g}; {fix}")
    if not math.isfinite(b - a):
        raise InputError(f"{name}: expected a length that a float can hold, got {a} to {b}")
    return a, b


def checked_points(points: Array, d: int) -> Array:
    """Return `points` as floats of shape ``(N, d)`` or raise `ShapeError`."""
    array = np.asarray(points, dtype=np.float64)
    _check.shape("points", array, (None, d))
    return array


def box_contains(points: Array, lower: Array, upper: Array) -> NDArray[np.bool_]:
    """Tell which points lie in a box, 1e-12 of the coordinates' size aside."""
    slack = 1e-12 * np.maximum(np.abs(lower), np.abs(upper))
    inside = (points >= lower - slack) & (points <= upper + slack)
    return np.asarray(inside.all(axis=1), dtype=np.bool_)


def lattice_counts(shape: int | Sequence[int], d: int) -> list[int]:
    """Return the lattice points per axis or raise `InputError`."""
    counts = [shape] * d if isinstance(shape, int | np.integer) else list(shape)
    whole = all(isinstance(m, int | np.integer) and not isinstance(m, bool) for m in counts)
    if len(counts) != d or not whole or min(counts) < 1:
        raise InputError(f"shape: expected {d} whole numbers >= 1 (or one for all), got {shape!r}")
    # Python integers: 2**100 lattice points must not overflow to zero.
    total = 1
    for m in counts:
        total *= int(m)
    if total > _LARGEST_LATTICE:
        raise InputError(
            f"shape: expected at most {_LARGEST_LATTICE} lattice points, got {total:.3g}; "
            "use interior(n, sampler='sobol') in high dimension"
        )
    return [int(m) for m in counts]


def pair(values: Array) -> str:
    """Show a point of the plane.

    Examples
    --------
    >>> pair(np.array([0.5, 1.0]))
    '(0.5, 1)'
    """
    return f"({', '.join(f'{v:.6g}' for v in values)})"
