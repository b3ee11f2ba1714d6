"""Gram and streaming QR against numpy's least squares."""

import numpy as np
import pytest
import torch

from kanpde.errors import NumericalError
from kanpde.optimize import Factor
from kanpde.optimize._accumulators import Accumulator, Gram, StreamingQR

KINDS = [Gram, StreamingQR]


def problem(generator, n=60, p=8, condition=10.0):
    """J of a given condition number with columns of norm about one, and r."""

    def orthogonal(rows, columns):
        drawn = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
        return torch.linalg.qr(drawn)[0]

    s = torch.logspace(0, -np.log10(condition), p, dtype=torch.float64)
    jacobian = (orthogonal(n, p) * s) @ orthogonal(p, p)
    residual = torch.randn(n, generator=generator, dtype=torch.float64)
    return jacobian, residual


def summed(kind, jacobian, residual, pieces=1, keep=0):
    sums = kind(jacobian.shape[1], jacobian, keep=keep)
    for j, r in zip(jacobian.chunk(pieces), residual.chunk(pieces), strict=True):
        sums.add(j, r)
    sums.reduce()
    return sums


def damped(jacobian, residual, damping):
    """The same step by an augmented least-squares problem."""
    j, r = jacobian.numpy(), residual.numpy()
    norms = np.linalg.norm(j, axis=0)
    scale = np.where(norms > 0, norms, 1.0)
    rows = np.concatenate((j, np.sqrt(damping) * np.diag(scale)))
    right = np.concatenate((-r, np.zeros(j.shape[1])))
    return torch.as_tensor(np.linalg.lstsq(rows, right, rcond=None)[0])


def relative(found, expected):
    return float((found - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("kind", KINDS)
def test_undamped_step_is_the_least_squares_solution(kind, generator):
    jacobian, residual = problem(generator)
    expected = np.linalg.lstsq(jacobian.numpy(), -residual.numpy(), rcond=None)[0]
    found = summed(kind, jacobian, residual).step(0.0)
    # condition 10: the normal equations lose two digits
    assert relative(found, torch.as_tensor(expected)) <= 1e-10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damping", [1e-6, 1e-2, 10.0])
def test_damped_step_is_the_augmented_least_squares_solution(kind, damping, generator):
    jacobian, residual = problem(generator)
    jacobian *= torch.logspace(0, 4, 8, dtype=torch.float64)
    found = summed(kind, jacobian, residual).step(damping)
    assert relative(found, damped(jacobian, residual, damping)) <= 1e-10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [2, 7, 60])
def test_streaming_in_chunks_equals_one_chunk(kind, pieces, generator):
    jacobian, residual = problem(generator)
    whole = summed(kind, jacobian, residual)
    parts = summed(kind, jacobian, residual, pieces)
    assert parts.rows == whole.rows == 60
    assert parts.loss == pytest.approx(float(residual.square().sum()), rel=1e-13)
    assert relative(parts.gradient, jacobian.T @ residual) <= 1e-13
    assert relative(parts.step(1e-3), whole.step(1e-3)) <= 1e-12


def test_qr_merges_many_chunks_of_a_long_jacobian(generator):
    jacobian, residual = problem(generator, n=3000)
    sums = summed(StreamingQR, jacobian, residual, 40)
    assert sums._triangle.shape == (9, 9)
    assert relative(sums.step(1e-3), damped(jacobian, residual, 1e-3)) <= 1e-12


def test_qr_keeps_the_digits_that_the_normal_equations_lose(generator):
    jacobian, _ = problem(generator, condition=1e10)
    truth = torch.randn(8, generator=generator, dtype=torch.float64)
    residual = -(jacobian @ truth)
    by_qr = summed(StreamingQR, jacobian, residual).step(0.0)
    # 1e10 times rounding 1e-16
    assert relative(by_qr, truth) <= 1e-5
    try:
        by_gram = summed(Gram, jacobian, residual).step(1e-16)
    except NumericalError:
        return
    assert relative(by_gram, truth) > 1e-2


@pytest.mark.parametrize("kind", KINDS)
def test_zero_columns_stay_at_zero(kind, generator):
    jacobian, residual = problem(generator)
    jacobian[:, [2, 5]] = 0.0
    step = summed(kind, jacobian, residual, 3).step(1e-8)
    assert step[[2, 5]].abs().max() <= 1e-15 * step.abs().max()
    keep = [0, 1, 3, 4, 6, 7]
    alone = summed(kind, jacobian[:, keep].contiguous(), residual).step(1e-8)
    assert relative(step[keep], alone) <= 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_step_of_a_rank_deficient_problem_is_finite_and_fits(kind, generator):
    jacobian, residual = problem(generator)
    jacobian[:, 3] = jacobian[:, 0] + jacobian[:, 1]
    expected = np.linalg.lstsq(jacobian.numpy(), -residual.numpy(), rcond=None)[0]
    step = summed(kind, jacobian, residual).step(1e-9)
    assert relative(jacobian @ step, jacobian @ torch.as_tensor(expected)) <= 1e-6


def test_singular_normal_equations_say_so(generator):
    jacobian, residual = problem(generator)
    jacobian[:, 2] = 0.0
    with pytest.raises(NumericalError, match=r"singular at damping 0\.0e"):
        summed(Gram, jacobian, residual).step(0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_predicted_decrease_is_the_decrease_of_a_linear_model(kind, generator):
    jacobian, residual = problem(generator)
    sums = summed(kind, jacobian, residual, 4)
    for step in (sums.step(1e-2), torch.randn(8, generator=generator, dtype=torch.float64)):
        after = (residual + jacobian @ step).square().sum()
        expected = float(residual.square().sum() - after)
        assert sums.decrease(step) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_solve_inverts_the_damped_normal_equations(kind, generator):
    jacobian, residual = problem(generator)
    right = jacobian.T @ torch.randn(60, generator=generator, dtype=torch.float64)
    found = summed(kind, jacobian, residual).solve(right, 0.1)
    gram = jacobian.T @ jacobian
    expected = torch.linalg.solve(gram + 0.1 * gram.diagonal().diag(), right)
    assert relative(found, expected) <= 1e-10


@pytest.mark.parametrize("kind", KINDS)
def test_kept_rows_give_products_and_are_dropped_when_they_are_too_many(kind, generator):
    jacobian, residual = problem(generator)
    sums = summed(kind, jacobian, residual, 4, keep=60 * 8 * 8)
    assert sums.kept
    direction = torch.randn(8, generator=generator, dtype=torch.float64)
    assert relative(sums.apply(direction), jacobian @ direction) <= 1e-13
    assert relative(sums.apply_transposed(residual), jacobian.T @ residual) <= 1e-13
    assert not summed(kind, jacobian, residual, 4, keep=60 * 8 * 8 - 1).kept
    assert not summed(kind, jacobian, residual).kept


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_works_and_stays(kind, generator):
    jacobian, residual = (a.float() for a in problem(generator))
    step = summed(kind, jacobian, residual, 3).step(1e-2)
    assert step.dtype == torch.float32
    expected = damped(jacobian.double(), residual.double(), 1e-2)
    # condition 10 in single precision
    assert relative(step.double(), expected) <= 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_adding_after_a_reduction_continues_the_sums(kind, generator):
    jacobian, residual = problem(generator)
    sums = summed(kind, jacobian[:30], residual[:30])
    sums.add(jacobian[30:], residual[30:])
    sums.reduce()
    assert relative(sums.step(1e-3), damped(jacobian, residual, 1e-3)) <= 1e-10


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_rows_than_coefficients_give_a_finite_step(kind, generator):
    jacobian, residual = problem(generator)
    step = summed(kind, jacobian[:5], residual[:5]).step(1e-3)
    assert relative(step, damped(jacobian[:5], residual[:5], 1e-3)) <= 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_not_changed(kind, generator):
    jacobian, residual = problem(generator)
    before = jacobian.clone(), residual.clone()
    summed(kind, jacobian, residual).step(1e-3)
    assert torch.equal(jacobian, before[0])
    assert torch.equal(residual, before[1])


def test_spectrum_is_that_of_the_scaled_jacobian(generator):
    jacobian, residual = problem(generator)
    expected = torch.linalg.svdvals(jacobian / jacobian.norm(dim=0))
    assert relative(summed(StreamingQR, jacobian, residual).spectrum, expected) <= 1e-12


def test_base_refuses_to_solve(generator):
    jacobian, _ = problem(generator)
    base = Accumulator(8, jacobian)
    for call in (lambda: base.step(1.0), lambda: base.solve(jacobian[0], 1.0)):
        with pytest.raises(TypeError, match="Accumulator is abstract"):
            call()


def test_smallest_direction_of_fewer_rows_than_columns_is_not_seen_at_all():
    rows = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    direction = Factor(rows, scale=torch.ones(5, dtype=torch.float64)).smallest
    assert float((rows @ direction).norm()) < 1e-14
    assert float(direction.norm()) == pytest.approx(1.0)
