"""Neumann conditions: the derivative along the outward normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.problem.conditions._base import Condition, normal_derivative


@dataclass(frozen=True)
class Neumann(Condition):
    """du/dn = value, n the outward unit normal; arguments as for `Dirichlet`."""

    kind: ClassVar[str] = "neumann"
    given: ClassVar[tuple[str, ...]] = ("value",)
    splits: ClassVar[tuple[str, ...]] = ("u", "value")
    u: AppliedUndef
    value: Any = 0
    on: Any = None

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """``n . grad u - value``."""
        return normal_derivative(self.u, space) - self.value

    @property
    def order(self) -> int:
        """One, along the normal."""
        return 1

    @property
    def prescribed(self) -> Any:
        """The normal derivative."""
        return self.value
