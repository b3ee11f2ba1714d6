"""Look at a problem before solving it: what would be imposed how, and what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy
import torch

from kanpde.nets._describe import named_charts
from kanpde.pde import is_linear, jets_in, lower, normalise, order
from kanpde.problem import (
    BOUNDARY,
    INITIAL,
    MEAN,
    NUMBER,
    POINTS,
    Condition,
    Conflict,
    Coverage,
    Problem,
    Settings,
    conditions_on_parts,
    conflicts,
    coverage,
    drifting_unknowns,
    floating_unknowns,
    uneven,
)
from kanpde.residual import INTERIOR
from kanpde.solvers import (
    Plan,
    forward_problem,
    interior_points,
    make_network,
    make_plan,
    suggested_degree,
)
from kanpde.trial import described


def preflight(problem: Problem, settings: Settings | None = None) -> dict[str, Any]:
    """Report on a problem without solving it.

    Returns
    -------
    dict
        ``equations``, ``conditions``, ``symmetry``, ``warnings``, ``degree``, ``scales``,
        ``corners``, ``conflicts``, ``bare``, ``parts``, ``charts``, ``exact_residual``,
        ``points``.

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
    clashes = conflicts(problem)
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
        "symmetry": [e["text"] for e in described(problem, plan.mirrors).values()],
        "warnings": [
            *missing_conditions(problem),
            *smoothness_warnings(problem, settings),
            *uneven(problem),
        ],
        "degree": {"needed": problem.order, "suggested": suggested_degree(problem)},
        "scales": _scales(problem),
        "corners": _corners(problem, plan, clashes),
        "conflicts": clashes,
        "bare": bare_points(problem),
        "parts": conditions_on_parts(problem),
        "exact_residual": _exact_residual(problem),
        "charts": named_charts(plan.charts),
        "interior": many,
        "coefficients": network.count,
        "points": {
            "interior": next(d.points for s, d in drawn if s.where == INTERIOR),
            **{n: p for n, p in points.items() if n in problem.conditions},
        },
    }


def _condition(
    problem: Problem, plan: Plan, name: str, condition: Condition, points: dict[str, Any]
) -> dict[str, Any]:
    how = plan.imposed.get(name, "rows")
    return {
        "name": name,
        "kind": condition.kind,
        "on": condition.located(problem.domain),
        "imposed": how,
        "points": len(points[name]) if name in points else 0,
        "reason": plan.ansatzes.reasons.get(name, ""),
    }


def smoothness_warnings(problem: Problem, settings: Settings) -> list[str]:
    """Warn of splines whose residual would not converge: degree equal to the order.

    Examples
    --------
    >>> from kanpde import Interval, Problem, Settings, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> p = Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2)})
    >>> smoothness_warnings(p, Settings(basis="bspline", degree=2))
    ['degree 2 equals the order of the equation: its residual is discontinuous; 3 is suggested']
    """
    splines = settings.net in {"auto", "kan"} and settings.edges == "bspline"
    if not splines or settings.degree != problem.order:
        return []
    return [
        f"degree {settings.degree} equals the order of the equation: its residual is "
        f"discontinuous; {suggested_degree(problem)} is suggested"
    ]


def missing_conditions(problem: Problem) -> list[str]:
    """Name the conditions that a problem lacks, per unknown, direction and face.

    An equation of order k in time asks for k initial conditions; one of order k in a spatial
    coordinate for k conditions, counted over the two faces together, so that one inflow
    condition is enough for transport. In a system an unknown of first order, such as a
    pressure, needs none of its own. An unknown that appears by its derivatives only has to be
    fixed by one value somewhere.

    Returns
    -------
    list of str
        One line each; empty where nothing is missing.

    Examples
    --------
    >>> from kanpde import Interval, Neumann, Problem, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> flux = Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2)}, {"ends": Neumann(u, 0)})
    >>> missing_conditions(flux)
    ['u: is fixed only up to a constant; add MeanValue(u, 0), or PointData(u, point, value)']
    """
    found: list[str] = []
    floating, drifting = floating_unknowns(problem), drifting_unknowns(problem)
    for k, u in enumerate(problem.unknowns):
        mine = [c for c in problem.conditions.values() if u in c.unknowns]
        lacking = _in_time(problem, k, mine) + _in_space(problem, k, mine)
        name = u.func.__name__
        if not lacking and floating[k] and not drifting[k]:
            lacking = [
                f"is fixed only up to a constant; add MeanValue({name}, 0), "
                f"or PointData({name}, point, value)"
            ]
        found += [f"{name}: {text}" for text in lacking]
    return found


def closed_without_data(problem: Problem) -> bool:
    """Whether equations and conditions determine the unknowns, given the constants."""
    starts = {symbol: c.start for symbol, c in problem.constants.items()}
    if not starts:
        return False
    return not missing_conditions(forward_problem(problem, starts))


def _in_time(problem: Problem, k: int, mine: list[Condition]) -> list[str]:
    if problem.time is None:
        return []
    axis = problem.coordinates.index(problem.time)
    need, start = problem.orders(k)[axis], problem.domain.lower[axis]
    have = {c.order for c in mine if c.where == INITIAL}
    bare = [m for m in range(need) if m not in have]
    if not bare or len(bare) <= _measured(mine):
        return []
    u, t = problem.unknowns[k].func.__name__, problem.time
    names = [u if m == 0 else f"{u}.diff({t})" if m == 1 else f"{u}.diff({t}, {m})" for m in bare]
    return [
        f"the equation is of order {need} in {t} and has {need - len(bare)} of {need} "
        f"conditions there: none for {', '.join(names)} at {t}={start:g}"
    ]


def _measured(mine: list[Condition]) -> int:
    """Conditions that measurements can stand in for: any number where there are several."""
    return 99 if any(c.measured for c in mine) else 0


def _in_space(problem: Problem, k: int, mine: list[Condition]) -> list[str]:
    orders, found = problem.orders(k), []
    fixed = sum(c.where in {MEAN, NUMBER, POINTS} for c in mine)
    faces = getattr(problem.domain, "faces", ())
    round_parts = [n for n in problem.domain.parts if n not in {f.name for f in faces}]
    told = False
    for axis, x in enumerate(problem.coordinates):
        need = orders[axis]
        if x not in problem.space or not need or (need == 1 and _held_by_others(problem, k, axis)):
            continue
        if any(c.seam == x for c in mine):
            continue
        names = [f.name for f in faces if f.axis == axis]
        count = {n: coverage(problem, mine, n) for n in names or round_parts}
        have = _together(list(count.values()), need, flat=bool(names))
        if have >= need - fixed or _measured(mine) or (told and not names):
            continue
        told = told or not names
        where = _bare(problem, count)
        found.append(
            f"the equation is of order {need} in {x} and has {have} of {need} "
            f"conditions there{where}"
        )
    return found


def _together(found: list[Coverage], need: int, *, flat: bool) -> int:
    """Count the conditions in one direction: on its two faces, or on a boundary that is curved.

    A line meets a curved boundary twice; what flows in there, under an equation of order 1,
    needs a condition on one part only.
    """
    if flat or not found:
        return sum(c.least for c in found)
    return max(int(c.counts.max()) for c in found) if need == 1 else 2 * min(c.least for c in found)


def _bare(problem: Problem, count: dict[str, Coverage]) -> str:
    """Name the parts without a condition, and a point of those that have one here and there."""
    bare = [name for name, c in count.items() if len(c.bare) == len(c.points)]
    where = [f"none at {', '.join(bare)}"] if bare else []
    for name, c in count.items():
        if name not in bare and len(c.bare):
            point = c.bare[len(c.bare) // 2]
            place = zip(problem.coordinates, point, strict=True)
            at = ", ".join(f"{x} = {v:.3g}" for x, v in place if x in problem.space)
            where.append(f"none on a piece of {name}, such as {at}")
    return f": {', '.join(where)}" if where else ""


def bare_points(problem: Problem) -> dict[str, np.ndarray]:
    """Give the boundary points without a condition, of each unknown that lacks one in space.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, Problem, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> left = Dirichlet(u, 0, on=sympy.Eq(x, 0))
    >>> bare_points(Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2)}, {"left": left}))
    {'u': array([[1.]])}
    """
    found = {}
    for k, u in enumerate(problem.unknowns):
        mine = [c for c in problem.conditions.values() if u in c.unknowns]
        if _in_space(problem, k, mine):
            places = [coverage(problem, mine, name).bare for name in problem.domain.parts]
            found[str(u.func.__name__)] = np.concatenate(places)
    return found


def _corners(problem: Problem, plan: Plan, clashes: list[Conflict]) -> list[str]:
    """Say where data disagree, each time once."""
    named = {name for c in clashes for name in c.names}
    told = [
        f"{k}: {r}" for k, r in plan.ansatzes.reasons.items() if "conflict" in r and k not in named
    ]
    return told + [c.text(problem.coordinates) for c in clashes]


def _held_by_others(problem: Problem, k: int, axis: int) -> bool:
    """Tell whether another unknown of the system has conditions in this direction."""
    x, u = problem.coordinates[axis], problem.unknowns[k]
    parts = [f.name for f in getattr(problem.domain, "faces", ()) if f.axis == axis]
    for c in problem.conditions.values():
        if u in c.unknowns:
            continue
        if c.seam == x:
            return True
        if c.where == BOUNDARY and (
            not parts or set(parts) & set(problem.domain.resolve(c.on).parts)
        ):
            return True
    return False


def _scales(problem: Problem) -> dict[str, float]:
    """Sizes of the coordinates' ranges and of the data."""
    sizes = {
        str(x): float(problem.domain.upper[k] - problem.domain.lower[k])
        for k, x in enumerate(problem.coordinates)
    }
    points, _ = problem.domain.interior(256, sampler="sobol", rng=np.random.default_rng(0))
    columns = torch.as_tensor(points).unbind(1)
    for name, c in problem.conditions.items():
        value = c.known().get("value")
        if value is not None and not value.free_symbols & set(problem.constants):
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
