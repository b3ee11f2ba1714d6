"""Rows by nested autograd: the reference, and the way of networks without a rule."""

from __future__ import annotations

import torch
from torch import Tensor

from kanpde.nets import Tape
from kanpde.residual.backends._backend import Backend

AT_ONCE = 64


class AutogradBackend(Backend):
    """One vectorised backward per 64 points."""

    def rows(
        self, output: Tensor, tape: Tape, into: Tensor, extra: list[Tensor], *, keep: bool
    ) -> list[Tensor]:
        """Write the rows of every point; see `Backend.rows`."""
        parameters = list(self.trial.network.parameters())
        n = len(output)
        for start in range(0, n, AT_ONCE):
            size = min(AT_ONCE, n - start)
            seeds = output.new_zeros((size, n))
            seeds[torch.arange(size), start + torch.arange(size)] = 1.0
            grads = torch.autograd.grad(
                output,
                parameters,
                grad_outputs=seeds,
                is_grads_batched=True,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            into[start : start + size] = torch.cat([g.reshape(size, -1) for g in grads], dim=1)
        return list(
            torch.autograd.grad(
                output.sum(), extra, retain_graph=True, allow_unused=True, materialize_grads=True
            )
        )
