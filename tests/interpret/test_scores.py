"""Scores say what an edge carries."""

import pytest
import torch

from kanpde.errors import InputError, ShapeError
from kanpde.interpret import edge_scores, feature_scores, node_scores
from kanpde.nets import KAN, MLP


def test_the_papers_score_counts_constants_and_the_deviation_does_not(linear, square):
    net = linear([2, 1], [{(0, 0): (3.0, 0.0), (1, 0): (0.0, 5.0)}])
    mean = float(square[:, 0].abs().mean())
    spread = float(square[:, 0].std(correction=0))
    assert edge_scores(net, square, "l1")[0].flatten().tolist() == pytest.approx([3 * mean, 5.0])
    expected = [3 * spread, 0.0]
    assert edge_scores(net, square, "deviation")[0].flatten().tolist() == pytest.approx(expected)
    assert edge_scores(net, square)[0].flatten().tolist() == pytest.approx([1.0, 0.0])


def test_attribution_follows_the_deviations_through_the_layers(linear, square):
    # h0 = 3 x0 + 4 x1, h1 = x1; y = h0 + 12 h1: deviations 5, 1 and sqrt(9 + 16²) in units of x's
    first = {(0, 0): (3.0, 0.0), (1, 0): (4.0, 0.0), (1, 1): (1.0, 0.0)}
    net = linear([2, 2, 1], [first, {(0, 0): (1.0, 0.0), (1, 0): (12.0, 0.0)}])
    whole = (9 + 16**2) ** 0.5
    nodes = [5 / whole, 12 / whole]
    (found,) = node_scores(net, square)
    assert found.tolist() == pytest.approx(nodes)
    edges = edge_scores(net, square)[0]
    assert edges.flatten().tolist() == pytest.approx([3 / whole, 0.0, 4 / whole, 12 / whole])
    assert feature_scores(net, square).tolist() == pytest.approx([3 / whole, 16 / whole])


def test_units_of_hidden_nodes_do_not_change_attribution(linear, square):
    def scores(unit):
        first = {(0, 0): (unit, 0.0), (1, 1): (0.2, 0.0)}
        second = {(0, 0): (1 / unit, 7.0), (1, 0): (1.0, 0.0)}
        return torch.cat(
            [s.flatten() for s in edge_scores(linear([2, 2, 1], [first, second]), square)]
        )

    assert torch.allclose(scores(1.0), scores(1e6), rtol=1e-9, atol=0)


def test_a_factor_counts_by_what_its_variation_makes_of_the_product(linear, square):
    # (5 + x0) (x1): freezing the first factor at 5 loses x0 x1, freezing the second loses all
    edges = {(0, 0): (1.0, 5.0), (1, 1): (1.0, 0.0)}
    net = linear([2, (0, 1), 1], [edges, {(0, 0): (1.0, 0.0)}])
    variance = float(square[:, 0].var(correction=0))
    whole = (25 * variance + variance**2) ** 0.5
    found = edge_scores(net, square)[0]
    assert found.flatten().tolist() == pytest.approx([variance / whole, 0.0, 0.0, 1.0])


def test_node_score_of_the_paper_is_the_smaller_of_both_sides(linear, square):
    first = {(0, 0): (2.0, 0.0), (1, 0): (0.1, 0.0), (0, 1): (0.5, 0.0)}
    second = {(0, 0): (0.25, 0.0), (1, 0): (10.0, 0.0)}
    net = linear([2, 2, 1], [first, second])
    mean = float(square[:, 0].abs().mean())
    both = (2 * square[:, :1] + 0.1 * square[:, 1:]).abs().mean()
    expected = [0.25 * float(both), 0.5 * mean]
    assert node_scores(net, square, "l1")[0].tolist() == pytest.approx(expected)


def test_a_product_is_as_weak_as_its_weakest_factor(linear, square):
    edges = {(0, 0): (1.0, 0.0), (1, 1): (0.01, 0.0)}
    net = linear([2, (0, 1), 1], [edges, {(0, 0): (100.0, 0.0)}])
    mean = float(square[:, 0].abs().mean())
    assert float(node_scores(net, square, "l1")[0]) == pytest.approx(0.01 * mean)


def test_scores_of_a_constant_network_are_zero_and_finite(square):
    net = KAN([2, 3, 1]).double()
    net.set(torch.zeros(net.count, dtype=torch.float64))
    for how in ("attribution", "deviation", "l1"):
        assert all(float(s.abs().max()) == 0.0 for s in edge_scores(net, square, how))


def test_scores_refuse_what_has_no_edges(square):
    with pytest.raises(InputError, match="expected a KAN with edges, got MLP"):
        edge_scores(MLP([2, 4, 1]).double(), square)
    with pytest.raises(
        InputError, match="how: expected one of attribution, deviation, l1, got 'l2'"
    ):
        edge_scores(KAN([2, 1]), square, "l2")
    with pytest.raises(InputError, match="at least one sample"):
        edge_scores(KAN([2, 1]), square[:0])
    with pytest.raises(ShapeError, match=r"x: expected shape \(N, 2\), got \(5, 3\)"):
        edge_scores(KAN([2, 1]), torch.zeros(5, 3))
