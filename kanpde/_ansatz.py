r"""Exact conditions: u = g + D · N, where that is true to the problem.

On a box, g is a transfinite (Boolean sum) interpolant of the data, built direction by
direction with Hermite blends, and D vanishes on the faces to the order that is
prescribed there. On a ball with one Dirichlet condition, g extends the data and
:math:`D = 1 - |x - c|^2 / R^2`. After building, every condition is evaluated at random
points: what does not hold is not imposed and becomes rows, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import sympy
import torch
from sympy import Expr, Integer, Symbol

from kanpde._conditions import Condition, Dirichlet, Initial, Neumann, Periodic
from kanpde._problem import Problem
from kanpde.errors import InputError
from kanpde.geometry import Ball, Domain
from kanpde.pde import derivative, lower

TOLERANCE = 1e-9
PERIODIC_FIRST = 0


@dataclass(frozen=True)
class Datum:
    """Derivative `order` along `axis` is `value` on one face of the box."""

    axis: int
    side: int
    order: int
    value: Expr
    condition: str


@dataclass
class Ansatz:
    """g and D of one unknown, and how each of its conditions is imposed."""

    g: Expr = Integer(0)
    d: Expr = Integer(1)
    imposed: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass
class Ansatzes:
    """The ansatz of every unknown and the directions that are embedded periodically."""

    parts: list[Ansatz]
    periodic: tuple[int, ...]

    @property
    def imposed(self) -> dict[str, str]:
        """``{condition: "exact" | "rows"}`` over all unknowns."""
        return {k: v for part in self.parts for k, v in part.imposed.items()}

    @property
    def reasons(self) -> dict[str, str]:
        """Why a condition is imposed by rows."""
        return {k: v for part in self.parts for k, v in part.reasons.items()}


def build(problem: Problem, *, exact: bool = True) -> Ansatzes:
    """Impose exactly what can be imposed exactly.

    Parameters
    ----------
    problem
        The problem.
    exact
        False leaves every condition to rows.
    """
    periodic = _periodic_axes(problem) if exact else ()
    parts = []
    for k, u in enumerate(problem.unknowns):
        mine = {n: c for n, c in problem.conditions.items() if c.unknown == u}
        part = Ansatz(imposed=dict.fromkeys(mine, "rows"))
        if exact:
            _impose(problem, k, mine, part, periodic)
        else:
            part.reasons = dict.fromkeys(mine, "exact conditions are switched off")
        parts.append(part)
    return Ansatzes(parts, periodic)


def _periodic_axes(problem: Problem) -> tuple[int, ...]:
    """Axes along which every unknown is periodic and nothing else is said of the faces."""
    axes = []
    for axis, x in enumerate(problem.coordinates):
        having = {
            c.unknown
            for c in problem.conditions.values()
            if isinstance(c, Periodic) and c.coordinate == x
        }
        if having == set(problem.unknowns):
            axes.append(axis)
    return tuple(axes)


def _impose(
    problem: Problem,
    k: int,
    conditions: dict[str, Condition],
    part: Ansatz,
    periodic: tuple[int, ...],
) -> None:
    space, time = problem.domain.space, problem.time
    for name, condition in conditions.items():
        if isinstance(condition, Periodic):
            axis = problem.coordinates.index(condition.coordinate)
            if axis in periodic:
                part.imposed[name] = "exact"
            else:
                part.reasons[name] = "not every unknown is periodic in this direction"
    if isinstance(space, Ball):
        _impose_on_ball(problem, space, conditions, part)
        return
    if space is not None and not _is_box(space):
        part.reasons.update(dict.fromkeys(conditions, "no smooth distance for this domain"))
        return
    accepted: list[Datum] = []
    for name, condition in _by_priority(conditions):
        data, reason = _data_of(problem, name, condition)
        if data is None:
            if reason:
                part.reasons[name] = reason
            continue
        candidate = accepted + data
        reason = _stacking(candidate, problem.orders(k))
        if reason is None and isinstance(condition, Initial):
            reason = _seam(problem, condition, periodic)
        if reason is None:
            g = _transfinite(problem, candidate)
            reason = _conflict(problem, g, candidate)
            if reason is None:
                accepted, part.g = candidate, g
                part.imposed[name] = "exact"
                continue
        part.reasons[name] = reason
    part.d = _distance(problem, accepted)
    del time


def _is_box(domain: Domain) -> bool:
    return bool(getattr(domain, "faces", ()))


def _by_priority(conditions: dict[str, Condition]) -> list[tuple[str, Condition]]:
    """Boundary values first, then normal derivatives, then initial data in order."""

    def rank(item: tuple[str, Condition]) -> tuple[int, int]:
        condition = item[1]
        if isinstance(condition, Dirichlet):
            return (0, 0)
        if isinstance(condition, Neumann):
            return (1, 0)
        if isinstance(condition, Initial):
            return (2, condition.order)
        return (3, 0)

    return sorted(conditions.items(), key=rank)


def _data_of(
    problem: Problem, name: str, condition: Condition
) -> tuple[list[Datum] | None, str | None]:
    """Faces and derivative orders that a condition prescribes, or why it cannot be exact."""
    if getattr(condition, "value", Integer(0)).free_symbols & set(problem.constants):
        return None, "its data hold an unknown constant"
    if isinstance(condition, Initial):
        axis = problem.coordinates.index(problem.time)
        return [Datum(axis, 0, condition.order, condition.value, name)], None
    if not isinstance(condition, Dirichlet | Neumann):
        return None, None
    selection = problem.domain.resolve(condition.on)
    if selection.mask is not None:
        return None, "it holds on a part of a face only"
    order = 1 if isinstance(condition, Neumann) else 0
    space = problem.domain.space
    assert space is not None
    data = []
    for face in space.faces:  # type: ignore[attr-defined]
        if face.name in selection.parts:
            axis = problem.coordinates.index(space.coordinates[face.axis])
            sign = -1 if (order and face.side == 0) else 1
            data.append(Datum(axis, face.side, order, sign * condition.value, name))
    return data, None


def _stacking(data: list[Datum], orders: tuple[int, ...]) -> str | None:
    """On every face the prescribed orders must be 0, 1, … without gap or repetition."""
    faces: dict[tuple[int, int], list[int]] = {}
    for d in data:
        faces.setdefault((d.axis, d.side), []).append(d.order)
    for (axis, _), found in faces.items():
        if sorted(found) != list(range(len(found))):
            return "the value on that face is not prescribed (or twice)"
        if max(found) >= max(orders[axis], 1):
            return "it prescribes as many derivatives as the equation's order"
    return None


def _seam(problem: Problem, condition: Initial, periodic: tuple[int, ...]) -> str | None:
    """Initial data must be as smooth across a periodic seam as the equation asks."""
    k = problem.unknowns.index(condition.unknown)
    for axis in periodic:
        x = problem.coordinates[axis]
        low, high = problem.domain.lower[axis], problem.domain.upper[axis]
        for m in range(max(1, problem.orders(k)[axis])):
            slope = derivative(condition.value, (x,), (m,))
            jump = slope.subs(x, sympy.Float(high, 17)) - slope.subs(x, sympy.Float(low, 17))
            size = _largest(problem, jump, {})
            scale = max(1.0, _largest(problem, slope, {}))
            if not size <= 1e-8 * scale:
                return f"its derivative {m} in {x} jumps by {size:.3g} across the periodic seam"
    return None


def _blend(s: Expr, orders_low: int, orders_high: int, side: int, order: int) -> Expr:
    """Hermite polynomial in s: derivative `order` at `side` is 1, all others vanish."""
    count = orders_low + orders_high
    unknown = sympy.symbols(f"c0:{count}")
    dummy = sympy.Dummy("s")
    poly = sum(c * dummy**i for i, c in enumerate(unknown))
    equations = []
    for where, many in ((0, orders_low), (1, orders_high)):
        for j in range(many):
            target = int(where == side and j == order)
            equations.append(sympy.diff(poly, dummy, j).subs(dummy, where) - target)
    found = sympy.solve(equations, unknown, dict=True)[0]
    return poly.subs(found).subs(dummy, s)


def _bound(problem: Problem, axis: int, side: int) -> Expr:
    value = (problem.domain.lower, problem.domain.upper)[side][axis]
    return _number(float(value))


def _number(value: float) -> Expr:
    """An exact rational for simple floats, else the float itself."""
    rational = sympy.nsimplify(value, rational=True)
    simple = isinstance(rational, sympy.Rational) and abs(rational.q) <= 10**6
    return rational if simple and float(rational) == value else sympy.Float(value, 17)


def _unit(problem: Problem, axis: int) -> Expr:
    low, high = _bound(problem, axis, 0), _bound(problem, axis, 1)
    return (problem.coordinates[axis] - low) / (high - low)


def _transfinite(problem: Problem, data: list[Datum]) -> Expr:
    """Boolean sum over the axes, the time axis first."""
    time_axis = problem.coordinates.index(problem.time) if problem.time is not None else -1
    g: Expr = Integer(0)
    for axis in sorted({d.axis for d in data}, key=lambda a: (a != time_axis, a)):
        mine = [d for d in data if d.axis == axis]
        low = sum(d.side == 0 for d in mine)
        high = len(mine) - low
        x = problem.coordinates[axis]
        length = _bound(problem, axis, 1) - _bound(problem, axis, 0)
        s = _unit(problem, axis)
        correction: Expr = Integer(0)
        for d in mine:
            present = derivative(g, (x,), (d.order,)).subs(x, _bound(problem, axis, d.side))
            gap = d.value.subs(x, _bound(problem, axis, d.side)) - present
            if gap != 0:
                blend = _blend(s, low, high, d.side, d.order)
                correction += gap * blend * length**d.order
        g = g + correction
    return g


def _distance(problem: Problem, data: list[Datum]) -> Expr:
    """Product of face distances, each to the number of derivatives prescribed there."""
    result: Expr = Integer(1)
    for axis in sorted({d.axis for d in data}):
        s = _unit(problem, axis)
        low = sum(d.axis == axis and d.side == 0 for d in data)
        high = sum(d.axis == axis and d.side == 1 for d in data)
        scale = 4 ** min(low, high)
        result *= scale * s**low * (1 - s) ** high
    return result


def _largest(problem: Problem, expression: Expr, fixed: dict[Symbol, float]) -> float:
    """Largest absolute value over random points of the domain (faces by `fixed`)."""
    rng = np.random.default_rng(0)
    low, high = problem.domain.lower, problem.domain.upper
    points = low + (high - low) * rng.random((64, problem.dimension))
    for axis, x in enumerate(problem.coordinates):
        if x in fixed:
            points[:, axis] = fixed[x]
    program = lower([expression], problem.coordinates, where="condition")
    (values,) = program(*torch.as_tensor(points).unbind(1))
    return float(values.abs().max()) if bool(torch.isfinite(values).all()) else float("inf")


def _conflict(problem: Problem, g: Expr, data: list[Datum]) -> str | None:
    """Why the interpolant does not satisfy all its data, or ``None`` if it does."""
    worst, where = 0.0, ""
    for d in data:
        x = problem.coordinates[d.axis]
        fixed = {x: float((problem.domain.lower, problem.domain.upper)[d.side][d.axis])}
        gap = _largest(problem, derivative(g, (x,), (d.order,)) - d.value, fixed)
        scale = 1.0 + _largest(problem, d.value, fixed)
        if not gap <= TOLERANCE * scale and gap > worst:
            worst, where = gap, d.condition
    return f"conflicts by {worst:.3g} with {where!r} where they meet" if where else None


def _impose_on_ball(
    problem: Problem, ball: Ball, conditions: dict[str, Condition], part: Ansatz
) -> None:
    """One Dirichlet condition on the whole sphere, and initial data that agree with it."""
    center, radius = ball.center, _number(float(ball.radius))
    square = sum((x - _number(float(c))) ** 2 for x, c in zip(ball.coordinates, center, strict=True))
    distance = 1 - square / radius**2
    values = [(n, c) for n, c in conditions.items() if isinstance(c, Dirichlet)]
    starts = [(n, c) for n, c in _by_priority(conditions) if isinstance(c, Initial)]
    for name, condition in values:
        whole = problem.domain.resolve(condition.on)
        free = condition.value.free_symbols & set(problem.constants)
        if len(values) == 1 and whole.mask is None and not free:
            if np.isfinite(_largest(problem, condition.value, {})):
                part.g, part.d = condition.value, distance
                part.imposed[name] = "exact"
                continue
        part.reasons[name] = "not one smooth condition on the whole sphere"
    if problem.time is None:
        return
    axis = problem.coordinates.index(problem.time)
    start = _bound(problem, axis, 0)
    tau = problem.time - start
    for name, condition in starts:
        order = condition.order
        if order != sum(part.imposed.get(n) == "exact" for n, _ in starts):
            part.reasons[name] = "lower time derivatives are not imposed exactly"
            continue
        present = derivative(part.g, (problem.time,), (order,)).subs(problem.time, start)
        gap = condition.value - present
        if part.imposed and values and not _vanishes_on_sphere(problem, ball, gap):
            part.reasons[name] = "conflicts with the boundary data at the start"
            continue
        part.g += gap * tau**order / sympy.factorial(order)
        part.d *= tau
        part.imposed[name] = "exact"


def _vanishes_on_sphere(problem: Problem, ball: Ball, expression: Expr) -> bool:
    rng = np.random.default_rng(0)
    points, *_ = problem.domain.boundary(64, rng=rng)
    program = lower([expression], problem.coordinates, where="condition")
    (values,) = program(*torch.as_tensor(points).unbind(1))
    return bool((values.abs() <= TOLERANCE).all())


def check_periodic(problem: Problem) -> None:
    """Raise `InputError` where a direction is periodic and has boundary data as well."""
    for name, condition in problem.conditions.items():
        if isinstance(condition, Periodic):
            others = [
                n
                for n, c in problem.conditions.items()
                if isinstance(c, Dirichlet | Neumann) and c.unknown == condition.unknown
                and c.on is None
            ]
            if others:
                raise InputError(
                    f"conditions[{name!r}]: {condition.unknown} is periodic in "
                    f"{condition.coordinate} and has boundary data ({', '.join(others)}) on the "
                    "same faces; say on= which faces those hold on"
                )
