"""What every condition means at a point, and what it refuses."""

import numpy as np
import pytest
import sympy

from kanpde import (
    Dirichlet,
    Initial,
    InputError,
    MeanValue,
    Neumann,
    Periodic,
    PointData,
    Robin,
    coordinates,
    unknown,
)
from kanpde.errors import ShapeError
from kanpde.problem.conditions._base import Condition, normal, normal_derivative
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


def test_base_has_no_operator():
    with pytest.raises(TypeError, match="condition: has no pointwise operator"):
        Condition().operator((x,))
