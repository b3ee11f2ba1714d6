"""Mirror images that a problem is invariant under, found in sympy.

A problem on a box (times time) may go over into itself under ``x -> 2c - x``, c the middle
of an axis, when every unknown keeps or changes its sign. Then its solution does as well,
wherever it is unique. Nothing is taken from `exact` or `reference`.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from sympy import Dummy, Expr, Symbol

from kanpde.geometry import Box, ParameterInterval, TimeInterval
from kanpde.pde import is_linear, jets_in
from kanpde.problem._problem import Problem
from kanpde.problem.conditions._base import INITIAL, Affine

MOST_UNKNOWNS, MOST_COORDINATES = 4, 12
MOST_OPERATIONS, MOST_TO_SIMPLIFY = 4000, 400
LARGEST_DENOMINATOR = 24
EVEN, ODD = 1, -1


@dataclass(frozen=True)
class Mirror:
    """A mirror image that the problem is invariant under.

    Parameters
    ----------
    axis
        Column of the coordinate that is mirrored.
    center
        Where the mirror stands.
    parities
        Per unknown 1 (even) or -1 (odd).
    """

    axis: int
    center: float
    parities: tuple[int, ...]

    @property
    def odd(self) -> bool:
        """Whether every unknown changes its sign."""
        return all(p == ODD for p in self.parities)

    @property
    def even(self) -> bool:
        """Whether every unknown keeps its sign."""
        return all(p == EVEN for p in self.parities)


@dataclass(frozen=True)
class _Frame:
    """A problem seen from the middle of one axis: x = c + s before, c - s after."""

    problem: Problem
    axis: int
    center: Expr
    half: Expr
    s: Symbol

    @property
    def x(self) -> Symbol:
        """The coordinate that is mirrored."""
        return self.problem.coordinates[self.axis]

    def seen(self, expression: Any, sign: int, more: dict[Any, Any] | None = None) -> Expr:
        """Write an expression in s, floats as the exact numbers that they were meant to be."""
        named = {**(more or {}), self.x: self.center + sign * self.s}
        result = sympy.sympify(expression, strict=True).xreplace(named)
        floats = {f: _number(float(f)) for f in result.atoms(sympy.Float)}
        return sympy.expand(result.xreplace(floats))


def find(problem: Problem) -> tuple[Mirror, ...]:
    """Find the mirror images, at most one per spatial axis.

    Where more than one choice of parities fits, none is taken: the equations then do not
    tell which the solution has.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> walls = {"walls": Dirichlet(u, 0)}
    >>> find(Problem(Interval(x, 0, 2), {"ode": u.diff(x, 2) + x - 1}, walls))
    (Mirror(axis=0, center=1.0, parities=(-1,)),)
    >>> find(Problem(Interval(x, 0, 2), {"ode": u.diff(x, 2) + x}, walls))
    ()
    """
    if not _eligible(problem):
        return ()
    found = []
    for axis, x in enumerate(problem.coordinates):
        if x not in problem.space:
            continue
        low, high = (_number(float(b[axis])) for b in (problem.domain.lower, problem.domain.upper))
        frame = _Frame(problem, axis, (low + high) / 2, (high - low) / 2, Dummy("s", real=True))
        jets = _equation_jets(frame)
        choices = itertools.product((EVEN, ODD), repeat=len(problem.unknowns))
        fitting = [
            p for p in choices if _conditions_fit(frame, p) and _equations_fit(frame, jets, p)
        ]
        if len(fitting) == 1:
            found.append(Mirror(axis, float(frame.center), fitting[0]))
    return tuple(found)


def _eligible(problem: Problem) -> bool:
    """Whether mirror images make sense: boxes, equations everywhere, a unique solution.

    A linear problem with a mirror image always has a symmetric solution (the mean of one and
    its image); an evolution from initial data has one solution only. A nonlinear boundary
    value problem may have solutions less symmetric than itself.
    """
    factors = getattr(problem.domain, "factors", (problem.domain,))
    plain = all(isinstance(f, Box | ParameterInterval | TimeInterval) for f in factors)
    many = len(problem.unknowns) > MOST_UNKNOWNS or problem.dimension > MOST_COORDINATES
    if not plain or many:
        return False
    for equation in problem.equations.values():
        long = equation.expression.count_ops() > MOST_OPERATIONS
        if long or equation.on is not None or equation.expression.has(sympy.Integral):
            return False
    if any(c.affine(problem.domain) is None for c in problem.conditions.values()):
        return False
    constants = tuple(problem.constants)
    linear = all(
        is_linear(e.expression, problem.unknowns, constants) for e in problem.equations.values()
    )
    return linear or _evolves(problem)


def _evolves(problem: Problem) -> bool:
    """Whether every unknown starts from as many initial data as its order in time."""
    if problem.time is None:
        return False
    axis = problem.coordinates.index(problem.time)
    starts = [
        sum(c.where == INITIAL and c.unknown == u for c in problem.conditions.values())
        for u in problem.unknowns
    ]
    orders = [problem.orders(k)[axis] for k in range(len(problem.unknowns))]
    return starts == orders and any(orders)


def _number(value: float) -> Expr:
    """Return the number that a float was meant to be: a multiple of pi, or its shortest decimal."""
    if not math.isfinite(value):
        return sympy.Float(value)
    ratio = Fraction(value / math.pi).limit_denominator(LARGEST_DENOMINATOR)
    if ratio and float(ratio) * math.pi == value:
        return sympy.Rational(ratio.numerator, ratio.denominator) * sympy.pi
    return sympy.Rational(repr(value))


def _vanishes(expression: Expr) -> bool:
    """Whether an expanded expression is zero, proved by sympy."""
    if expression == 0:
        return True
    symbols = sorted(expression.free_symbols, key=lambda e: (e.name, str(e)))
    places = {e: sympy.Rational(7 * k + 3, 11 + 4 * k) / 3 for k, e in enumerate(symbols)}
    value = expression.evalf(15, subs=places)
    if value.is_finite is not True or not abs(value) < 1e-9:
        return False  # not zero there
    small = expression.count_ops() <= MOST_TO_SIMPLIFY
    return small and sympy.simplify(expression) == 0


def _equation_jets(frame: _Frame) -> list[tuple[Expr, dict[Any, tuple[Dummy, int, int]]]]:
    """Per equation: how it looks before, and its jets as (stand-in, unknown, order along x)."""
    found = []
    stand_ins: dict[Any, Dummy] = {}
    for equation in frame.problem.equations.values():
        atoms = jets_in(equation.expression, frame.problem.unknowns, frame.problem.coordinates)
        for atom in atoms:
            stand_ins.setdefault(atom, Dummy("jet", real=True))
        jets = {a: (stand_ins[a], k, alpha[frame.axis]) for a, (k, alpha) in atoms.items()}
        before = frame.seen(equation.expression, 1, {a: j[0] for a, j in jets.items()})
        found.append((before, jets))
    return found


def _equations_fit(
    frame: _Frame,
    equations: list[tuple[Expr, dict[Any, tuple[Dummy, int, int]]]],
    parities: tuple[int, ...],
) -> bool:
    """Whether every equation goes over into one of them, up to the sign."""
    listed = list(frame.problem.equations.values())
    taken: set[int] = set()
    for k, (equation, (_, jets)) in enumerate(zip(listed, equations, strict=True)):
        turned = {a: parities[u] * (-1) ** order * j for a, (j, u, order) in jets.items()}
        after = frame.seen(equation.expression, -1, turned)
        order = [k, *(j for j in range(len(listed)) if j != k)]  # itself first
        image = next((j for j in order if j not in taken and _same(after, equations[j][0])), None)
        if image is None:
            return False
        taken.add(image)
    return True


def _same(after: Expr, before: Expr) -> bool:
    return _vanishes(sympy.expand(after - before)) or _vanishes(sympy.expand(after + before))


def _conditions_fit(frame: _Frame, parities: tuple[int, ...]) -> bool:
    """Whether every condition goes over into itself or another one."""
    claims: list[Affine] = []
    for condition in frame.problem.conditions.values():
        found = condition.affine(frame.problem.domain)
        if found is None:
            return False
        claims += found
    return all(any(_agree(frame, c, other, parities) for other in claims) for c in claims)


def _agree(frame: _Frame, claim: Affine, other: Affine, parities: tuple[int, ...]) -> bool:
    """Whether the image of a claim is the other one."""
    low, high = _sides(frame)
    image = {low: high, high: low}.get(claim.place, claim.place)
    if (claim.u, image) != (other.u, other.place):
        return False
    parity = parities[frame.problem.unknowns.index(claim.u)]
    signs = (1, 1, parity)  # the outward normal is mirrored as well
    at = {low: -frame.half, high: frame.half}.get(other.place)
    for sign, mine, its in zip(
        signs, (claim.a, claim.b, claim.value), (other.a, other.b, other.value), strict=True
    ):
        gap = sign * frame.seen(mine, -1) - frame.seen(its, 1)
        if at is not None:
            gap = gap.subs(frame.s, at)
        if not _vanishes(sympy.expand(gap)):
            return False
    return True


def _sides(frame: _Frame) -> tuple[str, str]:
    """Names of the two faces that the mirror swaps."""
    low, high = sorted(
        (f for f in frame.problem.domain.faces if f.axis == frame.axis), key=lambda f: f.side
    )
    return low.name, high.name
