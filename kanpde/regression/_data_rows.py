"""Rows of data: what a network gives at inputs, less what was measured there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.ground import _check
from kanpde.nets import KAN, MLP, BaseBlock, BasisBlock, BiasBlock, Network, Tape
from kanpde.optimize import NetworkCoefficients

SPACE = JetSpace(1, ((0,),))
CHUNK_ENTRIES = 3_000_000
MOST_BYTES = 200_000_000


class Penalty(Protocol):
    """Further rows on a network's coefficients."""

    def refresh(self, network: Network, loss: float) -> None:
        """Adapt to the present state, whose loss on the data is `loss`, before a step."""

    def jacobian(self, network: Network) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)``, shapes ``(n, P)`` and ``(n,)``."""

    def vector(self, network: Network) -> Tensor:
        """All residuals in the order of `jacobian`."""

    def gradient(self, network: Network) -> tuple[float, Tensor]:
        """Sum of their squares and its gradient ``(P,)``."""


class FirstFeatures:
    """Features of the first layer at inputs that stay where they are, a chunk at a time.

    Features that are trained themselves, as frequencies and fixed edges are, are made anew.
    """

    def __init__(self, network: Network) -> None:
        self.layer = network.layer(0)
        self._blocks = list(self.layer.blocks)
        self._kept: dict[int, list[Tensor | None]] = {}

    @staticmethod
    def fits(network: Network, rows: int) -> bool:
        """Tell whether the network has layers and its first features fit into memory."""
        if type(network) not in {KAN, MLP}:
            return False
        layer = network.layer(0)
        width = sum(p.shape[0] for p in layer.parameters())
        return rows * width * layer.first().element_size() <= MOST_BYTES

    def jets(self, z: Tensor, start: int, tape: Tape | None) -> Tensor:
        """Map the chunk `z` that begins at `start` through the first layer."""
        same = len(self._blocks) == len(self.layer.blocks) and all(
            a is b for a, b in zip(self._blocks, self.layer.blocks, strict=True)
        )
        if not same:  # the grid was extended, or an edge fixed
            self._blocks, self._kept = list(self.layer.blocks), {}
        if all(type(b) in {BasisBlock, BaseBlock, BiasBlock} for b in self._blocks):
            if start not in self._kept:
                with torch.no_grad():
                    self._kept[start] = self.layer.features(z, SPACE)
            return self.layer.jets(z, SPACE, tape, self._kept[start])
        return self.layer.jets(z, SPACE, tape)


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
        self._first = FirstFeatures(network) if FirstFeatures.fits(network, len(x)) else None
        self._last: tuple[Tensor, Tensor] | None = None  # coefficients, the network's values

    @property
    def count(self) -> int:
        """Number of rows of the data."""
        return self.y.numel()

    def _slices(self) -> Iterator[slice]:
        for start in range(0, len(self.x), self.chunk):
            yield slice(start, start + self.chunk)

    def _outputs(self, which: slice, tape: Tape | None = None) -> Tensor:
        """Evaluate the network at some of the inputs, ``(n, m)``."""
        z = self.x[which][None]
        if self._first is None:
            return self.network.jets(z, SPACE, tape)[0]
        z = self._first.jets(z, which.start, tape)
        for k in range(1, len(self.network.layers)):
            z = self.network.layer(k).jets(z, SPACE, tape)
        return z[0]

    def values(self) -> Tensor:
        """Values of the network at all inputs, ``(N, m)``; those asked for last are kept."""
        now = self.trial.get()
        if self._last is None or not torch.equal(self._last[0], now):
            with torch.no_grad():
                parts = [self._outputs(w) for w in self._slices()]
            self._last = (now, torch.cat([self.y.new_zeros(0, self.y.shape[1]), *parts]))
        return self._last[1]

    def _residual(self, outputs: Tensor, which: slice) -> Tensor:
        return (outputs - self.y[which]) * self.scale[which][:, None]

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)``, output after output of a chunk, then the penalty's."""
        now, parts = self.trial.get(), []
        for which in self._slices():
            tape: Tape = []
            outputs = self._outputs(which, tape)
            parts.append(outputs.detach())
            residual = self._residual(outputs, which)
            for k in range(residual.shape[1]):
                own = residual[:, k]
                yield self._rows(own, tape, keep=k + 1 < residual.shape[1]), own.detach()
        if parts:
            self._last = (now, torch.cat(parts))
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
        values = self.values()
        parts = [
            column for w in self._slices() for column in self._residual(values[w], w).unbind(1)
        ]
        if self.penalty is not None:
            parts.append(self.penalty.vector(self.network))
        return torch.cat(parts)

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Mean square error, penalty included, and its gradient ``(P,)``."""
        parameters = list(self.network.parameters())
        loss, gradient = 0.0, torch.zeros_like(self.trial.get())
        for which in self._slices():
            value = self._residual(self._outputs(which), which).square().sum()
            grads = torch.autograd.grad(
                value, parameters, allow_unused=True, materialize_grads=True
            )
            loss += float(value.detach())
            gradient += torch.cat([g.flatten() for g in grads])
        if self.penalty is not None:
            more, slope = self.penalty.gradient(self.network)
            loss, gradient = loss + more, gradient + slope
        return loss, gradient
