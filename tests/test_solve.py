"""The door `solve` and the solution that comes out of it."""

import random
import time

import numpy as np
import pytest
import torch
from sympy import Eq, exp, pi, sin

import kanpde
from kanpde import (
    Dirichlet,
    Initial,
    InputError,
    Interval,
    Problem,
    TimeInterval,
    coordinates,
    solve,
    unknown,
)
from kanpde.errors import ShapeError

SMALL = {"hidden": (4, 4), "interior": 64, "threads": 1}
x, t = coordinates("x t")
U = unknown("u", x)
W = unknown("w", x, t)


def ode(**truth):
    exact = sin(pi * x) * exp(x / 2)
    source = exact.diff(x, 2) - exact**3
    return Problem(
        Interval(x, 0, 1),
        {"ode": U.diff(x, 2) - U**3 - source},
        {"ends": Dirichlet(U, 0)},
        **truth,
    )


def rod():
    return Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"heat": W.diff(t) - W.diff(x, 2) / 9 + W**2 / 10},
        {"start": Initial(W, sin(pi * x)), "ends": Dirichlet(W, 0)},
    )


@pytest.fixture(scope="module")
def solution():
    return solve(rod(), **SMALL, steps=4)


# Calling a solution ------------------------------------------------------------------------


def test_numpy_gives_numpy_and_torch_gives_torch(solution, rng):
    points = rng.uniform(size=(30, 2))
    values = solution(points)
    assert isinstance(values, np.ndarray)
    assert (values.shape, values.dtype) == ((30, 1), np.float64)
    tensor = solution(torch.from_numpy(points))
    assert isinstance(tensor, torch.Tensor)
    # The same arithmetic in one piece or in several.
    np.testing.assert_allclose(tensor.detach().numpy(), values, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(solution(points.tolist()), values)


def test_solution_is_differentiable_in_the_points(solution):
    points = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(solution, points.requires_grad_(True))
    assert torch.autograd.gradgradcheck(solution, points)


def test_derivative_by_autograd_is_the_evaluated_one(solution, rng):
    points = torch.from_numpy(rng.uniform(size=(20, 2))).requires_grad_(True)
    (slope,) = torch.autograd.grad(solution(points).sum(), points)
    known = solution.evaluate(W.diff(t), points)
    np.testing.assert_allclose(known, slope[:, 1].numpy(), atol=1e-12)


@pytest.mark.parametrize(
    ("points", "came"),
    [
        (np.zeros(2), r"\(2,\)"),
        (np.zeros((3, 1)), r"\(3, 1\)"),
        (np.zeros((3, 3)), r"\(3, 3\)"),
        (np.zeros((1, 3, 2)), r"\(1, 3, 2\)"),
        (torch.zeros(3), r"\(3,\)"),
        (0.5, r"\(\)"),
    ],
)
def test_other_shapes_are_refused_with_the_one_expected(solution, points, came):
    match = rf"points: expected shape \(N, 2\), got {came}"
    with pytest.raises(ShapeError, match=match):
        solution(points)
    if not isinstance(points, torch.Tensor):
        for ask in (solution.residuals, solution.truth, lambda p: solution.evaluate(W, p)):
            with pytest.raises(ShapeError, match=match):
                ask(points)


def test_points_that_are_no_numbers_are_refused(solution):
    with pytest.raises(InputError, match="points: expected an array of numbers, got str"):
        solution("everywhere")


def test_no_points_give_no_values(solution):
    nothing = np.zeros((0, 2))
    assert solution(nothing).shape == (0, 1)
    assert solution(torch.zeros(0, 2, dtype=torch.float64)).shape == (0, 1)
    assert solution.evaluate(W.diff(t), nothing).shape == (0,)
    assert {k: v.shape for k, v in solution.residuals(nothing).items()} == {"heat": (0,)}


def test_residual_is_the_equation(solution, rng):
    points = rng.uniform(size=(20, 2))
    expression = W.diff(t) - W.diff(x, 2) / 9 + W**2 / 10
    np.testing.assert_allclose(
        solution.residuals(points)["heat"], solution.evaluate(expression, points), atol=1e-12
    )


def test_conditions_imposed_exactly_hold_to_round_off(solution):
    place = np.linspace(0, 1, 11)
    start = solution(np.stack((place, 0 * place), axis=1))[:, 0]
    np.testing.assert_allclose(start, np.sin(np.pi * place), atol=1e-14)
    for end in (0.0, 1.0):
        assert np.abs(solution(np.stack((0 * place + end, place), axis=1))).max() < 1e-14
    assert solution.imposed == {"start": "exact", "ends": "exact"}


# When it stops -----------------------------------------------------------------------------


def test_steps_are_counted():
    events = []
    solution = solve(ode(), **SMALL, steps=3, progress=events.append)
    assert solution.summary["steps"] == len(solution.history) == len(events) == 3
    assert solution.status is kanpde.Status.BUDGET
    assert {"step", "seconds", "fraction", "phase", "loss", "error", "predicted"} <= set(events[0])
    assert events[-1]["fraction"] == 1.0


def test_no_steps_give_the_start():
    solution = solve(ode(), **SMALL, steps=0)
    assert solution.summary["steps"] == 0
    assert np.isfinite(solution(np.zeros((1, 1)))).all()


@pytest.mark.parametrize("optimizer", ["lm", "adam"])
def test_time_limit_stops_within_one_step(optimizer):
    limit = 0.3
    solution = solve(ode(), **SMALL, optimizer=optimizer, time_limit=limit, tolerance=1e-300)
    ends = [0.0, *(event["seconds"] for event in solution.history)]
    assert ends[-2] < limit, "no step starts after the limit"
    if solution.status is kanpde.Status.BUDGET:
        assert ends[-1] >= limit - 1e-4


def test_tolerance_on_the_predicted_error_ends_the_run():
    solution = solve(ode(), **SMALL, redraw=5, tolerance=1e-2, steps=200)
    assert solution.status is kanpde.Status.CONVERGED
    assert solution.summary["steps"] < 200
    assert solution.history[-1]["predicted"] <= 1e-2


def test_true_error_never_stops_a_run():
    """Told that the solution is zero everywhere, or the truth, the run does the same."""
    right = solve(ode(exact={U: sin(pi * x) * exp(x / 2)}), **SMALL, steps=8, tolerance=1e-30)
    wrong = solve(ode(exact={U: 0 * x}), **SMALL, steps=8, tolerance=1e-30)
    assert right.errors["u"]["relative_l2"] < 1e-2
    assert torch.equal(right.trial.get(), wrong.trial.get())


@pytest.mark.parametrize(
    "settings",
    [{**SMALL, "steps": 8, "redraw": 3}, {**SMALL, "optimizer": "adam", "steps": 20, "redraw": 5}],
    ids=["lm", "adam"],
)
@pytest.mark.parametrize("kind", ["exact", "reference"])
def test_truth_never_enters_the_training(settings, kind):
    truth = {"exact": {U: sin(pi * x) * exp(x / 2)}}
    if kind == "reference":
        truth = {"reference": {U: lambda p: np.sin(np.pi * p[:, 0]) * np.exp(p[:, 0] / 2)}}
    known, unaware = solve(ode(**truth), **settings), solve(ode(), **settings)
    assert known.errors
    assert not unaware.errors
    assert torch.equal(known.trial.get(), unaware.trial.get())
    assert known.summary["loss"] == unaware.summary["loss"]
    assert known.estimates == unaware.estimates


def test_truth_never_enters_the_linear_path():
    def problem(**truth):
        equation = U.diff(x, 2) + pi**2 * sin(pi * x)
        return Problem(Interval(x, 0, 1), {"ode": equation}, {"ends": Dirichlet(U, 0)}, **truth)

    known = solve(problem(exact={U: sin(pi * x)}), threads=1)
    unaware = solve(problem(), threads=1)
    assert known.errors["u"]["relative_l2"] < 1e-12
    assert torch.equal(known.trial.get(), unaware.trial.get())


# Seeds and side effects --------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {**SMALL, "steps": 5, "redraw": 2},
        {**SMALL, "steps": 5, "net": "mlp"},
        {**SMALL, "steps": 5, "basis": "bspline", "optimizer": "adam"},
        {**SMALL, "steps": 5, "sampler": "lhs"},
    ],
    ids=["lm", "mlp", "adam", "lhs"],
)
def test_same_seed_gives_the_same_bits_and_another_seed_does_not(settings):
    first, again = solve(ode(), **settings), solve(ode(), **settings)
    assert torch.equal(first.trial.get(), again.trial.get())
    assert [e["loss"] for e in first.history] == [e["loss"] for e in again.history]
    other = solve(ode(), **settings, seed=1)
    assert not torch.equal(first.trial.get(), other.trial.get())


@pytest.mark.parametrize("settings", [{**SMALL, "steps": 3}, {**SMALL, "steps": 3, "net": "mlp"}])
def test_global_random_state_is_neither_used_nor_moved(settings):
    states = []
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        before = (torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate())  # noqa: NPY002
        results.append(solve(ode(), **settings).trial.get())
        after = (torch.get_rng_state(), np.random.get_state()[1], random.getstate())  # noqa: NPY002
        states.append((before, after))
    for before, after in states:
        assert torch.equal(before[0], after[0])
        assert np.array_equal(before[1], after[1])
        assert before[2] == after[2]
    assert torch.equal(*results)


def test_nothing_is_written_without_being_asked(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    solution = solve(ode(), **SMALL, steps=2)
    solution(np.zeros((1, 1)))
    repr(solution)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_number_of_threads_is_put_back():
    before = torch.get_num_threads()
    solution = solve(ode(), **{**SMALL, "threads": 1}, steps=1)
    assert solution.summary["threads"] == 1
    assert torch.get_num_threads() == before


def test_run_directory_does_not_change_the_result(tmp_path):
    plain = solve(ode(), **SMALL, steps=4)
    written = solve(ode(), **SMALL, steps=4, out=tmp_path / "run")
    assert torch.equal(plain.trial.get(), written.trial.get())


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": 3}, "step: no such setting; the settings are"),
        ({"weights": {"walls": 2.0}}, "weights.walls: no such term; the terms are ode, ends"),
        ({"optimizer": "sgd"}, "optimizer: expected one of auto, lm"),
        ({"grids": (5, 7)}, "grids: 7 is not a multiple of 5"),
        ({"basis": "bspline", "degree": 1}, "degree: expected at least 2"),
        ({"basis": "chebyshev", "grid": 5}, "Chebyshev edges have no grid"),
        ({"basis": "sine", "grid": 5}, "Sine edges have no grid"),
        ({"basis": "rbf", "grids": (3, 6)}, "Rbf edges have no grid"),
        ({"frequency": 2.0}, "frequency: expected basis=sine beside it, got basis=None"),
        ({"basis": "rbf", "train_frequencies": True}, "train_frequencies: expected basis=sine"),
        ({"basis": "sine", "frequency": 0.0}, "frequency: expected a positive number, got 0.0"),
        ({"time_limit": -1.0}, "time_limit: expected a positive number"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(changes, message, tmp_path):
    with pytest.raises(InputError, match=message):
        solve(ode(), **changes, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_other_objects_are_no_problem():
    with pytest.raises(InputError, match=r"expected a kanpde\.Problem, got dict"):
        solve({})


def test_settings_of_the_problem_hold_unless_others_are_given():
    problem = ode()
    problem.settings = kanpde.Settings(**SMALL, steps=2)
    assert solve(problem).summary["steps"] == 2
    assert solve(problem, steps=1).summary["steps"] == 1
    assert solve(problem, kanpde.Settings(**SMALL, steps=3)).summary["steps"] == 3


def test_reference_that_fails_is_the_users_error():
    def broken(points):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        solve(ode(reference={U: broken}), **SMALL, steps=1)


def test_region_equation_and_one_sided_condition_are_solved():
    problem = Problem(
        Interval(x, 0, 1),
        {"decay": U.diff(x) + U**2},
        {"start": Dirichlet(U, 1, on=Eq(x, 0))},
        exact={U: 1 / (1 + x)},
    )
    begun = time.perf_counter()
    solution = solve(problem, **SMALL, steps=15)
    assert solution.errors["u"]["relative_l2"] < 1e-3
    assert solution.summary["seconds"] <= time.perf_counter() - begun
