"""Products of few coordinates each: sums of functions of one, two, … coordinates."""

from __future__ import annotations

import itertools
from functools import lru_cache

import torch
from torch import Tensor

from kanpde.calculus import JetSpace, MultiIndex
from kanpde.nets.spectral._product_block import ROUNDING, ProductBlock, Tables


@lru_cache(maxsize=64)
def limited_indices(
    axes: tuple[bool, ...], degrees: tuple[int, ...], interaction: int
) -> tuple[tuple[int, ...], ...]:
    """Functions of every axis, at most `interaction` of them no constant, within total degree.

    Examples
    --------
    >>> limited_indices((False, False), (2, 2), 1)
    ((1, 0), (2, 0), (0, 1), (0, 2))
    """
    shares = [
        [
            ((k + 1) // 2 if periodic else k) / max(n, 1)
            for k in range((2 if periodic else 1) * n + 1)
        ]
        for periodic, n in zip(axes, degrees, strict=True)
    ]
    found = []
    for many in range(1, interaction + 1):
        for chosen in itertools.combinations(range(len(axes)), many):
            for index in itertools.product(*(range(1, len(shares[a])) for a in chosen)):
                total = sum(shares[a][k] for a, k in zip(chosen, index, strict=True))
                if total <= 1 + ROUNDING:
                    full = [0] * len(axes)
                    for a, k in zip(chosen, index, strict=True):
                        full[a] = k
                    found.append(tuple(full))
    return tuple(found)


class InteractionBlock(ProductBlock):
    """Products of at most `interaction` coordinates; work and memory grow with those alone.

    Parameters
    ----------
    interaction
        Highest number of coordinates in one product.
    **parts
        As `ProductBlock`; no axis may be broken.
    """

    def __init__(self, *parts: object, interaction: int) -> None:
        self.interaction = interaction
        super().__init__(*parts)  # type: ignore[arg-type]
        self._axis, self._place = self._slots()
        self._chosen: dict[MultiIndex, tuple[Tensor, Tensor]] = {}

    def _listed(self) -> tuple[tuple[int, ...], ...]:
        return limited_indices(self.axes, self.degrees, self.interaction)

    def _slots(self) -> tuple[Tensor, Tensor]:
        """Per product and factor its axis and its place among all functions, ``(f, q)``.

        Where a product has fewer factors, the place is the last one, which holds ones.
        """
        sizes = [(2 if p else 1) * n + 1 for p, n in zip(self.axes, self.degrees, strict=True)]
        starts = [0, *itertools.accumulate(sizes)]
        axis, place = [], []
        for index in self.indices.tolist():
            own = [(a, starts[a] + k) for a, k in enumerate(index) if k]
            own += [(len(sizes), starts[-1])] * (self.interaction - len(own))
            axis.append([a for a, _ in own])
            place.append([p for _, p in own])
        shape = (-1, self.interaction)
        return (torch.tensor(axis).reshape(shape), torch.tensor(place).reshape(shape))

    def _selected(self, alpha: MultiIndex, width: int) -> tuple[Tensor, Tensor]:
        """Products whose derivative `alpha` is not zero, and rows of the stacked functions."""
        if alpha not in self._chosen:
            orders = torch.tensor([*alpha, 0])[self._axis]
            some = torch.nonzero(orders.sum(dim=1) == sum(alpha)).flatten()
            rows = (orders * width + self._place)[some]
            self._chosen[alpha] = (some, rows)
        some, rows = self._chosen[alpha]
        return some.to(self.indices.device), rows.to(self.indices.device)

    def _stacked(self, tables: Tables) -> tuple[Tensor, int]:
        """All functions of all axes, order by order, and ones: ``(orders · width, N)``."""
        orders, n = len(tables[0]), len(tables[0][0])
        parts = []
        for order in range(orders):
            parts += [table[order].T for table in tables]
            parts.append(tables[0][0].new_full((1, n), float(order == 0)))
        stacked = torch.cat(parts)
        return stacked, len(stacked) // orders

    def _some(self, stacked: Tensor, alpha: MultiIndex, width: int) -> tuple[Tensor, Tensor]:
        """Products with a derivative `alpha`, and its values ``(some, N)``."""
        some, rows = self._selected(alpha, width)
        value = stacked[rows[:, 0]]
        for slot in range(1, rows.shape[1]):
            value = value * stacked[rows[:, slot]]
        return some, value

    def features(self, z: Tensor, squashed: Tensor, space: JetSpace) -> Tensor:
        """Jets of the products, ``(K, N, f)``; only the inputs' values are used."""
        stacked, width = self._stacked(self.tables(z[0], space.order))
        result = stacked.new_zeros(space.size, len(self.indices), stacked.shape[1])
        for k, weight, alpha in space.parts:
            some, value = self._some(stacked, alpha, width)
            result[k].index_add_(0, some, weight * value)
        return result.transpose(1, 2)

    def contracted(self, tables: Tables, space: JetSpace) -> Tensor:
        """Jets of the outputs ``(K, N, n_out)``."""
        stacked, width = self._stacked(tables)
        parts: list[Tensor | None] = [None] * space.size
        for k, weight, alpha in space.parts:
            some, value = self._some(stacked, alpha, width)
            own, done = weight * (value.T @ self.coefficients[some]), parts[k]
            parts[k] = own if done is None else done + own
        return torch.stack([p for p in parts if p is not None])

    def write_rows(self, tables: Tables, space: JetSpace, cotangent: Tensor, out: Tensor) -> None:
        """Write this block's columns of the Jacobian into ``(f, n_out, N)``."""
        out.zero_()
        stacked, width = self._stacked(tables)
        asked = cotangent.flatten(1).any(dim=1).tolist()
        for k, weight, alpha in space.parts:
            if asked[k]:
                some, value = self._some(stacked, alpha, width)
                out.index_add_(0, some, value[:, None] * (weight * cotangent[k]).T)
