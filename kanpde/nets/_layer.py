"""The layer contract: a sum of blocks, each linear in its own coefficients.

A block does three things: jets forward, cotangents back (autograd walks the jets), and
rows accumulated: with the cotangent of its output, the block writes its part of the
per-point Jacobian. The feature matrix is not part of the interface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from kanpde import _check
from kanpde._compose import apply_family
from kanpde._jets import JetSpace, multiply
from kanpde.basis import Basis, base_values

if TYPE_CHECKING:
    from kanpde.nets._symbolic import SymbolicBlock


@dataclass
class Record:
    """What a layer leaves on the tape: its features and the sums that its blocks make."""

    layer: Layer
    features: list[Tensor | None]
    output: Tensor


Tape = list[Record]


class Known(list[Record]):
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


class Block(nn.Module):
    """Part of a layer: ``output = features(z) @ coefficients`` under a mask.

    `coefficients` has shape ``(f, n_out)``; `mask`, where given, the shape ``(n_in, n_out)``.
    A block that learns more than these has their columns first.
    """

    coefficients: nn.Parameter

    @property
    def count(self) -> int:
        """Number of columns in the Jacobian."""
        return sum(p.numel() for p in self.parameters())

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor | None:
        """Jets of the features, ``(K, N, f)``; ``None`` for the constant 1."""
        raise TypeError("Block is abstract")

    def jets(self, features: Tensor | None, mask: Tensor | None) -> Tensor:
        """Jets of the block's output, ``(K, N, n_out)``."""
        assert features is not None
        weights: Tensor = self.coefficients
        if mask is not None:
            weights = weights * self.spread(mask)
        # points stay contiguous: a component of every output is one stretch of memory
        flat = features.permute(2, 0, 1).flatten(1)
        return (weights.T @ flat).unflatten(1, features.shape[:2]).permute(1, 2, 0)

    def spread(self, mask: Tensor) -> Tensor:
        """Spread the (n_in, n_out) mask over the coefficients ``(f, n_out)``."""
        return mask.repeat_interleave(self.coefficients.shape[0] // mask.shape[0], dim=0)

    def rows(
        self, features: Tensor | None, cotangent: Tensor, mask: Tensor | None, out: Tensor
    ) -> None:
        """Write ``d r / d coefficients`` of every point into `out`, ``(N, f * n_out)``."""
        assert features is not None
        f, o = features.shape[2], cotangent.shape[2]
        if out.stride(0) == 1:  # points contiguous, as features and cotangents are
            target = out.T.unflatten(0, (f, o))
            lefts = features.permute(0, 2, 1)[:, :, None]
            rights = cotangent.permute(0, 2, 1)[:, None]
            torch.mul(lefts[0], rights[0], out=target)
            for left, right in zip(lefts[1:], rights[1:], strict=True):
                target.addcmul_(left, right)
            if mask is not None:
                target *= self.spread(mask)[..., None]
            return
        target = out.unflatten(1, (f, o))
        target.copy_(torch.bmm(features.permute(1, 2, 0), cotangent.permute(1, 0, 2)))
        if mask is not None:
            target *= self.spread(mask)


class BasisBlock(Block):
    """Basis functions of every input: the spline part of a KAN edge."""

    def __init__(self, basis: Basis, n_in: int, n_out: int, initial: Tensor) -> None:
        super().__init__()
        self.basis = basis.for_inputs(n_in)
        self.n_in, self.n_out = n_in, n_out
        self.coefficients = nn.Parameter(initial.reshape(n_in * basis.count, n_out).clone())
        self._make_tables()

    def _make_tables(self) -> None:
        """Let the basis make its tables now: inside a function transform it cannot."""
        with torch.no_grad():
            self.basis.values(self.coefficients.new_zeros(0, self.n_in))

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        family, spread = self.basis.local(squashed[0])
        jets = apply_family(family, squashed, space)
        jets = jets if spread is None else spread(jets)
        return jets.flatten(-2)

    def _apply(self, fn, recurse=True):  # type: ignore[no-untyped-def]
        super()._apply(fn, recurse)
        self.basis = self.basis.to(device=self.coefficients.device, dtype=self.coefficients.dtype)
        self._make_tables()
        return self


class BaseBlock(Block):
    """The base branch: one fixed function of every input (silu, tanh, identity)."""

    def __init__(self, name: str, n_in: int, n_out: int, initial: Tensor) -> None:
        super().__init__()
        self.name, self.n_in, self.n_out = name, n_in, n_out
        self.coefficients = nn.Parameter(initial.clone())

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        if self.name == "identity":
            return z
        return apply_family(partial(base_values, self.name), z, space)


class BiasBlock(Block):
    """One constant per node, instead of a redundant constant on every edge."""

    def __init__(self, n_out: int, initial: Tensor | None = None) -> None:
        super().__init__()
        self.n_out = n_out
        start = torch.zeros(1, n_out, dtype=torch.float64) if initial is None else initial
        self.coefficients = nn.Parameter(start.clone())

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> None:
        return None

    def rows(
        self, features: Tensor | None, cotangent: Tensor, mask: Tensor | None, out: Tensor
    ) -> None:
        out.copy_(cotangent[0])


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
        from kanpde.nets._symbolic import SymbolicBlock

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
