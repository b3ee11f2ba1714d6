"""The run of a fit: grids one after the other, budget, history, best state, snapshots."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kanpde.fitting._network import grid_of
from kanpde.fitting._objective import Look, Objective
from kanpde.fitting._settings import FitSettings
from kanpde.ground._interrupts import deferred_interrupts
from kanpde.ground._status import Status
from kanpde.nets import KAN, Network, copy_network, extend_grid, network_from_record, network_record
from kanpde.optimize import LevenbergMarquardt, StepReport, habits_of
from kanpde.regression import ClassRows

Event = dict[str, Any]
Observer = Callable[[Event], None]
LARGE, LARGE_ENTRIES = 2500, 2e9  # where Levenberg-Marquardt is no longer the default
STALL_SHARE, STALL_SHARE_CLASSES = 0.99, 0.998  # cross-entropy has plateaus
TEST_EVERY = 5  # steps, where every step is looked at
MOST_FAILURES = 3
REVIVED = 1e-2  # damping after a grid extension or a failure


class FitSession:
    """Trains one network on data; everything it does can be saved and continued.

    Parameters
    ----------
    network
        Where it starts; it is not changed.
    objective
        The data and what is minimised.
    settings
        Schedule, optimizer and budget.
    history
        Rows of an earlier run that this one goes on from.
    """

    def __init__(
        self,
        network: Network,
        objective: Objective,
        settings: FitSettings,
        *,
        history: list[Event] | None = None,
    ) -> None:
        self.network = copy_network(network)
        self.objective, self.settings = objective, settings
        self.history: list[Event] = list(history or [])
        before = self.history[-1] if self.history else {"step": 0, "seconds": 0.0}
        self.began = (int(before["step"]), float(before["seconds"]))
        self.steps, self.seconds = self.began
        self.grids: list[int | None] = list(settings.grids or (grid_of(network),))
        self.name = chosen(settings, network, objective)
        self.optimizer = objective.optimizer(self.name)
        self.rng = np.random.default_rng([settings.seed, 57])
        self.order: list[int] = []  # rows of the present epoch that are left
        self.stage, self.taken, self.failures, self.broken = -1, 0, 0, 0
        self.recent: list[float] = []
        self.levels: list[Event] = []
        self.best: tuple[float, dict[str, Any], Tensor] = (math.inf, {}, self.network.get())
        self.done = False
        self.level = math.inf  # mean square error when last looked at
        self.began_stage: Event = {}
        self._data = network_record(self.network)  # of the present grid

    def run(
        self,
        observe: Observer | None = None,
        snapshot: Callable[[Callable[[], dict[str, Any]]], None] | None = None,
    ) -> Status:
        """Step until every grid is done, out of budget or interrupted; ends at the best state.

        `observe` gets an event now and then, `snapshot` what gives the whole state.
        """
        gradients = torch.is_grad_enabled()
        with deferred_interrupts() as asked:
            try:
                return self._run(observe, snapshot, asked)
            except KeyboardInterrupt:  # the second one, in the middle of a step
                torch.set_grad_enabled(gradients)
                self._return()
        return Status.INTERRUPTED

    def _run(
        self,
        observe: Observer | None,
        snapshot: Callable[[Callable[[], dict[str, Any]]], None] | None,
        asked: list[int],
    ) -> Status:
        if self.stage < 0:
            self._begin_stage()
        while not asked:
            if self.done:
                return self._converged()
            if self.seconds - self.began[1] >= self.settings.seconds:
                return Status.BUDGET
            event = self._step()
            if event is not None and observe is not None:
                observe(event)
            if self.broken >= MOST_FAILURES:
                return Status.NONFINITE
            if snapshot is not None:
                snapshot(self.state)
        return Status.INTERRUPTED

    def _converged(self) -> Status:
        """Tell whether the last grid ended by itself."""
        last = self.levels[-1]["ended"] if self.levels else ""
        return Status.BUDGET if last == "steps" else Status.CONVERGED

    @property
    def most(self) -> int:
        """Steps per grid."""
        return self.settings.steps or habits_of(self.name).steps

    @property
    def pause(self) -> int:
        """Steps between two looks at all rows."""
        if habits_of(self.name).noisy or self.settings.batch:
            rows = len(self.objective.train[0])
            return max(1, min(50, rows // (self.settings.batch or rows)))
        return 1

    def _step(self) -> Event | None:
        start = time.perf_counter()
        rows = self.objective.rows(self.network, self._batch())
        self.objective.refresh(self.network, self.level)
        if isinstance(rows, ClassRows):
            rows.turn = self.steps  # which rows the curvature is from, a resumed run's too
        report = self.optimizer.step(rows)
        self.taken += 1
        self.steps += 1
        self.failures = 0 if report.accepted else self.failures + 1
        due = self.taken % self.pause == 0 or self.taken >= self.most or not report.finite
        event = None
        if due or self.failures >= MOST_FAILURES:
            look = self._look(report.finite)
            self.seconds += time.perf_counter() - start
            event = self._record(look, report)
            ended = self._ended()
            if ended:
                self._end_stage(ended)
        else:
            self.seconds += time.perf_counter() - start
        if not report.accepted and isinstance(self.optimizer, LevenbergMarquardt):
            self.optimizer.revive(REVIVED)
        return event

    def _batch(self) -> Tensor | None:
        """Rows of the next mini-batch, every epoch in a new order."""
        size, rows = self.settings.batch, len(self.objective.train[0])
        if size is None or size >= rows:
            return None
        if len(self.order) < size:
            self.order = self.rng.permutation(rows).tolist()
        taken, self.order = self.order[:size], self.order[size:]
        return torch.tensor(taken)

    def _look(self, finite: bool) -> Look:
        """Measure the whole objective and keep the best state."""
        nothing = Look(math.nan, math.nan, math.nan)
        look = self.objective.look(self.network) if finite else nothing
        if not math.isfinite(look.loss):
            self.broken += 1
            self._return()
            return look
        self.level = look.data
        if look.loss < self.best[0]:
            self.best = (look.loss, self._data, self.network.get())
        self.recent = [*self.recent, look.loss][-habits_of(self.name).checks - 1 :]
        return look

    def _return(self) -> None:
        """Go back to the best state, if there is one."""
        if self.best[1]:
            self.network = self._rebuilt(self.best[1], self.best[2])
        else:
            self.network.set(self.best[2])

    def _rebuilt(self, data: dict[str, Any], vector: Tensor) -> Network:
        network = self.network
        if data is not self._data:
            network = network_from_record(data).to(self.objective.device, self.objective.dtype)
            self._data = data
        network.set(vector.to(self.objective.device, self.objective.dtype))
        return network

    def _ended(self) -> str:
        """Why this grid is done with, or nothing."""
        if self.taken >= self.most:
            return "steps"
        if self.failures >= MOST_FAILURES:
            return "no step lowers the loss"
        if len(self.recent) > habits_of(self.name).checks:
            best = min(self.recent[1:])
            share = STALL_SHARE_CLASSES if self.objective.classes else STALL_SHARE
            if best >= share * self.recent[0]:
                return "stalled"
        return ""

    def _begin_stage(self) -> None:
        """Extend the grid to the next of the schedule."""
        self.stage += 1
        grid, moved = self.grids[self.stage], 0.0
        look = self.objective.look(self.network)
        before, self.level = look.error, look.data
        if grid is not None and grid != grid_of(self.network):
            finer = copy_network(self.network)
            assert isinstance(finer, KAN)
            moved = extend_grid(finer, grid, nested=False)
            self.network = finer
            self._data = network_record(self.network)
            self._renew_optimizer()
        after = self.objective.error(self.network, "train")
        self.began_stage = {"moved": moved, "before": before, "after": after}
        self.began_stage |= {"step": self.steps, "seconds": self.seconds}
        self.taken, self.failures, self.recent = 0, 0, []

    def _renew_optimizer(self) -> None:
        """Forget what belongs to the old coefficients; the damping is lowered or kept."""
        old, self.optimizer = self.optimizer, self.objective.optimizer(self.name)
        if isinstance(old, LevenbergMarquardt) and isinstance(self.optimizer, LevenbergMarquardt):
            self.optimizer.revive(min(old.damping, REVIVED))

    def _end_stage(self, ended: str) -> None:
        """Take the best state and record the errors of this grid."""
        self._return()
        began = self.began_stage
        self.levels.append(
            {
                "grid": self.grids[self.stage],
                "coefficients": self.network.count,
                "train": self.objective.error(self.network, "train"),
                "test": self.objective.error(self.network, "test"),
                "moved": began["moved"],
                "error_before": began["before"],
                "error_after": began["after"],
                "steps": self.steps - int(began["step"]),
                "seconds": self.seconds - float(began["seconds"]),
                "ended": ended,
            }
        )
        if self.stage + 1 < len(self.grids):
            self._begin_stage()
        else:
            self.done = True

    def finish(self) -> None:
        """Go to the best state and record the last grid, if it was cut short."""
        if not self.done and self.stage >= 0:
            stop, grids, self.grids = self.stage, self.grids, self.grids[: self.stage + 1]
            self._end_stage("stopped")
            self.stage, self.grids, self.done = stop, grids, False

    def _record(self, look: Look, report: StepReport) -> Event:
        objective = self.objective
        event: Event = {
            "step": self.steps,
            "seconds": round(self.seconds, 6),
            "phase": self.name,
            "loss": look.loss,
            "train": look.error,
            "test": objective.error(self.network, "test") if self._tests() else None,
            "damping": _number(report.damping),
            "gain_ratio": _number(report.gain_ratio),
            "coefficients": self.network.count,
            "grid": self.grids[self.stage],
        }
        if objective.penalty is not None:
            event["penalty"] = look.loss - look.data
        self.history.append(event)
        share = (self.stage + self.taken / self.most) / len(self.grids)
        if math.isfinite(self.settings.seconds):
            share = max(share, (self.seconds - self.began[1]) / self.settings.seconds)
        return {**event, "fraction": min(1.0, share)}

    def _tests(self) -> bool:
        """Whether the test rows are looked at after this step."""
        return self.pause > 1 or self.taken % TEST_EVERY == 0

    def state(self) -> dict[str, Any]:
        """Return the whole run as tensors, numbers, lists and dicts."""
        return {
            "network": self._data,
            "vector": self.network.get().cpu(),
            "best": [self.best[0], self.best[1], self.best[2].cpu()],
            "optimizer": self.optimizer.state(),
            "rng": self.rng.bit_generator.state,
            "history": list(self.history),
            "levels": list(self.levels),
            "began": list(self.began),
            "began_stage": dict(self.began_stage),
            **{k: getattr(self, k) for k in KEPT},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.network = self._rebuilt(state["network"], state["vector"])
        loss, data, vector = state["best"]
        self.best = (float(loss), data, vector.to(self.objective.device, self.objective.dtype))
        self.optimizer.restore(state["optimizer"])
        self.rng.bit_generator.state = state["rng"]
        self.history, self.levels = list(state["history"]), list(state["levels"])
        self.began_stage = dict(state["began_stage"])
        self.began = (int(state["began"][0]), float(state["began"][1]))
        for name in KEPT:
            setattr(self, name, state[name])
        if self.done and self.levels[-1]["ended"] == "steps" and self.taken < self.most:
            self.done = False  # more steps are asked for now
            self.levels.pop()


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


COUNTS = ("stage", "taken", "failures", "broken", "steps", "seconds")
KEPT = (*COUNTS, "order", "recent", "done", "level")


def chosen(settings: FitSettings, network: Network, objective: Objective) -> str:
    """Name the optimizer: as asked, Adam for mini-batches, L-BFGS for classes, else by sizes."""
    if settings.optimizer != "auto":
        return settings.optimizer
    if settings.batch is not None and settings.batch < len(objective.train[0]):
        return "adam"
    if objective.classes:
        return "lbfgs"  # cross-entropy has plateaus that damped steps get stuck on
    entries = network.count * len(objective.train[0]) * network.n_out
    return "lbfgs" if network.count > LARGE or entries > LARGE_ENTRIES else "lm"
