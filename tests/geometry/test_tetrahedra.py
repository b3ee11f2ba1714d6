"""Tetrahedra by gmsh: the whole solid, its edges kept."""

import numpy as np
import pytest
import sympy

import kanpde.geometry as geometry
from kanpde.errors import InputError
from kanpde.geometry.meshing._tetrahedra import tetrahedra

x, y, z = sympy.symbols("x y z", real=True)
CUBE = geometry.Box((x, 0, 1), (y, 0, 1), (z, 0, 1))
PLATE = geometry.Rectangle((y, 0, 2), (z, 0, 1)) - geometry.Disk((y, z), (1, 0.5), 0.3)
PIPE = geometry.Cylinder((x, y, z), radius=1, height=2) - geometry.Cylinder(
    (x, y, z), radius=0.5, height=3
)
CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
SIMPLEX = geometry.Polyhedron((x, y, z), CORNERS, [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])
SOLIDS = {  # solid, its volume
    "box": (CUBE, 1.0),
    "bitten box": (CUBE - geometry.Ball((x, y, z), (1, 1, 1), 0.8), 1 - np.pi * 0.8**3 / 6),
    "turned and scaled": (CUBE.rotate(0.5, axis=z).scale(2).translate((1, 0, 0)), 8.0),
    "pipe": (PIPE, 1.5 * np.pi),
    "pointed cone": (geometry.Cone((x, y, z), radius=1, height=2, axis=(1, 1, 0)), 2 / 3 * np.pi),
    "truncated cone": (geometry.Cone((x, y, z), radius=1, height=3, top_radius=0.5), 1.75 * np.pi),
    "torus": (geometry.Torus((x, y, z), radius=2, tube=0.5, axis=y), np.pi**2),
    "simplex": (SIMPLEX, 1 / 6),
    "thick plate": (geometry.Interval(x, 0, 3) * PLATE, 3 * (2 - 0.09 * np.pi)),
}


def volumes(points, cells):
    a, b, c, d = (points[cells[:, k]] for k in range(4))
    return np.einsum("ni,ni->n", np.cross(b - a, c - a), d - a) / 6


@pytest.mark.parametrize("name", SOLIDS)
def test_tetrahedra_fill_the_solid(name):
    pytest.importorskip("gmsh", reason="the extra geometry is not installed")
    solid, volume = SOLIDS[name]
    points, cells = tetrahedra(solid, float((solid.upper - solid.lower).max()) / 10)
    sizes = volumes(points, cells)
    assert sizes.min() > 0
    assert sizes.sum() == pytest.approx(volume, rel=0.015)
    assert solid.signed_distance(points).max() < 1e-8
    assert sorted(np.unique(cells)) == list(range(len(points)))


def test_closed_surface_is_filled():
    pytest.importorskip("gmsh", reason="the extra geometry is not installed")
    pytest.importorskip("igl", reason="the extra geometry is not installed")
    import meshio

    triangles = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    surface = meshio.Mesh(np.array(CORNERS, dtype=float), [("triangle", triangles)])
    points, cells = tetrahedra(geometry.Mesh((x, y, z), surface), 0.2)
    assert volumes(points, cells).sum() == pytest.approx(1 / 6, rel=1e-12)


def test_plane_domain_is_refused():
    with pytest.raises(InputError, match="expected a solid of three lengths"):
        tetrahedra(PLATE, 0.1)


def test_solid_that_gmsh_cannot_make_is_named():
    pytest.importorskip("gmsh", reason="the extra geometry is not installed")
    bars = geometry.Interval(x, 0, 3) - geometry.Interval(x, 1, 2)
    with pytest.raises(InputError, match="expected the product of a plane domain and an interval"):
        tetrahedra(bars * geometry.Rectangle((y, 0, 1), (z, 0, 1)), 0.1)
