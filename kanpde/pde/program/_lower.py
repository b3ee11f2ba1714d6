"""From sympy expressions to a program of table operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFunction

from kanpde.errors import InputError, UnsupportedError
from kanpde.pde._names import foreign_hint, real_atoms_only, scalar
from kanpde.pde.program._builder import Builder
from kanpde.pde.program._program import Program
from kanpde.pde.program._rules import RULES, UNARY, covered_hint
from kanpde.pde.tables._tabulated import Tabulated

_RELATIONS: dict[Any, str] = {
    sympy.StrictLessThan: "lt",
    sympy.LessThan: "le",
    sympy.StrictGreaterThan: "gt",
    sympy.GreaterThan: "ge",
    sympy.Equality: "eq",
    sympy.Unequality: "ne",
}
_REAL_ONLY = (sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Min, sympy.Max)


def lower(
    expressions: Sequence[sympy.Expr],
    inputs: Sequence[sympy.Expr],
    *,
    where: str = "equation",
) -> Program:
    """Translate expressions into one program; common parts are computed once.

    Parameters
    ----------
    expressions
        Scalar sympy expressions or numbers.
    inputs
        The atoms that a call of the program gives values for, in order:
        symbols, unknowns ``u(x, t)`` and their ``Derivative``.
    where
        What the expressions are, for messages.

    Returns
    -------
    Program
        Takes one tensor per input and returns one per expression, elementwise.

    Raises
    ------
    UnsupportedError
        If a function is not covered (the message lists what is), or a complex
        or infinite number or a complex function occurs.
    InputError
        If something is no scalar expression, or a symbol or an unknown is not
        among the inputs.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> program = lower([sympy.sin(x) ** 2 + 1], [x])
    >>> program.operations[1:3]
    (('sin', 0), ('mul', 1, 1))
    """
    lowering = _Lowering(inputs, where)
    outputs = tuple(lowering.real(scalar(where, expression), None) for expression in expressions)
    build = lowering.builder
    names = tuple(str(atom) for atom in inputs)
    return Program(names, tuple(build.operations), outputs, tuple(build.tables))


class _Lowering:
    """The walk over one set of expressions."""

    def __init__(self, inputs: Sequence[sympy.Expr], where: str) -> None:
        self.where = where
        self.builder = Builder()
        self.inputs = {atom: index for index, atom in enumerate(inputs)}
        if len(self.inputs) != len(inputs):
            raise InputError(f"{where}: expected different inputs, came {tuple(inputs)}")
        self._done: dict[tuple[sympy.Basic, int | None], int] = {}

    def real(self, expression: sympy.Expr, mask: int | None) -> int:
        """Lower an expression whose value matters only inside `mask`."""
        key = (expression, mask)
        if key not in self._done:
            self._done[key] = self._lower(expression, mask)
        return self._done[key]

    def _lower(self, expression: sympy.Expr, mask: int | None) -> int:
        if expression in self.inputs:
            return self.builder.input(self.inputs[expression])
        if expression.is_number:
            return self.builder.constant(self.number(expression))
        if isinstance(expression, _REAL_ONLY):
            self._check_real(expression)
        function = expression.func
        if function in UNARY:
            name, safe = UNARY[function]
            argument = self.real(expression.args[0], mask)
            if safe is not None:
                argument = self.builder.guard(argument, mask, safe)
            return self.builder.emit(name, argument)
        if isinstance(expression, Tabulated):
            arguments = [self.real(a, mask) for a in expression.args]
            return self.builder.table(expression.spline, expression.nu, *arguments)
        if function in RULES:
            return RULES[function](self, expression, mask)
        raise self._refusal(expression)

    def number(self, expression: sympy.Expr) -> float:
        """Evaluate a constant expression; refuse what is not a finite real number."""
        value = expression.evalf(30)
        if value.has(sympy.I):
            raise UnsupportedError(
                f"{self.where}: expected real numbers, came the complex {expression}; "
                f"write real and imaginary part as two real equations"
            )
        if value.is_Number and value.is_finite:
            number = float(value)
            if abs(number) != float("inf"):
                return number
        raise UnsupportedError(
            f"{self.where}: expected finite numbers, came {expression}; {covered_hint(expression)}"
        )

    def truth(self, condition: Boolean) -> int | bool:
        """Lower a condition; relations between constants are decided here."""
        if condition in (sympy.true, sympy.false):
            return bool(condition)
        if type(condition) in _RELATIONS:
            sides = [self._side(condition, side) for side in condition.args]
            if all(self.builder.value(side) is not None for side in sides):
                return self._decided(condition)
            return self.builder.emit(_RELATIONS[type(condition)], *sides)
        if isinstance(condition, sympy.Not):
            inner = self.truth(condition.args[0])
            return not inner if isinstance(inner, bool) else self.builder.emit("not", inner)
        if isinstance(condition, (sympy.And, sympy.Or)):
            return self._combined(condition)
        if isinstance(condition, BooleanFunction):
            return self.truth(condition.to_nnf(simplify=False))
        raise UnsupportedError(
            f"{self.where}: expected a condition made of < <= > >= Eq Ne And Or Not, "
            f"came {condition}"
        )

    def _side(self, condition: Relational, side: sympy.Basic) -> int:
        if not isinstance(side, sympy.Expr):
            raise UnsupportedError(
                f"{self.where}: expected a relation between numbers, came {condition}"
            )
        return self.real(side, None)

    def _decided(self, condition: Relational) -> bool:
        left, right = (self.number(side) for side in condition.args)
        return bool(condition.func(sympy.Float(left), sympy.Float(right)))

    def _combined(self, condition: BooleanFunction) -> int | bool:
        """Lower And or Or, leaving out what is decided."""
        neutral = isinstance(condition, sympy.And)
        result: int | None = None
        for argument in condition.args:
            truth = self.truth(argument)
            if isinstance(truth, bool):
                if truth != neutral:
                    return truth
            elif result is None:
                result = truth
            else:
                result = self.builder.emit("and" if neutral else "or", result, truth)
        return neutral if result is None else result

    def _check_real(self, expression: sympy.Expr) -> None:
        if not real_atoms_only(expression):
            raise UnsupportedError(
                f"{self.where}: {expression.func.__name__} of something not real, {expression}; "
                f"declare its symbols with coordinates(...) or Symbol(..., real=True), "
                f"its unknowns with unknown(...)"
            )

    def _refusal(self, expression: sympy.Expr) -> InputError:
        """Say why an expression cannot be lowered."""
        known = [str(atom) for atom in self.inputs]
        if isinstance(expression, sympy.Symbol):
            hint = foreign_hint([expression], self.inputs) or (
                f"known here: {', '.join(known)}; declare an unknown constant in "
                f"constants=, or give {expression} a value"
            )
            return InputError(f"{self.where}: undeclared symbol {expression}; {hint}")
        if isinstance(expression, (AppliedUndef, sympy.Derivative)):
            hint = foreign_hint(expression.free_symbols, self.inputs) or (
                f"known here: {', '.join(known)}"
            )
            return InputError(f"{self.where}: undeclared unknown {expression}; {hint}")
        return UnsupportedError(
            f"{self.where}: {expression.func.__name__} is not covered, came {expression}; "
            f"{covered_hint(expression)}"
        )
