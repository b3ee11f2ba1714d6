r"""Exact conditions: u = g + D · N, where that is true to the problem.

On a box, g is a transfinite (Boolean sum) interpolant of the data, built direction by
direction with Hermite blends, and D vanishes on the faces to the order that is
prescribed there. On a ball with one Dirichlet condition, g extends the data and
:math:`D = 1 - |x - c|^2 / R^2`. After building, every condition is evaluated at random
points: what does not hold is not imposed and becomes rows, with the reason.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import sympy
import torch
from sympy import Expr, Integer, Symbol

from kanpde._conditions import Condition, Dirichlet, Initial, Neumann, Periodic
from kanpde._interface import at_interfaces, row_names
from kanpde._interpolant import Datum, distance, exact_number, face_place, transfinite
from kanpde._lift import Lift, corner_lift
from kanpde._periodic import periodic_axes
from kanpde._problem import Problem
from kanpde.geometry import Ball, Domain
from kanpde.pde import derivative, lower

TOLERANCE, MOST_SIDES = 1e-9, 4
KINKS = (
    sympy.Abs,
    sympy.sign,
    sympy.Heaviside,
    sympy.Max,
    sympy.Min,
    sympy.Piecewise,
    sympy.floor,
    sympy.ceiling,
)
NOT_FINITE = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I)


@dataclass
class Ansatz:
    """g and D of one unknown, and how each of its conditions is imposed."""

    g: Expr = sympy.S.Zero
    d: Expr = sympy.S.One
    imposed: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    lift: Lift | None = None


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
    def lifted(self) -> dict[str, float]:
        """Jumps at corners that g takes out, by condition."""
        lifts = [part.lift for part in self.parts if part.lift is not None]
        return {name: jump for lift in lifts for name, jump in lift.corners.items()}

    @property
    def reasons(self) -> dict[str, str]:
        """Why a condition is imposed by rows."""
        return {k: v for part in self.parts for k, v in part.reasons.items()}


def build(
    problem: Problem, *, exact: bool = True, lift: bool = True, embed: bool = True
) -> Ansatzes:
    """Impose exactly what can be imposed exactly.

    Parameters
    ----------
    problem
        The problem.
    exact
        False leaves every condition to rows.
    lift
        Add heat solutions at corners where initial and boundary data disagree.
    embed
        Make the trial periodic where the problem is.
    """
    periodic = periodic_axes(problem) if exact and embed else ()
    parts = []
    for k, u in enumerate(problem.unknowns):
        mine = {n: c for n, c in problem.conditions.items() if c.unknown == u}
        part = Ansatz(imposed=dict.fromkeys(row_names(mine), "rows"))
        if exact:
            part.lift = corner_lift(problem, k) if lift else None
            _impose(problem, k, mine, part, periodic)
        else:
            part.reasons = dict.fromkeys(mine, "exact conditions are switched off")
        parts.append(part)
    return Ansatzes(parts, periodic)


def _impose(
    problem: Problem,
    k: int,
    conditions: dict[str, Condition],
    part: Ansatz,
    periodic: tuple[int, ...],
) -> None:
    space = problem.domain.space
    _mark_periodic(problem, conditions, part, periodic)
    if isinstance(space, Ball):
        _impose_on_ball(problem, space, conditions, part)
        return
    if space is not None and not _is_box(space):
        part.reasons.update(dict.fromkeys(conditions, "no smooth distance for this domain"))
        return
    accepted: list[Datum] = []
    for name, condition in _by_priority(conditions):
        data, reason = _data_of(problem, name, condition)
        if data and len(problem.space) > MOST_SIDES and not isinstance(condition, Initial):
            data, reason = None, "a distance to so many faces would hide sums of simple functions"
        if data and part.lift is not None:
            data = [_without(problem, datum, part.lift.value) for datum in data]
        if data:
            candidate = accepted + data
            reason = _objection(problem, k, accepted, data, periodic)
            g = transfinite(problem, candidate) if reason is None else part.g
            reason = reason or _conflict(problem, g, candidate)
            if reason is None:
                accepted, part.g = candidate, g
                part.imposed[name] = "exact"
        if reason:
            part.reasons[name] = reason
    part.d = distance(problem, accepted)
    if part.lift is not None:
        part.g += part.lift.value


def _without(problem: Problem, datum: Datum, lift: Expr) -> Datum:
    """Give what is left of a datum beside a lift, which starts from zero."""
    x = problem.coordinates[datum.axis]
    if x == problem.time:
        return datum
    place = face_place(problem, datum.axis, datum.side)
    own = derivative(lift, (x,), (datum.order,)).subs(x, place)
    return dataclasses.replace(datum, value=datum.value - own)


def _mark_periodic(
    problem: Problem,
    conditions: dict[str, Condition],
    part: Ansatz,
    periodic: tuple[int, ...],
) -> None:
    for name, condition in conditions.items():
        if isinstance(condition, Periodic):
            if problem.coordinates.index(condition.coordinate) in periodic:
                part.imposed[name] = "exact"
            else:
                part.reasons[name] = (
                    "not every unknown is periodic in this direction, the equation has no "
                    "derivative along it, or it is not the same at both ends"
                )


def _objection(
    problem: Problem,
    k: int,
    accepted: list[Datum],
    data: list[Datum],
    periodic: tuple[int, ...],
) -> str | None:
    """Why data cannot join those accepted, before any interpolant is made."""
    reason = _stacking(accepted + data, problem.orders(k))
    for datum in data:
        x = problem.coordinates[datum.axis]
        value = datum.value.subs(x, face_place(problem, datum.axis, datum.side))
        if reason is None and value.has(*NOT_FINITE):
            return "its data are not finite on that face"
        if reason is None and datum.axis in periodic:
            reason = f"its face is on the periodic seam of {x}"
        if reason is None and _kinked(problem, value):
            reason = "its data are not smooth, and the kinks would reach into the domain"
        reason = reason or _seam(problem, k, value, periodic)
    return reason


def _kinked(problem: Problem, value: Expr) -> bool:
    coordinates = set(problem.coordinates)
    kinks = [node for node in value.atoms(*KINKS) if node.free_symbols & coordinates]
    return any(not at_interfaces(node, problem.conditions) for node in kinks)


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
    for face in space.faces:
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


def _seam(problem: Problem, k: int, value: Expr, periodic: tuple[int, ...]) -> str | None:
    """Why data are less smooth across a periodic seam than the equation asks, if so."""
    for axis in periodic:
        x = problem.coordinates[axis]
        low, high = problem.domain.lower[axis], problem.domain.upper[axis]
        for m in range(max(1, problem.orders(k)[axis])):
            slope = derivative(value, (x,), (m,))
            jump = slope.subs(x, sympy.Float(high, 17)) - slope.subs(x, sympy.Float(low, 17))
            size = _largest(problem, jump, {})
            scale = max(1.0, _largest(problem, slope, {}))
            if not size <= 1e-8 * scale:
                return f"its derivative {m} in {x} jumps by {size:.3g} across the periodic seam"
    return None


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
        if not np.isfinite(scale):
            return "its data are not finite on that face"
        if not gap <= TOLERANCE * scale and gap > worst:
            worst, where = gap, d.condition
    return f"conflicts by {worst:.3g} with {where!r} where they meet" if where else None


def _impose_on_ball(
    problem: Problem, ball: Ball, conditions: dict[str, Condition], part: Ansatz
) -> None:
    """One Dirichlet condition on the whole sphere, and initial data that agree with it."""
    center, radius = ball.center, exact_number(float(ball.radius))
    square = sum(
        (x - exact_number(float(c))) ** 2 for x, c in zip(ball.coordinates, center, strict=True)
    )
    fall = 1 - square / radius**2
    values = [(n, c) for n, c in conditions.items() if isinstance(c, Dirichlet)]
    starts = [(n, c) for n, c in _by_priority(conditions) if isinstance(c, Initial)]
    for name, condition in values:
        whole = problem.domain.resolve(condition.on)
        if len(values) == 1 and whole.mask is None and _extends(problem, condition.value):
            part.g, part.d = condition.value, fall
            part.imposed[name] = "exact"
            continue
        part.reasons[name] = "not one smooth condition on the whole sphere"
    if problem.time is None:
        return
    axis = problem.coordinates.index(problem.time)
    start = face_place(problem, axis, 0)
    tau = problem.time - start
    for name, start_condition in starts:
        order, value = start_condition.order, start_condition.value
        if value.free_symbols & set(problem.constants):
            part.reasons[name] = "its data hold an unknown constant"
            continue
        if not _extends(problem, value):
            part.reasons[name] = "its data are not smooth, and the kinks would last"
            continue
        if order != sum(part.imposed.get(n) == "exact" for n, _ in starts):
            part.reasons[name] = "lower time derivatives are not imposed exactly"
            continue
        present = derivative(part.g, (problem.time,), (order,)).subs(problem.time, start)
        gap = value - present
        if part.imposed and values and not _vanishes_on_sphere(problem, ball, gap):
            part.reasons[name] = "conflicts with the boundary data at the start"
            continue
        part.g += gap * tau**order / sympy.factorial(order)
        part.d *= tau
        part.imposed[name] = "exact"


def _extends(problem: Problem, value: Expr) -> bool:
    """Whether data on the sphere are known, finite and smooth inside as well."""
    known = not value.free_symbols & set(problem.constants)
    return known and not _kinked(problem, value) and bool(np.isfinite(_largest(problem, value, {})))


def _vanishes_on_sphere(problem: Problem, ball: Ball, expression: Expr) -> bool:
    rng = np.random.default_rng(0)
    points, *_ = problem.domain.boundary(64, rng=rng)
    program = lower([expression], problem.coordinates, where="condition")
    (values,) = program(*torch.as_tensor(points).unbind(1))
    return bool((values.abs() <= TOLERANCE).all())
