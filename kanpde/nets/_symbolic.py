"""Edges that are fixed to named functions, with trained affine parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kanpde._compose import apply_family
from kanpde._jets import JetSpace, multiply
from kanpde.errors import InputError
from kanpde.nets._kan import KAN
from kanpde.nets._layer import Block, Layer
from kanpde.nets._library import SymbolicFunction


@dataclass(frozen=True)
class SymbolicEdge:
    """One fixed edge: from input `i` to subnode `j`."""

    i: int
    j: int
    function: SymbolicFunction


class SymbolicBlock(Block):
    r"""Edges :math:`c\,f(a z + b) + d` on a layer's unbounded inputs.

    The layer's mask does not touch them: an edge that is fixed is switched off in the
    numerical blocks. The Jacobian's columns are a, b, c, d of the first edge, then of the next.

    Parameters
    ----------
    n_in, subnodes
        Inputs of the layer and columns of its blocks.
    edges
        The fixed edges.
    affine
        Their parameters a, b, c, d, shape ``(E, 4)``.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, section 2.5.1.

    Examples
    --------
    >>> from kanpde.nets._library import LIBRARY
    >>> edge = SymbolicEdge(0, 0, LIBRARY["sin"])
    >>> SymbolicBlock(1, 1, [edge], torch.tensor([[1.0, 0.0, 2.0, 0.0]])).count
    4
    """

    def __init__(
        self, n_in: int, subnodes: int, edges: Sequence[SymbolicEdge], affine: Tensor
    ) -> None:
        super().__init__()
        self.n_in, self.n_out = n_in, subnodes
        self.edges = tuple(edges)
        self.affine = nn.Parameter(affine.detach().reshape(len(self.edges), 4).clone())
        groups: dict[SymbolicFunction, list[int]] = {}
        for e, edge in enumerate(self.edges):
            groups.setdefault(edge.function, []).append(e)
        self._groups = tuple((f, tuple(which)) for f, which in groups.items())

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        """Jets of f, of f' and of z f', side by side, ``(K, N, 3 E)``."""
        inputs = z[..., [edge.i for edge in self.edges]]
        shift = torch.cat((self.affine[None, :, 1], inputs.new_zeros(len(inputs) - 1, len(self))))
        inner = inputs * self.affine[:, 0] + shift[:, None]
        with torch.no_grad():
            slopes = self._applied(inner.detach(), space, 1)
            turned = multiply(inputs.detach(), slopes, space)
        return torch.cat((self._applied(inner, space, 0), slopes, turned), dim=-1)

    def _applied(self, inner: Tensor, space: JetSpace, order: int) -> Tensor:
        columns: list[Tensor | None] = [None] * len(self)
        for function, which in self._groups:

            def family(z: Tensor, orders: int, f: SymbolicFunction = function) -> Tensor:
                return f.values(z, orders + order)[order:]

            made = apply_family(family, inner[..., list(which)], space)
            for e, column in zip(which, made.unbind(-1), strict=True):
                columns[e] = column
        return torch.stack([c for c in columns if c is not None], dim=-1)

    def __len__(self) -> int:
        """Give the number of edges."""
        return len(self.edges)

    def each(self, features: Tensor) -> Tensor:
        """Jets of every edge, ``(K, N, E)``."""
        made = features[..., : len(self)] * self.affine[:, 2]
        offset = self.affine[None, :, 3]
        rest = offset.new_zeros(len(made) - 1, len(self))
        return made + torch.cat((offset, rest))[:, None]

    def jets(self, features: Tensor | None, mask: Tensor | None) -> Tensor:
        """Jets of the block's output, ``(K, N, subnodes)``."""
        assert features is not None
        made = self.each(features)
        out = made.new_zeros((*made.shape[:2], self.n_out))
        return out.index_add(2, self._targets(made), made)

    def _targets(self, like: Tensor) -> Tensor:
        return torch.tensor([edge.j for edge in self.edges], device=like.device)

    def rows(
        self, features: Tensor | None, cotangent: Tensor, mask: Tensor | None, out: Tensor
    ) -> None:
        """Write the columns of a, b, c, d of every edge."""
        assert features is not None
        value, slope, turned = features.split(len(self), dim=-1)
        pulled = cotangent[..., self._targets(cotangent)]
        c = self.affine.detach()[:, 2]
        target = out.unflatten(1, (len(self), 4))
        target[..., 0] = c * (pulled * turned).sum(0)
        target[..., 1] = c * (pulled * slope).sum(0)
        target[..., 2] = (pulled * value).sum(0)
        target[..., 3] = pulled[0]


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
