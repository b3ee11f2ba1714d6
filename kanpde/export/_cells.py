"""Points and cells of the spatial domain, as a file of cells wants them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kanpde.errors import InputError
from kanpde.export._lattice import Cells, ball_cells, disk_cells, lattice_cells
from kanpde.export._solid import cut_cells, line_cells
from kanpde.geometry import Ball, Box, Domain, Mesh, Product
from kanpde.geometry.meshing import tetrahedra, triangulate

__all__ = ["Cells", "spatial_cells"]

_CHORDS = 1024  # of a full circle, before they are joined to the length of the triangles


def spatial_cells(space: Domain, shape: Sequence[int], *, mesher: str | None = None) -> Cells:
    """Cover a spatial domain with cells.

    A box gets a structured lattice of lines, quadrilaterals or hexahedra, a disk rings of
    triangles, a ball in three dimensions the hexahedra of a cube pressed into it, a mesh its
    own cells. Any other plane domain is filled with triangles, small ones beside what is small
    of its boundary; the product of a plane domain and an interval with wedges; any other solid
    with the tetrahedra of a lattice, cut where its boundary crosses their edges.

    Parameters
    ----------
    space
        Spatial domain of one, two or three coordinates.
    shape
        Points along each coordinate, at least 2 each.
    mesher
        ``"gmsh"`` (extra ``geometry``) to fill plane domains and solids with its simplices,
        sharp edges kept.

    Returns
    -------
    Cells
        Points that carry no cell are left out.

    Raises
    ------
    InputError
        If `mesher` is another word, or gmsh is not installed or gives up.
    """
    if mesher is not None:
        return _meshed(space, shape, mesher)
    if isinstance(space, Box):
        return lattice_cells(np.asarray(space.lower), np.asarray(space.upper), shape)
    if isinstance(space, Ball):
        disk = space.dimension == 2
        unit = disk_cells(max(1, max(shape) // 2)) if disk else ball_cells(max(shape))
        return Cells(space.center + space.radius * unit.points, unit.kind, unit.cells)
    if isinstance(space, Mesh) and space.cells.shape[1] == space.dimension + 1:
        return Cells(space.points, "triangle" if space.dimension == 2 else "tetra", space.cells)
    if space.dimension == 1:
        return line_cells(space, shape[0])
    if isinstance(space, Product):
        return _product_cells(space, shape)
    if space.dimension == 2:
        size = float((space.upper - space.lower).max()) / (max(shape) - 1)
        points, cells = triangulate(space.outline(_CHORDS), size)
        return Cells(points, "triangle", cells)
    return cut_cells(space.contains, space.lower, space.upper, shape)


def _meshed(space: Domain, shape: Sequence[int], mesher: str) -> Cells:
    if mesher != "gmsh":
        raise InputError(f"mesher: expected gmsh, got {mesher!r}; leave it out for a lattice")
    size = float((space.upper - space.lower).max()) / (max(shape) - 1)
    if space.dimension == 2:
        points, cells = triangulate(space.outline(_CHORDS), size, mesher=mesher)
        return Cells(points, "triangle", cells)
    points, cells = tetrahedra(space, size)
    return Cells(points, "tetra", cells)


def _product_cells(space: Product, shape: Sequence[int]) -> Cells:
    """Stack the cells of a plane factor along the other one."""
    starts = np.cumsum([0, *(f.dimension for f in space.factors)])
    parts = [
        spatial_cells(f, shape[a : a + f.dimension])
        for f, a in zip(space.factors, starts, strict=False)
    ]
    order = sorted(range(len(parts)), key=lambda k: -space.factors[k].dimension)
    columns = [c for k in order for c in range(starts[k], starts[k + 1])]
    made = parts[order[0]]
    for k in order[1:]:
        made = _times_line(made, parts[k])
    points = np.empty_like(made.points)
    points[:, columns] = made.points
    return Cells(points, made.kind, made.cells)


def _times_line(cells: Cells, line: Cells) -> Cells:
    """Multiply lines or plane cells with lines, which may be in pieces."""
    many = len(cells.points)
    tiled = np.tile(cells.points, (len(line.points), 1))
    points = np.hstack([tiled, np.repeat(line.points, many, axis=0)])
    low, high = (cells.cells[None] + many * line.cells[:, k, None, None] for k in (0, 1))
    if cells.kind == "line":  # round the quadrilateral
        high = high[:, :, ::-1]
    kinds = {"line": "quad", "triangle": "wedge", "quad": "hexahedron"}
    found = np.concatenate([low, high], axis=2).reshape(-1, 2 * cells.cells.shape[1])
    return Cells(points, kinds[cells.kind], found)
