"""Points in the unit cube."""

import numpy as np
import pytest
from scipy.stats import qmc

from kanpde.errors import InputError
from kanpde.geometry import SAMPLERS, unit_points

scattered = pytest.mark.parametrize("sampler", ["uniform", "lhs", "sobol", "halton"])
tensor = pytest.mark.parametrize("sampler", ["grid", "chebyshev", "gauss"])


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(("n", "d"), [(1, 1), (7, 1), (100, 2), (13, 3), (50, 9)])
def test_points_lie_in_the_cube_and_weights_sum_to_one(sampler, n, d, rng):
    points, weights = unit_points(n, d, sampler, rng)
    assert points.shape == (len(weights), d)
    assert points.min() >= 0
    assert points.max() <= 1
    assert weights.min() > 0
    assert weights.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_cube_of_dimension_zero_is_one_point(sampler, rng):
    points, weights = unit_points(17, 0, sampler, rng)
    assert points.shape == (1, 0)
    assert weights.tolist() == [1.0]


@scattered
@pytest.mark.parametrize("n", [1, 2, 3, 64, 100, 1000])
def test_scattered_samplers_deliver_any_number(sampler, n, rng):
    assert unit_points(n, 3, sampler, rng)[0].shape == (n, 3)


@tensor
@pytest.mark.parametrize(
    ("n", "d", "count"), [(100, 2, 100), (5, 2, 4), (7, 2, 9), (1000, 3, 1000)]
)
def test_tensor_samplers_round_the_points_per_axis(sampler, n, d, count):
    assert len(unit_points(n, d, sampler)[0]) == count


@tensor
def test_tensor_samplers_do_not_explode_in_high_dimension(sampler):
    # Rounding 1.5 up to 2 on 30 axes would make 2**30 points of 200 000.
    assert len(unit_points(200_000, 30, sampler)[0]) == 1


def test_grid_holds_the_midpoints_and_no_ends():
    points, weights = unit_points(4, 1, "grid")
    assert points.ravel().tolist() == [0.125, 0.375, 0.625, 0.875]
    assert weights.tolist() == [0.25] * 4


@pytest.mark.parametrize("count", [1, 2, 5, 8, 40])
def test_gauss_is_exact_up_to_degree_two_n_minus_one(count):
    points, weights = unit_points(count, 1, "gauss")
    for degree in range(2 * count):
        assert weights @ points[:, 0] ** degree == pytest.approx(1 / (degree + 1), abs=1e-14)
    next_moment = weights @ points[:, 0] ** (2 * count)
    if count <= 5:
        assert abs(next_moment - 1 / (2 * count + 1)) > 1e-7


@pytest.mark.parametrize("count", [1, 2, 5, 8, 41])
def test_chebyshev_is_exact_below_degree_n(count):
    points, weights = unit_points(count, 1, "chebyshev")
    for degree in range(count):
        assert weights @ points[:, 0] ** degree == pytest.approx(1 / (degree + 1), abs=1e-14)


def test_chebyshev_points_are_the_zeros_of_the_chebyshev_polynomial():
    points, _ = unit_points(9, 1, "chebyshev")
    zeros = np.polynomial.chebyshev.chebroots([0] * 9 + [1])
    assert 2 * points[:, 0] - 1 == pytest.approx(zeros, abs=1e-13)


def test_latin_hypercube_has_one_point_in_every_slice(rng):
    points, _ = unit_points(20, 3, "lhs", rng)
    for column in points.T:
        assert sorted(np.floor(20 * column).astype(int)) == list(range(20))


@pytest.mark.parametrize("sampler", ["sobol", "halton"])
def test_low_discrepancy_points_are_more_even_than_random_ones(sampler, rng):
    even = qmc.discrepancy(unit_points(300, 2, sampler, rng)[0])
    random = qmc.discrepancy(unit_points(300, 2, "uniform", rng)[0])
    assert even < 0.3 * random


def test_unknown_sampler_lists_those_that_exist(rng):
    with pytest.raises(InputError, match="uniform, lhs, sobol, halton, grid, chebyshev, gauss"):
        unit_points(3, 2, "quasi", rng)


@scattered
def test_scattered_samplers_ask_for_a_generator(sampler):
    with pytest.raises(
        InputError, match=r"rng: sampler .* expected a numpy Generator, got NoneType"
    ):
        unit_points(3, 2, sampler)


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3", None])
def test_a_number_of_points_that_is_no_positive_whole_number_is_refused(n, rng):
    with pytest.raises(InputError, match="n: expected a whole number of points >= 1"):
        unit_points(n, 2, "uniform", rng)
