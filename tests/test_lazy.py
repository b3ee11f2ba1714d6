"""The lazy trial: jets against autograd, its start, storage, derivatives of any order."""

import pytest
import sympy
import torch

from kanpde import coordinates
from kanpde.basis import Sine
from kanpde.calculus._jets import JetSpace
from kanpde.errors import RunDirectoryError
from kanpde.nets import KAN
from kanpde.problem._settings import Settings
from kanpde.residual._rows import Rows
from kanpde.solvers._plan import make_plan
from kanpde.trial._lazy import LazyTrial
from kanpde.trial._state import as_stored, trial_from_state, trial_state
from kanpde.trial._trial import Constants, Frame, Trial, autograd_jets

x, t = coordinates("x t")
SPACE = JetSpace.closed(2, [(2, 0), (0, 2)])


def lazy_trial(gain=50.0):
    generator = torch.Generator().manual_seed(0)
    g = (sympy.sin(x) * sympy.exp(t), sympy.Integer(0))
    d = (x * (1 - x) * t, sympy.cos(sympy.pi * t))
    frame = Frame((x, t), (-1.0, 0.5), (2.0, 4.0), (), g, d, (3.0, 0.5))
    network = KAN([2, 4, 2], basis=Sine(2), base="identity", generator=generator).double()
    return LazyTrial(Trial(frame, network), gain=gain)


def moved(trial, by=0.1):
    generator = torch.Generator().manual_seed(1)
    step = torch.randn(trial.count, generator=generator, dtype=torch.float64)
    trial.set(trial.get() + by * step)
    return trial


@pytest.fixture
def points(generator):
    drawn = torch.rand(15, 2, generator=generator, dtype=torch.float64)
    return torch.tensor([-1.0, 0.5]) + torch.tensor([3.0, 3.5]) * drawn


def test_trial_starts_at_g_whatever_the_gain(points):
    for gain in (1.0, 1e4):
        value = lazy_trial(gain)(points)
        expected = torch.sin(points[:, 0]) * torch.exp(points[:, 1])
        assert torch.allclose(value[:, 0], expected, rtol=1e-14)
        assert value[:, 1].abs().max() == 0.0


def test_jets_agree_with_autograd(points):
    trial = moved(lazy_trial())
    jets = trial.jets(trial.site(points, SPACE))
    reference = autograd_jets(trial, points, SPACE)
    assert (jets - reference).abs().max() <= 1e-12 * reference.abs().max()


def test_part_of_a_site_gives_part_of_the_jets(points):
    trial = moved(lazy_trial())
    site = trial.site(points, SPACE)
    some = slice(3, 9)
    difference = trial.jets(site.part(some)) - trial.jets(site)[:, some]
    assert difference.abs().max() <= 1e-12


def test_gain_scales_what_the_coefficients_do(points):
    once, twice = moved(lazy_trial(50.0)), moved(lazy_trial(100.0))
    start = lazy_trial()(points)
    change, double = once(points) - start, twice(points) - start
    assert (double - 2 * change).abs().max() <= 1e-13 * double.abs().max()


def test_rows_agree_with_finite_differences(load_problem):
    plan = make_plan(load_problem("poisson_square"), Settings(linear=False))
    network = KAN([2, 3, 1], basis=Sine(2), base="identity")
    trial = moved(LazyTrial(plan.trial(network), gain=20.0))
    rows = Rows(trial, plan.draw(30, plan.rng(0)))
    jacobian = torch.cat([j for j, _ in rows.jacobian()])
    start, h = trial.get(), 1e-5
    for k in (0, 7, trial.count - 1):
        ends = []
        for sign in (1, -1):
            trial.set(start + sign * h * torch.eye(len(start), dtype=torch.float64)[k])
            ends.append(rows.vector())
        slope = (ends[0] - ends[1]) / (2 * h)
        # truncation h² and round-off 1e-16 / h, both about 1e-10 of the largest entry
        assert (slope - jacobian[:, k]).abs().max() <= 1e-7 * jacobian.abs().max()


def test_stored_trial_is_the_same_function(points):
    trial = as_stored(moved(lazy_trial()))
    state = trial_state(trial)
    none = Constants((), *(torch.zeros(0),) * 3)
    again = trial_from_state(state, trial.frame, none, torch.float64)
    assert torch.equal(again(points), trial(points))
    assert again.gain == trial.gain


def test_damaged_start_is_refused():
    trial = lazy_trial()
    state = trial_state(trial) | {"origin": torch.zeros(3)}
    none = Constants((), *(torch.zeros(0),) * 3)
    with pytest.raises(RunDirectoryError, match="coefficients to start from"):
        trial_from_state(state, trial.frame, none, torch.float64)
