"""What every condition means at a point, and what it refuses."""

import numpy as np
import pytest
import sympy

from kanpde import (
    Constraint,
    Dirichlet,
    Initial,
    InputError,
    Interface,
    Interval,
    MeanValue,
    Neumann,
    Operator,
    Periodic,
    PointData,
    Robin,
    coordinates,
    unknown,
)
from kanpde.errors import ShapeError
from kanpde.problem.conditions._base import Condition, normal, normal_derivative, outward
from kanpde.problem.conditions._point_data import DATA

x, y, t = coordinates("x y t")
u = unknown("u", x, y, t)
FLUX = normal(x) * u.diff(x) + normal(y) * u.diff(y)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Dirichlet(u, x), u - x),
        (Neumann(u, y), FLUX - y),
        (Robin(u, 2, x, 3), 2 * u + x * FLUX - 3),
        (Initial(u, x), u - x),
        (Initial(u.diff(t), x), u.diff(t) - x),
        (Initial(u.diff(t, 2), 1), u.diff(t, 2) - 1),
        (MeanValue(u, 4), u - 4),
        (PointData(u, [[0, 0, 0]], 1), u - DATA),
    ],
)
def test_operator_vanishes_where_the_condition_holds(condition, expected):
    assert sympy.expand(condition.operator((x, y)) - expected) == 0
    assert condition.unknown == u


def test_normal_derivative_leaves_time_out():
    assert normal_derivative(u, (x, y)) == FLUX
    assert not normal_derivative(u, (x, y)).has(normal(t))


def test_initial_knows_the_order_and_the_variable_of_its_derivative():
    orders = [Initial(target).order for target in (u, u.diff(t), u.diff(t, 2))]
    assert orders == [0, 1, 2]
    assert Initial(u).time is None
    assert Initial(u.diff(t)).time == t


@pytest.mark.parametrize("make", [Dirichlet, Neumann, Initial, MeanValue])
@pytest.mark.parametrize("value", [x, "u", 3, None, sympy.Function("u")])
def test_condition_on_what_is_no_unknown_is_refused(make, value):
    with pytest.raises(InputError, match=r"expected an unknown such as unknown\('u', x, t\), got"):
        make(value)


@pytest.mark.parametrize("make", [Dirichlet, Neumann, Initial, MeanValue])
@pytest.mark.parametrize("value", ["sin(x)", None, lambda p: p, sympy.true, [1.0]])
def test_value_of_the_wrong_kind_is_refused(make, value):
    with pytest.raises(InputError, match="value: expected a number or a sympy expression, got"):
        make(u, value)


@pytest.mark.parametrize("part", ["a", "b", "value"])
def test_robin_names_the_part_that_is_wrong(part):
    arguments = {"a": 1, "b": 1, "value": 0, part: "x"}
    with pytest.raises(InputError, match=f"Robin {part}: expected a number"):
        Robin(u, **arguments)


def test_mixed_initial_derivative_is_refused():
    with pytest.raises(InputError, match=r"Initial: expected u or u.diff\(t, k\)"):
        Initial(u.diff(t, x), 0)


def test_periodic_in_a_foreign_coordinate_is_refused():
    with pytest.raises(InputError, match="Periodic: expected a coordinate of u"):
        Periodic(u, sympy.Symbol("z"))


def test_mean_value_must_be_a_number():
    with pytest.raises(InputError, match="MeanValue value: expected a number, got x"):
        MeanValue(u, x)


def test_one_point_and_one_value_are_enough_for_a_pin():
    pin = PointData(u, [0.1, 0.2, 0.3], 5)
    assert pin.points.tolist() == [[0.1, 0.2, 0.3]]
    assert pin.values.tolist() == [5.0]


@pytest.mark.parametrize("points", [[[0.0, 1.0]], [1.0, 2.0], np.zeros((2, 3, 1)), 1.0])
def test_points_of_the_wrong_shape_say_the_right_one(points):
    with pytest.raises(ShapeError, match=r"PointData points: expected shape \(N, 3\), got"):
        PointData(u, points, 0)


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [[1.0], [2.0]]])
def test_values_of_the_wrong_shape_say_the_right_one(values):
    with pytest.raises(ShapeError, match=r"PointData values: expected shape \(2,\), got"):
        PointData(u, np.zeros((2, 3)), values)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_that_are_not_finite_are_refused(bad):
    with pytest.raises(InputError, match="PointData: expected finite numbers"):
        PointData(u, np.zeros((1, 3)), bad)
    with pytest.raises(InputError, match="PointData: expected finite numbers"):
        PointData(u, [[bad, 0, 0]], 0)


@pytest.mark.parametrize("points", [[["a", "b", "c"]], [[1, 2, 3], [1]]])
def test_data_that_are_no_numbers_are_refused(points):
    with pytest.raises(InputError, match="PointData points: expected numbers"):
        PointData(u, points, 0)


def test_data_are_copied():
    points = np.zeros((1, 3))
    pin = PointData(u, points, np.ones(1))
    points += 1
    assert pin.points.tolist() == [[0.0, 0.0, 0.0]]


PIN = PointData(u, [[0, 0, 0]], 1)
TWO = PointData(u, [[0, 0, 0], [1, 0, 0]], [1, 2])
JUMP = Interface(u, sympy.Eq(x, 0.5), flux=u.diff(x))
BALANCE = Constraint(sympy.Integral(u, (x, 0, 1), (y, 0, 1), (t, 0, 1)))


@pytest.mark.parametrize(
    ("condition", "where", "order", "prescribed", "pins", "holds"),
    [
        (Dirichlet(u, x), "boundary", 0, x, True, True),
        (Neumann(u, x), "boundary", 1, x, False, False),
        (Robin(u, 2, 1, x), "boundary", 1, None, True, True),
        (Robin(u, 0, 1, x), "boundary", 1, None, False, False),
        (Operator(u.diff(x) * normal(x)), "boundary", 1, None, False, False),
        (Operator(u - u.diff(x, 2)), "boundary", 2, None, True, True),
        (Initial(u, x), "initial", 0, x, True, True),
        (Initial(u.diff(t), x), "initial", 1, x, False, True),
        (Periodic(u, x), "pair", 0, None, False, False),
        (JUMP, "interface", 1, None, False, False),
        (MeanValue(u, 3), "mean", 0, None, True, False),
        (BALANCE, "number", 0, None, True, True),
        (PIN, "points", 0, None, True, False),
        (TWO, "points", 0, None, True, True),
        (PointData(u.diff(x), [[0, 0, 0]], 1), "points", 1, None, False, False),
    ],
)
def test_condition_says_where_it_holds_and_what_it_fixes(
    condition, where, order, prescribed, pins, holds
):
    assert (condition.where, condition.order) == (where, order)
    assert condition.prescribed == prescribed
    assert condition.prescribes(where, order) is (prescribed is not None)
    assert (condition.pins(u), condition.holds(u)) == (pins, holds)
    other = unknown("v", x, y, t)
    assert not condition.pins(other)
    assert not condition.holds(other)


def test_form_is_two_factors_and_the_right_hand_side():
    assert Dirichlet(u, x).form == (1, 0, x)
    assert Neumann(u, x).form == (0, 1, x)
    assert Robin(u, 2, y, x).form == (2, y, x)
    assert Operator(u - x).form is None


def test_only_seams_and_interfaces_are_places_inside_the_trial():
    assert [c.seam for c in (Periodic(u, x), JUMP, TWO)] == [x, None, None]
    assert [c.cut for c in (Periodic(u, x), JUMP, TWO)] == [None, (x, 0.5), None]
    assert [c.measured for c in (PIN, TWO, Dirichlet(u))] == [False, True, False]


def test_rows_are_named_after_the_condition():
    orders = {x: 2, y: 2, t: 1}
    assert Periodic(u, x).rows("ring", (x, y), orders) == [("ring", u), ("ring", u.diff(x))]
    assert [n for n, _ in JUMP.rows("plane", (x, y), orders)] == ["plane", "plane flux"]
    assert Neumann(u, 1).rows("wall", (x, y), orders) == [("wall", FLUX - 1)]


def test_outward_normal_of_a_face_points_away_from_the_middle():
    faces = Interval(x, -1, 2).faces
    assert [np.sign(f.value - 0.5) for f in faces] == [outward(f.side) for f in faces]


def test_base_has_no_operator():
    with pytest.raises(TypeError, match="condition: has no pointwise operator"):
        Condition().operator((x,))
    with pytest.raises(TypeError, match="condition: holds no measurements"):
        Condition().measurements()
