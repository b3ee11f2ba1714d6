"""Product KAN: fixed Chebyshev and Fourier edges, product nodes, learned outer edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets._block import BiasBlock
from kanpde.nets._layer import Layer, Record, Tape
from kanpde.nets._network import Network
from kanpde.nets.spectral._interaction import InteractionBlock
from kanpde.nets.spectral._product_block import Key, ProductBlock, Tables, all_degrees
from kanpde.nets.spectral._univariate import AxisMap


@dataclass
class _ProductRecord(Record):
    """What a product KAN leaves on the tape: tables instead of features."""

    tables: Tables
    space: JetSpace


class ProductKAN(Network):
    r"""KAN with product nodes whose first edges are fixed: linear in all it learns.

    :math:`u(x) = \sum_i c_i \prod_k T_{i_k}(x_k)` over :math:`\sum_k i_k / n_k \le 1`, with sines
    and cosines instead of Chebyshev polynomials along periodic coordinates. The product nodes
    are those of MultKAN. Its least squares is spectral least squares in KAN form, not training.

    Parameters
    ----------
    rates
        Per coordinate the slope of the network's input, the angle's rate for a periodic one.
    periodic
        Coordinates that enter as a cosine and a sine.
    n_out
        Number of outputs.
    degree
        Highest degree n, for all coordinates or for each.
    maps
        Per coordinate a map that crowds resolution at a front, or ``None``.
    breaks
        Per coordinate the inputs in (-1, 1) at which it is broken: the pieces between have
        polynomials of their own, and a second input tells the piece.
    interaction
        Highest number of coordinates in one product (1: a sum of functions of one coordinate);
        all unless given. Not with breaks.

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
        self,
        rates: tuple[float, ...],
        periodic: tuple[int, ...],
        n_out: int,
        *,
        degree: int | Sequence[int],
        maps: Sequence[AxisMap | None] | None = None,
        breaks: Sequence[Sequence[float]] | None = None,
        interaction: int | None = None,
    ) -> None:
        axes = tuple(k in periodic for k in range(len(rates)))
        degrees = all_degrees(degree, len(rates))
        own_maps = tuple(maps) if maps is not None else (None,) * len(rates)
        cuts = tuple(tuple(b) for b in breaks) if breaks is not None else ((),) * len(rates)
        parts = (rates, axes, degrees, n_out, own_maps, cuts)
        self.interaction = interaction if interaction and interaction < len(rates) else None
        if self.interaction is None:
            block = ProductBlock(*parts)
        else:
            block = InteractionBlock(*parts, interaction=self.interaction)
        inputs = len(rates) + len(periodic) + sum(map(bool, cuts))
        layer = Layer([block, BiasBlock(n_out)], inputs, n_out, squash=False)
        super().__init__([layer])
        self.rates, self.periodic = rates, periodic
        self.degrees, self.maps, self.breaks = degrees, own_maps, cuts
        self.products = len(block.indices)
        self.to(torch.get_default_dtype())

    @property
    def degree(self) -> int:
        """Highest degree along any coordinate."""
        return max(self.degrees)

    @property
    def block(self) -> ProductBlock:
        """The products."""
        block = self.layer(0).blocks[0]
        assert isinstance(block, ProductBlock)
        return block

    def index_list(self) -> list[tuple[int, ...]]:
        """Per product the function of every axis, in the order of the coefficients."""
        return [tuple(index) for index in self.block.indices.tolist()]

    def keys(self) -> list[Key]:
        """Names of the coefficients' rows, in their order; the bias has the empty one."""
        return [(-1, *index) for index in self.index_list()] + [()]

    def degree_list(self) -> Tensor:
        """Per product the degree along every axis, ``(products, d)``."""
        index = self.block.indices.detach().cpu().clone()
        for axis, cuts in enumerate(self.breaks):
            if axis in self.periodic:
                index[:, axis] = torch.div(index[:, axis] + 1, 2, rounding_mode="floor")
            else:
                index[:, axis] = torch.div(index[:, axis], len(cuts) + 1, rounding_mode="floor")
        return index

    @property
    def width(self) -> list[int]:
        """Sizes of inputs, product nodes and outputs."""
        return [self.n_in, self.products, self.n_out]

    def jets(self, z: Tensor, space: JetSpace, tape: Tape | None = None) -> Tensor:
        """Jets of the outputs ``(K, N, n_out)``; only the inputs' values are used."""
        tables, output = self._products(z, space)
        if tape is not None:
            tape.append(_ProductRecord(self.layer(0), [], output, tables, space))
        return output

    def _products(self, z: Tensor, space: JetSpace) -> tuple[Tables, Tensor]:
        """Tables of the axes' functions, and the jets of their products with the bias."""
        tables = self.block.tables(z[0], space.order)
        output = self.block.contracted(tables, space)
        bias = self.layer(0).blocks[1].coefficients
        assert isinstance(bias, Tensor)
        rest = bias.new_zeros(space.size - 1, self.n_out)
        return tables, output + torch.cat((bias, rest))[:, None]

    def rows(self, tape: Tape, cotangents: list[Tensor], out: Tensor) -> None:
        """Write the per-point Jacobian ``(N, P)`` from the cotangent of the output."""
        (record,), (cotangent,) = tape, cotangents
        assert isinstance(record, _ProductRecord)
        target = out.T.unflatten(0, (self.products + 1, self.n_out))
        self.block.write_rows(record.tables, record.space, cotangent, target[:-1])
        target[-1].copy_(cotangent[0].T)
