"""Constants of closed problems: found by forward solves, whatever their size and start."""

import numpy as np
import pytest
import torch
from sympy import Eq, Symbol, pi, sin

from kanpde import (
    Constant,
    Dirichlet,
    Initial,
    Interval,
    PointData,
    Problem,
    Settings,
    TimeInterval,
    cole_hopf,
    coordinates,
    solve,
    unknown,
)
from kanpde.residual._measure import Evaluation
from kanpde.solution._preflight import closed_without_data
from kanpde.solvers._plan import make_plan
from kanpde.solvers.inverse._forward import Forward, constants_of
from kanpde.solvers.inverse._guess import guess
from kanpde.solvers.inverse._identifying import IdentifyPhase, identifying_applies
from kanpde.trial._state import trial_from_state, trial_state

x, t = coordinates("x t")
u = unknown("u", x)
p, q = unknown("p", t), unknown("q", t)
k, c = Symbol("k", real=True), Symbol("c", real=True)


def decay(k_true=1.3, noise=0.0, *, constant=None, sd=None, many=40):
    points = np.linspace(0.1, 2, many)
    rng = np.random.default_rng(1)
    sizes = np.ones(many) if sd is None else sd
    values = np.exp(-k_true * points) + noise * sizes * rng.standard_normal(many)
    return Problem(
        Interval(x, 0, 2),
        {"ode": u.diff(x) + k * u},
        {
            "start": Dirichlet(u, 1, on=Eq(x, 0)),
            "data": PointData(u, points[:, None], values, sd),
        },
        constants={k: constant or Constant(1.0)},
    )


def test_interval_is_that_of_regression_theory():
    """For u = exp(-k x) with exact start, var k = noise^2 / sum (x exp(-k x))^2."""
    solution = solve(decay(noise=0.01), threads=1)
    assert solution.summary["path"] == ["spectral least squares, unknown constants"]
    points = np.linspace(0.1, 2, 40)
    spread = 0.01 / np.sqrt(np.sum((points * np.exp(-1.3 * points)) ** 2))
    found = solution.identified["k"]
    assert abs(found["value"] - 1.3) < 3.5 * spread
    # Noise is estimated from 39 degrees of freedom: +- 25 % is two standard deviations of it.
    assert 0.75 < (found["high"] - found["low"]) / 2 / (2.02 * spread) < 1.25
    assert 0.0075 < solution.summary["noise"]["data"]["sd"] < 0.0125


def test_predicted_error_tells_of_the_noise():
    solution = solve(decay(noise=0.01), threads=1)
    points = np.linspace(0, 2, 200)
    truth = np.exp(-1.3 * points)
    error = np.linalg.norm(solution(points[:, None])[:, 0] - truth) / np.linalg.norm(truth)
    assert 0.2 < solution.estimates["predicted"]["u"] / error < 10


@pytest.mark.parametrize(
    ("k_true", "constant"),
    [
        (1e-2, Constant(10.0, bounds=(0, None))),
        (20.0, Constant(0.01, bounds=(0, 1e3))),
        (-0.7, Constant(5.0)),
    ],
)
def test_constants_far_from_their_start_are_found(k_true, constant):
    solution = solve(decay(k_true, 1e-4, constant=constant), threads=1)
    found = solution.identified["k"]
    assert found["low"] - 1e-3 * abs(k_true) <= k_true <= found["high"] + 1e-3 * abs(k_true)
    assert abs(found["value"] / k_true - 1) < 0.02


def test_values_that_are_told_to_be_bad_do_not_count():
    sd = np.where(np.arange(40) % 2, 1.0, 1e3)
    solution = solve(decay(noise=1e-3, sd=sd), threads=1)
    assert solution.constants["k"] == pytest.approx(1.3, abs=3e-3)
    plain = solve(decay(noise=1e-3, sd=np.ones(40)), threads=1)
    wide = [s.identified["k"]["high"] - s.identified["k"]["low"] for s in (solution, plain)]
    assert 1.1 < wide[0] / wide[1] < 2.0  # half the values: 1.41 but for the noise's estimate


def test_unknown_initial_value_is_a_constant_of_a_condition():
    times = np.linspace(0, 1, 25)
    values = 2 * np.exp(-1.5 * times) + 1e-3 * np.random.default_rng(0).standard_normal(25)
    problem = Problem(
        TimeInterval(t, 0, 1),
        {"p": p.diff(t) + k * p},
        {"start": Initial(p, c), "data": PointData(p, times[:, None], values)},
        constants={k: Constant(1.0, bounds=(0, 10)), c: Constant(1.0)},
    )
    found = solve(problem, threads=1).constants
    assert found == pytest.approx({"k": 1.5, "c": 2.0}, rel=3e-3)


def pair():
    """p' = -k p q, q' = c p - q; both measured with 1 % noise."""
    from scipy.integrate import solve_ivp

    times = np.sort(np.random.default_rng(0).uniform(0, 2, 60))
    path = solve_ivp(
        lambda _, s: [-2.0 * s[0] * s[1], 3.0 * s[0] - s[1]],
        (0, 2),
        [1.0, 0.5],
        t_eval=times,
        rtol=1e-11,
        atol=1e-11,
    )
    values = path.y + 0.01 * np.random.default_rng(1).standard_normal(path.y.shape)
    return Problem(
        TimeInterval(t, 0, 2),
        {"p": p.diff(t) + k * p * q, "q": q.diff(t) - c * p + q},
        {
            "p0": Initial(p, 1),
            "q0": Initial(q, 0.5),
            "p data": PointData(p, times[:, None], values[0]),
            "q data": PointData(q, times[:, None], values[1]),
        },
        constants={k: Constant(0.1, bounds=(0, None)), c: Constant(0.1, bounds=(0, None))},
    )


def test_fit_of_the_data_gives_a_first_guess():
    found = guess(make_plan(pair(), Settings(threads=1)))
    assert found == pytest.approx({"k": 2.0, "c": 3.0}, rel=0.1)


def test_system_is_identified_and_a_restored_phase_goes_on_alike():
    plan = make_plan(pair(), Settings(threads=1))
    assert identifying_applies(plan, closed=closed_without_data(plan.asked))
    phase, again = (IdentifyPhase(plan, Evaluation(plan.asked)) for _ in range(2))
    phase.step()
    again.restore(phase.state())
    while not phase.done:
        phase.step()
    while not again.done:
        again.step()
    found = phase.identified
    for name, truth in (("k", 2.0), ("c", 3.0)):
        assert found[name]["low"] <= truth <= found[name]["high"]
        assert found[name]["high"] - found[name]["low"] < 0.1 * truth
        width = found[name]["high"] - found[name]["low"]
        gap = again.identified[name]["value"] - found[name]["value"]
        assert abs(gap) < 0.01 * width


def test_search_on_its_way_has_no_interval():
    plan = make_plan(decay(20.0, noise=0.01, constant=Constant(0.01, bounds=(0, 1e3))), Settings())
    phase = IdentifyPhase(plan, Evaluation(plan.asked))
    while not phase.slopes:
        phase.step()
    phase.z = phase.z + 1.0  # not at the minimum
    phase.data = phase._solve(phase.z)[1]
    assert phase.identified["k"]["low"] is None


def test_problem_that_needs_its_data_is_not_closed():
    problem = decay()
    assert closed_without_data(problem)
    del problem.conditions["start"]
    assert not closed_without_data(problem)


def test_stored_solution_carries_its_constants_and_its_mirror():
    """Burgers' equation is odd without the data: half is solved, and stored with its mirror."""
    r = unknown("r", x, t)
    points = np.random.default_rng(0).uniform((-1, 0), (1, 1), size=(20, 2))
    problem = Problem(
        Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        {"burgers": r.diff(t) + r * r.diff(x) - k * r.diff(x, 2)},
        {
            "start": Initial(r, -sin(pi * x)),
            "walls": Dirichlet(r, 0),
            "data": PointData(r, points, 0.0),
        },
        constants={k: Constant(0.2, bounds=(0, None))},
    )
    plan = make_plan(problem, Settings(threads=1))
    constants = constants_of(problem)
    found = Forward(plan, constants).solve({k: 0.2}, tolerance=1e-4)
    assert found.parts[0].frame.reflections
    again = trial_from_state(trial_state(found), plan.frame, constants, torch.float64)
    assert again.constant_values() == {"k": pytest.approx(0.2, abs=1e-15)}
    places = torch.as_tensor(points)
    assert torch.equal(again(places), found(places))
    truth = cole_hopf(0.2)(points)
    assert np.abs(found(places)[:, 0].detach().numpy() - truth).max() < 1e-4


def test_guess_is_that_of_the_loop_that_was_here_before():
    guessed = guess(make_plan(decay(noise=0.01), Settings()))
    assert guessed == pytest.approx({"k": 1.2935875088734405}, rel=1e-9)
