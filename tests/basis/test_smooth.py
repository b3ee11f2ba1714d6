"""Facts about sines and Gaussians that are not facts about every basis."""

import numpy as np
import pytest
import torch
from numpy.polynomial.hermite import hermval

from kanpde.basis import RBF, Sine
from kanpde.errors import InputError


def line(n, lower=-1.0, upper=1.0):
    return torch.linspace(lower, upper, n, dtype=torch.float64)[:, None]


def test_sines_stand_in_pairs_of_multiple_frequencies():
    z = line(50, -3.0, 3.0)
    values = Sine(5, frequency=1.3).values(z, 3)[:, :, 0]
    for pair, rate in enumerate((1.3, 2.6, 3.9)):
        assert (values[0, :, 2 * pair] - torch.sin(rate * z[:, 0])).abs().max() < 1e-14
        third = -(rate**3) * torch.cos(rate * z[:, 0])
        assert (values[3, :, 2 * pair] - third).abs().max() < 1e-13 * rate**3
    assert (values[0, :, 3] - torch.cos(2.6 * z[:, 0])).abs().max() < 1e-14


def test_listed_frequencies_are_taken_as_they_are():
    assert Sine(3, frequency=[0.5, 4.0]).frequencies == (0.5, 4.0)
    assert Sine(4, frequency=0.5).frequencies == (0.5, 1.0)
    assert not Sine().trainable


def test_amplitudes_fall_with_the_frequency_at_the_start():
    scales = Sine(5, frequency=[2.0, 4.0, 8.0]).initial_scales(4)
    assert torch.equal(scales, torch.tensor([0.5, 0.5, 0.25, 0.25, 0.125], dtype=torch.float64))


@pytest.mark.parametrize("width", [1.0, 1.7])
def test_derivatives_of_gaussians_are_hermite_functions(width):
    z, count = line(30, -1.4, 1.4), 5
    values = RBF(count, width).values(z, 6)[:, :, 0].numpy()
    rate = 1 / (0.5 * width)
    u = rate * (z.numpy() - np.linspace(-1, 1, count))
    for m in range(7):
        expected = (-rate) ** m * hermval(u, np.eye(7)[m]) * np.exp(-(u**2))
        # the two recurrences round differently, in units of the largest value
        assert np.abs(values[m] - expected).max() < 1e-13 * np.abs(expected).max()


def test_wide_gaussians_fit_smooth_functions_far_better_than_narrow_ones():
    z = line(200)
    target = torch.sin(2 * z) + z**2

    def error(count, width):
        edge = (RBF(count, width).values(z)[0, :, 0], z, torch.ones_like(z))  # as a layer has them
        features = torch.cat(edge, dim=1)
        found = torch.linalg.lstsq(features, target, driver="gelsd").solution
        return float((features @ found - target).abs().max())

    # bumps as narrow as their distance leave a deficit at the ends, which more of them do not cure
    assert error(6, 4.0) < 1e-4 < 1e-3 < error(6, 1.0)
    assert error(12, 4.0) < error(6, 4.0) / 2**4
    assert error(12, 1.0) > error(6, 1.0) / 2**2


def test_a_single_gaussian_sits_in_the_middle():
    values = RBF(1).values(line(3))[0, :, 0, 0]
    assert values.argmax() == 1
    assert float(values[0]) == float(values[2]) == pytest.approx(np.exp(-0.25), abs=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sine(0), "count: expected an integer of at least 1, got 0"),
        (lambda: Sine(2, frequency=0.0), "frequency: expected a positive number, got 0.0"),
        (lambda: Sine(2, frequency=float("inf")), "frequency: expected a positive number"),
        (lambda: Sine(2, frequency="high"), "frequency: expected a positive number, got 'high'"),
        (lambda: Sine(4, frequency=[1.0]), "frequency: expected 2 of them, one per pair, got 1"),
        (lambda: Sine(2, trainable=1), "trainable: expected True or False, got 1"),
        (lambda: RBF(-1), "count: expected an integer of at least 1, got -1"),
        (lambda: RBF(3, width=0), "width: expected a positive number, got 0"),
    ],
)
def test_bad_arguments_are_refused_by_name(make, message):
    with pytest.raises(InputError, match=message):
        make()
