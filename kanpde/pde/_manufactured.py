"""Source terms for chosen solutions."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.pde._analysis import normalise
from kanpde.pde._derivative import differentiate


def manufactured(lhs: sympy.Expr, exact: Mapping[AppliedUndef, sympy.Expr]) -> sympy.Expr:
    """Put exact solutions into the left side of an equation: its source term.

    Parameters
    ----------
    lhs
        The left side, for instance ``u.diff(t) - u.diff(x, 2)``.
    exact
        The chosen solution of every unknown in it.

    Returns
    -------
    Expr
        `lhs` with every unknown replaced and every derivative carried out;
        ``lhs - manufactured(lhs, exact)`` is an equation that `exact` solves.

    Raises
    ------
    InputError
        If a key is no unknown or an unknown in `lhs` has no exact solution.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> u = sympy.Function("u", real=True)(x)
    >>> manufactured(u.diff(x, 2) + u, {u: x**3})
    x**3 + 6*x
    """
    for key in exact:
        if not isinstance(key, AppliedUndef):
            raise InputError(f"manufactured: expected unknowns as keys, came {key!r}")
    by_function = {key.func: (key, sympy.sympify(exact[key], strict=True)) for key in exact}
    source = normalise(lhs)
    missing = sorted(
        {str(atom) for atom in source.atoms(AppliedUndef) if atom.func not in by_function}
    )
    if missing:
        raise InputError(
            f"manufactured: expected an exact solution of every unknown, "
            f"came none for {', '.join(missing)}"
        )

    def value(atom: AppliedUndef) -> sympy.Expr:
        key, solution = by_function[atom.func]
        return solution.xreplace(dict(zip(key.args, atom.args, strict=True)))

    replacements: dict[sympy.Basic, sympy.Expr] = {
        atom: value(atom) for atom in source.atoms(AppliedUndef)
    }
    for atom in source.atoms(sympy.Derivative):
        replacements[atom] = differentiate(value(atom.expr), atom.variable_count)
    result = source.xreplace(replacements)
    return result.doit() if result.has(sympy.Integral) else result
