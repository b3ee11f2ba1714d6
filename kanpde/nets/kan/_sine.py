"""Sine edges whose frequencies are trained."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kanpde.basis import Basis, Sine
from kanpde.calculus import JetSpace, apply_family, multiply
from kanpde.nets._block import BasisBlock


class SineBlock(BasisBlock):
    r"""Sines and cosines of every input, frequencies :math:`\omega_{ij}` trained per input.

    Its features are those of `Sine` with the frequencies of input i,
    and what these become by a change of frequency, which the rows need:
    :math:`\partial_\omega \sin\omega z = z\cos\omega z`, a product of jets. The Jacobian's
    columns are those of the coefficients, then those of the frequencies ``(n_in, pairs)``.

    Parameters
    ----------
    basis
        A `Sine`; its frequencies are where training starts.
    n_in, n_out
        Inputs and outputs.
    initial
        Initial coefficients, shape ``(n_in, count, n_out)``.

    Examples
    --------
    >>> SineBlock(Sine(3, trainable=True), 2, 5, torch.zeros(2, 3, 5)).count
    34
    """

    def __init__(self, basis: Sine, n_in: int, n_out: int, initial: Tensor) -> None:
        super().__init__(basis, n_in, n_out, initial)
        start = torch.tensor(basis.frequencies, dtype=initial.dtype)
        self.frequencies = nn.Parameter(start.repeat(n_in, 1))
        self._unit = Sine(2, 1.0)

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        """Jets of the functions, then of their slopes by the frequency, ``(K, N, 2 f)``."""
        pairs = self.frequencies.shape[1]
        angles = (squashed[..., None] * self.frequencies).flatten(-2)
        made = apply_family(self._unit.values, angles, space)  # (K, N, n_in * pairs, 2)
        shape = (self.n_in, 2 * pairs)
        used = made.flatten(-2).unflatten(-1, shape)[..., : self.basis.count]
        with torch.no_grad():
            z_each = squashed[..., None].expand(*squashed.shape, pairs).flatten(-2)[..., None]
            turned = torch.stack((made[..., 1], -made[..., 0]), dim=-1)
            slopes = multiply(z_each, turned, space).flatten(-2).unflatten(-1, shape)
            slopes = slopes[..., : self.basis.count]
        return torch.cat((used.flatten(-2), slopes.flatten(-2)), dim=-1)

    def jets(self, features: Tensor | None, mask: Tensor | None) -> Tensor:
        """Jets of the block's output, ``(K, N, n_out)``."""
        assert features is not None
        return super().jets(features[..., : self.coefficients.shape[0]], mask)

    def rows(
        self, features: Tensor | None, cotangent: Tensor, mask: Tensor | None, out: Tensor
    ) -> None:
        """Write the columns of the coefficients, then those of the frequencies."""
        assert features is not None
        size, split = self.coefficients.shape[0], self.coefficients.numel()
        super().rows(features[..., :size], cotangent, mask, out[:, :split])
        weights = self.coefficients.detach()
        if mask is not None:
            weights = weights * self.spread(mask)
        pulled = ((cotangent @ weights.T) * features[..., size:]).sum(0)
        each = pulled.unflatten(-1, (self.n_in, self.basis.count))
        total = each[..., 0::2].clone()
        total[..., : self.basis.count // 2] += each[..., 1::2]
        out[:, split:].copy_(total.flatten(-2))


def edge_block(basis: Basis, n_in: int, n_out: int, initial: Tensor) -> BasisBlock:
    """Make the block of a basis: one of its own where it trains more than coefficients."""
    if isinstance(basis, Sine) and basis.trainable:
        return SineBlock(basis, n_in, n_out, initial)
    return BasisBlock(basis, n_in, n_out, initial)
