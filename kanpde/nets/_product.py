"""Product KAN: fixed Chebyshev and Fourier edges, product nodes, learned outer edges."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor, nn

from kanpde._jets import JetSpace, MultiIndex
from kanpde.nets._layer import BiasBlock, Block, Layer
from kanpde.nets._network import Network


def product_count(lengths: int, degree: int, *, periodic: int = 0) -> int:
    """Count the products of total degree 1 to `degree`; a frequency counts as a degree.

    Parameters
    ----------
    lengths
        Number of coordinates.
    degree
        Highest total degree.
    periodic
        How many of the coordinates carry sines and cosines.

    Examples
    --------
    >>> product_count(2, 3), product_count(2, 3, periodic=1)
    (9, 15)
    """
    total = 0
    for q in range(periodic + 1):
        # q periodic coordinates with a frequency of at least 1, sine or cosine each
        free, left = lengths - periodic + q, degree - q
        if left >= 0:
            total += math.comb(periodic, q) * 2**q * math.comb(left + free, free)
    return total - 1


@lru_cache(maxsize=64)
def _indices(axes: tuple[bool, ...], degree: int) -> tuple[tuple[int, ...], ...]:
    """Functions of every axis whose total degree is 1 to `degree`.

    A periodic axis numbers 1, cos, sin, cos 2, sin 2, …: function k has degree (k + 1) // 2.
    """
    ranges = [range(2 * degree + 1 if p else degree + 1) for p in axes]
    degrees = [[(k + 1) // 2 if p else k for k in r] for p, r in zip(axes, ranges, strict=True)]
    found: list[tuple[int, ...]] = []
    for index in itertools.product(*ranges):
        if 0 < sum(degrees[a][k] for a, k in enumerate(index)) <= degree:
            found.append(index)
    return tuple(found)


@lru_cache(maxsize=512)
def _derivative_matrix(degree: int, order: int) -> np.ndarray:
    """Write derivatives of T_0 … T_degree in T_0 … T_degree, shape (degree + 1, degree + 1)."""
    matrix = np.zeros((degree + 1, degree + 1))
    for k in range(degree + 1):
        series = chebyshev.chebder(np.eye(degree + 1)[k], order) if order else np.eye(degree + 1)[k]
        matrix[: len(series), k] = series
    return matrix


class ProductBlock(Block):
    """Products of univariate functions, one coefficient each, linear in all it learns.

    Parameters
    ----------
    rates
        Per coordinate: d(input)/d(coordinate), the angle's rate for a periodic one.
    axes
        Per coordinate whether it is periodic (two inputs, cosine and sine).
    degree
        Highest total degree.
    n_out
        Number of outputs.
    """

    def __init__(
        self, rates: tuple[float, ...], axes: tuple[bool, ...], degree: int, n_out: int
    ) -> None:
        super().__init__()
        self.rates, self.axes, self.degree, self.n_out = rates, axes, degree, n_out
        listed = torch.tensor(_indices(axes, degree), dtype=torch.long)
        self.register_buffer("indices", listed, persistent=False)
        self.coefficients = nn.Parameter(torch.zeros(len(listed), n_out, dtype=torch.float64))

    indices: Tensor

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        """Jets of the products, ``(K, N, f)``; only the inputs' values are used."""
        tables = self._tables(z[0], space.order)
        parts = [self._product(tables, alpha) for alpha in space.indices]
        if space.collapsed is not None:
            total = torch.zeros_like(parts[0])
            for axis, weight in enumerate(space.collapsed):
                if weight:
                    alpha = tuple(2 * int(k == axis) for k in range(space.dimension))
                    total = total + weight * self._product(tables, alpha)
            parts.append(total)
        return torch.stack(parts)

    def _product(self, tables: list[list[Tensor]], alpha: MultiIndex) -> Tensor:
        result: Tensor | None = None
        for axis, order in enumerate(alpha):
            part = tables[axis][order][:, self.indices[:, axis]]
            result = part if result is None else result * part
        assert result is not None
        return result

    def _tables(self, inputs: Tensor, orders: int) -> list[list[Tensor]]:
        """Per coordinate and order of derivative the univariate functions, ``(N, n)``."""
        tables, column = [], 0
        for rate, periodic in zip(self.rates, self.axes, strict=True):
            if periodic:
                cosine, sine = inputs[:, column], inputs[:, column + 1]
                tables.append(_fourier(cosine, sine, self.degree, rate, orders))
            else:
                tables.append(_chebyshev(inputs[:, column], self.degree, rate, orders))
            column += 1 + periodic
        return tables


def _chebyshev(x: Tensor, degree: int, rate: float, orders: int) -> list[Tensor]:
    values = [torch.ones_like(x), x]
    while len(values) <= degree:
        values.append(2 * x * values[-1] - values[-2])
    first = torch.stack(values[: degree + 1], dim=1)
    found = [first]
    for m in range(1, orders + 1):
        matrix = torch.as_tensor(_derivative_matrix(degree, m), dtype=x.dtype, device=x.device)
        found.append(first @ (rate**m * matrix))
    return found


def _fourier(c: Tensor, s: Tensor, degree: int, rate: float, orders: int) -> list[Tensor]:
    cosines, sines = [torch.ones_like(c)], [torch.zeros_like(c)]
    for _ in range(degree):
        before = cosines[-1], sines[-1]
        cosines.append(c * before[0] - s * before[1])
        sines.append(s * before[0] + c * before[1])
    found = []
    for m in range(orders + 1):
        columns = [cosines[0] if m == 0 else torch.zeros_like(c)]
        turned = [(1, 0), (0, -1), (-1, 0), (0, 1)][m % 4]  # cos(kθ + m π/2) = a cos kθ + b sin kθ
        for k in range(1, degree + 1):
            size = (k * rate) ** m
            a, b = turned[0] * size, turned[1] * size
            columns.append(a * cosines[k] + b * sines[k])
            columns.append(a * sines[k] - b * cosines[k])
        found.append(torch.stack(columns, dim=1))
    return found


class ProductKAN(Network):
    r"""KAN with product nodes whose first edges are fixed: linear in all it learns.

    :math:`u(x) = \sum_{|i| \le n} c_i \prod_k T_{i_k}(x_k)`, with sines and cosines
    instead of Chebyshev polynomials along periodic coordinates. The product nodes are those of
    MultKAN. Its least squares is spectral least squares in KAN form, not training.

    Parameters
    ----------
    rates
        Per coordinate the slope of the network's input, the angle's rate for a periodic one.
    periodic
        Coordinates that enter as a cosine and a sine.
    n_out
        Number of outputs.
    degree
        Highest total degree n.

    References
    ----------
    Liu et al., *KAN 2.0*, arXiv 2408.10205, section 2 (multiplication nodes).

    Examples
    --------
    >>> ProductKAN((1.0, 1.0), (), 1, degree=3).count
    10
    """

    plain_inputs = True

    def __init__(
        self, rates: tuple[float, ...], periodic: tuple[int, ...], n_out: int, *, degree: int
    ) -> None:
        axes = tuple(k in periodic for k in range(len(rates)))
        block = ProductBlock(rates, axes, degree, n_out)
        inputs = len(rates) + len(periodic)
        super().__init__([Layer([block, BiasBlock(n_out)], inputs, n_out, squash=False)])
        self.rates, self.periodic, self.degree = rates, periodic, degree
        self.products = len(block.indices)
        self.to(torch.get_default_dtype())

    def index_list(self) -> list[tuple[int, ...]]:
        """Per product the function of every axis, in the order of the coefficients."""
        axes = tuple(k in self.periodic for k in range(len(self.rates)))
        return list(_indices(axes, self.degree))

    @property
    def width(self) -> list[int]:
        """Sizes of inputs, product nodes and outputs."""
        return [self.n_in, self.products, self.n_out]
