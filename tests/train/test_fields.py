"""Unknown fields: as smooth as the data want them, equations nearly exact, noise not fitted."""

import numpy as np
import pytest
from sympy import Eq

from kanpde import Dirichlet, Interval, PointData, Problem, Settings, coordinates, solve, unknown
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers.inverse._evidence import Linearised, deviation, sample
from kanpde.solvers.inverse._fields import FieldsPhase, field_columns

x = coordinates("x")
u, a = unknown("u", x), unknown("a", x)


def rod(noise):
    """(a u')' + f = 0 with a = 1 + x^2/2 and u = x (1 - x) + x^3: a is known at the ends."""
    rng = np.random.default_rng(0)
    points = rng.uniform(size=300)
    values = points * (1 - points) + points**3 + noise * rng.standard_normal(300)
    exact = {u: x * (1 - x) + x**3, a: 1 + x**2 / 2}
    source = (exact[a] * exact[u].diff(x)).diff(x)
    return Problem(
        Interval(x, 0, 1),
        {"balance": (a * u.diff(x)).diff(x) - source},
        {
            "u": Dirichlet(u, exact[u]),
            "a left": Dirichlet(a, 1, on=Eq(x, 0)),
            "a right": Dirichlet(a, 1.5, on=Eq(x, 1)),
            "data": PointData(u, points[:, None], values),
        },
        exact=exact,
    )


def test_field_is_the_unknown_without_equation_and_data():
    problem = rod(0.0)
    assert [problem.unknowns[k] for k in field_columns(problem)] == [a]


def test_field_is_found_and_noise_is_not_fitted():
    solution = solve(rod(0.01), threads=1)
    assert solution.summary["path"] == ["spectral least squares, unknown fields"]
    assert solution.errors["a"]["relative_l2"] < 0.03
    assert solution.errors["u"]["relative_l2"] < 0.005
    assert 0.0085 < solution.summary["noise"]["data"]["sd"] < 0.0115  # 300 values: 4 %
    ratio = solution.estimates["predicted"]["a"] / solution.errors["a"]["relative_l2"]
    assert 0.2 < ratio < 10


def test_less_noise_gives_a_better_field():
    assert solve(rod(1e-4), threads=1).errors["a"]["relative_l2"] < 2e-3


def test_restored_phase_is_where_the_other_was():
    plan = make_plan(rod(0.01), Settings(threads=1))
    phase, again = (FieldsPhase(plan, Evaluation(plan.asked)) for _ in range(2))
    phase.step()
    again.restore(phase.state())
    assert again.step().fresh == pytest.approx(phase.step().fresh, rel=1e-9)
    assert again.noise["data"]["sd"] == pytest.approx(phase.noise["data"]["sd"], rel=1e-9)


def straight(rng, slope_sd, noise, many=200):
    """Data of one coefficient with a prior, as rows."""
    theta = slope_sd * rng.standard_normal(8)
    design = rng.standard_normal((many, 8))
    data = np.column_stack((design, design @ -theta - noise * rng.standard_normal(many))) / noise
    return Linearised(np.zeros((0, 9)), data, np.ones(8), np.zeros(8)), theta


def test_strength_of_the_prior_is_found_from_the_data():
    """Coefficients drawn with standard deviation 0.1 want a strength of 10."""
    rng = np.random.default_rng(0)
    candidates = np.logspace(-2, 4, 25)
    found = [straight(rng, 0.1, 0.5)[0].strength(candidates) for _ in range(20)]
    assert 7 < np.exp(np.mean(np.log(found))) < 15  # eight coefficients each: +- 25 %


def test_posterior_of_a_linear_problem_is_the_textbook_one():
    linear, _ = straight(np.random.default_rng(1), 0.1, 0.5)
    move, factor = linear.solve(10.0)
    design, right = linear.data[:, :-1], linear.data[:, -1]
    precision = design.T @ design + 100 * np.eye(8)
    np.testing.assert_allclose(move, np.linalg.solve(precision, -design.T @ right), atol=1e-12)
    covariance = np.linalg.inv(precision)
    assert deviation(factor, 3) == pytest.approx(np.sqrt(covariance[3, 3]), rel=1e-10)
    drawn = sample(factor, np.random.default_rng(2), 4000)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=5e-2 * covariance.max())
    assert linear.freedom(factor) == pytest.approx(np.trace(covariance @ design.T @ design))
