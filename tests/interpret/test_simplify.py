"""Taking parts away and training again finds the graph of a formula."""

import math

import pytest
import torch

from kanpde.errors import InputError, ShapeError
from kanpde.interpret import simplify
from kanpde.nets import KAN


def samples(seed, n=500, d=2):
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(n, d, generator=generator, dtype=torch.float64) - 1


def network(width, seed, **options):
    return KAN(width, generator=torch.Generator().manual_seed(seed), **options).double()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_five_nodes_become_the_one_of_exp_sin_plus_square(seed):
    x = samples(seed, n=1000)
    y = torch.exp(torch.sin(math.pi * x[:, :1]) + x[:, 1:] ** 2)
    net = network([2, 5, 1], seed)
    before = net.get()
    found = simplify(net, x, y)
    assert found.network.width == [2, 1, 1]
    assert found.edges == 3
    assert found.after <= found.limit  # 1 % of the deviation of y
    gap = (found.network(x) - y).detach().square().mean().sqrt()
    assert found.after == pytest.approx(float(gap), rel=1e-9)
    assert torch.equal(net.get(), before)


def test_three_nodes_become_the_one_of_exp_sin_plus_square():
    x = samples(0, n=300)
    y = torch.exp(torch.sin(math.pi * x[:, :1]) + x[:, 1:] ** 2)
    found = simplify(network([2, 3, 1], 0), x, y, steps=40, restarts=2)
    assert found.network.width == [2, 1, 1]
    assert found.edges == 3
    assert found.after <= found.limit < 0.02


@pytest.mark.slow
def test_a_product_needs_two_nodes_and_all_their_edges():
    """One edge less is still good to 0.6 %, which the tolerance would allow."""
    x = samples(1)
    found = simplify(network([2, 3, 1], 1), x, x[:, :1] * x[:, 1:])
    assert found.network.width == [2, 2, 1]
    assert found.edges == 6


def test_a_product_node_replaces_them():
    x = samples(0, n=200)
    found = simplify(network([2, (1, 1), 1], 0), x, x[:, :1] * x[:, 1:], steps=25)
    assert found.network.width == [2, 1, 1]
    assert found.network.layer(0).arities == (2,)
    assert found.edges == 3


def test_what_an_input_does_not_do_is_not_kept():
    x = samples(2, n=200, d=3)
    found = simplify(network([3, 2, 1], 2), x, torch.tanh(2 * x[:, 1:2]), steps=40)
    alive = found.network.layer(0).alive()
    assert alive.any(dim=1).tolist() == [False, True, False]
    assert found.edges == 2


@pytest.mark.slow
def test_noise_does_not_stop_it():
    x = samples(3, n=800)
    generator = torch.Generator().manual_seed(1)
    noise = 0.1 * torch.randn(800, 1, generator=generator, dtype=torch.float64)
    found = simplify(network([2, 3, 1], 3), x, x[:, :1] ** 2 + x[:, 1:] + noise, steps=40)
    assert found.network.width == [2, 1, 1]
    assert 0.08 < found.after < 0.12


def test_time_over_keeps_the_network_given():
    x = samples(0)
    found = simplify(network([2, 3, 1], 0), x, x[:, :1] * x[:, 1:], steps=5, seconds=0.0)
    assert found.network.width[0] == 2
    assert all("weak" in name for name in found.removed)


def test_mistakes_are_named():
    x = samples(0, n=20)
    net = network([2, 2, 1], 0)
    with pytest.raises(ShapeError, match=r"y: expected shape \(20, 1\), got \(20, 2\)"):
        simplify(net, x, x)
    with pytest.raises(InputError, match="y: expected finite numbers"):
        simplify(net, x, x[:, :1] / 0)
    with pytest.raises(InputError, match=r"growth: expected at least 1, got 0\.5"):
        simplify(net, x, x[:, :1], growth=0.5)
