"""Periodic coordinates: what contradicts them, and where equation and data do not repeat."""

from __future__ import annotations

import numpy as np
import sympy
import torch
from sympy import Dummy, Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.pde import lower
from kanpde.problem._problem import Problem
from kanpde.problem.conditions._base import BOUNDARY, INITIAL, Condition, outward
from kanpde.problem.conditions._interface import breaks

SAME = 1e-9


def periodic_axes(problem: Problem) -> tuple[int, ...]:
    """Axes along which the trial may be made of waves.

    Every unknown is periodic there, in equations that smooth the seam and are the same at both
    ends: without derivatives along the axis a kink at the seam stays, a coefficient that jumps or
    bends there makes one, and a trial that is smooth across it would solve another problem.
    """
    axes = []
    for axis, x in enumerate(problem.coordinates):
        having = {c.unknown for c in problem.conditions.values() if c.seam == x}
        smooth = all(problem.orders(k)[axis] > 0 for k in range(len(problem.unknowns)))
        if having != set(problem.unknowns) or not smooth or any(breaks(problem.conditions, (x,))):
            continue
        if not uneven_equations(problem, axis):
            axes.append(axis)
    return tuple(axes)


def uneven_equations(problem: Problem, axis: int) -> list[str]:
    """Names of equations that are not the same a period later.

    Examples
    --------
    >>> from kanpde import Interval, Periodic, Problem, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> ring = {"ring": Periodic(u, x)}
    >>> p = Problem(Interval(x, 0, 1), {"e": u.diff(x, 2) - x * u}, ring)
    >>> uneven_equations(p, 0)
    ['e']
    """
    x = problem.coordinates[axis]
    found = []
    for name, equation in problem.equations.items():
        expression = equation.expression
        if equation.on is not None or expression.has(sympy.Integral):
            continue
        atoms = expression.atoms(AppliedUndef, sympy.Derivative)
        plain = expression.xreplace({a: Dummy(real=True) for a in atoms})
        if x not in plain.free_symbols:
            continue
        low, high = problem.domain.lower[axis], problem.domain.upper[axis]
        later = plain.subs(x, x + sympy.Float(high - low, 17))
        size = _largest(problem, plain)
        if not _largest(problem, later - plain) <= 1e-8 * (1.0 + size):
            found.append(name)
    return found


def check_periodic(problem: Problem) -> None:
    """Raise `InputError` where boundary data contradict a periodic direction."""
    for name, condition in problem.conditions.items():
        u, x = condition.unknown, condition.seam
        if x is None:
            continue
        mine = {n: c for n, c in problem.conditions.items() if c.unknown == u}
        others = [
            n
            for n, c in mine.items()
            if c.where == BOUNDARY and c.form is not None and c.on is None
        ]
        if others:
            raise InputError(
                f"conditions[{name!r}]: {u} is periodic in {x} and has boundary data "
                f"({', '.join(others)}) on the same faces; say on= which faces those hold on"
            )
        for order, words in enumerate(("values", "slopes")):
            sign = -(outward(0) ** order)  # high minus low along the axis, not outward
            given = {n: c for n, c in mine.items() if c.prescribes(BOUNDARY, order)}
            data = {n: _ends(problem, c, x) for n, c in given.items()}
            lows, highs = ([n for n, ends in data.items() if k in ends] for k in (0, 1))
            for low, high in ((n, m) for n in lows for m in highs):
                gap = _largest(problem, data[high][1] + sign * data[low][0])
                if gap > SAME * (1.0 + _largest(problem, data[low][0])):
                    names = " and ".join(map(repr, dict.fromkeys((low, high))))
                    raise InputError(
                        f"conditions[{name!r}]: {u} is periodic in {x}, but its {words} on the two "
                        f"faces differ by {gap:.3g}, by {names}; drop one of them"
                    )


def uneven(problem: Problem) -> list[str]:
    """Warn of periodic coordinates along which equations or data do not repeat.

    Returns
    -------
    list of str
        One line each.
    """
    found = []
    for name, condition in problem.conditions.items():
        u, x = condition.unknown, condition.seam
        if x is None:
            continue
        axis = problem.coordinates.index(x)
        low, high = (
            sympy.Float(float(b[axis]), 17) for b in (problem.domain.lower, problem.domain.upper)
        )
        for other, c in problem.conditions.items():
            if c.prescribes(INITIAL) and c.unknown == u:
                value = c.prescribed
                gap = _largest(problem, value.subs(x, high) - value.subs(x, low))
                if gap > SAME * (1.0 + _largest(problem, value)):
                    found.append(
                        f"{other}: jumps by {gap:.3g} across the periodic seam of {x} ({name})"
                    )
        found += [
            f"{equation}: is not the same at both ends of the periodic coordinate {x}; "
            f"the seam ({name}) is met by rows"
            for equation in uneven_equations(problem, axis)
        ]
    return list(dict.fromkeys(found))


def _ends(problem: Problem, condition: Condition, x: Symbol) -> dict[int, Expr]:
    """Give data of a condition on the whole of the two faces of a coordinate, by side."""
    chosen = problem.domain.resolve(condition.on)
    if chosen.mask is not None:
        return {}
    faces = [f for f in problem.domain.faces if problem.coordinates[f.axis] == x]
    value: Expr = condition.prescribed
    place = {f.side: sympy.Float(float(f.value), 17) for f in faces if f.name in chosen.parts}
    return {side: value.subs(x, at) for side, at in place.items()}


def _largest(problem: Problem, expression: Expr) -> float:
    """Largest absolute value over random points of the domain, other symbols in [1, 2]."""
    rng = np.random.default_rng(0)
    low, high = problem.domain.lower, problem.domain.upper
    others = sorted(expression.free_symbols - set(problem.coordinates), key=str)
    points = low + (high - low) * rng.random((64, problem.dimension))
    values = [
        *torch.as_tensor(points).unbind(1),
        *torch.as_tensor(1 + rng.random((64, len(others)))).unbind(1),
    ]
    program = lower([expression], (*problem.coordinates, *others), where="periodic")
    (found,) = program(*values)
    return float(found.abs().max()) if bool(torch.isfinite(found).all()) else float("inf")
