"""Put a formula into what the problem claims: by sympy to zero, by numbers on fresh points."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import UnsupportedError
from kanpde.interpret.formula._constants import recognise
from kanpde.nets import MLP, Network
from kanpde.pde import Evaluator
from kanpde.problem import normal
from kanpde.residual import INTERFACE, INTERIOR, PAIR, POINTS, Claim, Place, ProblemView, Rows
from kanpde.trial import Frame, Trial

DIGITS = 40
ROUND_OFF = sympy.Float(10) ** (12 - DIGITS)
PROBES = (sympy.Rational(37, 101), sympy.Rational(71, 113), sympy.Rational(23, 89))
NEAR = 1e-6  # residual above which no proof is tried
BY_POINTS = 1e-12  # residual, relative to its terms, that passes where only points can tell
Array = NDArray[np.float64]
Exactly = Callable[[Expr], Expr]


@dataclass(frozen=True)
class Verdict:
    """How well a formula meets what a problem claims.

    Attributes
    ----------
    exact : bool
        Whether every equation and condition simplifies to zero.
    proven : dict
        Per equation and condition whether sympy simplified it to zero; ``None`` where only
        points can tell (measured data, means, curved boundaries).
    residuals : dict
        Largest absolute residual of each on fresh points.
    measured : tuple of str
        Those that are measured data, which no formula need meet.
    """

    exact: bool
    proven: dict[str, bool | None]
    residuals: dict[str, float]
    measured: tuple[str, ...] = ()

    @property
    def worst(self) -> float:
        """Largest residual of all equations and conditions, measured data left out."""
        firm = [r for n, r in self.residuals.items() if n not in self.measured]
        return max(firm, default=0.0)


def verify(
    view: ProblemView, formulas: Sequence[Expr], like: Trial, *, exactly: Exactly = lambda e: e
) -> Verdict:
    """Check formulas of all unknowns against equations and conditions.

    Parameters
    ----------
    view
        The problem.
    formulas
        One expression in the coordinates per unknown.
    like
        A trial that holds the values of unknown constants.
    exactly
        Turns floating numbers of the equations into the exact ones that they stand for.

    Returns
    -------
    Verdict
        What simplified to zero, and the largest residuals.
    """
    residuals = residuals_of(view, formula_trial(view, formulas, like))
    values = like.constant_values()
    constants = {c: exactly(sympy.Float(values[c.name], 17)) for c in view.constants}
    proven: dict[str, bool | None] = {}
    for claim in view.claims:
        names, small = claim.terms.names, all(residuals[n] < NEAR for n in claim.terms.names)
        found: list[bool | None] = [False] * len(names)
        if small or claim.places is None:
            found = _prove(view, claim, formulas, constants, exactly)
        for name, one in zip(names, found, strict=True):
            before = proven.get(name, True)
            known = None if one is None or before is None else True
            proven[name] = False if before is False or one is False else known
    measured = {n for c in view.claims if c.terms.where == POINTS for n in c.terms.names}
    sure = all(p for p in proven.values() if p is not None)
    open_ones = [n for n, p in proven.items() if p is None and n not in measured]
    sizes = term_sizes(view, formulas, values) if open_ones else {}
    rest = all(residuals[n] <= BY_POINTS * sizes.get(n, 1.0) for n in open_ones)
    return Verdict(bool(proven) and sure and rest, proven, residuals, tuple(sorted(measured)))


def plain_trial(
    view: ProblemView,
    network: Network,
    like: Trial,
    *,
    box: tuple[Sequence[float], Sequence[float]] | None = None,
    formulas: Sequence[Expr] | None = None,
) -> Trial:
    """Make a trial without ansatz around a network, with the unknown constants of another.

    Parameters
    ----------
    view
        The problem.
    network
        Its inputs are the coordinates, mapped to [-1, 1] by the box.
    like
        Where the unknown constants are.
    box
        Lower and upper bounds; those of the domain if not given.
    formulas
        What the network's outputs are multiplied by zero and added to.
    """
    low, high = box or (view.domain.lower, view.domain.upper)
    m = len(view.unknowns)
    frame = Frame(
        coordinates=view.coordinates,
        lower=tuple(map(float, low)),
        upper=tuple(map(float, high)),
        periodic=(),
        g=(sympy.Integer(0),) * m if formulas is None else tuple(formulas),
        d=(sympy.Integer(formulas is None),) * m,
        scales=(1.0,) * m,
    )
    start = list(like.constant_values().values())
    return Trial(frame, network, constants=like.constants, start=start)


def formula_trial(view: ProblemView, formulas: Sequence[Expr], like: Trial) -> Trial:
    """Make the trial function that is given by formulas."""
    network = MLP([view.dimension, len(view.unknowns)]).double()
    return plain_trial(view, network, like, formulas=formulas)


def residuals_of(view: ProblemView, trial: Trial) -> dict[str, float]:
    """Largest absolute residual of every equation and condition on fresh points."""
    found: dict[str, float] = {}
    for claim in view.claims:
        rows = Rows(trial, [(claim.terms, claim.drawn)])
        for name, r in zip(claim.terms.names, rows.residuals(scaled=False)[0], strict=True):
            worst = float(r.abs().max()) if len(r) else 0.0
            if math.isnan(worst):  # the formula is not defined there
                worst = math.inf
            found[name] = max(found.get(name, 0.0), worst)
    return found


def term_sizes(
    view: ProblemView, formulas: Sequence[Expr], constants: Mapping[str, float]
) -> dict[str, float]:
    """Size that the terms of every equation and condition have with formulas put in.

    The largest sum of absolute values on the fresh points, which a residual is to be compared
    with; of a condition at least the size of the formulas themselves. Claims that hold
    integrals have no entry.

    Parameters
    ----------
    view
        The problem.
    formulas
        One expression in the coordinates per unknown.
    constants
        Values of unknown constants by name.
    """
    whole = max(
        (_largest(f, view, c.drawn.points) for f in formulas for c in view.claims), default=0.0
    )
    numbers = {c: sympy.Float(constants[c.name], 17) for c in view.constants}
    found: dict[str, float] = {}
    for claim in view.claims:
        if claim.terms.functionals or claim.terms.where in {INTERFACE, POINTS}:
            continue
        least = 0.0 if claim.terms.where == INTERIOR else whole
        expressions = claim.expressions(view.coordinates, view.unknowns, view.constants)
        for name, expression in zip(claim.terms.names, expressions, strict=True):
            bound = _bound(expression, view.unknowns, formulas).xreplace(numbers)
            bound = bound.subs({s: 1 for s in bound.free_symbols - set(view.coordinates)})
            size = _largest(bound, view, claim.drawn.points)
            found[name] = max(found.get(name, least), size)
    return found


def _bound(expression: Expr, unknowns: Sequence[AppliedUndef], formulas: Sequence[Expr]) -> Expr:
    """Put formulas in and make every term positive, so that none cancels another."""
    if isinstance(expression, sympy.Add | sympy.Mul):
        return expression.func(*[_bound(e, unknowns, formulas) for e in expression.args])
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer and expression.exp > 0:
        return _bound(expression.base, unknowns, formulas) ** expression.exp
    return sympy.Abs(_insert(expression, unknowns, formulas))


def _largest(expression: Expr, view: ProblemView, points: Array) -> float:
    """Largest absolute value at points, where there is one."""
    try:
        evaluate = Evaluator(expression, view.coordinates)
    except UnsupportedError:  # infinite, complex, or a distribution
        return 0.0
    values = np.abs(evaluate(*points.T))
    return float(np.max(values, where=np.isfinite(values), initial=0.0))


def exact_numbers(expression: Expr) -> Expr:
    """Replace floating numbers by the exact ones that they stand for.

    A float is taken for a simple fraction, a multiple of pi or a root where all its digits
    agree, else for the decimal number that it prints as.

    Examples
    --------
    >>> exact_numbers(sympy.Float(0.1) * sympy.Float(9.869604401089358))
    pi**2/10
    """
    exact: dict[Expr, Expr] = {}
    for number in expression.atoms(sympy.Float):
        value = float(number)
        near = recognise(value, 4e-16 * abs(value))
        exact[number] = near[0] if near else sympy.Rational(repr(value))
    return expression.xreplace(exact)


def _prove(
    view: ProblemView,
    claim: Claim,
    formulas: Sequence[Expr],
    constants: Mapping[Symbol, Expr],
    exactly: Exactly,
) -> list[bool | None]:
    if claim.places is None:
        return [None] * len(claim.terms.names)
    expressions = claim.expressions(view.coordinates, view.unknowns, view.constants)
    found: list[bool | None] = []
    for expression in expressions:
        put = _insert(expression, view.unknowns, formulas).xreplace(dict(constants))
        values = [_at(put, view.coordinates, place, exactly) for place in claim.places]
        if claim.terms.where == PAIR:
            values = [values[1] - values[0]]
        found.append(all(vanishes(exactly(v)) for v in values))
    return found


def _insert(expression: Expr, unknowns: Sequence[AppliedUndef], formulas: Sequence[Expr]) -> Expr:
    return expression.subs(dict(zip(unknowns, formulas, strict=True))).doit()


def _at(expression: Expr, coordinates: Sequence[Symbol], place: Place, exactly: Exactly) -> Expr:
    sides = {normal(coordinates[k]): s for k, s in place.normal}
    sides |= {normal(x): 0 for x in coordinates if normal(x) not in sides}
    fixed = {coordinates[k]: exactly(sympy.Float(v, 17)) for k, v in place.at}
    return expression.xreplace(sides).subs(fixed)


def vanishes(expression: Expr) -> bool:
    """Tell whether sympy simplifies an expression to zero.

    Numbers decide first: where forty digits differ from zero no simplification is tried.

    Examples
    --------
    >>> x = Symbol("x", real=True)
    >>> vanishes(sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1), vanishes(sympy.sin(x))
    (True, False)
    """
    if expression == 0:
        return True
    if not _zero_by_numbers(expression):
        return False
    length = expression.count_ops()
    return any(length <= longest and way(expression) == 0 for way, longest in _WAYS)


def _exponentials(expression: Expr) -> Expr:
    return sympy.expand(sympy.expand(expression.rewrite(sympy.exp)), power_exp=True)


# Ways to zero, and the length of an expression up to which each is tried.
_WAYS: tuple[tuple[Callable[[Expr], Expr], int], ...] = (
    (sympy.expand, 5000),
    (_exponentials, 5000),
    (lambda e: sympy.numer(sympy.together(_exponentials(e))).expand(), 1000),
    (sympy.trigsimp, 300),
    (sympy.simplify, 300),
    (lambda e: sympy.simplify(_exponentials(e)), 300),
)


def _zero_by_numbers(expression: Expr) -> bool:
    symbols = sorted(expression.free_symbols, key=str)
    for shift in range(3):
        point = {x: PROBES[(k + shift) % 3] + k for k, x in enumerate(symbols)}
        value = expression.subs(point)
        parts = [abs(sympy.N(t.subs(point), 15)) for t in sympy.Add.make_args(expression)]
        size = sympy.Add(1, *parts)
        number = sympy.N(value, DIGITS)
        if not number.is_number or not number.is_finite or not size.is_finite:
            return False
        if not abs(number) <= ROUND_OFF * size:
            return False
    return True
