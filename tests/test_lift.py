"""Corners where initial and boundary data disagree: heat solutions in g."""

import numpy as np
import pytest
import torch
from scipy.special import erfc
from sympy import Eq, Integer, cos, pi, sin

import kanpde
from kanpde import (
    Dirichlet,
    Initial,
    Interval,
    Neumann,
    Problem,
    Settings,
    TimeInterval,
    coordinates,
    unknown,
)
from kanpde.pde import derivative, lower
from kanpde.trial.exact._lift import corner_lift

KAPPA = 0.05


def heat(start, conditions, *, kappa=KAPPA, source=0):
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        equations={"heat": u.diff(t) - kappa * u.diff(x, 2) - source},
        conditions={"start": Initial(u, start(x)), **conditions(u, x, t)},
    )


def ends(kind, left, right):
    return lambda u, x, t: {
        "left": kind(u, left, on=Eq(x, 0)),
        "right": kind(u, right, on=Eq(x, 1)),
    }


def evaluated(expression, problem, points):
    (values,) = lower([expression], problem.coordinates, where="test")(
        *torch.as_tensor(points).unbind(1)
    )
    return values.numpy()


@pytest.mark.parametrize("kind", [Dirichlet, Neumann])
def test_lift_solves_the_heat_equation_from_zero(kind):
    problem = heat(lambda x: Integer(0), ends(kind, 0, 2))
    x, t = problem.coordinates
    lift = corner_lift(problem, 0)
    assert lift.corners == {"right": 2.0}
    points = np.random.default_rng(0).random((50, 2))
    defect = derivative(lift.value, (x, t), (0, 1)) - KAPPA * derivative(lift.value, (x, t), (2, 0))
    assert np.abs(evaluated(defect, problem, points)).max() < 1e-10
    points[:, 1] = 0.0
    assert np.abs(evaluated(lift.value, problem, points)).max() < 1e-14
    points[:, 0], points[:, 1] = 1.0, np.linspace(0.1, 1, 50)
    order = int(kind is Neumann)
    wall = evaluated(derivative(lift.value, (x, t), (order, 0)), problem, points)
    assert np.abs(wall - 2.0).max() < 1e-12


@pytest.mark.parametrize("start", [0, 1, 250])
def test_lift_is_finite_at_the_corner_itself(start):
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    problem = Problem(
        domain=Interval(x, 0, 1) * TimeInterval(t, start, start + 1),
        equations={"heat": u.diff(t) - u.diff(x, 2)},
        conditions={"start": Initial(u, 0), "walls": Dirichlet(u, 1)},
    )
    corner = np.array([[1.0, start], [0.5, start]])
    assert evaluated(corner_lift(problem, 0).value, problem, corner) == pytest.approx([1.0, 0.0])


def test_data_that_agree_are_not_lifted():
    assert corner_lift(heat(lambda x: sin(pi * x), ends(Dirichlet, 0, 0)), 0) is None
    assert corner_lift(heat(lambda x: cos(pi * x), ends(Neumann, 0, 0)), 0) is None


@pytest.mark.parametrize("break_it", ["wave", "diffusivity", "two dimensions"])
def test_only_what_the_heat_solution_fits_is_lifted(break_it):
    x, y, t = coordinates("x y t")
    if break_it == "two dimensions":
        from kanpde import Box

        u = unknown("u", x, y, t)
        problem = Problem(
            domain=Box((x, 0, 1), (y, 0, 1)) * TimeInterval(t, 0, 1),
            equations={"heat": u.diff(t) - u.diff(x, 2) - u.diff(y, 2)},
            conditions={"start": Initial(u, 1), "walls": Dirichlet(u, 0)},
        )
    else:
        u = unknown("u", x, t)
        left = u.diff(t, 2) if break_it == "wave" else u.diff(t)
        factor = 1 + x if break_it == "diffusivity" else 1
        conditions = {"start": Initial(u, 1), "walls": Dirichlet(u, 0)}
        if break_it == "wave":
            conditions["velocity"] = Initial(u.diff(t), 0)
        problem = Problem(
            domain=Interval(x, 0, 1) * TimeInterval(t, 0, 1),
            equations={"equation": left - factor * u.diff(x, 2)},
            conditions=conditions,
        )
    assert corner_lift(problem, 0) is None


def test_sudden_wall_is_solved_to_round_off_with_the_lift_and_badly_without():
    problem = heat(lambda x: Integer(0), ends(Dirichlet, 0, 1), kappa=0.002)
    points = np.random.default_rng(1).random((400, 2))
    # for this small diffusivity the far wall is out of reach: one erfc is the solution
    with np.errstate(divide="ignore"):
        truth = erfc((1 - points[:, 0]) / np.sqrt(4 * 0.002 * points[:, 1]))
    lifted = kanpde.solve(problem, steps=4)
    assert lifted.summary["lifted"] == {"right": 1.0}
    assert set(lifted.summary["imposed"].values()) == {"exact"}
    assert np.abs(lifted(points)[:, 0] - truth).max() < 1e-12
    plain = kanpde.solve(problem, steps=4, lift=False)
    assert plain.summary["lifted"] == {}
    assert np.abs(plain(points)[:, 0] - truth).max() > 1e-3


def test_lifted_solution_survives_saving(tmp_path):
    problem = heat(lambda x: x**2, ends(Neumann, 0, 0), source=1)
    solution = kanpde.solve(problem, steps=4)
    solution.save(tmp_path / "run")
    points = np.random.default_rng(1).random((100, 2))
    assert np.array_equal(kanpde.load(tmp_path / "run")(points), solution(points))
    assert Settings().lift
