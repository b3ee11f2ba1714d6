"""The loop of nonlinear least squares: assemble, factor, move, and when it ends.

A method says how to move from one assembly of the rows, a `Stop` how many of them to do.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from kanpde.optimize._accumulators import Accumulator
from kanpde.optimize._large import choose, make, repeated
from kanpde.optimize._source import RowSource


@dataclass
class StepReport:
    """What one optimizer step did."""

    loss: float
    accepted: bool
    damping: float = math.nan
    gain_ratio: float = math.nan
    evaluations: int = 0
    finite: bool = True
    converged: bool = False


@dataclass(frozen=True)
class Stop:
    """When an iteration ends."""

    assemblies: int = 10
    fall: float = 0.5  # a step that leaves more than this share of the loss is slow
    patience: int = 1  # slow steps in a row after which it ends
    loss: float = -1.0  # small enough
    seconds: float = math.inf  # after which no step begins


@dataclass
class Outcome:
    """How an iteration ended."""

    loss: float
    assemblies: int
    converged: bool = False
    slow: bool = False


class Method(Protocol):
    """Moves coefficients, from one assembly at a time."""

    def step(self, rows: RowSource) -> StepReport:
        """Assemble once, and move to where the loss is lower or not at all."""


def minimize(
    rows: RowSource,
    method: Method,
    stop: Stop | None = None,
    *,
    moving: Callable[[], bool] | None = None,
) -> Outcome:
    """Minimise the rows' sum of squares from where their trial is, in place.

    Parameters
    ----------
    rows
        What is minimised.
    method
        How a step is made.
    stop
        When it ends; it ends as well where no step lowers the loss.
    moving
        Asked after every step: whether a slow one is no reason to end.
    """
    stop = stop or Stop()
    end, slow = time.perf_counter() + stop.seconds, 0
    loss = float(rows.vector().square().sum())
    for assembly in range(1, stop.assemblies + 1):
        if loss <= stop.loss:
            return Outcome(loss, assembly - 1, converged=True)
        report = method.step(rows)
        before, loss = loss, report.loss
        lost = not (report.accepted and report.finite)
        if lost or report.converged or time.perf_counter() > end:
            return Outcome(loss, assembly, converged=report.converged)
        on = moving is not None and moving()
        slow = 0 if on or loss < stop.fall * before else slow + 1
        if slow >= stop.patience:
            return Outcome(loss, assembly, slow=True)
    return Outcome(loss, stop.assemblies)


class Search:
    """Places tried from one assembly of rows, `sums`, and the best of them."""

    def __init__(self, rows: RowSource, sums: Accumulator) -> None:
        self.rows, self.sums = rows, sums
        self.start = self.best = rows.trial.get()
        self.loss = sums.loss
        self.evaluations = 1

    def residual(self, place: Tensor) -> tuple[Tensor, float]:
        """Residual and loss at a place, infinite where it is none."""
        self.rows.trial.set(place)
        self.evaluations += 1
        residual = self.rows.vector()
        loss = float(residual.square().sum())
        return residual, loss if math.isfinite(loss) else math.inf

    def take(self, place: Tensor, loss: float) -> None:
        """Let a place be the best."""
        self.best, self.loss = place, loss

    def lower(self, place: Tensor) -> Tensor | None:
        """Take a place if the loss is lower there; gives the residual."""
        residual, loss = self.residual(place)
        if not loss < self.loss:
            return None
        self.take(place, loss)
        return residual


class LeastSquares:
    """A method that moves by solves with one assembly of the rows.

    Parameters
    ----------
    damping
        First damping, relative to the column-scaled JᵀJ.
    linear_algebra
        A form that `make` knows, or ``"auto"``: chosen by sizes and damping.
    keep
        Bytes of rows that may be kept.
    """

    looks_back = False
    remembered: tuple[str, ...] = ("damping",)

    def __init__(self, *, damping: float, linear_algebra: str, keep: float) -> None:
        self.damping, self.linear_algebra, self.keep = damping, linear_algebra, keep

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {name: getattr(self, name) for name in self.remembered}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state`."""
        for name in self.remembered:
            setattr(self, name, state[name])

    def revive(self, damping: float) -> None:
        """Go on with another damping."""
        self.damping = damping

    def restart(self) -> None:
        """Forget what belongs to the old points; the damping is kept."""

    def _assemble(self, rows: RowSource) -> Accumulator:
        count = rows.trial.count
        kind = choose(self.linear_algebra, count, rows.count, self.damping)
        sums = make(kind, count, rows.trial.eta, keep=self.keep, again=repeated(rows))
        return sums.gather(rows)

    def step(self, rows: RowSource) -> StepReport:
        """One assembly, and what it serves for; the trial is left at the best place."""
        sums = self._assemble(rows)
        if not (math.isfinite(sums.loss) and bool(torch.isfinite(sums.gradient).all())):
            return StepReport(sums.loss, accepted=False, finite=False)
        search = Search(rows, sums)
        report = self._move(search)
        rows.trial.set(search.best)
        report.evaluations = search.evaluations
        return report

    def _move(self, search: Search) -> StepReport:
        """Try places, the best of which is taken."""
        raise TypeError("LeastSquares is abstract")
