"""Transfinite interpolation of data on the faces of a box, and the distance to them.

The interpolant is a Boolean sum over the directions, each a Hermite blend of all
derivatives that are prescribed on the two faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, Integer, Piecewise

from kanpde.geometry import exact_number
from kanpde.pde import derivative
from kanpde.problem import Problem, breaks


@dataclass(frozen=True)
class Datum:
    """Derivative `order` along `axis` is `value` on one face of the box."""

    axis: int
    side: int
    order: int
    value: Expr
    condition: str


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


def face_place(problem: Problem, axis: int, side: int) -> Expr:
    """Coordinate of a face of the box, an exact number where it is a simple one."""
    value = (problem.domain.lower, problem.domain.upper)[side][axis]
    return exact_number(float(value))


def _unit(problem: Problem, axis: int) -> Expr:
    low, high = face_place(problem, axis, 0), face_place(problem, axis, 1)
    return (problem.coordinates[axis] - low) / (high - low)


def transfinite(problem: Problem, data: list[Datum]) -> Expr:
    """Boolean sum over the axes, the time axis first."""
    time_axis = problem.coordinates.index(problem.time) if problem.time is not None else -1
    g: Expr = Integer(0)
    for axis in sorted({d.axis for d in data}, key=lambda a: (a != time_axis, a)):
        mine = [d for d in data if d.axis == axis]
        low = sum(d.side == 0 for d in mine)
        high = len(mine) - low
        x = problem.coordinates[axis]
        length = face_place(problem, axis, 1) - face_place(problem, axis, 0)
        s = _unit(problem, axis)
        correction: Expr = Integer(0)
        for d in mine:
            present = derivative(g, (x,), (d.order,)).subs(x, face_place(problem, axis, d.side))
            gap = d.value.subs(x, face_place(problem, axis, d.side)) - present
            if gap != 0:
                blend = _blend(s, low, high, d.side, d.order)
                correction += gap * blend * length**d.order
        g = g + correction
    return g


def distance(problem: Problem, data: list[Datum]) -> Expr:
    """Product of face distances, each to the number of derivatives prescribed there.

    Along a coordinate with interfaces a distance grows to the first of them and is one beyond, so
    that what is learned there is as simple as the solution.
    """
    result: Expr = Integer(1)
    for axis in sorted({d.axis for d in data}):
        s, x = _unit(problem, axis), problem.coordinates[axis]
        low = sum(d.axis == axis and d.side == 0 for d in data)
        high = sum(d.axis == axis and d.side == 1 for d in data)
        (cuts,) = breaks(problem.conditions, (x,)) or ((),)
        if not cuts:
            result *= 4 ** min(low, high) * s**low * (1 - s) ** high
            continue
        first, last = (sympy.Float(c, 17) for c in (cuts[0], cuts[-1]))
        if low:
            result *= Piecewise(((s / s.subs(x, first)) ** low, x < first), (1, True))
        if high:
            result *= Piecewise((1, x < last), (((1 - s) / (1 - s.subs(x, last))) ** high, True))
    return result
