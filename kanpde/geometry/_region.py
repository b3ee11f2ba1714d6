"""The abstract region: a closed set of points and how to draw from it and its boundary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry._numbers import lattice_counts
from kanpde.geometry._samplers import Array, Mask, outer
from kanpde.geometry._selection import Face, Part, Places, Selection, resolve
from kanpde.geometry.piece import Piece, draw_parts


class Region(ABC):
    """A closed set of points, its boundary parts and how to draw from both.

    Attributes
    ----------
    coordinates
        Sympy symbols in the column order of every points array.
    lower, upper
        Corners of the bounding box, shape ``(d,)``.
    """

    coordinates: tuple[sympy.Symbol, ...]
    lower: Array
    upper: Array

    # What a shape defines -------------------------------------------------

    @abstractmethod
    def bulk(self) -> Piece:
        """Return the piece that interior points are drawn from."""

    @abstractmethod
    def surface(self, name: str) -> Piece:
        """Return the piece (with normals) of the boundary part `name`."""

    @property
    @abstractmethod
    def parts(self) -> dict[str, Part]:
        """Parts of the spatial boundary by name; `Part.measure` excludes time."""

    @abstractmethod
    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points, shape ``(N, d)``, lie in the closed domain.

        The tolerance is 1e-12 relative to the size of the coordinates.
        """

    @property
    def faces(self) -> tuple[Face, ...]:
        """Flat whole sides of a box, on which one coordinate is constant."""
        return ()

    @property
    def planes(self) -> tuple[Face, ...]:
        """Parts on which one coordinate is constant, for ``on=Eq(x, 0)``; `faces` and more."""
        return self.faces

    @property
    def time(self) -> sympy.Symbol | None:
        """The coordinate of the time interval, if there is one."""
        return None

    @property
    def time_bounds(self) -> tuple[float, float] | None:
        """The initial and the final time, if there is a time interval."""
        if self.time is None:
            return None
        column = self.coordinates.index(self.time)
        return float(self.lower[column]), float(self.upper[column])

    def start(self) -> Piece:
        """Return the piece of the initial time."""
        raise InputError(
            f"initial: expected a domain with a time interval, got {self}; "
            "multiply it by TimeInterval(t, t0, t1)"
        )

    # What follows ---------------------------------------------------------

    @property
    def dimension(self) -> int:
        """Number of coordinates d, time included."""
        return len(self.coordinates)

    @cached_property
    def measure(self) -> float:
        """Length, area or volume (times the time length)."""
        return float(self.bulk().measure)

    def interior(
        self,
        n: int,
        *,
        sampler: str = "sobol",
        rng: np.random.Generator | None = None,
        mask: Mask | None = None,
    ) -> tuple[Array, Array]:  # (N, d), (N,)
        """Draw points of the domain.

        Parameters
        ----------
        n
            Number of points; the tensor samplers give about as many.
        sampler
            One of `SAMPLERS`.
        rng
            Generator of the scattered samplers; the same state gives the same
            points.
        mask
            Predicate from points ``(N, d)`` to booleans ``(N,)``; only points
            where it holds are kept, and drawing goes on until there are `n`.

        Returns
        -------
        points
            Shape ``(N, d)``.
        weights
            Shape ``(N,)``, sum `measure` (its estimate under a mask); equal
            for the scattered samplers.

        Raises
        ------
        InputError
            If an argument is of the wrong kind or the mask holds nowhere.

        Examples
        --------
        >>> x = sympy.Symbol("x", real=True)
        >>> from kanpde.geometry import Interval
        >>> points, weights = Interval(x, 0, 2).interior(3, sampler="gauss")
        >>> round(float(weights @ points[:, 0] ** 5), 12)
        10.666666666667
        """
        sample, _ = draw_parts([self.bulk()], n, sampler, rng, mask)
        return sample.points, sample.weights

    def boundary(
        self,
        n: int,
        *,
        part: str | Sequence[str] | Selection | None = None,
        sampler: str = "sobol",
        rng: np.random.Generator | None = None,
        mask: Mask | None = None,
    ) -> tuple[Array, Array, Array, NDArray[np.intp]]:  # (N, d), (N, d), (N,), (N,)
        """Draw points of the spatial boundary (times the time interval).

        Parameters
        ----------
        n
            Number of points, shared out over the parts by measure, at least
            one each. A part that is a single point gives that point once.
        part
            Name or names of parts, or a `Selection` (its mask then applies
            too); ``None`` is the whole spatial boundary.
        sampler, rng, mask
            As in `interior`.

        Returns
        -------
        points
            Shape ``(N, d)``.
        normals
            Outward unit normals, shape ``(N, d)``; the time entry is zero.
        weights
            Shape ``(N,)``; on each part they sum to its measure (times the
            time length).
        part_index
            Shape ``(N,)``, the place of each point's part among those chosen.

        Raises
        ------
        InputError
            If there is no spatial boundary, a part is unknown or the mask
            holds nowhere on the parts.

        Examples
        --------
        >>> x = sympy.Symbol("x", real=True)
        >>> from kanpde.geometry import Interval
        >>> points, normals, weights, index = Interval(x, 0, 2).boundary(1, sampler="grid")
        >>> points.ravel().tolist(), normals.ravel().tolist(), index.tolist()
        ([0.0, 2.0], [-1.0, 1.0], [0, 1])
        """
        if not self.parts:
            raise InputError(
                f"boundary: expected a domain with a spatial boundary, got {self}; "
                "data at the initial time are an Initial condition"
            )
        chosen = self.resolve(part if part is None or isinstance(part, str) else _named(part))
        both = _both(chosen.mask, mask)
        pieces = [self.surface(name) for name in chosen.parts]
        sample, index = draw_parts(pieces, n, sampler, rng, both)
        assert sample.normals is not None
        return sample.points, sample.normals, sample.weights, index

    def initial(
        self, n: int, *, sampler: str = "sobol", rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:  # (N, d), (N,)
        """Draw points at the initial time; a pure time interval has just one.

        The weights sum to the measure of the spatial factor. Arguments and
        errors are those of `interior`.

        Raises
        ------
        InputError
            If the domain has no time interval.

        Examples
        --------
        >>> t = sympy.Symbol("t", real=True)
        >>> from kanpde.geometry import TimeInterval
        >>> TimeInterval(t, 2, 3).initial(10, sampler="grid")
        (array([[2.]]), array([1.]))
        """
        sample, _ = draw_parts([self.start()], n, sampler, rng)
        return sample.points, sample.weights

    def pair(
        self,
        coordinate: sympy.Symbol,
        n: int,
        *,
        sampler: str = "sobol",
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, Array, Array]:  # (N, d), (N, d), (N,)
        """Draw pairs of points on opposite faces, for periodic conditions.

        Parameters
        ----------
        coordinate
            The coordinate in which the faces lie apart; the pairs agree in all
            others.
        n, sampler, rng
            As in `interior`.

        Returns
        -------
        low, high
            Points on the lower and on the upper face, shape ``(N, d)`` each.
        weights
            Shape ``(N,)``, sum the measure of the face (times the time length).

        Raises
        ------
        InputError
            If the domain has no two opposite faces in that coordinate.

        Examples
        --------
        >>> x, y = sympy.symbols("x y", real=True)
        >>> from kanpde.geometry import Rectangle
        >>> low, high, _ = Rectangle((x, 0, 1), (y, 0, 1)).pair(x, 1, sampler="grid")
        >>> low.tolist(), high.tolist()
        ([[0.0, 0.5]], [[1.0, 0.5]])
        """
        sides = {f.side: f for f in self.faces if self.coordinates[f.axis] == coordinate}
        if set(sides) != {0, 1}:
            able = dict.fromkeys(str(self.coordinates[f.axis]) for f in self.faces)
            raise InputError(
                f"pair: expected a coordinate with two opposite faces, got {coordinate}; "
                f"{self} has {', '.join(able) or 'none'}"
            )
        sample, _ = draw_parts([self.surface(sides[0].name)], n, sampler, rng)
        high = sample.points.copy()
        high[:, sides[1].axis] = sides[1].value
        return sample.points, high, sample.weights

    def grid(self, shape: int | Sequence[int]) -> Array:  # (N, d)
        """Return the points of a regular lattice that lie in the domain.

        Parameters
        ----------
        shape
            Number of points along every axis of the bounding box, or one
            number for all. Two and more include both ends, one is the middle.

        Returns
        -------
        points
            Shape ``(N, d)``, last coordinate fastest. For a box (times a time
            interval) N is the product of `shape`; elsewhere the lattice points
            outside the domain are left out.

        Raises
        ------
        InputError
            If `shape` does not fit the coordinates or the lattice is too big.

        Examples
        --------
        >>> x, t = sympy.symbols("x t", real=True)
        >>> from kanpde.geometry import Interval, TimeInterval
        >>> (Interval(x, -1, 1) * TimeInterval(t, 0, 1)).grid((3, 2))[:, 0].tolist()
        [-1.0, -1.0, 0.0, 0.0, 1.0, 1.0]
        """
        counts = lattice_counts(shape, self.dimension)
        axes = [
            np.linspace(a, b, m) if m > 1 else np.array([0.5 * (a + b)])
            for a, b, m in zip(self.lower, self.upper, counts, strict=True)
        ]
        points = outer(axes)
        return points[self.contains(points)]

    def resolve(self, on: object) -> Selection:
        """Turn the `on=` of a condition into the parts and points it means.

        Parameters
        ----------
        on
            ``None`` (the whole spatial boundary), a part's name,
            ``Eq(x, -1)`` (the face at that bound, compared as a number and
            never by the distance of points), another relation of the
            coordinates, a predicate from points ``(N, d)`` to booleans, a
            `Part`, `Face` or `Selection`, or a list of whole parts.

        Raises
        ------
        InputError
            If it names no part of this domain; the message lists the parts.

        Examples
        --------
        >>> x = sympy.Symbol("x", real=True)
        >>> from kanpde.geometry import Interval
        >>> Interval(x, -1, 1).resolve(sympy.Eq(x, -1)).parts
        ('x=-1',)
        """
        return resolve(Places(self.coordinates, self.parts, self.planes, self.time), on)


def _named(part: Sequence[str] | Selection) -> Selection | list[str]:
    return part if isinstance(part, Selection) else list(part)


def _both(first: Mask | None, second: Mask | None) -> Mask | None:
    if first is None or second is None:
        return first or second
    return lambda points: first(points) & second(points)
