"""Smooth nonlinear problems: damped Gauss-Newton on product KANs of growing degree.

Every level starts from the one before, the first from the solution that the solve starts from.
Where the residual on fresh points does not fall fast (a front, a kink, a wrong branch) the phase
gives up after a few cheap levels, and a deep network is trained instead; not where the values
settle all the same, as they do beside a weak singularity.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from kanpde.nets import ProductKAN
from kanpde.optimize import DampingRule, LevenbergMarquardt, Stop, minimize
from kanpde.residual import Evaluation, Rows, relative_l2
from kanpde.solvers._phase import Report
from kanpde.solvers._plan import Plan
from kanpde.solvers._solver import Solver
from kanpde.solvers._starting import WarmStart, warm_start
from kanpde.solvers.spectral._linear import CHECKED, LinearPhase
from kanpde.solvers.spectral._products import marches_on, take_products, takes_nonlinear, transfer
from kanpde.trial import Trial

MOST_STEPS, ENOUGH_FALL = 10, 0.5  # of a level; of the loss, for another step
MOST_STEPS_ON, ENOUGH_FALL_ON = 20, 0.9  # the same where a solution is continued
NEWTON_SHARE = 0.3  # of the time, for a phase that has not settled yet
MOVING = 2e-3  # relative change of values by a step, for another one where one is continued
FIRST, NEXT = 1e-4, 1e-8  # damping of a level, and where one that is continued goes on
MANY, SMOOTH = 600, 1e-12  # coefficients for the normal equations; fall of loss for QR after all
TRIED_LEVELS = 3
FALL_PER_LEVEL = 0.1
SETTLED, FALL_OF_CHANGE = 0.1, 0.7
NEAR = 0.75  # of the degree that a start has is where the levels begin


class NewtonPhase(LinearPhase):
    """Levels of growing degree, each solved by a few Gauss-Newton steps."""

    name = "newton"
    title = "spectral least squares, Gauss-Newton"

    def __init__(self, plan: Plan, evaluation: Evaluation) -> None:
        super().__init__(plan, evaluation)
        self.start = plan.start if warm_start(plan) is WarmStart.PRODUCT else None
        self.slow = False
        if self.start is not None:
            network = self.start.network
            assert isinstance(network, ProductKAN)
            self.schedule.skip_to(NEAR * self.schedule.level_of(network.degrees))

    @property
    def sufficient(self) -> bool:
        """Whether the values were settling to the last level."""
        return (self.done and not self.slow and self.settling) or super().sufficient

    def gives_up(self, elapsed: float, latest: float, limit: float) -> bool:
        """Whether it has had its share of the time without settling."""
        return elapsed + latest > (1.0 if self.promising else NEWTON_SHARE) * limit

    @property
    def unresolved(self) -> bool:  # type: ignore[override]
        """Whether its levels ended before the values settled."""
        return self.done and not self.settling

    @property
    def promising(self) -> bool:
        """Whether it may take all of the time: it settles, or it was near from the start."""
        return self.start is not None or self.settling

    @property
    def settling(self) -> bool:
        """Whether the last levels changed the values little, and less and less."""
        changes = self._changes()
        if len(changes) < 2:
            return False
        last, before = changes[:2]
        return last < SETTLED and last < FALL_OF_CHANGE * before

    def _changes(self) -> list[float]:
        """Relative change of the values by the last level, and by the one before."""
        values = [self.evaluation.values(self.trial), *(k.values for k in self.levels.kept[:-3:-1])]
        return [float(relative_l2(b, a).max()) for a, b in itertools.pairwise(values)]

    def _fit(self, trial: Trial, rows: Rows) -> None:
        """Start from the best level so far and iterate until the loss stops falling."""
        if self.solved:
            transfer(self.trial, trial)
        elif self.start is not None:
            take_products(self.start, trial)
        on, first = self.start is not None, float(rows.vector().square().sum())
        moving, end = self._moving(trial) if on else None, time.perf_counter() + self.remaining
        limits = (MOST_STEPS_ON, ENOUGH_FALL_ON) if on else (MOST_STEPS, ENOUGH_FALL)
        method = self._method(trial.count)
        outcome = minimize(rows, method, Stop(*limits, seconds=self.remaining), moving=moving)
        if outcome.slow and method.linear_algebra == "gram" and outcome.loss <= SMOOTH * first:
            left = Stop(
                MOST_STEPS_ON - outcome.assemblies,
                ENOUGH_FALL_ON,
                seconds=end - time.perf_counter(),
            )
            minimize(rows, self._method(0, damping=method.damping), left, moving=moving)

    def _method(self, count: int, *, damping: float | None = None) -> LevenbergMarquardt:
        """Gauss-Newton steps; bent, followed further and by normal equations where many are due.

        A solution that is continued lies in a long valley wherever equations barely fix it.
        """
        on = self.start is not None
        return LevenbergMarquardt(
            damping=damping or (NEXT if on and self.solved else FIRST),
            geodesic=on,
            reach=on,
            linear_algebra="gram" if on and count > MANY else "qr",
            rule=DampingRule(smallest=1e-30, trusted=2e-4),
        )

    def _moving(self, trial: Trial) -> Callable[[], bool]:
        """Tell of every step whether the values still change by it."""
        values = self.evaluation.values(trial)

        def moving() -> bool:
            nonlocal values
            before, values = values, self.evaluation.values(trial)
            return bool(relative_l2(values, before).max() > MOVING)

        return moving

    def step(self) -> Report:
        """Solve the next level; give up where the levels gain too little."""
        before = self.best_fresh
        report = super().step()
        falling = self.best_fresh < FALL_PER_LEVEL * before
        settling = report.moved and self.settling
        self.slow = not falling and not settling
        tried = self.level >= TRIED_LEVELS and self.start is None
        if tried and self.slow and self.schedule.last_order:
            self.done = True
        elif settling and self.stalled and self._predicted() > CHECKED:
            self.without_gain, self.stalled = 0, False
            self.done = self.schedule.degrees is None
        return report

    def state(self) -> dict[str, Any]:
        """Level, best trial, earlier levels, whether the last level gained too little."""
        return {**super().state(), "slow": self.slow}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        super().restore(state)
        self.slow = bool(state["slow"])


def newton_applies(plan: Plan, *, closed: bool) -> bool:
    """Whether a problem is nonlinear, without data and start that product KANs cannot take."""
    return not plan.linear and takes_nonlinear(plan) and not marches_on(plan)


NEWTON = Solver("newton", newton_applies, lambda s: NewtonPhase(s.plan, s.evaluation))
