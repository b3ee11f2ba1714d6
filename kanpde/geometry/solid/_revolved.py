"""Surfaces of revolution as triangles."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanpde.geometry._samplers import Array


def revolved(profile: Array, count: int) -> tuple[Array, NDArray[np.int64]]:
    """Turn a line of radii and heights ``(M, 2)`` about the third axis: points and triangles.

    Triangles of no size, at the axis, are left out; seen from outside they are
    counter-clockwise where the line goes up on the outside.

    Examples
    --------
    >>> points, triangles = revolved(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 12)
    >>> points.shape, triangles.shape
    ((14, 3), (24, 3))
    """
    angle = 2.0 * np.pi * np.arange(count) / count
    closed = bool((profile[0] == profile[-1]).all())
    points, rings, made = [], [], 0
    for radius, height in profile[:-1] if closed else profile:
        many = count if radius > 0.0 else 1
        points.append(around_axis(radius, height, angle[:many]))
        rings.append(made + np.arange(count) % many)
        made += many
    if closed:
        rings.append(rings[0])
    found = []
    for low, high in itertools.pairwise(rings):
        a, b, c, d = low, np.roll(low, -1), np.roll(high, -1), high
        if a[0] != b[0]:
            found.append(np.stack([a, b, c], axis=1))
        if c[0] != d[0]:
            found.append(np.stack([a, c, d], axis=1))
    return np.concatenate(points), np.concatenate(found).astype(np.int64)


def around_axis(radius: Any, height: Any, angle: Array) -> Array:
    """Return points with these distances from the third axis, heights and angles."""
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height + 0.0 * angle], axis=1)
