"""Look at a problem before solving it: what would be imposed how, and what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy
import torch

from kanpde._conditions import (
    Condition,
    Dirichlet,
    Initial,
    MeanValue,
    Neumann,
    Periodic,
    PointData,
    Robin,
)
from kanpde._problem import Problem
from kanpde._settings import Settings
from kanpde._terms import INTERIOR
from kanpde.pde import is_linear, jets_in, lower, normalise, order
from kanpde.train import interior_points, make_network, make_plan, suggested_degree
from kanpde.train._plan import Plan


def preflight(problem: Problem, settings: Settings | None = None) -> dict[str, Any]:
    """Report on a problem without solving it.

    Returns
    -------
    dict
        ``equations``, ``conditions``, ``warnings``, ``degree``, ``scales``, ``corners``,
        ``exact_residual``, ``points``.

    Examples
    --------
    >>> from kanpde import Interval, Problem, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> preflight(Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2)}))["warnings"]
    ['u: the equation is of order 2 in x and has 0 of 2 conditions there: none at x=0, x=1']
    """
    settings = settings or problem.settings or Settings()
    plan = make_plan(problem, settings)
    network = make_network(plan)
    many = interior_points(plan, network.count)
    drawn = plan.draw(many, plan.rng(2))
    points = {s.names[0]: d.points for s, d in drawn}
    constants = tuple(problem.constants)
    return {
        "equations": [
            {
                "name": name,
                "expression": str(e.expression),
                "order": order(e.expression, problem.unknowns),
                "linear": bool(is_linear(e.expression, problem.unknowns, constants)),
            }
            for name, e in problem.equations.items()
        ],
        "conditions": [
            _condition(problem, plan, name, c, points) for name, c in problem.conditions.items()
        ],
        "warnings": [*_missing(problem), *_outside(problem)],
        "degree": {"needed": problem.order, "suggested": suggested_degree(problem)},
        "scales": _scales(problem),
        "corners": [f"{k}: {r}" for k, r in plan.ansatzes.reasons.items() if "conflict" in r],
        "exact_residual": _exact_residual(problem),
        "interior": many,
        "coefficients": network.count,
        "points": {
            **{"interior": p for s, d in drawn if s.where == INTERIOR for p in [d.points]},
            **{n: p for n, p in points.items() if n in problem.conditions},
        },
    }


def _condition(
    problem: Problem, plan: Plan, name: str, condition: Condition, points: dict[str, Any]
) -> dict[str, Any]:
    how = plan.ansatzes.imposed.get(name, "rows")
    if isinstance(condition, Initial):
        where = f"{problem.time} = {problem.domain.lower[-1]:g}"
    elif isinstance(condition, Periodic):
        where = f"both faces of {condition.coordinate}"
    elif hasattr(condition, "on"):
        where = problem.domain.resolve(condition.on).description
    else:
        where = "points" if isinstance(condition, PointData) else "domain"
    return {
        "name": name,
        "kind": condition.kind,
        "on": where,
        "imposed": how,
        "points": len(points[name]) if name in points else 0,
        "reason": plan.ansatzes.reasons.get(name, ""),
    }


def _missing(problem: Problem) -> list[str]:
    """Directions in which an unknown has fewer conditions than the equation's order."""
    found = []
    for k, u in enumerate(problem.unknowns):
        mine = [c for c in problem.conditions.values() if c.unknown == u]
        free = any(isinstance(c, MeanValue | PointData) for c in mine)
        for axis, x in enumerate(problem.coordinates):
            need = problem.orders(k)[axis]
            if not need:
                continue
            have, bare = _coverage(problem, mine, axis, need)
            if have < need and not (free and have == need - 1):
                where = f": none at {', '.join(bare)}" if bare else ""
                found.append(
                    f"{u.func.__name__}: the equation is of order {need} in {x} and has "
                    f"{have} of {need} conditions there{where}"
                )
    return found


def _coverage(
    problem: Problem, conditions: list[Condition], axis: int, need: int
) -> tuple[int, list[str]]:
    x = problem.coordinates[axis]
    if x == problem.time:
        have = sum(isinstance(c, Initial) for c in conditions)
        return have, [] if have else [f"{x}={problem.domain.lower[axis]:g}"]
    if any(isinstance(c, Periodic) and c.coordinate == x for c in conditions):
        return need, []
    kinds = Dirichlet | Neumann | Robin
    names = list(problem.domain.parts)
    faces = [f for f in getattr(problem.domain, "faces", ()) if f.axis == axis]
    relevant = [f.name for f in faces] or names
    count = {
        name: sum(
            isinstance(c, kinds) and name in problem.domain.resolve(c.on).parts  # type: ignore[attr-defined]
            for c in conditions
        )
        for name in relevant
    }
    bare = [name for name, many in count.items() if many == 0]
    have = sum(count.values()) if faces else 2 * min(count.values(), default=0)
    return have, bare


def _outside(problem: Problem) -> list[str]:
    found = []
    for name, c in problem.conditions.items():
        if isinstance(c, PointData):
            inside = problem.domain.contains(np.asarray(c.points))
            if not inside.all():
                found.append(f"{name}: {int((~inside).sum())} data points lie outside the domain")
    return found


def _scales(problem: Problem) -> dict[str, float]:
    """Sizes of the coordinates' ranges and of the data."""
    sizes = {
        str(x): float(problem.domain.upper[k] - problem.domain.lower[k])
        for k, x in enumerate(problem.coordinates)
    }
    points, _ = problem.domain.interior(256, sampler="sobol", rng=np.random.default_rng(0))
    columns = torch.as_tensor(points).unbind(1)
    for name, c in problem.conditions.items():
        value = getattr(c, "value", None)
        if isinstance(value, sympy.Expr) and not value.free_symbols & set(problem.constants):
            (data,) = lower([value], problem.coordinates, where=name)(*columns)
            sizes[name] = float(data.abs().max())
    return sizes


def _exact_residual(problem: Problem) -> dict[str, float] | None:
    """Largest residual of the exact solution in every equation."""
    if not problem.exact:
        return None
    points, _ = problem.domain.interior(256, sampler="sobol", rng=np.random.default_rng(0))
    columns = torch.as_tensor(points).unbind(1)
    result = {}
    for name, e in problem.equations.items():
        if e.expression.has(sympy.Integral) or problem.constants:
            continue
        jets_in(e.expression, problem.unknowns, problem.coordinates)
        residual = normalise(e.expression.subs(problem.exact).doit())
        (values,) = lower([residual], problem.coordinates, where=name)(*columns)
        result[name] = float(values.abs().max())
    return result
