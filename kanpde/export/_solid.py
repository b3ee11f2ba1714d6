"""Cells of domains that are no boxes: pieces of lines, triangles, wedges, cut tetrahedra."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kanpde.export._lattice import Cells, lattice_cells
from kanpde.geometry import Domain

Inside = Callable[[np.ndarray], NDArray[np.bool_]]

_HALVINGS = 26
# The six tetrahedra of a cube along its diagonal: they agree on the faces of neighbors.
_KUHN = [
    [0, *itertools.accumulate((1 << k for k in order), int.__or__)]
    for order in itertools.permutations(range(3))
]
# Where VTK has the corners of a hexahedron, by the bits of (x, y, z).
_BITS = [0, 1, 3, 2, 4, 5, 7, 6]
# Turns of a wedge that bring each of its corners to the front.
_TURNS = np.array(
    [
        [0, 1, 2, 3, 4, 5],
        [1, 2, 0, 4, 5, 3],
        [2, 0, 1, 5, 3, 4],
        [3, 5, 4, 0, 2, 1],
        [4, 3, 5, 1, 0, 2],
        [5, 4, 3, 2, 1, 0],
    ]
)


def line_cells(space: Domain, count: int) -> Cells:
    """Cut the pieces of a line, about `count` points in all.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Interval
    >>> x = sympy.Symbol("x", real=True)
    >>> cells = line_cells(Interval(x, 0, 3) - Interval(x, 1, 2), 8)
    >>> cells.points[:, 0].tolist(), cells.cells.shape
    ([0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 2.25, 2.5, 2.75, 3.0], (8, 2))
    """
    ends = np.sort(space.boundary(1, sampler="grid")[0][:, 0])
    points, cells, start = [], [], 0
    for a, b in ends.reshape(-1, 2):
        many = max(2, round(count * float((b - a) / space.measure)) + 1)
        points.append(np.linspace(a, b, many))
        numbers = start + np.arange(many)
        cells.append(np.stack([numbers[:-1], numbers[1:]], axis=1))
        start += many
    return Cells(np.concatenate(points)[:, None], "line", np.concatenate(cells))


def cut_cells(inside: Inside, lower: np.ndarray, upper: np.ndarray, shape: Sequence[int]) -> Cells:
    """Fill a solid with the tetrahedra of a lattice, cut where its boundary crosses their edges.

    Parameters
    ----------
    inside
        Tells which points ``(N, 3)`` lie in the closed solid.
    lower, upper
        Corners of a box about it.
    shape
        Points of the lattice along each coordinate.

    Returns
    -------
    Cells
        Tetrahedra that share faces with their neighbors. Edges and corners of the solid are cut
        off by less than a cell.

    Examples
    --------
    >>> ball = lambda p: np.linalg.norm(p, axis=1) <= 1
    >>> cells = cut_cells(ball, -np.ones(3), np.ones(3), (17, 17, 17))
    >>> round(float(np.abs(volumes(cells)).sum()), 2), round(4 * np.pi / 3, 2)
    (4.17, 4.19)
    """
    lattice = lattice_cells(lower, upper, shape)
    tets = np.concatenate([lattice.cells[:, [_BITS[k] for k in corners]] for corners in _KUHN])
    within = np.asarray(inside(lattice.points), dtype=bool)
    many = within[tets].sum(axis=1)
    mixed = tets[(many > 0) & (many < 4)]
    mixed = np.take_along_axis(mixed, np.argsort(~within[mixed], axis=1, kind="stable"), axis=1)
    edges = _Crossings(lattice.points, within, mixed, inside)
    pieces = [tets[many == 4]]
    for count in (1, 2, 3):
        these = mixed[within[mixed].sum(axis=1) == count]
        pieces += _cut(these, count, edges)
    return _used(np.concatenate([lattice.points, edges.points]), np.concatenate(pieces))


def volumes(cells: Cells) -> np.ndarray:
    """Give the volumes of tetrahedra, positive where VTK wants them so."""
    a, b, c, d = (cells.points[cells.cells[:, k]] for k in range(4))
    found: np.ndarray = np.einsum("ni,ni->n", np.cross(b - a, c - a), d - a) / 6
    return found


class _Crossings:
    """Points where edges of mixed tetrahedra leave the solid, numbered after the lattice's."""

    def __init__(
        self, points: np.ndarray, within: NDArray[np.bool_], tets: np.ndarray, inside: Inside
    ) -> None:
        self.start = self.total = len(points)
        pairs = np.concatenate([tets[:, [i, j]] for i in range(4) for j in range(4) if i != j])
        pairs = pairs[within[pairs[:, 0]] & ~within[pairs[:, 1]]]
        self.keys = np.unique(self._key(pairs[:, 0], pairs[:, 1]))
        low, high = points[self.keys // self.total], points[self.keys % self.total]
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            held = np.asarray(inside(middle), dtype=bool)[:, None] if len(middle) else low > 0
            low, high = np.where(held, middle, low), np.where(held, high, middle)
        self.points = low

    def _key(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a.astype(np.int64) * self.total + b

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Numbers of the crossings between points inside `a` and points outside `b`."""
        return self.start + np.searchsorted(self.keys, self._key(a, b))


def _cut(tets: np.ndarray, count: int, cross: _Crossings) -> list[np.ndarray]:
    """Tetrahedra of what lies inside of those whose first `count` corners do."""
    if not len(tets):
        return []
    a, b, c, d = tets.T
    if count == 1:
        return [np.stack([a, cross(a, b), cross(a, c), cross(a, d)], axis=1)]
    if count == 2:
        ends = [a, cross(a, c), cross(a, d), b, cross(b, c), cross(b, d)]
    else:
        ends = [a, b, c, cross(a, d), cross(b, d), cross(c, d)]
    return [_wedge_cut(np.stack(ends, axis=1))]


def _wedge_cut(wedges: np.ndarray) -> np.ndarray:  # (C, 6) -> (3 C, 4)
    """Cut wedges into three tetrahedra each, every face from its smallest number.

    So neighbors cut their common face alike. Dompierre and others, How to subdivide pyramids,
    prisms and hexahedra into tetrahedra, 8th International Meshing Roundtable, 1999.
    """
    v = np.take_along_axis(wedges, _TURNS[wedges.argmin(axis=1)], axis=1)
    first = np.minimum(v[:, 1], v[:, 5]) < np.minimum(v[:, 2], v[:, 4])
    ways = (
        (first, ((0, 1, 2, 5), (0, 1, 5, 4), (0, 4, 5, 3))),
        (~first, ((0, 1, 2, 4), (0, 4, 2, 5), (0, 4, 5, 3))),
    )
    return np.concatenate([v[which][:, list(tet)] for which, tets in ways for tet in tets])


def _used(points: np.ndarray, cells: np.ndarray) -> Cells:
    """Turn tetrahedra the right way round, drop flat ones and the points that none uses."""
    signed = volumes(Cells(points, "tetra", cells))
    cells[signed < 0] = cells[signed < 0][:, [0, 1, 3, 2]]
    size = np.abs(signed).max(initial=0.0)
    cells = cells[np.abs(signed) > 1e-12 * size]
    used, numbers = np.unique(cells, return_inverse=True)
    return Cells(points[used], "tetra", numbers.reshape(-1, 4))
