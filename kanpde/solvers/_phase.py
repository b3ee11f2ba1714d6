"""The interface of a phase, and what a phase reports."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from kanpde.residual import Drawn, Evaluation, Level, Rows, TermSet
from kanpde.solvers._plan import Plan
from kanpde.trial import Trial


@dataclass
class Report:
    """What one step of a phase did, as it goes into the history."""

    loss: float
    moved: bool = True
    finite: bool = True
    damping: float | None = None
    gain_ratio: float | None = None
    fresh: float | None = None
    grid: int | None = None
    note: str = ""


@dataclass
class Levels:
    """Earlier states that the error estimate compares with."""

    kept: list[Level] = field(default_factory=list)
    floor: list[float] | None = None  # relative, per unknown: what round-off was seen to do

    def add(self, trial: Trial, evaluation: Evaluation, fresh: float) -> None:
        """Remember the present state, the newest sixteen only."""
        self.kept.append(Level(fresh, evaluation.values(trial)))
        del self.kept[:-16]


@dataclass(frozen=True)
class Findings:
    """Intervals of unknown constants and the noise of the data sets, as summaries hold them."""

    identified: dict[str, dict[str, Any]]
    noise: dict[str, dict[str, Any]]


class Phase:
    """Part of a solve that moves one trial step by step.

    A phase is a small state machine: `step` once, ask `done`, save `state` at any time
    between steps; `restore` continues as if never stopped.
    """

    name = "phase"
    title = ""  # for summaries, where that is not its name
    refused = False  # whether restarts of the same solver are left out
    unresolved = False  # whether it gave up before its solution settled

    def __init__(self, plan: Plan, evaluation: Evaluation) -> None:
        self.plan, self.evaluation = plan, evaluation
        self.levels = Levels()
        self.trial: Trial
        self.points = 0
        self.done = False
        self.stalled = False
        self.partial = False  # the trial does not cover the whole domain yet
        self.remaining = math.inf  # seconds that are left, told before every step

    def step(self) -> Report:
        """Do one step."""
        raise TypeError("Phase is abstract")

    @property
    def label(self) -> str:
        """What summaries call it."""
        return self.title or self.name

    def gives_up(self, elapsed: float, latest: float, limit: float) -> bool:
        """Whether it would take more time than it may.

        Parameters
        ----------
        elapsed, latest, limit
            Seconds of the whole run, of the last step, and all that there are.
        """
        return False

    def findings(self) -> Findings | None:
        """Give constants and noise as this phase tells them; ``None`` if others shall."""
        return None

    def constant_errors(self) -> dict[str, float | None]:
        """Estimated absolute errors of unknown constants, where this phase knows them."""
        return {}

    def weights(self) -> dict[str, Any] | None:
        """Last weights of a training whose weights follow it."""
        return None

    @property
    def sufficient(self) -> bool:
        """Whether what was found is not to be bettered by the phases that follow."""
        return False

    def retreat(self) -> None:
        """Go back to the last state whose residual was finite, if there is one."""

    def state(self) -> dict[str, Any]:
        """Everything needed to continue: tensors, numbers, lists, dicts only."""
        raise TypeError("Phase is abstract")

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        raise TypeError("Phase is abstract")


def pack_levels(levels: Levels) -> dict[str, Any]:
    """Levels as tensors and numbers."""
    import torch

    kept = [{"fresh": k.fresh, "values": torch.as_tensor(k.values)} for k in levels.kept]
    return {"kept": kept, "floor": levels.floor}


def unpack_levels(data: dict[str, Any]) -> Levels:
    """Inverse of `pack_levels`."""
    kept = [Level(float(k["fresh"]), k["values"].numpy()) for k in data["kept"]]
    return Levels(kept, data["floor"])


def pack_drawn(drawn: list[tuple[TermSet, Drawn]]) -> list[dict[str, Any]]:
    """Points as tensors."""
    import torch

    def tensor(array: Any) -> Tensor | None:
        return None if array is None else torch.as_tensor(array)

    return [
        {
            "points": tensor(d.points),
            "extras": tensor(d.extras),
            "row": tensor(d.row),
            "factor": tensor(d.factor),
            "weight": tensor(d.weight),
        }
        for _, d in drawn
    ]


def unpack_drawn(sets: list[TermSet], data: list[dict[str, Any]]) -> list[tuple[TermSet, Drawn]]:
    """Inverse of `pack_drawn`."""

    def array(value: Any) -> Any:
        return None if value is None else value.numpy()

    return [
        (
            terms,
            Drawn(
                array(d["points"]),
                array(d["extras"]),
                array(d["row"]),
                array(d["factor"]),
                array(d["weight"]),
            ),
        )
        for terms, d in zip(sets, data, strict=True)
    ]


def fresh_loss(plan: Plan, trial: Trial, rng: Any, *, points: int) -> float:
    """Sum of mean squares on new uniform points, every condition included."""
    drawn = plan.draw(points, rng, sampler="uniform")
    rows = Rows(trial, drawn, weights=plan.settings.weights, finer=True)
    return float(rows.vector().square().sum())
