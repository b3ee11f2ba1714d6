"""Eigenvalue problems: a homogeneous linear problem times an unknown constant, normalised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.pde import is_linear
from kanpde.problem.conditions._base import NUMBER, Condition

MISSED = 1e-4  # mean square of a normalisation; u = 0 misses that to 1 by 1


def is_eigenproblem(
    equations: Iterable[Expr],
    conditions: Mapping[str, Condition],
    unknowns: Sequence[AppliedUndef],
    constants: Sequence[Symbol],
    space: Sequence[Symbol],
) -> bool:
    """Tell whether u = 0 solves a linear problem at every value of its unknown constants.

    Raises
    ------
    InputError
        If it does and no `Constraint` tells the size of u.
    """
    stated = list(equations)
    if not constants or all(is_linear(e, unknowns, constants) for e in stated):
        return False
    normalisations = [n for n, c in conditions.items() if c.where == NUMBER]
    for name, condition in conditions.items():
        if name not in normalisations:
            stated.extend(condition.stated(space))
    stated.sort(key=sympy.count_ops)  # measured values, which nothing homogeneous has, come early
    if not all(is_linear(e, unknowns) and _homogeneous(e, unknowns) for e in stated):
        return False
    if not normalisations:
        names = ", ".join(map(str, constants))
        u, coordinates = unknowns[0], ", ".join(f"({x}, ...)" for x in unknowns[0].args)
        raise InputError(
            f"constants: {names} and homogeneous linear equations and conditions are an eigenvalue "
            f"problem without normalisation, which {u.func} = 0 solves; add the condition "
            f"Constraint(Integral({u.func}**2, {coordinates}) - 1)"
        )
    return True


def _homogeneous(expression: Expr, unknowns: Sequence[AppliedUndef]) -> bool:
    """Whether an expression vanishes where the unknowns do."""
    functions = {u.func for u in unknowns}
    zeros: dict[Any, Any] = {
        d: sympy.S.Zero for d in expression.atoms(sympy.Derivative) if d.expr.func in functions
    }
    zeros |= {u: sympy.S.Zero for u in expression.atoms(AppliedUndef) if u.func in functions}
    rest = expression.xreplace(zeros).doit()
    return bool(rest == 0 or sympy.simplify(rest) == 0)


def vanishes(terms: Mapping[str, float], conditions: Mapping[str, Condition]) -> bool:
    """Tell whether a normalisation is missed, as the trivial solution misses it.

    Parameters
    ----------
    terms
        Mean squares of all terms, by name.
    """
    missed = [terms.get(n, 0.0) for n, c in conditions.items() if c.where == NUMBER]
    return any(not value < MISSED for value in missed)
