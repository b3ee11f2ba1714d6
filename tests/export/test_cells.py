"""Cells that fill a domain: up to its boundary, without gaps or overlaps."""

import numpy as np
import pytest
import sympy

from kanpde.export._cells import spatial_cells
from kanpde.export._solid import cut_cells, volumes
from kanpde.geometry import Ball, Box, Disk, Interval, Product, Rectangle

x, y, z = sympy.symbols("x y z", real=True)
CUBE = Box((x, 0, 1), (y, 0, 1), (z, 0, 1))
BALL = Ball((x, y, z), (1, 1, 1), 0.8)
CUBE_BITE = 1 - np.pi * 0.8**3 / 6


def faces_of(tets):
    return np.concatenate([np.delete(tets, k, axis=1) for k in range(4)])


def test_tetrahedra_fill_a_bitten_cube():
    errors = []
    for count in (9, 17):
        cells = spatial_cells(CUBE - BALL, (count,) * 3)
        assert cells.kind == "tetra"
        sizes = volumes(cells)
        assert sizes.min() > 0
        assert (np.linalg.norm(cells.points - 1, axis=1) > 0.8 - 1e-7).all()
        errors.append(abs(sizes.sum() - CUBE_BITE))
    assert errors[1] < errors[0] / 3, "chords of a sphere are off by the square of their length"
    assert errors[1] < 5e-4


def test_tetrahedra_share_whole_faces():
    """Every face belongs to two cells, or to one where it lies on the boundary."""
    cells = spatial_cells(CUBE - BALL, (9, 9, 9))
    faces, many = np.unique(np.sort(faces_of(cells.cells), axis=1), axis=0, return_counts=True)
    assert set(many) == {1, 2}
    outer = cells.points[faces[many == 1]]
    flat = np.zeros(len(outer), dtype=bool)
    for value in (0, 1):
        flat |= (np.abs(outer - value) < 1e-9).all(axis=1).any(axis=1)
    on_sphere = np.abs(np.linalg.norm(outer - 1, axis=2) - 0.8).max(axis=1) < 1e-6
    assert (flat | on_sphere).mean() > 0.97, "all but the slices at the sharp rim"


def test_lattice_that_misses_the_solid_gives_no_cells():
    cells = cut_cells(lambda p: np.zeros(len(p), dtype=bool), np.zeros(3), np.ones(3), (3, 3, 3))
    assert cells.cells.shape == (0, 4)
    assert len(cells.points) == 0


def test_wedges_fill_a_tube_whatever_the_order_of_the_factors():
    ring = Disk((x, y)) - Disk((x, y), radius=0.5)
    for space, axis in ((ring * Interval(z, 0, 2), 2), (Interval(z, 0, 2) * ring, 0)):
        cells = spatial_cells(space, (9, 9, 9))
        assert cells.kind == "wedge"
        bottom, top = cells.points[cells.cells[:, :3]], cells.points[cells.cells[:, 3:]]
        heights = (top - bottom)[:, :, axis]
        np.testing.assert_allclose(heights, 0.25, atol=1e-14)
        flat = np.delete(bottom, axis, axis=2)
        edges = flat[:, 1:] - flat[:, :1]
        volume = 0.25 * 0.5 * np.abs(np.linalg.det(edges)).sum()
        assert volume == pytest.approx(1.5 * np.pi, rel=5e-3)


def test_lines_in_pieces_times_a_line_are_quadrilaterals():
    pieces = Interval(x, 0, 3) - Interval(x, 1, 2)
    cells = spatial_cells(Product(pieces, Interval(y, 0, 1)), (7, 3))
    assert cells.kind == "quad"
    corners = cells.points[cells.cells]
    u, v = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    areas = 0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    assert areas.min() > 0
    assert areas.sum() == pytest.approx(2)
    middles = corners.mean(axis=1)[:, 0]
    assert ((middles < 1) | (middles > 2)).all()


def test_polygons_are_filled_with_triangles():
    step = Rectangle((x, -1, 1), (y, -1, 1)) - Rectangle((x, 0, 2), (y, -2, 0))
    cells = spatial_cells(step, (21, 21))
    corners = cells.points[cells.cells]
    edges = corners[:, 1:] - corners[:, :1]
    areas = 0.5 * np.linalg.det(edges)
    assert areas.min() > 0
    assert areas.sum() == pytest.approx(3, rel=1e-12)
    for corner in ((0, 0), (1, 0), (0, -1), (-1, -1)):
        assert np.linalg.norm(cells.points - corner, axis=1).min() < 1e-12
