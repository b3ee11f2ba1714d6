"""Rows at fronts count less; points and redraws follow the drift."""

import numpy as np
import pytest
import torch

from kanpde import Settings
from kanpde.residual._measure import Evaluation
from kanpde.residual._points import Drawn
from kanpde.solvers._plan import make_plan
from kanpde.solvers.training._descent import DescentPhase
from kanpde.solvers.training._drawing import PointSchedule, softened

SMALL = {"hidden": (4, 4), "interior": 96, "linear": False, "threads": 1}


class Front(torch.nn.Module):
    """A trial that is tanh(x / width): its slope is known."""

    def __init__(self, frame, width):
        super().__init__()
        self.frame, self.width = frame, width
        self.eta = torch.zeros(0, dtype=torch.float64)

    def site(self, points, space):
        return points, space

    def jets(self, site):
        points, space = site
        value = torch.tanh(points[:, 0] / self.width)
        parts = {(0, 0): value, (1, 0): (1 - value**2) / self.width, (0, 1): 0 * value}
        return torch.stack([parts[alpha] for alpha in space.indices])[..., None]


@pytest.fixture
def plan(load_problem):
    return make_plan(load_problem("burgers"), Settings(**SMALL, symmetry=False))


def at(xs):
    points = np.column_stack((xs, np.full(len(xs), 0.5)))
    return Drawn(points, np.zeros((len(xs), 0)), None, None, np.full(len(xs), 1.0 / len(xs)))


def test_rows_at_a_front_are_scaled_by_its_slope(plan):
    drawn = at(np.array([-0.9, 0.0, 0.9]))
    soft = softened(Front(plan.frame, 0.01), drawn)
    ratio = np.sqrt(soft.weight / drawn.weight)
    # the slope at 0 is 100 per half width of size tanh(90) = 1: 1 / (1 + 50)
    assert ratio == pytest.approx([1.0, 1 / 51, 1.0], rel=1e-6)


def test_gentle_slopes_leave_all_rows_as_they_are(plan):
    drawn = at(np.linspace(-1, 1, 9))
    assert softened(Front(plan.frame, 0.1), drawn) is drawn  # a slope of 10


@pytest.mark.parametrize(
    ("drifts", "density", "pause"),
    [((40.0,), 1.5, 0.8), ((40.0,) * 5, 2.0, 0.6), ((0.5,), 1.0, 1.2), ((5.0,), 1.0, 1.0)],
)
def test_fitted_points_become_more_and_live_shorter(drifts, density, pause):
    point_schedule = PointSchedule()
    for drift in drifts:
        point_schedule.follow(drift)
    assert (point_schedule.density, point_schedule.pause) == pytest.approx((density, pause))


def test_pace_decides_points_and_the_next_redraw(plan):
    free = make_plan(plan.problem, Settings(hidden=(4, 4), linear=False, symmetry=False))
    phase = DescentPhase(free, Evaluation(free.problem), optimizer="lm")
    usual = phase.many, phase.every
    phase.point_schedule.follow(40.0)
    assert phase.many == round(1.5 * usual[0])
    assert phase.every == round(0.8 * usual[1])
    asked = DescentPhase(plan, Evaluation(plan.problem), optimizer="lm")
    asked.point_schedule.follow(40.0)
    assert asked.many == 96, "what the user sets stays"


def test_conditions_are_redrawn_where_their_residual_is_large():
    import numpy as np
    from sympy import Piecewise

    from kanpde import (
        Dirichlet,
        Initial,
        Interval,
        Periodic,
        Problem,
        Settings,
        TimeInterval,
        coordinates,
        unknown,
    )
    from kanpde.solvers._network import make_network
    from kanpde.solvers._plan import make_plan
    from kanpde.solvers.training._drawing import follow_residual

    x, t = coordinates("x t")
    u = unknown("u", x, t)
    problem = Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"transport": u.diff(t) + u.diff(x)},
        {
            "start": Initial(u, Piecewise((100, x < 0.25), (0, True))),
            "left": Dirichlet(u, Piecewise((100, t > 0.5), (0, True)), on=x < 0.5),
            "seam": Periodic(u, x),
        },
    )
    plan = make_plan(problem, Settings(exact_conditions=False, periodic=False))
    trial = plan.trial(make_network(plan))
    trial.set(0 * trial.get())
    drawn = {terms.names[0]: (terms, d) for terms, d in plan.draw(500, plan.rng(2))}
    for name, column, inside in (("start", 0, lambda v: v < 0.25), ("left", 1, lambda v: v > 0.5)):
        terms, before = drawn[name]
        after = follow_residual(problem, trial, terms, before, np.random.default_rng(0))
        assert after.rows == before.rows
        share = inside(before.points[:, column]).mean()
        expected = share * (1 / share + 1) / 2  # |r| / mean + 1, the mean being 100 times the share
        assert abs(inside(after.points[:, column]).mean() - expected) < 0.12
    terms, before = drawn["seam"]
    after = follow_residual(problem, trial, terms, before, np.random.default_rng(0))
    low, high = (after.points[after.factor == f] for f in (1.0, -1.0))
    assert np.abs(low[:, 1] - high[:, 1]).max() < 1e-12
    assert np.unique(low[:, 0]).tolist() == [0.0]
    assert np.unique(high[:, 0]).tolist() == [1.0]
