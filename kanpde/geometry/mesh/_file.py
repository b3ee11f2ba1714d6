"""Meshes from files, as plain arrays of simplices with the groups that the file names."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import xml.etree.ElementTree as ElementTree
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import meshio
import numpy as np
from numpy.typing import NDArray

from kanpde.calculus import Indices
from kanpde.errors import InputError
from kanpde.geometry._samplers import Array
from kanpde.geometry.mesh._ends import read_to_end
from kanpde.geometry.mesh._split import Cut, kind_of, simplices, straight
from kanpde.geometry.mesh._topology import facet_numbers

# What readers of damaged files raise; meshio itself may call sys.exit.
_DAMAGE = (
    meshio.ReadError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError,
    AttributeError, AssertionError, OverflowError, MemoryError, RuntimeError, SystemExit,
    struct.error, zlib.error, ElementTree.ParseError,
)  # fmt: skip
_LARGEST = 1e100
_TAGS = ("gmsh:physical", "medit:ref", "cell_tags", "CellEntityIds", "material")


@dataclass(frozen=True)
class RawMesh:
    """Simplices of one dimension, and what the file says of them and of their facets.

    `facets` are corners ``(F, d)`` of boundary elements in the file and `tags` what group each
    is in, a number of `names`; `values` are point data and cell data by name, as
    ``("point" or "cell", array)``.
    """

    points: Array
    cells: Indices
    closed: bool
    facets: Indices
    tags: Indices
    names: tuple[str, ...]
    values: dict[str, tuple[str, Array]] = field(default_factory=dict)


def read_mesh(path: Path) -> meshio.Mesh:
    """Read any file that meshio reads.

    Raises
    ------
    InputError
        If it is missing, empty, of an unknown kind or damaged, or needs a package that is not
        installed.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a mesh file, found none; check the path")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: expected a mesh file, got an empty one; write it again")
    said = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # of numpy, at numbers of a damaged file
            mesh = read_to_end(path)
            _check_numbers(mesh)
            return mesh
    except InputError:
        raise
    except ImportError as error:  # HDF5 of .xdmf, netCDF of .exo
        raise InputError(
            f"{path}: expected the package that this kind of file needs, found none ({error}); "
            'pip install "kanpde[geometry]"'
        ) from None
    except _DAMAGE as error:
        # meshio prints why no format fits, and leaves.
        text = said.getvalue() if isinstance(error, SystemExit) else str(error)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        reason = lines[0] if lines else type(error).__name__
        raise InputError(
            f"{path}: expected a mesh that meshio reads (.msh, .vtu, .xdmf, .stl, .obj, …), got "
            f"a damaged, truncated or unknown file ({reason[:120]}); write it again"
        ) from None


def _check_numbers(mesh: meshio.Mesh) -> None:
    """Raise `ValueError` where cells name points that are not there."""
    count = len(mesh.points)
    for block in mesh.cells:
        if block.type.startswith("polyhedron") or not len(block.data):
            continue
        numbers = np.asarray(block.data)
        low, high = int(numbers.min()), int(numbers.max())
        if low < 0 or high >= count:
            raise ValueError(f"cells name point {high if high >= count else low} of {count}")


def raw_mesh(name: str, mesh: meshio.Mesh, d: int) -> RawMesh:
    """Pick the cells of full dimension, or else the triangles of a surface in space.

    Raises
    ------
    InputError
        If there are none, points are not finite, or a flat mesh is not flat.
    """
    points = _points(name, mesh, d)
    cut = simplices(mesh, d)
    closed = not len(cut.cells) and d == 3
    if closed:
        cut = simplices(mesh, 2)
        flat = np.flatnonzero(np.ptp(points, axis=0) == 0.0)
        if len(cut.cells) and len(flat):
            raise InputError(
                f"{name}: expected volume cells or a closed surface for three coordinates, got a "
                "flat mesh; give two coordinates"
            )
    if not len(cut.cells):
        kinds = ", ".join(sorted({b.type for b in mesh.cells if len(b.data)})) or "none"
        wanted = "triangles or quadrilaterals" if d == 2 else "volume cells or a closed surface"
        raise InputError(
            f"{name}: expected {wanted} in {d} coordinates, got cells of kind {kinds}; "
            "save the elements of the whole domain, not only its boundary"
        )
    dimension = d - 1
    labels = [_labels(mesh, k, len(b.data), dimension) for k, b in enumerate(mesh.cells)]
    if closed:
        facets, own = cut.cells, np.concatenate(labels)[cut.owner]
    else:
        facets, own = _facets(mesh, cut, labels, d)
    names = tuple(dict.fromkeys(str(text) for text in own if text))
    place = {text: k for k, text in enumerate(names)}
    tags = np.array([place.get(str(text), -1) for text in own], dtype=np.int64)
    raw = RawMesh(
        np.asarray(cut.made @ points), cut.cells, closed, facets, tags, names, _values(mesh, cut)
    )
    return _without_unused(raw)


def _points(name: str, mesh: meshio.Mesh, d: int) -> Array:
    points = np.asarray(mesh.points, dtype=np.float64)
    if points.ndim != 2 or not len(points):
        raise InputError(f"{name}: expected a mesh with points, got an empty one")
    if not (np.abs(points) < _LARGEST).all():  # nor where NaN
        raise InputError(
            f"{name}: expected finite coordinates, got NaN, infinity or more than {_LARGEST:g}"
        )
    if points.shape[1] < d:
        raise InputError(f"{name}: expected {d} coordinates, got {points.shape[1]}")
    beyond = points[:, d:]
    if beyond.size and np.ptp(beyond, axis=0).max() > 1e-9 * np.ptp(points, axis=0).max():
        raise InputError(
            f"{name}: expected a flat mesh for two coordinates, got points from "
            f"{beyond.min():.6g} to {beyond.max():.6g} in the third; give three coordinates"
        )
    return points[:, :d] + 0.0


def _facets(
    mesh: meshio.Mesh, cut: Cut, labels: list[NDArray[np.str_]], d: int
) -> tuple[Indices, NDArray[np.str_]]:
    """Collect the boundary elements of the file, cut as the cells are, and their groups."""
    facets = [np.zeros((0, d), dtype=np.int64)]
    own = [np.zeros(0, dtype=np.str_)]
    for label, block in zip(labels, mesh.cells, strict=True):
        kind = kind_of(block.type)
        if (d, kind) in ((2, "line"), (3, "triangle")) and len(block.data):
            pieces, origin = straight(block, d)
            facets.append(pieces)
            own.append(label[origin])
        elif (d, kind) == (3, "quad") and len(block.data):
            quads = np.asarray(block.data, dtype=np.int64)[:, :4]
            number = facet_numbers(cut.quads, quads)
            known = number >= 0
            center = cut.centers[number[known]]
            for k in range(4):
                sides = quads[known][:, [k, (k + 1) % 4]]
                facets.append(np.column_stack([sides, center]))
                own.append(label[known])
    return np.concatenate(facets), np.concatenate(own)


def _labels(mesh: meshio.Mesh, number: int, count: int, dimension: int) -> NDArray[np.str_]:
    """Name the group of every element of a block, empty where it is in none."""
    labels = [""] * count
    for text, blocks in mesh.cell_sets.items():
        if text.startswith("gmsh:") or blocks[number] is None:
            continue
        for k in np.asarray(blocks[number], dtype=np.int64):
            labels[k] = labels[k] or str(text)
    key = next((key for key in _TAGS if key in mesh.cell_data), None)
    if any(labels) or key is None:
        return np.array(labels, dtype=np.str_)
    named = {int(v[0]): str(k) for k, v in mesh.field_data.items() if _is_group(v, dimension)}
    tags = np.asarray(mesh.cell_data[key][number]).reshape(count, -1)[:, 0].astype(int)
    return np.array([named.get(t, f"tag {t}" if t else "") for t in tags.tolist()], dtype=np.str_)


def _is_group(value: Any, dimension: int) -> bool:
    numbers = np.atleast_1d(np.asarray(value))
    return len(numbers) == 2 and int(numbers[1]) == dimension


def _values(mesh: meshio.Mesh, cut: Cut) -> dict[str, tuple[str, Array]]:
    """Give point data at the points and cell data at the simplices."""
    found: dict[str, tuple[str, Array]] = {}
    cells = sum(len(b.data) for b in mesh.cells)
    for name, blocks in mesh.cell_data.items():
        arrays = [np.asarray(b) for b in blocks]
        if {a.shape[1:] for a in arrays} == {()} and sum(map(len, arrays)) == cells:
            found[str(name)] = ("cell", np.concatenate(arrays).astype(np.float64)[cut.owner])
    for name, given in mesh.point_data.items():
        values = np.asarray(given)
        if values.dtype.kind in "fiu" and values.ndim <= 2:
            found[str(name)] = ("point", np.asarray(cut.made @ values.astype(np.float64)))
    return found


def _without_unused(raw: RawMesh) -> RawMesh:
    """Leave out points of no cell; points of a surface at the same place become one."""
    place = np.arange(len(raw.points))
    if raw.closed:  # STL and OBJ write a point again for every face
        _, first, again = np.unique(raw.points, axis=0, return_index=True, return_inverse=True)
        place = first[again.reshape(-1)]
    cells, facets = place[raw.cells], place[raw.facets]
    used = np.unique(cells)
    number = np.full(len(raw.points), -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    values = {
        name: (kind, array[used] if kind == "point" else array)
        for name, (kind, array) in raw.values.items()
    }
    return replace(
        raw, points=raw.points[used], cells=number[cells], facets=number[facets], values=values
    )
