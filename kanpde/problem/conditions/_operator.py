"""Operator conditions: any expression that vanishes on the boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sympy

from kanpde.errors import InputError
from kanpde.problem.conditions._several import Several


@dataclass(frozen=True)
class Operator(Several):
    """Any expression of the unknowns that vanishes on the boundary (or on the part `on`).

    Parameters
    ----------
    expression
        Sympy expression (``= 0``) or ``sympy.Eq`` of unknowns, their derivatives, coordinates,
        unknown constants and the outward normal's components `normal(x)`; it may name
        several unknowns. It is imposed by rows.
    on
        As for `Dirichlet`.

    Raises
    ------
    InputError
        If it is no expression or names no unknown.

    Examples
    --------
    The traction along x of a plane elastic body with stresses sxx and sxy, pulled by 2:

    >>> from kanpde import coordinates, normal, unknown
    >>> x, y = coordinates("x y")
    >>> u, v = unknown("u", x, y), unknown("v", x, y)
    >>> sxx, sxy = 3 * u.diff(x) + v.diff(y), u.diff(y) + v.diff(x)
    >>> pulled = Operator(sxx * normal(x) + sxy * normal(y) - 2, on=sympy.Eq(x, 1))
    >>> pulled.unknowns
    (u(x, y), v(x, y))
    """

    kind: ClassVar[str] = "operator"
    expression: Any
    on: Any = None

    def __post_init__(self) -> None:
        self._check("Operator")
        if self.expression.has(sympy.Integral):
            raise InputError(
                "Operator: expected no integral, got one; an equation may hold one, "
                "and Constraint(expression) is for a single number"
            )
