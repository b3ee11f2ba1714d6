"""What is solved: equations in sympy, a domain, conditions, and perhaps the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.geometry import Domain
from kanpde.pde import creation_order, extract_integrals, jets_in, lower
from kanpde.problem._complex import (
    find_complex,
    split_conditions,
    split_equations,
    split_exact,
    split_reference,
)
from kanpde.problem._eigen import is_eigenproblem
from kanpde.problem._functionals import Region
from kanpde.problem._settings import Settings
from kanpde.problem._statement import (
    Constant,
    named_conditions,
    named_constants,
    named_equations,
    truth_expression,
)
from kanpde.problem.conditions._base import Condition
from kanpde.problem.conditions._interface import check_interfaces

Array = NDArray[np.float64]


class Problem:
    """A boundary or initial value problem, forward or inverse.

    Parameters
    ----------
    domain
        Where: for example ``Interval(x, -1, 1) * TimeInterval(t, 0, 1)``.
    equations
        ``{name: expression}``, each ``= 0`` (or ``sympy.Eq``, or `Equation`).
    conditions
        ``{name: condition}``.
    constants
        ``{symbol: Constant(start, bounds, scale)}`` for unknown scalars.
    vectors
        ``{name: (u, v)}``: unknowns that are components of one vector, for plots and files.
    exact
        ``{u: expression}``: closed form; only ever used to measure errors.
    reference
        ``{u: callable}`` mapping ``(N, d)`` to ``(N,)``: trusted numerical solution, used
        like `exact`.
    name
        Name for run directories; the problem file's by default.

    Raises
    ------
    InputError
        If anything does not fit together; the message names the fix.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, Problem, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2) + 1}, {"ends": Dirichlet(u, 0)}).order
    2
    """

    def __init__(
        self,
        domain: Domain,
        equations: Mapping[str, Any] | Any,
        conditions: Mapping[str, Condition] | None = None,
        *,
        constants: Mapping[Symbol, Constant] | None = None,
        vectors: Mapping[str, Sequence[AppliedUndef]] | None = None,
        exact: Mapping[AppliedUndef, Any] | None = None,
        reference: Mapping[AppliedUndef, Callable[[Array], Array]] | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(domain, Domain):
            raise InputError(
                f"domain: expected a kanpde domain such as Interval(x, 0, 1), got "
                f"{type(domain).__module__}.{type(domain).__name__}; "
                "if sympy's star import shadows kanpde's names, import kanpde after it"
            )
        self.domain = domain
        self.coordinates = domain.coordinates
        self.name = name
        self.settings: Settings | None = None
        self.parameters: dict[str, Any] = {}
        given = named_equations(equations)
        self.complex = find_complex(given, self.coordinates)
        self.equations = split_equations(given)
        self.conditions = split_conditions(named_conditions(conditions), self.space)
        self.unknowns = self._find_unknowns()
        self.constants = named_constants(constants)
        self.vectors = {k: tuple(v) for k, v in (vectors or {}).items()}
        self.exact = self._truths("exact", split_exact(exact))
        self.reference = split_reference(reference)
        self._check_membership()
        self._check_equations()
        self._check_conditions()
        stated = [e.expression for e in self.equations.values()]
        self.eigen = is_eigenproblem(
            stated, self.conditions, self.unknowns, tuple(self.constants), self.space
        )
        orders = {u: self.orders(k) for k, u in enumerate(self.unknowns)}
        check_interfaces(domain, self.conditions, orders)
        self._exact_program = (
            lower([self.exact[u] for u in self.unknowns], self.coordinates, where="exact")
            if self.exact
            else None
        )

    @property
    def dimension(self) -> int:
        """Number of coordinates d, time included."""
        return len(self.coordinates)

    @property
    def time(self) -> Symbol | None:
        """The time coordinate, if there is one."""
        return self.domain.time

    @property
    def space(self) -> tuple[Symbol, ...]:
        """Spatial coordinates: neither time nor parameters."""
        beside = (self.domain.time, *self.domain.parameters)
        return tuple(x for x in self.coordinates if x not in beside)

    @property
    def order(self) -> int:
        """Highest derivative in any equation."""
        return max(sum(a) for _, a in self.derivatives())

    def derivatives(self) -> set[tuple[int, tuple[int, ...]]]:
        """All (unknown, multi-index) pairs that the equations name."""
        found: set[tuple[int, tuple[int, ...]]] = set()
        for equation in self.equations.values():
            rest, integrals = extract_integrals(equation.expression, self.coordinates)
            for part in (rest, *(i.integrand for i in integrals)):
                found.update(jets_in(part, self.unknowns, self.coordinates).values())
        return found

    def orders(self, unknown: int) -> tuple[int, ...]:
        """Highest derivative of one unknown along each coordinate."""
        alphas = [a for k, a in self.derivatives() if k == unknown]
        return tuple(max((a[i] for a in alphas), default=0) for i in range(self.dimension))

    def truth(self, points: Array) -> Array | None:
        """Exact or reference values at points ``(N, d)``; ``(N, m)`` or ``None`` if unknown."""
        if self.reference:
            columns = [np.asarray(self.reference[u](points), float) for u in self.unknowns]
            return np.stack(columns, axis=1)
        if self._exact_program is None:
            return None
        columns_in = torch.as_tensor(points, dtype=torch.float64).unbind(1)
        values = self._exact_program(*columns_in)
        return torch.stack(torch.broadcast_tensors(*values), dim=1).numpy()

    def _find_unknowns(self) -> tuple[AppliedUndef, ...]:
        found: dict[AppliedUndef, None] = {}
        for equation in self.equations.values():
            rest, integrals = extract_integrals(equation.expression, self.coordinates)
            parts = (rest, *(i.integrand for i in integrals))
            for u in sorted(set().union(*(p.atoms(AppliedUndef) for p in parts)), key=str):
                if u.args == self.coordinates:
                    found.setdefault(u)
        if not found:
            names = ", ".join(str(x) for x in self.coordinates)
            raise InputError(
                f"equations: expected an unknown of all coordinates ({names}), found none; "
                f"make it with unknown('u', {names})"
            )
        return tuple(sorted(found, key=lambda u: (creation_order(u), str(u))))

    def _truths(
        self, name: str, given: Mapping[AppliedUndef, Any] | None
    ) -> dict[AppliedUndef, Expr]:
        given = dict(given or {})
        if not given:
            return {}
        missing = [str(u) for u in self.unknowns if u not in given]
        extra = [str(u) for u in given if u not in self.unknowns]
        if missing or extra:
            raise InputError(
                f"{name}: expected one expression for every unknown "
                f"({', '.join(map(str, self.unknowns))}); missing {missing}, not known {extra}"
            )
        return {u: truth_expression(f"{name}[{u}]", v) for u, v in given.items()}

    def _check_membership(self) -> None:
        for name, condition in self.conditions.items():
            for u in condition.unknowns:
                if u not in self.unknowns:
                    known = ", ".join(map(str, self.unknowns))
                    raise InputError(
                        f"conditions[{name!r}]: {u} is in no equation; the unknowns are {known}"
                    )
        if self.reference:
            missing = [str(u) for u in self.unknowns if not callable(self.reference.get(u))]
            extra = [str(u) for u in self.reference if u not in self.unknowns]
            if missing or extra:
                raise InputError(
                    f"reference: expected a callable for every unknown, missing {missing}, "
                    f"not known {extra}"
                )
        for name, parts in self.vectors.items():
            for u in parts:
                if u not in self.unknowns:
                    raise InputError(f"vectors[{name!r}]: {u} is not an unknown")

    def _check_equations(self) -> None:
        used: set[Any] = set()
        for name, equation in self.equations.items():
            used |= self._lowered(f"equations[{name!r}]", equation.expression)
        for name, condition in self.conditions.items():
            where = f"conditions[{name!r}]"
            for value in condition.known().values():
                used |= value.free_symbols
                lower([value], (*self.coordinates, *self.constants), where=where)
            for part in condition.stated(self.space):
                used |= self._lowered(where, part, condition.inputs(self.space))
        for symbol in self.constants:
            if symbol not in used:
                raise InputError(
                    f"constants: {symbol} is used by no equation or condition; remove it or use it"
                )

    def _lowered(self, where: str, expression: Expr, extras: tuple[Symbol, ...] = ()) -> set[Any]:
        """Check that an expression can be evaluated; gives its symbols."""
        rest, integrals = extract_integrals(expression, self.coordinates)
        symbols = tuple(i.symbol for i in integrals)
        for i in integrals:
            extras = (*extras, *(symbol for symbol, _ in i.outer))
            region = Region.of(i, self.coordinates)
            region.check(self.coordinates, self.domain.lower, self.domain.upper, where=where)
        used: set[Any] = set()
        for part in (rest, *(i.integrand for i in integrals)):
            atoms = tuple(jets_in(part, self.unknowns, self.coordinates))
            used |= part.free_symbols
            inputs = (*self.coordinates, *extras, *atoms, *self.constants, *symbols)
            lower([part], inputs, where=where)
        return used

    def _check_conditions(self) -> None:
        for name, condition in self.conditions.items():
            try:
                condition.check(self.domain)
            except InputError as error:
                raise InputError(f"conditions[{name!r}]: {error}") from None
