"""What happens on a network's edges and nodes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets._block import Block
from kanpde.nets._layer import Layer
from kanpde.nets._network import Network
from kanpde.nets._symbolic_block import SymbolicBlock


@dataclass(frozen=True)
class Activation:
    """One layer at given points, without gradients.

    Attributes
    ----------
    inputs : Tensor
        What enters the layer, ``(N, n_in)``.
    edges : Tensor
        What every edge adds to its subnode, ``(N, n_in, subnodes)``; a node's constant is not
        part of an edge.
    subnodes : Tensor
        Sums of edges with the node's constant, ``(N, subnodes)``.
    nodes : Tensor
        What leaves, products multiplied, ``(N, n_out)``.
    """

    inputs: Tensor
    edges: Tensor
    subnodes: Tensor
    nodes: Tensor


def activations(network: Network, x: Tensor) -> list[Activation]:
    """Evaluate every edge and node of a network.

    Parameters
    ----------
    network
        A network of layers.
    x
        Its inputs, ``(N, n_in)``.

    Returns
    -------
    list of Activation
        One per layer.

    Examples
    --------
    >>> from kanpde.nets import KAN
    >>> net, x = KAN([2, 3, 1]), torch.zeros(4, 2)
    >>> first, last = activations(net, x)
    >>> first.edges.shape, torch.equal(last.nodes, net(x))
    (torch.Size([4, 2, 3]), True)
    """
    space = JetSpace(1, ((0,),))
    found = []
    with torch.no_grad():
        z = x.to(network.layer(0).first())
        for k in range(len(network.layers)):
            layer = network.layer(k)
            tape: list = []  # type: ignore[type-arg]
            nodes = layer.jets(z[None], space, tape)[0]
            found.append(Activation(z, edges(layer, z), tape[0].output[0], nodes))
            z = nodes
    return found


def edges(layer: Layer, z: Tensor) -> Tensor:
    """Evaluate every edge of a layer at its inputs ``(N, n_in)``: ``(N, n_in, subnodes)``."""
    space = JetSpace(1, ((0,),))
    total = z.new_zeros(len(z), layer.n_in, layer.subnodes)
    with torch.no_grad():
        squashed = layer.squashed(z[None], space)
        for block in layer.blocks:
            assert isinstance(block, Block)
            features = block.features(z[None], squashed, space)
            if features is None:
                continue
            if isinstance(block, SymbolicBlock):
                for e, column in zip(block.edges, block.each(features)[0].unbind(-1), strict=True):
                    total[:, e.i, e.j] += column
                continue
            weights = block.coefficients
            used = features[0][:, : weights.shape[0]].unflatten(1, (layer.n_in, -1))
            part = torch.einsum("nif,ifo->nio", used, weights.unflatten(0, (layer.n_in, -1)))
            total += part if layer.mask is None else part * layer.mask
    return total
