"""Constraints: one number, made of integrals, that vanishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sympy
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.problem.conditions._base import NUMBER
from kanpde.problem.conditions._several import Several


@dataclass(frozen=True)
class Constraint(Several):
    """One number, made of definite integrals and unknown constants, that vanishes.

    Parameters
    ----------
    expression
        Sympy expression (``= 0``) or ``sympy.Eq`` in which every unknown stands inside an
        ``Integral`` with number limits for every coordinate.

    Raises
    ------
    InputError
        If an unknown or a coordinate stands outside the integrals.

    Examples
    --------
    The normalisation of an eigenfunction:

    >>> from sympy import Integral
    >>> from kanpde import coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> Constraint(Integral(u**2, (x, 0, 1)) - 1).kind
    'constraint'
    """

    kind: ClassVar[str] = "constraint"
    where: ClassVar[str] = NUMBER
    expression: Any

    def __post_init__(self) -> None:
        self._check("Constraint")
        coordinates = {x for u in self.unknowns for x in u.args}
        rest = self.expression.subs(
            {node: sympy.Dummy() for node in self.expression.atoms(sympy.Integral)}
        )
        free = sorted(map(str, rest.atoms(AppliedUndef) or rest.free_symbols & coordinates))
        if free:
            raise InputError(
                f"Constraint: expected every unknown and coordinate inside an integral, got "
                f"{', '.join(free)} outside; write Integral(u**2, (x, 0, 1)) - 1"
            )
