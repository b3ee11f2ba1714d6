"""Solving from a solution, and in stages along a parameter."""

import pytest
import torch

import kanpde
from kanpde import Dirichlet, Interval, Problem, Settings, coordinates, unknown
from kanpde.errors import InputError
from kanpde.residual._measure import Evaluation
from kanpde.solution._continue import stage_values
from kanpde.solvers._plan import make_plan
from kanpde.solvers._starting import WarmStart, warm_start
from kanpde.solvers.spectral._newton import NewtonPhase
from kanpde.solvers.spectral._products import take_products


def bratu(k=1.0):
    from sympy import exp

    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        Interval(x, 0, 1), {"bratu": u.diff(x, 2) + k * exp(u)}, {"ends": Dirichlet(u, 0)}
    )


def test_stages_are_geometric_or_linear():
    assert stage_values(100, 400) == [100.0, 200.0, 400.0]
    assert stage_values(0.1, 0.003, 3) == pytest.approx([0.1, 0.0173205, 0.003])
    assert stage_values(-1, 1, 3) == [-1.0, 0.0, 1.0]
    assert len(stage_values(0.1, 0.003)) == 7  # a factor of 33 is five doublings and a bit
    with pytest.raises(InputError, match="stages: expected 2 to 100, got 1"):
        stage_values(1, 2, 1)


def test_newton_starts_from_a_solution():
    first = kanpde.solve(bratu(1.0), steps=6)
    plan = make_plan(bratu(1.1), Settings())
    plan.start = first.trial
    assert warm_start(plan) is WarmStart.PRODUCT
    phase = NewtonPhase(plan, Evaluation(plan.problem))
    assert phase._network().degree >= 0.75 * first.trial.network.degree
    trial = plan.trial(first.trial.network.__class__((2.0,), (), 1, degree=4))
    take_products(first.trial, trial)  # fewer products than the start has
    assert trial.network.get()[:4].tolist() == first.trial.network.get()[:4].tolist()
    warm = kanpde.solve(bratu(1.1), steps=1, start=first)
    cold = kanpde.solve(bratu(1.1), steps=1)
    assert warm.summary["start"] == "product KAN"
    assert cold.summary["start"] is None
    assert warm.summary["loss"] < 1e-6 * cold.summary["loss"]


def test_trained_network_is_taken_over():
    options = {"hidden": (4,), "interior": 32, "threads": 1}
    first = kanpde.solve(bratu(), steps=10, **options)
    after = kanpde.solve(bratu(), steps=0, start=first, **options)
    assert torch.equal(after.trial.network.get(), first.trial.network.get())
    others = kanpde.solve(bratu(), steps=0, start=first, **{**options, "hidden": (5,)})
    assert others.trial.network.count != first.trial.network.count
    free = kanpde.solve(bratu(), steps=0, start=first)
    assert free.summary["path"] == ["lm"]  # the start was trained, so is what follows
    assert torch.equal(free.trial.network.get(), first.trial.network.get())


def test_stages_end_where_one_solve_ends(tmp_path):
    found = kanpde.solve_continued(bratu, "k", [1.0, 2.0, 3.0], steps=8, out=tmp_path / "run")
    alone = kanpde.solve(bratu(3.0), steps=8)
    points = found.problem.domain.grid(21)
    assert abs(found(points) - alone(points)).max() < 1e-11
    stages = found.summary["continued"]["stages"]
    assert [stage["value"] for stage in stages] == [1.0, 2.0, 3.0]
    assert [stage["start"] for stage in stages] == [None, "product KAN", "product KAN"]
    loaded = kanpde.load(tmp_path / "run")
    assert loaded.summary["continued"] == found.summary["continued"]
    assert abs(loaded(points) - found(points)).max() < 1e-14
    assert kanpde.load(tmp_path / "run" / "stages" / "1-k=1").problem.parameters == {"k": 1.0}
    again = kanpde.solve_continued(
        bratu, "k", [1.0, 2.0, 3.0], steps=8, out=tmp_path / "run", resume=True
    )
    assert again.summary["continued"]["stages"][0] == stages[0]


def test_wrong_starts_are_refused_in_one_line():
    with pytest.raises(InputError, match="values: expected two or more, got 1"):
        kanpde.solve_continued(bratu, "k", [1.0])
    with pytest.raises(InputError, match="expected one that build takes"):
        kanpde.solve_continued(bratu, "nu", [1.0, 2.0])
    x = coordinates("x")
    w = unknown("w", x)
    other = Problem(Interval(x, 0, 1), {"ode": w.diff(x, 2) + 1}, {"ends": Dirichlet(w, 0)})
    with pytest.raises(InputError, match=r"start: expected a solution for w\(x\), got one for u"):
        kanpde.solve(other, start=kanpde.solve(bratu(), steps=1))
    with pytest.raises(InputError, match=r"start: expected a kanpde\.Solution, got str"):
        kanpde.solve(other, start="runs/first")
