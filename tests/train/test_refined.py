"""Levenberg-Marquardt down to round-off, the tangent probe, and lazy training."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

import kanpde
from kanpde import Settings
from kanpde.optimize._refined import RefinedLevenberg
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session
from kanpde.solvers.training import _lazy as lazy
from kanpde.solvers.training._lazy import LazyPhase, lazy_applies
from kanpde.solvers.training._probe import draw, tangent_probe


@pytest.fixture
def small(monkeypatch):
    """Narrow networks: two probes, then training at width 8."""
    monkeypatch.setattr(lazy, "FREQUENCIES", (1.0, 1.6))
    monkeypatch.setattr(lazy, "NARROW", 5)
    monkeypatch.setattr(lazy, "WIDTHS", (8,))


def test_refined_steps_end_in_the_minimum(fit):
    method, start = RefinedLevenberg(), float(fit.vector().square().sum())
    losses = [method.step(fit).loss for _ in range(25)]
    assert losses[-1] <= 1e-24 * start
    assert all(b <= a for a, b in pairwise(losses))


def test_correction_takes_away_the_curvature_that_a_tiny_damping_brings(fake_rows):
    """One residual bends, one is flat; plain tiny damping leaves the bend."""

    def bent(theta):
        return torch.stack((theta[0] - 1 + theta[1] ** 2, 1e-6 * (theta[1] - 1)))

    rows = fake_rows(bent, torch.zeros(2, dtype=torch.float64))
    report = RefinedLevenberg().step(rows)
    # the plain step ends in (1, 1), where the first residual is 1 as at the start
    assert report.accepted
    assert report.loss <= 1e-20


def test_residual_that_is_not_finite_is_no_step(fake_rows):
    rows = fake_rows(lambda theta: theta / 0.0, torch.ones(2, dtype=torch.float64))
    report = RefinedLevenberg().step(rows)
    assert not report.finite
    assert torch.equal(rows.trial.get(), torch.ones(2, dtype=torch.float64))


def test_probe_foretells_the_residual_that_training_reaches(load_problem):
    problem = load_problem("poisson_square")
    plan = make_plan(problem, Settings(linear=False))
    phase = LazyPhase(plan, Evaluation(problem))
    probes = [tangent_probe(plan, phase._make(8, w, 1.0)) for w in (1.3, 2.5)]
    assert probes[0].floor < 1e-3 * probes[1].floor, "smooth problem, low frequency"
    phase.trial = phase._make(8, 1.3, probes[0].gain)
    phase.gain = probes[0].gain
    phase._use(draw(plan, phase.trial))
    reports = []
    while not phase.done:
        reports.append(phase.step())
    start = lazy.fresh_loss(plan, phase._make(8, 1.3, 1.0), plan.rng(600), points=1000)
    reached = math.sqrt(reports[-1].fresh / start)
    assert reached <= 30 * probes[0].floor


def test_all_layers_are_trained_to_nine_digits(small, load_problem):
    problem = load_problem("poisson_square")
    session = Session(make_plan(problem, Settings(linear=False, steps=16)), Evaluation(problem))
    session.run()
    notes = [e["note"] for e in session.history]
    assert notes[0].startswith("probe width 5 frequency 1:")
    assert any("chosen, gain" in n for n in notes)
    best = min(e["error"] for e in session.history if e["error"] is not None)
    assert best <= 1e-8
    network = session.phase.trial.network
    first = network.layer(0).first().detach()
    origin = session.phase.trial._origin[0].layer(0).first()
    assert (first - origin).abs().max() > 1e-4, "the first layer moves too"


def test_lazy_run_resumes_bit_for_bit(small, load_problem, tmp_path):
    problem = load_problem("poisson_square")
    settings = {"linear": False, "threads": 1}
    whole = kanpde.solve(problem, **settings, steps=8)
    for steps in (1, 3, 6):
        kanpde.solve(problem, **settings, steps=steps, out=tmp_path / "run", resume=steps > 1)
    resumed = kanpde.solve(problem, **settings, steps=8, out=tmp_path / "run", resume=True)
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    assert np.array_equal(resumed(points), whole(points))
    assert [e["loss"] for e in resumed.history] == [e["loss"] for e in whole.history]
    assert np.array_equal(kanpde.load(tmp_path / "run")(points), whole(points))


def test_what_no_tangent_space_holds_is_refused_and_trained_as_before(
    small, load_problem, monkeypatch
):
    monkeypatch.setattr(lazy, "POOR", 0.0)
    problem = load_problem("poisson_square")
    session = Session(make_plan(problem, Settings(linear=False, steps=5)), Evaluation(problem))
    session.run()
    assert session.path == ["lazy", "lm"]
    phases = [e["phase"] for e in session.history]
    assert phases == sorted(phases), "probes first, then training"  # "lazy" < "lm"
    assert set(phases) == {"lazy", "lm"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"linear": True}, False),
        ({"hidden": (8, 8)}, False),
        ({"basis": "chebyshev"}, False),
        ({"net": "mlp"}, False),
        ({"optimizer": "adam"}, False),
        ({"dtype": "float32"}, False),
    ],
)
def test_lazy_training_is_for_problems_without_wishes(changes, expected, load_problem):
    settings = Settings(**{"linear": False, **changes})
    assert (
        lazy_applies(make_plan(load_problem("poisson_square"), settings), closed=True) is expected
    )


def test_nonlinear_problems_are_not_trained_lazily(load_problem):
    assert not lazy_applies(make_plan(load_problem("burgers"), Settings(linear=False)), closed=True)


def test_unlucky_start_is_followed_by_another(small, load_problem, monkeypatch):
    monkeypatch.setattr("kanpde.solvers._session.GOOD_ENOUGH", 0.0)
    monkeypatch.setattr(lazy, "SLOW_STEPS", 0)  # a start is given up after one step
    problem = load_problem("poisson_square")
    session = Session(make_plan(problem, Settings(linear=False, steps=7)), Evaluation(problem))
    session.run()
    assert session.path == ["lazy", "lazy 2"]
    assert session.runner_up is not None
    first, second = session.runner_up[0].trial, session.phase.trial
    assert not torch.equal(first.origin, second.origin)
    assert session.settle()[1] <= session.runner_up[1], "the better of the two is kept"
