"""Self-scaled Broyden on functions of known minimum, and its line search."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from kanpde.optimize._quasinewton import Sample, SSBroyden, self_scaling, strong_wolfe


def quadratic(count, generator, condition=1e4):
    """Residuals A θ - b with a square A of that condition number, and the solution."""
    u, _ = torch.linalg.qr(torch.randn(count, count, generator=generator, dtype=torch.float64))
    a = u * torch.logspace(0, -np.log10(condition) / 2, count, dtype=torch.float64)
    a = a @ torch.linalg.qr(torch.randn(count, count, generator=generator, dtype=torch.float64))[0]
    truth = torch.randn(count, generator=generator, dtype=torch.float64)
    return (lambda theta: a @ (theta - truth)), truth


def iterations_to(rows, optimizer, gradient_norm, most=500):
    for k in range(most):
        if float(rows.loss_and_gradient()[1].norm()) < gradient_norm:
            return k
        optimizer.step(rows)
    raise AssertionError(f"not reached in {most} iterations")


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("count", [1, 2, 10, 20])
def test_quadratic_takes_as_many_steps_as_coefficients(scaled, count, fake_rows, generator):
    function, _ = quadratic(count, generator, condition=100.0)
    rows = fake_rows(function, torch.zeros(count, dtype=torch.float64))
    optimizer = SSBroyden(scaled=scaled, curvature=1e-6, iterations=1)
    # Broyden's family terminates in P exact line searches; rounding asks for a few more
    assert iterations_to(rows, optimizer, 1e-9) <= count + 4


def test_inverse_hessian_of_a_quadratic_is_found(fake_rows, generator):
    function, truth = quadratic(8, generator, condition=100.0)
    rows = fake_rows(function, torch.zeros(8, dtype=torch.float64))
    optimizer = SSBroyden(scaled=False, curvature=1e-8, iterations=1)
    for _ in range(8):
        optimizer.step(rows)
    j = torch.autograd.functional.jacobian(function, truth)
    hessian = 2 * j.T @ j
    identity = torch.eye(8, dtype=torch.float64)
    assert (optimizer.inverse @ hessian - identity).abs().max() < 1e-3


def test_rosenbrock_is_solved(fake_rows):
    rows = fake_rows(
        lambda t: torch.stack((10 * (t[1] - t[0] ** 2), 1 - t[0])),
        torch.tensor([-1.2, 1.0], dtype=torch.float64),
    )
    assert iterations_to(rows, SSBroyden(iterations=1), 1e-10, most=60) <= 60
    assert (rows.trial.get() - 1).abs().max() < 1e-9


def test_chained_rosenbrock_is_solved(fake_rows):
    def function(t):
        return torch.cat((10 * (t[1:] - t[:-1] ** 2), 1 - t[:-1]))

    rows = fake_rows(function, torch.full((10,), -1.0, dtype=torch.float64))
    iterations_to(rows, SSBroyden(), 1e-9, most=60)
    # near -1 there is a local minimum as well: the gradient tells, and so does the loss
    assert float(rows.loss_and_gradient()[0]) < 1e-16


def test_bfgs_reaches_what_scipy_reaches_at_the_same_pace(fit, fake_rows):
    start = fit.trial.get()

    def loss(theta):
        rows = fake_rows(fit.function, torch.as_tensor(theta))
        value, gradient = rows.loss_and_gradient()
        return value, gradient.numpy()

    reference = minimize(loss, start.numpy(), jac=True, method="BFGS", options={"gtol": 1e-7})
    optimizer = SSBroyden(scaled=False, iterations=1)
    found = iterations_to(fit, optimizer, 1e-7)
    assert found <= 1.5 * reference.nit + 5
    assert float(fit.vector().square().sum()) <= reference.fun + 1e-13


def test_bfgs_update_is_the_product_form(fake_rows, generator):
    """H+ = (I - s yᵀ/yᵀs) H (I - y sᵀ/yᵀs) + s sᵀ/yᵀs, Nocedal and Wright, eq. 6.17."""
    function, _ = quadratic(6, generator)
    rows = fake_rows(function, torch.ones(6, dtype=torch.float64))
    optimizer = SSBroyden(scaled=False, iterations=1)
    for _ in range(3):
        optimizer.step(rows)
    before, x, g = optimizer.inverse.clone(), rows.trial.get(), rows.loss_and_gradient()[1]
    optimizer.step(rows)
    s, y = rows.trial.get() - x, rows.loss_and_gradient()[1] - g
    left = torch.eye(6, dtype=torch.float64) - torch.outer(s, y) / (y @ s)
    expected = left @ before @ left.T + torch.outer(s, s) / (y @ s)
    assert (optimizer.inverse - expected).abs().max() < 1e-12 * expected.abs().max()


def test_scaled_update_keeps_the_secant_equation_and_is_positive(fit):
    optimizer = SSBroyden(iterations=1)
    for _ in range(6):
        x, g = fit.trial.get(), fit.loss_and_gradient()[1]
        optimizer.step(fit)
        s, y = fit.trial.get() - x, fit.loss_and_gradient()[1] - g
        assert (optimizer.inverse @ y - s).norm() <= 1e-9 * s.norm()
        assert float(torch.linalg.eigvalsh(optimizer.inverse).min()) > 0


@pytest.mark.parametrize("b", [0.1, 0.9, 1.0, 3.0, 50.0])
@pytest.mark.parametrize("excess", [0.0, 1e-8, 0.3, 40.0])
def test_scaling_lies_in_its_range(b, excess):
    tau, phi = self_scaling(b, (1 + excess) / b, 20)
    assert 0 < tau <= 1
    # H+ is positive while the factor along v is above that of SR1's singular member
    assert phi > -1 / excess if excess else True


def test_line_search_ends_with_both_wolfe_conditions():
    def sample(a):
        return Sample(a, -a / (a**2 + 2) + 0.01 * a, (a**2 - 2) / (a**2 + 2) ** 2 + 0.01)

    start = sample(0.0)
    for curvature in (0.9, 0.1, 1e-3):
        found = strong_wolfe(sample, start.loss, start.slope, curvature=curvature)
        assert found.loss <= start.loss + 1e-4 * found.length * start.slope
        assert abs(found.slope) <= -curvature * start.slope


def test_line_search_turns_back_from_nan():
    def sample(a):
        return Sample(a, (a - 0.3) ** 2 if a < 0.5 else float("nan"), 2 * a - 0.6)

    found = strong_wolfe(sample, 0.09, -0.6, curvature=0.1)
    assert abs(found.length - 0.3) < 0.03


def test_line_search_finds_nothing_uphill():
    assert strong_wolfe(lambda a: Sample(a, 1 + a, 1.0), 1.0, -1.0) is None


def test_nan_loss_is_reported_and_changes_nothing(fake_rows):
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    rows = fake_rows(lambda theta: torch.sqrt(theta), start)
    report = SSBroyden().step(rows)
    assert not report.finite
    assert not report.accepted
    assert torch.equal(rows.trial.get(), start)


def test_state_continues_bit_for_bit(fake_rows, fit):
    one = SSBroyden(iterations=3)
    for _ in range(2):
        one.step(fit)
    middle, state = fit.trial.get(), one.state()
    for _ in range(2):
        one.step(fit)
    other, rows = SSBroyden(iterations=3), fake_rows(fit.function, middle)
    other.restore(state)
    for _ in range(2):
        other.step(rows)
    assert torch.equal(rows.trial.get(), fit.trial.get())


def test_another_number_of_coefficients_starts_afresh(fake_rows):
    optimizer = SSBroyden()
    for count in (3, 5):
        rows = fake_rows(lambda theta: theta - 1, torch.zeros(count, dtype=torch.float64))
        assert optimizer.step(rows).accepted


def test_bounds_of_the_trial_hold(fake_rows):
    rows = fake_rows(lambda theta: theta + 5, torch.full((2,), 1e-4, dtype=torch.float64))
    free = rows.trial.set
    rows.trial.set = lambda vector: free(vector.clamp_min(0.0))
    for _ in range(3):
        SSBroyden().step(rows)
    assert torch.equal(rows.trial.get(), torch.zeros(2, dtype=torch.float64))
