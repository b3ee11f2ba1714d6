"""Inputs of a network that are functions of one coordinate, as jets."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from kanpde.calculus import JetSpace


def wave(x: Tensor, low: float, rate: float, axis: int, space: JetSpace, shift: float) -> Tensor:
    """Jets of cos(rate (x - low) + shift), ``(K, N)``."""
    angle = rate * (x - low) + shift
    column = []
    for alpha in space.indices:
        m = alpha[axis]
        if sum(alpha) != m:
            column.append(torch.zeros_like(x))
        else:
            column.append(rate**m * torch.cos(angle + m * math.pi / 2))
    if space.collapsed is not None:
        column.append(-space.collapsed[axis] * rate**2 * torch.cos(angle))
    return torch.stack(column)


def square(x: Tensor, low: float, high: float, axis: int, space: JetSpace) -> Tensor:
    """Jets of 2 s² - 1, s the distance from the middle in half widths, ``(K, N)``."""
    rate = 2 / (high - low)
    s = rate * (x - 0.5 * (low + high))
    derivatives = (2 * s**2 - 1, 4 * rate * s, torch.full_like(s, 4 * rate**2))
    column = []
    for alpha in space.indices:
        m = alpha[axis]
        column.append(derivatives[m] if sum(alpha) == m <= 2 else torch.zeros_like(x))
    if space.collapsed is not None:
        column.append(space.collapsed[axis] * derivatives[2])
    return torch.stack(column)


def piece(x: Tensor, cuts: tuple[float, ...], space: JetSpace) -> Tensor:
    """Jets of the side of interfaces that a point is on, from -1 to 1, ``(K, N)``.

    A point on an interface itself counts to the upper side.
    """
    column = x.new_zeros((space.size, len(x)))
    where = torch.bucketize(x.detach().contiguous(), x.new_tensor(cuts), right=True)
    column[0] = 2.0 * where / len(cuts) - 1.0
    return column
