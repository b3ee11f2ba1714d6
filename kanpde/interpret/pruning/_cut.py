"""Remove edges and what dies with them, and keep the constants that they added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.errors import InputError
from kanpde.nets import (
    KAN,
    Layer,
    NodePlan,
    activations,
    add_constants,
    constants_of,
    copy_network,
    node_plans,
    rebuilt,
    scale_subnode,
    switch_off,
)


@dataclass(frozen=True)
class Pruned:
    """A smaller network, and what became of the larger one.

    Attributes
    ----------
    network : KAN
        The new network; it shares nothing with the old one.
    inputs : tuple of int
        Numbers of the inputs that are left: ``pruned.network(x[:, list(pruned.inputs)])``.
    nodes : tuple of tuple of int
        Per hidden level the old numbers of the nodes that are left, in their new order.
    edges : int
        How many edges are left.
    removed : int
        How many edges are gone.
    largest, rms : float
        Largest and root mean square change of the outputs on the samples.
    """

    network: KAN
    inputs: tuple[int, ...]
    nodes: tuple[tuple[int, ...], ...]
    edges: int
    removed: int
    largest: float
    rms: float


def cut(
    network: KAN, x: Tensor, gone: Sequence[Tensor], *, inputs: Sequence[int] | None = None
) -> Pruned:
    """Remove edges, then the nodes that nothing reaches or that reach nothing.

    What a removed edge added on average over the samples stays in the constant of the subnode
    it fed, so an edge that is a constant leaves without a trace. A factor of a product that
    became a constant is multiplied into the other factors; a product of one factor is a sum.

    Parameters
    ----------
    network
        A KAN; it is not changed.
    x
        Samples of its inputs, ``(N, n_in)``.
    gone
        Per layer, True for edges to remove; bool, ``(n_in, subnodes)``.
    inputs
        Inputs to keep; all where ``None``.

    Returns
    -------
    Pruned
        The smaller network.

    Raises
    ------
    InputError
        If no path from an input to an output would be left.
    """
    x = x.detach().to(network.layer(0).first())
    copied = copy_network(network)
    assert isinstance(copied, KAN)
    kept = list(range(network.n_in)) if inputs is None else sorted(set(inputs))
    lost = torch.ones(network.n_in, dtype=torch.bool)
    lost[kept] = False
    for k, off in enumerate(gone):
        layer = copied.layer(k)
        lost = _forward(copied, x, k, layer.alive() & (off.cpu() | lost[:, None]))
    _backward(copied)
    plans = _plans(copied)
    if not kept or not all(plans) or not bool(copied.layer(0).alive().any()):
        raise InputError(
            "prune: expected at least one path from an input to an output to be left, got none; "
            "lower the thresholds or remove less"
        )
    small = rebuilt(copied, kept, plans)
    with torch.no_grad():
        x = x.to(network.layer(0).first())
        change = (small(x[:, kept]) - network(x)).abs()
    left = edge_count(small)
    return Pruned(
        network=small,
        inputs=tuple(kept),
        nodes=tuple(tuple(p.old for p in _ordered(nodes)) for nodes in plans[:-1]),
        edges=left,
        removed=edge_count(network) - left,
        largest=float(change.max()),
        rms=float(change.square().mean().sqrt()),
    )


def edge_count(network: KAN) -> int:
    """Count the edges that are there, numerical and symbolic.

    Examples
    --------
    >>> edge_count(KAN([2, 5, 1]))
    15
    """
    return sum(int(network.layer(k).alive().sum()) for k in range(len(network.layers)))


def _forward(network: KAN, x: Tensor, k: int, off: Tensor) -> Tensor:
    """Remove edges of layer `k`; tell which of its nodes are constants now."""
    layer = network.layer(k)
    if bool(off.any()):
        means = activations(network, x)[k].edges.mean(dim=0)
        add_constants(network, k, (means * off.to(means)).sum(dim=0))
        switch_off(layer, off)
    alive = layer.alive().any(dim=0)
    constants = constants_of(layer)
    dead = []
    for plan in node_plans(layer):
        fixed = [j for j in plan.subnodes if not alive[j]]
        zero = len(plan.subnodes) > 1 and any(float(constants[j]) == 0 for j in fixed)
        dead.append(zero or len(fixed) == len(plan.subnodes))
    return torch.tensor(dead)


def _backward(network: KAN) -> None:
    """Switch off what feeds nodes that feed nothing."""
    for k in reversed(range(len(network.layers) - 1)):
        layer = network.layer(k)
        used = network.layer(k + 1).alive().any(dim=1)
        off = torch.zeros_like(layer.alive())
        for plan in node_plans(layer):
            if not used[plan.old]:
                off[:, list(plan.subnodes)] = True
        switch_off(layer, off & layer.alive())


def _plans(network: KAN) -> list[list[NodePlan]]:
    """Keep the nodes that something reaches, with constant factors multiplied in."""
    plans = []
    last = len(network.layers) - 1
    for k in range(last + 1):
        layer = network.layer(k)
        if k == last:  # outputs keep their number and order
            reached = bool(layer.alive().any())
            plans.append(node_plans(layer) if reached else [])
            continue
        used = network.layer(k + 1).alive().any(dim=1)
        alive = layer.alive().any(dim=0)
        plans.append([_reduced(layer, p, alive) for p in node_plans(layer) if used[p.old]])
    return plans


def _reduced(layer: Layer, plan: NodePlan, alive: Tensor) -> NodePlan:
    """Multiply the constant factors of a product into the first of the others."""
    left = [j for j in plan.subnodes if alive[j]]
    constants = constants_of(layer)
    for j in plan.subnodes:
        if not alive[j]:
            scale_subnode(layer, left[0], float(constants[j]))
    return NodePlan(plan.old, tuple(left))


def _ordered(nodes: Sequence[NodePlan]) -> list[NodePlan]:
    return sorted(nodes, key=lambda plan: len(plan.subnodes) > 1)
