"""Poisson's equation by quadratic finite elements on triangles: an independent truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

Array = np.ndarray
# Barycentric nodes and weights, exact for polynomials of degree 4 (Dunavant 1985).
_A, _B = 0.445948490915965, 0.091576213509771
_NODES = np.array(
    [[1 - 2 * c if i == k else c for i in range(3)] for c in (_A, _B) for k in range(3)]
)
_WEIGHTS = np.repeat([0.223381589678011, 0.109951743655322], 3)


def middles(cells: Array, count: int) -> tuple[Array, Array]:
    """Edges ``(E, 2)``, and per triangle the nodes in the middle of its edges, from `count`."""
    pairs = np.sort(cells[:, [[1, 2], [2, 0], [0, 1]]].reshape(-1, 2), axis=1)
    edges, number = np.unique(pairs, axis=0, return_inverse=True)
    return edges, count + number.reshape(-1, 3)


def shapes(shares: Array) -> Array:
    """Six quadratic functions at barycentric points ``(Q, 3)``: corners, then edges."""
    a, b, c = shares.T
    return np.stack(
        [a * (2 * a - 1), b * (2 * b - 1), c * (2 * c - 1), 4 * b * c, 4 * c * a, 4 * a * b], axis=1
    )


def slopes(shares: Array) -> Array:
    """Their derivatives by the barycentric coordinates, ``(Q, 6, 3)``."""
    a, b, c = shares.T
    o = np.zeros_like(a)
    rows = [
        [4 * a - 1, o, o],
        [o, 4 * b - 1, o],
        [o, o, 4 * c - 1],
        [o, 4 * c, 4 * b],
        [4 * c, o, 4 * a],
        [4 * b, 4 * a, o],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def solve_poisson(
    points: Array, cells: Array, source: Callable[[Array], Array]
) -> tuple[Array, Array, Array]:
    """Solve -Laplace u = source with u = 0 on the boundary.

    Gives the nodes (corners, then middles of edges), the six nodes of every triangle, and the
    values at the nodes.
    """
    edges, beyond = middles(cells, len(points))
    nodes = np.concatenate([points, points[edges].mean(axis=1)])
    elements = np.concatenate([cells, beyond], axis=1)
    corners = points[cells]
    first = corners[:, 1] - corners[:, 0]
    second = corners[:, 2] - corners[:, 0]
    area = 0.5 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    inverse = np.linalg.inv(np.stack([first, second], axis=1))
    gradients = np.concatenate([-inverse.sum(axis=2, keepdims=True), inverse], axis=2)
    slope = np.einsum("qnk,edk->eqnd", slopes(_NODES), gradients)
    stiffness = np.einsum("q,e,eqnd,eqmd->enm", _WEIGHTS, area, slope, slope)
    places = np.einsum("qk,ekd->eqd", _NODES, corners)
    values = source(places.reshape(-1, 2)).reshape(len(cells), -1)
    load = np.einsum("q,e,qn,eq->en", _WEIGHTS, area, shapes(_NODES), values)
    row, column = np.repeat(elements, 6, axis=1).ravel(), np.tile(elements, (1, 6)).ravel()
    size = len(nodes)
    matrix = sparse.csr_array((stiffness.ravel(), (row, column)), shape=(size, size))
    right = np.bincount(elements.ravel(), weights=load.ravel(), minlength=size)
    rim = np.bincount(beyond.ravel() - len(points), minlength=len(edges)) == 1
    fixed = np.zeros(size, dtype=bool)
    fixed[edges[rim].ravel()] = True
    fixed[len(points) :][rim] = True
    free = np.flatnonzero(~fixed)
    result = np.zeros(size)
    result[free] = spsolve(matrix[free][:, free].tocsc(), right[free])
    return nodes, elements, result
