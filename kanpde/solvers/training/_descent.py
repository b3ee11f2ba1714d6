"""Training: a network moved by Levenberg-Marquardt, L-BFGS or Adam.

Points are redrawn where the residual is large; grids are extended on schedule.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kanpde.nets import Network, network_from_record, network_record
from kanpde.optimize import StepReport, habits_of, make_optimizer
from kanpde.regression import EdgePenalty, SparseRows
from kanpde.residual import INTERIOR, Drawn, Evaluation, Rows, TermSet, redraw_by_residual
from kanpde.solvers._phase import (
    Phase,
    Report,
    fresh_loss,
    pack_drawn,
    pack_levels,
    unpack_drawn,
    unpack_levels,
)
from kanpde.solvers._plan import Plan, interior_points
from kanpde.solvers._solver import Solver, Start
from kanpde.solvers._starting import started_network
from kanpde.solvers.training._drawing import PointSchedule, follow_residual, softened
from kanpde.solvers.training._extension import extended, loss_of
from kanpde.solvers.training._weighting import Weighting
from kanpde.trial import Trial

STALL_STEPS = 12
EARLY_LEVELS = (0, 4, 10)
EXTENSION_ROUND_OFF = 1e-3
PATIENCE = 3  # redraws; what does not halve its loss over so many is handed to a correction
DRIFT = 4.0  # fresh loss over fitted loss above which the points are the limit


class DescentPhase(Phase):
    """One network, one optimizer, points that follow the residual.

    Parameters
    ----------
    plan, evaluation
        The problem made ready, and where it is measured.
    optimizer
        ``"lm"``, ``"ssbroyden"``, ``"lbfgs"`` or ``"adam"``.
    trial
        Start from this trial instead of a new network.
    """

    def __init__(
        self, plan: Plan, evaluation: Evaluation, *, optimizer: str, trial: Trial | None = None
    ) -> None:
        super().__init__(plan, evaluation)
        self.name = optimizer
        self.trial = trial or plan.trial(started_network(plan))
        settings = plan.settings
        self.optimizer = make_optimizer(
            optimizer, geodesic=settings.geodesic, linear_algebra=settings.linear_algebra
        )
        self.weighting = Weighting(plan, optimizer)
        self.rng = plan.rng(2)
        self.grids = list(plan.settings.grids or ())[1:]
        self.grid = plan.settings.grids[0] if plan.settings.grids else plan.settings.grid
        self.point_schedule = PointSchedule()
        self.patience = 0  # redraws without half the fresh loss after which it ends; 0: never
        self.taken = 0
        self.due = self.every
        self.failures = 0
        self.recent: list[float] = []
        self.best = (math.inf, self.trial.get())
        self.drawn: list[tuple[TermSet, Drawn]] = []
        self._rows: Rows | SparseRows | None = None

    @property
    def every(self) -> int:
        """Steps between two drawings of points; 0 for never."""
        given = self.plan.settings.redraw
        usual = habits_of(self.optimizer.name).redraw * self.point_schedule.pause
        return round(usual) if given is None else given

    @property
    def many(self) -> int:
        """Interior points: as set, or some per coefficient, more where they are fitted."""
        plan = self.plan
        usual = interior_points(plan, self.trial.count)
        return usual if plan.settings.interior else round(usual * self.point_schedule.density)

    def _draw(self) -> float | None:
        """Draw new points; returns the loss on a fresh uniform pool."""
        plan = self.plan
        many, first = self.many, not self.drawn
        drawn = plan.draw(many, self.rng)
        fresh = None
        if not first:
            fresh = fresh_loss(plan, self.trial, self.rng, points=2 * many)
            drawn = [self._follow_residual(s, d) for s, d in drawn]
            if plan.settings.fronts:
                drawn = [(s, softened(self.trial, d) if _free(s) else d) for s, d in drawn]
        self._use(drawn)
        self.due = self.taken + self.every
        return fresh

    def _follow_residual(self, terms: TermSet, drawn: Drawn) -> tuple[TermSet, Drawn]:
        if not _free(terms):
            return terms, follow_residual(self.plan.problem, self.trial, terms, drawn, self.rng)
        plan, n = self.plan, drawn.rows
        pool, _ = plan.problem.domain.interior(4 * n, sampler="uniform", rng=self.rng)
        points = Drawn(pool, np.zeros((len(pool), 0)), None, None, np.ones(len(pool)))
        found = Rows(self.trial, [(terms, points)]).residuals()[0]
        size = torch.stack(found).square().sum(dim=0).sqrt().double().cpu().numpy()
        if not np.isfinite(size).all():
            return terms, drawn
        return terms, redraw_by_residual(plan.problem, terms, n, size, pool, rng=self.rng)

    def _use(self, drawn: list[tuple[TermSet, Drawn]], *, new: bool = True) -> None:
        self.drawn = drawn
        self.points = sum(d.rows for _, d in drawn)
        rows = Rows(self.trial, drawn, weights=self.plan.settings.weights)
        if self.weighting.active:
            self.weighting.attach(rows, drawn, update=new)
        self._rows = self._sparse(rows) if self.plan.settings.sparsify else rows
        self.optimizer.restart()

    def _sparse(self, rows: Rows) -> SparseRows:
        """Add the rows that make edges sparse, with the interior points as samples."""
        settings = self.plan.settings
        inside = next(p for p in rows.parts if p.terms.where == INTERIOR)
        x = inside.site.z[0].detach()
        return SparseRows(rows, EdgePenalty(x, settings.sparsify, entropy=settings.entropy))

    def step(self) -> Report:
        """One optimizer step, after redrawing or extending where it is due."""
        fresh, note = None, ""
        due = self.every and self.taken >= self.due
        if self.taken in EARLY_LEVELS and not self.failures:
            points = interior_points(self.plan, self.trial.count)
            early = fresh_loss(self.plan, self.trial, self.plan.rng(600), points=points)
            self.levels.add(self.trial, self.evaluation, early)
        if self._rows is None and not self.drawn:
            self._draw()
        elif due or self.failures:
            fresh, note = self._redraw()
        if self.grids and self._stalls():
            fresh, note = self._extend()
        note = self._weigh(note)
        assert self._rows is not None
        before = self.trial.get() if self.optimizer.looks_back else None
        if isinstance(self._rows, SparseRows):
            self._rows.refresh()
        report = self.optimizer.step(self._rows)
        if isinstance(self._rows, SparseRows):
            report.loss -= self._rows.level()  # losses are compared with those on other points
        self.taken += 1
        self._follow_progress(report, self.trial.get() if before is None else before)
        return Report(
            loss=report.loss,
            moved=report.accepted,
            finite=report.finite,
            damping=_number(report.damping),
            gain_ratio=_number(report.gain_ratio),
            fresh=fresh,
            grid=self.grid,
            note=note,
        )

    def _weigh(self, note: str) -> str:
        """Bring weights up to date where it is their turn, and tell of them."""
        weighting = self.weighting
        drawn = bool(note) or self.taken == 0
        if not weighting.active:
            return note
        if not drawn and weighting.pause and self.taken % weighting.pause == 0:
            self.recent = []
            return weighting.update()
        return ", ".join(filter(None, (note, weighting.note()))) if drawn else note

    def _redraw(self) -> tuple[float | None, str]:
        """Draw new points; how many and for how long follows from the drift."""
        drift = self._drift()
        fresh = self._draw()
        if fresh is None:
            return None, ""
        self.levels.add(self.trial, self.evaluation, fresh)
        self.point_schedule.follow(drift)
        return fresh, f"redraw, drift {drift:.1f}"

    def _drift(self) -> float:
        """Loss on fresh points, weighted as the fitted ones are, over the last loss."""
        plan = self.plan
        drawn = plan.draw(self.many, plan.rng(601), sampler="uniform")
        if plan.settings.fronts:
            drawn = [(s, softened(self.trial, d) if _free(s) else d) for s, d in drawn]
        fitted = self.recent[-1] if self.recent else 0.0
        if self.weighting.active:
            fitted = loss_of(plan, self.trial, self.drawn)
        return loss_of(plan, self.trial, drawn) / fitted if fitted > 0 else math.nan

    def retreat(self) -> None:
        """Go back to the last state whose residual was finite."""
        self.trial.set(self.best[1])

    def _follow_progress(self, report: StepReport, measured: Tensor) -> None:
        """Count failures; `measured` are the coefficients that the report's loss belongs to."""
        if not report.finite:
            self.retreat()
            self.failures += 1
        elif report.accepted:
            self.failures = 0
            self.best = (report.loss, measured)
        else:
            self.failures += 1
        self.recent = [*self.recent, report.loss][-STALL_STEPS:]
        self.done = (self.failures >= 3 or self._slow()) and not self.grids
        self.stalled = self.done
        if self.failures:
            self.optimizer.revive(1e-2)

    def _slow(self) -> bool:
        """Whether the loss on fresh points did not halve over some redraws."""
        kept = self.levels.kept[-1 - self.patience :]
        if not self.patience or len(kept) <= self.patience:
            return False
        return kept[-1].fresh > 0.5 * kept[0].fresh

    def _stalls(self) -> bool:
        """Whether the loss has all but stopped falling over the last steps."""
        if len(self.recent) < STALL_STEPS:
            return False
        return self.recent[-1] > 0.8 * self.recent[0]

    def _extend(self) -> tuple[float | None, str]:
        """Extend every layer's grid, or keep it on new points if the old ones were fitted.

        A spike between the points shows on new ones only: on ``poisson_paper`` the loss
        stalled at 4.6e-7 with 7e-3 on new points. A finer grid starts where both agree.
        """
        coarse, grid, fitted = self.trial, self.grids[0], self.recent[-1]
        self.recent = []
        self.trial, moved = extended(coarse, grid, self._around)
        fresh = self._draw()
        loss, before = (loss_of(self.plan, t, self.drawn) for t in (self.trial, coarse))
        if not (before <= DRIFT * fitted and loss <= before * (1 + EXTENSION_ROUND_OFF)):
            self.trial = coarse
            self._use(self.drawn)
            return fresh, "redraw"
        self.grid = self.grids.pop(0)
        self.best = (math.inf, self.trial.get())
        return fresh, f"grid {grid}, function moved {moved:.1e}, loss {before:.6e} before"

    def _around(self, network: Network) -> Trial:
        """Make the trial function around a network."""
        return self.plan.trial(network)

    def weights(self) -> dict[str, Any] | None:
        """Last weights of a training whose weights follow it."""
        return self.weighting.summary()

    def state(self) -> dict[str, Any]:
        """Coefficients, optimizer, points, generator, earlier levels."""
        return {
            "network": network_record(self.trial.network),
            "coefficients": self.trial.get().cpu(),
            "optimizer": self.optimizer.state(),
            "rng": self.rng.bit_generator.state,
            "drawn": pack_drawn(self.drawn),
            "levels": pack_levels(self.levels),
            "taken": self.taken,
            "due": self.due,
            "pace": [self.point_schedule.density, self.point_schedule.pause],
            "failures": self.failures,
            "recent": self.recent,
            "best": [self.best[0], self.best[1].cpu()],
            "grids": list(self.grids),
            "grid": self.grid,
            "done": self.done,
            "weighting": self.weighting.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`, bit for bit."""
        if state["grid"] != self.grid:
            self.trial = self._around(network_from_record(state["network"]))
        self.trial.set(state["coefficients"].to(self.trial.eta))
        self.rng.bit_generator.state = state["rng"]
        self.levels = unpack_levels(state["levels"])
        self.point_schedule = PointSchedule(*state["pace"])
        for name in ("taken", "due", "failures", "recent", "grids", "grid", "done"):
            setattr(self, name, state[name])
        self.stalled = self.done
        self.best = (state["best"][0], state["best"][1].to(self.trial.eta))
        self.weighting.restore(state["weighting"])
        if state["drawn"]:
            self._use(unpack_drawn(self.plan.sets, state["drawn"]), new=False)
        self.optimizer.restore(state["optimizer"])


def _free(terms: TermSet) -> bool:
    """Whether the points of a term set may be chosen anywhere inside."""
    return terms.where == INTERIOR and terms.on is None


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def patience_of(start: Start) -> int:
    """Redraws without much gain that a phase may make: any number where nothing follows it."""
    return PATIENCE if start.followed else 0


def descent(optimizer: str) -> Solver:
    """Train a network by one optimizer; it comes last and takes every problem."""

    def make(start: Start) -> DescentPhase:
        phase = DescentPhase(start.plan, start.evaluation, optimizer=optimizer)
        phase.patience = patience_of(start)
        return phase

    return Solver(optimizer, lambda plan, *, closed: True, make)
