"""Parts that a problem is made of: equations, unknown constants, and mappings of them, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Symbol

from kanpde.errors import InputError
from kanpde.ground._names import identifier
from kanpde.pde import normalised
from kanpde.problem.conditions._base import Condition


@dataclass(frozen=True)
class Equation:
    """An equation ``expression = 0``, in the whole domain or on a part of it.

    Parameters
    ----------
    expression
        Sympy expression that vanishes, or ``sympy.Eq``.
    on
        ``None``, a relation of the coordinates such as ``x < 0``, or a predicate of points.
    """

    expression: Any
    on: Any = None

    def __post_init__(self) -> None:
        value = self.expression
        if isinstance(value, sympy.Equality):
            value = value.lhs - value.rhs
        if not isinstance(value, Expr):
            raise InputError(
                "equation: expected a sympy expression (= 0) or sympy.Eq, got "
                f"{type(self.expression).__name__}"
            )
        object.__setattr__(self, "expression", normalised(value))


@dataclass(frozen=True)
class Constant:
    """An unknown constant: where the search starts, what it may be, its natural size.

    Parameters
    ----------
    start
        First guess.
    bounds
        Lower and upper bound, ``None`` for open.
    scale
        Natural size; the search sees the constant in this unit. ``None`` takes
        the start's magnitude.
    exact
        True value, a number of sympy or Python; only ever used to measure.

    Examples
    --------
    >>> Constant(1.0, bounds=(0, None)).bounds
    (0.0, inf)
    """

    start: float = 1.0
    bounds: tuple[float | None, float | None] = (None, None)
    scale: float | None = None
    exact: float | None = None

    def __post_init__(self) -> None:
        low = -math.inf if self.bounds[0] is None else float(self.bounds[0])
        high = math.inf if self.bounds[1] is None else float(self.bounds[1])
        if not low < high:
            raise InputError(f"Constant bounds: expected lower < upper, got ({low}, {high})")
        if not low <= self.start <= high:
            raise InputError(
                f"Constant start: expected a value inside ({low}, {high}), got {self.start}"
            )
        scale = self.scale if self.scale is not None else (abs(self.start) or 1.0)
        if not scale > 0:
            raise InputError(f"Constant scale: expected a positive number, got {self.scale}")
        if self.exact is not None:
            exact = truth_expression("Constant exact", self.exact)
            if not (exact.is_number and exact.is_real and exact.is_finite):
                raise InputError(f"Constant exact: expected a real number, got {self.exact!r}")
            object.__setattr__(self, "exact", float(exact))
        object.__setattr__(self, "bounds", (low, high))
        object.__setattr__(self, "start", float(self.start))
        object.__setattr__(self, "scale", float(scale))


def truth_expression(name: str, value: Any) -> Expr:
    try:
        result = sympy.sympify(value, strict=True)
    except sympy.SympifyError:
        result = None
    if not isinstance(result, Expr):
        raise InputError(
            f"{name}: expected a sympy expression or a number, got {type(value).__name__}"
        )
    return result


def named_equations(given: Any) -> dict[str, Equation]:
    if not isinstance(given, Mapping):
        given = {"equation": given}
    if not given:
        raise InputError("equations: expected at least one, got an empty mapping")
    return {
        str(name): value if isinstance(value, Equation) else Equation(value)
        for name, value in given.items()
    }


def named_conditions(given: Mapping[str, Condition] | None) -> dict[str, Condition]:
    given = given or {}
    if not isinstance(given, Mapping):
        raise InputError(
            "conditions: expected a mapping {name: condition}, got "
            f"{type(given).__name__}; give every condition a name"
        )
    for name, condition in given.items():
        if not isinstance(condition, Condition):
            raise InputError(
                f"conditions[{name!r}]: expected Dirichlet, Neumann, Robin, Operator, Periodic, "
                f"Initial, PointData, MeanValue or Constraint, got {type(condition).__name__}"
            )
    return {str(name): condition for name, condition in given.items()}


def named_constants(given: Mapping[Symbol, Constant] | None) -> dict[Symbol, Constant]:
    result = {}
    for symbol, constant in (given or {}).items():
        if not isinstance(symbol, Symbol):
            raise InputError(f"constants: expected a Symbol as key, got {symbol!r}")
        identifier("constants", symbol.name)
        if not isinstance(constant, Constant):
            raise InputError(
                f"constants[{symbol}]: expected Constant(start, bounds, scale), "
                f"got {type(constant).__name__}"
            )
        result[symbol] = constant
    return result
