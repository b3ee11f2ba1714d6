"""Cut a KAN down: nodes that really go, edges that are switched off, constants that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import Tensor, nn

from kanpde.basis import Basis, BSpline
from kanpde.errors import InputError
from kanpde.nets._block import BaseBlock, BasisBlock, BiasBlock, Block
from kanpde.nets._layer import Layer
from kanpde.nets._spec import copy_network
from kanpde.nets._symbolic_block import SymbolicBlock, SymbolicEdge
from kanpde.nets.kan._kan import KAN
from kanpde.nets.kan._sine import SineBlock
from kanpde.nets.kan._symbolic import set_symbolic


@dataclass(frozen=True)
class NodePlan:
    """A node of the new network: its number in the old one, and the subnodes it multiplies.

    One subnode makes a sum node, several a product node.
    """

    old: int
    subnodes: tuple[int, ...]


def node_plans(layer: Layer) -> list[NodePlan]:
    """Plan that keeps every node of a layer as it is.

    Examples
    --------
    >>> [plan.subnodes for plan in node_plans(KAN([2, (1, 1), 1]).layer(0))]
    [(0,), (1, 2)]
    """
    sums = [NodePlan(j, (j,)) for j in range(layer.sums)]
    products = [
        NodePlan(layer.sums + p, tuple(layer.factors(p))) for p in range(len(layer.arities))
    ]
    return sums + products


def restricted(network: KAN, keep: Sequence[Sequence[int]]) -> KAN:
    """Build the smaller network of some nodes.

    Edges of what is left out are gone with all they added, constants too: see
    `kanpde.interpret.prune` for a cut that moves those into the nodes they fed.

    Parameters
    ----------
    network
        Any KAN; it is not changed.
    keep
        Nodes to keep, from 0, per level: inputs, hidden layers, outputs.

    Returns
    -------
    KAN
        Shares nothing with `network`.

    Raises
    ------
    InputError
        If a level would be empty or a node does not exist.

    Examples
    --------
    >>> restricted(KAN([2, 5, 1]), [[0, 1], [3], [0]]).width
    [2, 1, 1]
    """
    levels = len(network.layers) + 1
    if len(keep) != levels:
        raise InputError(f"keep: expected {levels} lists of nodes, got {len(keep)}")
    chosen = []
    for level, (nodes, size) in enumerate(zip(keep, network.width, strict=True)):
        numbers = sorted({int(n) for n in nodes})
        if not numbers or numbers[0] < 0 or numbers[-1] >= size:
            raise InputError(
                f"keep: expected at least one node from 0 to {size - 1} of level {level}, "
                f"got {list(nodes)}"
            )
        chosen.append(numbers)
    plans = []
    for k, numbers in enumerate(chosen[1:]):
        every = node_plans(network.layer(k))
        plans.append([every[n] for n in numbers])
    return rebuilt(network, chosen[0], plans)


def rebuilt(network: KAN, inputs: Sequence[int], plans: Sequence[Sequence[NodePlan]]) -> KAN:
    """Build the network that has these inputs and, per layer, these nodes.

    Parameters
    ----------
    network
        Any KAN; it is not changed.
    inputs
        Inputs to keep, in their new order.
    plans
        Nodes of every layer; sum nodes come first in the new network, in the order given.

    Returns
    -------
    KAN
        Shares nothing with `network`.
    """
    copied = copy_network(network)
    assert isinstance(copied, KAN)
    rows = list(inputs)
    layers = []
    for k, nodes in enumerate(plans):
        ordered = sorted(nodes, key=lambda plan: len(plan.subnodes) > 1)
        layers.append(_part(copied.layer(k), rows, ordered))
        rows = [plan.old for plan in ordered]
    copied.layers = nn.ModuleList(layers)
    first = copied.layer(0).blocks[0]
    assert isinstance(first, BasisBlock)
    copied.basis = first.basis
    return copied


def _part(layer: Layer, rows: list[int], nodes: Sequence[NodePlan]) -> Layer:
    columns = [j for plan in nodes for j in plan.subnodes]
    blocks: list[Block | None] = []
    for block in layer.blocks:
        assert isinstance(block, Block)
        blocks.append(_cut(block, rows, columns))
    arities = tuple(len(plan.subnodes) for plan in nodes if len(plan.subnodes) > 1)
    like = layer.first()
    cut = Layer(
        [block for block in blocks if block is not None],
        len(rows),
        len(columns),
        squash=layer.squash,
        arities=arities,
    ).to(like.device, like.dtype)
    if layer.mask is not None:
        mask = layer.mask[rows][:, columns]
        cut.set_mask(None if bool(mask.all()) else mask)
    return cut


@singledispatch
def _cut(block: Block, rows: list[int], columns: list[int]) -> Block | None:
    raise InputError(f"network: expected blocks of a KAN, got {type(block).__name__}")


@_cut.register
def _(block: BasisBlock, rows: list[int], columns: list[int]) -> Block:
    kept = block.coefficients.detach().unflatten(0, (block.n_in, -1))[rows][..., columns]
    basis = _basis_of(block.basis, rows)
    return BasisBlock(basis, len(rows), len(columns), kept)


@_cut.register
def _(block: SineBlock, rows: list[int], columns: list[int]) -> Block:
    kept = block.coefficients.detach().unflatten(0, (block.n_in, -1))[rows][..., columns]
    basis = block.basis
    cut = SineBlock(basis, len(rows), len(columns), kept)  # type: ignore[arg-type]
    with torch.no_grad():
        cut.frequencies.copy_(block.frequencies[rows])
    return cut


@_cut.register
def _(block: BaseBlock, rows: list[int], columns: list[int]) -> Block:
    kept = block.coefficients.detach()[rows][:, columns]
    return BaseBlock(block.name, len(rows), len(columns), kept)


@_cut.register
def _(block: BiasBlock, rows: list[int], columns: list[int]) -> Block:
    return BiasBlock(len(columns), block.coefficients.detach()[:, columns])


@_cut.register
def _(block: SymbolicBlock, rows: list[int], columns: list[int]) -> Block | None:
    kept = [e for e, edge in enumerate(block.edges) if edge.i in rows and edge.j in columns]
    if not kept:
        return None
    edges = [
        SymbolicEdge(rows.index(edge.i), columns.index(edge.j), edge.function)
        for edge in (block.edges[e] for e in kept)
    ]
    return SymbolicBlock(len(rows), len(columns), edges, block.affine.detach()[kept])


def _basis_of(basis: Basis, rows: list[int]) -> Basis:
    """Keep the grids of some inputs; other bases are the same for every input."""
    if not isinstance(basis, BSpline):
        return basis
    made = BSpline(degree=basis.degree, knots=basis.knots.double()[rows])
    return made.to(device=basis.device, dtype=basis.dtype)


def switch_off(layer: Layer, gone: Tensor) -> None:
    """Switch edges off, in place, numerical and symbolic ones.

    Their numerical coefficients become zero, so that nothing of them comes back by accident.

    Parameters
    ----------
    layer
        A layer of a KAN.
    gone
        True for edges to remove; bool, ``(n_in, subnodes)``.
    """
    if not bool(gone.any()):
        return
    block = layer.symbolic
    if block is not None:
        kept = [e for e, edge in enumerate(block.edges) if not bool(gone[edge.i, edge.j])]
        set_symbolic(layer, [block.edges[e] for e in kept], block.affine.detach()[kept])
    before = gone.new_ones(gone.shape) if layer.mask is None else layer.mask.bool().cpu()
    layer.set_mask(before & ~gone)
    assert layer.mask is not None
    for part in layer.blocks:
        if isinstance(part, BasisBlock | BaseBlock):
            off = gone.to(layer.mask.device)
            with torch.no_grad():
                part.coefficients.mul_(part.spread((~off).to(layer.mask.dtype)))


def add_constants(network: KAN, k: int, constants: Tensor) -> None:
    """Add constants ``(subnodes,)`` to what layer `k` sums, in place.

    A layer without constants gets them, unless all that is added is zero.

    Examples
    --------
    >>> net = KAN([1, 1], bias=False)
    >>> before = net(torch.zeros(1, 1))
    >>> add_constants(net, 0, torch.tensor([2.0]))
    >>> float((net(torch.zeros(1, 1)) - before).detach())
    2.0
    """
    layer = network.layer(k)
    if not bool((constants != 0).any()):
        return
    found = [block for block in layer.blocks if isinstance(block, BiasBlock)]
    if not found:
        _give_constants(network)
        found = [block for block in layer.blocks if isinstance(block, BiasBlock)]
    with torch.no_grad():
        found[0].coefficients.add_(constants.to(found[0].coefficients))


def _give_constants(network: KAN) -> None:
    """Give every layer of a network without constants a zero one."""
    for k in range(len(network.layers)):
        layer = network.layer(k)
        like = layer.first()
        blocks = list(layer.blocks)
        place = len(blocks) - (layer.symbolic is not None)
        blocks.insert(place, BiasBlock(layer.subnodes).to(like.device, like.dtype))
        layer.blocks = nn.ModuleList(blocks)
    network.bias = True


def constants_of(layer: Layer) -> Tensor:
    """Give the constants of a layer's subnodes, ``(subnodes,)``; zeros where it has none."""
    for block in layer.blocks:
        if isinstance(block, BiasBlock):
            return block.coefficients.detach()[0].clone()
    return layer.first().detach().new_zeros(layer.subnodes)


def scale_subnode(layer: Layer, j: int, factor: float) -> None:
    """Multiply all that subnode `j` sums by a number, in place."""
    with torch.no_grad():
        for block in layer.blocks:
            if isinstance(block, SymbolicBlock):
                for e, edge in enumerate(block.edges):
                    if edge.j == j:
                        block.affine[e, 2:] *= factor
            elif isinstance(block, BasisBlock | BaseBlock | BiasBlock):
                block.coefficients[:, j] *= factor
