r"""Exact conditions beyond boxes: D is a smooth function that vanishes on parts of the boundary.

Disks, balls, ellipses and convex polygons have one (`Domain.vanishing_on`): :math:`1 -
|x-c|^2/R^2`, or the product of the distances from the lines of the edges. Where Dirichlet data on
such parts are those of one smooth expression, g is that expression; where its normal derivative
is prescribed there as well, D is squared. Everything else becomes rows, with the reason.
"""

from __future__ import annotations

import numpy as np
import sympy
import torch
from sympy import Expr

from kanpde.geometry import Domain
from kanpde.pde import derivative, lower
from kanpde.problem import (
    BOUNDARY,
    INITIAL,
    Condition,
    Problem,
    normal,
    normal_derivative,
)
from kanpde.trial.exact._imposed import TOLERANCE, Ansatz, by_priority, kinked, largest
from kanpde.trial.exact._interpolant import face_place

NO_FUNCTION = "no smooth distance for this part of the boundary"
CHECKED = 256


def impose_by_distance(
    problem: Problem, space: Domain, conditions: dict[str, Condition], part: Ansatz
) -> None:
    """Impose the conditions of one unknown that a function vanishing on the boundary can carry."""
    names = _impose_values(problem, space, conditions, part)
    if names:
        _impose_slopes(problem, conditions, part, names)
    if problem.time is not None:
        _impose_starts(problem, conditions, part, names)


def _impose_values(
    problem: Problem, space: Domain, conditions: dict[str, Condition], part: Ansatz
) -> tuple[str, ...]:
    """Impose boundary values that one expression has; returns the parts that they cover."""
    able = _able(problem, conditions, part)
    best: dict[str, Condition] = {}
    value: Expr = sympy.S.Zero
    for c in able.values():
        same = {n: other for n, other in able.items() if _agree(problem, c.prescribed, other)}
        if len(same) > len(best):
            best, value = same, c.prescribed
    names = tuple(n for c in best.values() for n in problem.domain.resolve(c.on).parts)
    vanishing = space.vanishing_on(names) if names else None
    for name in able:
        if vanishing is None:
            part.reasons[name] = NO_FUNCTION
        elif name in best:
            part.imposed[name] = "exact"
        else:
            part.reasons[name] = f"its data are not those of {next(iter(best))!r}"
    if vanishing is None:
        return ()
    part.g, part.d = value, vanishing
    return names


def _able(problem: Problem, conditions: dict[str, Condition], part: Ansatz) -> dict[str, Condition]:
    """List conditions on the value on whole parts whose data continue smoothly inside."""
    able: dict[str, Condition] = {}
    for name, c in conditions.items():
        if not c.prescribes(BOUNDARY):
            continue
        if c.order > 0:
            part.reasons[name] = "the value there is not imposed exactly"
            continue
        if problem.domain.resolve(c.on).mask is not None:
            part.reasons[name] = "it holds on a piece of a part only"
        elif not _extends(problem, c.prescribed):
            part.reasons[name] = "its data are not known, finite and smooth inside as well"
        else:
            able[name] = c
    return able


def _impose_slopes(
    problem: Problem, conditions: dict[str, Condition], part: Ansatz, names: tuple[str, ...]
) -> None:
    """Square D where the normal derivatives of g are prescribed wherever its values are."""
    slopes = {n: c for n, c in conditions.items() if c.prescribes(BOUNDARY, 1)}
    covered = [
        place
        for c in slopes.values()
        if problem.domain.resolve(c.on).mask is None
        for place in problem.domain.resolve(c.on).parts
    ]
    orders = problem.orders(problem.unknowns.index(next(iter(conditions.values())).unknown))
    high = all(orders[problem.coordinates.index(x)] >= 4 for x in problem.space)
    for name in slopes:
        if sorted(covered) != sorted(names) or not high:
            part.reasons[name] = "values and normal derivatives are not given on the same parts"
        elif not all(_agree(problem, part.g, other) for other in slopes.values()):
            part.reasons[name] = "it is not the normal derivative of the values' expression"
        else:
            part.imposed[name] = "exact"
    if any(part.imposed.get(n) == "exact" for n in slopes):
        part.d = part.d**2


def _impose_starts(
    problem: Problem, conditions: dict[str, Condition], part: Ansatz, names: tuple[str, ...]
) -> None:
    assert problem.time is not None
    starts = [(n, c) for n, c in by_priority(conditions) if c.prescribes(INITIAL)]
    start = face_place(problem, problem.coordinates.index(problem.time), 0)
    tau = problem.time - start
    for name, condition in starts:
        order, value = condition.order, condition.prescribed
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
        if names and not _size(problem, gap, names) <= TOLERANCE:
            part.reasons[name] = "conflicts with the boundary data at the start"
            continue
        part.g += gap * tau**order / sympy.factorial(order)
        part.d *= tau
        part.imposed[name] = "exact"


def _extends(problem: Problem, value: Expr) -> bool:
    """Whether data on the boundary are known, finite and smooth inside as well."""
    known = not value.free_symbols & set(problem.constants)
    return known and not kinked(problem, value) and bool(np.isfinite(largest(problem, value, {})))


def _agree(problem: Problem, value: Expr, condition: Condition) -> bool:
    """Whether an expression satisfies a condition where it holds."""
    names = problem.domain.resolve(condition.on).parts
    own = normal_derivative(value, problem.space) if condition.order else value
    gap = own - condition.prescribed
    scale = 1.0 + _size(problem, condition.prescribed, names)
    return _size(problem, gap, names) <= TOLERANCE * scale


def _size(problem: Problem, expression: Expr, names: tuple[str, ...]) -> float:
    """Largest absolute value at random points of parts of the boundary; normals may be named."""
    rng = np.random.default_rng(0)
    points, normals, *_ = problem.domain.boundary(CHECKED, part=list(names), rng=rng)
    axes = [problem.coordinates.index(x) for x in problem.space]
    inputs = (*problem.coordinates, *(normal(x) for x in problem.space))
    program = lower([expression], inputs, where="condition")
    columns = torch.as_tensor(np.hstack((points, normals[:, axes]))).unbind(1)
    (values,) = program(*columns)
    return float(values.abs().max()) if bool(torch.isfinite(values).all()) else float("inf")
