"""Which facets bound a mesh, and whether its cells fit together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kanpde.calculus import Indices, edges, facet_vectors, signed_measures
from kanpde.errors import InputError
from kanpde.geometry._samplers import Array

# Facet opposite to corner i, seen from outside a cell of positive size.
_FACETS = {
    2: ((1, 2), (2, 0), (0, 1)),
    3: ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)),
}
_FLAT = 1e-14  # size of a cell relative to that of the cube on its longest edge


def oriented_cells(name: str, points: Array, cells: Indices) -> Indices:
    """Return the cells with positive sizes; where all are mirrored, all are turned.

    Raises
    ------
    InputError
        If a cell is flat, or some cells are mirrored and others not.
    """
    sizes = signed_measures(points, cells)
    longest = np.linalg.norm(edges(points, cells), axis=2).max(axis=1)
    flat = np.abs(sizes) <= _FLAT * longest ** points.shape[1]
    if flat.any():
        raise InputError(
            f"{name}: expected cells of positive size, got {int(flat.sum())} of {len(cells)} "
            f"that are flat, the first is number {int(np.argmax(flat))}; "
            "remove them and mesh again"
        )
    mirrored = sizes < 0
    if mirrored.all():
        return cells[:, [1, 0, *range(2, cells.shape[1])]]
    if mirrored.any():
        few = mirrored if 2 * mirrored.sum() <= len(cells) else ~mirrored
        raise InputError(
            f"{name}: expected cells of one orientation, got {int(few.sum())} of {len(cells)} "
            f"inverted ones, the first is number {int(np.argmax(few))}; mesh again, or swap two "
            "of its corners"
        )
    return cells


def boundary_facets(name: str, points: Array, cells: Indices) -> Indices:  # (F, d)
    """Return the facets that bound one cell only, seen from outside.

    Raises
    ------
    InputError
        If more than two cells share a facet, or two that share one lie on the same side of it.
    """
    d = points.shape[1]
    facets = cells[:, _FACETS[d]].reshape(-1, d)
    number, count = _number(facets)
    many = count > 2
    if many.any():
        raise InputError(
            f"{name}: expected facets of at most two cells, got {int(many.sum())} that are "
            f"non-manifold, the first between the points {_names(facets, number, many)}; "
            "remove cells that stand twice"
        )
    turns = np.bincount(number, weights=_parity(facets), minlength=len(count))
    folded = (count == 2) & (np.abs(turns) > 1)
    if folded.any():
        raise InputError(
            f"{name}: expected cells side by side, got {int(folded.sum())} inverted pairs that "
            f"overlap, the first at the points {_names(facets, number, folded)}; mesh again"
        )
    return facets[count[number] == 1]


def check_closed(name: str, points: Array, triangles: Indices) -> float:
    """Return the volume inside a closed surface whose normals point outwards.

    Raises
    ------
    InputError
        If it is open, non-manifold or inverted, in part or as a whole.
    """
    areas = np.linalg.norm(facet_vectors(points, triangles), axis=1)
    longest = np.linalg.norm(edges(points, triangles), axis=2).max(axis=1)
    flat = areas <= _FLAT * longest**2
    if flat.any():
        raise InputError(
            f"{name}: expected faces of positive size, got {int(flat.sum())} of {len(triangles)} "
            f"that are flat, the first is number {int(np.argmax(flat))}; remove them"
        )
    sides = triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    number, count = _number(sides)
    single, many = count == 1, count > 2
    if single.any():
        raise InputError(
            f"{name}: expected a closed surface, got an open one: {int(single.sum())} edges bound "
            f"one face only, the first between the points {_names(sides, number, single)}; "
            "close the hole (was the file cut off?)"
        )
    if many.any():
        raise InputError(
            f"{name}: expected two faces at every edge, got {int(many.sum())} non-manifold edges, "
            f"the first between the points {_names(sides, number, many)}; remove faces inside"
        )
    turns = np.bincount(number, weights=_parity(sides), minlength=len(count))
    wrong = np.abs(turns) > 1
    if wrong.any():
        raise InputError(
            f"{name}: expected faces of one orientation, got inverted faces at {int(wrong.sum())} "
            f"edges, the first between the points {_names(sides, number, wrong)}; turn them over"
        )
    volume = float(signed_volume(points, triangles))
    if not volume > 0:
        raise InputError(
            f"{name}: expected normals that point outwards, got an inverted surface of volume "
            f"{volume:.6g}; turn all faces over"
        )
    return volume


def signed_volume(points: Array, triangles: Indices) -> float:
    """Return the volume inside a closed surface, by Gauss's theorem."""
    middle = points[triangles].mean(axis=1) - points.mean(axis=0)
    return float((middle * facet_vectors(points, triangles)).sum() / 3.0)


def facet_numbers(facets: Indices, wanted: Indices) -> Indices:  # (F, k), (W, k) -> (W,)
    """Return for every wanted facet its number among `facets`, -1 where it is none.

    Examples
    --------
    >>> facet_numbers(np.array([[3, 1], [1, 2]]), np.array([[2, 1], [2, 3]])).tolist()
    [1, -1]
    """
    number, _ = _number(np.concatenate([facets, wanted]))
    place = np.full(number.max(initial=-1) + 1, -1, dtype=np.int64)
    place[number[: len(facets)][::-1]] = np.arange(len(facets))[::-1]
    return place[number[len(facets) :]]


def _number(facets: Indices) -> tuple[Indices, Indices]:
    """Give facets of the same corners the same number; also say how often each number occurs."""
    ordered = np.sort(facets, axis=1)
    _, number, count = np.unique(ordered, axis=0, return_inverse=True, return_counts=True)
    return number.reshape(-1), count


def _parity(facets: Indices) -> Array:
    """Return 1 where the corners are an even permutation of increasing ones, else -1."""
    width = facets.shape[1]
    sign = np.ones(len(facets))
    for i in range(width):
        for j in range(i + 1, width):
            sign *= np.where(facets[:, i] < facets[:, j], 1.0, -1.0)
    return sign


def _names(facets: Indices, number: Indices, bad: NDArray[np.bool_]) -> str:
    """Name the corners of the first facet whose number is bad."""
    first = facets[int(np.argmax(bad[number]))]
    return " and ".join(str(int(i)) for i in first)


def oriented_mesh(
    name: str, points: Array, cells: Indices, *, closed: bool
) -> tuple[Indices, Indices]:
    """Return the cells and the boundary facets, both oriented; a closed surface is its own.

    Raises
    ------
    InputError
        As `check_closed`, or as `oriented_cells` and `boundary_facets`.
    """
    if closed:
        check_closed(name, points, cells)
        return cells, cells
    turned = oriented_cells(name, points, cells)
    return turned, boundary_facets(name, points, turned)
