"""Dirichlet conditions: the value on the boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.problem.conditions._base import Condition


@dataclass(frozen=True)
class Dirichlet(Condition):
    """u = value on the boundary (or on the part `on`).

    Parameters
    ----------
    u
        The unknown.
    value
        Number or sympy expression in the coordinates.
    on
        ``None`` (whole spatial boundary), a relation such as ``Eq(x, -1)``, a part's
        name, or a predicate of points.

    Examples
    --------
    >>> from kanpde import coordinates, unknown
    >>> x = coordinates("x")
    >>> Dirichlet(unknown("u", x), 0).kind
    'dirichlet'
    """

    kind: ClassVar[str] = "dirichlet"
    given: ClassVar[tuple[str, ...]] = ("value",)
    splits: ClassVar[tuple[str, ...]] = ("u", "value")
    u: AppliedUndef
    value: Any = 0
    on: Any = None

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """``u - value``."""
        return self.u - self.value

    @property
    def order(self) -> int:
        """None: the value itself."""
        return 0

    @property
    def prescribed(self) -> Any:
        """The value."""
        return self.value
