"""The box, the area and the polygons of the curves about a plane domain."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from scipy.special import roots_legendre

from kanpde.errors import InputError
from kanpde.geometry._samplers import Array, Mask
from kanpde.geometry.curve._curve import Curve

Curves = Mapping[str, Sequence[Curve]]


def all_curves(curves: Curves) -> list[Curve]:
    """Return the curves of all parts in order."""
    return [c for cs in curves.values() for c in cs]


def curve_bounds(curves: Sequence[Curve]) -> tuple[Array, Array]:
    """Return the corners of the box about curves."""
    boxes = [c.bounds() for c in curves]
    return np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)


def area(curves: Sequence[Curve]) -> float:
    """Return the area inside closed curves, half the integral of x . n along them.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Disk
    >>> x, y = sympy.symbols("x y")
    >>> round(area(Disk((x, y), (3, 4)).curves()["boundary"]), 12)
    3.14159265359
    """
    nodes, weights = roots_legendre(24)
    total = 0.0
    for curve in curves:
        cuts = np.linspace(curve.start, curve.stop, 5)
        for a, b in itertools.pairwise(cuts.tolist()):
            t = a + 0.5 * (b - a) * (nodes + 1.0)
            p, v = curve.at(t), curve.velocity(t)
            total += 0.25 * (b - a) * float(weights @ (p[:, 0] * v[:, 1] - p[:, 1] * v[:, 0]))
    return float(total)


def outline_of(
    curves: Sequence[Curve], resolution: Any, contains: Mask
) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the polygons that the chords of curves enclose and that `contains` holds in."""
    if isinstance(resolution, bool) or not isinstance(resolution, int) or resolution < 8:
        raise InputError(
            f"outline resolution: expected a whole number >= 8 of chords for a full turn, "
            f"got {resolution!r}"
        )
    lines = [c.chords(resolution) for c in curves]
    lower, upper = curve_bounds(curves)
    size = float((upper - lower).max())
    lines = _joined_ends(lines, 1e-7 * size)
    rings = shapely.union_all([shapely.LineString(line) for line in lines])
    faces = shapely.polygonize([rings]).geoms
    # A representative point may lie on a corner that touches a hole: go to the middle.
    middle = np.array([shapely.maximum_inscribed_circle(f).coords[0] for f in faces])
    kept = [f for f, m in zip(faces, contains(middle), strict=True) if m]
    result = shapely.union_all(kept)
    return shapely.normalize(result) if result.is_valid else shapely.make_valid(result)


def _joined_ends(lines: Sequence[Array], slack: float) -> list[Array]:
    """Give ends that lie within `slack` of each other the same coordinates."""
    places: list[Array] = []
    result = []
    for line in lines:
        line = line.copy()
        for k in (0, -1):
            same = next((p for p in places if np.hypot(*(p - line[k])) <= slack), None)
            if same is None:
                places.append(line[k].copy())
            else:
                line[k] = same
        result.append(line)
    return result
