"""Levenberg-Marquardt with gain-ratio control and geodesic acceleration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kanpde.errors import NumericalError
from kanpde.optimize._accumulators import Accumulator
from kanpde.optimize._large import choose, make, repeated
from kanpde.optimize._source import RowSource

KEEP_BYTES = 400_000_000
MOST_DAMPING = 1e12
LONGER, MOST_DOUBLINGS = 0.9, 5  # gain ratio from which a step may go further


@dataclass
class StepReport:
    """What one optimizer step did."""

    loss: float
    accepted: bool
    damping: float = math.nan
    gain_ratio: float = math.nan
    evaluations: int = 0
    finite: bool = True


class LevenbergMarquardt:
    """Damped Gauss-Newton on streamed rows.

    Parameters
    ----------
    damping
        First damping, relative to the column-scaled JᵀJ.
    geodesic
        Add the second-order step (Transtrum and Sethna, arXiv 1201.5885).
    linear_algebra
        ``"gram"``, ``"qr"``, ``"dual"``, ``"cg"``, or ``"auto"``: chosen by sizes and damping.
    smallest
        Damping is not lowered below this.
    reach
        Follow the bent step further, two, four, … times, as long as the loss falls. It pays
        in long curved valleys, where the step that the gain ratio allows is too short.
    """

    name = "lm"
    looks_back = False

    def __init__(
        self,
        *,
        damping: float = 1e-2,
        geodesic: bool = True,
        linear_algebra: str = "auto",
        smallest: float = 1e-15,
        reach: bool = False,
    ) -> None:
        self.damping = damping
        self.geodesic = geodesic
        self.linear_algebra = linear_algebra
        self.smallest = smallest
        self.reach = reach
        self.growth = 2.0

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {"damping": self.damping, "growth": self.growth}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state`."""
        self.damping, self.growth = state["damping"], state["growth"]

    def restart(self) -> None:
        """Forget what belongs to the old points; the damping is kept."""

    def _assemble(self, rows: RowSource) -> Accumulator:
        kind = choose(self.linear_algebra, rows.trial.count, rows.count, self.damping)
        again = repeated(rows)
        sums = make(kind, rows.trial.count, rows.trial.eta, keep=KEEP_BYTES, again=again)
        for jacobian, residual in rows.jacobian():
            sums.add(jacobian, residual)
        sums.reduce()
        return sums

    def step(self, rows: RowSource) -> StepReport:
        """One accepted step, or the report that none was found."""
        sums = self._assemble(rows)
        if not (math.isfinite(sums.loss) and bool(torch.isfinite(sums.gradient).all())):
            return StepReport(sums.loss, accepted=False, finite=False)
        start = rows.trial.get()
        residual = rows.vector() if self.geodesic else None
        evaluations = 1
        for _ in range(12):
            try:
                direction = sums.step(self.damping)
            except NumericalError:
                self._raise()
                continue
            evaluations += 1
            report = self._attempt(rows, sums, start, direction, residual)
            report.evaluations = evaluations
            if report.accepted:
                return report
            if self.damping > MOST_DAMPING:
                break
        rows.trial.set(start)
        return StepReport(sums.loss, accepted=False, damping=self.damping, evaluations=evaluations)

    def _attempt(
        self,
        rows: RowSource,
        sums: Accumulator,
        start: Tensor,
        direction: Tensor,
        residual: Tensor | None,
    ) -> StepReport:
        used = self.damping
        predicted = sums.decrease(direction)
        move = direction
        if residual is not None:
            bend = self._acceleration(rows, sums, start, direction, residual)
            if bend is None:
                self._raise()
                return StepReport(sums.loss, accepted=False, damping=used)
            move = direction + bend
        rows.trial.set(start + move)
        loss = float(rows.vector().square().sum())
        gain = (sums.loss - loss) / predicted if predicted > 0 else -1.0
        if not (math.isfinite(loss) and loss < sums.loss):
            self._raise()
            return StepReport(sums.loss, accepted=False, damping=used, gain_ratio=gain)
        self._adapt(gain)
        if self.reach and residual is not None and gain > LONGER:
            loss = self._further(rows, start, direction, move - direction, loss)
        return StepReport(loss, accepted=True, damping=used, gain_ratio=gain)

    def _further(
        self, rows: RowSource, start: Tensor, direction: Tensor, bend: Tensor, loss: float
    ) -> float:
        """Go on along the parabola of a step while the loss falls; gives the loss there."""
        best = start + direction + bend
        for power in range(1, MOST_DOUBLINGS + 1):
            t = 2.0**power
            ahead = start + t * direction + t**2 * bend
            rows.trial.set(ahead)
            there = float(rows.vector().square().sum())
            if not there < loss:
                break
            best, loss = ahead, there
        rows.trial.set(best)
        return loss

    def _acceleration(
        self, rows: RowSource, sums: Accumulator, start: Tensor, direction: Tensor, residual: Tensor
    ) -> Tensor | None:
        """Half the second-order correction, or ``None`` where it would rule the step."""
        h = 0.1
        rows.trial.set(start + h * direction)
        ahead = rows.vector()
        if sums.kept:
            second = 2 / h * ((ahead - residual) / h - sums.apply(direction))
            right = sums.apply_transposed(second)
        else:
            rows.trial.set(start - h * direction)
            second = (ahead - 2 * residual + rows.vector()) / h**2
            rows.trial.set(start)
            right = rows.transposed_product(second)
        if not bool(torch.isfinite(right).all()):
            return None
        try:
            bend = -0.5 * sums.solve(right, self.damping)
        except NumericalError:
            return None
        return bend if 2 * bend.norm() <= 0.75 * direction.norm() else None

    def _raise(self) -> None:
        self.damping = max(self.damping, self.smallest) * self.growth
        self.growth = min(2 * self.growth, 64.0)

    def _adapt(self, gain: float) -> None:
        factor = 1 / 5 if gain > 0.75 else (1 / 2 if gain > 0.25 else 1.5)
        self.damping = max(self.damping * factor, self.smallest)
        self.growth = 2.0
