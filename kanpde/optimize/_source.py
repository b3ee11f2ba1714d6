"""What optimizers ask of rows, wherever these come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

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

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Sum of their squares and its gradient ``(P,)``."""

    def transposed_product(self, vector: Tensor) -> Tensor:
        """Jᵀ v."""


class NetworkTrial(Coefficients, Protocol):
    """Coefficients of a network first, perhaps of unknown constants after them."""

    network: Network


class NetworkRows(RowSource, Protocol):
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
