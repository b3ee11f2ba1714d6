"""Initial conditions: the value or a time derivative at the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Derivative, Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.geometry import Domain
from kanpde.problem.conditions._base import INITIAL, Condition


@dataclass(frozen=True)
class Initial(Condition):
    """u, or a time derivative such as ``u.diff(t)``, at the start of the time interval."""

    kind: ClassVar[str] = "initial"
    where: ClassVar[str] = INITIAL
    given: ClassVar[tuple[str, ...]] = ("value",)
    splits: ClassVar[tuple[str, ...]] = ("target", "value")
    target: Any
    value: Any = 0

    def __post_init__(self) -> None:
        if isinstance(self.target, Derivative) and len(self.target.variable_count) != 1:
            raise InputError(f"Initial: expected u or u.diff(t, k), got {self.target}")
        super().__post_init__()

    @property
    def unknown(self) -> AppliedUndef:
        """The unknown under the time derivative."""
        return self.target.expr if isinstance(self.target, Derivative) else self.target

    @property
    def time(self) -> Symbol | None:
        """The variable of the derivative, or ``None`` for u itself."""
        return self.target.variables[0] if isinstance(self.target, Derivative) else None

    @property
    def order(self) -> int:
        """Order of the time derivative that is prescribed."""
        return len(self.target.variables) if isinstance(self.target, Derivative) else 0

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """``target - value``."""
        return self.target - self.value

    @property
    def prescribed(self) -> Any:
        """The value of the target."""
        return self.value

    def holds(self, u: AppliedUndef) -> bool:
        """Whether it is about the unknown, which then is no function of the time's moment alone."""
        return u == self.unknown

    def check(self, domain: Domain) -> None:
        """Raise `InputError` unless there is a time, and the derivative is in it."""
        if domain.time is None:
            raise InputError(
                "Initial needs a TimeInterval in the domain; "
                "multiply the domain by TimeInterval(t, t0, t1)"
            )
        if self.time not in {None, domain.time}:
            raise InputError(f"expected a derivative in {domain.time}, got {self.target}")

    def located(self, domain: Domain) -> str:
        """Name the start of time."""
        return f"{domain.time} = {(domain.time_bounds or (0.0,))[0]:g}"
