"""Rows by the compiled kernel: the network is walked there, torch sees its outputs only."""

from __future__ import annotations

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets import Fused, FusedTape, Inputs, PrecomputedTape, Tape
from kanpde.residual.backends._backend import FEWEST, Backend
from kanpde.trial import Trial

ENTRIES, MOST = 6_000_000, 8192  # of a chunk where features take no memory


class CompiledBackend(Backend):
    """Jets and rows by one pass of the fused kernel."""

    even = True
    pulls_back = True

    def __init__(self, trial: Trial, fused: Fused, chunk: int | None = None) -> None:
        super().__init__(trial, chunk)
        self.fused = fused
        self.chunk = chunk or max(FEWEST, min(MOST, ENTRIES // max(1, trial.active)))

    @classmethod
    def of(cls, trial: Trial, chunk: int | None = None) -> CompiledBackend | None:
        """Make the backend of a trial; ``None`` where the kernel does not cover its network."""
        fused = Fused.of(trial.network)
        return None if fused is None else cls(trial, fused, chunk)

    def prepare(self, z: Tensor, space: JetSpace) -> Inputs | None:
        """Arrange inputs as the kernel takes them."""
        return self.fused.inputs(z, space)

    def tape(self, inputs: Inputs | None, which: slice, *, track: bool) -> Tape | None:
        """Give a tape with the network's outputs on it."""
        assert inputs is not None
        return FusedTape(self.fused, inputs, which, track=track)

    def rows(
        self, output: Tensor, tape: Tape, into: Tensor, extra: list[Tensor], *, keep: bool
    ) -> list[Tensor]:
        """Write the rows of every point; see `Backend.rows`."""
        assert isinstance(tape, PrecomputedTape)
        leaf, *others = torch.autograd.grad(
            output.sum(),
            [tape.leaf, *extra],
            retain_graph=keep,
            allow_unused=True,
            materialize_grads=True,
        )
        with torch.no_grad():
            tape.rows(leaf, into.T)
        return others

    def gradient(self, value: Tensor, tape: Tape) -> tuple[Tensor, Tensor]:
        """Gradient of a sum by the network's coefficients, and by the unknown constants."""
        assert isinstance(tape, PrecomputedTape)
        leaf, eta = torch.autograd.grad(
            value, [tape.leaf, self.trial.eta], allow_unused=True, materialize_grads=True
        )
        return tape.gradient(leaf), eta
