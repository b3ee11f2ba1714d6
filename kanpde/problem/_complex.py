"""Complex-valued problems as real ones: every equation and condition becomes two."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.pde import complex_unknowns, parts_of, scalar, split_complex
from kanpde.problem.conditions._base import Condition, real_and_imaginary

Array = NDArray[np.float64]
Pair = tuple[AppliedUndef, AppliedUndef]
T = TypeVar("T")
NAMES = ("re", "im")


def split_equations(equations: Mapping[str, Any]) -> dict[str, Any]:
    """Give the real equations of complex ones, the same for real ones.

    Parameters
    ----------
    equations
        Records with a field ``expression``.

    Raises
    ------
    InputError
        If an equation of real unknowns alone is complex.
    """
    found: dict[str, Any] = {}
    for name, equation in equations.items():
        for label, part in _parts(f"equations[{name!r}]", name, equation.expression):
            found[label] = (
                equation
                if part is equation.expression
                else dataclasses.replace(equation, expression=part)
            )
    return found


def split_conditions(
    conditions: Mapping[str, Condition], space: tuple[Symbol, ...]
) -> dict[str, Condition]:
    """Give the real conditions of complex ones, the same for real ones.

    Raises
    ------
    InputError
        If a condition on real unknowns alone is complex.
    """
    found: dict[str, Condition] = {}
    for name, condition in conditions.items():
        where = f"conditions[{name!r}]"
        if not any(map(complex_unknowns, condition.unknowns)):
            _check_real(where, condition)
            found[name] = condition
            continue
        made = condition.split(space)
        if made is None:
            raise InputError(
                f"{where}: {condition.kind} expects a real unknown, got {condition.unknown}; "
                "write it as an Operator"
            )
        found |= _labelled(name, made)
    return found


def _parts(where: str, name: str, expression: Expr) -> Iterator[tuple[str, Expr]]:
    """Name the parts of an expression that do not vanish."""
    if not complex_unknowns(expression):
        if expression.has(sympy.I) and split_complex(expression)[1] != 0:
            raise InputError(_only_real(where, expression))
        yield name, expression
        return
    parts = [part if part != 0 else None for part in split_complex(expression)]
    yield from _labelled(name, parts).items()


def _labelled(name: str, parts: Iterable[T | None]) -> dict[str, T]:
    """Name real and imaginary part, or the one of them that says something."""
    kept = [(n, part) for n, part in zip(NAMES, parts, strict=True) if part is not None]
    return {(name if len(kept) == 1 else f"{name} ({n})"): part for n, part in kept}


def _only_real(where: str, found: Any) -> str:
    return (
        f"{where}: expected real values for real unknowns, got the complex {found}; "
        "make the unknown with unknown(..., complex=True)"
    )


def _check_real(where: str, condition: Condition) -> None:
    for field in dataclasses.fields(condition):
        value = getattr(condition, field.name)
        if isinstance(value, Expr) and value.has(sympy.I) and split_complex(value)[1] != 0:
            raise InputError(_only_real(where, value))


def split_exact(exact: Mapping[AppliedUndef, Any] | None) -> dict[AppliedUndef, Any]:
    """Put closed forms of real and imaginary part in the place of complex ones."""
    found: dict[AppliedUndef, Any] = {}
    for u, value in (exact or {}).items():
        if complex_unknowns(u):
            found.update(
                zip(parts_of(u), real_and_imaginary(scalar(f"exact[{u}]", value)), strict=True)
            )
        else:
            found[u] = value
    return found


@dataclass(eq=False)
class _Shared:
    """A complex reference that is asked once for both parts."""

    function: Callable[[Array], Any]
    points: Array | None = None
    values: Any = None

    def __call__(self, points: Array) -> Any:
        if self.points is None or not np.array_equal(self.points, points):
            self.values, self.points = np.asarray(self.function(points)), np.array(points)
        return self.values


@dataclass(frozen=True)
class PartOfReference:
    """Real or imaginary part of a complex reference."""

    whole: _Shared
    imaginary: bool

    def __call__(self, points: Array) -> Array:
        """Values at points ``(N, d)``, ``(N,)``."""
        values = self.whole(points)
        return np.asarray(np.imag(values) if self.imaginary else np.real(values), dtype=float)


def split_reference(reference: Mapping[AppliedUndef, Any] | None) -> dict[AppliedUndef, Any]:
    """Put references of real and imaginary part in the place of complex ones."""
    found: dict[AppliedUndef, Any] = {}
    for u, function in (reference or {}).items():
        if complex_unknowns(u) and callable(function):
            whole = _Shared(function)
            for k, part in enumerate(parts_of(u)):
                found[part] = PartOfReference(whole, imaginary=bool(k))
        else:
            found[u] = function
    return found


def find_complex(
    equations: Mapping[str, Any], coordinates: tuple[Symbol, ...]
) -> dict[AppliedUndef, Pair]:
    """List the complex unknowns of equations with their parts."""
    named = {u for e in equations.values() for u in complex_unknowns(e.expression)}
    found = {u.func(*coordinates) for u in named if len(u.args) == len(coordinates)}
    return {u: parts_of(u) for u in sorted(found, key=str)}


def magnitudes(pairs: Mapping[str, tuple[int, int]], values: Array) -> dict[str, Array]:
    """Give ``{"abs(h)": |h|}`` of values ``(N, m)``; `pairs` say which columns belong together."""
    return {f"abs({n})": np.hypot(values[:, a], values[:, b]) for n, (a, b) in pairs.items()}


def columns_of(
    pairs: Mapping[AppliedUndef, Pair], unknowns: tuple[AppliedUndef, ...]
) -> dict[str, tuple[int, int]]:
    """Columns of real and imaginary part by name of a complex unknown."""
    return {
        str(h.func.__name__): (unknowns.index(a), unknowns.index(b)) for h, (a, b) in pairs.items()
    }
