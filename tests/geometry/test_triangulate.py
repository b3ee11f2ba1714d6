"""Triangles that fill polygons: all of them, well shaped, graded, with gmsh or without."""

import importlib.util
import sys

import numpy as np
import pytest
import shapely

from kanpde.errors import InputError
from kanpde.geometry.meshing._triangles import areas
from kanpde.geometry.meshing._triangulate import triangulate

GMSH = pytest.param(
    "gmsh",
    marks=pytest.mark.skipif(
        importlib.util.find_spec("gmsh") is None, reason="the extra geometry is not installed"
    ),
)
MESHERS = ["delaunay", GMSH]
SHAPES = {
    "channel": shapely.box(0, 0, 2.2, 0.41) - shapely.Point(0.2, 0.2).buffer(0.05, quad_segs=256),
    "step": shapely.box(-1, -1, 1, 1) - shapely.box(0, -1, 1, 0),
    "slit": shapely.box(0, 0, 2, 1) - shapely.box(0.99, 0, 1.0, 0.995),
    "two": shapely.box(0, 0, 1, 1) | shapely.Point(3, 0.5).buffer(0.5, quad_segs=90),
}


def quality(points, cells):
    """1 of an equilateral triangle, 0 of a flat one."""
    sides = np.linalg.norm(points[cells] - points[np.roll(cells, 1, axis=1)], axis=2)
    return 4 * np.sqrt(3) * areas(points, cells) / (sides**2).sum(axis=1)


@pytest.mark.parametrize("mesher", MESHERS)
@pytest.mark.parametrize("name", SHAPES)
def test_triangles_fill_the_polygon(name, mesher):
    shape = SHAPES[name]
    points, cells = triangulate(shape, 0.06, mesher=mesher)
    sizes = areas(points, cells)
    assert sizes.min() > 0
    assert sizes.sum() == pytest.approx(shape.area, rel=1e-3)
    assert sorted(np.unique(cells)) == list(range(len(points)))
    good = quality(points, cells)
    assert np.median(good) > 0.9
    assert good.min() > (0.1 if name == "slit" else 0.45)


@pytest.mark.parametrize("mesher", MESHERS)
def test_every_inner_edge_has_two_triangles(mesher):
    shape = SHAPES["channel"]
    points, cells = triangulate(shape, 0.1, mesher=mesher)
    edges = np.sort(np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]]), axis=1)
    edges, many = np.unique(edges, axis=0, return_counts=True)
    assert set(many) == {1, 2}
    rim = shapely.linestrings(points[edges[many == 1]])
    length = shapely.length(rim).sum()
    assert length == pytest.approx(shape.boundary.length, rel=2e-3)


@pytest.mark.parametrize("mesher", MESHERS)
def test_triangles_are_small_beside_a_small_hole_only(mesher):
    points, cells = triangulate(SHAPES["channel"], 0.1, mesher=mesher)
    sides = np.linalg.norm(points[cells] - points[np.roll(cells, 1, axis=1)], axis=2).max(axis=1)
    away = np.linalg.norm(points[cells].mean(axis=1) - 0.2, axis=1)
    assert sides[away < 0.06].max() < 0.02
    assert np.median(sides[away > 0.8]) > 0.06
    assert len(cells) < 3000


def test_polygons_that_delaunay_cannot_keep_are_cut_up_alone(monkeypatch):
    monkeypatch.setattr("kanpde.geometry.meshing._delaunay._graded", lambda *_: None)
    points, cells = triangulate(SHAPES["step"], 0.5, mesher="delaunay")
    assert areas(points, cells).min() > 0
    assert areas(points, cells).sum() == pytest.approx(3, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size: expected a positive number, got 0"),
        ({"size": float("nan")}, "expected a positive number, got nan"),
        ({"size": 1e-5}, "expected at most 2000000 triangles, got about 7.2e.10"),
        ({"size": 1, "mesher": "other"}, "expected one of gmsh, delaunay, got 'other'"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        triangulate(SHAPES["step"], **options)


def test_without_gmsh_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gmsh", None)
    with pytest.raises(InputError, match=r'pip install "kanpde\[geometry\]", or use "delaunay"'):
        triangulate(SHAPES["step"], 1, mesher="gmsh")
