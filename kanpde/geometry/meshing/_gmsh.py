"""What gmsh does: a session, a mesh, and triangles that fill a polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from kanpde.errors import InputError
from kanpde.geometry.meshing._triangles import Triangles, rings


def triangles_by_gmsh(polygon: shapely.Polygon, size: float) -> Triangles:
    """Fill with triangles that have the polygon's vertices on its boundary."""
    gmsh = gmsh_module()
    with gmsh_session(gmsh):
        loops = []
        for ring in rings(polygon):
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
