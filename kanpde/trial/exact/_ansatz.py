r"""Exact conditions: u = g + D · N, where that is true to the problem.

On a box, g is a transfinite (Boolean sum) interpolant of the data, built direction by
direction with Hermite blends, and D vanishes on the faces to the order that is
prescribed there. On other shapes see `_distance`. After building, every
condition is evaluated at random points: what does not hold is not imposed and becomes rows, with
the reason.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr, Integer

from kanpde.geometry import Domain
from kanpde.pde import derivative
from kanpde.problem import (
    BOUNDARY,
    INITIAL,
    Condition,
    Problem,
    outward,
    periodic_axes,
    row_names,
)
from kanpde.trial.exact._distance import impose_by_distance
from kanpde.trial.exact._imposed import (
    NOT_FINITE,
    TOLERANCE,
    Ansatz,
    by_priority,
    kinked,
    largest,
)
from kanpde.trial.exact._interpolant import Datum, distance, face_place, transfinite
from kanpde.trial.exact._lift import corner_lift

MOST_SIDES = 4


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
    if space is not None and not _is_box(space):
        impose_by_distance(problem, space, conditions, part)
        return
    accepted: list[Datum] = []
    for name, condition in by_priority(conditions):
        data, reason = _data_of(problem, name, condition)
        if data and len(problem.space) > MOST_SIDES and condition.where != INITIAL:
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
        if condition.seam is not None:
            if problem.coordinates.index(condition.seam) in periodic:
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
        if reason is None and kinked(problem, value):
            reason = "its data are not smooth, and the kinks would reach into the domain"
        reason = reason or _jump_at_period(problem, k, value, periodic)
    return reason


def _is_box(domain: Domain) -> bool:
    return bool(getattr(domain, "faces", ()))


def _data_of(
    problem: Problem, name: str, condition: Condition
) -> tuple[list[Datum] | None, str | None]:
    """Faces and derivative orders that a condition prescribes, or why it cannot be exact."""
    value = condition.prescribed
    told = condition.known().get("value", Integer(0)) if value is None else value
    if told.free_symbols & set(problem.constants):
        return None, "its data hold an unknown constant"
    if condition.prescribes(INITIAL):
        axis = problem.coordinates.index(problem.time)
        return [Datum(axis, 0, condition.order, value, name)], None
    if not condition.prescribes(BOUNDARY):
        return None, None
    selection = problem.domain.resolve(condition.on)
    if selection.mask is not None:
        return None, "it holds on a part of a face only"
    space = problem.domain.space
    assert space is not None
    data = []
    for face in space.faces:
        if face.name in selection.parts:
            axis = problem.coordinates.index(space.coordinates[face.axis])
            sign = outward(face.side) ** condition.order
            data.append(Datum(axis, face.side, condition.order, sign * value, name))
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


def _jump_at_period(problem: Problem, k: int, value: Expr, periodic: tuple[int, ...]) -> str | None:
    """Why data are less smooth across a periodic seam than the equation asks, if so."""
    for axis in periodic:
        x = problem.coordinates[axis]
        low, high = problem.domain.lower[axis], problem.domain.upper[axis]
        for m in range(max(1, problem.orders(k)[axis])):
            slope = derivative(value, (x,), (m,))
            jump = slope.subs(x, sympy.Float(high, 17)) - slope.subs(x, sympy.Float(low, 17))
            size = largest(problem, jump, {})
            scale = max(1.0, largest(problem, slope, {}))
            if not size <= 1e-8 * scale:
                return f"its derivative {m} in {x} jumps by {size:.3g} across the periodic seam"
    return None


def _conflict(problem: Problem, g: Expr, data: list[Datum]) -> str | None:
    """Why the interpolant does not satisfy all its data, or ``None`` if it does."""
    worst, where = 0.0, ""
    for d in data:
        x = problem.coordinates[d.axis]
        fixed = {x: float((problem.domain.lower, problem.domain.upper)[d.side][d.axis])}
        gap = largest(problem, derivative(g, (x,), (d.order,)) - d.value, fixed)
        scale = 1.0 + largest(problem, d.value, fixed)
        if not np.isfinite(scale):
            return "its data are not finite on that face"
        if not gap <= TOLERANCE * scale and gap > worst:
            worst, where = gap, d.condition
    return f"conflicts by {worst:.3g} with {where!r} where they meet" if where else None
