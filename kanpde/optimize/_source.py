"""What optimizers ask of rows, wherever these come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from kanpde.nets import Network


class Coefficients(Protocol):
    """Coefficients as one vector."""

    @property
    def count(self) -> int:
        """Number of coefficients P."""

    @property
    def eta(self) -> Tensor:
        """A tensor of their dtype on their device."""

    def get(self) -> Tensor:
        """All of them, ``(P,)``, detached."""

    def set(self, vector: Tensor) -> None:
        """Overwrite all of them."""


class RowSource(Protocol):
    """Rows r(θ) and J(θ): of a PDE's residuals or of data."""

    @property
    def trial(self) -> Coefficients:
        """Where θ is."""

    @property
    def count(self) -> int:
        """Number of rows."""

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)`` chunk by chunk: shapes ``(n, P)`` and ``(n,)``."""

    def vector(self) -> Tensor:
        """All residuals in the order of `jacobian`."""


class GradientSource(RowSource, Protocol):
    """Rows that give the gradient of their sum of squares without J."""

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Sum of their squares and its gradient ``(P,)``."""


class NetworkTrial(Coefficients, Protocol):
    """Coefficients of a network first, perhaps of unknown constants after them."""

    network: Network


class NetworkRows(GradientSource, Protocol):
    """Rows whose coefficients are a network's."""

    @property
    def trial(self) -> NetworkTrial:
        """Where θ is."""


class NetworkCoefficients:
    """A network's coefficients, for optimizers."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @property
    def count(self) -> int:
        """Number of coefficients P."""
        return self.network.count

    @property
    def eta(self) -> Tensor:
        """An empty tensor of their dtype on their device."""
        return next(iter(self.network.parameters())).detach().new_zeros(0)

    def get(self) -> Tensor:
        """All of them, ``(P,)``."""
        return self.network.get()

    def set(self, vector: Tensor) -> None:
        """Overwrite all of them."""
        self.network.set(vector)


def stacked(rows: RowSource) -> tuple[Tensor, Tensor]:
    """Whole J ``(N, P)`` and r ``(N,)``, where there is memory for them."""
    jacobians, residuals = zip(*rows.jacobian(), strict=True)
    return torch.cat(jacobians), torch.cat(residuals)


def transposed_product(rows: RowSource, vector: Tensor) -> Tensor:
    """Jᵀ v by assembling J, ``(N,) -> (P,)``."""
    total = torch.zeros_like(rows.trial.get())
    start = 0
    for jacobian, residual in rows.jacobian():
        total += jacobian.T @ vector[start : start + len(residual)]
        start += len(residual)
    return total


class FreeCoefficients:
    """Coefficients of a trial at some places, ``(F,)``, in double precision; the others stay."""

    def __init__(self, whole: Coefficients, where: Tensor) -> None:
        self.whole, self.where = whole, where

    @property
    def count(self) -> int:
        """How many move."""
        return len(self.where)

    @property
    def eta(self) -> Tensor:
        """An empty tensor of their kind."""
        return self.whole.eta.detach().new_zeros(0).double()

    def get(self) -> Tensor:
        """Those that move, ``(F,)``."""
        return self.whole.get()[self.where].double()

    def set(self, vector: Tensor) -> None:
        """Overwrite those that move."""
        full = self.whole.get().clone()
        full[self.where] = vector.to(full)
        self.whole.set(full)


class FreeRows:
    """Rows as functions of their coefficients at some places, ``(F,)``."""

    def __init__(self, rows: RowSource, where: Tensor) -> None:
        self.rows, self.trial = rows, FreeCoefficients(rows.trial, where)

    @property
    def count(self) -> int:
        """Number of rows."""
        return self.rows.count

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)`` chunk by chunk: shapes ``(n, F)`` and ``(n,)``."""
        for jacobian, residual in self.rows.jacobian():
            yield jacobian[:, self.trial.where].double(), residual.double()

    def vector(self) -> Tensor:
        """All residuals in the order of `jacobian`."""
        return self.rows.vector()
