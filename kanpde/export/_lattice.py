"""Cells of boxes, disks and balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_CORNERS = {
    1: ("line", ((0,), (1,))),
    2: ("quad", ((0, 0), (1, 0), (1, 1), (0, 1))),
    3: (
        "hexahedron",
        (
            (0, 0, 0),
            (1, 0, 0),
            (1, 1, 0),
            (0, 1, 0),
            (0, 0, 1),
            (1, 0, 1),
            (1, 1, 1),
            (0, 1, 1),
        ),
    ),
}


@dataclass(frozen=True)
class Cells:
    """Points ``(N, d)`` and cells ``(C, corners)`` of one kind, in meshio's words."""

    points: np.ndarray
    kind: str
    cells: np.ndarray


def lattice_cells(lower: np.ndarray, upper: np.ndarray, shape: Sequence[int]) -> Cells:
    """Cut a box into equal cells, the first coordinate fastest.

    Examples
    --------
    >>> lattice_cells(np.zeros(2), np.ones(2), (2, 2)).cells
    array([[0, 1, 3, 2]])
    """
    ticks = [np.linspace(a, b, n) for a, b, n in zip(lower, upper, shape, strict=True)]
    mesh = np.meshgrid(*reversed(ticks), indexing="ij")
    points = np.stack([m.ravel() for m in reversed(mesh)], axis=1)
    numbers = np.arange(len(points)).reshape([len(t) for t in reversed(ticks)])
    kind, corners = _CORNERS[len(ticks)]
    picked = []
    for corner in corners:  # numbers has the last coordinate first
        ends = zip(reversed(corner), np.shape(numbers), strict=True)
        window = tuple(slice(c, n - 1 + c) for c, n in ends)
        picked.append(numbers[window].ravel())
    return Cells(points, kind, np.stack(picked, axis=1))


def disk_cells(rings: int) -> Cells:
    """Fill the unit disk with rings of triangles; ring k carries 6 k points.

    Examples
    --------
    >>> unit = disk_cells(3)
    >>> unit.points.shape, unit.cells.shape
    ((37, 2), (54, 3))
    """
    radius = [np.zeros(1)]
    angle = [np.zeros(1)]
    for k in range(1, rings + 1):
        radius.append(np.full(6 * k, k / rings))
        angle.append(2 * np.pi * np.arange(6 * k) / (6 * k))
    r, phi = np.concatenate(radius), np.concatenate(angle)
    points = np.stack([r * np.cos(phi), r * np.sin(phi)], axis=1)
    triangles = [_ring(k, sector) for k in range(rings) for sector in range(6)]
    return Cells(points, "triangle", np.concatenate(triangles))


def _ring(k: int, sector: int) -> np.ndarray:
    """Triangles of one sixth between ring k and ring k + 1, counter-clockwise."""
    inner, outer = _ring_numbers(k), _ring_numbers(k + 1)
    i = sector * k + np.arange(k + 1)
    o = sector * (k + 1) + np.arange(k + 2)
    i, o = inner[i % len(inner)], outer[o % len(outer)]
    up = np.stack([i, o[:-1], o[1:]], axis=1)
    down = np.stack([i[:-1], o[1:-1], i[1:]], axis=1)
    return np.concatenate([up, down])


def _ring_numbers(k: int) -> np.ndarray:
    if k == 0:
        return np.zeros(1, dtype=np.int64)
    return 1 + 3 * k * (k - 1) + np.arange(6 * k)


def ball_cells(count: int) -> Cells:
    """Fill the unit ball with the hexahedra of a cube, each shell pressed to a sphere.

    Examples
    --------
    >>> unit = ball_cells(3)
    >>> float(np.linalg.norm(unit.points, axis=1).max()), unit.cells.shape
    (1.0, (8, 8))
    """
    cube = lattice_cells(-np.ones(3), np.ones(3), (count, count, count))
    largest = np.abs(cube.points).max(axis=1, keepdims=True)
    norm = np.linalg.norm(cube.points, axis=1, keepdims=True)
    factor = np.divide(largest, norm, out=np.ones_like(norm), where=norm > 0)
    return Cells(cube.points * factor, cube.kind, cube.cells)
