"""Fixed functions of one coordinate and their derivatives: the first edges of product KANs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from kanpde.basis import chebyshev_values


@dataclass(frozen=True)
class AxisMap:
    r"""Edge that crowds resolution at a front: :math:`\zeta = A\,\mathrm{asinh}((z-c)/w) + B`.

    It maps [-1, 1] to itself. A function with poles at :math:`c \pm i w` is far smoother in
    :math:`\zeta` than in z.

    Parameters
    ----------
    center, width
        Place c and width w of the front in [-1, 1].

    References
    ----------
    Tee and Trefethen, *A rational spectral collocation method with adaptively transformed
    Chebyshev grid points*, SIAM J. Sci. Comput. 28 (2006).

    Examples
    --------
    >>> AxisMap(0.0, 0.1).inverse(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-1., 0., 1.])
    """

    center: float
    width: float

    @property
    def _ends(self) -> tuple[float, float]:
        return (
            math.asinh((-1.0 - self.center) / self.width),
            math.asinh((1.0 - self.center) / self.width),
        )

    def jets(self, z: Tensor, orders: int) -> list[Tensor]:
        """Value and derivatives 0 … orders of the map, each of the shape of `z`."""
        low, high = self._ends
        slope = 2.0 / (high - low)
        s = z - self.center
        q = self.width**2 + s.square()
        found = [torch.asinh(s / self.width)]
        if orders:
            found.append(q.rsqrt())
        for m in range(orders - 1):  # q f'' + s f' = 0, differentiated m times
            found.append(-((2 * m + 1) * s * found[m + 1] + m**2 * found[m] * (m > 0)) / q)
        return [slope * (found[0] - low) - 1.0, *(slope * f for f in found[1:])]

    def inverse(self, zeta: Tensor) -> Tensor:
        """Coordinate z where the map has the value `zeta`."""
        low, high = self._ends
        return self.center + self.width * torch.sinh(low + 0.5 * (zeta + 1.0) * (high - low))


@lru_cache(maxsize=512)
def _derivative_matrix(degree: int, order: int) -> Tensor:
    """Write derivatives of T_0 … T_degree in T_0 … T_degree, shape (degree + 1, degree + 1)."""
    k = np.arange(degree + 1)
    below = (k[:, None] < k[None]) & ((k[:, None] + k[None]) % 2 == 1)
    first = np.where(below, 2.0 * k[None], 0.0)  # T_k' = 2 k (T_{k-1} + T_{k-3} + …)
    first[0] /= 2.0
    return torch.as_tensor(np.linalg.matrix_power(first, order))


def chebyshev_tables(
    z: Tensor,  # (N,)
    degree: int,
    rate: float,
    orders: int,
    chart: AxisMap | None = None,
) -> list[Tensor]:  # each (N, degree + 1)
    """Tabulate T_0 … T_degree and their derivatives 0 … orders in the coordinate.

    Parameters
    ----------
    z
        Inputs in [-1, 1].
    rate
        Slope dz / d(coordinate).
    chart
        Map applied to z first, if any.

    Examples
    --------
    >>> chebyshev_tables(torch.tensor([0.5]), 2, 1.0, 1)[1]
    tensor([[0., 1., 2.]])
    """
    mapped = [z] if chart is None else chart.jets(z, orders)
    x = mapped[0]
    first = torch.stack(chebyshev_values(x, degree), dim=1)
    plain = [first]
    for m in range(1, orders + 1):
        plain.append(first @ _derivative_matrix(degree, m).to(x))
    if chart is None:
        return [table * rate**m for m, table in enumerate(plain)]
    return [first, *_chained(plain, mapped, rate, orders)]


def broken_tables(
    z: Tensor,  # (N,)
    side: Tensor,  # (N,)
    degree: int,
    rate: float,
    orders: int,
    breaks: tuple[float, ...],
) -> list[Tensor]:  # each (N, (degree + 1) pieces)
    """Tabulate Chebyshev polynomials of every piece between breaks, zero on the others.

    Function j on piece p stands in column ``j pieces + p``.

    Parameters
    ----------
    z
        Inputs in [-1, 1].
    side
        Piece that a point belongs to, evenly from -1 (the first) to 1 (the last).
    breaks
        Where pieces meet, increasing, inside (-1, 1).

    Examples
    --------
    >>> z, side = torch.tensor([-0.5, 0.5]), torch.tensor([-1.0, 1.0])
    >>> broken_tables(z, side, 1, 1.0, 1, (0.0,))[1]
    tensor([[0., 0., 2., 0.],
            [0., 0., 0., 2.]])
    """
    ends = z.new_tensor((-1.0, *breaks, 1.0))
    piece = torch.round(0.5 * (side + 1.0) * len(breaks)).long()
    half = 0.5 * (ends[1:] - ends[:-1])[piece]
    local = (z - 0.5 * (ends[1:] + ends[:-1])[piece]) / half
    own = torch.nn.functional.one_hot(piece, len(breaks) + 1).to(z)[:, None]
    return [
        ((table * (rate / half[:, None]) ** m)[:, :, None] * own).flatten(1)
        for m, table in enumerate(chebyshev_tables(local, degree, 1.0, orders))
    ]


def _chained(plain: list[Tensor], mapped: list[Tensor], rate: float, orders: int) -> list[Tensor]:
    """Differentiate T(map(z)) up to `orders` times by Faa di Bruno's formula."""
    inner = [mapped[m] * rate**m for m in range(1, orders + 1)]
    one = torch.ones_like(mapped[0])
    bell: dict[tuple[int, int], Tensor] = {(0, 0): one}
    found = []
    for m in range(1, orders + 1):
        total: Tensor | None = None
        for k in range(1, m + 1):
            entry = torch.zeros_like(one)
            for i in range(1, m - k + 2):
                below = bell.get((m - i, k - 1))
                if below is not None:
                    entry = entry + math.comb(m - 1, i - 1) * inner[i - 1] * below
            bell[m, k] = entry
            part = entry[:, None] * plain[k]
            total = part if total is None else total + part
        assert total is not None
        found.append(total)
    return found


def fourier_tables(
    cosine: Tensor,  # (N,)
    sine: Tensor,  # (N,)
    degree: int,
    rate: float,
    orders: int,
) -> list[Tensor]:  # each (N, 2 degree + 1)
    """Tabulate 1, cos θ, sin θ, cos 2θ, … up to frequency `degree`, with derivatives.

    Parameters
    ----------
    cosine, sine
        Cosine and sine of the angle θ.
    rate
        Slope dθ / d(coordinate).

    Examples
    --------
    >>> fourier_tables(torch.ones(1), torch.zeros(1), 1, 3.0, 1)[1]
    tensor([[0., -0., 3.]])
    """
    waves = torch.stack((torch.ones_like(cosine), cosine), 1), torch.stack((0 * sine, sine), 1)
    while (known := waves[0].shape[1] - 1) < degree:  # angle addition, doubling the block
        c, s = (w[:, 1 : min(known, degree - known) + 1] for w in waves)
        last = [w[:, known:] for w in waves]
        more = c * last[0] - s * last[1], s * last[0] + c * last[1]
        waves = torch.cat((waves[0], more[0]), 1), torch.cat((waves[1], more[1]), 1)
    cosines, sines = (w[:, 1 : degree + 1] for w in waves)
    k = torch.arange(1, degree + 1, dtype=cosine.dtype, device=cosine.device)
    found = []
    for m in range(orders + 1):
        turned = [(1, 0), (0, -1), (-1, 0), (0, 1)][m % 4]  # cos(kθ + m π/2) = a cos kθ + b sin kθ
        size = (k * rate) ** m
        a, b = turned[0] * size, turned[1] * size
        pairs = torch.stack((a * cosines + b * sines, a * sines - b * cosines), dim=2).flatten(1)
        constant = torch.full_like(cosine, float(m == 0))[:, None]
        found.append(torch.cat((constant, pairs), dim=1))
    return found
