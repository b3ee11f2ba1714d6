"""Ridge KAN: linear first edges, polynomial outer edges, linear in all it learns."""

from __future__ import annotations

import math

import torch
from scipy.stats import norm as gaussian
from scipy.stats import qmc
from torch import Tensor

from kanpde._jets import JetSpace
from kanpde.basis import Chebyshev
from kanpde.nets._layer import BasisBlock, BiasBlock, Layer, Tape
from kanpde.nets._network import Network


def ridge_directions(dimension: int, count: int) -> Tensor:
    """Directions spread evenly over the half sphere, shape ``(d, count)``.

    Every direction is scaled so that inputs in [-1, 1] map into [-1, 1].

    Examples
    --------
    >>> ridge_directions(1, 1)
    tensor([[1.]], dtype=torch.float64)
    """
    if dimension == 1:
        return torch.ones(1, count, dtype=torch.float64)
    if dimension == 2:
        angle = torch.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count
        vectors = torch.stack((torch.cos(angle), torch.sin(angle)))
    else:
        cube = qmc.Sobol(dimension, scramble=True, rng=12345).random_base2(
            max(1, math.ceil(math.log2(count)))
        )[:count]
        vectors = torch.tensor(gaussian.ppf(cube.clip(1e-9, 1 - 1e-9)).T)
    return vectors / vectors.abs().sum(dim=0)


class RidgeKAN(Network):
    r"""KAN ``[d, w, m]`` whose first edges are fixed straight lines.

    :math:`u(x) = \sum_j \varphi_j(a_j \cdot x)` with Chebyshev :math:`\varphi_j` of
    degree n spans the polynomials of degree n when w > n, and is linear in its
    coefficients: spectral least squares in KAN form.

    Parameters
    ----------
    n_in, width, n_out
        Layer sizes.
    degree
        Degree of the outer edges.

    Examples
    --------
    >>> RidgeKAN(2, 4, 1, degree=3).count
    13
    """

    directions: Tensor

    def __init__(self, n_in: int, width: int, n_out: int, *, degree: int) -> None:
        start = torch.zeros(width, degree, n_out, dtype=torch.float64)
        block = BasisBlock(Chebyshev(degree=degree, squash=None), width, n_out, start)
        layer = Layer([block, BiasBlock(n_out)], width, n_out, squash=False)
        super().__init__([layer])
        self.register_buffer("directions", ridge_directions(n_in, width))
        self.degree = degree
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


def ridge_size(n_in: int, degree: int) -> int:
    """Directions needed to span all polynomials of `degree` in `n_in` variables.

    Examples
    --------
    >>> ridge_size(2, 12)
    13
    """
    return 1 if n_in == 1 else math.comb(degree + n_in - 1, n_in - 1)
