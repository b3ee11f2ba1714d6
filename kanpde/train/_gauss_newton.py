"""Gauss-Newton on product KANs: few assemblies of J, chord steps between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from kanpde._rows import Rows
from kanpde.errors import NumericalError
from kanpde.train._accumulators import Gram

SMALLEST, GROWTH, LARGEST = 1e-14, 30.0, 1e-4
MOST_ASSEMBLIES, MOST_CHORDS, MOST_HALVINGS = 12, 8, 4
KEEP = 1_500_000_000


@dataclass
class Outcome:
    """How an iteration ended."""

    loss: float
    assemblies: int
    converged: bool


def gauss_newton(rows: Rows, *, accuracy: float) -> Outcome:
    """Minimise the rows' sum of squares from where their trial is.

    A Jacobian is used for several steps as long as each gains a factor of five, because
    its Gram product and factorisation cost far more than a residual. Steps end where they
    change the coefficients by less than `accuracy` of their size or gain less than a factor of two.
    """
    trial = rows.trial
    loss = float(rows.vector().square().sum())
    damping = SMALLEST
    for assembly in range(1, MOST_ASSEMBLIES + 1):
        sums = Gram(trial.count, trial.eta, keep=KEEP)
        for jacobian, residual in rows.jacobian():
            sums.add(jacobian, residual)
        sums.reduce()
        before = loss
        loss, damping, done = _chords(rows, sums, loss, damping, accuracy)
        if not math.isfinite(loss):
            return Outcome(loss, assembly, converged=False)
        if done or not loss < 0.25 * before:
            # a first Jacobian that gains nothing has not converged, unless it started there
            return Outcome(loss, assembly, converged=assembly > 1 or done)
    return Outcome(loss, MOST_ASSEMBLIES, converged=False)


def _chords(
    rows: Rows, sums: Gram, loss: float, damping: float, accuracy: float
) -> tuple[float, float, bool]:
    """Step with one Jacobian; returns loss, damping and whether nothing is left to gain."""
    trial = rows.trial
    step, damping = _factored(sums, damping)
    for chord in range(MOST_CHORDS):
        if step is None:
            return loss, damping, chord > 0
        start = trial.get()
        found = _searched(rows, start, step, loss, halvings=0 if chord else MOST_HALVINGS)
        if found is None:
            trial.set(start)
            return loss, damping, chord == 0
        residual, new, share = found
        size = float(trial.get().norm())
        small = float((share * step).norm()) <= accuracy * size
        before, loss = loss, new
        if small or not loss < 0.25 * before:
            return loss, damping, small or chord == 0
        if not loss < 0.04 * before or share < 1:
            return loss, damping, False
        step = sums.solve(-sums.apply_transposed(residual), damping)
    return loss, damping, False


def _factored(sums: Gram, damping: float) -> tuple[Tensor | None, float]:
    """First step at the smallest damping that the factorisation allows."""
    while damping <= LARGEST:
        try:
            return sums.step(damping), damping
        except NumericalError:
            damping *= GROWTH
    return None, damping


def _searched(
    rows: Rows, start: Tensor, step: Tensor, loss: float, *, halvings: int
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
