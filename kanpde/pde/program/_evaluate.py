"""Numbers out of expressions, by the operations of the table: no source text is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
import torch
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import Boolean

from kanpde.pde.program._lower import lower
from kanpde.pde.program._program import Program

Array = NDArray[np.float64]
Function = Callable[..., ArrayLike]

# Steps and remainders have values but no useful derivatives, so no equation may hold them;
# where a part of the boundary lies may be said with them.
_STEPS: dict[Any, Function] = {
    sympy.floor: np.floor,
    sympy.ceiling: np.ceil,
    sympy.frac: lambda x: x - np.floor(x),
    sympy.Mod: np.mod,
}


class Evaluator:
    """An expression as a function of arrays.

    It is lowered once; what it holds beside the table of operations is evaluated by the functions
    given, innermost first.

    Parameters
    ----------
    expression
        A scalar expression in `symbols`.
    symbols
        Its variables, taken as real.
    functions
        Numerical implementations of undefined functions, by name.
    where
        What it is, for messages.

    Raises
    ------
    UnsupportedError
        If a function is not covered, or a number is complex or infinite.
    InputError
        If something is no scalar expression, or a symbol is none of `symbols`.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> Evaluator(sympy.Abs(x) + 1, [x])(np.array([-1.0, 2.0]))
    array([2., 3.])
    >>> f = sympy.Function("f")
    >>> Evaluator(2 * f(x + 1), [x], {"f": np.sqrt})(np.array([3.0, 8.0]))
    array([4., 6.])
    """

    def __init__(
        self,
        expression: Expr,
        symbols: Sequence[Symbol],
        functions: Mapping[str, Function] | None = None,
        *,
        where: str = "formula",
    ) -> None:
        real = {s: sympy.Dummy(s.name, real=True) for s in symbols if not s.is_real}
        if real and isinstance(expression, sympy.Basic):
            expression = expression.xreplace(real)
        inputs: list[Expr] = [real.get(s, s) for s in symbols]
        self._steps: list[tuple[Program, Function]] = []
        for call, function in _calls(expression, functions or {}):
            self._steps.append((lower(call.args, inputs, where=where), function))
            inputs.append(call)
        self._program = lower([expression], inputs, where=where)

    def __call__(self, *columns: ArrayLike) -> Array:
        """Give the values, of the common shape of the columns."""
        values = [torch.from_numpy(np.array(c, dtype=np.float64)) for c in columns]
        with torch.no_grad():
            for program, function in self._steps:
                arguments = [a.numpy().copy() for a in program(*values)]
                values.append(torch.from_numpy(np.array(function(*arguments), dtype=np.float64)))
            (found,) = self._program(*values)
        return found.numpy().copy()


def _calls(expression: Any, functions: Mapping[str, Function]) -> list[tuple[Any, Function]]:
    """List what the table does not hold with its function, inner ones before outer ones."""
    kinds = (AppliedUndef, *_STEPS)
    found = expression.atoms(*kinds) if isinstance(expression, sympy.Basic) else set()
    chosen = []
    for call in sorted(found, key=lambda c: len(c.atoms(*kinds))):
        own = _STEPS.get(call.func) or functions.get(call.func.__name__)
        if own is not None and not call.is_number:
            chosen.append((call, own))
    return chosen


def truth_of(
    condition: Boolean, symbols: Sequence[Symbol], *, where: str = "condition"
) -> Callable[..., NDArray[np.bool_]]:
    """Make a relation between symbols a function of arrays; false where it is not defined.

    Raises
    ------
    UnsupportedError, InputError
        As `Evaluator`.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> holds = truth_of((x > 0) & (sympy.Mod(y, 2) < 1), [x, y])
    >>> holds(np.array([1.0, -1.0, 1.0]), np.array([4.5, 4.5, 3.5]))
    array([ True, False, False])
    """
    chosen = sympy.Piecewise((1, condition), (0, True), evaluate=False)
    evaluate = Evaluator(chosen, symbols, where=where)

    def holds(*columns: ArrayLike) -> NDArray[np.bool_]:
        return evaluate(*columns) > 0.5

    return holds
