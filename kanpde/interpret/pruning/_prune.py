"""Prune networks: thresholds on scores, or edges, nodes and inputs by hand."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from kanpde.errors import InputError
from kanpde.interpret.pruning._cut import Pruned, cut
from kanpde.interpret.pruning._scores import (
    checked_activations,
    edge_scores,
    feature_scores,
    node_scores,
)
from kanpde.nets import KAN, Network


def prune(
    network: Network,
    x: Tensor,
    *,
    node: float = 1e-2,
    edge: float = 3e-2,
    inputs: float | None = None,
    how: str = "attribution",
) -> Pruned:
    """Remove nodes, then edges, whose scores are not above a threshold.

    Parameters
    ----------
    network
        A KAN; it is not changed.
    x
        Samples of its inputs, ``(N, n_in)``: those it was trained on.
    node
        Hidden nodes with scores up to this go; the paper's rule for ``how="l1"``.
    edge
        Edges with scores up to this go, scored again without those nodes; 0 removes only what
        does nothing.
    inputs
        Inputs with scores up to this go too; ``None`` keeps all of them.
    how
        Kind of score, see `edge_scores`.

    Returns
    -------
    Pruned
        The smaller network, what is left of the larger, and how much the function changed.
        What removed edges added on average stays, as constants of nodes.

    Raises
    ------
    InputError
        If nothing would be left, a threshold is negative or `how` is not known.
    ShapeError
        If `x` is not ``(N, n_in)``.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, eq. 2.21.

    Examples
    --------
    >>> net, x = KAN([2, 5, 1]), torch.linspace(-1, 1, 200).reshape(100, 2)
    >>> with torch.no_grad():
    ...     for block in net.layer(1).blocks:
    ...         block.coefficients[0] = 0.0  # hidden node 0 is not used much
    >>> prune(net, x, node=0.1).network.width
    [2, 4, 1]
    """
    limits = {"node": node, "edge": edge, "inputs": 0.0 if inputs is None else inputs}
    for name, value in limits.items():
        if not (isinstance(value, int | float) and value >= 0):
            raise InputError(f"{name}: expected a threshold of at least 0, got {value!r}")
    kan = checked(network, x)
    weak = [(k + 1, j) for k, s in enumerate(node_scores(kan, x, how)) for j in _below(s, node)]
    first = remove_nodes(kan, x, weak)
    second = prune_edges(first.network, x, edge, how=how)
    done = _joined(kan, x, first, second)
    if inputs is None:
        return done
    return _joined(kan, x, done, prune_inputs(done.network, x, inputs, how=how))


def prune_edges(
    network: Network, x: Tensor, threshold: float = 3e-2, *, how: str = "attribution"
) -> Pruned:
    """Remove edges whose scores are not above `threshold`, and nodes that die with them.

    Parameters
    ----------
    network, x, how
        As for `prune`.
    threshold
        Edges with scores up to this go.

    Returns
    -------
    Pruned
        See there.

    Raises
    ------
    InputError
        If nothing would be left.

    Examples
    --------
    >>> net, x = KAN([2, 5, 1]), torch.linspace(-1, 1, 200).reshape(100, 2)
    >>> prune_edges(net, x, 0.0).removed
    0
    """
    kan = checked(network, x)
    return cut(kan, x, [s <= threshold for s in edge_scores(kan, x, how)])


def prune_inputs(
    network: Network, x: Tensor, threshold: float = 1e-2, *, how: str = "attribution"
) -> Pruned:
    """Remove inputs whose scores are not above `threshold`.

    Parameters
    ----------
    network, x, how
        As for `prune`.
    threshold
        Inputs with scores up to this go.

    Returns
    -------
    Pruned
        `Pruned.inputs` tells which are left.

    Raises
    ------
    InputError
        If no input would be left.

    Examples
    --------
    >>> net, x = KAN([2, 5, 1]), torch.linspace(-1, 1, 200).reshape(100, 2)
    >>> prune_inputs(net, x).inputs
    (0, 1)
    """
    kan = checked(network, x)
    return remove_inputs(kan, x, _below(feature_scores(kan, x, how), threshold))


def remove_edges(network: Network, x: Tensor, edges: Iterable[tuple[int, int, int]]) -> Pruned:
    """Remove edges by hand.

    Parameters
    ----------
    network, x
        As for `prune`; the mean of a removed edge over the samples stays as a constant.
    edges
        Edges ``(layer, input, subnode)``, all from 0.

    Returns
    -------
    Pruned
        See there.

    Raises
    ------
    InputError
        If there is no such edge, or no path would be left.

    Examples
    --------
    >>> net, x = KAN([2, 5, 1]), torch.linspace(-1, 1, 200).reshape(100, 2)
    >>> remove_edges(net, x, [(0, 1, 4)]).edges
    14
    """
    kan = checked(network, x)
    gone = _nothing(kan)
    for k, i, j in edges:
        if not (0 <= k < len(gone) and 0 <= i < gone[k].shape[0] and 0 <= j < gone[k].shape[1]):
            raise InputError(f"edges: expected (layer, input, node) of the network, got {k, i, j}")
        gone[k][i, j] = True
    return cut(kan, x, gone)


def remove_nodes(network: Network, x: Tensor, nodes: Iterable[tuple[int, int]]) -> Pruned:
    """Remove hidden nodes by hand.

    Parameters
    ----------
    network, x
        As for `prune`; the mean of what a node fed on stays as a constant.
    nodes
        Nodes ``(level, number)``; level 1 is the first hidden one, numbers are from 0.

    Returns
    -------
    Pruned
        See there.

    Raises
    ------
    InputError
        If there is no such node, or no path would be left.

    Examples
    --------
    >>> net, x = KAN([2, 5, 1]), torch.linspace(-1, 1, 200).reshape(100, 2)
    >>> remove_nodes(net, x, [(1, 0), (1, 3)]).nodes
    ((1, 2, 4),)
    """
    kan = checked(network, x)
    gone = _nothing(kan)
    for level, j in nodes:
        if not (1 <= level < len(gone) and 0 <= j < gone[level].shape[0]):
            raise InputError(f"nodes: expected (level, number) of a hidden node, got {level, j}")
        gone[level][j] = True
    return cut(kan, x, gone)


def remove_inputs(network: Network, x: Tensor, inputs: Iterable[int]) -> Pruned:
    """Remove inputs by hand.

    Parameters
    ----------
    network, x
        As for `prune`.
    inputs
        Numbers of inputs, from 0.

    Returns
    -------
    Pruned
        `Pruned.inputs` tells which are left.

    Raises
    ------
    InputError
        If there is no such input, or none would be left.

    Examples
    --------
    >>> net, x = KAN([2, 5, 1]), torch.linspace(-1, 1, 200).reshape(100, 2)
    >>> remove_inputs(net, x, [0]).network.width
    [1, 5, 1]
    """
    kan = checked(network, x)
    gone = {int(i) for i in inputs}
    if gone - set(range(kan.n_in)):
        raise InputError(f"inputs: expected numbers from 0 to {kan.n_in - 1}, got {sorted(gone)}")
    return cut(kan, x, _nothing(kan), inputs=[i for i in range(kan.n_in) if i not in gone])


def checked(network: Network, x: Tensor) -> KAN:
    """Give the network as a KAN.

    Raises
    ------
    InputError
        If it is none, or there is no sample.
    ShapeError
        If `x` is not ``(N, n_in)``.
    """
    checked_activations(network, x)
    assert isinstance(network, KAN)
    return network


def _joined(network: KAN, x: Tensor, first: Pruned, second: Pruned) -> Pruned:
    """Tell what two cuts in a row did to the first network."""
    inputs = [first.inputs[i] for i in second.inputs]
    with torch.no_grad():
        x = x.to(network.layer(0).first())
        change = (second.network(x[:, inputs]) - network(x)).abs()
    return Pruned(
        network=second.network,
        inputs=tuple(inputs),
        nodes=tuple(
            tuple(old[j] for j in kept) for old, kept in zip(first.nodes, second.nodes, strict=True)
        ),
        edges=second.edges,
        removed=first.removed + second.removed,
        largest=float(change.max()),
        rms=float(change.square().mean().sqrt()),
    )


def _nothing(network: KAN) -> list[Tensor]:
    return [torch.zeros_like(network.layer(k).alive()) for k in range(len(network.layers))]


def _below(scores: Tensor, threshold: float) -> list[int]:
    return torch.nonzero(scores <= threshold).flatten().tolist()
