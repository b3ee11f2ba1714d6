"""L-BFGS and Adam on small residuals of known solution."""

import math

import pytest
import torch

from kanpde.optimize._firstorder import LBFGS, Adam


def test_lbfgs_solves_a_small_fit(fit):
    optimizer = LBFGS()
    for _ in range(100):
        report = optimizer.step(fit)
    # two nearly dependent exponentials converge slowly without curvature of second order
    assert float(fit.vector().square().sum()) < 1e-8
    assert report.finite


def test_adam_goes_downhill(fit):
    before = float(fit.vector().square().sum())
    optimizer = Adam()
    for _ in range(300):
        report = optimizer.step(fit)
    assert float(fit.vector().square().sum()) < 0.9 * before
    assert report.accepted


def test_first_adam_step_is_the_rate_against_the_sign_of_the_gradient(fit):
    start = fit.trial.get()
    _, gradient = fit.loss_and_gradient()
    Adam().step(fit)
    assert (fit.trial.get() - start + 1e-3 * gradient.sign()).abs().max() < 1e-9


@pytest.mark.parametrize("make", [LBFGS, Adam])
def test_nan_loss_is_reported_and_changes_nothing(make, fake_rows):
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    rows = fake_rows(lambda theta: torch.sqrt(theta), start)
    report = make().step(rows)
    assert not report.finite
    assert not report.accepted
    assert torch.equal(rows.trial.get(), start)


@pytest.mark.parametrize("make", [LBFGS, Adam])
def test_state_continues_where_it_stopped(make, fake_rows, fit):
    one = make()
    for _ in range(3):
        one.step(fit)
    middle, state = fit.trial.get(), one.state()
    for _ in range(2):
        one.step(fit)
    other, rows = make(), fake_rows(fit.function, middle)
    other.restore(state)
    for _ in range(2):
        other.step(rows)
    assert (rows.trial.get() - fit.trial.get()).abs().max() <= 1e-12


def test_state_before_the_first_step_is_restorable(fit):
    optimizer = LBFGS()
    optimizer.restore(LBFGS().state())
    assert optimizer.step(fit).accepted


@pytest.mark.parametrize("make", [LBFGS, Adam])
def test_another_number_of_coefficients_starts_afresh(make, fake_rows):
    optimizer = make()
    for count in (3, 5):
        rows = fake_rows(lambda theta: theta - 1, torch.zeros(count, dtype=torch.float64))
        assert optimizer.step(rows).accepted
        assert math.isfinite(float(rows.vector().sum()))


@pytest.mark.parametrize("make", [LBFGS, Adam])
def test_coefficients_set_from_outside_are_where_the_next_step_starts(make, fake_rows):
    rows = fake_rows(lambda theta: theta - 1, torch.zeros(2, dtype=torch.float64))
    optimizer = make()
    optimizer.step(rows)
    rows.trial.set(torch.full((2,), 5.0, dtype=torch.float64))
    optimizer.restart()
    if make is LBFGS:
        report = optimizer.step(rows)
        assert report.accepted
        assert (rows.trial.get() - 1).abs().max() < 1e-6


@pytest.mark.parametrize("make", [LBFGS, Adam])
def test_bounds_of_the_trial_hold_the_optimizer_too(make, fake_rows):
    rows = fake_rows(lambda theta: theta + 5, torch.full((2,), 1e-4, dtype=torch.float64))
    free = rows.trial.set
    rows.trial.set = lambda vector: free(vector.clamp_min(0.0))
    optimizer = make()
    for _ in range(3):
        optimizer.step(rows)
    assert torch.equal(rows.trial.get(), torch.zeros(2, dtype=torch.float64))
    assert torch.equal(optimizer.vector.detach(), rows.trial.get())
