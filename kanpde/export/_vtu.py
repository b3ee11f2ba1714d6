"""VTU files of a solution, one per instant where there is time."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import meshio
import numpy as np

from kanpde.errors import InputError, UnsupportedError
from kanpde.export._cells import Cells, spatial_cells
from kanpde.export._counts import lattice_counts
from kanpde.export._user_mesh import FORMATS, UserMesh, file_format, user_mesh
from kanpde.ground._files import replacing
from kanpde.problem import magnitudes
from kanpde.solution import reference_shifts

if TYPE_CHECKING:
    from kanpde.geometry import Domain
    from kanpde.solution import Solution

_POINTS = {1: 201, 2: 101, 3: 33}  # along each length
_TIMES = 21


def write_vtu(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    resolution: int | Sequence[int] | None = None,
    mesh: str | os.PathLike[str] | meshio.Mesh | None = None,
    mesher: str | None = None,
) -> list[Path]:
    """Write the solution as VTU for ParaView and meshio.

    Point data hold every unknown, ``abs(NAME)`` of complex ones; ``NAME_reference`` and
    ``NAME_error`` (solution minus reference, signed) where a reference is known (one that is
    fixed only up to a constant is lifted onto the solution first); ``residual_EQUATION``; and
    each of the problem's vectors as three components. Values are binary float64.

    Parameters
    ----------
    solution
        A `Solution` on a domain of one to three lengths, with or without time.
    path
        The file; ``.vtu`` is appended where the ending is another. With `mesh` it may also
        end in ``.msh`` or ``.vtk``.
    resolution
        Points along the longest length (with 21 instants), or one number for each
        coordinate, time included, in the order of the columns. Default 201, 101 or
        33 points for one, two or three lengths. With `mesh` it counts for the instants only.
    mesh
        A mesh of your own, a file or a `meshio.Mesh`: the values are given at its points, and its
        cells, cell data and other point data are kept. Points outside the domain get NaN.
    mesher
        ``"gmsh"`` (``pip install "kanpde[geometry]"``) to let it mesh the domain. Without it
        boxes get lattices, plane domains graded triangles, and solids a lattice of tetrahedra
        that is cut at the boundary, so that sharp edges lose less than a cell.

    Returns
    -------
    list of Path
        The one file; with time ``STEM_0000.vtu`` and so on, and ``STEM.pvd``, which
        lists the instants, as the last.

    Raises
    ------
    InputError
        If the domain has no length (an ordinary differential equation) or more than
        three, or `resolution`, `mesh` or `mesher` does not fit it.

    Examples
    --------
    >>> import kanpde.export
    >>> callable(kanpde.export.write_vtu)
    True
    """
    domain = solution.problem.domain
    target = Path(path)
    if target.suffix not in (FORMATS if mesh is not None else (".vtu",)):
        target = target.with_name(target.name + ".vtu")
    space = _space(domain)
    wanted = _POINTS[space.dimension] if resolution is None else resolution
    counts = lattice_counts(domain, wanted, instants=_TIMES)
    shape = [n for n, c in zip(counts, domain.coordinates, strict=True) if c in space.coordinates]
    cells = user_mesh(mesh, space) if mesh else spatial_cells(space, shape, mesher=mesher)
    if isinstance(cells, Cells) and not len(cells.cells):
        raise InputError(
            f"resolution: expected enough points to put a cell inside the domain, got {shape}; "
            "pass more"
        )
    shifts = reference_shifts(solution)
    if domain.time is None:
        _write(target, cells, _data_on(solution, _full(domain, cells.points), cells, shifts))
        return [target]
    column = domain.coordinates.index(domain.time)
    times = np.linspace(float(domain.lower[column]), float(domain.upper[column]), counts[column])
    files = []
    for k, time in enumerate(times):
        points = _full(domain, cells.points)
        points[:, column] = time
        file = target.with_name(f"{target.stem}_{k:04d}{target.suffix}")
        _write(file, cells, _data_on(solution, points, cells, shifts))
        files.append(file)
    series = target.with_suffix(".pvd")
    _write_series(series, files, times)
    return [*files, series]


def _full(domain: Domain, points: np.ndarray) -> np.ndarray:
    """Columns of all coordinates: those of space as given, the others in the middle of theirs."""
    middle = 0.5 * (np.asarray(domain.lower, float) + np.asarray(domain.upper, float))
    full = np.tile(middle, (len(points), 1))
    space = domain.space
    assert space is not None
    columns = [domain.coordinates.index(c) for c in space.coordinates]
    full[:, columns] = points[:, : len(columns)]
    return full


def _space(domain: Domain) -> Domain:
    space = domain.space
    if space is None:
        raise InputError(
            "write_vtu: expected a domain with at least one length, got time alone; "
            "write a CSV file instead (write_csv, kanpde export --format csv)"
        )
    if space.dimension > 3:
        raise UnsupportedError(
            f"write_vtu: expected at most three lengths, got {space.dimension}; "
            "write a CSV file instead (write_csv)"
        )
    return space


def _data_on(
    solution: Solution, points: np.ndarray, cells: Cells | UserMesh, shifts: np.ndarray
) -> dict[str, np.ndarray]:
    """Evaluate all that a file holds, NaN outside the domain."""
    if isinstance(cells, Cells):
        return _point_data(solution, points, shifts)
    return cells.spread(_point_data(solution, points[cells.inside], shifts))


def _point_data(
    solution: Solution, points: np.ndarray, shifts: np.ndarray
) -> dict[str, np.ndarray]:
    """Evaluate all that a file holds at ``(N, d)`` points."""
    problem = solution.problem
    names = [str(u.func.__name__) for u in problem.unknowns]
    values = np.asarray(solution(points), dtype=float)
    truth = solution.truth(points)
    if truth is not None:
        truth = truth + shifts
    data: dict[str, np.ndarray] = {}
    for k, name in enumerate(names):
        data[name] = values[:, k]
    data |= magnitudes(getattr(problem, "complex", {}), values)
    if truth is not None:
        for k, name in enumerate(names):
            data[f"{name}_reference"] = np.asarray(truth[:, k], dtype=float)
            data[f"{name}_error"] = values[:, k] - data[f"{name}_reference"]
    for name, residual in solution.residuals(points).items():
        data[f"residual_{name}"] = np.asarray(residual, dtype=float).reshape(len(points))
    for name, components in problem.vectors.items():
        label = f"{name}_vector" if name in data else str(name)
        data[label] = _vector([data[str(u.func.__name__)] for u in components])
    return data


def _vector(components: Sequence[np.ndarray]) -> np.ndarray:  # (N, 3)
    """Put up to three components side by side, the missing ones 0."""
    if len(components) > 3:
        raise UnsupportedError(
            f"vectors: expected at most three components, got {len(components)}; "
            "split the vector in the problem"
        )
    vector = np.zeros((len(components[0]), 3))
    for k, component in enumerate(components):
        vector[:, k] = component
    return vector


def _write(path: Path, cells: Cells | UserMesh, data: dict[str, np.ndarray]) -> None:
    contiguous = {name: np.ascontiguousarray(values) for name, values in data.items()}
    if isinstance(cells, UserMesh):
        mesh = cells.holding(contiguous)
    else:
        points = np.zeros((len(cells.points), 3))
        points[:, : cells.points.shape[1]] = cells.points
        mesh = meshio.Mesh(points, [(cells.kind, cells.cells)], point_data=contiguous)
    said = io.StringIO()  # meshio tells on stderr which tags it adds
    with replacing(path) as partial, contextlib.redirect_stderr(said):
        meshio.write(partial, mesh, file_format=file_format(path), binary=True)


def _write_series(path: Path, files: Sequence[Path], times: np.ndarray) -> None:
    """Write the ParaView collection that gives each file its instant."""
    root = ElementTree.Element("VTKFile", type="Collection", version="0.1")
    collection = ElementTree.SubElement(root, "Collection")
    for file, time in zip(files, times, strict=True):
        attributes = {"timestep": repr(float(time)), "part": "0", "file": file.name}
        ElementTree.SubElement(collection, "DataSet", attributes)
    ElementTree.indent(root)
    with replacing(path) as partial:
        ElementTree.ElementTree(root).write(partial, encoding="utf-8", xml_declaration=True)
