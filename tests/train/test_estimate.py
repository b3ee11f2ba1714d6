"""Intervals mean what they say: coverage, noise and weights of linear least squares."""

import numpy as np
import pytest

from kanpde import Constant
from kanpde.solvers.inverse._estimate import DataSet, Scale, fit, intervals, misfit, step

TRUTH = np.array([2.0, -1.0])


def draw(rng, design, noise=0.3):
    """Residuals at the least squares estimate, and the estimate."""
    values = design @ TRUTH + noise * rng.standard_normal(len(design))
    found = np.linalg.lstsq(design, values, rcond=None)[0]
    return found, DataSet("data", design @ found - values, np.ones(len(design)))


def test_intervals_hold_the_truth_in_95_of_100_draws():
    rng = np.random.default_rng(0)
    design = rng.standard_normal((12, 2))
    scales = {"a": Scale(Constant(1.0)), "b": Scale(Constant(1.0))}
    held = np.zeros(2)
    many = 800
    for _ in range(many):
        z, data = draw(rng, design)
        for k, found in enumerate(intervals(scales, z, fit([data], [design])).values()):
            held[k] += found["low"] <= TRUTH[k] <= found["high"]
    # Binomial: 0.95 +- 0.008; three and a half of those.
    assert np.all(np.abs(held / many - 0.95) < 0.027)


def test_covariance_is_the_textbook_one():
    rng = np.random.default_rng(1)
    design = rng.standard_normal((40, 2))
    _, data = draw(rng, design)
    found = fit([data], [design])
    variance = np.sum(data.residual**2) / 38
    np.testing.assert_allclose(found.covariance, variance * np.linalg.inv(design.T @ design))


def test_every_set_has_its_own_noise():
    rng = np.random.default_rng(2)
    designs = [rng.standard_normal((4000, 2)) for _ in range(2)]
    sets = [
        DataSet(str(k), s * rng.standard_normal(4000), np.ones(4000))
        for k, s in enumerate((0.1, 2.0))
    ]
    found = fit(sets, designs)
    np.testing.assert_allclose(found.noise, [0.1, 2.0], rtol=0.05)  # 4000 values: 1.1 %
    # The precise set tells nearly all.
    only = fit(sets[:1], designs[:1])
    np.testing.assert_allclose(found.deviations, only.deviations, rtol=0.01)


def test_what_the_data_do_not_tell_has_no_interval():
    design = np.column_stack((np.ones(10), np.zeros(10)))
    data = DataSet("data", np.sin(np.arange(10.0)), np.ones(10))
    scales = {"a": Scale(Constant(1.0)), "b": Scale(Constant(1.0))}
    found = intervals(scales, np.ones(2), fit([data], [design]))
    assert found["a"]["low"] is not None
    assert (found["b"]["low"], found["b"]["high"]) == (None, None)


def test_positive_constants_are_sought_in_their_logarithm():
    positive, open_ = Scale(Constant(2.0, bounds=(0, None))), Scale(Constant(2.0))
    assert positive.inner(8.0) == pytest.approx(np.log(8.0))
    assert positive.outer(np.log(8.0)) == pytest.approx(8.0)
    assert open_.inner(8.0) == pytest.approx(4.0)
    assert Scale(Constant(2.0, bounds=(1, 3))).outer(10.0) == 3.0


def test_step_of_a_linear_problem_ends_at_its_minimum():
    rng = np.random.default_rng(3)
    design = rng.standard_normal((30, 2))
    values = design @ TRUTH + 0.1 * rng.standard_normal(30)
    data = DataSet("data", -values, np.ones(30))
    found = step([data], [design], 1e-14, longest=100.0)
    np.testing.assert_allclose(found, np.linalg.lstsq(design, values, rcond=None)[0], rtol=1e-9)
    assert np.abs(step([data], [design], 1e-14, longest=0.1)).max() == pytest.approx(0.1)
    better = DataSet("data", design @ found - values, np.ones(30))
    assert misfit([better]) < misfit([data])
