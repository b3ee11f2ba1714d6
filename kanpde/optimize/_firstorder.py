"""L-BFGS (strong Wolfe) and Adam from torch, on the same rows and reports."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor

from kanpde.optimize._minimize import StepReport
from kanpde.optimize._source import GradientSource


class _Wrapped:
    """A torch optimizer on the flat vector of coefficients."""

    name = "wrapped"
    looks_back = True  # the loss of a report belongs to the coefficients before the step

    def __init__(self) -> None:
        self.vector: Tensor | None = None
        self.inner: torch.optim.Optimizer | None = None
        self.waiting: dict[str, Any] | None = None

    def _make(self, vector: Tensor) -> torch.optim.Optimizer:
        raise TypeError("abstract")

    def _prepare(self, rows: GradientSource) -> tuple[Tensor, torch.optim.Optimizer]:
        if self.vector is None or self.inner is None or len(self.vector) != rows.trial.count:
            self.vector = rows.trial.get().requires_grad_(True)
            self.inner = self._make(self.vector)
            if self.waiting is not None and self.waiting["count"] == len(self.vector):
                self.inner.load_state_dict(copy.deepcopy(self.waiting["inner"]))
            self.waiting = None
        return self.vector, self.inner

    def revive(self, damping: float) -> None:
        """Go on: torch's optimizers have no damping."""

    def step(self, rows: GradientSource) -> StepReport:
        """One step of the torch optimizer."""
        vector, inner = self._prepare(rows)
        calls = 0

        def closure() -> float:
            nonlocal calls
            calls += 1
            rows.trial.set(vector.detach())
            loss, gradient = rows.loss_and_gradient()
            vector.grad = gradient
            return loss

        start = vector.detach().clone()
        loss = float(inner.step(closure))
        finite = math.isfinite(loss) and bool(torch.isfinite(vector).all())
        if not finite:
            with torch.no_grad():
                vector.copy_(start)
            self.inner = None
        rows.trial.set(vector.detach())
        with torch.no_grad():
            vector.copy_(rows.trial.get())  # constants stay inside their bounds
        moved = finite and not torch.equal(start, vector.detach())
        return StepReport(loss, accepted=moved, evaluations=calls, finite=finite)

    def state(self) -> dict[str, Any]:
        """State of the torch optimizer."""
        if self.inner is None or self.vector is None:
            return {"waiting": copy.deepcopy(self.waiting)}
        inner = copy.deepcopy(self.inner.state_dict())
        return {"waiting": {"inner": inner, "count": len(self.vector)}}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue; the optimizer is rebuilt at the next step."""
        self.vector, self.inner, self.waiting = None, None, state["waiting"]


class LBFGS(_Wrapped):
    """L-BFGS with a strong Wolfe line search, ten iterations a step."""

    name = "lbfgs"

    def _make(self, vector: Tensor) -> torch.optim.Optimizer:
        return torch.optim.LBFGS(
            [vector],
            max_iter=10,
            history_size=50,
            line_search_fn="strong_wolfe",
            tolerance_grad=0.0,
            tolerance_change=0.0,
        )

    def restart(self) -> None:
        """Forget curvature that belongs to the old points."""
        self.vector, self.inner, self.waiting = None, None, None


class Adam(_Wrapped):
    """Adam with its customary rate."""

    name = "adam"

    def _make(self, vector: Tensor) -> torch.optim.Optimizer:
        return torch.optim.Adam([vector], lr=1e-3)

    def restart(self) -> None:
        """Moments survive new points."""
