"""A second network fits what the first one leaves: better, stored, resumed."""

import json

import numpy as np
import pytest
import torch

import kanpde
from kanpde import Dirichlet, InputError, Interval, Problem, Settings, coordinates, unknown
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session
from kanpde.solvers.training._correction import CorrectionPhase
from kanpde.solvers.training._descent import DescentPhase
from kanpde.trial._state import as_stored, trial_from_state, trial_state

SMALL = {"hidden": (3,), "interior": 128, "redraw": 3, "threads": 1, "linear": False}
POINTS = np.linspace(-1, 1, 301)[:, None]


def ode():
    from sympy import cos, pi, sin

    x = coordinates("x")
    u = unknown("u", x)
    exact = sin(2 * pi * x) + cos(7 * x) / 5
    source = exact.diff(x, 2) - exact**3
    return Problem(
        Interval(x, -1, 1),
        {"ode": u.diff(x, 2) - u**3 - source},
        {"ends": Dirichlet(u, exact)},
        exact={u: exact},
    )


@pytest.fixture(scope="module")
def corrected():
    """A first stage of some steps, and a correction of it of some more."""
    plan = make_plan(ode(), Settings(**SMALL))
    evaluation = Evaluation(plan.problem)
    first = DescentPhase(plan, evaluation, optimizer="lm")
    for _ in range(30):
        first.step()
    second = CorrectionPhase(plan, evaluation, base=first.trial)
    start = second.trial.get()
    for _ in range(20):
        second.step()
    return first, second, start


def test_correction_lowers_the_error_of_what_it_corrects(corrected):
    first, second, _ = corrected
    evaluation = first.evaluation
    assert evaluation.worst(second.trial) < 0.5 * evaluation.worst(first.trial)


def test_correction_has_the_scale_of_the_error(corrected):
    first, second, start = corrected
    evaluation, end = first.evaluation, second.trial.get()
    second.trial.set(start)
    added = np.abs(evaluation.values(second.trial) - evaluation.values(first.trial)).max()
    second.trial.set(end)
    error = np.abs(evaluation.values(first.trial) - evaluation.truth).max()
    # chosen by the residual, in which wiggles count more than in the values
    assert 1e-2 * error < added < 1e2 * error


def test_what_is_corrected_stays_frozen(corrected):
    first, second, _ = corrected
    assert second.trial.frozen_trial[0] is first.trial
    assert second.trial.count == second.trial.network.count
    assert not set(map(id, second.trial.parameters())) & set(map(id, first.trial.parameters()))


def test_conditions_stay_exact(corrected):
    _, second, _ = corrected
    truth = second.plan.problem.truth(np.array([[-1.0], [1.0]]))
    with torch.no_grad():
        ends = second.trial(torch.tensor([[-1.0], [1.0]], dtype=torch.float64)).numpy()
    assert np.abs(ends - truth).max() < 1e-14


def test_stored_stages_give_the_same_function(corrected):
    first, second, _ = corrected
    x = torch.as_tensor(POINTS)
    state = trial_state(second.trial)
    frame, constants = first.trial.frame, first.trial.constants
    again = trial_from_state(state, frame, constants, torch.float64)
    with torch.no_grad():
        assert torch.equal(again(x), second.trial(x))
        # pi becomes a floating point number
        assert (as_stored(second.trial)(x) - second.trial(x)).abs().max() < 1e-14


def test_network_of_a_correction_is_chosen_by_its_tangent(corrected):
    first, second, _ = corrected
    left = {}
    for network in second._networks():
        trial = second._around(network)
        left[trial.count] = second._tangent_residual(trial)
    assert len(left) == 4
    assert second.trial.count == min(left, key=left.get)
    del first


@pytest.mark.parametrize("net", ["kan", "mlp"])
def test_stalled_stage_is_handed_to_a_correction(net, monkeypatch):
    monkeypatch.setattr("kanpde.solvers.training._descent.PATIENCE", 1)
    solution = kanpde.solve(ode(), **SMALL, net=net, stages=2, steps=40)
    assert solution.summary["path"][:2] == ["lm", "correction"]
    assert " + " in solution.summary["net"]
    phases = [e["phase"] for e in solution.history]
    assert phases.index("correction") < 40


def test_one_stage_never_ends_by_slow_progress():
    plan = make_plan(ode(), Settings(**SMALL))
    assert Session(plan, Evaluation(plan.problem)).phase.patience == 0
    plan = make_plan(ode(), Settings(**SMALL, stages=2))
    assert Session(plan, Evaluation(plan.problem)).phase.patience == 3


def test_run_directory_with_stages_loads_and_resumes_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setattr("kanpde.solvers.training._descent.PATIENCE", 1)
    settings = {**SMALL, "stages": 2}
    whole = kanpde.solve(ode(), **settings, steps=30)
    switch = [e["phase"] for e in whole.history].index("correction")
    assert 0 < switch < 26
    out = tmp_path / "run"
    kanpde.solve(ode(), **settings, steps=switch + 2, out=out)
    assert "correction" in json.loads((out / "summary.json").read_text())["path"]
    assert np.isfinite(kanpde.load(out)(POINTS)).all()
    resumed = kanpde.solve(ode(), **settings, steps=30, out=out, resume=True)
    assert np.array_equal(resumed(POINTS), whole(POINTS))
    assert np.array_equal(kanpde.load(out)(POINTS), whole(POINTS))


def test_stages_are_counted_from_one():
    with pytest.raises(InputError, match="stages: expected a positive integer, got 0"):
        Settings(stages=0)
