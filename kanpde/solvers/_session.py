"""The run of a solve: phases one after the other, budget, history, snapshots."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch

from kanpde.ground._interrupts import deferred_interrupts
from kanpde.ground._status import Status
from kanpde.nets import compile_kernel
from kanpde.residual import Evaluation, Level, predicted_errors
from kanpde.solvers._phase import Phase, Report, fresh_loss
from kanpde.solvers._plan import Plan, fused_applies
from kanpde.solvers._registry import stages
from kanpde.solvers._solver import Start
from kanpde.trial import Trial, trial_state

Event = dict[str, Any]
Observer = Callable[[Event], None]
ERROR_EVERY = 0.5
GOOD_ENOUGH = 1e-9
MOST_FAILURES = 5


class Session:
    """Runs the phases of a solve; everything it does can be saved and continued.

    Parameters
    ----------
    plan
        The problem made ready.
    evaluation
        Where errors are measured.
    closed
        Whether equations and conditions determine the unknowns without the measurements.
    """

    def __init__(self, plan: Plan, evaluation: Evaluation, *, closed: bool = False) -> None:
        self.plan, self.evaluation, self.closed = plan, evaluation, closed
        if not plan.linear and fused_applies(plan):
            compile_kernel()
        self.history: list[Event] = []
        self.steps = 0
        self.seconds = 0.0
        self.stages = stages(plan, closed=closed)
        self.index = 0
        self.phase: Phase = self._make(0)
        self.runner_up: tuple[Phase, float] | None = None
        self._second = ""  # its name in the pipeline
        self.failures = 0
        self.path: list[str] = [self.phase.label]
        self._last_error = -math.inf
        self._error: float | None = None
        self._predicted: float | None = None
        self._latest = 0.0

    def _make(self, index: int, base: Trial | None = None) -> Phase:
        stage = self.stages[index]
        followed = index + 1 < len(self.stages)
        return stage.phase(
            Start(self.plan, self.evaluation, base, followed=followed, attempt=stage.attempt)
        )

    @property
    def names(self) -> list[str]:
        """What is tried, in order."""
        return [stage.name for stage in self.stages]

    def run(
        self,
        observe: Observer | None = None,
        snapshot: Callable[[dict[str, Any]], None] | None = None,
    ) -> Status:
        """Step until converged, out of budget or interrupted.

        `observe` gets an event per step, `snapshot` the whole state after every step.
        After an interrupt the session is back at the state after the last full step.
        """
        with deferred_interrupts() as asked:
            return self._run(observe, snapshot, asked)

    def _run(
        self,
        observe: Observer | None,
        snapshot: Callable[[dict[str, Any]], None] | None,
        asked: list[int],
    ) -> Status:
        settings, gradients = self.plan.settings, torch.is_grad_enabled()
        state = self.state()
        try:
            finished = self._finished()
            if finished is not None:
                return finished
            while not asked:
                stop = self._stops(settings.steps, settings.seconds)
                if stop is not None:
                    return stop
                start = time.perf_counter()
                self.phase.remaining = settings.seconds - self.seconds
                report = self.phase.step()
                took = time.perf_counter() - start
                self._latest = took
                self.seconds += took
                self.steps += 1
                event = self._record(report)
                if observe is not None:
                    observe(event)
                finished = self._advance(report)
                state = self.state()
                if snapshot is not None:
                    snapshot(state)
                if finished is not None:
                    return finished
        except KeyboardInterrupt:
            torch.set_grad_enabled(gradients)  # it may have come on the way into no_grad
            self.restore(state)
        return Status.INTERRUPTED

    def _stops(self, steps: int | None, limit: float) -> Status | None:
        if steps is not None and self.steps >= steps:
            return Status.BUDGET
        if self.seconds >= limit:
            return Status.BUDGET
        if (
            self.steps > 2
            and math.isfinite(limit)
            and self.phase.gives_up(self.seconds, self._latest, limit)
        ):
            if not self.stages[self.index + 1 :]:
                return Status.BUDGET
            self.phase.done = True
            return self._advance(Report(math.nan))
        return None

    def _advance(self, report: Report) -> Status | None:
        """Decide what follows a step: go on, next phase, or the end."""
        if not report.finite:
            self.failures += 1
            if self.failures >= MOST_FAILURES:
                return Status.NONFINITE
        if self._accurate_enough():
            return Status.CONVERGED
        if not self.phase.done:
            return None
        if self.index + 1 < len(self.stages) and not (self.phase.sufficient or self._satisfied()):
            fresh = self._fresh(self.phase)
            usable = math.isfinite(fresh)
            if usable and (self.runner_up is None or fresh < self.runner_up[1]):
                self.runner_up = (self.phase, fresh)
                self._second = self.names[self.index]
            self.index = self._next()
            self.phase = self._make(self.index, self._to_correct())
            self.path.append(self.phase.label)
            return None
        return self._ended() if report.finite else Status.NONFINITE

    def _ended(self) -> Status:
        """Say how a phase that is done has ended, where nothing follows it."""
        if self.phase.sufficient and not self.phase.stalled:
            return Status.BUDGET
        last = not self.stages[self.index + 1 :]
        if last and self.phase.unresolved and not self._satisfied():
            return Status.BUDGET
        return Status.CONVERGED

    def _to_correct(self) -> Trial:
        """Give the trial that a correction adds to: the best on fresh points."""
        phase = self.phase if self.runner_up is None else self.runner_up[0]
        return phase.trial

    def _next(self) -> int:
        """Index of the phase that follows; restarts of what was refused are left out."""
        follows, last = self.index + 1, len(self.stages) - 1
        if self.phase.refused:
            own = self.stages[self.index].solver
            while follows < last and self.stages[follows].solver is own:
                follows += 1
        return follows

    def _accurate_enough(self) -> bool:
        tolerance, predicted = self.plan.settings.tolerance, self._predicted
        return tolerance is not None and predicted is not None and predicted <= tolerance

    def _finished(self) -> Status | None:
        """Tell whether a restored run had nothing left to do."""
        if self.failures >= MOST_FAILURES:
            return Status.NONFINITE
        if self.phase.done:
            return self._ended()
        return Status.CONVERGED if self._accurate_enough() else None

    def _satisfied(self) -> bool:
        """Whether the linear path reached an error that training will not better."""
        predicted = self.predict(self._fresh(self.phase))
        return predicted is not None and max(predicted) < GOOD_ENOUGH

    def _fresh(self, phase: Phase) -> float:
        return fresh_loss(self.plan, phase.trial, self.plan.rng(300), points=4000)

    def predict(self, fresh: float, phase: Phase | None = None) -> list[float] | None:
        """Predict the relative error per unknown of a phase's trial (the present one's)."""
        phase = phase or self.phase
        final = Level(fresh, self.evaluation.values(phase.trial))
        return predicted_errors(phase.levels.kept, final, floor=phase.levels.floor)

    def settle(self) -> tuple[Phase, float]:
        """Choose the better of two phases on fresh points, with its fresh loss.

        The session itself stays as it is, so that it can go on.
        """
        fresh = self._fresh(self.phase)
        if self.runner_up is not None and not fresh <= self.runner_up[1]:
            return self.runner_up
        return self.phase, fresh

    def _record(self, report: Report) -> Event:
        now = self.seconds
        due = report.fresh is not None or now - self._last_error >= ERROR_EVERY
        if self.phase.partial:
            self._error = None
        elif due and self.evaluation.truth is not None:
            self._error, self._last_error = self.evaluation.worst(self.phase.trial), now
        if report.fresh is not None:
            predicted = self.predict(report.fresh)
            self._predicted = None if predicted is None else max(predicted)
        event: Event = {
            "step": self.steps,
            "seconds": round(self.seconds, 6),
            "phase": self.phase.name,
            "loss": report.loss,
            "fresh": report.fresh,
            "error": self._error if due and not self.phase.partial else None,
            "predicted": self._predicted if report.fresh is not None else None,
            "damping": report.damping,
            "gain_ratio": report.gain_ratio,
            "points": self.phase.points,
            "coefficients": self.phase.trial.count,
            "grid": report.grid,
            "note": report.note,
        }
        for name, value in self.phase.trial.constant_values().items():
            event[f"constant:{name}"] = value
        self.history.append(event)
        settings = self.plan.settings
        share = self.seconds / settings.seconds if math.isfinite(settings.seconds) else 0.0
        if settings.steps:
            share = max(share, self.steps / settings.steps)
        return {**event, "error": self._error, "predicted": self._predicted, "fraction": share}

    def state(self) -> dict[str, Any]:
        """Return the whole run as tensors, numbers, lists and dicts."""
        other = None
        if self.runner_up is not None:
            phase, fresh = self.runner_up
            other = {"name": self._second, "state": phase.state(), "fresh": fresh}
        return {
            "index": self.index,
            "phase": self.phase.state(),
            "runner_up": other,
            "history": list(self.history),
            "steps": self.steps,
            "seconds": self.seconds,
            "failures": self.failures,
            "path": list(self.path),
            "predicted": self._predicted,
            "trial": trial_state(self.phase.trial),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.index = state["index"]
        self.phase = self._make(self.index)
        self.phase.restore(state["phase"])
        other, self.runner_up = state["runner_up"], None
        if other is not None:
            phase = self._make(self.names.index(other["name"]))
            phase.restore(other["state"])
            self.runner_up, self._second = (phase, other["fresh"]), other["name"]
        self.history = list(state["history"])
        for name in ("steps", "seconds", "failures"):
            setattr(self, name, state[name])
        self.path, self._predicted = list(state["path"]), state["predicted"]
