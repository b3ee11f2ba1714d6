"""What a drawing of the boundary shows: bare stretches and corners where data disagree."""

import numpy as np
import pytest
from sympy import Eq, sin

from kanpde import (
    Ball,
    Cylinder,
    Dirichlet,
    Disk,
    Initial,
    InputError,
    Interval,
    Neumann,
    Problem,
    Rectangle,
    TimeInterval,
    coordinates,
    preflight,
    unknown,
)
from kanpde.problem.passes._faults import conflicts
from kanpde.solution._preflight import bare_points, missing_conditions

x, y, z, t = coordinates("x y z t")
U, W = unknown("u", x, y), unknown("w", x, y, t)
SQUARE = Rectangle((x, 0, 1), (y, 0, 2))
DISK = Disk((x, y), (1, 1), 2)
LAPLACE = {"laplace": U.diff(x, 2) + U.diff(y, 2)}
HEAT = {"heat": W.diff(t) - W.diff(x, 2) - W.diff(y, 2)}


def on_square(**conditions):
    return Problem(SQUARE, LAPLACE, conditions)


def test_corner_with_two_values_is_found():
    (found,) = conflicts(on_square(lid=Dirichlet(U, x, on=Eq(y, 2)), wall=Dirichlet(U, 0)))
    assert found.names == ("lid", "wall")
    np.testing.assert_allclose(found.point, [1, 2], atol=1e-3)
    assert found.gap == pytest.approx(1, abs=1e-3)
    (found,) = conflicts(
        on_square(lid=Dirichlet(U, x, on=Eq(y, 2)), right=Dirichlet(U, 0, on=Eq(x, 1)))
    )
    np.testing.assert_allclose([*found.point, found.gap], [1, 2, 1], atol=1e-12)


@pytest.mark.parametrize(
    "conditions",
    [
        {"lid": Dirichlet(U, x, on=Eq(y, 2)), "left": Dirichlet(U, 0, on=Eq(x, 0))},
        {"lid": Dirichlet(U, 1, on=Eq(y, 2)), "floor": Dirichlet(U, 0, on=Eq(y, 0))},
        {"lid": Dirichlet(U, 1, on=Eq(y, 2)), "left": Neumann(U, 0, on=Eq(x, 0))},
        {"lid": Dirichlet(U, 1 + 1e-9 * x, on=Eq(y, 2)), "wall": Dirichlet(U, 1)},
    ],
)
def test_data_that_agree_or_do_not_meet_are_no_conflict(conditions):
    assert conflicts(on_square(**conditions)) == []


def test_jump_of_the_data_along_one_part_is_found_where_it_is():
    halves = {"hot": Dirichlet(U, 3, on=x > 1.6), "cold": Dirichlet(U, 1, on=x <= 1.6)}
    (found,) = conflicts(Problem(DISK, LAPLACE, halves))
    assert found.gap == 2
    assert found.point[0] == pytest.approx(1.6, abs=1e-9)
    assert np.hypot(*(found.point - 1)) == pytest.approx(2)


def test_data_in_conflict_at_some_times_only_are_found():
    domain = SQUARE * TimeInterval(t, 0, 1)
    sides = {"lid": Dirichlet(W, t, on=Eq(y, 2)), "wall": Dirichlet(W, 0, on=Eq(x, 1))}
    (found,) = conflicts(Problem(domain, HEAT, {**sides, "start": Initial(W, 0)}))
    np.testing.assert_allclose([*found.point, found.gap], [1, 2, 1, 1], atol=1e-12)


def test_start_that_disagrees_with_the_wall_is_found():
    domain = DISK * TimeInterval(t, 0.5, 1)
    given = {"wall": Dirichlet(W, 0), "start": Initial(W, 1 + 0 * x)}
    (found,) = conflicts(Problem(domain, HEAT, given))
    assert (found.gap, found.point[2]) == (1, 0.5)
    assert "'wall' and 'start' prescribe values 1 apart at x = " in found.text((x, y, t))
    given["start"] = Initial(W, 4 - (x - 1) ** 2 - (y - 1) ** 2)
    assert conflicts(Problem(domain, HEAT, given)) == []


def test_preflight_names_a_conflict_once():
    sides = {
        "lid": Dirichlet(U, 1, on=Eq(y, 2)),
        "left": Dirichlet(U, 0, on=Eq(x, 0)),
        "right": Dirichlet(U, 0, on=Eq(x, 1)),
        "floor": Dirichlet(U, sin(x) * (1 - x), on=Eq(y, 0)),
    }
    report = preflight(on_square(**sides))
    pairs = [c.names for c in report["conflicts"]]
    assert pairs == [("lid", "left"), ("lid", "right")]
    for pair in pairs:
        assert sum(all(n in line for n in pair) for line in report["corners"]) == 1


def test_bare_piece_of_a_part_is_named_with_a_point():
    half = {"half": Dirichlet(U, 0, on=x > 1)}
    (line,) = missing_conditions(Problem(DISK, LAPLACE, half))
    assert "order 2 in x and has 0 of 2 conditions there: none on a piece of boundary" in line
    points = bare_points(Problem(DISK, LAPLACE, half))["u"]
    assert len(points) == 256
    assert (points[:, 0] <= 1).all()


def test_covered_boundary_is_not_bare():
    assert bare_points(Problem(DISK, LAPLACE, {"all": Dirichlet(U, 0)})) == {}


def test_transport_through_a_disk_needs_one_condition():
    inflow = Dirichlet(U, 1, on=lambda points: points[:, 0] < 1)
    equations = {"transport": U.diff(x)}
    (line,) = missing_conditions(Problem(DISK, equations, {}))
    assert "order 1 in x and has 0 of 1" in line
    assert missing_conditions(Problem(DISK, equations, {"in": inflow})) == []


def test_corners_of_a_channel_past_a_body_are_found():
    """The body's curve touches nothing, the sides meet in four corners, at two with a jump."""
    channel = Rectangle((x, 0, 2.2), (y, 0, 0.4)) - Disk((x, y), (0.2, 0.2), 0.05, name="body")
    given = {
        "inflow": Dirichlet(U, 1, on="x=0"),
        "walls": Dirichlet(U, 0, on=["y=0", "y=0.4"]),
        "body": Dirichlet(U, 3, on="body"),
    }
    problem = Problem(channel, LAPLACE, given)
    (found,) = conflicts(problem)
    places = sorted(map(tuple, [found.point, *found.others]))
    np.testing.assert_allclose(places, [[0, 0], [0, 0.4]], atol=1e-12)
    assert found.text((x, y)).endswith("and at 1 more corner")
    (line,) = missing_conditions(problem)
    assert line.endswith("none at x=2.2")


def test_two_conditions_on_one_part_with_other_values_disagree():
    twice = {"one": Dirichlet(U, 1, on="y=2"), "other": Dirichlet(U, x, on="y=2")}
    (found,) = conflicts(on_square(**twice))
    assert (found.names, found.gap, len(found.others)) == (("one", "other"), 1, 0)
    assert found.point[1] == 2


def test_edge_of_a_solid_with_two_values_is_found():
    pipe = Cylinder((x, y, z), radius=1, height=2) - Ball((x, y, z), radius=0.5)
    u = unknown("u", x, y, z)
    given = {
        "side": Dirichlet(u, z, on="side"),
        "top": Dirichlet(u, 1, on="top"),
        "bottom": Dirichlet(u, 1, on="bottom"),
        "ball": Dirichlet(u, 7, on="boundary"),
    }
    equations = {"laplace": u.diff(x, 2) + u.diff(y, 2) + u.diff(z, 2)}
    (found,) = conflicts(Problem(pipe, equations, given))
    assert found.names == ("side", "bottom"), "at the top they agree, the ball touches nothing"
    assert found.gap == pytest.approx(2, abs=0.1)
    np.testing.assert_allclose([np.hypot(*found.point[:2]), found.point[2]], [1, -1], atol=0.1)


def test_interval_has_no_corners():
    w = unknown("w", x)
    ends = {"a": Dirichlet(w, 0, on=Eq(x, 0)), "b": Dirichlet(w, 1, on=Eq(x, 1))}
    assert conflicts(Problem(Interval(x, 0, 1), {"ode": w.diff(x, 2)}, ends)) == []


def test_predicate_that_answers_wrongly_is_refused():
    odd = {"odd": Dirichlet(U, 0, on=lambda points: points), "all": Dirichlet(U, 0)}
    with pytest.raises(InputError, match="the predicate is expected to return"):
        conflicts(Problem(SQUARE, LAPLACE, odd))
