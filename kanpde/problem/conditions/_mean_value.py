"""Mean values: the mean of an unknown over the domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.geometry import Domain
from kanpde.problem.conditions._base import MEAN, Affine, Condition


@dataclass(frozen=True)
class MeanValue(Condition):
    """The mean of u over the domain is `value` (fixes the constant of a Neumann problem)."""

    kind: ClassVar[str] = "mean value"
    where: ClassVar[str] = MEAN
    given: ClassVar[tuple[str, ...]] = ("value",)
    splits: ClassVar[tuple[str, ...]] = ("u", "value")
    u: AppliedUndef
    value: Any = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.value.free_symbols:
            raise InputError(f"MeanValue value: expected a number, got {self.value}")

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """``u - value``, whose mean vanishes."""
        return self.u - self.value

    def affine(self, domain: Domain) -> tuple[Affine, ...]:
        """Its mean, which a mirror image leaves or turns about 0."""
        return (Affine(self.u, "mean", 1, 0, self.value),)

    def holds(self, u: AppliedUndef) -> bool:
        """Never: one number tells nothing of single times."""
        return False
