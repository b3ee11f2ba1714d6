"""Rows of data: what a network gives at inputs, less what was measured there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from kanpde import _check
from kanpde._jets import JetSpace
from kanpde.nets import Network, Tape
from kanpde.train._source import NetworkCoefficients

SPACE = JetSpace(1, ((0,),))
CHUNK_ENTRIES = 3_000_000


class Penalty(Protocol):
    """Further rows on a network's coefficients."""

    def jacobian(self, network: Network) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)``, shapes ``(n, P)`` and ``(n,)``."""

    def vector(self, network: Network) -> Tensor:
        """All residuals in the order of `jacobian`."""

    def gradient(self, network: Network) -> tuple[float, Tensor]:
        """Sum of their squares and its gradient ``(P,)``."""


class DataRows:
    """Residuals of a network on data, scaled so that their squares sum to the mean square.

    Parameters
    ----------
    network
        What is fitted; its coefficients are θ.
    x, y
        Inputs ``(N, n_in)`` and targets ``(N, n_out)``.
    weights
        One weight per row of data, ``(N,)``; 1 where absent.
    penalty
        Further rows, such as those that make edges sparse.
    chunk
        Points per chunk; chosen from the number of coefficients if ``None``.

    Raises
    ------
    ShapeError
        If shapes do not fit together.

    Examples
    --------
    >>> from kanpde.nets import MLP
    >>> net, x = MLP([1, 3, 1]), torch.linspace(-1, 1, 5)[:, None]
    >>> rows = DataRows(net, x, net(x).detach() + 2)
    >>> round(float(rows.vector().square().sum()), 6)
    4.0
    """

    def __init__(
        self,
        network: Network,
        x: Tensor,
        y: Tensor,
        *,
        weights: Tensor | None = None,
        penalty: Penalty | None = None,
        chunk: int | None = None,
    ) -> None:
        _check.shape("x", x, (None, network.n_in))
        _check.shape("y", y, (len(x), network.n_out))
        self.network, self.penalty = network, penalty
        self.trial = NetworkCoefficients(network)
        self.x, self.y = x.to(self.trial.eta), y.to(self.trial.eta)
        if weights is None:
            self.scale = self.y.new_full((len(x),), 1.0 / max(1, self.y.numel())).sqrt()
        else:
            _check.shape("weights", weights, (len(x),))
            self.scale = (weights.to(self.y) / max(1, self.y.numel())).sqrt()
        self.chunk = chunk or max(128, min(4096, CHUNK_ENTRIES // max(1, network.count)))

    @property
    def count(self) -> int:
        """Number of rows of the data."""
        return self.y.numel()

    def _slices(self) -> Iterator[slice]:
        for start in range(0, len(self.x), self.chunk):
            yield slice(start, start + self.chunk)

    def _residual(self, which: slice, tape: Tape | None = None) -> Tensor:
        found = self.network.jets(self.x[which][None], SPACE, tape)[0]
        return (found - self.y[which]) * self.scale[which][:, None]

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)``, output after output of a chunk, then the penalty's."""
        for which in self._slices():
            tape: Tape = []
            residual = self._residual(which, tape)
            for k in range(residual.shape[1]):
                own = residual[:, k]
                yield self._rows(own, tape, keep=k + 1 < residual.shape[1]), own.detach()
        if self.penalty is not None:
            yield from self.penalty.jacobian(self.network)

    def _rows(self, own: Tensor, tape: Tape, *, keep: bool) -> Tensor:
        found = torch.autograd.grad(
            own.sum(),
            [record.output for record in tape],
            retain_graph=keep,
            allow_unused=True,
            materialize_grads=True,
        )
        jacobian = own.new_empty(self.trial.count, len(own)).T  # points contiguous
        with torch.no_grad():
            self.network.rows(tape, list(found), jacobian)
        return jacobian

    def vector(self) -> Tensor:
        """All residuals in the order of `jacobian`."""
        with torch.no_grad():
            parts = [column for w in self._slices() for column in self._residual(w).unbind(1)]
            if self.penalty is not None:
                parts.append(self.penalty.vector(self.network))
            return torch.cat(parts)

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Mean square error, penalty included, and its gradient ``(P,)``."""
        parameters = list(self.network.parameters())
        loss, gradient = 0.0, torch.zeros_like(self.trial.get())
        for which in self._slices():
            value = self._residual(which).square().sum()
            grads = torch.autograd.grad(
                value, parameters, allow_unused=True, materialize_grads=True
            )
            loss += float(value.detach())
            gradient += torch.cat([g.flatten() for g in grads])
        if self.penalty is not None:
            more, slope = self.penalty.gradient(self.network)
            loss, gradient = loss + more, gradient + slope
        return loss, gradient

    def transposed_product(self, vector: Tensor) -> Tensor:
        """Jᵀ v, ``(R,) -> (P,)``, by assembling J again."""
        total = torch.zeros_like(self.trial.get())
        start = 0
        for jacobian, residual in self.jacobian():
            total += jacobian.T @ vector[start : start + len(residual)]
            start += len(residual)
        return total
