"""Periodic conditions: both ends of a coordinate are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.geometry import Domain
from kanpde.problem.conditions._base import PAIR, Affine, Condition


@dataclass(frozen=True)
class Periodic(Condition):
    """u and its derivatives below the equation's order agree on both faces of `coordinate`."""

    kind: ClassVar[str] = "periodic"
    where: ClassVar[str] = PAIR
    splits: ClassVar[tuple[str, ...]] = ("u",)
    u: AppliedUndef
    coordinate: Symbol

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.coordinate not in self.u.args:
            raise InputError(
                f"Periodic: expected a coordinate of {self.u}, got {self.coordinate!r}"
            )

    @property
    def seam(self) -> Symbol:
        """The coordinate."""
        return self.coordinate

    @property
    def order(self) -> int:
        """As many derivatives as the equation asks for, counted in `rows` only."""
        return 0

    def rows(
        self, name: str, space: Sequence[Symbol], orders: Mapping[Symbol, int]
    ) -> list[tuple[str, Expr]]:
        """Give the value and derivatives below the equation's order, whose differences vanish."""
        x = self.coordinate
        return [(name, self.u.diff(x, m) if m else self.u) for m in range(max(1, orders[x]))]

    def stated(self, space: Sequence[Symbol]) -> tuple[Expr, ...]:
        """Nothing: a difference of values is linear and vanishes with u."""
        return ()

    def affine(self, domain: Domain) -> tuple[Affine, ...]:
        """Nothing: it goes over into itself."""
        return ()

    def pins(self, u: AppliedUndef) -> bool:
        """Never: a constant is periodic."""
        return False

    def check(self, domain: Domain) -> None:
        """Raise `InputError` unless the coordinate has two faces that are alike."""
        domain.pair(self.coordinate, 1, rng=np.random.default_rng(0))

    def located(self, domain: Domain) -> str:
        """Both faces."""
        return f"both faces of {self.coordinate}"

    def record(self, domain: Domain, space: Sequence[Symbol]) -> str:
        """Unknown and coordinate."""
        return f"{self.u} periodic in {self.coordinate}"
