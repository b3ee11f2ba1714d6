"""Product KANs with further blocks in coordinates of their own, about holes and corners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kanpde.calculus import JetSpace, multiply
from kanpde.nets._block import Block
from kanpde.nets._layer import Layer, Tape
from kanpde.nets.spectral._chart import Chart
from kanpde.nets.spectral._product import ProductKAN, _ProductRecord
from kanpde.nets.spectral._product_block import Key, _indices, product_count
from kanpde.nets.spectral._univariate import chebyshev_tables


class ChartBlock(Block):
    """Products of functions of a chart's radius and angle, and of the other coordinates.

    Parameters
    ----------
    chart
        The chart.
    degrees
        Highest degree of the radius, highest wave of the angle, degrees of the coordinates
        beside the chart's in their order.
    lower, rates
        Lower end of every coordinate and slope of its input there.
    n_out
        Number of outputs.
    """

    def __init__(
        self,
        chart: Chart,
        degrees: tuple[int, ...],
        lower: tuple[float, ...],
        rates: tuple[float, ...],
        n_out: int,
    ) -> None:
        super().__init__()
        self.chart, self.degrees, self.lower, self.rates = chart, degrees, lower, rates
        self.others = [k for k in range(len(rates)) if k not in chart.axes]
        flags, pieces = chart_axes(len(degrees)), (1,) * len(degrees)
        listed = torch.tensor(_indices(flags, degrees, pieces), dtype=torch.long)
        self.register_buffer("indices", listed.reshape(-1, len(degrees)), persistent=False)
        shape = (len(self.indices), n_out)
        self.coefficients = nn.Parameter(torch.zeros(shape, dtype=torch.float64))

    indices: Tensor

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        """Jets of the products, ``(K, N, f)``; only the inputs' values are used."""
        inputs = z[0]
        rates, lower = inputs.new_tensor(self.rates), inputs.new_tensor(self.lower)
        points = lower + (inputs + 1.0) / rates
        radial, angular = self.chart.tables(points, (self.degrees[0], self.degrees[1]), space)
        index = self.indices
        result = multiply(radial[:, :, index[:, 0]], angular[:, :, index[:, 1]], space)
        for place, axis in enumerate(self.others, start=2):
            own = self._plain(inputs[:, axis], axis, self.degrees[place], space)
            result = multiply(result, own[:, :, index[:, place]], space)
        return result

    def _plain(self, z: Tensor, axis: int, degree: int, space: JetSpace) -> Tensor:
        """Jets of the Chebyshev polynomials of one coordinate, ``(K, N, degree + 1)``."""
        tables = chebyshev_tables(z, degree, self.rates[axis], space.order)
        jet = z.new_zeros((space.size, *tables[0].shape))
        for k, weight, alpha in space.parts:
            if sum(alpha) == alpha[axis]:
                jet[k] += weight * tables[alpha[axis]]
        return jet


def chart_axes(count: int) -> tuple[bool, ...]:
    """Per function of a product whether it is a wave: radius, angle, further coordinates."""
    return (False, True, *(False,) * (count - 2))


def chart_count(degrees: Sequence[int]) -> int:
    """Count the products of a chart's block.

    Examples
    --------
    >>> chart_count((2, 2))
    8
    """
    return product_count(chart_axes(len(degrees)), tuple(degrees))


class ChartedKAN(ProductKAN):
    r"""A product KAN plus products in the coordinates of charts: linear in all it learns.

    :math:`u = N(x, y) + \sum_c N_c(\rho_c(x, y), \varphi_c(x, y))`: a second layer of fixed
    edges (radius, angle) stands before the product nodes of every chart.

    Parameters
    ----------
    rates, periodic, n_out, degree
        As of `ProductKAN`.
    lower
        Lower end of every coordinate.
    blocks
        ``[(chart, degrees)]``.

    Examples
    --------
    >>> hole = Chart("hole", (0, 1), (0.0, 0.0), 0.5, 2.0)
    >>> blocks = [(hole, (2, 2))]
    >>> ChartedKAN((1.0, 1.0), (), 1, degree=3, lower=(-1.0, -1.0), blocks=blocks).count
    18
    """

    def __init__(
        self,
        rates: tuple[float, ...],
        periodic: tuple[int, ...],
        n_out: int,
        *,
        degree: int | Sequence[int],
        lower: tuple[float, ...],
        blocks: Sequence[tuple[Chart, tuple[int, ...]]],
    ) -> None:
        super().__init__(rates, periodic, n_out, degree=degree)
        self.lower = lower
        own = [ChartBlock(c, tuple(d), lower, rates, n_out) for c, d in blocks]
        first = self.layer(0)
        layer = Layer([*first.blocks, *own], first.n_in, n_out, squash=False)
        self.layers = nn.ModuleList([layer])
        self.to(torch.get_default_dtype())

    @property
    def own_blocks(self) -> list[ChartBlock]:
        """The charts' blocks."""
        return [b for b in self.layer(0).blocks if isinstance(b, ChartBlock)]

    def keys(self) -> list[Key]:
        """Names of the coefficients' rows, in their order."""
        own = self.own_blocks
        return super().keys() + [
            (number, *index) for number, b in enumerate(own) for index in b.indices.tolist()
        ]

    def to_record(self) -> dict[str, Any]:
        """Give what a description has beyond that of a product KAN."""
        own = [{"chart": b.chart.to_record(), "degrees": list(b.degrees)} for b in self.own_blocks]
        return {"lower": list(self.lower), "blocks": own}

    def jets(self, z: Tensor, space: JetSpace, tape: Tape | None = None) -> Tensor:
        """Jets of the outputs ``(K, N, n_out)``; only the inputs' values are used."""
        tables, output = self._products(z, space)
        found: list[Tensor | None] = []
        for block in self.own_blocks:
            features = block.features(z, z, space)
            output = output + block.jets(features, None)
            found.append(features)
        if tape is not None:
            tape.append(_ProductRecord(self.layer(0), found, output, tables, space))
        return output

    def rows(self, tape: Tape, cotangents: list[Tensor], out: Tensor) -> None:
        """Write the per-point Jacobian ``(N, P)`` from the cotangent of the output."""
        (record,), (cotangent,) = tape, cotangents
        start = (self.products + 1) * self.n_out
        super().rows(tape, cotangents, out[:, :start])
        for block, features in zip(self.own_blocks, record.features, strict=True):
            end = start + block.coefficients.numel()
            block.rows(features, cotangent, None, out[:, start:end])
            start = end
