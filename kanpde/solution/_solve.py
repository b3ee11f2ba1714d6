"""Solve a problem: plan, run, measure, and write the run directory on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kanpde.errors import InputError, NumericalError, RunDirectoryError
from kanpde.ground import _files, _runs
from kanpde.ground._plain import plain
from kanpde.ground._status import Status
from kanpde.ground._versions import versions
from kanpde.nets._describe import describe_network, structure
from kanpde.optimize import cores, few_threads
from kanpde.problem import (
    Problem,
    Settings,
    vanishes,
)
from kanpde.residual import INTERIOR, Evaluation, ProblemView, Rows, view
from kanpde.solution import _directory
from kanpde.solution._fingerprint import as_now, fingerprint
from kanpde.solution._preflight import closed_without_data
from kanpde.solution._solution import Solution
from kanpde.solvers import (
    Findings,
    Phase,
    Plan,
    Session,
    identify,
    make_plan,
    noise_levels,
    warm_start,
)
from kanpde.trial import Slabs, Trial, as_stored, described, trial_state

CHECKPOINT_EVERY = 3.0
Progress = Callable[[dict[str, Any]], None]


def solve(
    problem: Problem,
    settings: Settings | None = None,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    throw: bool = False,
    start: Solution | None = None,
    **overrides: Any,
) -> Solution:
    """Solve a problem.

    Parameters
    ----------
    problem
        What to solve.
    settings
        How; the defaults must do.
    out
        Run directory, written while solving, so that a kill loses seconds only.
    resume
        Continue the run in `out`.
    progress
        Called with a dict after every step: step, seconds, fraction, phase, loss,
        error, predicted.
    throw
        Raise `NumericalError` instead of returning a diverged or non-finite status.
    start
        Solution of a neighbouring problem to start from, for example at another parameter.
    overrides
        Settings by name, for example ``time_limit=5``.

    Returns
    -------
    Solution
        Callable at points, with status, errors and estimates.

    Raises
    ------
    InputError
        If problem and settings do not fit together.
    NumericalError
        With `throw`, if the solve failed numerically.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, Problem, coordinates, solve, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> p = Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2) + 2}, {"ends": Dirichlet(u, 0)})
    >>> round(float(solve(p)([[0.5]])[0, 0]), 12)
    0.25
    """
    if not isinstance(problem, Problem):
        raise InputError(f"problem: expected a kanpde.Problem, got {type(problem).__name__}")
    settings = settings or problem.settings or Settings()
    settings = settings.replace(**overrides)
    if resume and out is None:
        raise InputError("resume: expected out=DIR with it, got none")
    with few_threads(settings.threads):
        return _solve(
            problem, settings, None if out is None else Path(out), resume, progress, throw, start
        )


def _solve(
    problem: Problem,
    settings: Settings,
    out: Path | None,
    resume: bool,
    progress: Progress | None,
    throw: bool,
    start: Solution | None,
) -> Solution:
    plan = make_plan(problem, settings)
    if start is not None:
        plan.start = _same_unknowns(problem, start)
    evaluation = Evaluation(problem, seed=settings.seed)
    session = Session(plan, evaluation, closed=closed_without_data(problem))
    kept = view(problem)
    writer = None if out is None else _Writer(out, plan, session, kept, resume=resume)
    status = session.run(progress, None if writer is None else writer.snapshot)
    solution = _finish(plan, evaluation, session, kept, status)
    if writer is not None:
        writer.finish(solution)
    if throw and status in {Status.DIVERGED, Status.NONFINITE}:
        raise NumericalError(f"solve: stopped as {status.value} after {session.steps} steps")
    return solution


def _same_unknowns(problem: Problem, start: Solution) -> Trial:
    """Give the trial of a start, which must be of the same unknowns and coordinates."""
    if not isinstance(start, Solution):
        raise InputError(f"start: expected a kanpde.Solution, got {type(start).__name__}")
    here, there = (", ".join(map(str, p.unknowns)) for p in (problem, start.problem))
    if here != there:
        raise InputError(f"start: expected a solution for {here}, got one for {there}")
    return start.trial


class _Writer:
    """Writes the run directory now and then, and at the end."""

    def __init__(
        self, out: Path, plan: Plan, session: Session, kept: ProblemView, *, resume: bool
    ) -> None:
        self.out, self.session = out, session
        self.fingerprint = fingerprint(plan)
        self.last = -math.inf
        if _runs.holds_run(out):
            if not resume:
                raise InputError(
                    f"out: {out} holds a run already; choose another directory or resume it"
                )
            state = _runs.check_resumable(out, self.fingerprint, as_now=as_now)
            _restore(session, state, out)
        else:
            self._write(session.state())
        # The problem comes last: a directory without it is not yet a run.
        terms = [s for s in plan.sets if s.where == INTERIOR]
        _directory.write_problem(out, kept, session.phase.trial, terms)

    def snapshot(self, state: dict[str, Any]) -> None:
        """Write a checkpoint if the last one is some seconds old."""
        if time.monotonic() - self.last >= CHECKPOINT_EVERY:
            _runs.remove_summary(self.out)  # it tells of an earlier state
            self._write(state)

    def _write(self, state: dict[str, Any], trial: dict[str, Any] | None = None) -> None:
        stored = trial or state["trial"]
        content = {"session": state, "trial": stored, "fingerprint": self.fingerprint}
        _runs.write_checkpoint(self.out, content)
        _files.write_history(self.out / _runs.HISTORY, state["history"])
        self.last = time.monotonic()

    def finish(self, solution: Solution) -> None:
        """Write the final state, history and summary."""
        _runs.remove_summary(self.out)
        self._write(self.session.state(), trial_state(solution.trial))
        _directory.write_truths(self.out, solution.problem)
        _runs.write_json(self.out / _runs.SUMMARY, solution.summary)


def _restore(session: Session, state: dict[str, Any], out: Path) -> None:
    try:
        session.restore(state["session"])
    except _files.DAMAGE as error:
        raise RunDirectoryError(
            f"{out}: the checkpoint is damaged ({type(error).__name__}: {error}); start a new run"
        ) from None


def _finish(
    plan: Plan, evaluation: Evaluation, session: Session, kept: ProblemView, status: Status
) -> Solution:
    """Choose the best trial, measure it on fresh points, write the summary."""
    phase, fresh = session.settle()
    if not math.isfinite(fresh):
        phase.retreat()
        _, fresh = session.settle()
        status = Status.INTERRUPTED if status is Status.INTERRUPTED else Status.NONFINITE
    trial, path = as_stored(phase.trial), list(session.path)
    if phase is not session.phase:
        path.append(f"{phase.label} kept")
    if structure(trial.network):
        path[-1] += structure(trial.network)
    predicted: list[Any] = session.predict(fresh, phase) or [None] * len(evaluation.names)
    rows = Rows(trial, plan.draw(4000, plan.rng(400), sampler="uniform"))
    terms = rows.terms()
    identified, noise = _identified(plan, trial, phase)
    if plan.problem.eigen and vanishes(terms, plan.problem.conditions):
        status = Status.INTERRUPTED if status is Status.INTERRUPTED else Status.DIVERGED
    summary = plain(
        {
            "problem": plan.problem.name,
            "status": status.value,
            "net": describe(trial),
            "path": path,
            "coefficients": _count(trial),
            "parameters": plan.problem.parameters,
            "settings": plan.settings.to_data(),
            "seconds": session.seconds,
            "steps": session.steps,
            "device": str(plan.device),
            "dtype": plan.settings.dtype,
            "seed": plan.settings.seed,
            "threads": plan.settings.threads or cores(),
            "linear": plan.linear,
            "loss": sum(terms.values()),
            "terms": terms,
            "errors": evaluation.errors(trial),
            "estimates": {
                "residual": {k: math.sqrt(v) for k, v in terms.items()},
                "predicted": dict(zip(evaluation.names, predicted, strict=True)),
            },
            "identified": identified,
            "noise": noise,
            "imposed": plan.imposed,
            "reasons": plan.ansatzes.reasons,
            "weighting": phase.weights(),
            "start": None if (warm := warm_start(plan)) is None else warm.value,
            "lifted": plan.ansatzes.lifted,
            "symmetry": described(plan.asked, plan.mirrors, trained=not trial.network.plain_inputs),
            "versions": versions(),
        }
    )
    return Solution(
        kept,
        trial,
        [s for s in plan.sets if s.where == INTERIOR],
        status=status,
        summary=summary,
        history=session.history,
    )


def _identified(plan: Plan, trial: Trial, phase: Phase) -> tuple[dict[str, Any], dict[str, Any]]:
    """Intervals of unknown constants, or estimated errors of eigenvalues; noise of data sets."""
    findings = phase.findings()
    if findings is None:
        constants = bool(plan.problem.constants)
        found = dict(identify(plan, trial, phase.points)) if constants else {}
        findings = Findings(found, noise_levels(plan, trial))
    errors = phase.constant_errors()
    found = {
        name: {**entry, "error": errors[name]} if name in errors else entry
        for name, entry in findings.identified.items()
    }
    truths = {s.name: c.exact for s, c in plan.problem.constants.items() if c.exact is not None}
    found = {n: e | ({"true": truths[n]} if n in truths else {}) for n, e in found.items()}
    return found, findings.noise


def _count(trial: Trial) -> int:
    """Count the coefficients, those of frozen stages included."""
    return int(trial.count) + sum(_count(t) for t in trial.frozen_trial)


def describe(trial: Any) -> str:
    """Name the network of a trial: kind, widths, edges."""
    if trial.frozen_trial:
        scale = max(trial.frame.scales)
        frozen, own = trial.frozen_trial[0], Trial(trial.frame, trial.network)
        return f"{describe(frozen)} + {scale:.1e} * {describe(own)}"
    if isinstance(trial, Slabs) and len(trial.parts) > 1:
        degrees = np.array([part.network.degrees for part in trial.parts])
        low, high = degrees.min(axis=0).tolist(), degrees.max(axis=0).tolist()
        what = f"product KANs in {len(trial.parts)} slabs, degrees {low} to {high}"
        return f"{what}, spectral least squares"
    return describe_network(trial.network)
