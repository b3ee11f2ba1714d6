"""Ridge KAN: linear first edges, one Chebyshev polynomial on every outer edge."""

from __future__ import annotations

import math
from typing import Any

import torch
from scipy.stats import norm as gaussian
from scipy.stats import qmc
from torch import Tensor, nn

from kanpde._jets import JetSpace, compose
from kanpde.nets._layer import BiasBlock, Block, Layer, Tape
from kanpde.nets._network import Network

OVERSAMPLING = 1.25


def ridge_size(lengths: int, degree: int, *, periodic: int = 0) -> int:
    """Polynomials of exactly `degree` that are linearly independent.

    Parameters
    ----------
    lengths
        Number of coordinates.
    degree
        Total degree; a periodic coordinate counts by its frequency.
    periodic
        How many of the coordinates enter as cosine and sine.

    Examples
    --------
    >>> ridge_size(2, 12), ridge_size(2, 12, periodic=1)
    (13, 25)
    """
    if lengths == 1:
        return 1 + periodic
    total = 0
    for q in range(min(periodic, degree) + 1):
        # q periodic coordinates with frequency >= 1 (two functions each), the rest free
        free = lengths - periodic + q
        left = degree - q
        ways = math.comb(left + free - 1, free - 1) if free else int(left == 0)
        total += math.comb(periodic, q) * 2**q * ways
    return total


def ridge_directions(inputs: int, count: int, *, seed: int = 0) -> Tensor:
    """Directions spread over the half sphere, shape ``(inputs, count)``.

    Even in the plane; in space from a low-discrepancy sequence. Every direction is
    scaled so that inputs in [-1, 1] map into [-1, 1].

    Examples
    --------
    >>> ridge_directions(1, 1)
    tensor([[1.]], dtype=torch.float64)
    """
    if inputs == 1:
        return torch.ones(1, count, dtype=torch.float64)
    if inputs == 2:
        angle = torch.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count
        vectors = torch.stack((torch.cos(angle), torch.sin(angle)))
    else:
        cube = qmc.Sobol(inputs, scramble=True, rng=12345 + seed).random_base2(
            max(1, math.ceil(math.log2(count)))
        )[:count]
        vectors = torch.tensor(gaussian.ppf(cube.clip(1e-9, 1 - 1e-9)).T)
    return vectors / vectors.abs().sum(dim=0)


class _Polynomials(torch.autograd.Function):
    """T_k of groups of columns with derivatives; its gradient is the next derivative."""

    generate_vmap_rule = True

    @staticmethod
    def forward(z: Tensor, sizes: tuple[int, ...], orders: int) -> Tensor:
        return _polynomials(z, sizes, orders)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        z, ctx.sizes, ctx.orders = inputs
        ctx.save_for_backward(z)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (z,) = ctx.saved_tensors
        higher = _Polynomials.apply(z, ctx.sizes, ctx.orders + 1)[1:]
        return (gradients[0] * higher).sum(dim=0), None, None


def _polynomials(z: Tensor, sizes: tuple[int, ...], orders: int) -> Tensor:
    """Differentiated three-term recurrence; columns leave it when their degree is reached."""
    found = z.new_zeros((orders + 1, *z.shape))
    previous, current = found.clone(), found.clone()
    previous[0] = 1.0
    current[0] = z
    if orders:
        current[1] = 1.0
    twice = 2 * z
    factors = 2 * torch.arange(1, orders + 1, dtype=z.dtype, device=z.device)[:, None, None]
    start = 0
    for size in sizes:
        found[:, :, start : start + size] = current[:, :, :size]
        start += size
        twice, previous, current = twice[:, size:], previous[:, :, size:], current[:, :, size:]
        following = torch.addcmul(-previous, twice, current)
        if orders:
            following[1:].addcmul_(factors, current[:-1])
        previous, current = current, following
    return found


class RidgeBlock(Block):
    """One Chebyshev polynomial on each edge: `sizes[k - 1]` edges of degree k.

    Parameters
    ----------
    sizes
        Number of edges of degree 1, 2, … n.
    n_out
        Number of outputs.
    """

    def __init__(self, sizes: tuple[int, ...], n_out: int) -> None:
        super().__init__()
        self.sizes, self.n_out = sizes, n_out
        self.coefficients = nn.Parameter(torch.zeros(sum(sizes), n_out, dtype=torch.float64))

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        """Jets of the polynomials, ``(K, N, f)``."""
        values = _Polynomials.apply(z[0], self.sizes, space.order)
        return compose(values, z, space)


class RidgeKAN(Network):
    r"""KAN ``[d, w, m]`` with fixed straight first edges, linear in all it learns.

    :math:`u(x) = \sum_k \sum_j c_{kj} T_k(a_{kj} \cdot x)`, with as many directions of
    every degree as there are independent polynomials: it spans the polynomials of
    degree n with a well-conditioned basis (ridge polynomials, Logan and Shepp 1975).
    Spectral least squares in KAN form.

    Parameters
    ----------
    n_in, n_out
        Sizes.
    degree
        Highest degree n of the outer edges.
    periodic
        How many coordinates enter as a cosine and a sine.

    Examples
    --------
    >>> RidgeKAN(2, 1, degree=3).count
    10
    """

    directions: Tensor

    def __init__(self, n_in: int, n_out: int, *, degree: int, periodic: int = 0) -> None:
        lengths = n_in - periodic
        spare = 1.0 if n_in <= 2 else OVERSAMPLING
        sizes = tuple(
            math.ceil(spare * ridge_size(lengths, k, periodic=periodic))
            for k in range(1, degree + 1)
        )
        block = RidgeBlock(sizes, n_out)
        layer = Layer([block, BiasBlock(n_out)], sum(sizes), n_out, squash=False)
        super().__init__([layer])
        parts = [ridge_directions(n_in, size, seed=k) for k, size in enumerate(sizes)]
        # In single precision, so that they are the same under every default dtype.
        self.register_buffer("directions", torch.cat(parts, dim=1).float())
        self.degree, self.periodic = degree, periodic
        self.to(torch.get_default_dtype())

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return int(self.directions.shape[0])

    @property
    def width(self) -> list[int]:
        """Layer sizes, the fixed first layer included."""
        return [self.n_in, int(self.directions.shape[1]), self.n_out]

    def jets(self, z: Tensor, space: JetSpace, tape: Tape | None = None) -> Tensor:
        """Jets of the outputs; only the outer layer leaves a record."""
        return super().jets(z @ self.directions, space, tape)
