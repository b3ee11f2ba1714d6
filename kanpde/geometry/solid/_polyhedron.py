"""`Polyhedron`: a solid with flat faces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import shapely
import sympy
from numpy.typing import NDArray

from kanpde.calculus import facet_vectors
from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._domain import Domain
from kanpde.geometry._names import named, part_names, shape_name, suffix
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Part
from kanpde.geometry.mesh import check_closed
from kanpde.geometry.piece import BoxPiece, KeptPiece, Piece, SimplexPiece

_CHUNK = 2**20  # pairs of points and triangles held at once
_FLAT = 1e-9  # how far a vertex may lie off its face, of the size

Triangles = NDArray[np.int64]


class Polyhedron(Domain):
    """A solid with flat faces, convex or not; its parts are ``"face1"`` and so on.

    Parameters
    ----------
    coordinates
        Three sympy symbols.
    vertices
        Four or more triples of numbers.
    faces
        For each face the numbers (from 0) of its vertices in order along its rim,
        counter-clockwise seen from outside.
    names
        A name for each face; faces of one name are one part.
    name
        Put before the parts: ``"gem:face1"``.

    Raises
    ------
    InputError
        If there are not three coordinates, a face is not flat, or the faces do not
        close up with their normals outwards.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z", real=True)
    >>> corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    >>> simplex = Polyhedron((x, y, z), corners, [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])
    >>> round(simplex.measure, 6), round(simplex.parts["face4"].measure, 6)
    (0.166667, 0.866025)
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        vertices: Any,
        faces: Any,
        names: Sequence[str] | None = None,
        *,
        name: str | None = None,
    ) -> None:
        self.coordinates = _numbers.symbols("Polyhedron", coordinates, 3)
        if not isinstance(vertices, tuple | list | np.ndarray) or len(vertices) < 4:
            raise InputError(
                f"Polyhedron vertices: expected four or more triples, got {vertices!r:.80}"
            )
        self.vertices = np.array([_numbers.vector("Polyhedron vertices", v, 3) for v in vertices])
        self.faces_given = _checked_faces(faces, len(self.vertices))
        self.names = part_names("Polyhedron", names, len(self.faces_given), "face")
        self.name = shape_name("Polyhedron", name)
        used = self.vertices[np.unique(np.concatenate(self.faces_given))]
        self.lower, self.upper = used.min(axis=0), used.max(axis=0)
        if not (self.upper > self.lower).all():
            raise InputError("Polyhedron: expected a volume, got vertices in one plane")
        size = float((self.upper - self.lower).max())
        cut = [_triangles(f, self.vertices, size, k) for k, f in enumerate(self.faces_given)]
        self.triangles = np.concatenate(cut)
        self.owners = np.repeat(np.arange(len(cut)), [len(c) for c in cut])
        self.volume = check_closed("Polyhedron", self.vertices, self.triangles)

    @cached_property
    def _mapped(self) -> dict[str, SimplexPiece]:
        vectors = facet_vectors(self.vertices, self.triangles)
        normals = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        labels = np.array([f"{self.name}:{n}" if self.name else n for n in self.names])
        found = {}
        for label in dict.fromkeys(labels.tolist()):
            mine = np.flatnonzero(labels[self.owners] == label)
            found[label] = SimplexPiece(self.vertices, self.triangles[mine], normals[mine])
        return found

    @property
    def parts(self) -> dict[str, Part]:
        """The faces, those of one name together."""
        return {n: Part(n, c.measure) for n, c in self._mapped.items()}

    def bulk(self) -> Piece:
        """Return the inside by rejection from the bounding box."""
        box = BoxPiece(self.lower, self.upper)
        return KeptPiece(box, lambda s: self._winding(s.points) > 0.5, measure=self.volume)

    def surface(self, name: str) -> Piece:
        """Return the triangles of a part as a piece."""
        return self._mapped[name]

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed solid."""
        array = checked_points(points, 3)
        size = max(float(np.abs(self.lower).max()), float(np.abs(self.upper).max()))
        return np.asarray(self.signed_distance(array) <= 1e-12 * size, dtype=np.bool_)

    def signed_distance(self, points: Array) -> Array:
        """Return the exact distance to the nearest face, negative inside."""
        array = checked_points(points, 3)
        corners = self.vertices[self.triangles]
        distance = np.empty(len(array))
        step = max(1, _CHUNK // len(corners))
        for start in range(0, len(array), step):
            some = slice(start, start + step)
            distance[some] = triangle_distances(array[some], corners).min(axis=1)
        return np.where(self._winding(array) > 0.5, -distance, distance)

    def _winding(self, points: Array) -> Array:
        """Return how often the surface goes around each point: solid angle over 4 pi."""
        corners = self.vertices[self.triangles]
        result = np.empty(len(points))
        step = max(1, _CHUNK // len(corners))
        for start in range(0, len(points), step):
            some = slice(start, start + step)
            a, b, c = np.moveaxis(corners - points[some, None, None], 2, 0)
            la, lb, lc = (np.linalg.norm(v, axis=2) for v in (a, b, c))
            triple = (a * np.cross(b, c)).sum(axis=2)
            below = la * lb * lc + (a * b).sum(2) * lc + (b * c).sum(2) * la + (c * a).sum(2) * lb
            result[some] = np.arctan2(triple, below).sum(axis=1) / (2.0 * np.pi)
        return result

    def surface_triangles(self, size: float) -> tuple[Array, Triangles]:
        """Return the vertices and the triangles of the faces, whatever `size` is."""
        return self.vertices, self.triangles

    def to_record(self) -> dict[str, Any]:
        """Describe the solid in plain JSON types."""
        return {
            "kind": "polyhedron",
            "coordinates": [str(c) for c in self.coordinates],
            "vertices": self.vertices.tolist(),
            "faces": [list(f) for f in self.faces_given],
            "names": list(self.names),
        } | named(self.name)

    def __repr__(self) -> str:
        """Show coordinates and counts."""
        names = ", ".join(str(c) for c in self.coordinates)
        counts = f"{len(self.vertices)} vertices, {len(self.faces_given)} faces"
        return f"Polyhedron(({names}), {counts}{suffix(self.name)})"


def triangle_distances(points: Array, corners: Array) -> Array:  # (N, 3), (T, 3, 3) -> (N, T)
    """Return the distance of every point to every triangle.

    Examples
    --------
    >>> corners = np.array([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    >>> triangle_distances(np.array([[0.2, 0.2, 3], [2, 0, 0]]), corners).ravel().tolist()
    [3.0, 1.0]
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    unit = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    inside = np.ones((len(points), len(corners)), dtype=np.bool_)
    best = np.full((len(points), len(corners)), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        side = end - start
        off = points[:, None] - start
        t = np.clip((off * side).sum(axis=2) / (side**2).sum(axis=1), 0.0, 1.0)
        best = np.minimum(best, np.linalg.norm(off - t[..., None] * side, axis=2))
        inside &= (off * np.cross(unit, side)).sum(axis=2) >= 0.0
    above = abs(((points[:, None] - a) * unit).sum(axis=2))
    return np.where(inside, above, best)


def _checked_faces(faces: Any, count: int) -> tuple[tuple[int, ...], ...]:
    if not isinstance(faces, tuple | list | np.ndarray) or len(faces) < 4:
        raise InputError(
            f"Polyhedron faces: expected four or more lists of vertex numbers, got {faces!r:.80}"
        )
    found = []
    for face in faces:
        entries = list(face) if isinstance(face, tuple | list | np.ndarray) else []
        whole = all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in entries)
        good = whole and all(0 <= i < count for i in entries)
        if not good or len(entries) < 3 or len(set(entries)) < len(entries):
            raise InputError(
                f"Polyhedron faces: expected three or more different numbers from 0 to "
                f"{count - 1} for each face, got {face!r:.80}"
            )
        found.append(tuple(int(i) for i in entries))
    return tuple(found)


def _triangles(face: tuple[int, ...], vertices: Array, size: float, number: int) -> Triangles:
    """Cut a flat face into triangles of the same orientation."""
    numbers = np.array(face, dtype=np.int64)
    corners = vertices[numbers]
    normal = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0)
    length = float(np.linalg.norm(normal))
    if length <= 1e-12 * size**2:
        raise InputError(f"Polyhedron face {number + 1}: expected an area, got vertices in line")
    if len(face) == 3:
        return numbers[None]
    normal /= length
    off = abs((corners - corners.mean(axis=0)) @ normal).max()
    if off > _FLAT * size:
        raise InputError(
            f"Polyhedron face {number + 1}: expected vertices in one plane, got one {off:.3g} off; "
            "cut the face into triangles"
        )
    first = corners[1] - corners[0]
    first -= (first @ normal) * normal
    first /= np.linalg.norm(first)
    flat = np.stack([corners @ first, corners @ np.cross(normal, first)], axis=1)
    rim = shapely.Polygon(flat)
    if not rim.is_valid:
        raise InputError(
            f"Polyhedron face {number + 1}: expected sides that do not cross, got "
            f"{shapely.is_valid_reason(rim)}; give its vertices in order along the rim"
        )
    pieces = shapely.constrained_delaunay_triangles(rim).geoms
    found = []
    for piece in pieces:
        ring = np.asarray(shapely.geometry.polygon.orient(piece).exterior.coords)[:3]
        near = ((ring[:, None] - flat) ** 2).sum(axis=2).argmin(axis=1)
        found.append(numbers[near])
    return np.array(found, dtype=np.int64)


@_records.reads("polyhedron")
def _polyhedron_from_record(data: dict[str, Any]) -> Domain:
    keys = _records.entries(data, "coordinates", "vertices", "faces", "names", optional=("name",))
    vertices = _records.rows("vertices", keys[1], 3)
    return Polyhedron(_records.symbols(keys[0]), vertices, keys[2], keys[3], name=data.get("name"))
