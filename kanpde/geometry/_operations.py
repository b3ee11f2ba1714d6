"""What a spatial domain can do beside giving points: distances, outlines, cuts and motions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import _numbers
from kanpde.geometry._motion import Motion
from kanpde.geometry._samplers import Array

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

    from kanpde.geometry._curves import Curve
    from kanpde.geometry._domain import Domain


class Operations:
    """Mixed into `Domain`; each method works on spatial domains only."""

    coordinates: tuple[sympy.Symbol, ...]
    lower: Array
    upper: Array

    # What a shape may define ----------------------------------------------

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

    def moved(self, motion: Motion) -> Domain:
        """Return the domain at another place."""
        from kanpde.geometry._moved import Moved

        return Moved(self, motion)  # type: ignore[arg-type]  # a Domain, as all that mix this in

    def level(self, parts: Sequence[str]) -> sympy.Expr | None:
        """Give a smooth function that vanishes on whole boundary parts and is positive inside.

        ``None`` where none is known; where there is one, it has a slope on those parts.

        Examples
        --------
        >>> x, y = sympy.symbols("x y", real=True)
        >>> from kanpde.geometry import Disk
        >>> Disk((x, y), radius=2).level(["boundary"])
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

    # What follows ---------------------------------------------------------

    def outline(self, resolution: int = 256) -> Polygon | MultiPolygon:
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
        from kanpde.geometry._plane import outline_of

        return outline_of(self, resolution)  # type: ignore[arg-type]  # as in `moved`

    def __or__(self, other: object) -> Domain:
        """Return the union of two domains."""
        return self._combined("union", other)

    def __and__(self, other: object) -> Domain:
        """Return the intersection of two domains."""
        return self._combined("intersection", other)

    def __sub__(self, other: object) -> Domain:
        """Return the domain without another one."""
        return self._combined("difference", other)

    def _combined(self, operation: str, other: object) -> Domain:
        from kanpde.geometry._combination import Combination

        return Combination(operation, self, other)  # type: ignore[arg-type]  # it checks both

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
        turn = _rotation(_numbers.real_number("rotate angle", angle), axis, self.coordinates)
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


def _rotation(angle: float, axis: Any, coordinates: Sequence[sympy.Symbol]) -> Array:
    """Return the matrix of a turn, by Rodrigues' formula in three dimensions."""
    c, s = np.cos(angle), np.sin(angle)
    if len(coordinates) == 2:
        if axis is not None:
            raise InputError(f"rotate axis: expected none in the plane, got {axis!r}; leave it out")
        return np.array([[c, -s], [s, c]])
    if len(coordinates) != 3:
        raise InputError(f"rotate: expected a domain of 2 or 3 coordinates, got {len(coordinates)}")
    k = axis_vector("rotate axis", axis, coordinates)
    cross = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.eye(3) + s * cross + (1.0 - c) * cross @ cross


def axis_vector(name: str, axis: Any, coordinates: Sequence[sympy.Symbol]) -> Array:
    """Return the unit vector of a coordinate or of three numbers.

    Raises
    ------
    InputError
        If it is neither, or zero.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z")
    >>> axis_vector("axis", z, (x, y, z)).tolist(), axis_vector("axis", (0, 3, 4), (x, y, z))
    ([0.0, 0.0, 1.0], array([0. , 0.6, 0.8]))
    """
    if axis in list(coordinates):
        return np.eye(len(coordinates))[list(coordinates).index(axis)]
    if not isinstance(axis, tuple | list | np.ndarray):
        names = ", ".join(str(c) for c in coordinates)
        raise InputError(
            f"{name}: expected one of {names} or a vector of {len(coordinates)} numbers, "
            f"got {axis!r}"
        )
    vector = _numbers.vector(name, axis, len(coordinates))
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        raise InputError(f"{name}: expected a vector that is not zero, got {axis!r}")
    if abs(length - 1.0) <= 1e-15:  # read back from a file, it must stay as it was
        return vector
    return np.asarray(vector / length, dtype=np.float64)
