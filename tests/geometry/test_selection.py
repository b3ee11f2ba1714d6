"""What `on=` selects and what it refuses."""

import numpy as np
import pytest
import sympy
from sympy import And, Eq, Ne, Not, Or, pi

from kanpde.errors import InputError, ShapeError
from kanpde.geometry import Disk, Interval, Rectangle, Selection, TimeInterval

x, y, z, t = sympy.symbols("x y z t", real=True)
plate = Rectangle((x, -1, 1), (y, 0, pi)) * TimeInterval(t, 0, 1)
X0, X1, Y0, Y1 = plate.parts


def test_none_selects_the_whole_spatial_boundary():
    assert plate.resolve(None) == Selection((X0, X1, Y0, Y1), None, "the whole boundary")


@pytest.mark.parametrize(
    ("on", "parts"),
    [
        (Eq(x, -1), [X0]),
        (Eq(1, x), [X1]),
        (Eq(2 * x - 2, 0), [X1]),
        (Eq(y, pi), [Y1]),
        (Eq(y, float(np.pi)), [Y1]),
        (Eq(y, np.pi * (1 + 1e-14)), [Y1]),
        (Ne(x, 1), [X0, Y0, Y1]),
        (Not(Eq(x, 1)), [X0, Y0, Y1]),
        (And(Ne(x, 1), Ne(y, 0)), [X0, Y1]),
        ("x=-1", [X0]),
        (["x=1", Eq(y, 0)], [X1, Y0]),
        (plate.faces[1], [X1]),
        (plate.parts[Y0], [Y0]),
    ],
    ids=str,
)
def test_equations_and_names_select_whole_faces(on, parts):
    selection = plate.resolve(on)
    assert list(selection.parts) == parts
    assert selection.mask is None


def test_or_of_equations_selects_both_faces():
    assert set(plate.resolve(Or(Eq(x, 1), Eq(y, 0))).parts) == {X1, Y0}


def test_a_resolved_selection_resolves_to_itself():
    selection = plate.resolve(Eq(x, 1))
    assert plate.resolve(selection) is selection


def test_a_face_is_found_by_its_number_not_by_nearness():
    assert Interval(x, 0, 0.3).resolve(Eq(x, 0.1 + 0.2)).parts == ("x=0.3",)
    with pytest.raises(InputError, match="on: expected a face"):
        Interval(x, 0, 1).resolve(Eq(x, 1 + 1e-9))
    with pytest.raises(InputError, match="on: expected a face"):
        Interval(x, 0, 1).resolve(Eq(x, 1e-15))


def test_faces_closer_than_twelve_digits_have_names_of_their_own():
    assert len(Interval(x, 1, 1 + 1e-14).parts) == 2


def test_an_inequality_masks_the_whole_boundary(rng):
    selection = plate.resolve(x > sympy.Rational(1, 2))
    assert selection.parts == (X0, X1, Y0, Y1)
    points, _, weights, index = plate.boundary(100, part=selection, rng=rng)
    assert len(points) == 100
    assert (points[:, 0] > 0.5).all()
    assert set(index) == {1, 2, 3}
    assert weights.sum() == pytest.approx(np.pi + 2 * 0.5, rel=0.02)


def test_a_face_and_an_inequality_select_a_piece_of_the_face(rng):
    selection = plate.resolve(And(Eq(x, 1), y > 1, t < 0.5))
    assert selection.parts == (X1,)
    points, normals, weights, _ = plate.boundary(50, part=selection, rng=rng)
    assert (points[:, 0] == 1).all()
    assert (points[:, 1] > 1).all()
    assert (points[:, 2] < 0.5).all()
    assert (normals == [1, 0, 0]).all()
    assert weights.sum() == pytest.approx((np.pi - 1) / 2, rel=0.05)


def test_a_predicate_masks_by_points(rng):
    selection = plate.resolve(lambda p: p[:, 1] < 0.5)
    assert selection.description == "where <lambda>"
    points, *_ = plate.boundary(30, part=selection, rng=rng)
    assert (points[:, 1] < 0.5).all()
    assert len(points) == 30


def test_a_part_of_a_circle_is_selected_by_an_inequality(rng):
    disk = Disk((x, y), radius=2)
    points, _, weights, _ = disk.boundary(200, part=disk.resolve(y > 0), rng=rng)
    assert (points[:, 1] > 0).all()
    assert weights.sum() == pytest.approx(2 * np.pi, rel=0.02)


def test_one_end_of_an_interval_is_selected_by_an_inequality(rng):
    interval = Interval(x, -1, 1)
    points, _, _, index = interval.boundary(9, part=interval.resolve(x > 0), rng=rng)
    assert points.tolist() == [[1.0]]
    assert index.tolist() == [1]


def test_the_mask_of_a_selection_and_an_argument_both_apply(rng):
    points, *_ = plate.boundary(
        30, part=plate.resolve(x > 0), mask=lambda p: p[:, 2] > 0.5, rng=rng
    )
    assert (points[:, 0] > 0).all()
    assert (points[:, 2] > 0.5).all()


@pytest.mark.parametrize(
    ("on", "message"),
    [
        (Eq(x, 0), r"expected a face of the domain, got Eq\(x, 0\); the parts are x=-1, x=1, y=0"),
        (Ne(x, 5), r"expected a face of the domain"),
        (Eq(x, y), r"expected a face of the domain, got Eq\(x, y\)"),
        (Eq(x**2 + x, 2), r"expected a face of the domain"),
        (Eq(t, 0), r"data at the initial time are an Initial condition"),
        (Eq(t, 1), r"spatial boundary, got Eq\(t, 1\)"),
        (Eq(z, 0), r"expected coordinates among x, y, t in Eq\(z, 0\), got z"),
        (sympy.Symbol("x") < 0, r"another symbol of that name.*make x with kanpde.coordinates"),
        ("left", r"expected a boundary part, got 'left'; the parts are x=-1, x=1"),
        (["x=1", "left"], r"expected a boundary part, got 'left'"),
        ([], r"expected at least one part, got none"),
        (["x=1", x > 0], r"got an inequality among them; write one condition for each"),
        (Or(Eq(x, 1), y > 0), r"got an inequality among them"),
        (And(Eq(x, 1), Eq(y, 0)), r"expected relations that share a part"),
        (And(x > 0, Or(Eq(x, 1), y < 1)), r"expected Eq alone or directly inside And or Or"),
        (x == -1, r"got False; write sympy.Eq\(x, -1\), not x == -1"),
        (sympy.true, r"write sympy.Eq"),
        (3, r"expected a relation .* got int 3"),
        (sympy.sin(x), r"got sin"),
        (sympy.Interval, r"expected a relation"),
    ],
    ids=str,
)
def test_what_selects_nothing_is_refused_by_name(on, message):
    with pytest.raises(InputError, match=message):
        plate.resolve(on)


def test_a_predicate_with_a_wrong_answer_is_refused(rng):
    with pytest.raises(ShapeError, match=r"expected to return shape \(512,\).*got \(512, 3\)"):
        plate.boundary(10, part=plate.resolve(lambda p: p > 0), rng=rng)
    with pytest.raises(InputError, match="expected to return booleans, got float64"):
        plate.boundary(10, part=plate.resolve(lambda p: p[:, 0]), rng=rng)


def test_a_disk_lists_its_only_part():
    with pytest.raises(InputError, match="the parts are boundary"):
        Disk((x, y)).resolve(Eq(x, 1))


def test_unknown_parts_are_refused_when_points_are_drawn(rng):
    with pytest.raises(InputError, match="expected a boundary part, got 'north'"):
        plate.boundary(10, part="north", rng=rng)
