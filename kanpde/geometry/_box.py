"""Boxes of any dimension: `Interval`, `Rectangle`, `Box`; and `TimeInterval`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._domain import Domain
from kanpde.geometry._motion import Motion
from kanpde.geometry._names import named, shape_name, suffix
from kanpde.geometry._numbers import box_contains, checked_points
from kanpde.geometry._samplers import Array, outer
from kanpde.geometry._selection import Face, Part
from kanpde.geometry.curve import Curve, Segment
from kanpde.geometry.piece import BoxPiece


class Box(Domain):
    """An axis-parallel box of any dimension.

    Its parts are its faces, named after the bound: ``"x=-1"``, ``"x=1"``, …

    Parameters
    ----------
    *sides
        Triples ``(coordinate, lower, upper)``; the bounds are numbers or sympy
        constants.
    name
        Put before every part: ``"outer:x=-1"``.

    Raises
    ------
    InputError
        If a side is no such triple, a bound is not finite, bounds do not
        increase, or a coordinate occurs twice.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z", real=True)
    >>> box = Box((x, 0, 1), (y, 0, 2), (z, -1, sympy.pi))
    >>> list(box.parts)[:4], round(box.measure, 3)
    (['x=0', 'x=1', 'y=0', 'y=2'], 8.283)
    """

    def __init__(self, *sides: Sequence[Any], name: str | None = None) -> None:
        kind = type(self).__name__
        if not sides:
            raise InputError(f"{kind}: expected at least one side (x, lower, upper), got none")
        coordinates, limits = [], []
        for side in sides:
            if not isinstance(side, tuple | list) or len(side) != 3:
                raise InputError(f"{kind}: expected sides (x, lower, upper), got {side!r}")
            symbol = _numbers.coordinate(kind, side[0])
            coordinates.append(symbol)
            limits.append(_numbers.bounds(f"{kind}({symbol})", side[1], side[2]))
        _numbers.distinct(kind, coordinates)
        self.coordinates = tuple(coordinates)
        self.lower = np.array([a for a, _ in limits])
        self.upper = np.array([b for _, b in limits])
        self.name = shape_name(kind, name)

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The 2d faces, lower before upper, in the order of the coordinates."""
        return tuple(
            Face(f"{self.name}:{name}" if self.name else name, axis, side, float(value))
            for axis, symbol in enumerate(self.coordinates)
            for side, (name, value) in enumerate(
                _face_names(symbol, self.lower[axis], self.upper[axis])
            )
        )

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The faces as parts."""
        return {f.name: Part(f.name, self.surface(f.name).measure) for f in self.faces}

    def bulk(self) -> BoxPiece:
        """Return the box as a piece."""
        return BoxPiece(self.lower, self.upper)

    def surface(self, name: str) -> BoxPiece:
        """Return a face as a piece."""
        return BoxPiece(self.lower, self.upper, next(f for f in self.faces if f.name == name))

    def vanishing_on(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give the product of the distances from faces, in side lengths."""
        factors = []
        for face in self.faces:
            if face.name in parts:
                low, high = (_numbers.exact_number(v[face.axis]) for v in (self.lower, self.upper))
                x = self.coordinates[face.axis]
                factors.append((high - x if face.side else x - low) / (high - low))
        return sympy.Mul(*factors)

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed box."""
        return box_contains(checked_points(points, self.dimension), self.lower, self.upper)

    def signed_distance(self, points: Array) -> Array:
        """Return the exact distance to the nearest face, edge or corner."""
        array = checked_points(points, self.dimension)
        off = np.maximum(self.lower - array, array - self.upper)
        outside = np.linalg.norm(np.maximum(off, 0.0), axis=1)
        return np.asarray(outside + np.minimum(off.max(axis=1), 0.0), dtype=np.float64)

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the four sides of a rectangle, each with the inside on its left."""
        if self.dimension != 2:
            return super().curves()
        a, b = self.lower, self.upper
        corners = [a, np.array([b[0], a[1]]), b, np.array([a[0], b[1]])]
        ends = [(3, 0), (1, 2), (0, 1), (2, 3)]  # in the order of the faces
        return {
            f.name: (Segment(corners[i], corners[j]),)
            for f, (i, j) in zip(self.faces, ends, strict=True)
        }

    def surface_triangles(self, size: float) -> tuple[Array, NDArray[np.int64]]:
        """Return the corners and two triangles for each face in three dimensions."""
        if self.dimension != 3:
            return super().surface_triangles(size)
        corners = outer([np.array(ends) for ends in zip(self.lower, self.upper, strict=True)])
        faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        cut = [(q[0], *q[k : k + 2]) for q in faces for k in (1, 2)]
        return corners, np.array(cut, dtype=np.int64)

    def moved(self, motion: Motion) -> Domain:
        """Return a box with the faces' names of its new place, unless it is turned."""
        if not motion.turns:
            ends = motion.forward(np.stack([self.lower, self.upper])).tolist()
            sides = list(zip(self.coordinates, *ends, strict=True))
            if len(sides) == 1:
                return Interval(*sides[0], name=self.name)
            return Box(*sides, name=self.name)
        return super().moved(motion)

    def to_record(self) -> dict[str, Any]:
        """Describe the box in plain JSON types."""
        return {
            "kind": "box",
            "coordinates": [str(c) for c in self.coordinates],
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
        } | named(self.name)

    def __repr__(self) -> str:
        """Show the sides."""
        sides = zip(self.coordinates, self.lower, self.upper, strict=True)
        shown = ", ".join(f"({c}, {a:.6g}, {b:.6g})" for c, a, b in sides)
        return f"Box({shown}{suffix(self.name)})"


class Interval(Box):
    """The interval [lower, upper] of one spatial coordinate.

    Parameters
    ----------
    x
        The coordinate, a sympy symbol.
    lower, upper
        Finite bounds, numbers or sympy constants, ``lower < upper``.

    Raises
    ------
    InputError
        If `x` is not a symbol or the bounds are not finite and increasing.

    Examples
    --------
    >>> Interval(sympy.Symbol("x"), 0, 2 * sympy.pi)
    Interval(x, 0, 6.28319)
    """

    def __init__(self, x: sympy.Symbol, lower: Any, upper: Any, *, name: str | None = None) -> None:
        super().__init__((x, lower, upper), name=name)

    def __repr__(self) -> str:
        """Show coordinate and bounds."""
        ends = f"{self.lower[0]:.6g}, {self.upper[0]:.6g}"
        return f"Interval({self.coordinates[0]}, {ends}{suffix(self.name)})"


class Rectangle(Box):
    """The axis-parallel rectangle with sides ``(x, a, b)`` and ``(y, c, d)``.

    Raises
    ------
    InputError
        As `Box`.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> Rectangle((x, 0, 1), (y, 0, 2)).parts["x=0"]
    Part(name='x=0', measure=2.0)
    """

    def __init__(
        self, first: Sequence[Any], second: Sequence[Any], *, name: str | None = None
    ) -> None:
        super().__init__(first, second, name=name)


class TimeInterval(Domain):
    """The time interval [start, end]; initial conditions live at its start.

    It has no spatial boundary, and nothing is prescribed at its end. Alone it
    is the domain of an ordinary differential equation.

    Parameters
    ----------
    t
        The coordinate, a sympy symbol.
    start, end
        Finite bounds, numbers or sympy constants, ``start < end``.

    Raises
    ------
    InputError
        If `t` is not a symbol or the bounds are not finite and increasing.

    Examples
    --------
    >>> TimeInterval(sympy.Symbol("t"), 0, 1).time_bounds
    (0.0, 1.0)
    """

    def __init__(self, t: sympy.Symbol, start: Any, end: Any) -> None:
        symbol = _numbers.coordinate("TimeInterval", t)
        a, b = _numbers.bounds(f"TimeInterval({symbol})", start, end)
        self.coordinates = (symbol,)
        self.lower, self.upper = np.array([a]), np.array([b])

    @property
    def time(self) -> sympy.Symbol:
        """The coordinate."""
        return self.coordinates[0]

    @property
    def space(self) -> None:
        """There is no spatial factor."""

    @property
    def parts(self) -> dict[str, Part]:
        """There is no spatial boundary."""
        return {}

    def bulk(self) -> BoxPiece:
        """Return the interval as a piece."""
        return BoxPiece(self.lower, self.upper)

    def surface(self, name: str) -> BoxPiece:
        """Raise `InputError`: there is no spatial boundary."""
        raise InputError(f"boundary: {self} has no part {name!r}; use an Initial condition")

    def start(self) -> BoxPiece:
        """Return the initial time, a single point."""
        return BoxPiece(self.lower, self.upper, Face("initial", 0, 0, float(self.lower[0])))

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed interval."""
        return box_contains(checked_points(points, 1), self.lower, self.upper)

    def to_record(self) -> dict[str, Any]:
        """Describe the interval in plain JSON types."""
        return {
            "kind": "time",
            "coordinates": [str(self.time)],
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
        }

    def __repr__(self) -> str:
        """Show coordinate and bounds."""
        return f"TimeInterval({self.time}, {self.lower[0]:.6g}, {self.upper[0]:.6g})"


def _face_names(symbol: sympy.Symbol, lower: float, upper: float) -> list[tuple[str, float]]:
    names = [f"{symbol}={value:.12g}" for value in (lower, upper)]
    if names[0] == names[1]:  # bounds that differ beyond the twelfth digit
        names = [f"{symbol}={value:.17g}" for value in (lower, upper)]
    return list(zip(names, (lower, upper), strict=True))


@_records.reads("box")
def _box_from_record(data: dict[str, Any]) -> Domain:
    names, lower, upper = _records.entries(
        data, "coordinates", "lower", "upper", optional=("name",)
    )
    symbols, name = _records.symbols(names), data.get("name")
    sides = list(
        zip(
            symbols,
            _records.floats("lower", lower, len(symbols)),
            _records.floats("upper", upper, len(symbols)),
            strict=True,
        )
    )
    if len(sides) == 1:
        return Interval(*sides[0], name=name)
    return Rectangle(*sides, name=name) if len(sides) == 2 else Box(*sides, name=name)


@_records.reads("time")
def _time_from_record(data: dict[str, Any]) -> Domain:
    return TimeInterval(*_records.line(data))
