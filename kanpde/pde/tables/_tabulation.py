"""What tables of numbers answer when expressions hold them as functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


class Tabulation(ABC):
    """A function made of numbers; immutable, equal where its numbers are.

    Attributes
    ----------
    name
        What it is called in expressions.
    digest
        A hash of all its numbers.
    degree
        Derivatives of a higher order in one argument vanish.
    dimension
        Number of arguments.
    """

    name: str
    digest: str
    degree: int

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of arguments."""

    @abstractmethod
    def values(self, columns: Sequence[Array], nu: Sequence[int]) -> Array:
        """Give derivative `nu` at points given by their columns, which broadcast."""

    @abstractmethod
    def to_record(self) -> dict[str, Any]:
        """Describe the table in plain JSON types."""

    def at(self, points: Array) -> Array:  # (N, d) -> (N,)
        """Give the values at points."""
        return self.values(list(np.asarray(points, dtype=np.float64).T), (0,) * self.dimension)

    def __eq__(self, other: object) -> bool:
        """Compare the numbers."""
        return isinstance(other, Tabulation) and other.digest == self.digest

    def __hash__(self) -> int:
        """Hash the numbers."""
        return hash(self.digest)

    def evaluate(self, nu: tuple[int, ...], columns: Sequence[Tensor]) -> Tensor:
        """Give derivative `nu` on tensors, differentiable in the points."""
        result: Tensor = _Evaluate.apply(self, nu, *columns)
        return result


class _Evaluate(torch.autograd.Function):
    """Values of a table; its gradient is the table's own next derivative."""

    @staticmethod
    def forward(ctx: Any, table: Tabulation, nu: tuple[int, ...], *columns: Tensor) -> Tensor:
        ctx.table, ctx.nu = table, nu
        ctx.save_for_backward(*columns)
        arrays = [c.detach().double().cpu().numpy() for c in columns]
        values = torch.as_tensor(np.ascontiguousarray(table.values(arrays, nu)))
        like = columns[0]
        return values.to(like.device, like.dtype)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        columns, (output,) = ctx.saved_tensors, outputs
        grads: list[Tensor | None] = []
        for k, column in enumerate(columns):
            if not ctx.needs_input_grad[2 + k]:
                grads.append(None)
                continue
            nu = tuple(n + (i == k) for i, n in enumerate(ctx.nu))
            slope = output * ctx.table.evaluate(nu, columns)
            grads.append(slope.sum_to_size(column.shape))
        return (None, None, *grads)
