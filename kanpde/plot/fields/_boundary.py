"""Domains as lines: the curves of boundary parts, and the paths that fill cuts through them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.path import Path
from scipy.ndimage import distance_transform_edt

from kanpde.errors import InputError
from kanpde.geometry.piece import MappedPiece

if TYPE_CHECKING:
    from kanpde.geometry import Domain
    from kanpde.plot.fields._lattice import Lattice

_STEPS = 721  # points along a part
RESOLUTION = 360  # chords of a full circle


def part_lines(space: Domain, name: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give the curves of a part of a plane domain.

    Parameters
    ----------
    space
        A spatial domain of two coordinates.
    name
        One of its parts.

    Yields
    ------
    tuple of ndarray
        Points ``(M, 2)`` in order and normals ``(M, 2)``, one pair for each piece.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Disk
    >>> disk = Disk(sympy.symbols("x y", real=True), radius=2)
    >>> ((points, normals),) = part_lines(disk, "boundary")
    >>> bool(np.allclose(points, 2 * normals))
    True
    """
    piece = space.surface(name)
    if not isinstance(piece, MappedPiece) or piece.units != 1:
        return
    points, normals = piece.from_unit(np.linspace(0.0, 1.0, _STEPS)[:, None])
    assert normals is not None
    jumps = np.linalg.norm(np.diff(points, axis=0), axis=1) > 1.5 * piece.measure / (_STEPS - 1)
    cuts = np.flatnonzero(jumps) + 1
    yield from zip(np.split(points, cuts), np.split(normals, cuts), strict=True)


def outline_path(space: Domain) -> Path | None:
    """Give the path that encloses a plane domain, holes cut out; None where it is not known.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Rectangle
    >>> x, y = sympy.symbols("x y", real=True)
    >>> path = outline_path(Rectangle((x, 0, 1), (y, 0, 2)))
    >>> [float(v) for v in path.get_extents().bounds]
    [0.0, 0.0, 1.0, 2.0]
    """
    if space.dimension != 2:
        return None
    try:
        return polygon_path(space.outline(RESOLUTION))
    except InputError:  # a product of two intervals that is no rectangle
        return None


def polygon_path(shape: Any) -> Path:
    """Turn a shapely polygon, or several, into one path."""
    import shapely

    shape = shapely.orient_polygons(shape)  # holes run the other way, so they are not filled
    rings = [r for p in getattr(shape, "geoms", [shape]) for r in (p.exterior, *p.interiors)]
    paths = [Path(np.asarray(r.coords)[:, :2], closed=True) for r in rings]
    return Path.make_compound_path(*paths)


def cut_path(domain: Domain, cut: Lattice) -> Path | None:
    """Give the path that encloses what a cut shows of a domain, in the axes of the cut.

    Exact for plane domains; of solids the zero line of the signed distance on the cut's lattice.

    Parameters
    ----------
    domain
        The domain, with time and parameters or without.
    cut
        A cut of two coordinates.

    Returns
    -------
    Path or None
        None where the cut lies inside altogether, or outside.
    """
    space = domain.space
    if cut.inside.all() or not cut.inside.any() or space is None:
        return None
    columns = [domain.coordinates.index(c) for c in space.coordinates]
    if list(cut.axes) == columns:
        path = outline_path(space)
        if path is not None:
            return path
    try:
        level = space.signed_distance(cut.points[:, columns])
    except InputError:
        level = np.where(cut.inside, -1.0, 1.0)
    return _level_path(cut, level)


def _level_path(cut: Lattice, level: np.ndarray) -> Path:
    """Give the path about the points of a lattice where `level` is negative."""
    import contourpy

    # The boundary of the domain may be that of the lattice too: there it is not to be cut off.
    step = max(float(t[1] - t[0]) for t in cut.ticks)
    level = np.where(cut.inside & (level > -1e-9 * step), -1e-9 * step, level)
    x, y = cut.ticks
    generator = contourpy.contour_generator(
        x=x, y=y, z=level.reshape(cut.shape), fill_type=contourpy.FillType.OuterOffset
    )
    found: Any = generator.filled(-np.inf, 0.0)
    points, offsets = found
    rings = [
        Path(p[a:b], closed=True)
        for p, o in zip(points, offsets, strict=True)
        for a, b in itertools.pairwise(o)
    ]
    return Path.make_compound_path(*rings)


def filled_beyond(field: np.ndarray, pixels: int = 3) -> np.ndarray:
    """Continue a field a few pixels beyond where it is known, by the nearest value.

    An image that is clipped along a curve needs values on both sides of it.

    Examples
    --------
    >>> filled_beyond(np.array([[1.0, 2.0, np.nan, np.nan, np.nan, np.nan]]), 2)
    array([[ 1.,  2.,  2.,  2., nan, nan]])
    """
    missing = np.isnan(field)
    if not missing.any() or missing.all():
        return field
    distance, nearest = distance_transform_edt(missing, return_indices=True)
    found = field[tuple(nearest)]
    return np.where(distance <= pixels, found, np.nan)
