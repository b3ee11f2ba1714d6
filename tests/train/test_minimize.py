"""One loop for all least squares: the outcomes of the loops that it replaced, and when it ends."""

import math

import pytest
import torch

from kanpde.optimize import (
    DampingRule,
    FreeRows,
    GaussNewton,
    LevenbergMarquardt,
    RefinedLevenberg,
    StepReport,
    Stop,
    minimize,
    stacked,
)

T = torch.linspace(0, 1, 30, dtype=torch.float64)


def noisy(theta):
    return theta[0] * torch.exp(theta[1] * T) - 2 * torch.exp(-1.5 * T) + 0.1 * torch.sin(40 * T)


def exponentials(theta):
    t = torch.linspace(0, 2, 20, dtype=torch.float64)
    model = theta[0] * torch.exp(-theta[1] * t) + theta[2] * torch.exp(-theta[3] * t)
    return model - 2 * torch.exp(-t) - torch.exp(-4 * t)


def rosenbrock(theta):
    return torch.stack((10 * (theta[1] - theta[0] ** 2), 1 - theta[0]))


STARTS = {
    noisy: [1.0, 0.0],
    exponentials: [1.0, 0.5, 1.0, 6.0],
    rosenbrock: [-1.2, 1.0],
    torch.atan: [2.0],
}


@pytest.fixture
def at_start(fake_rows):
    return lambda function: fake_rows(function, torch.tensor(STARTS[function], dtype=torch.float64))


# Recorded from the loop of its own that Gauss-Newton had.
@pytest.mark.parametrize(
    ("function", "loss", "assemblies", "converged", "coefficients"),
    [
        (noisy, 0.14763080117316355, 2, True, [1.9903903141029837, -1.4956549649562643]),
        (exponentials, 0.0, 3, True, [2.0, 1.0, 1.0, 4.0]),
        (rosenbrock, 22.86504150387671, 1, False, [-1.0625000000014924, 0.6975000000035849]),
        (torch.atan, 0.0, 6, True, [0.0]),
    ],
)
def test_gauss_newton_ends_where_its_own_loop_did(
    at_start, function, loss, assemblies, converged, coefficients
):
    rows = at_start(function)
    outcome = minimize(rows, GaussNewton(accuracy=1e-12))
    assert outcome.loss == pytest.approx(loss, rel=1e-12, abs=1e-29)
    assert (outcome.assemblies, outcome.converged) == (assemblies, converged)
    assert rows.trial.get().tolist() == pytest.approx(coefficients, rel=1e-13, abs=1e-13)


# Recorded from the methods' own loops: loss and damping of the first steps.
STEPS = {
    "bent": [(1.5215588904652033, 10.24), (0.23097294677161645, 2.048)],
    "plain": [(2.8001471844192523, 0.01), (0.20974827577909433, 0.005)],
    "refined": [(0.04853299250569543, 1e-30), (1.2957463288774516e-10, 1e-30)],
}


@pytest.mark.parametrize("name", STEPS)
def test_methods_step_as_their_own_loops_did(at_start, name):
    method = {
        "bent": lambda: LevenbergMarquardt(linear_algebra="qr", reach=True),
        "plain": lambda: LevenbergMarquardt(linear_algebra="gram", geodesic=False),
        "refined": RefinedLevenberg,
    }[name]()
    rows = at_start(exponentials)
    for loss, damping in STEPS[name]:
        report = method.step(rows)
        assert report.accepted
        # the order of additions differs where steps are bent
        assert report.loss == pytest.approx(loss, rel=1e-9)
        assert report.damping == pytest.approx(damping, rel=1e-12)
        assert float(rows.vector().square().sum()) == pytest.approx(report.loss, rel=1e-9)


def test_free_rows_move_their_coefficients_and_leave_the_others(at_start):
    rows = at_start(exponentials)
    where = torch.tensor([0, 2])  # the linear ones: rates stay 0.5 and 6
    free = FreeRows(rows, where)
    outcome = minimize(free, GaussNewton(accuracy=1e-12))
    jacobian, _ = stacked(rows)
    start = torch.tensor(STARTS[exponentials], dtype=torch.float64)
    expected = torch.linalg.lstsq(jacobian[:, where], -exponentials(start)[:, None]).solution
    assert outcome.converged
    assert (rows.trial.get()[where] - start[where] - expected[:, 0]).abs().max() < 1e-12
    assert torch.equal(rows.trial.get()[[1, 3]], start[[1, 3]])


class Given:
    """Steps whose losses are known beforehand."""

    def __init__(self, *losses, **more):
        self.losses, self.more = list(losses), more

    def step(self, rows):
        return StepReport(self.losses.pop(0), **({"accepted": True} | self.more))


@pytest.mark.parametrize(
    ("stop", "assemblies", "slow"),
    [
        (Stop(assemblies=3), 3, False),
        (Stop(assemblies=9, fall=0.5), 4, True),  # 0.01 -> 0.009
        (Stop(assemblies=9, fall=0.5, patience=2), 5, True),
        (Stop(assemblies=9, fall=0.5, patience=3), 9, True),
        (Stop(assemblies=9, loss=0.05), 3, False),
        (Stop(assemblies=9, seconds=-1.0), 1, False),
    ],
)
def test_iteration_ends_by_the_first_rule_that_holds(fake_rows, stop, assemblies, slow):
    rows = fake_rows(lambda theta: theta, torch.ones(1, dtype=torch.float64))
    steps = Given(0.4, 0.1, 0.01, 0.009, 0.008, 0.001, 0.0009, 0.0008, 0.0007)
    outcome = minimize(rows, steps, stop)
    assert (outcome.assemblies, outcome.slow) == (assemblies, slow)


def test_slow_steps_are_no_end_where_something_else_moves(fake_rows):
    rows = fake_rows(lambda theta: theta, torch.ones(1, dtype=torch.float64))
    asked = iter([False, True, True, False])
    outcome = minimize(rows, Given(0.1, 0.09, 0.08, 0.07), moving=lambda: next(asked))
    assert (outcome.loss, outcome.assemblies, outcome.slow) == (0.07, 4, True)


@pytest.mark.parametrize("more", [{"accepted": False}, {"finite": False}, {"converged": True}])
def test_step_that_says_so_is_the_last(fake_rows, more):
    rows = fake_rows(lambda theta: theta, torch.ones(1, dtype=torch.float64))
    outcome = minimize(rows, Given(0.1, 0.01, **more))
    assert outcome.assemblies == 1
    assert outcome.converged is ("converged" in more)


def test_damping_rule_bounds_what_a_step_tries(fake_rows):
    rows = fake_rows(lambda theta: 1 + theta.abs(), torch.zeros(1, dtype=torch.float64))
    method = LevenbergMarquardt(geodesic=False, rule=DampingRule(tries=3, growth=8, fastest=8))
    report = method.step(rows)
    assert not report.accepted
    assert method.damping <= 1e-2 * 8**3
    assert math.isfinite(report.loss)
    assert rows.trial.get().item() == 0.0
