"""Tetrahedra that fill a solid with its sharp edges kept, by gmsh and its OpenCASCADE kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from kanpde.errors import InputError
from kanpde.geometry._box import Box
from kanpde.geometry._domain import Domain
from kanpde.geometry._motion import Motion
from kanpde.geometry._product import Product
from kanpde.geometry._samplers import Array
from kanpde.geometry.csg import Combination, Moved
from kanpde.geometry.mesh import Mesh
from kanpde.geometry.meshing._gmsh import generate, gmsh_module, gmsh_session, mesh_of
from kanpde.geometry.solid import Ball, Cone, Polyhedron, Torus

Tags = list[tuple[int, int]]
Tetrahedra = tuple[Array, NDArray[np.int64]]

_CHORDS = 64  # of a full circle of a product's plane factor
_TIP = 0.01  # of a cone's radius: gmsh puts triangles without end about a tip
_BOOLEANS = {"union": "fuse", "intersection": "intersect", "difference": "cut"}


def tetrahedra(solid: Domain, size: float) -> Tetrahedra:
    """Fill a solid with tetrahedra.

    Parameters
    ----------
    solid
        A domain of three lengths.
    size
        Longest edge, about.

    Returns
    -------
    points
        Shape ``(N, 3)``.
    cells
        Shape ``(C, 4)``.

    Raises
    ------
    InputError
        If gmsh is not installed, the solid has a factor that it cannot make, or it gives up.
    """
    if solid.dimension != 3:
        raise InputError(f"mesher: expected a solid of three lengths, got {solid}")
    gmsh = gmsh_module()
    with gmsh_session(gmsh):
        if isinstance(solid, Mesh) or (isinstance(solid, Cone) and min(solid.radii) == 0.0):
            _close(gmsh, *solid.surface_triangles(size))
        else:
            _build(gmsh, solid)
            gmsh.model.occ.synchronize()
            gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", 24)
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        gmsh.option.setNumber("Mesh.MeshSizeMin", 0.1 * size)
        generate(gmsh, 3)
        return mesh_of(gmsh, 3)


def _close(gmsh: Any, points: Array, triangles: NDArray[np.int64]) -> None:
    """Make a volume inside the triangles of a closed surface."""
    gmsh.model.addDiscreteEntity(2, 1)
    numbers = np.arange(1, len(points) + 1)
    gmsh.model.mesh.addNodes(2, 1, numbers, np.asarray(points, dtype=float).ravel())
    gmsh.model.mesh.addElementsByType(1, 2, [], (triangles + 1).ravel())
    loop = gmsh.model.geo.addSurfaceLoop([1])
    gmsh.model.geo.addVolume([loop])
    gmsh.model.geo.synchronize()


def _build(gmsh: Any, solid: Domain) -> Tags:
    """Make a solid in gmsh's model."""
    occ = gmsh.model.occ
    if isinstance(solid, Combination):
        first, second = _build(gmsh, solid.first), _build(gmsh, solid.second)
        made, _ = getattr(occ, _BOOLEANS[solid.operation])(first, second)
        return list(made)
    if isinstance(solid, Moved):
        made = _build(gmsh, solid.domain)
        _move(occ, made, solid.motion)
        return made
    for kind, maker in _MAKERS.items():
        if isinstance(solid, kind):
            return maker(gmsh, solid)
    raise InputError(
        f'mesher: expected a solid that gmsh can make, got {solid}; leave mesher="gmsh" out'
    )


def _move(occ: Any, tags: Tags, motion: Motion) -> None:
    if motion.factor != 1.0:
        occ.dilate(tags, 0.0, 0.0, 0.0, *[motion.factor] * 3)
    turn = Rotation.from_matrix(motion.rotation).as_rotvec()
    angle = float(np.linalg.norm(turn))
    if angle > 0.0:
        occ.rotate(tags, 0.0, 0.0, 0.0, *(turn / angle), angle)
    occ.translate(tags, *motion.offset)


def _box(gmsh: Any, box: Box) -> Tags:
    return [(3, gmsh.model.occ.addBox(*box.lower, *(box.upper - box.lower)))]


def _ball(gmsh: Any, ball: Ball) -> Tags:
    return [(3, gmsh.model.occ.addSphere(*ball.center, ball.radius))]


def _cone(gmsh: Any, cone: Cone) -> Tags:
    occ, way = gmsh.model.occ, cone.height * cone.axis
    start = cone.center - 0.5 * way
    if cone.radii[0] == cone.radii[1]:
        return [(3, occ.addCylinder(*start, *way, cone.radii[0]))]
    radii = np.maximum(cone.radii, _TIP * max(cone.radii))
    return [(3, occ.addCone(*start, *way, *radii))]


def _torus(gmsh: Any, torus: Torus) -> Tags:
    axis = torus.axis.tolist()
    center = torus.center.tolist()
    return [(3, gmsh.model.occ.addTorus(*center, torus.radius, torus.tube, zAxis=axis))]


def _polyhedron(gmsh: Any, solid: Polyhedron) -> Tags:
    occ = gmsh.model.occ
    corners = [occ.addPoint(*v) for v in solid.vertices]
    lines: dict[tuple[int, int], int] = {}
    sides = []
    for triangle in solid.triangles.tolist():
        loop = []
        for a, b in zip(triangle, triangle[1:] + triangle[:1], strict=True):
            if (b, a) not in lines and (a, b) not in lines:
                lines[a, b] = occ.addLine(corners[a], corners[b])
            loop.append(lines[a, b] if (a, b) in lines else -lines[b, a])
        sides.append(occ.addPlaneSurface([occ.addCurveLoop(loop)]))
    return [(3, occ.addVolume([occ.addSurfaceLoop(sides, sewing=True)]))]


def _product(gmsh: Any, solid: Product) -> Tags:
    """Extrude the plane factor along the other one."""
    plane = next((f for f in solid.factors if f.dimension == 2), None)
    line = next((f for f in solid.factors if f.dimension == 1), None)
    if plane is None or not isinstance(line, Box):
        raise InputError(
            f"mesher: expected the product of a plane domain and an interval, got {solid}; "
            'leave mesher="gmsh" out'
        )
    occ, low, high = gmsh.model.occ, float(line.lower[0]), float(line.upper[0])
    names = list(solid.coordinates)
    order = [names.index(c) for c in (*plane.coordinates, *line.coordinates)]
    way = (high - low) * np.eye(3)[order[2]]
    shape = plane.outline(_CHORDS)
    tags: Tags = []
    for polygon in getattr(shape, "geoms", [shape]):
        sides = []
        for ring in (polygon.exterior, *polygon.interiors):
            places = np.full((len(ring.coords) - 1, 3), low)
            places[:, order[:2]] = np.asarray(ring.coords)[:-1]
            corners = [occ.addPoint(*p) for p in places]
            pairs = zip(corners, corners[1:] + corners[:1], strict=True)
            loop = occ.addCurveLoop([occ.addLine(*p) for p in pairs])
            sides.append((2, occ.addPlaneSurface([loop])))
        # OpenCASCADE may take a hole for an addition, by the way that it runs round.
        flat = occ.cut(sides[:1], sides[1:])[0] if len(sides) > 1 else sides
        made = occ.extrude(flat, *way)
        tags += [t for t in made if t[0] == 3]
    return tags


_MAKERS: dict[type[Domain], Callable[[Any, Any], Tags]] = {
    Box: _box,
    Ball: _ball,
    Cone: _cone,
    Torus: _torus,
    Polyhedron: _polyhedron,
    Product: _product,
}
