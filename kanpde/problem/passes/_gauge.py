"""Unknowns that equations and conditions fix only up to a constant or a function of time."""

from __future__ import annotations

import numpy as np
from sympy import Derivative, Dummy, Expr, Integer
from sympy.core.function import AppliedUndef

from kanpde.pde import scalar
from kanpde.problem._problem import Problem
from kanpde.problem.conditions._base import (
    Condition,
    Constraint,
    Dirichlet,
    Initial,
    MeanValue,
    Operator,
    Robin,
)
from kanpde.problem.conditions._point_data import PointData, is_bare


def floating_unknowns(problem: Problem) -> list[bool]:
    """Which unknowns are fixed only up to a constant, like an unpinned pressure."""
    pinning = (Dirichlet, Initial, MeanValue, PointData, Robin)
    result = []
    named = problem.derivatives()
    for k, u in enumerate(problem.unknowns):
        pinned = any(
            isinstance(c, pinning) and is_bare(c) and c.unknown == u and getattr(c, "order", 0) == 0
            for c in problem.conditions.values()
        )
        in_value = any(j == k and sum(a) == 0 for j, a in named) or any(
            _names_value(_expression(c), u) for c in problem.conditions.values()
        )
        result.append(not pinned and not in_value)
    return result


def drifting_unknowns(problem: Problem) -> list[bool]:
    """Which unknowns are fixed only up to a function of time, like the pressure of a moving fluid.

    They are differentiated along space and never along time, and no condition holds their
    value at all times.
    """
    time = problem.time
    if time is None:
        return [False] * len(problem.unknowns)
    axis, named = problem.coordinates.index(time), problem.derivatives()
    holding = (Dirichlet, Initial, Robin)
    result = []
    for k, u in enumerate(problem.unknowns):
        spatial = all(alpha[axis] == 0 and sum(alpha) > 0 for j, alpha in named if j == k)
        held = any(
            (isinstance(c, holding) and c.unknown == u)
            or (isinstance(c, PointData) and c.unknown == u and np.size(c.values) > 1)
            or _names_value(_expression(c), u)
            for c in problem.conditions.values()
        )
        result.append(spatial and not held)
    return result


def _expression(condition: Condition) -> Expr:
    """Give the expression that a condition on several unknowns is about; 0 for others."""
    if isinstance(condition, Constraint | Operator):
        return scalar("condition", condition.expression)
    return Integer(0) if is_bare(condition) else condition.u  # type: ignore[attr-defined]


def _names_value(expression: Expr, u: AppliedUndef) -> bool:
    """Whether u stands in an expression itself, not only by its derivatives."""
    hidden = {d: Dummy() for d in expression.atoms(Derivative)}
    return bool(expression.xreplace(hidden).has(u))
