"""Gauss-Newton with chord steps: to the minimum, with few Jacobians."""

import pytest
import torch

from kanpde.optimize import GaussNewton, minimize


def linear(theta):
    a = torch.linspace(0, 1, 12, dtype=theta.dtype)
    return torch.stack((torch.ones_like(a), a, a**2), dim=1) @ theta - torch.exp(a)


def bend(theta):
    t = torch.linspace(0, 1, 30, dtype=theta.dtype)
    return theta[0] * torch.exp(theta[1] * t) - 2 * torch.exp(-1.5 * t)


def counted(rows):
    """Count Jacobians."""
    inner, calls = rows.jacobian, []

    def jacobian():
        calls.append(1)
        yield from inner()

    rows.jacobian = jacobian
    return calls


def test_linear_rows_take_one_jacobian_to_the_least_squares_solution(fake_rows):
    rows = fake_rows(linear, torch.zeros(3, dtype=torch.float64))
    calls = counted(rows)
    outcome = minimize(rows, GaussNewton(accuracy=1e-12))
    a = torch.linspace(0, 1, 12, dtype=torch.float64)
    matrix = torch.stack((torch.ones_like(a), a, a**2), dim=1)
    expected = torch.linalg.lstsq(matrix, torch.exp(a)[:, None]).solution[:, 0]
    assert outcome.converged
    assert len(calls) == 1
    # the normal equations alone would leave 1e-12; the chord steps refine them
    assert (rows.trial.get() - expected).abs().max() < 1e-13


def test_smooth_rows_converge_in_a_few_jacobians(fake_rows):
    rows = fake_rows(bend, torch.tensor([1.0, 0.0], dtype=torch.float64))
    calls = counted(rows)
    outcome = minimize(rows, GaussNewton(accuracy=1e-12))
    assert outcome.converged
    assert len(calls) <= 5
    assert (rows.trial.get() - torch.tensor([2.0, -1.5])).abs().max() < 1e-10


def test_too_long_a_step_is_halved(fake_rows):
    rows = fake_rows(lambda x: torch.atan(x), torch.tensor([2.0], dtype=torch.float64))
    minimize(rows, GaussNewton(accuracy=1e-12))  # the full step from 2 goes away from the root
    assert rows.trial.get().abs().max() < 1e-10


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_rows_that_are_not_finite_are_no_convergence(fake_rows, value):
    rows = fake_rows(lambda x: x * value, torch.ones(1, dtype=torch.float64))
    assert not minimize(rows, GaussNewton(accuracy=1e-12)).converged
