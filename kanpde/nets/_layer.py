"""The layer contract: a sum of blocks under one mask, then products of some of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from kanpde.basis import base_values
from kanpde.calculus import JetSpace, apply_family, multiply
from kanpde.ground import _check
from kanpde.nets._block import Block
from kanpde.nets._symbolic_block import SymbolicBlock


@dataclass
class Record:
    """What a layer leaves on the tape: its features and the sums that its blocks make."""

    layer: Layer
    features: list[Tensor | None]
    output: Tensor


Tape = list[Record]


class PrecomputedTape(list[Record]):
    """A tape that holds the jets of the network's output before the network is asked.

    Whoever made it takes the cotangent of `leaf` and knows the way back.
    """

    leaf: Tensor

    @property
    def output(self) -> Tensor:
        """Jets of the outputs, ``(K, N, m)``; `leaf` has memory ``(m, K, N)``."""
        return self.leaf.permute(1, 2, 0)

    def rows(self, cotangent: Tensor, out: Tensor) -> None:
        """Write the Jacobian ``(P, N)`` from the cotangent of `leaf`."""
        raise TypeError("Known is abstract")

    def gradient(self, cotangent: Tensor) -> Tensor:
        """Sum of the Jacobian's rows, ``(P,)``."""
        raise TypeError("Known is abstract")


class Layer(nn.Module):
    """A sum of blocks from `n_in` to `subnodes` columns under one mask, then products of some.

    Parameters
    ----------
    blocks
        Blocks that share inputs and outputs.
    n_in, subnodes
        Inputs, and outputs of the blocks.
    squash
        Bound the input of the basis by tanh, so that it stays inside [-1, 1].
    arities
        How many of the last subnodes each product node multiplies; the first ones are sum
        nodes and leave as they are.
    """

    mask: Tensor | None

    def __init__(
        self,
        blocks: list[Block],
        n_in: int,
        subnodes: int,
        *,
        squash: bool,
        arities: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.n_in, self.subnodes, self.squash = n_in, subnodes, squash
        self.arities = arities
        self.sums = subnodes - sum(arities)
        self.n_out = self.sums + len(arities)
        self.register_buffer("mask", None)

    def set_mask(self, mask: Tensor | None) -> None:
        """Switch numerical edges on (True) and off (False); ``None`` switches all on.

        Raises
        ------
        ShapeError
            If `mask` is not ``(n_in, subnodes)``.
        """
        if mask is not None:
            _check.shape("mask", mask, (self.n_in, self.subnodes))
        self.mask = None if mask is None else mask.to(self.first().device, self.first().dtype)

    @property
    def symbolic(self) -> SymbolicBlock | None:
        """The block of the edges that are fixed to functions, if there is one."""
        last = self.blocks[-1]
        return last if isinstance(last, SymbolicBlock) else None

    def alive(self) -> Tensor:
        """Tell which edges are there, numerical or symbolic; bool, ``(n_in, subnodes)``."""
        found = torch.ones(self.n_in, self.subnodes, dtype=torch.bool)
        if self.mask is not None:
            found = self.mask.bool().cpu().clone()
        for edge in () if self.symbolic is None else self.symbolic.edges:
            found[edge.i, edge.j] = True
        return found

    def factors(self, p: int) -> range:
        """Subnodes that product node `p` multiplies."""
        start = self.sums + sum(self.arities[:p])
        return range(start, start + self.arities[p])

    def first(self) -> Tensor:
        """Coefficients of the first block, for device and dtype."""
        block = self.blocks[0]
        assert isinstance(block, Block)
        return block.coefficients

    def squashed(self, z: Tensor, space: JetSpace) -> Tensor:
        """Bound the jets to what the basis sees."""
        if not self.squash:
            return z
        return apply_family(partial(base_values, "tanh"), z, space)

    def jets(
        self,
        z: Tensor,
        space: JetSpace,
        tape: Tape | None = None,
        features: Sequence[Tensor | None] | None = None,
    ) -> Tensor:
        """Map jets ``(K, N, n_in)`` to jets ``(K, N, n_out)``, leaving a record on `tape`.

        `features` of the blocks at these inputs, where they are known already.
        """
        if features is None:
            features = self.features(z, space)
        output: Tensor | None = None
        bias: Tensor | None = None
        for block, made in zip(self.blocks, features, strict=True):
            assert isinstance(block, Block)
            if made is None:
                bias = block.coefficients
                continue
            part = block.jets(made, self.mask)
            output = part if output is None else output + part
        assert output is not None
        if bias is not None:
            rest = bias.new_zeros(space.size - 1, self.subnodes)
            output = output + torch.cat((bias, rest))[:, None]
        if tape is not None:
            tape.append(Record(self, list(features), output))
        return self.multiplied(output, space)

    def features(self, z: Tensor, space: JetSpace) -> list[Tensor | None]:
        """Evaluate the features of every block at jets ``(K, N, n_in)``."""
        squashed = self.squashed(z, space)
        found = []
        for block in self.blocks:
            assert isinstance(block, Block)
            found.append(block.features(z, squashed, space))
        return found

    def multiplied(self, sums: Tensor, space: JetSpace) -> Tensor:
        """Multiply the factors of product nodes, jets ``(K, N, subnodes)`` to ``(K, N, n_out)``."""
        if not self.arities:
            return sums
        parts = [sums[..., : self.sums]]
        for p in range(len(self.arities)):
            first, *others = self.factors(p)
            product = sums[..., first : first + 1]
            for k in others:
                product = multiply(product, sums[..., k : k + 1], space)
            parts.append(product)
        return torch.cat(parts, dim=-1)

    def rows(self, record: Record, cotangent: Tensor, out: Tensor) -> None:
        """Write this layer's columns of the per-point Jacobian into `out`.

        `cotangent` belongs to the sums of the blocks, ``(K, N, subnodes)``.
        """
        start = 0
        for block, features in zip(self.blocks, record.features, strict=True):
            assert isinstance(block, Block)
            size = block.count
            detached = None if features is None else features.detach()
            block.rows(detached, cotangent, self.mask, out[:, start : start + size])
            start += size
