"""Linear problems slab after slab in time, each slab by the linear path."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanpde._measure import Judge, Level
from kanpde._slabs import Slabs
from kanpde._trial import Trial
from kanpde.train._linear import LinearPhase
from kanpde.train._phase import Levels, Phase, Report
from kanpde.train._plan import Plan


class MarchingPhase(Phase):
    """Equal slabs in time, each solved by a `LinearPhase` that continues the last.

    Parameters
    ----------
    plan, judge
        The problem made ready, and where it is measured.
    slabs
        Number of slabs.
    """

    def __init__(self, plan: Plan, judge: Judge, *, slabs: int) -> None:
        super().__init__(plan, judge)
        self.name = f"linear x{slabs}"
        self.partial = True
        assert plan.problem.time is not None
        self.axis = plan.problem.coordinates.index(plan.problem.time)
        low, high = plan.problem.domain.lower[self.axis], plan.problem.domain.upper[self.axis]
        self.edges = [float(t) for t in np.linspace(low, high, slabs + 1)]
        self.finished: list[LinearPhase] = []
        self.current = self._open(None)
        self._update()

    def _open(self, previous: Trial | None) -> LinearPhase:
        low, high = self.edges[len(self.finished)], self.edges[len(self.finished) + 1]
        judge = self.judge.within(self.axis, low, high)
        return LinearPhase(self.plan.within(low, high, previous), judge)

    def _update(self) -> None:
        trials = [p.trial for p in (*self.finished, self.current)]
        edges = [*self.edges[: len(trials)], self.edges[-1]]
        self.trial = Slabs(trials, edges, self.axis)

    def step(self) -> Report:
        """One level of the current slab; the next slab when it is done."""
        report = self.current.step()
        self.points = self.current.points
        report.note = f"slab {len(self.finished) + 1}, {report.note}"
        self._update()
        report.fresh = None
        if self.current.done:
            self.finished.append(self.current)
            if len(self.finished) == len(self.edges) - 1:
                self._close()
            else:
                used = max(0, self.current.level - 3)
                self.current = self._open(self.current.trial)
                self.current.level = used  # the next slab needs about the same degree
        return report

    def _close(self) -> None:
        """Join the slabs' last two levels for the error estimate."""
        self.done, self.partial = True, False
        self.current = self.finished.pop()
        self._update()
        phases = [*self.finished, self.current]
        self.levels = Levels()
        if all(p.levels.kept for p in phases):
            last = [p.levels.kept[-1] for p in phases]
            values = self.judge.values(self.trial)
            t = self.judge.points[:, self.axis]
            for k, level in enumerate(last):
                inside = (t >= self.edges[k]) & (t <= self.edges[k + 1])
                values[inside] = level.values
            self.levels.kept = [Level(float(np.mean([level.fresh for level in last])), values)]

    def state(self) -> dict[str, Any]:
        """States of all slabs."""
        return {
            "finished": [p.state() for p in self.finished],
            "current": self.current.state(),
            "done": self.done,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.finished = []
        previous: Trial | None = None
        for part in state["finished"]:
            phase = self._open(previous)
            phase.restore(part)
            self.finished.append(phase)
            previous = phase.trial
        self.current = self._open(previous)
        self.current.restore(state["current"])
        if state["done"]:
            self.finished.append(self.current)
            self._close()
        else:
            self._update()
