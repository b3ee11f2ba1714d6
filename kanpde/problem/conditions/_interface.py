"""Interfaces: planes inside a box where two materials meet, and value and flux may jump."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Eq, Expr, Integral, Piecewise, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from kanpde.errors import InputError
from kanpde.geometry import Box, Domain
from kanpde.pde import normalise
from kanpde.problem.conditions._base import INTERFACE, Condition

Array = NDArray[np.float64]
SIDE = Symbol("side of the interface", real=True)


@dataclass(frozen=True)
class Interface(Condition):
    """u and a flux across a plane inside the domain jump by given amounts, by nothing usually.

    A jump is the value above the plane (larger coordinate) minus the value below. The solution
    may bend and jump there: product KANs take polynomials of their own on every side, trained
    networks get the side as an input. Coefficients may be ``Piecewise`` with the same plane.

    Parameters
    ----------
    u
        The unknown.
    at
        The plane, ``Eq(x, c)`` with a number c inside the domain.
    jump
        Jump of u; number or expression of the coordinates. Where it names unknowns, such as a
        contact resistance times the flux, their mean over both sides counts.
    flux
        What flows across, such as ``k * u.diff(x)``; it may name other unknowns. Needed where
        the equations are of second order in x.
    flux_jump
        Jump of the flux, as `jump`.

    Raises
    ------
    InputError
        If `at` is no plane.

    Examples
    --------
    >>> from kanpde import coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> k = sympy.Piecewise((1, x < 0.3), (5, True))
    >>> Interface(u, at=Eq(x, 0.3), flux=k * u.diff(x)).place
    0.3
    """

    kind: ClassVar[str] = "interface"
    where: ClassVar[str] = INTERFACE
    splits: ClassVar[tuple[str, ...]] = ("u", "jump", "flux", "flux_jump")
    u: AppliedUndef
    at: Any
    jump: Any = 0
    flux: Any = None
    flux_jump: Any = 0

    def __post_init__(self) -> None:
        if not isinstance(self.u, AppliedUndef):
            raise InputError(
                f"Interface: expected an unknown such as unknown('u', x), got {self.u!r}"
            )
        at = self.at
        turned = isinstance(at, Eq) and at.rhs in self.u.args
        sides = (at.rhs, at.lhs) if turned else (at.lhs, at.rhs) if isinstance(at, Eq) else ()
        if not sides or sides[0] not in self.u.args or not sides[1].is_number:
            raise InputError(
                f"Interface at: expected a plane such as Eq({self.u.args[0]}, 0.5), got {at}"
            )
        object.__setattr__(self, "at", Eq(*sides, evaluate=False))
        for name in ("jump", "flux", "flux_jump"):
            value = getattr(self, name)
            if name == "flux" and value is None:
                continue
            try:
                value = normalise(sympy.sympify(value, strict=True))
            except sympy.SympifyError:
                value = None
            if value is None or value.has(Integral):
                raise InputError(
                    f"Interface {name}: expected a number or a sympy expression without "
                    f"integrals, got {getattr(self, name)!r}"
                )
            object.__setattr__(self, name, value)

    @property
    def coordinate(self) -> Symbol:
        """The coordinate that is constant on the plane."""
        found: Symbol = self.at.lhs
        return found

    @property
    def place(self) -> float:
        """Where the plane stands."""
        return float(self.at.rhs)

    @property
    def unknowns(self) -> tuple[AppliedUndef, ...]:
        """The unknown, and others that flux and jumps name."""
        named = set().union(*(e.atoms(AppliedUndef) for e in self.expressions())) - {self.u}
        return (self.u, *sorted(named, key=str))

    def names(self, name: str) -> tuple[str, ...]:
        """Names of its rows, where the condition is called `name`."""
        return (name,) if self.flux is None else (name, f"{name} flux")

    def expressions(self) -> tuple[Expr, ...]:
        """Give what vanishes as a sum over both sides, each times its `SIDE`, 1 above, -1 below."""
        pairs = [(self.u, self.jump)]
        if self.flux is not None:
            pairs.append((self.flux, self.flux_jump))
        return tuple(value - SIDE * jump / 2 for value, jump in pairs)

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """Give one expression that is affine in the unknowns where all are."""
        value, *flux = self.expressions()
        return sympy.Add(value, *(SIDE * e for e in flux))

    def sides(self) -> tuple[float, float]:
        """Coordinates next to the plane, below and above."""
        return around(self.place)

    def stated(self, space: Sequence[Symbol]) -> tuple[Expr, ...]:
        """Both rows."""
        return self.expressions()

    def rows(
        self, name: str, space: Sequence[Symbol], orders: Mapping[Symbol, int]
    ) -> list[tuple[str, Expr]]:
        """Give value and flux, which are summed over both sides."""
        return list(zip(self.names(name), self.expressions(), strict=True))

    def inputs(self, space: Sequence[Symbol]) -> tuple[Symbol, ...]:
        """Take the side."""
        return (SIDE,)

    def pins(self, u: AppliedUndef) -> bool:
        """Never: with a constant on both sides the jumps are the same."""
        return False

    @property
    def cut(self) -> tuple[Symbol, float]:
        """The plane."""
        return self.coordinate, self.place

    def located(self, domain: Domain) -> str:
        """Name the plane."""
        return f"{self.coordinate} = {self.place:g}"

    def record(self, domain: Domain, space: Sequence[Symbol]) -> str:
        """Give the plane and the rows."""
        return f"{self.kind} at {self.at}: {self.expressions()}"


def around(place: float) -> tuple[float, float]:
    """Coordinates next to a plane, below and above."""
    return float(np.nextafter(place, -np.inf)), float(np.nextafter(place, np.inf))


def breaks(
    conditions: Mapping[str, Condition], coordinates: Sequence[Symbol]
) -> tuple[tuple[float, ...], ...]:
    """Places of all interfaces along every coordinate, increasing; ``()`` where there are none.

    Examples
    --------
    >>> from kanpde import coordinates, unknown
    >>> x, y = coordinates("x y")
    >>> breaks({"contact": Interface(unknown("u", x, y), at=Eq(y, 2))}, (x, y))
    ((), (2.0,))
    """
    found = {c.cut for c in conditions.values() if c.cut is not None}
    if not found:
        return ()
    return tuple(tuple(sorted(place for y, place in found if y == x)) for x in coordinates)


def row_names(conditions: Mapping[str, Condition]) -> list[str]:
    """Names of all rows that conditions may have; an interface has those of its flux too.

    Examples
    --------
    >>> from kanpde import coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> row_names({"contact": Interface(u, at=Eq(x, 1), flux=u.diff(x))})
    ['contact', 'contact flux']
    """
    found: list[str] = []
    for name, condition in conditions.items():
        found += condition.names(name)
    return found


def at_interfaces(node: Expr, conditions: Mapping[str, Condition]) -> bool:
    """Whether a kink is a Piecewise that changes at interfaces only, where the trial may bend."""
    if not isinstance(node, Piecewise):
        return False
    for _, relation in node.args:
        if relation == True:  # noqa: E712 - sympy's own truth
            continue
        if not isinstance(relation, Relational) or not relation.rhs.is_number:
            return False
        places = breaks(conditions, (relation.lhs,))
        if not places or float(relation.rhs) not in places[0]:
            return False
    return True


def check_interfaces(
    domain: Domain,
    conditions: Mapping[str, Condition],
    orders: Mapping[AppliedUndef, tuple[int, ...]],
) -> None:
    """Check every interface against the domain and the orders of the equations.

    Parameters
    ----------
    orders
        Highest derivative of every unknown along each coordinate.

    Raises
    ------
    InputError
        If a plane is outside the domain or no plane in space, a flux is missing, or an unknown
        is left without conditions at the interface of another one.
    """
    found = {n: c for n, c in conditions.items() if isinstance(c, Interface)}
    for name, c in found.items():
        where = f"conditions[{name!r}]"
        axis = domain.coordinates.index(c.coordinate)
        low, high = float(domain.lower[axis]), float(domain.upper[axis])
        beside = (domain.time, *domain.parameters)
        if c.coordinate in beside or not isinstance(domain.space, Box):
            raise InputError(f"{where}: expected a plane in the space of a box, got {c.at}")
        if not low < around(c.place)[0] < around(c.place)[1] < high:
            raise InputError(
                f"{where}: expected a plane inside {low:g} < {c.coordinate} < {high:g}, got {c.at}"
            )
        if c.flux is None and orders[c.u][axis] > 1:
            raise InputError(
                f"{where}: expected flux=, what flows across the plane, since {c.u.func} has "
                f"order {orders[c.u][axis]} in {c.coordinate}; "
                f"write flux=k*{c.u.func}.diff({c.coordinate})"
            )
        for u, order in orders.items():
            same = [o for o in found.values() if (o.u, o.at) == (u, c.at)]
            if order[axis] and len(same) != 1:
                raise InputError(
                    f"{where}: expected one Interface of {u.func} at {c.at}, where the trial may "
                    f"jump, got {len(same)}"
                )


def beside(points: Array, cuts: Sequence[Sequence[float]]) -> Array:
    """Move points that lie on an interface to its upper side."""
    for axis, places in enumerate(cuts):
        for place in places:
            on = points[:, axis] == place
            if on.any():
                points = points.copy()
                points[on, axis] = np.nextafter(place, np.inf)
    return points


def gauss_between(
    low: Array, high: Array, cuts: Sequence[Sequence[float]], nodes: int
) -> tuple[Array, Array]:
    """Place Gauss nodes on every piece of a box, about `nodes` on each.

    Returns
    -------
    tuple of Array
        Points ``(N, d)`` and weights ``(N,)``, which sum to the box's volume.

    Examples
    --------
    >>> points, weights = gauss_between(np.zeros(1), np.ones(1), ((0.5,),), 1)
    >>> points.tolist(), weights.tolist()
    ([[0.25], [0.75]], [0.5, 0.5])
    """
    units, shares = np.polynomial.legendre.leggauss(max(1, round(nodes ** (1 / len(cuts)))))
    places, weights = [], []
    for axis, own in enumerate(cuts):
        ends = np.array((low[axis], *own, high[axis]))
        half, middle = 0.5 * np.diff(ends), 0.5 * (ends[1:] + ends[:-1])
        places.append((middle[:, None] + half[:, None] * units).reshape(-1))
        weights.append((half[:, None] * shares).reshape(-1))
    points = np.stack([m.reshape(-1) for m in np.meshgrid(*places, indexing="ij")], axis=1)
    total = functools.reduce(np.multiply.outer, weights)
    return points, np.asarray(total).reshape(-1)
