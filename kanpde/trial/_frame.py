"""What surrounds a network: coordinates, mirrors, ansatz, and the inputs made of a point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from sympy import Expr, Symbol
from torch import Tensor

from kanpde.calculus import JetSpace, unit
from kanpde.trial._embedding import piece, square, wave


@dataclass(frozen=True)
class Reflection:
    """A mirror: the lower half of an axis is asked in the upper half, up to the sign.

    Parameters
    ----------
    axis, center
        Which coordinate, and where the mirror stands.
    parities
        Per unknown 1 (even) or -1 (odd).
    """

    axis: int
    center: float
    parities: tuple[int, ...]


@dataclass(frozen=True)
class Frame:
    """What surrounds the network: coordinates, range, embedding, ansatz, output scales.

    Parameters
    ----------
    coordinates
        Column order of every points array.
    lower, upper
        Bounding box; inputs are mapped to [-1, 1] by it.
    periodic
        Axes embedded as cosine and sine over the box's width.
    g, d
        Ansatz of every unknown.
    scales
        Output scale of every unknown.
    reflections
        Mirrors; bounds and ansatz are those of the half that is left.
    even
        Axes along which all is even: a trained network gets a function of the square of the
        distance to the middle (of a periodic axis the cosine alone).
    breaks
        Per axis the places of interfaces, where a further input tells the side; empty for none.
    """

    coordinates: tuple[Symbol, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    periodic: tuple[int, ...]
    g: tuple[Expr, ...]
    d: tuple[Expr, ...]
    scales: tuple[float, ...]
    reflections: tuple[Reflection, ...] = ()
    even: tuple[int, ...] = ()
    breaks: tuple[tuple[float, ...], ...] = ()

    def cuts(self, axis: int) -> tuple[float, ...]:
        """Places along an axis where the trial may jump or bend."""
        return self.breaks[axis] if self.breaks else ()

    @property
    def pieces(self) -> tuple[int, ...]:
        """Number of pieces that every axis is broken into."""
        return tuple(len(self.cuts(axis)) + 1 for axis in range(len(self.coordinates)))

    @property
    def inputs(self) -> int:
        """Number of network inputs: one per axis, two where it is broken or periodic, not even."""
        waves = len(set(self.periodic) - set(self.even))
        return len(self.coordinates) + waves + sum(map(bool, self.breaks))


def embedded(frame: Frame, points: Tensor, space: JetSpace, *, even: tuple[int, ...]) -> Tensor:
    """Jets of a network's inputs at points ``(N, d)``, shape ``(K, N, e)``."""
    columns = []
    for axis in range(points.shape[1]):
        low, high = frame.lower[axis], frame.upper[axis]
        x = points[:, axis]
        if axis in frame.periodic:
            rate = 2 * math.pi / (high - low)
            columns.append(wave(x, low, rate, axis, space, 0.0))
            if axis not in even:
                columns.append(wave(x, low, rate, axis, space, -math.pi / 2))
            continue
        if axis in even:
            columns.append(square(x, low, high, axis, space))
            continue
        column = points.new_zeros((space.size, len(points)))
        column = torch.cat(((2 * x - low - high)[None] / (high - low), column[1:]))
        first = unit(space.dimension, axis)
        if first in space.indices:
            column[space.position(first)] = 2 / (high - low)
        columns.append(column)
        if frame.cuts(axis):
            columns.append(piece(x, frame.cuts(axis), space))
    return torch.stack(columns, dim=-1)
