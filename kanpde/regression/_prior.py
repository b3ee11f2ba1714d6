r"""A weak prior on coefficients, so that what no row determines stays small and smooth.

Rows of data leave some coefficients of a KAN free: splines where no sample falls. Their values
then wander, and the next test point that falls there is off by orders of magnitude. The prior
says that coefficients are of size τ and second differences of neighbouring spline coefficients
of size τ₂; with Gaussian errors of the present mean square loss its weight against N values of
data is loss / N, so that it fades as the fit improves and never costs more than a small share
of the loss. (Beside a mean cross-entropy it is 1 / 2N.) Where a fit goes on from what it has
learned elsewhere, the prior is about those coefficients instead of 0, without the differences,
which would carry a change on to where no data are: what no new row determines stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from kanpde.basis import BSpline
from kanpde.nets import BasisBlock, BiasBlock, Block, Network, SymbolicBlock

SIZE = 10.0  # τ
ROUGHNESS = 3.0  # τ₂


class Prior:
    """Rows ``sqrt(loss / N) R (θ - start)``, block by block.

    Parameters
    ----------
    values
        Number N of values that are fitted.
    start
        Coefficients that the prior is about, ``(P,)``; 0 where not given.

    References
    ----------
    Eilers and Marx, *Flexible smoothing with B-splines and penalties*, Statist. Sci. 11 (1996);
    MacKay, *Bayesian interpolation*, Neural Computation 4 (1992).

    Examples
    --------
    >>> from kanpde.nets import KAN
    >>> net, prior = KAN([1, 1], base="none", bias=False), Prior(100)
    >>> prior.refresh(net, 1.0)
    >>> prior.vector(net).shape
    torch.Size([8])
    """

    def __init__(self, values: int, start: Tensor | None = None) -> None:
        self.values, self.start = values, start
        self.weight = 0.0
        self.blocks: list[tuple[Tensor, Tensor]] = []  # roots (f, f) and places (n, f)

    def refresh(self, network: Network, loss: float) -> None:
        """Weigh by the present loss of the data; call it before every step."""
        self.weight = (max(loss, 0.0) / max(1, self.values)) ** 0.5
        self.blocks = list(_blocks(network, smooth=self.start is None))

    def jacobian(self, network: Network) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)`` block by block."""
        vector = network.get()
        for root, index in self.blocks:
            many, size = index.shape
            rows = vector.new_zeros(many, size, len(vector))
            rows.scatter_(
                2,
                index[:, None].expand(many, size, size),
                (self.weight * root)[None].expand(many, size, size),
            )
            yield rows.flatten(0, 1), self._residual(vector, root, index).flatten()

    def _residual(self, vector: Tensor, root: Tensor, index: Tensor) -> Tensor:
        gap = vector if self.start is None else vector - self.start
        return self.weight * gap[index] @ root.T

    def vector(self, network: Network) -> Tensor:
        """Residuals in the order of `jacobian`."""
        vector = network.get()
        parts = [self._residual(vector, *block).flatten() for block in self.blocks]
        return torch.cat([vector.new_zeros(0), *parts])

    def gradient(self, network: Network) -> tuple[float, Tensor]:
        """Sum of the squared residuals and its gradient ``(P,)``."""
        vector = network.get()
        total, gradient = 0.0, torch.zeros_like(vector)
        for root, index in self.blocks:
            residual = self._residual(vector, root, index)
            total += float(residual.square().sum())
            slope = 2 * self.weight * residual @ root
            gradient.index_add_(0, index.flatten(), slope.flatten())
        return total, gradient


def _blocks(network: Network, *, smooth: bool) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the factor of the prior's precision and the coefficients that it is on."""
    start = 0
    for k in range(len(network.layers)):
        layer = network.layer(k)
        for block in layer.blocks:
            assert isinstance(block, Block)
            if not isinstance(block, BiasBlock | SymbolicBlock):
                root, index = _block(block, start, smooth=smooth)
                if layer.mask is not None:  # what a dead edge holds is kept for its release
                    each = len(index) // layer.mask.numel()
                    index = index[_alive(layer.mask, each)]
                yield root, index
            start += block.count


def _alive(mask: Tensor, each: int) -> Tensor:
    """Spread a mask over `each` groups of coefficients per edge, in the order of a block."""
    return mask.bool().repeat_interleave(each, dim=0).flatten()


def _block(block: Block, start: int, *, smooth: bool) -> tuple[Tensor, Tensor]:
    coefficients = block.coefficients.detach()
    f, outputs = coefficients.shape
    place = torch.arange(start, start + f * outputs, device=coefficients.device)
    if not (smooth and isinstance(block, BasisBlock) and isinstance(block.basis, BSpline)):
        return coefficients.new_tensor([[1 / SIZE]]), place[:, None]
    count = block.basis.count
    precision = torch.eye(count, dtype=torch.float64) / SIZE**2
    if count > 2:
        differences = torch.diff(torch.eye(count, dtype=torch.float64), n=2, dim=0)
        precision += differences.T @ differences / ROUGHNESS**2
    root = torch.linalg.cholesky(precision).T.to(coefficients)
    index = place.unflatten(0, (f // count, count, outputs)).permute(0, 2, 1).flatten(0, 1)
    return root, index
