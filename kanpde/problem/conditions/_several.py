"""What conditions on an expression of several unknowns share."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.pde import normalised, split_complex
from kanpde.problem.conditions._base import Condition, as_expression


class Several(Condition):
    """Base of conditions that are an expression of unknowns, which vanishes."""

    expression: Any

    @property
    def unknown(self) -> AppliedUndef:
        """The first unknown by name."""
        return self.unknowns[0]

    @property
    def unknowns(self) -> tuple[AppliedUndef, ...]:
        """All unknowns, by name."""
        return tuple(sorted(self.expression.atoms(AppliedUndef), key=str))

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """Give the expression."""
        found: Expr = self.expression
        return found

    def split(self, space: Sequence[Symbol]) -> tuple[Condition | None, Condition | None] | None:
        """Split the expression; a part that is 0 says nothing."""
        changes: list[dict[str, Any]] = [
            {"expression": part} for part in split_complex(self.expression)
        ]
        first, second = (
            dataclasses.replace(self, **change) if change["expression"] != 0 else None
            for change in changes
        )
        return first, second

    def _check(self, name: str) -> None:
        value = self.expression
        if isinstance(value, sympy.Equality):
            value = value.lhs - value.rhs
        value = normalised(as_expression(name, value))
        if not value.atoms(AppliedUndef):
            raise InputError(
                f"{name}: expected an expression of unknowns that vanishes, got {value}"
            )
        object.__setattr__(self, "expression", value)
