"""The trial function: jets against autograd, embedding, scales, constants, frozen parts."""

import pytest
import sympy
import torch

from kanpde import coordinates
from kanpde.basis import Chebyshev
from kanpde.calculus._jets import JetSpace
from kanpde.errors import InputError
from kanpde.nets import KAN, MLP, ModuleNet
from kanpde.trial._trial import Constants, Frame, Trial, autograd_jets

x, t = coordinates("x t")
G = (sympy.sin(x) * sympy.exp(t), sympy.Integer(0))
D = (x * (1 - x) * t, sympy.cos(t))


def frame_of(*, periodic=(), g=G, d=D, scales=(3.0, 0.5)):
    return Frame((x, t), (-1.0, 0.5), (2.0, 4.0), periodic, g, d, scales)


def network_for(frame, seed=0):
    generator = torch.Generator().manual_seed(seed)
    net = KAN(
        [frame.inputs, 4, len(frame.g)], basis=Chebyshev(4), base="silu", generator=generator
    ).double()
    net.set(0.5 * torch.randn(net.count, generator=generator, dtype=torch.float64))
    return net


def trial_of(seed=0, **more):
    frame = frame_of(**more)
    return Trial(frame, network_for(frame, seed))


def points_in(generator, n=15):
    drawn = torch.rand(n, 2, generator=generator, dtype=torch.float64)
    return torch.tensor([-1.0, 0.5]) + torch.tensor([3.0, 3.5]) * drawn


FRAMES = {
    "plain": {"g": (sympy.S.Zero,) * 2, "d": (sympy.S.One,) * 2, "scales": (1.0, 1.0)},
    "ansatz": {},
    "periodic": {"periodic": (0,)},
    "both": {"periodic": (0, 1), "d": (sympy.S.One,) * 2},
}
SPACES = {
    "value": JetSpace.closed(2, []),
    "fourth": JetSpace.closed(2, [(4, 0), (2, 2), (0, 4)]),
    "collapsed": JetSpace.closed(2, [(0, 1)], [1.0, 2.0]),
    "half": JetSpace.closed(2, [(2, 0), (0, 1)], [1.0, 0.0]),
}


@pytest.mark.parametrize("space", list(SPACES))
@pytest.mark.parametrize("frame", list(FRAMES))
def test_jets_agree_with_nested_autograd_of_the_values(frame, space, generator):
    trial, space = trial_of(**FRAMES[frame]), SPACES[space]
    points = points_in(generator)
    found = trial.jets(trial.site(points, space)).detach()
    expected = autograd_jets(trial, points, space).detach()
    assert found.shape == (space.size, 15, 2)
    for k in range(space.size):
        assert (found[k] - expected[k]).abs().max() <= 1e-10 * expected[k].abs().max()


@pytest.mark.parametrize("frame", list(FRAMES))
def test_part_of_a_site_is_the_site_of_a_part(frame, generator):
    trial, space = trial_of(**FRAMES[frame]), SPACES["fourth"]
    points = points_in(generator)
    whole = trial.jets(trial.site(points, space))
    part = trial.jets(trial.site(points, space).part(slice(4, 9)))
    assert (part - whole[:, 4:9]).abs().max() <= 1e-12 * whole.abs().max()


def test_values_are_g_plus_d_times_the_scaled_network(generator):
    trial = trial_of()
    points = points_in(generator)
    inputs = torch.stack(((2 * points[:, 0] - 1) / 3, (2 * points[:, 1] - 4.5) / 3.5), dim=1)
    n = trial.network(inputs) * torch.tensor([3.0, 0.5])
    a, b = points.unbind(1)
    expected = torch.stack(
        (a.sin() * b.exp() + a * (1 - a) * b * n[:, 0], b.cos() * n[:, 1]), dim=1
    )
    assert (trial(points) - expected).abs().max() <= 1e-13 * expected.abs().max()


def test_box_is_mapped_to_the_unit_square():
    trial = trial_of()
    corners = torch.tensor([[-1.0, 0.5], [2.0, 4.0]], dtype=torch.float64)
    z = trial.site(corners, SPACES["fourth"]).z
    assert z[0].tolist() == [[-1.0, -1.0], [1.0, 1.0]]
    assert z[1, 0].tolist() == [2 / 3, 0.0]


def test_periodic_embedding_repeats_with_the_width_of_the_box(generator):
    trial = trial_of(periodic=(0,), g=(sympy.S.Zero,) * 2, d=(sympy.S.One,) * 2)
    points = points_in(generator)
    moved = points + torch.tensor([3.0, 0.0])
    # cosine and sine of arguments up to 4 pi
    assert (trial(points) - trial(moved)).abs().max() <= 1e-12
    assert trial.network.n_in == 3


def test_autograd_mode_gives_the_same_jets(generator):
    frame = frame_of()
    net = network_for(frame)
    points, space = points_in(generator), SPACES["fourth"]
    jets, auto = (Trial(frame, net, derivatives=d) for d in ("jets", "autograd"))
    one, two = (trial.jets(trial.site(points, space)) for trial in (jets, auto))
    assert (one - two).abs().max() <= 1e-10 * one.abs().max()
    assert auto.autograd
    assert not jets.autograd


def test_plain_module_is_differentiated_by_autograd(generator):
    frame = frame_of()
    net = network_for(frame)
    wrapped = Trial(frame, ModuleNet(net, 2, 2))
    assert wrapped.autograd
    points, space = points_in(generator), SPACES["collapsed"]
    expected = Trial(frame, net).jets(Trial(frame, net).site(points, space))
    found = wrapped.jets(wrapped.site(points, space))
    assert (found - expected).abs().max() <= 1e-10 * expected.abs().max()


def test_frozen_trial_is_added_with_all_its_jets(generator):
    zero = (sympy.S.Zero,) * 2
    frozen, frame = trial_of(seed=1), frame_of(g=zero)
    network = network_for(frame, seed=2)
    both, alone = Trial(frame, network, frozen=frozen), Trial(frame, network)
    points, space = points_in(generator), SPACES["fourth"]
    found, extra, base = (trial.jets(trial.site(points, space)) for trial in (both, alone, frozen))
    assert (found - extra - base).abs().max() <= 1e-12 * found.abs().max()
    assert (both(points) - found[0]).abs().max() <= 1e-12
    assert both.count == alone.count


def test_values_are_differentiable_by_autograd(generator):
    trial = trial_of()
    points = points_in(generator, 4).requires_grad_(True)
    assert torch.autograd.gradcheck(trial, points)


def test_coefficients_and_constants_go_out_and_in():
    frame = frame_of()
    constants = Constants(
        ("a", "b"),
        torch.tensor([10.0, 0.1], dtype=torch.float64),
        torch.tensor([0.0, -torch.inf], dtype=torch.float64),
        torch.tensor([5.0, torch.inf], dtype=torch.float64),
    )
    trial = Trial(frame, network_for(frame), constants=constants, start=[2.0, -1.0])
    assert trial.count == trial.network.count + 2
    assert trial.get()[-2:].tolist() == [0.2, -10.0]
    assert trial.constant_values() == pytest.approx({"a": 2.0, "b": -1.0})
    vector = trial.get()
    vector[-2:] = torch.tensor([99.0, 99.0])
    trial.set(vector)
    # 99 units of 10 is above the bound 5; 99 units of 0.1 is free
    assert trial.constant_values() == pytest.approx({"a": 5.0, "b": 9.9})
    vector[-2] = -1.0
    trial.set(vector)
    assert trial.constant_values()["a"] == 0.0


@pytest.mark.parametrize("sizes", [(3, 2), (2, 1)])
def test_network_that_does_not_fit_is_refused(sizes):
    n_in, n_out = sizes
    with pytest.raises(InputError, match=rf"expected 2 inputs and 2 outputs, got {n_in} and"):
        Trial(frame_of(), MLP([n_in, n_out]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_of_the_network_rules(dtype, generator):
    frame = frame_of()
    trial = Trial(frame, network_for(frame).to(dtype))
    points = points_in(generator)
    assert trial.dtype == trial(points).dtype == dtype
    assert trial.jets(trial.site(points, SPACES["fourth"])).dtype == dtype


def test_output_i_depends_only_on_point_i(generator):
    trial, points = trial_of(periodic=(0,)), points_in(generator)
    moved = points.clone()
    moved[5] -= 0.1
    change = (trial(points) - trial(moved)).abs().sum(1)
    assert change.nonzero().flatten().tolist() == [5]


def test_autograd_jets_of_a_polynomial_are_its_derivatives():
    space = JetSpace.closed(2, [(2, 1)])
    points = torch.tensor([[2.0, 3.0]], dtype=torch.float64)
    found = autograd_jets(lambda p: (p[:, :1] ** 3) * p[:, 1:] ** 2, points, space)
    expected = {(0, 0): 72, (1, 0): 108, (0, 1): 48, (2, 0): 108, (1, 1): 72, (2, 1): 72}
    for alpha, value in expected.items():
        assert found[space.position(alpha)].item() == value


def test_constant_function_has_zero_jets():
    space = JetSpace.closed(1, [(3,)])
    found = autograd_jets(lambda p: torch.ones_like(p), torch.zeros(2, 1), space)
    assert found[:, 0, 0].tolist() == [1.0, 0.0, 0.0, 0.0]
