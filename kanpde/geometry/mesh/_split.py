"""Cells of any kind cut into triangles or tetrahedra that fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import meshio
import numpy as np
from scipy import sparse

from kanpde.calculus import Indices

# Cells with a node in the middle of every edge, as straight ones between all their nodes.
_QUADRATIC = {
    "line3": ((0, 2), (2, 1)),
    "triangle6": ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)),
    "tetra10": (
        (0, 4, 6, 7), (4, 1, 5, 8), (6, 5, 2, 9), (7, 8, 9, 3),
        (4, 5, 6, 8), (4, 6, 7, 8), (6, 7, 8, 9), (6, 5, 9, 8),
    ),
}  # fmt: skip
# Corners of the faces of other cells, seen from inside; further nodes of curved ones, which
# follow the corners, are left out: their sides are straight here.
_FACES = {
    "hexahedron": (
        (0, 1, 2, 3), (4, 7, 6, 5), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0),
    ),
    "wedge": ((0, 1, 2), (3, 5, 4), (0, 3, 4, 1), (1, 4, 5, 2), (2, 5, 3, 0)),
    "pyramid": ((0, 1, 2, 3), (0, 4, 1), (1, 4, 2), (2, 4, 3), (3, 4, 0)),
}  # fmt: skip
_DIMENSION = {
    "triangle": 2, "quad": 2, "tetra": 3, "hexahedron": 3, "wedge": 3, "pyramid": 3,
}  # fmt: skip
_CORNERS = {"triangle": 3, "quad": 4, "tetra": 4, "hexahedron": 8, "wedge": 6, "pyramid": 5}


@dataclass(frozen=True)
class Cut:
    """Simplices cut from the cells of a file.

    Parameters
    ----------
    cells
        Corners, shape ``(C, d + 1)``.
    owner
        Number of the file's cell that each is cut from, over all blocks, ``(C,)``.
    made
        Sparse matrix ``(N, count)`` that gives the points from those of the file.
    quads, centers
        Faces of four corners, ``(K, 4)``, increasing, and the points in their middle, ``(K,)``.
    """

    cells: Indices
    owner: Indices
    made: Any
    quads: Indices
    centers: Indices


def kind_of(text: str) -> str:
    """Return the kind of a cell without the number of its nodes.

    Examples
    --------
    >>> kind_of("tetra10")
    'tetra'
    """
    return text.rstrip("0123456789")


def simplices(mesh: meshio.Mesh, d: int) -> Cut:
    """Cut all cells of dimension `d` into simplices.

    Quadrilaterals get a diagonal; hexahedra, wedges and pyramids a point in their middle and in
    the middle of every quadrilateral face, so that neighbors fit together.
    """
    cells = [np.zeros((0, d + 1), dtype=np.int64)]
    owner = [np.zeros(0, dtype=np.int64)]
    middles: list[Indices] = []  # corners whose mean a new point is, padded with -1
    count = total = len(mesh.points)
    start = 0
    for block in mesh.cells:
        kind = kind_of(block.type)
        number = start + np.arange(len(block.data))
        start += len(block.data)
        if _DIMENSION.get(kind) != d or not len(block.data):
            continue
        corners = np.asarray(block.data, dtype=np.int64)[:, : _CORNERS[kind]]
        if kind in _FACES:
            own, origin, new = _from_middle(corners, _FACES[kind], total)
            middles.append(new)
            total += len(new)
        elif kind == "quad":
            own, origin = _from_diagonal(np.asarray(mesh.points, dtype=np.float64), corners)
        else:
            own, origin = straight(block, _CORNERS[kind])
        cells.append(own)
        owner.append(number[origin])
    return _merged(np.concatenate(cells), np.concatenate(owner), middles, count)


def straight(block: meshio.CellBlock, corners: int) -> tuple[Indices, Indices]:
    """Return simplices of straight sides, and the number in the block of what each is cut from."""
    nodes = np.asarray(block.data, dtype=np.int64)
    pieces = np.array(_QUADRATIC.get(block.type, (tuple(range(corners)),)))
    cells = nodes[:, pieces].reshape(-1, corners)
    return cells, np.repeat(np.arange(len(nodes)), len(pieces))


def _from_diagonal(points: Any, quads: Indices) -> tuple[Indices, Indices]:
    """Cut quadrilaterals at their shorter diagonal, at the inner one where not convex."""
    a, b, c, e = (points[quads[:, k]] for k in range(4))
    first = [_twice_area(a, b, c), _twice_area(a, c, e)]
    second = [_twice_area(a, b, e), _twice_area(b, c, e)]
    shorter = np.linalg.norm(a - c, axis=1) <= np.linalg.norm(b - e, axis=1)
    good = [(pair[0] * pair[1]).sum(axis=1) > 0 for pair in (first, second)]
    use_first = np.where(good[0] == good[1], shorter, good[0])
    pieces = np.where(
        use_first[:, None, None], quads[:, [[0, 1, 2], [0, 2, 3]]], quads[:, [[0, 1, 3], [1, 2, 3]]]
    )
    return pieces.reshape(-1, 3), np.repeat(np.arange(len(quads)), 2)


def _twice_area(a: Any, b: Any, c: Any) -> Any:
    """Return the vector product of two sides, one component in the plane."""
    u, v = b - a, c - a
    if u.shape[1] == 2:
        return (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])[:, None]
    return np.cross(u, v)


def _from_middle(
    corners: Indices, faces: tuple[tuple[int, ...], ...], total: int
) -> tuple[Indices, Indices, Indices]:
    """Cut cells into tetrahedra around their middle; new points are numbered from `total`."""
    many = len(corners)
    new = [np.pad(corners, ((0, 0), (0, 8 - corners.shape[1])), constant_values=-1)]
    middle = total + np.arange(many)
    pieces = []
    for face in faces:
        if len(face) == 3:
            pieces.append(np.column_stack([corners[:, list(face)], middle]))
            continue
        center = total + len(new) * many + np.arange(many)
        new.append(np.pad(corners[:, list(face)], ((0, 0), (0, 4)), constant_values=-1))
        for k in range(4):
            side = [face[k], face[(k + 1) % 4]]
            pieces.append(np.column_stack([corners[:, side], center, middle]))
    cells = np.stack(pieces, axis=1).reshape(-1, 4)
    return cells, np.repeat(np.arange(many), len(pieces)), np.concatenate(new)


def _merged(cells: Indices, owner: Indices, middles: list[Indices], count: int) -> Cut:
    """Let new points of the same corners be one."""
    if not middles:
        none = np.zeros((0, 4), dtype=np.int64)
        return Cut(cells, owner, sparse.eye_array(count, format="csr"), none, none[:, 0])
    new = np.sort(np.concatenate(middles), axis=1)
    unique, place = np.unique(new, axis=0, return_inverse=True)
    lookup = np.concatenate([np.arange(count), count + place.reshape(-1)])
    row, column = np.nonzero(unique >= 0)
    sizes = (unique >= 0).sum(axis=1)
    weight = 1.0 / sizes[row]
    mean = sparse.csr_array((weight, (row, unique[row, column])), shape=(len(unique), count))
    made = sparse.vstack([sparse.eye_array(count), mean], format="csr")
    faces = np.flatnonzero(sizes == 4)
    return Cut(lookup[cells], owner, made, unique[faces, -4:], count + faces)
