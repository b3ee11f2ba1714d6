"""Levenberg-Marquardt with gain-ratio control and geodesic acceleration."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.errors import NumericalError
from kanpde.optimize._minimize import LeastSquares, Search, StepReport
from kanpde.optimize._source import transposed_product

KEEP_BYTES = 400_000_000
LONGER, MOST_DOUBLINGS = 0.9, 5  # gain ratio from which a step may go further


@dataclass(frozen=True)
class DampingRule:
    """How the damping follows what steps gain, and where they are given up."""

    smallest: float = 1e-15
    largest: float = 1e12
    tries: int = 12  # of dampings, in one step
    growth: float = 2.0  # factor after a failure, doubled with every further one
    fastest: float = 64.0
    trusted: float = 1 / 5  # factor where more than 0.75 of the foretold gain came true
    usual: float = 1 / 2  # more than 0.25
    doubted: float = 1.5


class LevenbergMarquardt(LeastSquares):
    """Damped Gauss-Newton on streamed rows.

    Parameters
    ----------
    damping
        First damping, relative to the column-scaled JᵀJ.
    geodesic
        Add the second-order step (Transtrum and Sethna, arXiv 1201.5885).
    linear_algebra
        As for every `LeastSquares`.
    rule
        How the damping follows.
    reach
        Follow the bent step further, two, four, … times, as long as the loss falls. It pays
        in long curved valleys, where the step that the gain ratio allows is too short.
    """

    name = "lm"
    remembered = ("damping", "growth")

    def __init__(
        self,
        *,
        damping: float = 1e-2,
        geodesic: bool = True,
        linear_algebra: str = "auto",
        rule: DampingRule | None = None,
        reach: bool = False,
    ) -> None:
        super().__init__(damping=damping, linear_algebra=linear_algebra, keep=KEEP_BYTES)
        self.rule = rule or DampingRule()
        self.geodesic, self.reach = geodesic, reach
        self.growth = self.rule.growth

    def _move(self, search: Search) -> StepReport:
        """One accepted step, or the report that none was found."""
        residual = search.rows.vector() if self.geodesic else None
        for _ in range(self.rule.tries):
            try:
                direction = search.sums.step(self.damping)
            except NumericalError:
                self._raise()
                continue
            report = self._attempt(search, direction, residual)
            if report.accepted:
                return report
            if self.damping > self.rule.largest:
                break
        return StepReport(search.loss, accepted=False, damping=self.damping)

    def _attempt(self, search: Search, direction: Tensor, residual: Tensor | None) -> StepReport:
        used, before, bend = self.damping, search.loss, None
        if residual is not None:
            bend = self._acceleration(search, direction, residual)
            if bend is None:
                self._raise()
                return StepReport(before, accepted=False, damping=used)
        move = direction if bend is None else direction + bend
        _, loss = search.residual(search.start + move)
        predicted = search.sums.decrease(direction)
        gain = (before - loss) / predicted if predicted > 0 else -1.0
        if not loss < before:
            self._raise()
            return StepReport(before, accepted=False, damping=used, gain_ratio=gain)
        search.take(search.start + move, loss)
        self._adapt(gain)
        if self.reach and bend is not None and gain > LONGER:
            for power in range(1, MOST_DOUBLINGS + 1):  # along the parabola while the loss falls
                t = 2.0**power
                if search.lower(search.start + t * direction + t**2 * bend) is None:
                    break
        return StepReport(search.loss, accepted=True, damping=used, gain_ratio=gain)

    def _acceleration(self, search: Search, direction: Tensor, residual: Tensor) -> Tensor | None:
        """Half the second-order correction, or ``None`` where it would rule the step."""
        h, rows, sums, start = 0.1, search.rows, search.sums, search.start
        rows.trial.set(start + h * direction)
        ahead = rows.vector()
        if sums.kept:
            second = 2 / h * ((ahead - residual) / h - sums.apply(direction))
            right = sums.apply_transposed(second)
        else:
            rows.trial.set(start - h * direction)
            second = (ahead - 2 * residual + rows.vector()) / h**2
            rows.trial.set(start)
            right = transposed_product(rows, second)
        if not bool(torch.isfinite(right).all()):
            return None
        try:
            bend = -0.5 * sums.solve(right, self.damping)
        except NumericalError:
            return None
        return bend if 2 * bend.norm() <= 0.75 * direction.norm() else None

    def _raise(self) -> None:
        self.damping = max(self.damping, self.rule.smallest) * self.growth
        self.growth = min(2 * self.growth, self.rule.fastest)

    def _adapt(self, gain: float) -> None:
        rule = self.rule
        factor = rule.trusted if gain > 0.75 else rule.usual if gain > 0.25 else rule.doubted
        self.damping, self.growth = max(self.damping * factor, rule.smallest), rule.growth
