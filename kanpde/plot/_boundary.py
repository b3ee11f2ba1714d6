"""A plane domain as lines: the curves of its boundary parts, and a path that fills it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.path import Path

from kanpde.errors import InputError
from kanpde.geometry._patch import Chart

if TYPE_CHECKING:
    from kanpde.geometry import Domain

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
    patch = space.surface(name)
    if not isinstance(patch, Chart) or patch.units != 1:
        return
    points, normals = patch.from_unit(np.linspace(0.0, 1.0, _STEPS)[:, None])
    assert normals is not None
    jumps = np.linalg.norm(np.diff(points, axis=0), axis=1) > 1.5 * patch.measure / (_STEPS - 1)
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
