"""Rows by jets: one backward gives the cotangents of every layer's output, blocks do the rest."""

from __future__ import annotations

import torch
from torch import Tensor

from kanpde.nets import Tape
from kanpde.residual.backends._backend import Backend


class JetBackend(Backend):
    """The plain path: jets forward through torch, cotangents back, rows by the blocks."""

    def rows(
        self, output: Tensor, tape: Tape, into: Tensor, extra: list[Tensor], *, keep: bool
    ) -> list[Tensor]:
        """Write the rows of every point; see `Backend.rows`."""
        found = torch.autograd.grad(
            output.sum(),
            [*(record.output for record in tape), *extra],
            retain_graph=keep,
            allow_unused=True,
            materialize_grads=True,
        )
        with torch.no_grad():
            self.trial.network.rows(tape, list(found[: len(tape)]), into)
        return list(found[len(tape) :])
