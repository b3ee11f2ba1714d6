"""Replace floating point constants of a formula by exact ones that leave the function alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Float, Symbol

from kanpde.errors import UnsupportedError
from kanpde.interpret.formula._constants import recognise
from kanpde.pde import Evaluator

STEP = 1e-6
MOST_CONSTANTS = 200


@dataclass
class _Constants:
    """A formula whose constants are symbols, as a function of points and constants."""

    body: Expr
    names: list[Symbol]
    values: list[Expr]
    evaluate: Evaluator
    columns: Sequence[np.ndarray]

    def at(self, values: Sequence[Any]) -> np.ndarray:
        with np.errstate(all="ignore"):
            found = self.evaluate(*self.columns, *[float(v) for v in values])
        return np.broadcast_to(found, self.columns[0].shape)


def rounded(
    expression: Expr,
    symbols: Sequence[Symbol],
    points: np.ndarray,  # (N, d)
    *,
    tolerance: float,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Expr:
    """Round constants to recognised ones while the function at `points` stays the same.

    Parameters
    ----------
    expression
        A formula in `symbols` with floating point constants.
    symbols
        Its variables.
    points
        Where the change is measured.
    tolerance
        Largest root mean square change, absolute.
    functions
        Numerical implementations of undefined functions, by name.

    Returns
    -------
    Expr
        The formula with exact constants where there are any; others stay floating point.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> points = np.linspace(-1, 1, 20)[:, None]
    >>> rounded(sympy.sin(3.1415926535898 * x), [x], points, tolerance=1e-10)
    sin(pi*x)
    """
    constants = _constants(expression, symbols, points, dict(functions or {}))
    if constants is None:
        return expression
    values = [float(v) for v in constants.values]
    base = constants.at(values)
    if not np.isfinite(base).all():
        return expression
    chosen: list[Expr] = list(constants.values)
    reach = [_reach(constants, values, base, k, tolerance) for k in range(len(values))]
    for k in sorted(range(len(values)), key=lambda k: reach[k] / max(abs(values[k]), 1e-300)):
        for candidate in recognise(values[k], reach[k]):
            trial = [*chosen[:k], candidate, *chosen[k + 1 :]]
            if _change(constants.at(trial), base) <= tolerance:
                chosen = trial
                break
    return constants.body.xreplace(dict(zip(constants.names, chosen, strict=True)))


def _constants(
    expression: Expr,
    symbols: Sequence[Symbol],
    points: np.ndarray,
    functions: dict[str, Callable[..., Any]],
) -> _Constants | None:
    names: list[Symbol] = []
    values: list[Expr] = []

    def named(part: Expr) -> Expr:
        if isinstance(part, Float):
            names.append(sympy.Dummy(f"p{len(names)}", real=True))
            values.append(part)
            return names[-1]
        if not part.args:
            return part
        with sympy.evaluate(False):
            return part.func(*[named(argument) for argument in part.args])

    body = named(expression)
    if not names or len(names) > MOST_CONSTANTS:
        return None
    try:
        evaluate = Evaluator(body, [*symbols, *names], functions)
    except UnsupportedError:  # an infinite or complex number
        return None
    columns = [np.asarray(column, dtype=float) for column in points.T]
    return _Constants(body, names, values, evaluate, columns)


def _change(found: np.ndarray, base: np.ndarray) -> float:
    if not np.isfinite(found).all():
        return float("inf")
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean((found - base) ** 2)))


def _reach(
    constants: _Constants, values: list[float], base: np.ndarray, k: int, tolerance: float
) -> float:
    """How far a constant may move until the function changes by the tolerance."""
    value = values[k]
    step = STEP * abs(value) if value else STEP
    slope = 0.0
    for moved in (value + step, value - step):
        change = _change(constants.at([*values[:k], moved, *values[k + 1 :]]), base)
        if np.isfinite(change):
            slope = max(slope, change / step)
    own = tolerance / slope if slope > 0 else abs(value)
    if _change(constants.at([*values[:k], 0.0, *values[k + 1 :]]), base) <= tolerance:
        own = max(own, abs(value))
    return own
