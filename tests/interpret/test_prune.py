"""Pruned networks are smaller, and what they lost is known."""

import math

import pytest
import torch

from kanpde.errors import InputError
from kanpde.interpret import (
    prune,
    prune_edges,
    prune_inputs,
    remove_edges,
    remove_inputs,
    remove_nodes,
)
from kanpde.nets import (
    KAN,
    LIBRARY,
    activations,
    add_constants,
    copy_network,
    fix_edge,
    switch_off,
)
from kanpde.regression._regress import regress


def target(x):
    return torch.exp(torch.sin(math.pi * x[:, :1]) + x[:, 1:2] ** 2)


def randomized(width, **options):
    net = KAN(width, **options).double()
    generator = torch.Generator().manual_seed(3)
    net.set(0.4 * torch.randn(net.count, generator=generator, dtype=torch.float64))
    return net


def test_an_edge_that_is_a_constant_leaves_without_a_trace(square):
    net = randomized([2, 3, 2])
    fix_edge(net, 0, 1, 2, LIBRARY["x"], (0.0, 0.0, 1.0, 40.0))
    fix_edge(net, 1, 0, 1, LIBRARY["x"], (0.0, 0.0, 1.0, -7.0))
    pruned = prune_edges(net, square, 0.0)
    assert pruned.removed == 2
    assert pruned.largest < 1e-12  # sums of order 40 in another order
    alive = [pruned.network.layer(k).alive() for k in (0, 1)]
    assert not alive[0][1, 2]
    assert not alive[1][0, 1]


def test_change_is_that_of_the_function_and_a_removed_edge_leaves_its_mean(square):
    net = randomized([2, 3, 2])
    pruned = remove_edges(net, square, [(1, 1, 0)])
    gap = (pruned.network(square) - net(square)).detach()
    assert pruned.largest == pytest.approx(float(gap.abs().max()), rel=1e-12)
    assert pruned.rms == pytest.approx(float(gap.square().mean().sqrt()), rel=1e-12)
    assert float(gap[:, 0].mean().abs()) < 1e-13
    assert float(gap[:, 1].abs().max()) < 1e-13
    assert pruned.rms > 1e-3


@pytest.mark.parametrize("width", [[2, 5, 1], [2, (3, (2, 3)), 4, 1]])
def test_removed_nodes_are_really_gone(width, square):
    net = randomized(width)
    before = net.get()
    pruned = remove_nodes(net, square, [(1, 0), (1, 3)])
    left = net.width[1] - 2
    assert pruned.network.width[1] == left
    assert pruned.network.count < net.count
    assert pruned.nodes[0] == tuple(n for n in range(net.width[1]) if n not in (0, 3))
    assert torch.equal(net.get(), before)


def test_nodes_that_nothing_reaches_and_that_reach_nothing_go_too(square):
    net = randomized([2, 2, 3, 1])
    dead_end = remove_edges(net, square, [(2, 1, 0)])
    assert dead_end.network.width == [2, 2, 2, 1]
    assert dead_end.nodes == ((0, 1), (0, 2))
    # node 0 of level 1 without inputs is a number: what it fed moves into constants exactly
    cut = remove_edges(net, square, [(0, 0, 0), (0, 1, 0)])
    assert cut.network.width == [2, 1, 3, 1]
    frozen = copy_network(net)
    gone = torch.zeros(2, 2, dtype=torch.bool)
    gone[:, 0] = True
    means = activations(net, square)[0].edges.mean(dim=0)
    switch_off(frozen.layer(0), gone)
    add_constants(frozen, 0, (means * gone).sum(dim=0))
    assert torch.allclose(cut.network(square), frozen(square), rtol=0, atol=1e-13)


def test_constant_factor_makes_a_product_a_sum_of_the_same_value(linear, square):
    # 3 (x0)(x1) + (2) (x0 + x1): the second node comes first when it is a sum
    first = {(0, 0): (1.0, 0.0), (1, 1): (1.0, 0.0), (0, 3): (1.0, 0.0), (1, 3): (1.0, 0.0)}
    second = {(0, 0): (3.0, 0.0), (1, 0): (1.0, 0.0)}
    net = linear([2, (0, 2), 1], [first, second], constants=[(0, [0.0, 0.0, 2.0, 0.0])])
    x0, x1 = square.unbind(1)
    expected = 2 * (x0 + x1) + 3 * x0 * x1
    assert torch.allclose(net(square)[:, 0], expected, rtol=0, atol=1e-14)
    pruned = prune(net, square)
    assert pruned.network.layer(0).arities == (2,)
    assert pruned.network.layer(0).sums == 1
    assert pruned.nodes == ((1, 0),)
    assert torch.allclose(pruned.network(square)[:, 0], expected, rtol=0, atol=1e-13)
    assert pruned.largest < 1e-13


def test_three_factors_become_two_when_one_is_a_number(linear, square):
    first = {(0, 0): (1.0, 0.5), (1, 1): (1.0, 0.5)}
    net = linear(
        [2, (0, (3,)), 1], [first, {(0, 0): (1.0, 0.0)}], constants=[(0, [0.0, 0.0, -4.0])]
    )
    pruned = prune(net, square)
    assert pruned.network.layer(0).arities == (2,)
    assert pruned.largest < 1e-13


def test_product_with_a_factor_of_zero_is_gone(linear, square):
    first = {(0, 0): (1.0, 0.0), (1, 1): (1.0, 0.0)}
    second = {(0, 0): (1.0, 0.0), (1, 0): (1.0, 0.25)}
    net = linear([2, (1, 1), 1], [first, second])
    pruned = prune(net, square)
    assert pruned.network.width == [2, 1, 1]
    assert pruned.network.layer(0).arities == ()
    assert pruned.largest < 1e-14
    assert float(pruned.network(square).detach().mean()) == pytest.approx(0.25)


def test_prune_finds_the_graph_that_a_network_hides(square):
    """A [2, 1, 1] network inside a [2, 4, 1] one whose other parts are small."""
    small = randomized([2, 1, 1])
    regress(small, square, target(square), steps=30)
    net = randomized([2, 4, 1])
    net.set(1e-5 * net.get())
    for block, part in zip(
        [*net.layer(0).blocks, *net.layer(1).blocks],
        [*small.layer(0).blocks, *small.layer(1).blocks],
        strict=True,
    ):
        rows, columns = part.coefficients.shape
        with torch.no_grad():
            block.coefficients[:rows, :columns] = part.coefficients
    pruned = prune(net, square)
    assert pruned.network.width == [2, 1, 1]
    assert pruned.nodes == ((0,),)
    assert pruned.edges == 3
    assert pruned.removed == 9
    assert pruned.rms < 1e-4


def test_inputs_that_do_nothing_go_when_asked(square):
    x = torch.cat((square, square.flip(0)[:, :1]), dim=1)
    net = randomized([3, 2, 1])
    fix_edge(net, 0, 1, 0, LIBRARY["x"], (0.0, 0.0, 1.0, 2.0))
    fix_edge(net, 0, 1, 1, LIBRARY["x"], (0.0, 0.0, 1.0, 2.0))
    assert prune(net, x, node=0, edge=0).inputs == (0, 1, 2)
    pruned = prune(net, x, node=0, edge=0, inputs=0.0)
    assert pruned.inputs == (0, 2)
    assert pruned.network.width == [2, 2, 1]
    assert torch.allclose(pruned.network(x[:, [0, 2]]), net(x), rtol=0, atol=1e-13)
    assert prune_inputs(net, x, 0.0).inputs == (0, 2)
    assert remove_inputs(net, x, [2]).inputs == (0, 1)


def test_pruning_everything_is_refused_with_the_way_out(square):
    net = randomized([2, 3, 1])
    message = "at least one path from an input to an output to be left, got none; lower the thresh"
    for attempt in (
        lambda: prune(net, square, node=100.0),
        lambda: prune_edges(net, square, 100.0),
        lambda: prune_inputs(net, square, 100.0),
        lambda: remove_nodes(net, square, [(1, 0), (1, 1), (1, 2)]),
        lambda: remove_edges(net, square, [(0, i, j) for i in range(2) for j in range(3)]),
    ):
        with pytest.raises(InputError, match=message):
            attempt()


def test_mistakes_by_hand_are_named(square):
    net = randomized([2, 3, 1])
    with pytest.raises(InputError, match=r"nodes: .*hidden node, got \(2, 0\)"):
        remove_nodes(net, square, [(2, 0)])
    with pytest.raises(InputError, match=r"edges: .*got \(0, 0, 3\)"):
        remove_edges(net, square, [(0, 0, 3)])
    with pytest.raises(InputError, match=r"inputs: expected numbers from 0 to 1, got \[2\]"):
        remove_inputs(net, square, [2])
    with pytest.raises(InputError, match="edge: expected a threshold of at least 0, got -1"):
        prune(net, square, edge=-1)


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "ssbroyden", "adam"])
def test_training_goes_on_after_pruning_without_nan(optimizer, square):
    x = square[::5]
    net = randomized([2, (3, 1), 2, 1])
    regress(net, x, target(x), steps=5)
    pruned = remove_nodes(net, x, [(1, 0)]).network
    pruned = remove_edges(pruned, x, [(0, 0, 1), (1, 1, 0), (0, 1, 3)]).network
    masks = [pruned.layer(k).alive() for k in range(3)]
    before = float((pruned(x) - target(x)).detach().square().mean().sqrt())
    after = regress(pruned, x, target(x), steps=8, optimizer=optimizer).rmse
    assert after < before
    assert bool(torch.isfinite(pruned.get()).all())
    assert all(torch.equal(pruned.layer(k).alive(), m) for k, m in enumerate(masks))


def test_single_precision_stays_single():
    net = KAN([2, 3, 1]).float()
    x = torch.linspace(-1, 1, 200).reshape(100, 2)
    pruned = remove_nodes(net, x.double(), [(1, 1)])
    assert pruned.network.get().dtype == torch.float32
    assert math.isfinite(pruned.rms)


def test_samples_may_have_another_precision_than_the_network() -> None:
    x = torch.linspace(-1, 1, 200, dtype=torch.float64).reshape(100, 2)
    net = KAN([2, 3, 1]).float()
    assert prune(net, x, node=0.0, edge=0.0).largest < 1e-5
