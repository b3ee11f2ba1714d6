"""Coarse to fine: a finer grid starts where the coarse one ended, and goes down."""

import re

import pytest
import torch
from sympy import cos, pi, sin

from kanpde import Dirichlet, Interval, Problem, Settings, coordinates, unknown
from kanpde.errors import InputError
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers.training._descent import DescentPhase
from kanpde.solvers.training._extension import extended, loss_of


def ode():
    x = coordinates("x")
    u = unknown("u", x)
    exact = sin(pi * x) + cos(3 * x) * x / 10
    source = exact.diff(x, 2) - exact**3
    return Problem(
        Interval(x, -1, 1),
        {"ode": u.diff(x, 2) - u**3 - source},
        {"ends": Dirichlet(u, exact)},
        exact={u: exact},
    )


def phase(**settings):
    plan = make_plan(ode(), Settings(hidden=(4,), **settings))
    return DescentPhase(plan, Evaluation(plan.problem), optimizer="lm")


@pytest.fixture(scope="module")
def history():
    moving = phase(basis="bspline", grids=(3, 6, 12))
    found = []
    while len(found) < 200 and [r.grid for r, _ in found[-4:]] != [12] * 4:
        found.append((moving.step(), moving.trial.count))
    return found


def test_every_extension_of_3_6_12_is_followed_by_a_smaller_loss(history):
    extensions = [(r, r.note) for r, _ in history if r.note.startswith("grid")]
    assert [r.grid for r, _ in extensions] == [6, 12]
    for report, note in extensions:
        before = float(re.search(r"loss (\S+) before", note).group(1))
        assert report.moved
        assert report.loss < before


def test_loss_falls_from_grid_to_grid(history):
    least = {}
    for report, _ in history:
        if report.moved:
            least[report.grid] = min(least.get(report.grid, float("inf")), report.loss)
    assert least[3] > least[6] > least[12]
    counts = [count for _, count in history]
    assert counts == sorted(counts)


def test_extension_keeps_the_loss_on_the_same_points():
    moving = phase(basis="bspline", grid=3)
    for _ in range(10):
        moving.step()
    coarse = loss_of(moving.plan, moving.trial, moving.drawn)
    for grid in (6, 12, 24):
        fine, moved = extended(moving.trial, grid, moving.plan.trial)
        # second derivatives of coefficients that moved by round-off
        assert loss_of(moving.plan, fine, moving.drawn) == pytest.approx(coarse, rel=1e-6)
        assert moved < 1e-10
        assert fine.count > moving.trial.count
    assert loss_of(moving.plan, moving.trial, moving.drawn) == coarse


def test_points_that_were_fitted_delay_the_extension():
    moving = phase(basis="bspline", grids=(3, 6))
    for _ in range(5):
        moving.step()
    moving.recent = [1e-12] * 12  # as if the loss had stalled far below that of new points
    report = moving.step()
    assert (report.note, report.grid, moving.grids) == ("redraw", 3, [6])
    assert report.moved


def test_extended_columns_without_data_are_left_alone():
    """Splines of a fine grid that no point reaches are zero columns; a step is still taken."""
    moving = phase(basis="bspline", grids=(3, 48))
    for _ in range(3):
        moving.step()
    moving.trial, _ = extended(moving.trial, 48, moving.plan.trial)
    moving._use(moving.drawn)
    before = moving.trial.get()
    squares = sum(j.square().sum(dim=0) for j, _ in moving._rows.jacobian())
    empty = squares == 0
    assert int(empty.sum()) > 0
    loss = loss_of(moving.plan, moving.trial, moving.drawn)
    report = moving.optimizer.step(moving._rows)
    assert report.accepted
    assert report.loss < loss
    assert torch.equal(moving.trial.get()[empty], before[empty])


def test_polynomials_have_no_grid_to_extend():
    moving = phase(net="mlp")
    with pytest.raises(InputError, match="grids: expected a KAN with B-spline edges"):
        extended(moving.trial, 6, moving.plan.trial)
