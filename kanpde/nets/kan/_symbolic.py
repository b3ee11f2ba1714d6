"""Edges of a network fixed to named functions, with trained affine parameters, and released."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from kanpde.errors import InputError
from kanpde.nets._layer import Layer
from kanpde.nets._library import SymbolicFunction
from kanpde.nets._symbolic_block import SymbolicBlock, SymbolicEdge
from kanpde.nets.kan._kan import KAN


def fix_edge(
    network: KAN,
    k: int,
    i: int,
    j: int,
    function: SymbolicFunction,
    affine: Sequence[float] = (1.0, 0.0, 1.0, 0.0),
) -> None:
    """Fix an edge to ``c f(a z + b) + d``, in place; an edge that is fixed already changes.

    Parameters
    ----------
    network
        Any KAN.
    k, i, j
        Layer, input and subnode (sums first, then the factors of products), from 0.
    function
        An entry of `LIBRARY` or one of your own.
    affine
        Start values of a, b, c, d.

    Raises
    ------
    InputError
        If there is no such edge, or `affine` is not four finite numbers.

    Examples
    --------
    >>> from kanpde.nets import KAN, LIBRARY
    >>> net = KAN([1, 1], grid=3)
    >>> fix_edge(net, 0, 0, 0, LIBRARY["exp"], (1.0, 0.0, 2.0, 0.0))
    >>> round(float(net(torch.zeros(1, 1)).detach()), 12)
    2.0
    """
    layer = edge_layer(network, k, i, j)
    edges, rows = _others(layer, i, j)
    row = torch.tensor([_four(affine)], dtype=torch.float64)
    _replace(layer, [*edges, SymbolicEdge(i, j, function)], torch.cat((rows, row.to(rows))))
    mask = torch.ones(layer.n_in, layer.subnodes) if layer.mask is None else layer.mask.clone()
    mask[i, j] = 0
    layer.set_mask(mask)


def _four(affine: Sequence[float]) -> list[float]:
    try:
        numbers = [float(v) for v in affine]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise InputError(f"affine: expected four finite numbers a, b, c, d, got {affine!r}")
    return numbers


def release_edge(network: KAN, k: int, i: int, j: int) -> None:
    """Make a fixed edge a numerical one again, in place, with the coefficients it had.

    Raises
    ------
    InputError
        If the edge is not fixed.

    Examples
    --------
    >>> from kanpde.nets import KAN, LIBRARY
    >>> net = KAN([1, 1], grid=3)
    >>> fix_edge(net, 0, 0, 0, LIBRARY["exp"])
    >>> release_edge(net, 0, 0, 0)
    >>> net.layer(0).symbolic is None
    True
    """
    layer = edge_layer(network, k, i, j)
    edges, rows = _others(layer, i, j)
    if layer.symbolic is None or len(edges) == len(layer.symbolic):
        raise InputError(f"edge ({k}, {i}, {j}): expected a symbolic edge, got a numerical one")
    _replace(layer, edges, rows)
    assert layer.mask is not None
    mask = layer.mask.clone()
    mask[i, j] = 1
    layer.set_mask(None if bool(mask.all()) else mask)


def set_symbolic(layer: Layer, edges: Sequence[SymbolicEdge], affine: Tensor) -> None:
    """Give a layer these symbolic edges and no others; its mask stays as it is."""
    _replace(layer, list(edges), affine)


def edge_layer(network: KAN, k: int, i: int, j: int) -> Layer:
    """Give the layer of an edge.

    Raises
    ------
    InputError
        If there is no such edge.
    """
    if not -len(network.layers) <= k < len(network.layers):
        raise InputError(f"layer: expected 0 to {len(network.layers) - 1}, got {k}")
    layer = network.layer(k)
    if not (0 <= i < layer.n_in and 0 <= j < layer.subnodes):
        raise InputError(
            f"edge of layer {k}: expected an input below {layer.n_in} and a node below "
            f"{layer.subnodes}, got ({i}, {j})"
        )
    return layer


def _others(layer: Layer, i: int, j: int) -> tuple[list[SymbolicEdge], Tensor]:
    """Give the fixed edges of a layer without this one, and their parameters."""
    block = layer.symbolic
    if block is None:
        return [], layer.first().detach().new_zeros(0, 4)
    kept = [e for e, edge in enumerate(block.edges) if (edge.i, edge.j) != (i, j)]
    return [block.edges[e] for e in kept], block.affine.detach()[kept]


def _replace(layer: Layer, edges: list[SymbolicEdge], affine: Tensor) -> None:
    plain = [block for block in layer.blocks if not isinstance(block, SymbolicBlock)]
    if edges:
        block = SymbolicBlock(layer.n_in, layer.subnodes, edges, affine)
        plain.append(block.to(layer.first().device, layer.first().dtype))
    layer.blocks = nn.ModuleList(plain)
