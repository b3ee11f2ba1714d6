"""What single shapes and simple cuts are called, measure and refuse."""

import json
from collections.abc import Callable
from typing import Any

import meshio
import numpy as np
import pytest
import sympy

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry import (
    Annulus,
    Ball,
    Box,
    Cone,
    Cylinder,
    Disk,
    Domain,
    Ellipse,
    Interval,
    Mesh,
    ParameterInterval,
    Polygon,
    Polyhedron,
    Rectangle,
    Sector,
    TimeInterval,
    Torus,
    Triangle,
    domain_from_record,
)
from kanpde.geometry.mesh._topology import check_closed

x, y, z, t, k = sympy.symbols("x y z t k", real=True)
SQUARE = Rectangle((x, 0, 1), (y, 0, 1))
CUBE = Box((x, 0, 1), (y, 0, 1), (z, 0, 1))
CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


def measures(domain: Domain) -> dict[str, float]:
    return {name: part.measure for name, part in domain.parts.items()}


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (SQUARE - Disk((x, y), (0.5, 0.5), 0.25, name="hole"),
         {"x=0": 1, "x=1": 1, "y=0": 1, "y=1": 1, "hole": np.pi / 2}),
        (SQUARE - Disk((x, y), (0, 0), 0.5),
         {"x=0": 0.5, "x=1": 1, "y=0": 0.5, "y=1": 1, "boundary": np.pi / 4}),
        (Disk((x, y)) | Disk((x, y), (1, 0)),
         {"boundary": 4 * np.pi / 3, "boundary2": 4 * np.pi / 3}),
        ((Disk((x, y)) | Disk((x, y), (3, 0))) | Disk((x, y), (6, 0)),
         {"boundary": 2 * np.pi, "boundary2": 2 * np.pi, "boundary3": 2 * np.pi}),
        (Triangle((x, y), (0, 0), (1, 0), (0, 1)) | Triangle((x, y), (3, 0), (4, 0), (3, 1)),
         {"edge1": 1, "edge2": 2**0.5, "edge3": 1, "edge1_2": 1, "edge2_2": 2**0.5, "edge3_2": 1}),
        # Faces on one plane are one part; what the cut takes away is none.
        (SQUARE | Rectangle((x, 1, 2), (y, 0, 2)), {"x=0": 1, "y=0": 2, "y=1": 1, "x=1": 1,
                                                   "x=2": 2, "y=2": 1}),
        (SQUARE - Rectangle((x, 0.5, 2), (y, -1, 2)),
         {"x=0": 1, "y=0": 0.5, "y=1": 0.5, "x=0.5": 1}),
        (SQUARE & Rectangle((x, -1, 2), (y, 0, 2)), {"x=0": 1, "x=1": 1, "y=0": 1, "y=1": 1}),
        (Interval(x, 0, 3) - Interval(x, 1, 2), {"x=0": 1, "x=3": 1, "x=1": 1, "x=2": 1}),
        (CUBE - Ball((x, y, z), 0.5, 0.25, name="bubble"),
         {"x=0": 1, "x=1": 1, "y=0": 1, "y=1": 1, "z=0": 1, "z=1": 1, "bubble": np.pi / 4}),
        (Annulus((x, y), inner=1, outer=2, name="pipe"),
         {"pipe:inner": 2 * np.pi, "pipe:outer": 4 * np.pi}),
        (Rectangle((x, 0, 2), (y, 0, 1), name="room"),
         {"room:x=0": 1, "room:x=2": 1, "room:y=0": 2, "room:y=1": 2}),
        (Polygon((x, y), [(0, 0), (2, 0), (2, 2), (0, 2)], names=["in", "wall", "out", "wall"]),
         {"in": 2, "wall": 4, "out": 2}),
        (Cone((x, y, z), radius=4, height=4, top_radius=1),
         {"side": 25 * np.pi, "bottom": 16 * np.pi, "top": np.pi}),
        (Polyhedron((x, y, z), CORNERS, FACES, names=["a", "a", "a", "b"]),
         {"a": 1.5, "b": 3**0.5 / 2}),
        (Cylinder((x, y, z), radius=2, height=1) * TimeInterval(t, 0, 3),
         {"side": 4 * np.pi, "bottom": 4 * np.pi, "top": 4 * np.pi}),
        (SQUARE.translate((1, 0)).scale(2), {"x=2": 2, "x=4": 2, "y=0": 2, "y=2": 2}),
        (SQUARE.rotate(1), {"x=0": 1, "x=1": 1, "y=0": 1, "y=1": 1}),
    ],
    ids=str,
)  # fmt: skip
def test_parts_have_their_names_and_measures(domain, expected):
    assert measures(domain) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("domain", "point", "distance"),
    [
        (SQUARE, (2, 2), 2**0.5),
        (SQUARE, (0.5, 0.25), -0.25),
        (Ellipse((x, y), radii=(2, 1)), (0, 0), -1),
        (Ellipse((x, y), radii=(2, 1)), (3, 0), 1),
        (Sector((x, y), radius=2, start=0, stop=np.pi / 2), (-3, -4), 5),
        (Triangle((x, y), (0, 0), (3, 0), (0, 4)), (1, 1), -1),
        (Annulus((x, y), inner=1, outer=2), (0, 0), 1),
        (Cylinder((x, y, z), radius=1, height=2, axis=x), (3, 1, 1), np.hypot(2, 2**0.5 - 1)),
        (Cone((x, y, z), radius=3, height=4), (0, 0, 5), 3),
        (Torus((x, y, z), radius=2, tube=0.5), (0, 0, 0), 1.5),
        (Polyhedron((x, y, z), CORNERS, FACES), (0.1, 0.2, 0.3), -0.1),
        # The edges that the cut took away count no more: the corner of the L is nearest.
        (Rectangle((x, 0, 2), (y, 0, 1)) | Rectangle((x, 0, 1), (y, 0, 2)), (0.5, 0.5), -0.5),
        (Rectangle((x, -2, 2), (y, -2, 1)) | Rectangle((x, -2, 1), (y, -2, 2)), (0.7, 0.6), -0.5),
        (Disk((x, y)) | Disk((x, y), (0.5, 0)), (0.25, 0), -((15 / 16) ** 0.5)),
        (Box((x, 0, 1), (y, 0, 1), (z, 0, 2)).rotate(np.pi / 2, axis=z), (-0.5, 0.5, 3), 1),
    ],
    ids=str,
)
def test_the_signed_distance_is_that_to_the_nearest_point(domain, point, distance):
    assert domain.signed_distance([point]) == pytest.approx(distance, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Disk((x, y)) & Disk((x, y), (3, 0)), "got an empty intersection"),
        (lambda: SQUARE & Rectangle((x, 1, 2), (y, 0, 1)), "got an empty intersection"),
        (lambda: CUBE & Ball((x, y, z), 3), "got an empty intersection"),
        (lambda: Disk((x, y)) - Disk((x, y), radius=2), "got an empty difference"),
        (lambda: Interval(x, 0, 1) - Interval(x, -1, 2), "got an empty difference"),
        (lambda: SQUARE - Ball((x, y, z)), r"same coordinates, got \(x, y\) and \(x, y, z\)"),
        (lambda: SQUARE | Disk((y, x)), "same symbols in the same order"),
        (lambda: SQUARE - 3, "expected kanpde domains, got builtins.int"),
        (lambda: SQUARE - TimeInterval(t, 0, 1), "expected spatial domains.*combine the shapes"),
        (lambda: SQUARE * TimeInterval(t, 0, 1) | SQUARE, "expected spatial domains"),
        (lambda: Interval(x, 0, 1) | ParameterInterval(k, 0, 1), "expected spatial domains"),
        (lambda: (SQUARE * TimeInterval(t, 0, 1)).translate((1, 1, 1)), "move the shape first"),
        (lambda: Polygon((x, y), [(0, 0), (1, 1), (1, 0), (0, 1)]), "do not cross or touch, got "
         r"Self-intersection\[0.5 0.5\]"),
        (lambda: Polygon((x, y), [(0, 0), (1, 1), (2, 2)]), "do not cross|expected an area"),
        (lambda: Polygon((x, y), [(0, 0), (1, 1)]), "three or more pairs of numbers"),
        (lambda: Polygon((x, y), [(0, 0), (1, 0), (1, 0), (0, 1)]), "the same one twice"),
        (lambda: Polygon((x, y), [(0, 0), (1, 0, 3), (0, 1)]), "expected 2 numbers, got 3"),
        (lambda: Polygon((x, y), [(0, 0), (1, 0), (0, 1)], [[(2, 2), (3, 2), (2, 3)]]),
         "Hole lies"),
        (lambda: Polygon((x, y), [(0, 0), (1, 0), (0, 1)], names=["a"]), "expected 3 names"),
        (lambda: Triangle((x, y), (0, 0), (0, 0), (1, 1)), "the same one twice"),
        (lambda: Ellipse((x, y), radii=(1, 0)), "two positive numbers"),
        (lambda: Annulus((x, y), inner=2, outer=1), "0 < inner < outer"),
        (lambda: Sector((x, y), start=1, stop=1), "angles start < stop"),
        (lambda: Sector((x, y), start=0, stop=2 * sympy.pi), "a full turn is a Disk"),
        (lambda: Ellipse((x, y, z)), "a tuple of two coordinates"),
        (lambda: Cylinder((x, y)), "a tuple of three coordinates"),
        (lambda: Cylinder((x, y, z), radius=0), "Cylinder radius: expected a positive"),
        (lambda: Cone((x, y, z), height=-1), "Cone height: expected a positive number"),
        (lambda: Cone((x, y, z), top_radius=-1), "expected 0 or a positive number"),
        (lambda: Cone((x, y, z), axis=(0, 0, 0)), "a vector that is not zero"),
        (lambda: Cone((x, y, z), axis=t), "expected one of x, y, z or a vector"),
        (lambda: Torus((x, y, z), radius=1, tube=1), "it would close the hole"),
        (lambda: Polyhedron((x, y, z), CORNERS, FACES[:3]), "four or more lists"),
        (lambda: Polyhedron((x, y, z), CORNERS, [*FACES[:3], (1, 3, 2)]), "inverted faces"),
        (lambda: Polyhedron((x, y, z), CORNERS, [f[::-1] for f in FACES]), "point outwards"),
        (lambda: Polyhedron((x, y, z), CORNERS, [*FACES[:3], (1, 2, 9)]), "numbers from 0 to 3"),
        (lambda: Polyhedron((x, y, z), [*CORNERS, (1, 1, 1)], [(0, 2, 4, 1), *FACES[1:]]),
         "face 1: expected vertices in one plane"),
        (lambda: Disk((x, y), name=""), "Disk name: expected a text"),
        (lambda: SQUARE.scale(0), "scale factor: expected a positive number"),
        (lambda: SQUARE.translate((1, 2, 3)), "translate offset: expected 2 numbers, got 3"),
        (lambda: SQUARE.rotate(1, axis=x), "expected none in the plane"),
        (lambda: CUBE.rotate(1), "rotate axis: expected one of x, y, z"),
        (lambda: Interval(x, 0, 1).rotate(1), "2 or 3 coordinates, got 1"),
        (lambda: CUBE.outline(), "expected a shape of two coordinates"),
        (lambda: SQUARE.outline(4), "whole number >= 8"),
        (lambda: (CUBE - Ball((x, y, z))).surface_triangles(0.1), "expected a single shape"),
        (lambda: TimeInterval(t, 0, 1).signed_distance([[0.5]]), "expected a spatial domain"),
        (lambda: (SQUARE - Disk((x, y), name="hole")).resolve("holl"),
         "got 'holl'; the parts are x=1, y=1, hole"),
    ],
)  # fmt: skip
def test_wrong_shapes_are_refused_with_the_reason(make: Callable[[], Any], message: str):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "sum"},
        {"operation": ["union"]},
        {"first": None},
        {"second": {"kind": "disk"}},
        {"extra": 1},
        {"second": Ball((x, y, z)).to_record()},
        {"second": Disk((x, y), (9, 9)).to_record(), "operation": "intersection"},
        {"second": Polygon((x, y), [(0, 0), (1, 0), (0, 1)]).to_record() | {"holes": None}},
        {"second": Triangle((x, y), (0, 0), (1, 0), (0, 1)).to_record() | {"vertices": [[0, 0]]}},
        {"second": Ellipse((x, y)).to_record() | {"radii": [1.0, "1"]}},
        {"second": SQUARE.rotate(1).to_record() | {"rotation": [[1.0, 0.0], [1.0, 1.0]]}},
        {"second": SQUARE.rotate(1).to_record() | {"factor": -1.0}},
        {"second": Disk((x, y), name="hole").to_record() | {"name": 3}},
    ],
    ids=lambda change: repr(change)[:60],
)
def test_damaged_descriptions_of_cuts_are_refused(change):
    data = (SQUARE - Disk((x, y))).to_record()
    with pytest.raises(RunDirectoryError, match="domain"):
        domain_from_record(data | change)


def test_a_description_nested_without_end_is_refused():
    data = SQUARE.to_record()
    for _ in range(3000):
        data = {"kind": "combination", "operation": "union", "first": data, "second": data}
    with pytest.raises(RunDirectoryError, match="nested too deeply"):
        domain_from_record(data)


def test_a_face_that_a_cut_left_is_found_by_its_equation():
    domain = (SQUARE - Disk((x, y), (0, 0), 0.5)) * TimeInterval(t, 0, 1)
    assert domain.resolve(sympy.Eq(x, 0)).parts == ("x=0",)
    assert domain.faces == ()  # no whole face: nothing there is imposed exactly
    with pytest.raises(InputError, match="expected a face of the domain"):
        SQUARE.rotate(1).resolve(sympy.Eq(x, 0))  # "x=0" lies elsewhere by now


def test_outlines_have_their_corners_and_holes_in_place():
    domain = Rectangle((x, 0, 4), (y, 0, 2)) - Disk((x, y), (4, 0), 1) - Disk((x, y), (1, 1), 0.5)
    outline = domain.outline(64)
    corners = {(round(a, 12), round(b, 12)) for a, b in outline.exterior.coords}
    assert {(0, 0), (3, 0), (4, 1), (4, 2), (0, 2)} <= corners
    assert len(outline.interiors) == 1
    assert len(outline.interiors[0].coords) == 65
    # 64 chords leave 1 - sin(a)/a = a²/6, a = pi/32, of a disk's area out.
    assert outline.area == pytest.approx(domain.measure, abs=np.pi * 0.5 * (np.pi / 32) ** 2 / 6)


def test_unions_of_touching_boxes_have_no_seam():
    domain = SQUARE | Rectangle((x, 1, 2), (y, 0, 1))
    seam = np.array([[1, 0.5], [1, 0], [1, 1], [1, 0.25]])
    assert domain.contains(seam).all()
    assert domain.signed_distance(seam).tolist() == [-0.5, 0, 0, -0.25]
    assert len(domain.outline().geoms if domain.outline().geom_type != "Polygon" else [1]) == 1
    solid = CUBE | Box((x, 1, 2), (y, 0, 1), (z, 0, 1))
    assert solid.contains(np.array([[1, 0.5, 0.5], [1, 0, 0.5]])).all()


def test_a_mesh_may_be_cut_too():
    mesh = Mesh((x, y), meshio.Mesh([[0, 0], [2, 0], [2, 2], [0, 2]],
                                    [("triangle", [[0, 1, 2], [0, 2, 3]])]))  # fmt: skip
    cut = mesh - Disk((x, y), (0, 0), 1)
    assert cut.measure == pytest.approx(4 - np.pi / 4, rel=1e-12)
    assert measures(cut) == pytest.approx({"boundary": 6, "boundary2": np.pi / 2}, rel=1e-12)


def test_gauss_points_of_a_cut_integrate_to_many_digits():
    domain = SQUARE - Disk((x, y), (0.5, 0.5), 0.2)
    points, weights = domain.interior(1024, sampler="gauss")
    # Integral of x²: of the square, less that of the disk by the parallel axis theorem.
    expected = 1 / 3 - np.pi * 0.2**2 * (0.25 + 0.2**2 / 4)
    assert weights @ points[:, 0] ** 2 == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    "domain",
    [
        CUBE,
        Ball((x, y, z), (1, 2, 3), 2),
        Cylinder((x, y, z), radius=1, height=2, axis=(1, 2, 3)),
        Cone((x, y, z), radius=1, height=2),
        Torus((x, y, z), radius=2, tube=0.5, axis=x),
        Polyhedron((x, y, z), CORNERS, FACES),
        CUBE.rotate(1, axis=(1, 1, 1)),
    ],
    ids=str,
)
def test_surface_triangles_close_up_about_the_volume(domain):
    points, triangles = domain.surface_triangles(0.05)
    # Chords of 0.05: a share (0.05 / r)² / 6 of the area across is left out, r >= 0.5.
    assert check_closed("surface", points, triangles) == pytest.approx(domain.measure, rel=5e-3)
    assert abs(domain.signed_distance(points)).max() < 1e-12


def test_moving_there_and_back_gives_the_same_points():
    shape = Ellipse((x, y), (1, 2), (2, 0.5)) - Disk((x, y), (1, 2), 0.25)
    there = shape.rotate(0.7, center=(3, 1)).translate((1, -2)).scale(2, center=(1, 1))
    back = there.scale(0.5, center=(1, 1)).translate((-1, 2)).rotate(-0.7, center=(3, 1))
    places = shape.lower + (shape.upper - shape.lower) * np.random.default_rng(0).random((100, 2))
    assert back.signed_distance(places) == pytest.approx(shape.signed_distance(places), abs=1e-12)
    assert there.measure == pytest.approx(4 * shape.measure, rel=1e-12)
    again = domain_from_record(json.loads(json.dumps(there.to_record())))
    assert again == there
    assert str(again) == str(there)
