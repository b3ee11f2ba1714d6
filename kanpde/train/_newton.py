"""Smooth nonlinear problems: damped Gauss-Newton on product KANs of growing degree.

Every level starts from the one before. Where the residual on fresh points does not fall fast
(a front, a kink, a wrong branch) the phase gives up after a few cheap levels, and a deep network
is trained instead.
"""

from __future__ import annotations

from kanpde._rows import Rows
from kanpde._trial import Trial
from kanpde.train._levenberg import LevenbergMarquardt
from kanpde.train._linear import LinearPhase
from kanpde.train._phase import Report
from kanpde.train._products import transfer

MOST_STEPS = 10
TRIED_LEVELS = 3
FALL_PER_LEVEL = 0.1


class NewtonPhase(LinearPhase):
    """Levels of growing degree, each solved by a few Gauss-Newton steps."""

    name = "newton"

    def _fit(self, trial: Trial, rows: Rows) -> None:
        """Start from the best level so far and iterate until the loss stops falling."""
        if self.solved:
            transfer(self.trial, trial)
        method = LevenbergMarquardt(
            damping=1e-4, geodesic=False, linear_algebra="qr", smallest=1e-30
        )
        loss = float(rows.vector().square().sum())
        for _ in range(MOST_STEPS):
            report = method.step(rows)
            if not report.accepted or not report.finite:
                break
            if report.gain_ratio > 0.75:
                method.damping = max(1e-3 * method.damping, 1e-30)
            fell, loss = report.loss < 0.5 * loss, report.loss
            if not fell:
                break

    def step(self) -> Report:
        """Solve the next level; give up where the levels gain too little."""
        before = self.best_fresh
        report = super().step()
        slow = not self.best_fresh < FALL_PER_LEVEL * before
        if self.level >= TRIED_LEVELS and slow and self.ladder.last_order:
            self.done = True
        return report
