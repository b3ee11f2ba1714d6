"""Levenberg-Marquardt on small residuals of known solution."""

import math
from itertools import pairwise

import pytest
import torch

from kanpde.optimize._levenberg import LevenbergMarquardt
from kanpde.problem._settings import Settings
from kanpde.residual import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers.training._descent import DescentPhase


def run(rows, optimizer, steps):
    losses = [float(rows.vector().square().sum())]
    for _ in range(steps):
        report = optimizer.step(rows)
        losses.append(float(rows.vector().square().sum()))
        if report.accepted:
            assert report.loss == pytest.approx(losses[-1], rel=1e-12)
        if not report.accepted:
            break
    return losses


@pytest.mark.parametrize("geodesic", [True, False])
@pytest.mark.parametrize("linear_algebra", ["gram", "qr", "auto"])
def test_it_solves_a_small_fit_and_never_increases_the_loss(fit, geodesic, linear_algebra):
    optimizer = LevenbergMarquardt(geodesic=geodesic, linear_algebra=linear_algebra)
    losses = run(fit, optimizer, 60)
    # zero-residual problems: quadratic convergence to rounding
    assert losses[-1] < 1e-20
    assert all(after <= before for before, after in pairwise(losses))


def test_geodesic_acceleration_needs_no_more_steps(fake_rows, fit):
    start = fit.trial.get()
    counts = []
    for geodesic in (True, False):
        losses = run(fake_rows(fit.function, start), LevenbergMarquardt(geodesic=geodesic), 80)
        counts.append(next(k for k, loss in enumerate(losses) if loss < 1e-16))
    assert counts[0] <= counts[1] + 1


def test_streamed_acceleration_agrees_with_kept_rows(fake_rows, fit, monkeypatch):
    start = fit.trial.get()
    ends = []
    for keep in (10**6, 0):
        monkeypatch.setattr("kanpde.optimize._levenberg.KEEP_BYTES", keep)
        rows = fake_rows(fit.function, start)
        LevenbergMarquardt(damping=1.0).step(rows)
        ends.append(rows.trial.get())
    # one-sided with the Jacobian against central difference: both second order in h = 0.1
    assert (ends[0] - ends[1]).norm() <= 0.1 * (ends[0] - start).norm()


def test_linear_problem_is_solved_in_few_steps(fake_rows, generator):
    j = torch.randn(10, 4, generator=generator, dtype=torch.float64)
    truth = torch.randn(4, generator=generator, dtype=torch.float64)
    rows = fake_rows(lambda theta: j @ (theta - truth), torch.zeros(4, dtype=torch.float64))
    optimizer = LevenbergMarquardt(damping=1e-8)
    run(rows, optimizer, 3)
    assert (rows.trial.get() - truth).abs().max() < 1e-12


def test_gain_ratio_of_a_linear_problem_is_one(fake_rows, generator):
    j = torch.randn(10, 4, generator=generator, dtype=torch.float64)
    rows = fake_rows(lambda theta: j @ theta - 1, torch.zeros(4, dtype=torch.float64))
    optimizer = LevenbergMarquardt(damping=1e-2, geodesic=False)
    report = optimizer.step(rows)
    assert report.gain_ratio == pytest.approx(1.0, rel=1e-9)
    assert report.damping == 1e-2
    assert optimizer.damping == pytest.approx(2e-3)


def test_nan_residual_is_reported_and_changes_nothing(fake_rows):
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    rows = fake_rows(lambda theta: torch.sqrt(theta), start)
    report = LevenbergMarquardt().step(rows)
    assert not report.finite
    assert not report.accepted
    assert torch.equal(rows.trial.get(), start)


def test_step_into_nan_is_taken_back_and_shortened(fake_rows):
    # the undamped step from 1e-3 leads to a negative number, where the root is NaN
    start = torch.tensor([4.0], dtype=torch.float64)
    rows = fake_rows(lambda theta: torch.log(theta).repeat(2) + 2.0, start)
    optimizer = LevenbergMarquardt(damping=1e-8, geodesic=False)
    losses = run(rows, optimizer, 40)
    assert losses[-1] < 1e-20
    assert rows.trial.get().item() == pytest.approx(math.exp(-2.0), rel=1e-9)


def test_minimum_is_left_unchanged(fake_rows):
    start = torch.tensor([0.0, 0.0], dtype=torch.float64)
    rows = fake_rows(lambda theta: torch.cat((theta**2 + 1, theta.sum()[None] ** 2)), start)
    report = LevenbergMarquardt().step(rows)
    assert not report.accepted
    assert report.finite
    assert torch.equal(rows.trial.get(), start)


def test_damping_rises_on_failure_and_falls_on_success(fit):
    optimizer = LevenbergMarquardt(damping=1e-2)
    seen = []
    for _ in range(12):
        before = optimizer.damping
        report = optimizer.step(fit)
        if not report.accepted:
            break
        seen.append(optimizer.damping < before)
    assert any(seen)
    assert optimizer.damping >= optimizer.rule.smallest


def test_state_continues_where_it_stopped(fake_rows, fit):
    start = fit.trial.get()
    one = LevenbergMarquardt()
    run(fit, one, 3)
    middle, state = fit.trial.get(), one.state()
    run(fit, one, 2)
    other, rows = LevenbergMarquardt(damping=1.0), fake_rows(fit.function, start)
    other.restore(state)
    rows.trial.set(middle)
    run(rows, other, 2)
    assert torch.equal(rows.trial.get(), fit.trial.get())


@pytest.mark.parametrize("geodesic", [True, False])
def test_setting_geodesic_reaches_the_optimizer(load_problem, geodesic):
    plan = make_plan(load_problem("oscillator"), Settings(geodesic=geodesic))
    phase = DescentPhase(plan, Evaluation(plan.problem), optimizer="lm")
    assert phase.optimizer.geodesic is geodesic


def test_reach_follows_a_curved_valley_in_fewer_steps(fake_rows):
    def valley(theta):  # flat along a parabola, minimum far along it
        return torch.stack((30 * (theta[1] - theta[0] ** 2), 0.1 * (4 - theta[0])))

    counts = {}
    for reach in (False, True):
        rows = fake_rows(valley, torch.tensor([-1.0, 1.0], dtype=torch.float64))
        losses = run(rows, LevenbergMarquardt(reach=reach), 80)
        assert all(after <= before for before, after in pairwise(losses))
        counts[reach] = next(k for k, loss in enumerate(losses) if loss < 1e-10)
    assert counts[True] <= counts[False] - 5  # 43 instead of 51
