"""Cutting a network down leaves the function of what is kept."""

import pytest
import torch

from kanpde.basis import Chebyshev, Sine
from kanpde.errors import InputError
from kanpde.nets import (
    KAN,
    LIBRARY,
    BasisBlock,
    add_constants,
    copy_network,
    fix_edge,
    network_from_record,
    network_record,
    restricted,
    scale_subnode,
    switch_off,
    update_grid,
)


def symbolic() -> KAN:
    net = KAN([3, 4, 2])
    fix_edge(net, 0, 1, 2, LIBRARY["sin"], (2.0, 0.1, 0.5, 0.2))
    fix_edge(net, 1, 2, 1, LIBRARY["exp"], (0.3, 0.0, 1.0, 0.0))
    return net


def moved_knots() -> KAN:
    net = KAN([3, 4, 2], grid=4)
    samples = torch.rand(200, 3, generator=torch.Generator().manual_seed(1)) ** 2
    update_grid(net, samples, blend=0.3)
    return net


NETWORKS = {
    "bspline": lambda: KAN([3, 4, 2], grid=4),
    "knots of every input": moved_knots,
    "chebyshev without base": lambda: KAN([3, 4, 2], basis=Chebyshev(4), base="none", bias=False),
    "trained frequencies": lambda: KAN([3, 4, 2], basis=Sine(4, trainable=True)),
    "products": lambda: KAN([3, (2, (2, 3)), 2]),
    "symbolic": symbolic,
}


@pytest.fixture(params=list(NETWORKS))
def network(request, helpers):
    return helpers["randomized"](NETWORKS[request.param]())


def test_restricted_network_is_the_old_one_without_the_other_nodes_edges(network, helpers):
    points = helpers["points"](network)
    muted = copy_network(network)
    gone = torch.zeros_like(muted.layer(1).alive())
    gone[[0, 3]] = True
    switch_off(muted.layer(1), gone)
    small = restricted(network, [[0, 1, 2], [1, 2], [0, 1]])
    assert small.width == [3, 2, 2]
    # the same sums in another order: rounding only
    assert torch.allclose(small(points), muted(points), rtol=0, atol=1e-13)


def test_removed_inputs_and_outputs_leave_the_others_as_they_were(network, helpers):
    points = helpers["points"](network)
    muted = copy_network(network)
    gone = torch.zeros_like(muted.layer(0).alive())
    gone[1] = True
    switch_off(muted.layer(0), gone)
    small = restricted(network, [[0, 2], range(4), [1]])
    expected = muted(points)[:, 1:]
    assert torch.allclose(small(points[:, [0, 2]]), expected, rtol=0, atol=1e-13)


def test_what_is_left_survives_saving_and_has_no_memory_of_the_old(network, helpers):
    points = helpers["points"](network)
    before = network(points)
    small = restricted(network, [[0, 2], [1, 2], [0, 1]])
    again = network_from_record(network_record(small)).double()
    again.set(small.get())
    assert torch.equal(again(points[:, [0, 2]]), small(points[:, [0, 2]]))
    small.set(torch.zeros(small.count))
    assert torch.equal(network(points), before)


def test_rows_of_a_cut_network_agree_with_autograd(network, helpers):
    small = restricted(network, [[0, 2], [1, 3], [0]])
    points = helpers["points"](small, 5)
    from kanpde.calculus._jets import JetSpace

    tape = []
    out = small.jets(points[None], JetSpace(2, ((0, 0),)), tape)
    cotangents = torch.autograd.grad(out.sum(), [r.output for r in tape], retain_graph=True)
    rows = torch.full((5, small.count), torch.nan, dtype=torch.float64)
    small.rows(tape, list(cotangents), rows)
    grads = torch.autograd.grad(out.sum(), list(small.parameters()))
    expected = torch.cat([g.flatten() for g in grads])
    assert torch.allclose(rows.sum(0), expected, rtol=1e-11, atol=1e-12)


def test_restricted_names_the_level_that_would_be_empty():
    with pytest.raises(InputError, match=r"at least one node from 0 to 4 of level 1, got \[\]"):
        restricted(KAN([2, 5, 1]), [[0, 1], [], [0]])
    with pytest.raises(InputError, match=r"from 0 to 1 of level 0, got \[0, 2\]"):
        restricted(KAN([2, 5, 1]), [[0, 2], [1], [0]])
    with pytest.raises(InputError, match="expected 3 lists of nodes, got 2"):
        restricted(KAN([2, 5, 1]), [[0, 1], [0]])


def test_constants_come_to_a_network_that_had_none_and_survive_saving(helpers):
    net = helpers["randomized"](KAN([2, 3, 1], bias=False))
    fix_edge(net, 1, 0, 0, LIBRARY["sin"])
    points = helpers["points"](net)
    before = net(points)
    add_constants(net, 1, torch.zeros(1))
    assert not net.bias
    add_constants(net, 1, torch.tensor([0.75]))
    assert torch.allclose(net(points), before + 0.75, rtol=0, atol=1e-14)
    again = network_from_record(network_record(net)).double()
    again.set(net.get())
    assert torch.equal(again(points), net(points))


def test_scaled_subnode_scales_its_sum_only(helpers):
    net = helpers["randomized"](symbolic())
    points = helpers["points"](net)
    before = net(points).detach()
    scale_subnode(net.layer(1), 1, -2.5)
    after = net(points).detach()
    assert torch.equal(after[:, 0], before[:, 0])
    assert torch.allclose(after[:, 1], -2.5 * before[:, 1], rtol=1e-13, atol=1e-14)


def test_switched_off_edges_have_no_coefficients_left():
    net = KAN([2, 3, 1])
    gone = torch.zeros(2, 3, dtype=torch.bool)
    gone[1, 2] = True
    switch_off(net.layer(0), gone)
    block = net.layer(0).blocks[0]
    assert isinstance(block, BasisBlock)
    left = block.coefficients.detach().unflatten(0, (2, -1))
    assert float(left[1, :, 2].abs().max()) == 0.0
    assert float(left[0, :, 2].abs().max()) > 0.0
    assert net.layer(0).alive().tolist() == [[True] * 3, [True, True, False]]
