"""Blocks of a layer, each linear in its own coefficients.

A block does three things: jets forward, cotangents back (autograd walks the jets), and
rows accumulated: with the cotangent of its output, the block writes its part of the
per-point Jacobian. The feature matrix is not part of the interface.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from kanpde.basis import Basis, base_values
from kanpde.calculus import JetSpace, apply_family


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
