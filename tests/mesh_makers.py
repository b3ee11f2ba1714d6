"""Small meshes for tests, made of numbers only."""

import meshio
import numpy as np
from scipy.spatial import Delaunay


def square(count=4, *, seed=0, groups=True):
    """[0, 2] x [0, 1] in triangles, inner points moved; groups "left" and "hot"."""
    ticks = np.linspace(0, 1, count + 1)
    points = np.stack(np.meshgrid(2 * ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    inner = (points > 0).all(axis=1) & (points < [2, 1]).all(axis=1)
    points[inner] += 0.2 / count * np.random.default_rng(seed).uniform(-1, 1, (inner.sum(), 2))
    number = np.arange(len(points)).reshape(count + 1, count + 1)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    cells = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    left = np.stack([number[0, :-1], number[0, 1:]], axis=1)
    top = np.stack([number[:-1, -1], number[1:, -1]], axis=1)
    blocks = [("triangle", cells)]
    data, names = {}, {}
    if groups:
        blocks += [("line", left), ("line", top)]
        tags = [np.zeros(len(cells)), np.full(count, 3), np.full(count, 4)]
        data = {"gmsh:physical": [t.astype(np.int64) for t in tags]}
        names = {"left": np.array([3, 1]), "hot": np.array([4, 1])}
    points = np.pad(points, ((0, 0), (0, 1)))
    return meshio.Mesh(points, blocks, cell_data=data, field_data=names)


def tetrahedra(seed=0, inner=20):
    """[0, 1]^3 in tetrahedra."""
    corners = np.array(np.meshgrid(*[[0.0, 0.5, 1.0]] * 3)).reshape(3, -1).T
    rng = np.random.default_rng(seed)
    points = np.concatenate([corners, rng.uniform(0.1, 0.9, (inner, 3))])
    cells = Delaunay(points, qhull_options="QJ Pp").simplices.astype(np.int64)
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    sizes = np.linalg.det(edges)
    cells[sizes < 0] = cells[sizes < 0][:, [1, 0, 2, 3]]
    return meshio.Mesh(points, [("tetra", cells[np.abs(sizes) > 1e-9])])


def octahedron(level=3, radius=1.0):
    """The unit sphere in triangles, seen from outside, every face with points of its own."""
    points = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1.0]])
    faces = [(0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4), (1, 0, 5), (2, 1, 5), (3, 2, 5), (0, 3, 5)]
    corners = points[np.array(faces)]
    for _ in range(level):
        a, b, c = np.swapaxes(corners, 0, 1)
        ab, bc, ca = a + b, b + c, c + a
        parts = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
        corners = np.concatenate([np.stack(p, axis=1) for p in parts])
        corners /= np.linalg.norm(corners, axis=2, keepdims=True)
    flat = radius * corners.reshape(-1, 3).astype(np.float32).astype(float)
    return meshio.Mesh(flat, [("triangle", np.arange(len(flat)).reshape(-1, 3))])


def hexahedra():
    """[0, 2] x [0, 1]^2 in two hexahedra, one of two side faces in group 5."""
    points = np.array([[i, j, k] for k in (0.0, 1.0) for j in (0.0, 1.0) for i in (0.0, 1.0, 2.0)])
    cells = [[0, 1, 4, 3, 6, 7, 10, 9], [1, 2, 5, 4, 7, 8, 11, 10]]
    tags = {"gmsh:physical": [np.array([1, 1]), np.array([5])]}
    blocks = [("hexahedron", np.array(cells)), ("quad", np.array([[0, 3, 9, 6]]))]
    return meshio.Mesh(points, blocks, cell_data=tags)


def corner():
    """The surface of an L of unit width, arms 3 long, 0.5 high: its middle sees not all of it."""
    points = np.array(
        [[0, 0, 0], [3, 0, 0], [3, 1, 0], [1, 1, 0], [1, 3, 0], [0, 3, 0]], dtype=float
    )
    count = len(points)
    both = np.concatenate([points, points + np.array([0.0, 0.0, 0.5])])
    caps = [(0, 2, 1), (0, 3, 2), (0, 4, 3), (0, 5, 4)]  # seen from below
    caps += [tuple(count + k for k in c[::-1]) for c in caps]
    walls = []
    for k in range(count):
        n = (k + 1) % count
        walls += [(k, n, count + n), (k, count + n, count + k)]
    return meshio.Mesh(both, [("triangle", np.array(caps + walls))])
