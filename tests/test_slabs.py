"""Slabs in time: continuous at the seams, exact jets, saved and loaded."""

import numpy as np
import pytest
import torch

import kanpde
from kanpde import Settings
from kanpde._jets import JetSpace
from kanpde._measure import Judge
from kanpde._slabs import Slabs
from kanpde._trial import autograd_jets
from kanpde.train import Session, make_plan
from kanpde.train._marching import MarchingPhase


def marched(problem, slabs, degrees):
    plan = make_plan(problem, Settings())
    phase = MarchingPhase(plan, Judge(problem), slabs=slabs)
    phase.current.degrees = list(degrees)
    while not phase.done:
        phase.step()
        if not phase.done:
            phase.current.degrees = list(degrees)
            phase.current.level = min(phase.current.level, len(degrees) - 1)
    return phase


@pytest.fixture(scope="module")
def wave(load_problem):
    return marched(load_problem("wave"), 2, (8, 16))


def at(times, x):
    return torch.stack((x, torch.full_like(x, times)), dim=1)


def test_value_and_velocity_are_continuous_at_the_seam(wave):
    first, second = wave.trial.parts
    x = torch.linspace(0, 1, 41, dtype=torch.float64)
    space = JetSpace.closed(2, [(0, 1), (2, 0)])
    left = first.jets(first.site(at(0.5, x), space))
    right = second.jets(second.site(at(0.5, x), space))
    # the wave equation is of second order in time: u, u_x, u_t and u_xx go over the seam
    assert (left - right).abs().max() < 1e-11 * left.abs().max()


def test_walls_hold_exactly_in_every_slab(wave):
    times = torch.linspace(0, 1, 21, dtype=torch.float64)
    walls = torch.stack((torch.ones(21, dtype=torch.float64), times), dim=1)
    assert wave.trial(walls).abs().max() < 1e-12


def test_jets_of_slabs_agree_with_autograd(wave):
    rng = torch.Generator().manual_seed(0)
    points = torch.rand(60, 2, generator=rng, dtype=torch.float64)
    space = JetSpace.closed(2, [(2, 0), (0, 2)])
    jets = wave.trial.jets(wave.trial.site(points, space))
    nested = autograd_jets(wave.trial, points, space)
    # the carried polynomials have high degree: 1e-9 of the largest second derivative
    assert (jets - nested).abs().max() < 1e-9 * nested.abs().max()


def test_marching_reaches_what_one_slab_of_the_same_degree_cannot(load_problem):
    problem = load_problem("convection")
    judge = Judge(problem)
    one = marched(problem, 1, (16,))
    four = marched(problem, 4, (16,))
    assert judge.worst(one.trial) > 0.1
    assert judge.worst(four.trial) < 1e-5


def test_marching_is_not_tried_where_measurements_are_fitted(load_problem):
    problem = load_problem("heat_inverse")
    assert Session(make_plan(problem, Settings()), Judge(problem)).names == ["lm"]


def test_slabs_survive_saving_and_loading(wave, load_problem, tmp_path):
    problem = load_problem("wave")
    solution = kanpde.solve(problem, steps=3)
    solution.trial = wave.trial
    solution.save(tmp_path / "run")
    again = kanpde.load(tmp_path / "run")
    points = np.random.default_rng(0).random((200, 2))
    assert isinstance(again.trial, Slabs)
    # problem.json keeps pi as a floating point number: one unit of round-off
    assert np.abs(again(points) - solution(points)).max() < 1e-12
