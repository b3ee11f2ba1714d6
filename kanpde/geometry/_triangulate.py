"""Triangles that fill a polygon: by Delaunay's rule, or by gmsh."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, QhullError, cKDTree

from kanpde.errors import InputError
from kanpde.geometry._samplers import Array

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

Triangles = tuple[Array, NDArray[np.int64]]

_TURN = 2.0 * math.pi / 64  # an edge follows a curve through at most this angle
_GRADE = 0.35  # how fast triangles may grow away from short edges
_SMOOTHINGS, _CUTS = 4, 4
_MOST = 2_000_000  # triangles
MESHERS = ("gmsh", "delaunay")


def triangulate(
    shape: Polygon | MultiPolygon, size: float, *, mesher: str = "delaunay"
) -> Triangles:  # (N, 2), (C, 3)
    """Fill polygons with triangles, small ones beside short edges.

    Parameters
    ----------
    shape
        One or several polygons, with holes or without; see `Domain.outline`. Edges in a row
        that turn little are joined, so the outline may be finer than the triangles.
    size
        Longest edge, about.
    mesher
        ``"delaunay"``, or ``"gmsh"`` (extra ``geometry``).

    Returns
    -------
    points
        Shape ``(N, 2)``; those on the boundary are vertices of the polygons or lie on edges.
    cells
        Shape ``(C, 3)``, numbers of points, counter-clockwise.

    Raises
    ------
    InputError
        If `size` is not positive or would make more than two million triangles, the mesher is
        not known or not installed, or gmsh fails.

    Examples
    --------
    >>> import shapely
    >>> points, cells = triangulate(shapely.box(0, 0, 2, 1), 0.25)
    >>> round(float(areas(points, cells).sum()), 12)
    2.0
    """
    if not size > 0 or not math.isfinite(size):
        raise InputError(f"triangulation size: expected a positive number, got {size}")
    many = 2.4 * shape.area / size**2
    if many > _MOST:
        raise InputError(
            f"triangulation size: expected at most {_MOST} triangles, got about {many:.2g}; "
            "take a larger size"
        )
    if mesher not in MESHERS:
        raise InputError(f"mesher: expected one of {', '.join(MESHERS)}, got {mesher!r}")
    fill = _by_gmsh if mesher == "gmsh" else _by_delaunay
    found = [fill(_spaced(p, size), size) for p in getattr(shape, "geoms", [shape])]
    starts = np.cumsum([0, *(len(p) for p, _ in found)])
    cells = np.concatenate([c + start for (_, c), start in zip(found, starts, strict=False)])
    points = np.concatenate([p for p, _ in found])
    backward = areas(points, cells) < 0
    cells[backward] = cells[backward][:, ::-1]
    return points, cells


def areas(points: Array, cells: NDArray[np.int64]) -> Array:  # (C,)
    """Give the areas of triangles, negative where they go clockwise.

    Examples
    --------
    >>> areas(np.array([[0.0, 0], [1, 0], [0, 1]]), np.array([[0, 1, 2], [0, 2, 1]]))
    array([ 0.5, -0.5])
    """
    a, b, c = (points[cells[:, k]] for k in range(3))
    u, v = b - a, c - a
    return np.asarray(0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]), dtype=np.float64)


# The boundary -----------------------------------------------------------------


def _spaced(polygon: Polygon, size: float) -> Polygon:
    """Keep vertices so that edges are as long as `size` and the turn allow."""
    import shapely

    rings = [_thinned(np.asarray(r.coords)[:-1], size) for r in _rings(polygon)]
    thin = shapely.Polygon(rings[0], rings[1:])
    if not thin.is_valid:  # a narrow gap closed: keep every vertex
        thin = polygon
    return shapely.segmentize(thin, size)


def _rings(polygon: Polygon) -> list[Any]:
    return [polygon.exterior, *polygon.interiors]


def _thinned(ring: Array, size: float) -> Array:  # (N, 2) -> (M, 2)
    """Leave vertices out where the boundary is smooth, starting at its sharpest corner."""
    edges = np.roll(ring, -1, axis=0) - ring
    lengths = np.hypot(*edges.T)
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    turns = np.abs((angles - np.roll(angles, 1) + np.pi) % (2 * np.pi) - np.pi)
    first = int(turns.argmax())
    kept, length, turned = [first], 0.0, 0.0
    for step in range(1, len(ring)):
        k, before = (first + step) % len(ring), (first + step - 1) % len(ring)
        length += lengths[before]
        turned += turns[k]
        corner = turns[k] > 0.7 * _TURN
        if corner or length + lengths[k] > size or turned + turns[(k + 1) % len(ring)] > _TURN:
            kept.append(k)
            length, turned = 0.0, 0.0
    return ring[kept] if len(kept) >= 3 else ring


# By gmsh ----------------------------------------------------------------------


def _by_gmsh(polygon: Polygon, size: float) -> Triangles:
    gmsh = gmsh_module()
    with gmsh_session(gmsh):
        loops = []
        for ring in _rings(polygon):
            vertices = np.asarray(ring.coords)[:-1]
            lengths = np.hypot(*(np.roll(vertices, -1, axis=0) - vertices).T)
            near = np.maximum(lengths, np.roll(lengths, 1))
            tags = [
                gmsh.model.geo.addPoint(x, y, 0.0, h)
                for (x, y), h in zip(vertices, near, strict=True)
            ]
            pairs = zip(tags, tags[1:] + tags[:1], strict=True)
            loops.append(gmsh.model.geo.addCurveLoop([gmsh.model.geo.addLine(*p) for p in pairs]))
        gmsh.model.geo.addPlaneSurface(loops)
        gmsh.model.geo.synchronize()
        for _, line in gmsh.model.getEntities(1):  # the vertices are where they should be
            gmsh.model.mesh.setTransfiniteCurve(line, 2)
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        generate(gmsh, 2)
        return mesh_of(gmsh, 2)


def gmsh_module() -> Any:
    """Import gmsh.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import gmsh
    except (ImportError, OSError) as error:
        raise InputError(
            f"mesher: expected the package gmsh, got {type(error).__name__}; "
            'pip install "kanpde[geometry]", or use "delaunay"'
        ) from None
    return gmsh


class gmsh_session:  # noqa: N801 - used like a function
    """An empty gmsh model; nothing is printed, and what was open before stays."""

    def __init__(self, gmsh: Any) -> None:
        self.gmsh = gmsh

    def __enter__(self) -> None:
        self.started = not self.gmsh.isInitialized()
        if self.started:
            self.gmsh.initialize(readConfigFiles=False, interruptible=False)
        self.before = self.gmsh.model.getCurrent()
        self.gmsh.option.setNumber("General.Terminal", 0)
        self.gmsh.model.add("kanpde")

    def __exit__(self, *_: object) -> None:
        if self.started:
            self.gmsh.finalize()
        else:
            self.gmsh.model.remove()
            self.gmsh.model.setCurrent(self.before)


def generate(gmsh: Any, dimension: int) -> None:
    """Let gmsh make the mesh of the model.

    Raises
    ------
    InputError
        If gmsh gives up.
    """
    try:
        gmsh.model.mesh.generate(dimension)
    except Exception as error:  # noqa: BLE001 - gmsh raises plain Exception
        text = " ".join(str(error).split())
        raise InputError(
            f"mesher: expected gmsh to fill the domain, got {text!r}; pass another resolution"
        ) from None


def mesh_of(gmsh: Any, dimension: int) -> Triangles:
    """Give points ``(N, dimension)`` and simplices of the model's mesh."""
    tags, flat, _ = gmsh.model.mesh.getNodes()
    kinds, _, nodes = gmsh.model.mesh.getElements(dimension)
    kind = {2: 2, 3: 4}[dimension]  # gmsh's numbers of triangles and tetrahedra
    found = [n for k, n in zip(kinds, nodes, strict=True) if k == kind]
    cells = np.concatenate(found).reshape(-1, dimension + 1).astype(np.int64)
    places = np.full(int(tags.max()) + 1, -1, dtype=np.int64)
    used = np.isin(tags, cells)
    places[tags[used]] = np.arange(int(used.sum()))
    return np.asarray(flat).reshape(-1, 3)[used][:, :dimension], places[cells]


# By Delaunay's rule -----------------------------------------------------------


def _by_delaunay(polygon: Polygon, size: float) -> Triangles:
    """Fill with the points of a graded lattice.

    Where Delaunay's triangles cross the boundary, as beside a narrow gap, its edges are cut;
    if that does not help the polygon's own vertices are triangulated.
    """
    import shapely

    for halvings in range(_CUTS + 1):
        cut = shapely.segmentize(polygon, size / 2**halvings)
        found = _graded(cut, size)
        if found is not None:
            return found
    return _by_constraints(polygon, size)


def _graded(polygon: Polygon, size: float) -> Triangles | None:
    """Fill with the points of a graded lattice; None if triangles cross the boundary."""
    border = np.concatenate([np.asarray(r.coords)[:-1] for r in _rings(polygon)])
    inner = _lattice(polygon, size)
    for _ in range(_SMOOTHINGS + 1):
        found = _triangles_inside(polygon, np.concatenate([border, inner]))
        if found is None:
            return None
        last = found
        inner = _smoothed(*found, len(border))
    return last


def _lattice(polygon: Polygon, size: float) -> Array:  # (N, 2)
    """Give the middles of a quadtree's cells, which grow away from short edges."""
    import shapely

    near = _Spacing(polygon, size)
    low, high = np.array(polygon.bounds).reshape(2, 2)
    counts = np.ceil((high - low) / size).astype(int)
    ticks = [a + size * (np.arange(n) + 0.5) for a, n in zip(low, counts, strict=True)]
    centers = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2)
    edge, done = size, []
    while len(centers):
        wanted = near(centers)
        split = wanted < 0.75 * edge
        done.append(centers[~split])
        edge *= 0.5
        shifts = 0.5 * edge * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
        centers = (centers[split][:, None] + shifts).reshape(-1, 2)
        inside = shapely.contains_xy(shapely.buffer(polygon, edge), *centers.T)
        centers = centers[inside]
    points = np.concatenate(done)
    points = points[shapely.contains_xy(polygon, *points.T)]
    away = shapely.distance(shapely.points(points), polygon.boundary)
    return points[away > 0.55 * near(points)]


class _Spacing:
    """The size that triangles should have: that of edges near by, growing with the distance."""

    def __init__(self, polygon: Polygon, size: float) -> None:
        self.size = size
        middles, lengths = [], []
        for ring in _rings(polygon):
            vertices = np.asarray(ring.coords)
            middles.append(0.5 * (vertices[1:] + vertices[:-1]))
            lengths.append(np.hypot(*np.diff(vertices, axis=0).T))
        level = np.floor(np.log2(np.concatenate(lengths) / size) * 2)
        points = np.concatenate(middles)
        self.trees = [(size * 2 ** (k / 2), cKDTree(points[level == k])) for k in np.unique(level)]

    def __call__(self, points: Array) -> Array:
        wanted = np.full(len(points), self.size)
        for spacing, tree in self.trees:
            wanted = np.minimum(wanted, 1.2 * spacing + _GRADE * tree.query(points)[0])
        return wanted


def _triangles_inside(polygon: Polygon, points: Array) -> Triangles | None:
    """Triangulate points and keep what lies inside; None if the edges were not respected."""
    import shapely

    try:
        cells = Delaunay(points).simplices.astype(np.int64)
    except QhullError:
        return None
    middles = points[cells].mean(axis=1)
    sizes = np.abs(areas(points, cells))
    cells = cells[shapely.contains_xy(polygon, *middles.T) & (sizes > 1e-12 * polygon.area)]
    kept = float(np.abs(areas(points, cells)).sum())
    if abs(kept - polygon.area) > 1e-9 * polygon.area or len(np.unique(cells)) < len(points):
        return None
    return points, cells


def _smoothed(points: Array, cells: NDArray[np.int64], fixed: int) -> Array:
    """Move the points after the first `fixed` to the middle of their neighbors."""
    sums, many = np.zeros_like(points), np.zeros(len(points))
    for a, b in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
        np.add.at(sums, cells[:, a], points[cells[:, b]])
        np.add.at(many, cells[:, a], 1.0)
    return (sums / np.maximum(many, 1.0)[:, None])[fixed:]


def _by_constraints(polygon: Polygon, size: float) -> Triangles:
    """Triangulate the polygon's own vertices, and quarter the triangles until they are small."""
    import shapely

    corners = np.concatenate([np.asarray(t.exterior.coords)[:3] for t in _pieces(shapely, polygon)])
    points, inverse = np.unique(corners, axis=0, return_inverse=True)
    cells = inverse.reshape(-1, 3).astype(np.int64)
    while len(cells) * 4 < _MOST and _longest(points, cells) > 1.5 * size:
        points, cells = _quartered(points, cells)
    return points, cells


def _pieces(shapely: Any, polygon: Polygon) -> Iterator[Any]:
    yield from shapely.constrained_delaunay_triangles(polygon).geoms


def _longest(points: Array, cells: NDArray[np.int64]) -> float:
    sides = points[cells] - points[np.roll(cells, 1, axis=1)]
    return float(np.linalg.norm(sides, axis=2).max())


def _quartered(points: Array, cells: NDArray[np.int64]) -> Triangles:
    """Cut every triangle into four at the middles of its sides."""
    sides = np.sort(np.stack([cells, np.roll(cells, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    unique, inverse = np.unique(sides, axis=0, return_inverse=True)
    middle = len(points) + inverse.reshape(-1, 3)  # of sides 01, 12, 20
    a, b, c = cells.T
    ab, bc, ca = middle.T
    parts: Sequence[Sequence[Any]] = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    new = np.concatenate([np.stack(p, axis=1) for p in parts])
    return np.concatenate([points, points[unique].mean(axis=1)]), new
