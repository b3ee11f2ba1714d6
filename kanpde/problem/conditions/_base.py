"""The condition protocol: what the passes ask a condition, instead of asking which one it is.

A condition is a frozen dataclass that derives from `Condition`; a pass that needs it on another
part, or with numbers for constants, makes it again with other fields. It says that `operator`
vanishes at the places `where`. With these two, a `kind` and the field ``u`` a new type is
complete, in one file and with one public name: every other answer has a default that is read off
them, or that claims nothing. What more a type knows of itself it says by overriding:

===============  =================================================================================
asked            answer, and the default
===============  =================================================================================
`kind`           one word for tables and files
`where`          place that it is asked at, one of the names below; ``BOUNDARY``
`on`             part of the boundary; all of it
`operator`       expression that vanishes there
`unknowns`       what it is about; ``u``
`order`          highest derivative of an unknown that it names; counted in `operator`
`prescribed`     what the derivative of that order itself is there, along the outward normal or in
                 time; not known, so it is imposed by rows
`form`           a, b, g of ``a u + b du/dn = g``; from `prescribed`
`affine`         the same by place, for mirror images; from `form`, else none is known to fit
`given`          fields that are known functions of the coordinates, made expressions; none
`stated`         expressions that must be linear for the problem to be linear; `operator`
`rows`, `names`  expressions that vanish row by row with their names; `operator`, one row
`inputs`         symbols besides coordinates, jets and constants; the normal on the boundary
`pins`, `holds`  whether it fixes the free constant of an unknown, whether at all times; whether
                 the unknown itself stands in `operator`
`seam`, `cut`    coordinate whose two ends are one, plane where the trial may jump; none
`measurements`   points, values and their weights, for ``POINTS``
`measured`       whether it is data that an unknown constant could be found from; no
`check`          whether it fits a domain; whether `on` is a part of the boundary
`located`        its place in words
`splits`         fields that have a real and an imaginary part; none, so complex unknowns are
                 refused
`record`         what a resumed run must share with the stopped one; kind, `operator` and place
===============  =================================================================================
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Derivative, Dummy, Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError
from kanpde.geometry import Domain
from kanpde.pde import parts_of, split_complex

Array = NDArray[np.float64]

# Where conditions are asked: faces, the start of time, both ends of a coordinate, given points,
# the whole domain on average, nowhere (integrals only), both sides of a plane inside.
BOUNDARY, INITIAL, PAIR, POINTS, MEAN, NUMBER, INTERFACE = (
    "boundary",
    "initial",
    "pair",
    "points",
    "mean",
    "number",
    "interface",
)


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


def normal_derivative(u: Expr, space: Sequence[Symbol]) -> Expr:
    """``n . grad u`` with the normal's symbols, of an unknown or of an expression."""
    return sympy.Add(*(normal(x) * u.diff(x) for x in space))


def outward(side: int) -> int:
    """Component of the outward normal along the axis of a face: -1 on its low side, 1 on its high.

    Examples
    --------
    >>> outward(0), outward(1)
    (-1, 1)
    """
    return 2 * side - 1


@dataclass(frozen=True)
class Affine:
    """What a condition says of one unknown at one place: a u + b du/dn = value."""

    u: AppliedUndef
    place: str
    a: Any
    b: Any
    value: Any


@dataclass(frozen=True)
class Condition:
    """Base of all conditions: what is prescribed, of which unknown, and where.

    Examples
    --------
    A wall that radiates, all of it:

    >>> @dataclass(frozen=True)
    ... class Radiation(Condition):
    ...     kind: ClassVar[str] = "radiation"
    ...     given: ClassVar[tuple[str, ...]] = ("value",)
    ...     u: AppliedUndef
    ...     value: Any = 0
    ...     on: Any = None
    ...
    ...     def operator(self, space):
    ...         return normal_derivative(self.u, space) + self.u**4 - self.value
    >>> from kanpde import coordinates, unknown
    >>> x = coordinates("x")
    >>> wall = Radiation(unknown("u", x), 1)
    >>> wall.order, wall.pins(wall.u), wall.prescribed
    (1, True, None)
    """

    kind: ClassVar[str] = "condition"
    where: ClassVar[str] = BOUNDARY
    given: ClassVar[tuple[str, ...]] = ()
    splits: ClassVar[tuple[str, ...]] = ()
    on = cast("Any", None)  # no field: conditions on the boundary make it one

    def __post_init__(self) -> None:
        """Check the unknown, and make expressions of the fields that are `given`."""
        name = type(self).__name__
        if dataclasses.fields(self):
            check_unknown(name, self.unknown)
        for field in self.given:
            value = as_expression(f"{name} {field}", getattr(self, field))
            object.__setattr__(self, field, value)

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

    @property
    def order(self) -> int:
        """Highest derivative of an unknown that it names."""
        named = self.operator(self.unknown.args).atoms(Derivative)
        return max((len(d.variables) for d in named if d.expr in self.unknowns), default=0)

    @property
    def prescribed(self) -> Any:
        """What the derivative of its order is where it holds, ``None`` where it does not tell.

        On the boundary the derivative is along the outward normal, at the start it is in time.
        """
        return None

    def prescribes(self, where: str, order: int | None = None) -> bool:
        """Whether it gives the derivative of that order itself at that kind of place."""
        fits = self.where == where and self.prescribed is not None
        return fits and order in {None, self.order}

    @property
    def form(self) -> tuple[Any, Any, Any] | None:
        """Factors and right-hand side of ``a u + b du/dn = g``, ``None`` in any other form."""
        if self.prescribed is None:
            return None
        return (0, 1, self.prescribed) if self.order else (1, 0, self.prescribed)

    def affine(self, domain: Domain) -> tuple[Affine, ...] | None:
        """Say `form` for every place; ``None`` where no mirror image of it is known.

        A part of a face has none either.
        """
        if self.form is None:
            return None
        if self.where == INITIAL:
            return (Affine(self.unknown, f"start {self.order}", *self.form),)
        chosen = domain.resolve(self.on)
        if self.where != BOUNDARY or chosen.mask is not None:
            return None
        return tuple(Affine(self.unknown, part, *self.form) for part in chosen.parts)

    def known(self) -> dict[str, Expr]:
        """Give the fields that are known functions of the coordinates and unknown constants."""
        return {name: getattr(self, name) for name in self.given}

    def stated(self, space: Sequence[Symbol]) -> tuple[Expr, ...]:
        """Give the expressions that vanish where it holds, as far as linearity is in question."""
        return (self.operator(space),)

    def names(self, name: str) -> tuple[str, ...]:
        """Names of its rows, where the condition is called `name`."""
        return (name,)

    def rows(
        self, name: str, space: Sequence[Symbol], orders: Mapping[Symbol, int]
    ) -> list[tuple[str, Expr]]:
        """Name the expressions that vanish, row by row.

        Parameters
        ----------
        name
            What the condition is called.
        space
            The spatial coordinates.
        orders
            Highest derivative of its unknown in the equations, by coordinate.
        """
        return [(name, self.operator(space))]

    def inputs(self, space: Sequence[Symbol]) -> tuple[Symbol, ...]:
        """List what its rows take besides coordinates, jets and constants."""
        return tuple(normal(x) for x in space) if self.where == BOUNDARY else ()

    def pins(self, u: AppliedUndef) -> bool:
        """Whether it fixes the constant that an unknown is free by without it."""
        return u in self.unknowns and names_value(self.operator(u.args), u)

    def holds(self, u: AppliedUndef) -> bool:
        """Whether it fixes that constant at all times."""
        return self.pins(u)

    @property
    def seam(self) -> Symbol | None:
        """The coordinate whose two ends it makes one."""
        return None

    @property
    def cut(self) -> tuple[Symbol, float] | None:
        """The plane inside the domain where the trial may jump: coordinate and place."""
        return None

    @property
    def measured(self) -> bool:
        """Whether it holds measurements: data at more than one point."""
        return False

    def measurements(self) -> tuple[Array, Array, Array]:
        """Points ``(N, d)``, values ``(N,)`` and their weights ``(N,)``, which sum to 1."""
        raise TypeError(f"{self.kind}: holds no measurements")

    def check(self, domain: Domain) -> None:
        """Raise `InputError` unless it fits the domain."""
        if self.where == BOUNDARY:
            domain.resolve(self.on)

    def located(self, domain: Domain) -> str:
        """Say in words where it holds."""
        return domain.resolve(self.on).description if self.where == BOUNDARY else "domain"

    def split(self, space: Sequence[Symbol]) -> tuple[Condition | None, Condition | None] | None:
        """Make the conditions on real and imaginary part of complex unknowns.

        Returns
        -------
        tuple
            Two conditions, ``None`` in the place of one that says nothing; ``None`` where the type
            has none.
        """
        if not self.splits:
            return None
        values = {name: getattr(self, name) for name in self.splits}
        halves = {n: real_and_imaginary(v) for n, v in values.items() if v is not None}
        first, second = (
            dataclasses.replace(self, **{n: pair[k] for n, pair in halves.items()}) for k in (0, 1)
        )
        return first, second

    def record(self, domain: Domain, space: Sequence[Symbol]) -> str:
        """Tell it from any other condition, for a run that is resumed."""
        where = "" if self.on is None else f" on {domain.resolve(self.on).description}"
        return f"{self.kind}: {self.operator(space)}{where}"


def check_unknown(name: str, u: Any) -> None:
    """Raise `InputError` unless `u` is an unknown."""
    if not isinstance(u, AppliedUndef):
        raise InputError(f"{name}: expected an unknown such as unknown('u', x, t), got {u!r}")


def as_expression(name: str, value: Any) -> Expr:
    """Make a number or an expression sympy's, or raise `InputError`."""
    try:
        result = sympy.sympify(value, strict=True)
    except sympy.SympifyError:
        result = None
    if not isinstance(result, Expr):
        raise InputError(
            f"{name}: expected a number or a sympy expression, got {type(value).__name__}"
        )
    return result


def names_value(expression: Expr, u: AppliedUndef) -> bool:
    """Whether u stands in an expression itself, not only by its derivatives."""
    hidden = {d: Dummy() for d in expression.atoms(Derivative)}
    return bool(expression.xreplace(hidden).has(u))


def real_and_imaginary(value: Any) -> tuple[Any, Any]:
    """Real and imaginary part of an unknown, its derivative, an expression or numbers."""
    if isinstance(value, AppliedUndef):
        return parts_of(value)
    if isinstance(value, Derivative) and isinstance(value.expr, AppliedUndef):
        first, second = (Derivative(u, *value.variable_count) for u in parts_of(value.expr))
        return first, second
    if isinstance(value, sympy.Basic):
        return split_complex(value)
    numbers = np.asarray(value)
    return np.real(numbers), np.imag(numbers)
