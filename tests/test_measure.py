"""Errors with the truth, and the error predicted without it."""

import math

import numpy as np
import pytest
import sympy
import torch

from kanpde import (
    Dirichlet,
    Initial,
    Interval,
    MeanValue,
    Neumann,
    PointData,
    Problem,
    Rectangle,
    Robin,
    Settings,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)
from kanpde.basis import Chebyshev
from kanpde.nets import KAN
from kanpde.problem.passes._gauge import drifting_unknowns, floating_unknowns
from kanpde.residual._measure import Evaluation, Level, predicted_errors, relative_l2
from kanpde.solvers._plan import make_plan


def test_relative_l2_is_the_norm_of_the_gap_over_the_norm_of_the_truth(rng):
    truth, gap = rng.standard_normal((50, 3)), 1e-3 * rng.standard_normal((50, 3))
    expected = [np.linalg.norm(gap[:, k]) / np.linalg.norm(truth[:, k]) for k in range(3)]
    assert relative_l2(truth + gap, truth) == pytest.approx(expected, rel=1e-10)


def test_error_against_a_zero_truth_is_absolute():
    assert relative_l2(np.full((4, 1), 0.5), np.zeros((4, 1))).tolist() == [1.0]


def unpinned(load_problem):
    whole = load_problem("kovasznay")
    kept = {n: c for n, c in whole.conditions.items() if not isinstance(c, PointData)}
    assert len(kept) == len(whole.conditions) - 1
    equations = {n: e.expression for n, e in whole.equations.items()}
    return Problem(whole.domain, equations, kept, exact=whole.exact)


def test_pressure_floats_only_without_its_pin(load_problem):
    assert floating_unknowns(load_problem("kovasznay")) == [False, False, False]
    assert floating_unknowns(unpinned(load_problem)) == [False, False, True]


@pytest.mark.parametrize(
    ("pins", "floats"),
    [
        ([], True),
        ([lambda u, x: Neumann(u, 0)], True),
        ([lambda u, x: Neumann(u, 0), lambda u, x: MeanValue(u, 0)], False),
        ([lambda u, x: Dirichlet(u, 0)], False),
        ([lambda u, x: Robin(u, 1, 1)], False),
        ([lambda u, x: PointData(u, [0.5, 0.5], 0)], False),
    ],
)
def test_neumann_problem_floats_until_something_pins_it(pins, floats):
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    conditions = {str(k): pin(u, x) for k, pin in enumerate(pins)}
    problem = Problem(Rectangle((x, 0, 1), (y, 0, 1)), {"e": laplacian(u, x, y)}, conditions)
    assert floating_unknowns(problem) == [floats]


def test_value_in_an_equation_pins_it():
    x = coordinates("x")
    u = unknown("u", x)
    problem = Problem(Interval(x, 0, 1), {"e": u.diff(x, 2) - u}, {"ends": Neumann(u, 0)})
    assert floating_unknowns(problem) == [False]


@pytest.mark.parametrize(("order", "floats"), [(0, False), (1, True)])
def test_only_the_value_at_the_start_pins(order, floats):
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    domain = Interval(x, 0, 1) * TimeInterval(t, 0, 1)
    target = u.diff(t, order) if order else u
    conditions = {"walls": Neumann(u, 0), "start": Initial(target, 0)}
    problem = Problem(domain, {"wave": u.diff(t, 2) - u.diff(x, 2)}, conditions)
    assert floating_unknowns(problem) == [floats]


def trial_for(problem):
    plan = make_plan(problem, Settings())
    net = KAN([plan.frame.inputs, 3, plan.outputs], basis=Chebyshev(3)).double()
    return plan.trial(net)


def test_constant_of_a_floating_pressure_is_no_error(load_problem):
    problem = unpinned(load_problem)
    evaluation, trial = Evaluation(problem), trial_for(problem)
    before = evaluation.errors(trial)
    bias = [p for p in trial.network.parameters() if p.shape == (1, 3)][-1]
    with torch.no_grad():
        bias[0, 2] += 7.0
    after = evaluation.errors(trial)
    assert after["p"]["relative_l2"] == pytest.approx(before["p"]["relative_l2"], rel=1e-10)
    with torch.no_grad():
        bias[0, 0] += 7.0
    assert evaluation.errors(trial)["u"]["relative_l2"] != pytest.approx(
        before["u"]["relative_l2"], rel=1e-3
    )


def test_errors_are_those_at_points_of_the_judge(load_problem):
    problem = load_problem("heat")
    evaluation, trial = Evaluation(problem), trial_for(problem)
    truth = problem.truth(evaluation.points)
    values = trial(torch.as_tensor(evaluation.points)).detach().numpy()
    found = evaluation.errors(trial)["u"]
    assert found["relative_l2"] == pytest.approx(
        np.linalg.norm(values - truth) / np.linalg.norm(truth), rel=1e-10
    )
    assert found["max"] == pytest.approx(np.abs(values - truth).max(), rel=1e-10)
    assert found["points"] == len(evaluation.points) == 4000
    assert evaluation.worst(trial) == pytest.approx(found["relative_l2"])


def test_evaluation_points_repeat_with_the_seed(load_problem):
    problem = load_problem("heat")
    one, two, three = (Evaluation(problem, seed=s).points for s in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)


def test_without_the_truth_there_are_no_errors():
    x = coordinates("x")
    u = unknown("u", x)
    problem = Problem(Interval(x, 0, 1), {"e": u.diff(x) - 1}, {"left": Dirichlet(u, 0)})
    evaluation, trial = Evaluation(problem), trial_for(problem)
    assert evaluation.truth is None
    assert evaluation.errors(trial) == {}
    assert evaluation.worst(trial) is None


def levels_of(rng, errors, rate=1.0):
    """States whose error is proportional to the residual, in random directions."""
    truth = rng.standard_normal((400, 2))
    result = []
    for error in errors:
        noise = rng.standard_normal((400, 2))
        values = truth * (1 + 0) + error * noise
        result.append(Level(rate * error**2, values))
    return truth, result


@pytest.mark.parametrize("last", [1e-3, 1e-6, 1e-9])
def test_predicted_error_is_within_a_factor_three(last, rng):
    truth, levels = levels_of(rng, [100 * last, 30 * last, 10 * last, 4 * last, last])
    found = predicted_errors(levels[:-1], levels[-1])
    true = relative_l2(levels[-1].values, truth)
    for guess, error in zip(found, true, strict=True):
        assert error / 3 <= guess <= 3 * error


def test_predicted_error_ignores_levels_that_are_not_finite(rng):
    _, levels = levels_of(rng, [1e-2, 3e-3, 1e-3])
    broken = Level(math.nan, np.full((400, 2), np.nan))
    diverged = Level(math.inf, np.full((400, 2), np.inf))
    found = predicted_errors([broken, diverged, *levels[:-1]], levels[-1])
    assert found == pytest.approx(predicted_errors(levels[:-1], levels[-1]))


def test_no_earlier_level_gives_no_prediction(rng):
    _, (level,) = levels_of(rng, [1e-3])
    assert predicted_errors([], level) is None


def test_prediction_is_never_zero(rng):
    _, (first, last) = levels_of(rng, [1e-3, 1e-3])
    exact = Level(0.0, last.values)
    assert min(predicted_errors([first], exact)) > 0


def test_a_pressure_free_in_time_is_judged_without_its_mean_at_every_time() -> None:
    x, t = coordinates("x t")
    u, p = unknown("u", x, t), unknown("p", x, t)
    domain = Interval(x, 0, 1) * TimeInterval(t, 0, 1)
    equations = {"momentum": u.diff(t) + p.diff(x), "continuity": u.diff(x)}
    start = {"start": Initial(u, 0), "left": Dirichlet(u, 0, on=sympy.Eq(x, 0))}
    exact = {u: sympy.Integer(0), p: x + sympy.sin(5 * t)}
    free = Problem(domain, equations, start, exact=exact)
    assert drifting_unknowns(free) == [False, True]
    assert drifting_unknowns(Problem(domain, equations, {**start, "outlet": Dirichlet(p, 0)})) == [
        False,
        False,
    ]
    truth = Evaluation(free).truth
    assert truth is not None
    # what is left of x + sin 5t is x - 1/2, up to the noise of 4000 scattered points
    rest = truth[:, 1] - (Evaluation(free).points[:, 0] - 0.5)
    assert abs(rest).max() < 0.1
