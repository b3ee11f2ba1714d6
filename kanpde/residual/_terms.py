"""Terms: equations and conditions lowered to programs, before any point is drawn.

Equations and conditions that are asked at the same points share one `TermSet`: one
evaluation of the trial, one program, one backward per output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Dummy, Expr

from kanpde.calculus import JetSpace, unit
from kanpde.pde import IntegralTerm, Program, extract_integrals, jets_in, lower
from kanpde.problem import BOUNDARY as BOUNDARY
from kanpde.problem import INITIAL as INITIAL
from kanpde.problem import INTERFACE as INTERFACE
from kanpde.problem import MEAN as MEAN
from kanpde.problem import NUMBER as NUMBER
from kanpde.problem import PAIR as PAIR
from kanpde.problem import POINTS as POINTS
from kanpde.problem import (
    Condition,
    Functional,
    JetInput,
    Problem,
    Region,
    drifting_unknowns,
)
from kanpde.trial import Ansatzes

INTERIOR, GAUGE = "interior", "gauge"  # beside the places of conditions


@dataclass(frozen=True)
class TermSet:
    """Expressions that vanish at the same kind of points."""

    names: tuple[str, ...]
    where: str
    space: JetSpace
    jets: tuple[JetInput, ...]
    program: Program
    functionals: tuple[Functional, ...] = ()
    condition: Condition | None = None
    on: Any = None
    expressions: tuple[Expr, ...] = field(default=(), compare=False)


def compile_terms(problem: Problem, ansatzes: Ansatzes) -> list[TermSet]:
    """Every equation, and every condition that is imposed by rows.

    What is free up to a function of time, such as the pressure of a moving fluid in a closed
    box, gets rows of its own: it vanishes in the middle of the box at all times.
    """
    sets = _equation_sets(problem)
    for name, condition in problem.conditions.items():
        if ansatzes.imposed.get(name) == "exact":
            continue
        sets.append(_condition_set(problem, name, condition))
    for u, drifts in zip(problem.unknowns, drifting_unknowns(problem), strict=True):
        if drifts:
            sets.append(_compile(problem, (f"gauge of {u.func.__name__}",), [u], GAUGE))
    return sets


def all_terms(problem: Problem) -> list[TermSet]:
    """Compile every equation and every condition, however it is imposed."""
    conditions = problem.conditions.items()
    return _equation_sets(problem) + [_condition_set(problem, n, c) for n, c in conditions]


def _equation_sets(problem: Problem) -> list[TermSet]:
    groups: dict[int, list[tuple[str, Expr, Any]]] = {}
    for name, equation in problem.equations.items():
        key = 0 if equation.on is None else id(equation.on)
        groups.setdefault(key, []).append((name, equation.expression, equation.on))
    return [
        _compile(
            problem,
            tuple(name for name, _, _ in group),
            [expression for _, expression, _ in group],
            INTERIOR,
            on=group[0][2],
        )
        for group in groups.values()
    ]


def _condition_set(problem: Problem, name: str, condition: Condition) -> TermSet:
    orders = problem.orders(problem.unknowns.index(condition.unknown))
    by_coordinate = dict(zip(problem.coordinates, orders, strict=True))
    names, expressions = zip(*condition.rows(name, problem.space, by_coordinate), strict=True)
    return _compile(problem, names, list(expressions), condition.where, condition=condition)


def value_terms(problem: Problem) -> TermSet:
    """Compile the unknowns themselves, asked at interior points."""
    names = tuple(str(u.func.__name__) for u in problem.unknowns)
    return _compile(problem, names, list(problem.unknowns), INTERIOR)


def _compile(
    problem: Problem,
    names: tuple[str, ...],
    expressions: list[Expr],
    where: str,
    *,
    condition: Condition | None = None,
    on: Any = None,
) -> TermSet:
    rest: list[Expr] = []
    integrals: list[IntegralTerm] = []
    for expression in expressions:
        part, found = extract_integrals(expression, problem.coordinates)
        rest.append(part)
        integrals.extend(found)
    space, atoms, rest = jet_layout(problem, rest)
    extras = condition.inputs(problem.space) if condition is not None else ()
    symbols = tuple(i.symbol for i in integrals)
    inputs = (*problem.coordinates, *extras, *atoms, *problem.constants, *symbols)
    return TermSet(
        names=names,
        where=where,
        space=space,
        jets=tuple(atoms.values()),
        program=lower(rest, inputs, where=names[0]),
        functionals=tuple(_functional(problem, i) for i in integrals),
        condition=condition,
        on=on if condition is None else condition.on,
        expressions=tuple(expressions),
    )


def jet_layout(
    problem: Problem, expressions: list[Expr], *, collapse: bool = True
) -> tuple[JetSpace, dict[Any, JetInput], list[Expr]]:
    """Lay out the jets that expressions need, as a space and program inputs.

    Returns the expressions too: a common Laplacian is collapsed into one symbol.
    """
    wanted: dict[Any, tuple[int, tuple[int, ...]]] = {}
    for expression in expressions:
        wanted.update(jets_in(expression, problem.unknowns, problem.coordinates))
    if collapse:
        collapsed = _collapse(problem, expressions, wanted)
        if collapsed is not None:
            return collapsed
    space = JetSpace.closed(problem.dimension, [alpha for _, alpha in wanted.values()])
    atoms = {
        atom: JetInput(unknown, space.position(alpha)) for atom, (unknown, alpha) in wanted.items()
    }
    return space, atoms, expressions


def _collapse(
    problem: Problem, expressions: list[Expr], wanted: dict[Any, tuple[int, tuple[int, ...]]]
) -> tuple[JetSpace, dict[Any, JetInput], list[Expr]] | None:
    """Carry sum a_i d_i^2 as one component where nothing else of second order is named."""
    d = problem.dimension
    second = {atom: key for atom, key in wanted.items() if sum(key[1]) == 2}
    if not _only_pure_seconds([alpha for _, alpha in wanted.values()]):
        return None
    dummies = {atom: Dummy() for atom in wanted}
    weights: list[Expr] | None = None
    symbols = {k: Dummy(f"laplacian{k}") for k in range(len(problem.unknowns))}
    result = []
    for expression in expressions:
        flat = expression.xreplace(dummies)
        rest = flat.xreplace({dummies[a]: sympy.Integer(0) for a in second})
        for k, symbol in symbols.items():
            mine = {key[1].index(2): dummies[a] for a, key in second.items() if key[0] == k}
            slopes = [
                sympy.diff(flat, mine[i]) if i in mine else sympy.Integer(0) for i in range(d)
            ]
            if any(s.has(*(dummies[a] for a in second)) for s in slopes):
                return None
            lead = next((s for s in slopes if s != 0), None)
            if lead is None:
                continue
            ratio = [sympy.simplify(s / lead) for s in slopes]
            if not all(r.is_number for r in ratio) or (weights is not None and ratio != weights):
                return None
            weights = ratio
            rest = rest + lead * symbol
        result.append(rest)
    if weights is None or sum(w != 0 for w in weights) < 2:
        return None
    numbers = tuple(float(w) for w in weights)
    first = [alpha for _, alpha in wanted.values() if sum(alpha) <= 1]
    space = JetSpace.closed(d, [*first, *(unit(d, i) for i in range(d) if numbers[i])], numbers)
    atoms: dict[Any, JetInput] = {
        dummies[atom]: JetInput(k, space.position(alpha))
        for atom, (k, alpha) in wanted.items()
        if sum(alpha) <= 1
    }
    for k, symbol in symbols.items():
        if any(e.has(symbol) for e in result):
            atoms[symbol] = JetInput(k, space.size - 1)
    return space, atoms, result


def _only_pure_seconds(alphas: list[tuple[int, ...]]) -> bool:
    """Whether at least two second derivatives are named, none mixed and nothing higher."""
    second = [a for a in alphas if sum(a) == 2]
    higher = any(sum(a) > 2 for a in alphas)
    return len(second) >= 2 and not higher and all(max(a) == 2 for a in second)


def _functional(problem: Problem, integral: IntegralTerm) -> Functional:
    coordinates = problem.coordinates
    space, atoms, (integrand,) = jet_layout(problem, [integral.integrand], collapse=False)
    named = tuple(symbol for symbol, _ in integral.outer)
    inputs = (*coordinates, *named, *atoms, *problem.constants)
    return Functional(
        space=space,
        jets=tuple(atoms.values()),
        program=lower([integrand], inputs, where="integrand"),
        region=Region.of(integral, coordinates),
    )
