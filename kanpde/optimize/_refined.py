r"""Levenberg-Marquardt down to round-off: small damping, and corrections with a larger one.

One decomposition of the Jacobian serves every damping. A step with a tiny damping moves along
directions that the residual hardly sees, and its second-order error is large, but it lies in
directions that the residual sees well. The same decomposition with a larger damping takes it
away: x₁ = x₀ + d(λ), x₂ = x₁ − J⁺(Λ) r(x₁), … On the KAN paper's Poisson problem (sine KAN
[2, 20, 20, 1], three seeds) this reaches relative L2 errors of 1.1e-13 … 2.0e-13 after seven or
eight decompositions, where the smallest admissible damping alone takes nine to reach 2.9e-11.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kanpde.optimize._accumulators import _column_scale
from kanpde.optimize._levenberg import StepReport
from kanpde.optimize._source import RowSource
from kanpde.optimize._threads import many_threads

LEAST, MOST = 1e-30, 1.0  # damping, relative to the largest squared singular value
LIFT, LIFTED = 1e10, 1e-6  # corrections are damped by LIFT times more, but by LIFTED at most
CORRECTIONS = 3
WORTH = 0.7  # a correction that shrinks the residual by less is the last one
HOPELESS = 30.0
PATIENCE = 3


class Decomposition:
    """J = Q U S Vᵀ with scaled columns, for steps at any damping.

    Parameters
    ----------
    jacobian
        Shape ``(N, P)``.
    """

    def __init__(self, jacobian: Tensor) -> None:
        self.scale = _column_scale(jacobian.square().sum(dim=0))
        with many_threads(jacobian.shape[1]):
            q, r = torch.linalg.qr(jacobian / self.scale)
            u, s, self._vt = torch.linalg.svd(r, full_matrices=False)
        self._q, self._ut, self.values = q, u.T, s

    def components(self, residual: Tensor) -> Tensor:
        """Components of a residual ``(N,)`` along the left singular vectors."""
        return self._ut @ (self._q.T @ residual)

    def step(self, residual: Tensor, damping: float) -> Tensor:
        """Damped least-squares step ``(P,)`` against `residual`."""
        return self.combine(self.components(residual), damping)

    def combine(self, components: Tensor, damping: float) -> Tensor:
        """Damped step from `components`; directions lost in round-off stay."""
        s = self.values
        kept = s > s.max() * torch.finfo(s.dtype).eps
        shrunk = torch.where(kept, s / (s.square() + damping * s.max() ** 2), torch.zeros_like(s))
        return -(self._vt.T @ (shrunk * components)) / self.scale


@dataclass
class Tried:
    """Where a candidate damping led."""

    damping: float
    size: float
    place: Tensor
    corrections: int


class RefinedLevenberg:
    """Levenberg-Marquardt with the smallest damping that halves the residual.

    It keeps the whole Jacobian, so it is for some thousands of coefficients.

    Parameters
    ----------
    damping
        Damping of the first step, relative to the largest squared singular value.
    """

    name = "refined"

    def __init__(self, *, damping: float = 1e-20) -> None:
        self.damping = damping
        self.taken = 0

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {"damping": self.damping, "taken": self.taken}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state`."""
        self.damping, self.taken = state["damping"], state["taken"]

    def step(self, rows: RowSource) -> StepReport:
        """One decomposition, the dampings that it serves, one accepted step."""
        pieces = list(rows.jacobian())
        jacobian = torch.cat([j for j, _ in pieces])
        residual = torch.cat([r for _, r in pieces])
        size = float(residual.norm())
        if not (math.isfinite(size) and bool(torch.isfinite(jacobian).all())):
            return StepReport(size**2, accepted=False, finite=False)
        search = _Search(rows, Decomposition(jacobian), residual)
        best = search.run(self.damping if self.taken == 0 else 1e-4 * self.damping)
        self.taken += 1
        if not best.size < size:
            rows.trial.set(search.start)
            return StepReport(
                size**2, accepted=False, damping=best.damping, evaluations=search.evaluations
            )
        self.damping = best.damping
        rows.trial.set(best.place)
        gain = 1 - (best.size / size) ** 2
        return StepReport(
            best.size**2,
            accepted=True,
            damping=best.damping,
            gain_ratio=gain,
            evaluations=search.evaluations,
        )


class _Search:
    """Tries dampings from one decomposition."""

    def __init__(self, rows: RowSource, parts: Decomposition, residual: Tensor) -> None:
        self.rows, self.parts = rows, parts
        self.start = rows.trial.get()
        self.components = parts.components(residual)
        self.size = float(residual.norm())
        self.evaluations = 0
        self.best: Tried | None = None

    def run(self, first: float) -> Tried:
        """Smallest damping that halves the residual, or the one that leaves least."""
        damping = max(first, LEAST)
        found = self._try(damping)
        if self._halves(found):
            while damping > LEAST:
                damping = max(damping / 100, LEAST)
                lower = self._try(damping)
                if not self._halves(lower):
                    break
                found = lower
            return found
        beyond = 0
        while damping < MOST and beyond < PATIENCE:
            damping *= 10
            found = self._try(damping)
            if self._halves(found):
                return found
            assert self.best is not None
            past = self.best.size < self.size and self.best is not found
            beyond = beyond + 1 if past else 0
        assert self.best is not None
        return self.best

    def _halves(self, tried: Tried) -> bool:
        return tried.size < 0.5 * self.size

    def _try(self, damping: float) -> Tried:
        place = self.start + self.parts.combine(self.components, damping)
        residual, size = self._residual(place)
        lifted = max(damping, min(LIFT * damping, LIFTED))
        count = 0
        while size < HOPELESS * self.size and count < CORRECTIONS:
            further = place + self.parts.step(residual, lifted)
            residual, after = self._residual(further)
            if not after < size:
                break
            worth = after < WORTH * size
            place, size, count = further, after, count + 1
            if not worth:
                break
        tried = Tried(damping, size, place, count)
        if self.best is None or size < self.best.size:
            self.best = tried
        return tried

    def _residual(self, place: Tensor) -> tuple[Tensor, float]:
        self.rows.trial.set(place)
        self.evaluations += 1
        residual = self.rows.vector()
        size = float(residual.norm())
        return residual, size if math.isfinite(size) else math.inf
