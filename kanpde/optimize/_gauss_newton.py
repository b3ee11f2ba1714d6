"""Gauss-Newton on product KANs: few assemblies of J, chord steps between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from kanpde.errors import NumericalError
from kanpde.optimize._accumulators import Gram
from kanpde.optimize._source import RowSource

SMALLEST, GROWTH, LARGEST = 1e-14, 30.0, 1e-4
MOST_ASSEMBLIES, MOST_CHORDS, MOST_HALVINGS = 10, 8, 4
SLOW, FAST = 0.25, 0.04  # of the loss: less gain ends the iteration, more keeps the Jacobian
HALF = 0.5  # a Jacobian that gains less leads nowhere: a shorter slab is better
KEEP = 1_500_000_000


@dataclass
class Outcome:
    """How an iteration ended."""

    loss: float
    assemblies: int
    converged: bool


def gauss_newton(rows: RowSource, *, accuracy: float) -> Outcome:
    """Minimise the rows' sum of squares from where their trial is.

    A Jacobian is used for several steps as long as each gains a factor of five, because
    its Gram product and factorisation cost far more than a residual. It has converged where a
    step changes the coefficients by less than `accuracy` of their size, or where a full step with
    a new Jacobian gains less than a factor of two.
    """
    loss = float(rows.vector().square().sum())
    damping = SMALLEST
    for assembly in range(1, MOST_ASSEMBLIES + 1):
        sums = Gram(rows.trial.count, rows.trial.eta, keep=KEEP)
        for jacobian, residual in rows.jacobian():
            sums.add(jacobian, residual)
        sums.reduce()
        before = loss
        loss, damping, converged = _chords(rows, sums, loss, damping, accuracy)
        if converged or not loss < HALF * before:
            return Outcome(loss, assembly, converged=converged)
    return Outcome(loss, MOST_ASSEMBLIES, converged=False)


def _chords(
    rows: RowSource, sums: Gram, loss: float, damping: float, accuracy: float
) -> tuple[float, float, bool]:
    """Step with one Jacobian; returns loss, damping and whether nothing is left to gain."""
    trial = rows.trial
    step, damping = _factored(sums, damping)
    if step is None or not math.isfinite(loss):
        return loss, damping, False
    for chord in range(MOST_CHORDS):
        start = trial.get()
        if chord and _small(step, start, accuracy):
            return loss, damping, True
        found = _searched(rows, start, step, loss, halvings=0 if chord else MOST_HALVINGS)
        if found is None:  # from a new Jacobian it is a minimum, but for round-off
            trial.set(start)
            return loss, damping, chord == 0
        residual, new, share = found
        before, loss = loss, new
        if share == 1 and _small(step, trial.get(), accuracy):
            return loss, damping, True
        if not loss < SLOW * before:
            return loss, damping, share == 1 and chord == 0
        if share < 1 or not loss < FAST * before:
            return loss, damping, False
        if not sums.kept:
            return loss, damping, False
        step = sums.solve(-sums.apply_transposed(residual), damping)
    return loss, damping, False


def _small(step: Tensor, coefficients: Tensor, accuracy: float) -> bool:
    return float(step.norm()) <= accuracy * float(coefficients.norm())


def _factored(sums: Gram, damping: float) -> tuple[Tensor | None, float]:
    """First step at the smallest damping that the factorisation allows."""
    while damping <= LARGEST:
        try:
            return sums.step(damping), damping
        except NumericalError:
            damping *= GROWTH
    return None, damping


def _searched(
    rows: RowSource, start: Tensor, step: Tensor, loss: float, *, halvings: int
) -> tuple[Tensor, float, float] | None:
    """Residual and loss after the longest step that lowers the loss, if there is one."""
    share = 1.0
    for _ in range(halvings + 1):
        rows.trial.set(start + share * step)
        residual = rows.vector()
        new = float(residual.square().sum())
        if math.isfinite(new) and new < loss:
            return residual, new, share
        share /= 2
    return None
