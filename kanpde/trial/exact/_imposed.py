"""How the conditions of one unknown are imposed, and what data must be for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import sympy
import torch
from sympy import Expr, Symbol

from kanpde.pde import lower
from kanpde.problem import BOUNDARY, INITIAL, Condition, Problem, at_interfaces
from kanpde.trial.exact._lift import Lift

TOLERANCE = 1e-9
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


def by_priority(conditions: dict[str, Condition]) -> list[tuple[str, Condition]]:
    """Boundary values first, then normal derivatives, then initial data in order, then others."""

    def rank(item: tuple[str, Condition]) -> tuple[int, int]:
        condition = item[1]
        first = [condition.prescribes(where) for where in (BOUNDARY, INITIAL)]
        return (first.index(True), condition.order) if any(first) else (len(first), 0)

    return sorted(conditions.items(), key=rank)


def kinked(problem: Problem, value: Expr) -> bool:
    """Whether data have kinks away from the problem's interfaces."""
    coordinates = set(problem.coordinates)
    kinks = [node for node in value.atoms(*KINKS) if node.free_symbols & coordinates]
    return any(not at_interfaces(node, problem.conditions) for node in kinks)


def largest(problem: Problem, expression: Expr, fixed: dict[Symbol, float]) -> float:
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
