r"""Corners where initial and boundary data disagree, lifted out of what the network learns.

Near such a corner a solution of :math:`u_t = \kappa u_{xx} + \dots` behaves like a function of
:math:`s/\sqrt{4\kappa t}`, s the distance to the wall, which no polynomial resolves. The heat
equation's own solution is added to g instead:

.. math:: \delta\,\mathrm{erfc}\frac{s}{\sqrt{4\kappa t}}
          \quad\text{or}\quad
          \delta\sqrt{4\kappa t}\;\mathrm{ierfc}\frac{s}{\sqrt{4\kappa t}}

for a jump :math:`\delta` of the value or of the outward slope.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, Symbol

from kanpde.pde import derivative
from kanpde.problem import BOUNDARY, INITIAL, Condition, Problem, breaks, outward
from kanpde.trial.exact._interpolant import face_place

SMALLEST_JUMP = 1e-9
EPSILON = 1e-15  # of the start's time, 1e-30 at 0: keeps s/√t defined at the corner itself


@dataclass(frozen=True)
class Lift:
    """What is added to g, and where it comes from."""

    value: Expr
    corners: dict[str, float]  # condition: jump of the value or of the outward slope


def corner_lift(problem: Problem, k: int) -> Lift | None:
    """Heat solutions for the corners of unknown `k`, ``None`` where there is nothing to lift.

    Only for one space coordinate, first order in time, constant diffusivity.
    """
    u, time = problem.unknowns[k], problem.time
    if (
        time is None
        or problem.dimension != 2
        or not problem.space
        or any(breaks(problem.conditions, (problem.space)))
    ):
        return None
    starts = [
        c.prescribed
        for c in problem.conditions.values()
        if c.prescribes(INITIAL, 0) and c.unknown == u
    ]
    x = next(c for c in problem.coordinates if c != time)
    kappa = _diffusivity(problem, u, x, time)
    if kappa is None or len(starts) != 1 or starts[0].free_symbols - {x}:
        return None
    total: Expr = sympy.S.Zero
    corners: dict[str, float] = {}
    for name, condition in problem.conditions.items():
        if condition.unknown != u or not condition.prescribes(BOUNDARY) or condition.order > 1:
            continue
        for side in _sides(problem, condition, x):
            jump = _jump(problem, starts[0], condition, x, side)
            if jump is not None and abs(jump) > SMALLEST_JUMP:
                total += _heat(problem, condition, x, side, kappa, sympy.Float(jump, 17))
                corners[name] = jump
    return Lift(total, corners) if corners else None


def _diffusivity(problem: Problem, u: Expr, x: Symbol, time: Symbol) -> float | None:
    """Find κ of the one equation that has u_t, if it is u_t = κ u_xx + lower orders."""
    found = []
    for equation in problem.equations.values():
        expression = sympy.expand(equation.expression.doit())
        rate = sympy.diff(expression, u.diff(time))
        if rate == 0:
            continue
        bent = sympy.diff(expression, u.diff(x, 2))
        if equation.on is not None or not (rate.is_number and bent.is_number):
            return None
        found.append(float(-bent / rate))
    k = problem.unknowns.index(u)
    orders = problem.orders(k)
    plain = orders[problem.coordinates.index(time)] == 1 and max(orders) == 2
    return found[0] if plain and len(found) == 1 and found[0] > 0 else None


def _sides(problem: Problem, condition: Condition, x: Symbol) -> list[int]:
    """Which ends of the interval a condition holds on."""
    selection = problem.domain.resolve(condition.on)
    space = problem.domain.space
    if selection.mask is not None or space is None:
        return []
    return [f.side for f in getattr(space, "faces", ()) if f.name in selection.parts]


def _jump(
    problem: Problem, start: Expr, condition: Condition, x: Symbol, side: int
) -> float | None:
    """By how much data at the wall differ from the initial data there, at the start."""
    place = face_place(problem, problem.coordinates.index(x), side)
    order = condition.order
    own = outward(side) ** order * derivative(start, (x,), (order,)).subs(x, place)
    first = face_place(problem, problem.coordinates.index(problem.time), 0)
    gap = (condition.prescribed.subs(x, place).subs(problem.time, first) - own).evalf(17)
    return float(gap) if gap.is_number and gap.is_real and gap.is_finite else None


def _heat(
    problem: Problem,
    condition: Condition,
    x: Symbol,
    side: int,
    kappa: float,
    jump: Expr,
) -> Expr:
    """Solution of the heat equation from zero with a jump at one wall."""
    first = face_place(problem, problem.coordinates.index(problem.time), 0)
    place = face_place(problem, problem.coordinates.index(x), side)
    s = x - place if side == 0 else place - x
    start = float(first)
    before = sympy.Float(start - max(EPSILON**2, 2 * EPSILON * abs(start)), 17)
    width = sympy.sqrt(4 * sympy.Float(kappa, 17) * (problem.time - before))
    z = s / width
    if condition.order == 0:
        return jump * sympy.erfc(z)
    return jump * width * (sympy.exp(-(z**2)) / sympy.sqrt(sympy.pi) - z * sympy.erfc(z))
