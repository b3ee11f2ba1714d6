"""Robin conditions: a combination of the value and its normal derivative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.pde import split_complex
from kanpde.problem.conditions._base import Condition, normal_derivative
from kanpde.problem.conditions._operator import Operator


@dataclass(frozen=True)
class Robin(Condition):
    """a u + b du/dn = value; `a`, `b`, `value` may depend on the coordinates."""

    kind: ClassVar[str] = "robin"
    given: ClassVar[tuple[str, ...]] = ("a", "b", "value")
    splits: ClassVar[tuple[str, ...]] = ("u", "value")
    u: AppliedUndef
    a: Any
    b: Any
    value: Any = 0
    on: Any = None

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """Give ``a u + b n . grad u - value``."""
        return self.a * self.u + self.b * normal_derivative(self.u, space) - self.value

    @property
    def form(self) -> tuple[Any, Any, Any]:
        """The fields themselves."""
        return self.a, self.b, self.value

    def split(self, space: Sequence[Symbol]) -> tuple[Condition | None, Condition | None] | None:
        """Two Robin conditions; with complex factors the parts mix, and they become operators."""
        if all(split_complex(factor)[1] == 0 for factor in (self.a, self.b)):
            return super().split(space)
        first, second = (Operator(e, on=self.on) for e in split_complex(self.operator(space)))
        return first, second
