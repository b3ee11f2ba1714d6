"""Slabs in time: continuous at the slab ends, exact jets, saved and loaded."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

import kanpde
from kanpde import Settings
from kanpde.calculus._jets import JetSpace
from kanpde.nets import AxisMap
from kanpde.optimize import GaussNewton, minimize
from kanpde.residual._measure import Evaluation
from kanpde.residual._rows import Rows
from kanpde.residual._terms import INTERIOR
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session
from kanpde.solvers.marching._slab_start import take_over
from kanpde.solvers.spectral._products import lattice, product_network
from kanpde.trial._piecewise import Slabs
from kanpde.trial._trial import autograd_jets


def marched(problem, slabs, degrees, maps=None):
    """Equal slabs at fixed degrees, each by Gauss-Newton."""
    plan = make_plan(problem, Settings(symmetry=False))
    low, high = plan.frame.lower[plan.time_axis], plan.frame.upper[plan.time_axis]
    edges = [float(t) for t in np.linspace(low, high, slabs + 1)]
    slab_start, trials = None, []
    for start, end in itertools.pairwise(edges):
        own = plan.within(start, end, slab_start)
        trial = own.trial(product_network(own, degrees, maps))
        inside = lattice(own, trial.network, excess=3)
        drawn = [(s, inside) for s in own.sets if s.where == INTERIOR]
        minimize(Rows(trial, drawn), GaussNewton(accuracy=1e-13))
        trials.append(trial)
        if end < high:
            slab_start = take_over(own, trial, end)
    return Slabs(trials, edges, plan.time_axis)


@pytest.fixture(scope="module")
def wave(load_problem):
    return marched(load_problem("wave"), 2, (20, 16))


def at(times, x):
    return torch.stack((x, torch.full_like(x, times)), dim=1)


def test_value_and_velocity_are_continuous_at_the_seam(wave):
    first, second = wave.parts
    x = torch.linspace(0, 1, 41, dtype=torch.float64)
    space = JetSpace.closed(2, [(0, 1), (2, 0)])
    left = first.jets(first.site(at(0.5, x), space))
    right = second.jets(second.site(at(0.5, x), space))
    # the wave equation is of second order in time: u, u_x, u_t and u_xx go over the seam; the
    # second derivative of a fit of degree n = 26 costs n^4 units of round-off, 1e-10
    assert (left - right).abs().max() < 1e-10 * left.abs().max()


def test_walls_hold_in_every_slab(wave):
    times = torch.linspace(0, 1, 21, dtype=torch.float64)
    walls = torch.stack((torch.ones(21, dtype=torch.float64), times), dim=1)
    assert wave(walls).abs().max() < 1e-12  # exactly in the first, to the fit's round-off later


@pytest.mark.parametrize("maps", [None, (AxisMap(0.2, 0.4), None)])
def test_jets_of_slabs_agree_with_autograd(maps, load_problem):
    trial = marched(load_problem("wave"), 2, (14, 10), maps)
    rng = torch.Generator().manual_seed(0)
    points = torch.rand(60, 2, generator=rng, dtype=torch.float64)
    space = JetSpace.closed(2, [(2, 0), (0, 2)], collapsed=(1.0, -4.0))
    jets = trial.jets(trial.site(points, space))
    nested = autograd_jets(trial, points, space)
    assert (jets - nested).abs().max() < 1e-10 * nested.abs().max()


def test_more_slabs_reach_what_one_of_the_same_degree_cannot(load_problem):
    problem = load_problem("convection")
    evaluation = Evaluation(problem)
    assert evaluation.worst(marched(problem, 1, (8, 24))) > 0.1
    assert evaluation.worst(marched(problem, 4, (8, 24))) < 1e-6


def test_marching_is_not_tried_where_measurements_are_fitted(load_problem):
    problem = load_problem("heat_inverse")
    assert Session(make_plan(problem, Settings()), Evaluation(problem)).names == ["lm"]


def test_slabs_survive_saving_and_loading(wave, load_problem, tmp_path):
    problem = load_problem("wave")
    solution = kanpde.solve(problem, steps=3, symmetry=False)
    solution.trial = wave
    solution.save(tmp_path / "run")
    again = kanpde.load(tmp_path / "run")
    points = np.random.default_rng(0).random((200, 2))
    assert isinstance(again.trial, Slabs)
    # problem.json keeps pi as a floating point number: one unit of round-off
    assert np.abs(again(points) - solution(points)).max() < 1e-12


def test_slab_with_another_number_of_coefficients_is_refused(wave, tmp_path, load_problem):
    solution = kanpde.solve(load_problem("wave"), steps=3, symmetry=False)
    solution.trial = wave
    solution.save(tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.pt"
    content = torch.load(path, weights_only=True)
    content["trial"]["slabs"][1]["seam"][0]["vector"] = torch.zeros(3, dtype=torch.float64)
    torch.save(content, path)
    with pytest.raises(kanpde.RunDirectoryError, match="slab start"):
        kanpde.load(tmp_path / "run")


def test_one_frame_is_stored_for_all_later_slabs(wave):
    from kanpde.trial._state import trial_state

    state = trial_state(wave)
    assert len(state["frames"]) <= 2
    assert dataclasses.is_dataclass(wave.frame)
