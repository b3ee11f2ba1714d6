"""The abstract domain: what every shape answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import _numbers
from kanpde.geometry._motion import Motion, rotation
from kanpde.geometry._operators import Slot
from kanpde.geometry._region import Region
from kanpde.geometry._samplers import Array
from kanpde.geometry.curve import Curve, all_curves, outline_of


class Domain(Region):
    """A closed set of points, its boundary parts and how to draw from both.

    A new shape sets `coordinates`, `lower` and `upper` and defines `bulk`,
    `surface`, `parts`, `contains` and `to_record`; everything else follows. A
    function under ``@_records.reads(kind)`` in its file reads it back.
    ``a * b`` is the product of two domains; its coordinates are those of `a`
    followed by those of `b`.

    Attributes
    ----------
    coordinates
        Sympy symbols in the column order of every points array.
    lower, upper
        Corners of the bounding box, shape ``(d,)``.
    """

    # What a shape defines -------------------------------------------------

    @abstractmethod
    def to_record(self) -> dict[str, Any]:
        """Describe the domain in plain JSON types; see `domain_from_record`."""

    @property
    def space(self) -> Domain | None:
        """The spatial factor; the domain itself if it has no time."""
        return self

    @property
    def parameters(self) -> tuple[sympy.Symbol, ...]:
        """The coordinates that are parameters of the problem, with a range each."""
        return ()

    # What a shape of space may define ---------------------------------------

    def signed_distance(self, points: Array) -> Array:
        """Return the distance to the boundary, negative inside.

        Parameters
        ----------
        points
            Shape ``(N, d)``.

        Returns
        -------
        distance
            Shape ``(N,)``; exact for a shape and for every plane domain. Of a
            combination in space the sign is exact and the size a lower bound.

        Raises
        ------
        InputError
            If the domain is not a spatial one.

        Examples
        --------
        >>> from kanpde.geometry import Disk
        >>> x, y = sympy.symbols("x y", real=True)
        >>> Disk((x, y), radius=2).signed_distance([[0, 0], [3, 4]]).tolist()
        [-2.0, 3.0]
        """
        raise InputError(f"signed distance: expected a spatial domain, got {self}")

    def implicit(self, points: Array) -> Array:
        """Return something that is negative inside, zero on the boundary, positive outside.

        Cheaper than `signed_distance`, whose sign it has.
        """
        return self.signed_distance(points)

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the curves of the parts of a plane domain, the domain on their left.

        Raises
        ------
        InputError
            If the domain is not a shape of two coordinates.
        """
        raise InputError(f"outline: expected a shape of two coordinates, got {self}")

    def vanishing_on(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give a smooth function that vanishes on whole boundary parts and is positive inside.

        ``None`` where none is known; where there is one, it has a slope on those parts.

        Examples
        --------
        >>> x, y = sympy.symbols("x y", real=True)
        >>> from kanpde.geometry import Disk
        >>> Disk((x, y), radius=2).vanishing_on(["boundary"])
        -x**2/4 - y**2/4 + 1
        """
        return None

    def surface_triangles(self, size: float) -> tuple[Array, NDArray[np.int64]]:
        """Return points ``(N, 3)`` and triangles ``(T, 3)`` of the boundary in space.

        Parameters
        ----------
        size
            Length of the edges, about, where the boundary is round.

        Raises
        ------
        InputError
            If the domain is not a shape of three coordinates, or a combination.
        """
        raise InputError(f"surface: expected a single shape of three coordinates, got {self}")

    def moved(self, motion: Motion) -> Domain:
        """Return the domain at another place."""
        return MOVE(self, motion)

    # What follows ---------------------------------------------------------

    def outline(self, resolution: int = 256) -> shapely.Polygon | shapely.MultiPolygon:
        """Return a plane domain as shapely polygons, with the corners in their places.

        Parameters
        ----------
        resolution
            Number of chords that a full circle gets.

        Raises
        ------
        InputError
            If the domain is not a shape of two coordinates.

        Examples
        --------
        >>> from kanpde.geometry import Disk, Rectangle
        >>> x, y = sympy.symbols("x y", real=True)
        >>> plate = Rectangle((x, 0, 2), (y, 0, 1)) - Disk((x, y), (1, 0.5), 0.25)
        >>> outline = plate.outline()
        >>> len(outline.interiors), round(outline.area, 2), round(plate.measure, 2)
        (1, 1.8, 1.8)
        """
        return outline_of(all_curves(self.curves()), resolution, self.contains)

    def __or__(self, other: object) -> Domain:
        """Return the union of two domains."""
        return COMBINE("union", self, other)

    def __and__(self, other: object) -> Domain:
        """Return the intersection of two domains."""
        return COMBINE("intersection", self, other)

    def __sub__(self, other: object) -> Domain:
        """Return the domain without another one."""
        return COMBINE("difference", self, other)

    def __mul__(self, other: object) -> Domain:
        """Return the product domain."""
        if not isinstance(other, Domain):
            raise InputError(
                f"domain product: expected a kanpde domain after *, got {type(other).__module__}."
                f"{type(other).__name__}; `from sympy import *` hides kanpde's Interval and Product"
            )
        return MULTIPLY(self, other)

    def translate(self, offset: Any) -> Domain:
        """Shift the domain.

        Parameters
        ----------
        offset
            One number for each coordinate.

        Examples
        --------
        >>> from kanpde.geometry import Disk
        >>> x, y = sympy.symbols("x y", real=True)
        >>> Disk((x, y)).translate((3, 4))
        Disk((x, y), (3, 4), 1)
        """
        d = len(self.coordinates)
        return self.moved(Motion(1.0, np.eye(d), _numbers.vector("translate offset", offset, d)))

    def rotate(self, angle: Any, *, axis: Any = None, center: Any = None) -> Domain:
        """Turn the domain, counter-clockwise where the axis points to the eye.

        Parameters
        ----------
        angle
            In radians.
        axis
            In three dimensions the coordinate or the vector to turn about; none
            in the plane.
        center
            Point that stays; the origin by default.

        Raises
        ------
        InputError
            If there are not two or three coordinates, or the axis does not fit.

        Examples
        --------
        >>> from kanpde.geometry import Rectangle
        >>> x, y = sympy.symbols("x y", real=True)
        >>> diamond = Rectangle((x, -1, 1), (y, -1, 1)).rotate(sympy.pi / 4)
        >>> diamond.upper.round(4).tolist()
        [1.4142, 1.4142]
        """
        d = len(self.coordinates)
        turn = rotation(_numbers.real_number("rotate angle", angle), axis, self.coordinates)
        fixed = np.zeros(d) if center is None else _numbers.vector("rotate center", center, d)
        return self.moved(Motion(1.0, turn, fixed - turn @ fixed))

    def scale(self, factor: Any, *, center: Any = None) -> Domain:
        """Make the domain larger or smaller, alike in all directions.

        Parameters
        ----------
        factor
            Positive number.
        center
            Point that stays; the origin by default.

        Raises
        ------
        InputError
            If the factor is not positive.

        Examples
        --------
        >>> from kanpde.geometry import Interval
        >>> x = sympy.Symbol("x", real=True)
        >>> Interval(x, 0, 1).scale(3, center=[1])
        Interval(x, -2, 1)
        """
        d = len(self.coordinates)
        size = _numbers.positive("scale factor", factor)
        fixed = np.zeros(d) if center is None else _numbers.vector("scale center", center, d)
        return self.moved(Motion(size, np.eye(d), (1.0 - size) * fixed))

    def __eq__(self, other: object) -> bool:
        """Tell whether both describe the same set in the same coordinates."""
        if not isinstance(other, Domain):
            return NotImplemented
        return self.coordinates == other.coordinates and self.to_record() == other.to_record()

    def __hash__(self) -> int:
        """Hash what `__eq__` compares."""
        return hash((self.coordinates, self.lower.tobytes(), self.upper.tobytes()))


# What the operators make is defined above this module, on `Domain` itself.
COMBINE: Slot[[str, Domain, Any], Domain] = Slot("the union, intersection or difference")
MULTIPLY: Slot[[Domain, Domain], Domain] = Slot("the product")
MOVE: Slot[[Domain, Motion], Domain] = Slot("the moved copy")
