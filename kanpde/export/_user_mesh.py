"""The user's own mesh as the place of a solution: its points, its cells and what it holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import meshio
import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import Domain, read_mesh

FORMATS = {".vtu": "vtu", ".vtk": "vtk", ".msh": "gmsh22"}
_NEAR = 1e-3  # of the domain's diagonal: how far nodes of curved sides may lie outside


@dataclass(frozen=True)
class UserMesh:
    """A mesh of the user's, and which of its points lie in the domain.

    Parameters
    ----------
    points
        The first coordinates of its points, ``(N, d)``.
    inside
        Where the solution is evaluated, ``(N,)``.
    mesh
        The mesh as it was read.
    """

    points: np.ndarray
    inside: NDArray[np.bool_]
    mesh: meshio.Mesh

    def spread(self, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Give values at all points from those inside; NaN elsewhere."""
        if self.inside.all():
            return data
        found = {}
        for name, values in data.items():
            full = np.full((len(self.inside), *values.shape[1:]), np.nan)
            full[self.inside] = values
            found[name] = full
        return found

    def holding(self, data: dict[str, np.ndarray]) -> meshio.Mesh:
        """Return the mesh with further point data; its own of the same name get ``_given``."""
        own = self.mesh
        known = {
            (f"{name}_given" if name in data else name): values
            for name, values in own.point_data.items()
            if name != "gmsh:dim_tags"  # of meshio's own, and of no use elsewhere
        }
        return meshio.Mesh(
            own.points,
            own.cells,
            point_data={**known, **data},
            cell_data=own.cell_data,
            field_data=own.field_data,
        )


def user_mesh(given: str | os.PathLike[str] | meshio.Mesh, space: Domain) -> UserMesh:
    """Read the user's mesh and find its points in the domain.

    Raises
    ------
    InputError
        If it cannot be read, has too few coordinates, or most of its points lie outside.
    """
    name = "mesh" if isinstance(given, meshio.Mesh) else str(given)
    mesh = given if isinstance(given, meshio.Mesh) else read_mesh(Path(given))
    points, d = np.asarray(mesh.points, dtype=np.float64), space.dimension
    if not len(points) or points.shape[1] < d:
        raise InputError(
            f"{name}: expected points of {d} coordinates, got {points.shape[-1]} of {len(points)}"
        )
    points = points[:, :d]
    size = float(np.linalg.norm(np.asarray(space.upper) - np.asarray(space.lower)))
    inside = np.asarray(space.signed_distance(points) <= _NEAR * size, dtype=np.bool_)
    if 2 * inside.sum() < len(points):
        low, high = (", ".join(f"{v:.6g}" for v in b) for b in (space.lower, space.upper))
        raise InputError(
            f"{name}: expected a mesh of the domain from ({low}) to ({high}), got "
            f"{int((~inside).sum())} of {len(points)} points outside; is it in other units?"
        )
    return UserMesh(points, inside, mesh)


def file_format(path: Path) -> str:
    """Return what meshio calls the format of a file that holds point data.

    Raises
    ------
    InputError
        If the ending stands for none.

    Examples
    --------
    >>> file_format(Path("solution.msh"))
    'gmsh22'
    """
    if path.suffix not in FORMATS:
        raise InputError(
            f"{path}: expected a file that ends in {', '.join(FORMATS)}, got {path.suffix or path}"
        )
    return FORMATS[path.suffix]
