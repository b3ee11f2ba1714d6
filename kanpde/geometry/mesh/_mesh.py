"""Meshes from files as domains: cells of the full dimension, or a closed surface in space."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import shapely
import sympy
from numpy.typing import NDArray

from kanpde.calculus import Indices, Simplices, facet_vectors, pack
from kanpde.errors import InputError, UnsupportedError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._domain import Domain
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Part
from kanpde.geometry.curve import Curve, Segment
from kanpde.geometry.mesh._fields import column, field_name
from kanpde.geometry.mesh._file import raw_mesh, read_mesh
from kanpde.geometry.mesh._parts import chosen_parts, facets_of_parts
from kanpde.geometry.mesh._records import arrays_from_record
from kanpde.geometry.mesh._surface import ClosedSurface, from_middle
from kanpde.geometry.mesh._topology import (
    facet_numbers,
    oriented_mesh,
)
from kanpde.geometry.piece import InsidePiece, Piece, SimplexPiece
from kanpde.ground._files import beside_problem
from kanpde.pde import mesh_field


class Mesh(Domain):
    """The set that the cells of a mesh fill, or that a closed surface mesh encloses.

    Every format of meshio is read: ``.msh``, ``.vtu``, ``.xdmf``, ``.stl``, ``.obj`` and others.
    Cells of the full dimension make the domain; quadrilaterals, hexahedra, wedges and pyramids
    are cut into simplices, quadratic triangles and tetrahedra into four and eight with straight
    sides; other curved cells are taken by their corners. A file with three coordinates and
    triangles only is a closed surface, whose inside test needs libigl (the extra ``geometry``).

    The boundary parts are the physical groups of the boundary facets by name (``tag 7`` where
    the file has numbers only); facets in no group are the part ``"boundary"``.

    Parameters
    ----------
    coordinates
        Two or three sympy symbols.
    source
        Path of a file, in a problem file relative to that file; or a `meshio.Mesh`.
    parts
        Boundary parts by name in place of the file's groups: the name or number of a group, a
        relation of the coordinates, or a predicate from points ``(N, d)`` to booleans; these
        hold for a facet where they hold in its middle. The first that holds counts.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged or holds no cells of the full dimension and no
        closed surface, or if cells or faces are flat, non-manifold, inverted or overlap.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> square = meshio.Mesh([[0, 0], [1, 0], [1, 1], [0, 1]], {"quad": [[0, 1, 2, 3]]})
    >>> mesh = Mesh((x, y), square, parts={"left": x < 1e-9})
    >>> mesh.measure, {name: part.measure for name, part in mesh.parts.items()}
    (1.0, {'left': 1.0, 'boundary': 3.0})
    """

    def __init__(
        self,
        coordinates: Sequence[sympy.Symbol],
        source: str | os.PathLike[str] | meshio.Mesh,
        *,
        parts: Mapping[str, Any] | None = None,
    ) -> None:
        symbols = _symbols(coordinates)
        d = len(symbols)
        if isinstance(source, meshio.Mesh):
            name, read = "mesh", source
        elif isinstance(source, str | os.PathLike):
            path = Path(source)
            name, read = str(path), read_mesh(beside_problem(path))
        else:
            raise InputError(
                f"Mesh: expected the path of a mesh file or a meshio.Mesh, got {source!r:.60}"
            )
        raw = raw_mesh(name, read, d)
        cells, facets = oriented_mesh(name, raw.points, raw.cells, closed=raw.closed)
        number = facet_numbers(raw.facets, facets)
        groups = np.where(number >= 0, raw.tags[number] if len(raw.tags) else -1, -1)
        names = raw.names
        if parts is not None:
            middles = raw.points[facets].mean(axis=1)
            groups, names = chosen_parts(parts, symbols, middles, groups, names)
        self._set(symbols, raw.points, cells, facets, groups, names)
        self._values = raw.values

    def _set(
        self,
        coordinates: tuple[sympy.Symbol, ...],
        points: Array,
        cells: Indices,
        facets: Indices,
        groups: Indices,
        names: Sequence[str],
    ) -> None:
        self.coordinates, self.points, self.cells = coordinates, points, cells
        self.closed = cells.shape[1] == len(coordinates)
        self.lower, self.upper = points.min(axis=0), points.max(axis=0)
        self._facets, self._groups, self._names = facets, groups, tuple(names)

    @classmethod
    def from_arrays(
        cls,
        coordinates: tuple[sympy.Symbol, ...],
        arrays: Mapping[str, NDArray[Any]],
        names: Sequence[str],
        *,
        closed: bool,
    ) -> Mesh:
        """Rebuild a mesh from the arrays ``points``, ``cells`` and ``groups`` of `to_record`.

        Raises
        ------
        InputError
            If they do not make a mesh.
        """
        points, cells, groups = arrays["points"], arrays["cells"], arrays["groups"]
        if cells.size == 0 or cells.min() < 0 or cells.max() >= len(points):
            raise InputError(f"mesh: expected cells of {len(points)} points, got other numbers")
        cells, facets = oriented_mesh("mesh", points, cells, closed=closed)
        fits = len(groups) == len(facets)
        if not fits or groups.min() < -1 or groups.max() >= len(names):
            raise InputError(f"mesh: expected a group of each of {len(facets)} facets, got others")
        self = cls.__new__(cls)
        self._set(coordinates, points, cells, facets, groups, names)
        self._values = {}
        return self

    @cached_property
    def _part_facets(self) -> dict[str, NDArray[np.intp]]:
        """Numbers of the facets of every part."""
        return facets_of_parts(self._groups, self._names)

    @cached_property
    def _mapped(self) -> dict[str, SimplexPiece]:
        vectors = facet_vectors(self.points, self._facets)
        normals = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return {
            name: SimplexPiece(self.points, self._facets[which], normals[which])
            for name, which in self._part_facets.items()
        }

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Physical groups of the boundary, and ``"boundary"`` for facets in none."""
        return {name: Part(name, piece.measure) for name, piece in self._mapped.items()}

    @cached_property
    def _bulk(self) -> Piece:
        if not self.closed:
            return SimplexPiece(self.points, self.cells)
        if (rays := from_middle(self.points, self._facets)) is not None:
            return SimplexPiece(*rays)
        inside = self._surface.contains
        return InsidePiece(self.lower, self.upper, inside, self._surface.volume)

    @cached_property
    def _surface(self) -> ClosedSurface:
        return ClosedSurface(self.points, self._facets)

    @cached_property
    def _simplices(self) -> Simplices:
        return Simplices(self.points, self.cells)

    def bulk(self) -> Piece:
        """Return the cells, or the inside of the surface, as a piece."""
        return self._bulk

    def surface(self, name: str) -> SimplexPiece:
        """Return the facets of a part as a piece."""
        return self._mapped[name]

    def _slack(self) -> float:
        return 1e-12 * float(max(np.abs(self.lower).max(), np.abs(self.upper).max()))

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed domain."""
        array = checked_points(points, self.dimension)
        if not self.closed:
            _, _, depth = self._simplices.locate(array)
            return np.asarray(depth >= -self._slack(), dtype=np.bool_)
        inside = np.zeros(len(array), dtype=np.bool_)
        slack = self._slack()
        near = np.flatnonzero(_numbers.box_contains(array, self.lower, self.upper))
        inside[near] = self._surface.signed_distance(array[near]) <= slack
        return inside

    def signed_distance(self, points: Array) -> Array:
        """Return the distance to the boundary, negative inside; shape ``(N,)``.

        Raises
        ------
        InputError
            In three dimensions if libigl is not installed.
        """
        array = checked_points(points, self.dimension)
        if self.dimension == 3:
            return self._surface.signed_distance(array)
        rim = shapely.multilinestrings(list(shapely.linestrings(self.points[self._facets])))
        shapely.prepare(rim)
        size = np.asarray(shapely.distance(rim, shapely.points(array)))
        return np.where(self.contains(array), -size, size)

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the facets of every part of a mesh in the plane, for cuts with other shapes."""
        if self.dimension != 2:
            return super().curves()
        return {
            name: tuple(Segment(*self.points[facet]) for facet in self._facets[numbers])
            for name, numbers in self._part_facets.items()
        }

    def outline(self, resolution: int = 256) -> Any:
        """Return the domain in the plane as a shapely polygon; it has the facets as its sides."""
        if self.dimension != 2:
            raise UnsupportedError(
                f"outline: expected a domain of two coordinates, got {self.dimension}"
            )
        sides = shapely.linestrings(self.points[self._facets])
        pieces = list(shapely.get_parts(shapely.polygonize(sides)))
        inner = shapely.get_coordinates(shapely.point_on_surface(pieces))
        kept = [p for p, i in zip(pieces, self.contains(inner), strict=True) if i]
        return shapely.union_all(kept)

    def triangulation(self, size: float) -> tuple[Array, Indices]:
        """Return the mesh's own points and triangles, whatever `size` is asked for."""
        if self.dimension != 2:
            raise UnsupportedError(
                f"triangulation: expected a domain of two coordinates, got {self.dimension}"
            )
        return self.points, self.cells

    def surface_triangles(self, size: float) -> tuple[Array, Indices]:
        """Return points and the triangles of the boundary in space."""
        if self.dimension != 3:
            raise UnsupportedError(
                f"surface_triangles: expected three coordinates, got {self.dimension}"
            )
        return self.points, self._facets

    @cached_property
    def _data(self) -> dict[str, Any]:
        return {
            "kind": "mesh",
            "coordinates": [str(c) for c in self.coordinates],
            "closed": self.closed,
            "points": pack(self.points),
            "cells": pack(self.cells),
            "groups": pack(self._groups),
            "names": list(self._names),
        }

    def to_record(self) -> dict[str, Any]:
        """Describe the mesh in plain JSON types; its arrays as compressed text."""
        return dict(self._data)

    # Data of the file --------------------------------------------------------

    @property
    def fields(self) -> dict[str, str]:
        """Names of the file's data, each with ``"point"`` or ``"cell"`` for where they are.

        A mesh that was read back from a run directory has none.
        """
        return {name: kind for name, (kind, _) in self._values.items()}

    def data(self, name: str, *, component: int | None = None) -> Array:
        """Return the file's data at `points` or on `cells`, shape ``(N,)`` or ``(C,)``.

        Parameters
        ----------
        name
            Name of point data or cell data.
        component
            Which column, where there are several.

        Raises
        ------
        InputError
            If there are no such data; the message lists those that there are.
        """
        return column(self._values, name, component)

    def field(self, name: str, *, component: int | None = None) -> Any:
        """Make a function of the file's data, for equations, coefficients and conditions.

        Point data are continued between the points by quadratics, and have first and second
        derivatives; cell data are constant on every cell, their derivatives are zero. The field
        is stored with the problem, as numbers.

        Parameters
        ----------
        name, component
            As in `data`.

        Returns
        -------
        sympy function
            Call it with the spatial coordinates.

        Raises
        ------
        InputError
            If there are no such data, or the mesh is a closed surface.

        Examples
        --------
        >>> x, y = sympy.symbols("x y", real=True)
        >>> points, data = [[0, 0], [1, 0], [0, 1]], {"k": [1.0, 3.0, 1.0]}
        >>> plate = Mesh((x, y), meshio.Mesh(points, {"triangle": [[0, 1, 2]]}, point_data=data))
        >>> k = plate.field("k")(x, y)
        >>> k.diff(x), round(float(k.subs({x: 0.25, y: 0.25}).evalf()), 12)
        (k_10(x, y), 1.5)
        """
        if self.closed:
            raise InputError(
                f"mesh: {name}: expected volume cells for a field, got a closed surface; "
                "mesh the inside"
            )
        on, values = self.fields.get(name, ""), self.data(name, component=component)
        label = field_name(name, component)
        return mesh_field(label, self.points, self.cells, values, on=on)

    def interpolant(self, name: str, *, component: int | None = None) -> Any:
        """Make a callable from points ``(N, d)`` to values ``(N,)``, as `reference=` takes it.

        It is the function of `field`, in numbers.

        Raises
        ------
        InputError
            As `field`.
        """
        return self.field(name, component=component).spline.at

    def __repr__(self) -> str:
        """Show coordinates and sizes."""
        names = ", ".join(str(c) for c in self.coordinates)
        what = "faces" if self.closed else "cells"
        return f"Mesh(({names}), {len(self.points)} points, {len(self.cells)} {what})"


def _symbols(coordinates: object) -> tuple[sympy.Symbol, ...]:
    if not isinstance(coordinates, tuple | list) or len(coordinates) not in (2, 3):
        raise InputError(f"Mesh: expected a tuple of two or three coordinates, got {coordinates!r}")
    symbols = tuple(_numbers.coordinate("Mesh", c) for c in coordinates)
    _numbers.distinct("Mesh", symbols)
    return symbols


@_records.reads("mesh")
def _mesh_from_record(data: dict[str, Any]) -> Mesh:
    symbols, arrays, names = arrays_from_record(data)
    return Mesh.from_arrays(symbols, arrays, names, closed=data["closed"])
