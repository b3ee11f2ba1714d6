"""Edges that are fixed to named functions, as a block of their layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kanpde.calculus import JetSpace, apply_family, multiply
from kanpde.nets._block import Block
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
