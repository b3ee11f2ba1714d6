"""Looking at the symbols and unknowns of an expression."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import Boolean

from kanpde.errors import InputError


def scalar(where: str, value: object) -> sympy.Expr:
    """Return `value` as a scalar expression, or raise; strings are never parsed."""
    try:
        expression = sympy.sympify(value, strict=True)
    except sympy.SympifyError:
        expression = None
    if isinstance(expression, Boolean) and not isinstance(expression, sympy.Symbol):
        raise InputError(
            f"{where}: expected an expression, came the relation {expression}; write left - right"
        )
    if not isinstance(expression, sympy.Expr) or isinstance(expression, sympy.MatrixExpr):
        raise InputError(f"{where}: expected a scalar sympy expression, came {value!r}")
    return expression


def top_atoms(expression: sympy.Basic) -> Iterator[sympy.Basic]:
    """Walk over symbols, unknowns and derivatives, not into the latter two."""
    if isinstance(expression, (sympy.Symbol, AppliedUndef, sympy.Derivative)):
        yield expression
        return
    for argument in expression.args:
        yield from top_atoms(argument)


def real_atoms_only(expression: sympy.Basic) -> bool:
    """Tell whether every symbol and unknown function in an expression is real."""
    return all(atom.is_real for atom in expression.atoms(sympy.Symbol, AppliedUndef))


def foreign_hint(symbols: Iterable[sympy.Basic], known: Iterable[sympy.Basic]) -> str:
    """Explain a symbol that looks like a known one and is not; empty if there is none."""
    declared: set[sympy.Basic] = set()
    for atom in known:
        declared |= atom.free_symbols
    names = {str(symbol) for symbol in declared}
    for symbol in symbols:
        if symbol not in declared and str(symbol) in names:
            return (
                f"symbol {symbol} is not the coordinate {symbol} made by coordinates(...): "
                f"same name, other assumptions"
            )
    return ""
