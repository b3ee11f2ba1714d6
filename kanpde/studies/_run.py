"""One run of a comparison: one net, size and seed, with the curve of its error."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kanpde.ground._status import Status
from kanpde.optimize import few_threads
from kanpde.problem import Problem, Settings
from kanpde.residual import Evaluation
from kanpde.solution import describe
from kanpde.solvers import Plan, Session, fresh_loss, make_plan
from kanpde.trial import Trial

EVERY_STEP_UNTIL = 100
GROWTH = 1.02  # then the error is measured after 2 % more steps
FRESH_POINTS = 4000

Point = dict[str, Any]
Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Run:
    """A trained net and how it came there.

    Attributes
    ----------
    net, size, seed
        Which run it is; `size` is the width of the KAN's widest hidden layer.
    network, coefficients
        The net in words and the number of its coefficients at the end.
    status
        Why it stopped, a value of `Status`.
    error
        At the end: largest relative L2 error over the unknowns, or the root mean square
        residual on fresh points where the truth is not known; infinite after a failure.
    predicted
        Largest predicted relative error, ``None`` where there is none.
    curve
        Dicts with step, seconds, loss, error, predicted, coefficients and grid: the start,
        every step up to the hundredth, then after 2 % more steps, and at every grid extension.
    """

    net: str
    size: int
    seed: int
    network: str
    coefficients: int
    status: str
    error: float
    predicted: float | None
    curve: list[Point]

    @property
    def key(self) -> tuple[str, int, int]:
        """Net, size and seed."""
        return self.net, self.size, self.seed

    @property
    def steps(self) -> int:
        """Optimizer steps."""
        return int(self.curve[-1]["step"])

    @property
    def seconds(self) -> float:
        """Seconds of optimisation; measuring the error does not count."""
        return float(self.curve[-1]["seconds"])

    @property
    def used_up(self) -> bool:
        """Whether the budget ended the run; otherwise it would not have gone on."""
        return self.status == Status.BUDGET.value

    def error_at(self, axis: str, limit: float) -> float:
        """Error after at most `limit` seconds or steps, the last one measured until then.

        Parameters
        ----------
        axis
            ``"seconds"`` or ``"step"``.
        limit
            In units of `axis`.
        """
        last = math.inf
        for point in self.curve:
            if point[axis] > limit:
                break
            last = point["error"]
        return last

    def to_record(self) -> dict[str, Any]:
        """Give plain JSON values; infinite numbers become ``None``."""
        return dataclasses.asdict(self)

    @classmethod
    def from_record(cls, data: dict[str, Any]) -> Run:
        """Rebuild a run from `to_record` as JSON kept it."""
        values = {f.name: data[f.name] for f in dataclasses.fields(cls)}
        curve = [{**point, "error": number(point["error"])} for point in values["curve"]]
        return cls(**{**values, "error": number(values["error"]), "curve": curve})


def number(value: float | None) -> float:
    """Read what is missing or not finite as infinite, the worst of errors."""
    return math.inf if value is None or not math.isfinite(value) else float(value)


class Measure:
    """What is compared: the true error where it is known, else the residual on fresh points.

    The points are the same for every net and seed, and no optimizer sees them.

    Parameters
    ----------
    problem
        What is solved.
    """

    def __init__(self, problem: Problem) -> None:
        self.evaluation = Evaluation(problem)
        self.true = self.evaluation.truth is not None
        self.name = "relative L2 error" if self.true else "residual on fresh points"

    def __call__(self, plan: Plan, trial: Trial) -> float:
        """Measure a trial."""
        if self.true:
            return number(self.evaluation.worst(trial))
        rng = np.random.default_rng([0, 701])
        return math.sqrt(number(fresh_loss(plan, trial, rng, points=FRESH_POINTS)))


def measure_run(
    problem: Problem,
    settings: Settings,
    *,
    size: int,
    measure: Measure | None = None,
    tell: Tell | None = None,
) -> Run | None:
    """Train one net and measure its error on the way; the measuring is not in its seconds.

    Parameters
    ----------
    problem
        What is solved.
    settings
        How, with the net, its hidden layers, the seed and the budget.
    size
        What the run is called.
    measure
        What is measured, made from the problem where it is not given.
    tell
        Called with a dict after every step.

    Returns
    -------
    Run or None
        ``None`` if the run was interrupted.

    Raises
    ------
    InputError
        If the settings do not fit the problem.
    """
    measure = measure or Measure(problem)
    with few_threads(settings.threads):
        plan = make_plan(problem, settings)
        session = Session(plan, measure.evaluation)
        pen = _Pen(session, measure, tell)
        status = session.run(pen)
        if status is Status.INTERRUPTED:
            return None
        phase, fresh = session.settle()
        if not math.isfinite(fresh):
            phase.retreat()
            _, fresh = session.settle()
            status = Status.NONFINITE
        error = measure(plan, phase.trial)
        predicted = session.predict(fresh, phase)
    pen.close(error)
    return Run(
        net=settings.net,
        size=size,
        seed=settings.seed,
        network=describe(phase.trial),
        coefficients=phase.trial.count,
        status=status.value,
        error=error,
        predicted=None if predicted is None else max(predicted),
        curve=pen.curve,
    )


class _Pen:
    """Observes a session and writes its curve."""

    def __init__(self, session: Session, measure: Measure, tell: Tell | None) -> None:
        self.session, self.measure, self.tell = session, measure, tell
        self.curve: list[Point] = []
        trial = session.phase.trial
        self.last: Point = {"step": 0, "seconds": 0.0, "coefficients": trial.count}
        self._next = 0.0
        self._write(measure(session.plan, trial))

    def __call__(self, event: dict[str, Any]) -> None:
        """Measure where it is due, and pass the event on."""
        before, self.last = self.last.get("grid"), event
        step, extended = event["step"], before is not None and event["grid"] != before
        if step <= EVERY_STEP_UNTIL or step >= self._next or extended:
            self._write(self.measure(self.session.plan, self.session.phase.trial))
            self._next = GROWTH * step
        if self.tell is not None:
            self.tell(event)

    def _write(self, error: float) -> None:
        names = ("step", "seconds", "loss", "predicted", "coefficients", "grid")
        self.curve.append({**{name: self.last.get(name) for name in names}, "error": error})

    def close(self, error: float) -> None:
        """Let the curve end with the state that was kept."""
        if self.curve[-1]["step"] == self.last["step"]:
            self.curve.pop()
        self._write(error)
