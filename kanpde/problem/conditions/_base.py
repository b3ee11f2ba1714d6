"""Boundary, initial, point, mean-value and integral conditions.

Each is a small immutable record; what it means at a point is said by
`Condition.operator`, a sympy expression that must vanish there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy
from sympy import Derivative, Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.pde import normalised


def normal(coordinate: Symbol) -> Symbol:
    """Symbol of the outward normal's component along `coordinate`.

    It stands in `Operator` conditions, and gets its value at every point of the boundary.

    Parameters
    ----------
    coordinate
        A spatial coordinate, made by `coordinates`.

    Examples
    --------
    >>> normal(Symbol("x", real=True))
    n_x
    """
    return Symbol(f"n_{coordinate.name}", real=True)


DATA = Symbol("measured value", real=True)


@dataclass(frozen=True)
class Condition:
    """Base of all conditions: what is prescribed, of which unknown, and where."""

    kind: ClassVar[str] = "condition"

    @property
    def unknown(self) -> AppliedUndef:
        """The unknown that the condition is about, the first where there are several."""
        return self.u  # type: ignore[attr-defined]

    @property
    def unknowns(self) -> tuple[AppliedUndef, ...]:
        """All unknowns that the condition names."""
        return (self.unknown,)

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """Give the expression that vanishes where the condition holds."""
        raise TypeError(f"{self.kind}: has no pointwise operator")


def _unknown(name: str, u: Any) -> None:
    if not isinstance(u, AppliedUndef):
        raise InputError(f"{name}: expected an unknown such as unknown('u', x, t), got {u!r}")


def _expression(name: str, value: Any) -> Expr:
    try:
        result = sympy.sympify(value, strict=True)
    except sympy.SympifyError:
        result = None
    if not isinstance(result, Expr):
        raise InputError(
            f"{name}: expected a number or a sympy expression, got {type(value).__name__}"
        )
    return result


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
    u: AppliedUndef
    value: Any = 0
    on: Any = None

    def __post_init__(self) -> None:
        _unknown("Dirichlet", self.u)
        object.__setattr__(self, "value", _expression("Dirichlet value", self.value))

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """``u - value``."""
        return self.u - self.value


@dataclass(frozen=True)
class Neumann(Condition):
    """du/dn = value, n the outward unit normal; arguments as for `Dirichlet`."""

    kind: ClassVar[str] = "neumann"
    u: AppliedUndef
    value: Any = 0
    on: Any = None

    def __post_init__(self) -> None:
        _unknown("Neumann", self.u)
        object.__setattr__(self, "value", _expression("Neumann value", self.value))

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """``n . grad u - value``."""
        return normal_derivative(self.u, space) - self.value


@dataclass(frozen=True)
class Robin(Condition):
    """a u + b du/dn = value; `a`, `b`, `value` may depend on the coordinates."""

    kind: ClassVar[str] = "robin"
    u: AppliedUndef
    a: Any
    b: Any
    value: Any = 0
    on: Any = None

    def __post_init__(self) -> None:
        _unknown("Robin", self.u)
        for name in ("a", "b", "value"):
            object.__setattr__(self, name, _expression(f"Robin {name}", getattr(self, name)))

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """Give ``a u + b n . grad u - value``."""
        return self.a * self.u + self.b * normal_derivative(self.u, space) - self.value


class _Several(Condition):
    """What conditions on an expression of several unknowns share."""

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

    def _check(self, name: str) -> None:
        value = self.expression
        if isinstance(value, sympy.Equality):
            value = value.lhs - value.rhs
        value = normalised(_expression(name, value))
        if not value.atoms(AppliedUndef):
            raise InputError(
                f"{name}: expected an expression of unknowns that vanishes, got {value}"
            )
        object.__setattr__(self, "expression", value)


@dataclass(frozen=True)
class Operator(_Several):
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


@dataclass(frozen=True)
class Constraint(_Several):
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


@dataclass(frozen=True)
class Periodic(Condition):
    """u and its derivatives below the equation's order agree on both faces of `coordinate`."""

    kind: ClassVar[str] = "periodic"
    u: AppliedUndef
    coordinate: Symbol

    def __post_init__(self) -> None:
        _unknown("Periodic", self.u)
        if self.coordinate not in self.u.args:
            raise InputError(
                f"Periodic: expected a coordinate of {self.u}, got {self.coordinate!r}"
            )


@dataclass(frozen=True)
class Initial(Condition):
    """u, or a time derivative such as ``u.diff(t)``, at the start of the time interval."""

    kind: ClassVar[str] = "initial"
    target: Any
    value: Any = 0

    def __post_init__(self) -> None:
        target = self.target
        if isinstance(target, Derivative):
            if len(target.variable_count) != 1:
                raise InputError(f"Initial: expected u or u.diff(t, k), got {target}")
            target = target.expr
        _unknown("Initial", target)
        object.__setattr__(self, "value", _expression("Initial value", self.value))

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


@dataclass(frozen=True)
class MeanValue(Condition):
    """The mean of u over the domain is `value` (fixes the constant of a Neumann problem)."""

    kind: ClassVar[str] = "mean value"
    u: AppliedUndef
    value: Any = 0

    def __post_init__(self) -> None:
        _unknown("MeanValue", self.u)
        value = _expression("MeanValue value", self.value)
        if value.free_symbols:
            raise InputError(f"MeanValue value: expected a number, got {value}")
        object.__setattr__(self, "value", value)

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """``u - value``, whose mean vanishes."""
        return self.u - self.value


def normal_derivative(u: AppliedUndef, space: Sequence[Symbol]) -> Expr:
    """``n . grad u`` with the normal's symbols."""
    return sympy.Add(*(normal(x) * u.diff(x) for x in space))
