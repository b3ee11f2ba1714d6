"""Unknown constants: found within the noise, with intervals that mean what they say."""

from pathlib import Path

import numpy as np
import pytest
from sympy import Eq, Symbol

import kanpde
from kanpde import Constant, Dirichlet, Interval, PointData, Problem, coordinates, solve, unknown
from kanpde.cli._problem_file import load_problem

FILE = Path(__file__).parents[1] / "problems" / "heat_inverse.py"
TRUTH = 0.1
QUICK = {"hidden": (6, 6), "interior": 300, "threads": 1, "steps": 14}


@pytest.mark.parametrize("draw", [0, 1])
def test_diffusivity_is_found_within_one_percent_and_its_interval(draw):
    problem, _ = load_problem(str(FILE), [f"draw={draw}"])
    solution = solve(problem, **QUICK)
    found = solution.identified["D"]
    assert abs(found["value"] / TRUTH - 1) < 0.01
    assert found["low"] <= TRUTH <= found["high"]
    # The Cramer-Rao bound is 0.083 % (see the problem file); 95 % is four of it wide.
    width = (found["high"] - found["low"]) / TRUTH
    assert 0.5 * 4 * 0.00083 < width < 2 * 4 * 0.00083
    assert solution.constants["D"] == found["value"]


def decay(values, *, points=None, **constant):
    x = coordinates("x")
    u = unknown("u", x)
    k = Symbol("k", real=True)
    points = np.linspace(0.1, 2, len(values))[:, None] if points is None else points
    return Problem(
        Interval(x, 0, 2),
        {"ode": u.diff(x) + k * u},
        {"start": Dirichlet(u, 1, on=Eq(x, 0)), "data": PointData(u, points, values)},
        constants={k: Constant(**{"start": 1.0, **constant})},
    )


def test_interval_is_that_of_linear_regression_theory():
    """For u = exp(-k x) with exact start, var k = noise^2 / sum (x exp(-k x))^2."""
    rng = np.random.default_rng(1)
    points, noise, k = np.linspace(0.1, 2, 40), 0.01, 1.3
    values = np.exp(-k * points) + noise * rng.standard_normal(40)
    solution = solve(decay(values), hidden=(5,), interior=64, threads=1, steps=30)
    found = solution.identified["k"]
    spread = noise / np.sqrt(np.sum((points * np.exp(-k * points)) ** 2))
    width = (found["high"] - found["low"]) / 2
    # 2.02 is Student's t for 39 degrees of freedom; the noise is estimated, +- 25 % in 40 values.
    assert 0.7 < width / (2.02 * spread) < 1.3
    assert abs(found["value"] - k) < 3.5 * spread


def test_exact_data_give_the_constant_and_a_narrow_interval():
    points = np.linspace(0.1, 2, 20)
    solution = solve(decay(np.exp(-1.3 * points)), hidden=(5,), interior=64, threads=1, steps=40)
    found = solution.identified["k"]
    assert found["value"] == pytest.approx(1.3, abs=1e-4)
    assert found["high"] - found["low"] < 1e-3


def test_interval_stays_within_the_bounds():
    values = np.exp(-1.3 * np.linspace(0.1, 2, 8)) + 0.05 * np.cos(9 * np.arange(8))
    solution = solve(
        decay(values, bounds=(1.2, 1.25), start=1.22),
        hidden=(4,),
        interior=32,
        threads=1,
        steps=10,
    )
    found = solution.identified["k"]
    assert 1.2 <= found["low"] <= found["value"] <= found["high"] <= 1.25


def test_constant_without_measurements_has_no_interval():
    x = coordinates("x")
    u = unknown("u", x)
    k = Symbol("k", real=True)
    ends = {
        "left": Dirichlet(u, 1, on=Eq(x, 0)),
        "right": Dirichlet(u, 0.5, on=Eq(x, 1)),
    }
    problem = Problem(
        Interval(x, 0, 1), {"ode": u.diff(x) + k * u}, ends, constants={k: Constant(1.0)}
    )
    found = solve(problem, hidden=(4,), interior=32, threads=1, steps=20).identified["k"]
    assert found["value"] == pytest.approx(np.log(2), abs=1e-3)
    assert (found["low"], found["high"]) == (None, None)


def test_forward_problem_identifies_nothing():
    x = coordinates("x")
    u = unknown("u", x)
    problem = Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2)}, {"ends": Dirichlet(u, 0)})
    assert solve(problem, steps=2).identified == {}
    assert kanpde.solve(problem, steps=0).constants == {}
