"""Measurements as conditions: from arrays, CSV and VTU files, with their standard deviations."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError, ShapeError
from kanpde.geometry import Domain, read_mesh
from kanpde.ground._files import beside_problem
from kanpde.pde import normalised
from kanpde.problem.conditions._base import POINTS, Condition

Array = NDArray[np.float64]
DATA = Symbol("measured value", real=True)


@dataclass(frozen=True, eq=False)
class PointData(Condition):
    """An unknown, or an expression of unknowns, takes `values` at `points`: measurements.

    Parameters
    ----------
    u
        An unknown, or any sympy expression of unknowns and their derivatives, such as a flux
        ``-k * u.diff(x)`` or a sum of two unknowns.
    points
        Shape ``(N, d)``, columns in the order of the coordinates; one point may be ``(d,)``.
    values
        Shape ``(N,)`` or one number.
    sd
        Standard deviations of the values up to a common factor, shape ``(N,)`` or one number:
        points count by ``1 / sd**2``. ``None`` where all are measured alike. The noise itself is
        estimated either way.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    InputError
        If `u` names no unknown, or numbers are missing, not finite, or standard deviations not
        positive.

    Examples
    --------
    >>> from kanpde import coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> PointData(-2 * u.diff(x), [[0.0], [1.0]], [0.3, 0.1], sd=0.01).unknowns
    (u(x),)
    """

    kind: ClassVar[str] = "point data"
    where: ClassVar[str] = POINTS
    splits: ClassVar[tuple[str, ...]] = ("u", "values")
    u: Any
    points: ArrayLike
    values: ArrayLike
    sd: ArrayLike | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.u, Expr) or not self.u.atoms(AppliedUndef):
            raise InputError(
                "PointData: expected an unknown such as unknown('u', x, t) or an expression of "
                f"unknowns, got {self.u!r}"
            )
        if not isinstance(self.u, AppliedUndef):
            object.__setattr__(self, "u", normalised(self.u))
        points = np.atleast_2d(_numbers("PointData points", self.points))
        d = len(self.unknown.args)
        if points.ndim != 2 or points.shape[1] != d:
            raise ShapeError(f"PointData points: expected shape (N, {d}), got {points.shape}")
        allowed = not all(u.is_real for u in self.unknowns)
        values = _column("PointData values", self.values, len(points), complex_too=allowed)
        if not (np.isfinite(points).all() and np.isfinite(values).all()):
            raise InputError("PointData: expected finite numbers, got NaN or infinity")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "values", values)
        if self.sd is not None:
            sd = _column("PointData sd", self.sd, len(points))
            if not (np.isfinite(sd).all() and (sd > 0).all()):
                raise InputError(
                    "PointData sd: expected positive numbers, got "
                    f"{sd[~(np.isfinite(sd) & (sd > 0))][0]:g}"
                )
            object.__setattr__(self, "sd", sd)

    @property
    def unknown(self) -> AppliedUndef:
        """The first unknown by name."""
        return self.unknowns[0]

    @property
    def unknowns(self) -> tuple[AppliedUndef, ...]:
        """All unknowns, by name."""
        return tuple(sorted(self.u.atoms(AppliedUndef), key=str))

    @property
    def weights(self) -> Array:
        """Weight of every value in a mean square, ``(N,)``, sums to 1."""
        if self.sd is None:
            return np.full(len(np.asarray(self.values)), 1.0 / len(np.asarray(self.values)))
        square = np.square(np.asarray(self.sd, dtype=np.float64) / np.min(self.sd))
        return np.asarray(1 / square / np.sum(1 / square))

    def operator(self, space: Sequence[Symbol]) -> Expr:
        """Give the expression minus the measured value."""
        found: Expr = self.u - DATA
        return found

    def stated(self, space: Sequence[Symbol]) -> tuple[Expr, ...]:
        """Give the operator, of data that are all 0 the expression itself."""
        return (self.operator(space) if np.any(self.values) else self.u,)

    def inputs(self, space: Sequence[Symbol]) -> tuple[Symbol, ...]:
        """Take the measured value."""
        return (DATA,)

    def holds(self, u: AppliedUndef) -> bool:
        """Whether several values tell of the unknown, or an expression names it itself."""
        return (self.measured and u == self.unknown) or (not is_bare(self) and self.pins(u))

    @property
    def measured(self) -> bool:
        """Whether there are several values."""
        return np.size(self.values) > 1

    def measurements(self) -> tuple[Array, Array, Array]:
        """Points, values and weights."""
        points, values = (np.asarray(e, dtype=np.float64) for e in (self.points, self.values))
        return points, values, self.weights

    def check(self, domain: Domain) -> None:
        """Raise `InputError` unless all points lie in the domain."""
        points = np.asarray(self.points, dtype=np.float64)
        inside = domain.contains(points)
        if not inside.all():
            first = ", ".join(f"{v:g}" for v in points[~inside][0])
            raise InputError(
                f"{int((~inside).sum())} of {len(points)} data points lie outside the domain, the "
                f"first at ({first}); leave them out or enlarge the domain"
            )

    def located(self, domain: Domain) -> str:
        """Points."""
        return "points"

    def record(self, domain: Domain, space: Sequence[Symbol]) -> str:
        """How many values of what, and a digest of the numbers."""
        columns = (self.points, self.values, self.weights)
        data = np.column_stack([np.asarray(column) for column in columns])
        return f"{len(data)} values of {self.u}, {hashlib.sha256(data.tobytes()).hexdigest()}"

    @classmethod
    def from_csv(
        cls,
        u: Any,
        path: str | Path,
        *,
        columns: Sequence[str] | None = None,
        sd: str | ArrayLike | None = None,
        delimiter: str = ",",
    ) -> PointData:
        """Read measurements from a CSV file with a header.

        Parameters
        ----------
        u
            As for the class.
        path
            The file; in a problem file relative to that file.
        columns
            Names of the columns of the coordinates, in their order, and of the values; the
            coordinates' and the unknown's own names if ``None``.
        sd
            Name of a column of standard deviations, or numbers as for the class.
        delimiter
            What separates the columns.

        Raises
        ------
        InputError
            If the file or a column is missing, or an entry is no number.
        """
        given = tuple(columns or ())
        names = given or _own_names(u)
        table = _read_csv(beside_problem(path), delimiter)
        found = [_named(table, n, path) for n in names]
        if isinstance(sd, str):
            sd = _named(table, sd, path)
        if len(found) < 2:
            raise InputError("PointData.from_csv columns: expected coordinates and values")
        return cls(u, np.stack(found[:-1], axis=1), found[-1], sd)

    @classmethod
    def from_mesh(
        cls,
        u: Any,
        path: str | Path,
        *,
        field: str | None = None,
        at: Mapping[Symbol, float] | None = None,
        sd: ArrayLike | None = None,
    ) -> PointData:
        """Read measurements at the points of a VTU file, or of any mesh that meshio reads.

        Parameters
        ----------
        u
            As for the class.
        path
            The file; in a problem file relative to that file.
        field
            Name of the point data; the unknown's own name if ``None``.
        at
            Values of coordinates that the file does not hold, such as ``{t: 0.5}``.
        sd
            As for the class.

        Raises
        ------
        InputError
            If the file or the field is missing, or the field has several components.
        """
        mesh = read_mesh(beside_problem(path))
        name = field or _own_names(u)[-1]
        if name not in mesh.point_data:
            known = ", ".join(sorted(mesh.point_data)) or "none"
            raise InputError(f"{path}: expected point data {name!r}; it holds {known}")
        coordinates = sorted(u.atoms(AppliedUndef), key=str)[0].args
        given, columns = dict(at or {}), []
        for x in coordinates:
            if x in given:
                columns.append(np.full(len(mesh.points), float(given[x])))
            else:
                columns.append(mesh.points[:, len([c for c in columns if c.base is not None])])
        return cls(u, np.stack(columns, axis=1), np.asarray(mesh.point_data[name]), sd)


def _own_names(u: Any) -> tuple[str, ...]:
    """Names of the coordinates and of the unknown."""
    if not isinstance(u, AppliedUndef):
        raise InputError(
            f"PointData: expected columns= (or field=) for the expression {u}, got none"
        )
    return (*(str(x) for x in u.args), str(u.func.__name__))


def _read_csv(path: Path, delimiter: str) -> dict[str, list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"{path}: expected a CSV file, cannot read it ({reason})") from None
    if len(rows) < 2:
        raise InputError(f"{path}: expected a header and at least one row, got {len(rows)} rows")
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise InputError(
                f"{path}: row {number}: expected {len(header)} entries, got {len(row)}"
            )
    return {name: [row[k] for row in rows[1:]] for k, name in enumerate(header)}


def _named(table: dict[str, list[str]], name: str, path: str | Path) -> Array:
    if name not in table:
        raise InputError(f"{path}: expected a column {name!r}; it holds {', '.join(table)}")
    numbers = []
    for number, text in enumerate(table[name], start=2):
        try:
            numbers.append(float(text))
        except ValueError:
            raise InputError(
                f"{path}: row {number}: expected a number in column {name!r}, got {text!r}"
            ) from None
    return np.array(numbers)


def _column(name: str, given: ArrayLike, count: int, *, complex_too: bool = False) -> Array:
    values = np.asarray(given) if complex_too and np.iscomplexobj(given) else _numbers(name, given)
    if values.ndim == 0:
        values = np.full(count, values[()])
    if values.shape != (count,):
        raise ShapeError(f"{name}: expected shape ({count},), got {values.shape}")
    return values


def _numbers(name: str, value: ArrayLike) -> Array:
    try:
        raw = np.asarray(value)
        if np.iscomplexobj(raw):
            raise InputError(f"{name}: expected real numbers for a real unknown, got complex ones")
        return np.array(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: expected numbers, got {value!r} ({error})") from None


def is_bare(condition: Condition) -> bool:
    """Whether a condition is about one unknown itself, not about an expression of unknowns."""
    return isinstance(getattr(condition, "u", None), AppliedUndef)
