"""One factorisation of rows with scaled columns, against numpy and the normal equations."""

import numpy as np
import pytest
import torch

from kanpde.optimize._accumulators import Whole
from kanpde.optimize._factor import Factor, triangle


def rows(generator, count=40):
    jacobian = torch.randn(count, 12, generator=generator, dtype=torch.float64)
    jacobian *= torch.logspace(-6, 6, 12, dtype=torch.float64)  # what scaling is for
    return jacobian, torch.randn(count, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("count", [40, 13, 8])  # with QR first, without, fewer rows than columns
def test_step_agrees_with_the_damped_normal_equations(generator, count):
    jacobian, residual = rows(generator, count)
    scale = jacobian.norm(dim=0)
    scaled, damping = jacobian / scale, 1e-3
    matrix = scaled.T @ scaled + damping * torch.eye(12, dtype=torch.float64)
    expected = -torch.linalg.solve(matrix, scaled.T @ residual) / scale
    factor = Factor(jacobian)
    for step in (factor.step(residual, damping), -factor.solve(jacobian.T @ residual, damping)):
        assert ((step - expected) * scale).norm() <= 1e-12 * (expected * scale).norm()


def test_whole_rows_take_the_damping_relative_to_the_largest_singular_value(generator):
    jacobian, residual = rows(generator)
    sums = Whole(12, jacobian)
    for part in zip(jacobian.chunk(3), residual.chunk(3), strict=True):
        sums.add(*part)
    sums.reduce()
    factor = Factor(jacobian)
    expected = factor.step(residual, 1e-3 * float(factor.values[0]) ** 2)
    for step in (sums.step(1e-3), sums.against(residual, 1e-3)):
        assert ((step - expected) * factor.scale).norm() <= 1e-12 * (expected * factor.scale).norm()
    change = float(residual.square().sum() - (residual + jacobian @ expected).square().sum())
    assert sums.decrease(expected) == pytest.approx(change, rel=1e-10)


def test_dependent_and_empty_columns_stay_where_they_are(generator):
    jacobian, residual = rows(generator)
    jacobian[:, 3], jacobian[:, 5] = 2 * jacobian[:, 4], 0.0
    factor = Factor(jacobian, cutoff=1e-10)
    assert factor.rank == 10
    step = factor.step(residual, 0.0)
    assert abs(step[5]) <= 1e-14  # round-off of the singular vectors
    expected = np.linalg.lstsq((jacobian / factor.scale).numpy(), -residual.numpy(), rcond=1e-10)[0]
    assert np.abs((step * factor.scale).numpy() - expected).max() <= 1e-12 * np.abs(expected).max()


def test_basis_is_orthonormal_in_the_metric_of_the_rows(generator):
    jacobian, _ = rows(generator)
    jacobian[:, 3] = 2 * jacobian[:, 4]
    image = jacobian @ Factor(jacobian, cutoff=1e-10).basis
    assert (image.T @ image - torch.eye(11, dtype=torch.float64)).abs().max() <= 1e-12


def test_triangle_keeps_the_normal_equations_and_leaves_few_rows_alone(generator):
    jacobian, _ = rows(generator)
    reduced, gram = triangle(jacobian), jacobian.T @ jacobian
    size = gram.diagonal().sqrt()
    assert reduced.shape == (12, 12)
    assert ((reduced.T @ reduced - gram) / size / size[:, None]).abs().max() <= 1e-12
    assert torch.equal(triangle(jacobian[:9]), jacobian[:9])
