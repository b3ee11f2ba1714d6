"""Solve a problem: plan, run, measure, and write the run directory on the way."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import scipy
import sympy
import torch

from kanpde import _directory
from kanpde._identify import identify
from kanpde._measure import Judge
from kanpde._problem import Problem
from kanpde._rows import Rows
from kanpde._settings import Settings
from kanpde._solution import Solution, plain, view
from kanpde._terms import INTERIOR
from kanpde._version import __version__
from kanpde.errors import InputError, NumericalError
from kanpde.train import Plan, Session, Status, make_plan

CHECKPOINT_EVERY = 3.0
MAY_CHANGE = {"steps", "time_limit", "tolerance", "threads"}
Progress = Callable[[dict[str, Any]], None]


def solve(
    problem: Problem,
    settings: Settings | None = None,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    throw: bool = False,
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
    threads = torch.get_num_threads()
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    try:
        return _solve(problem, settings, None if out is None else Path(out), resume, progress, throw)
    finally:
        torch.set_num_threads(threads)


def _solve(
    problem: Problem,
    settings: Settings,
    out: Path | None,
    resume: bool,
    progress: Progress | None,
    throw: bool,
) -> Solution:
    plan = make_plan(problem, settings)
    judge = Judge(problem, seed=settings.seed)
    session = Session(plan, judge)
    writer = None if out is None else _Writer(out, plan, session, resume=resume)
    status = session.run(progress, None if writer is None else writer.snapshot)
    solution = _finish(plan, judge, session, status)
    if writer is not None:
        writer.finish(solution)
    if throw and status in {Status.DIVERGED, Status.NONFINITE}:
        raise NumericalError(f"solve: stopped as {status.value} after {session.steps} steps")
    return solution


class _Writer:
    """Writes the run directory now and then, and at the end."""

    def __init__(self, out: Path, plan: Plan, session: Session, *, resume: bool) -> None:
        self.out, self.plan, self.session = out, plan, session
        self.view = view(plan.problem)
        self.terms = [s for s in plan.sets if s.where == INTERIOR]
        self.fingerprint = _fingerprint(plan)
        self.last = -math.inf
        existing = (out / _directory.PROBLEM).exists()
        if resume and existing:
            if (out / _directory.CHECKPOINT).exists():
                state = _directory.check_resumable(out, self.fingerprint)
                session.restore(state["session"])
        elif existing:
            raise InputError(
                f"out: {out} holds a run already; choose another directory or resume it"
            )
        _directory.write_problem(out, self.view, session.phase.trial, self.terms)
        if not existing:
            self._write(session.state())

    def snapshot(self, state: dict[str, Any]) -> None:
        """Write a checkpoint if the last one is some seconds old."""
        if time.monotonic() - self.last >= CHECKPOINT_EVERY:
            self._write(state)

    def _write(self, state: dict[str, Any], trial: dict[str, Any] | None = None) -> None:
        stored = trial or {"network": state["network"], "vector": state["vector"]}
        content = {"session": state, "trial": stored, "fingerprint": self.fingerprint}
        _directory.write_checkpoint(self.out, content)
        _directory.write_history(self.out, state["history"])
        self.last = time.monotonic()

    def finish(self, solution: Solution) -> None:
        """Write the final state, history and summary."""
        trial = _directory.trial_state(solution.trial)
        self._write(self.session.state(), trial)
        _directory.write_truths(self.out, self.view)
        _directory.write_json(self.out / _directory.SUMMARY, solution.summary)


def _fingerprint(plan: Plan) -> dict[str, Any]:
    problem = plan.problem
    settings = {k: v for k, v in plan.settings.to_data().items() if k not in MAY_CHANGE}
    found: dict[str, Any] = plain(
        {
            "equations": {k: str(e.expression) for k, e in problem.equations.items()},
            "parameters": problem.parameters,
            **{f"setting {k}": v for k, v in settings.items()},
        }
    )
    return found


def _finish(plan: Plan, judge: Judge, session: Session, status: Status) -> Solution:
    """Choose the best trial, measure it on fresh points, write the summary."""
    fresh = session.settle()
    trial = session.phase.trial
    predicted = session.predict(fresh)
    if status is Status.CONVERGED and not math.isfinite(fresh):
        status = Status.NONFINITE
    rows = Rows(trial, plan.draw(4000, plan.rng(400), sampler="uniform"))
    terms = rows.terms()
    names = judge.names
    identified = identify(plan, trial, session.phase.points) if plan.problem.constants else {}
    summary = plain(
        {
            "problem": plan.problem.name,
            "status": status.value,
            "net": _describe(trial),
            "path": session.path,
            "coefficients": trial.count,
            "parameters": plan.problem.parameters,
            "settings": plan.settings.to_data(),
            "seconds": session.seconds,
            "steps": session.steps,
            "device": str(plan.device),
            "dtype": plan.settings.dtype,
            "seed": plan.settings.seed,
            "threads": torch.get_num_threads(),
            "linear": plan.linear,
            "loss": sum(terms.values()),
            "terms": terms,
            "errors": judge.errors(trial),
            "estimates": {
                "residual": {k: math.sqrt(v) for k, v in terms.items()},
                "predicted": dict(zip(names, predicted or [None] * len(names), strict=True)),
            },
            "identified": identified,
            "imposed": plan.ansatzes.imposed,
            "reasons": plan.ansatzes.reasons,
            "versions": versions(),
        }
    )
    return Solution(
        view(plan.problem),
        trial,
        [s for s in plan.sets if s.where == INTERIOR],
        status=status,
        summary=summary,
        history=session.history,
    )


def _describe(trial: Any) -> str:
    from kanpde.nets import KAN, MLP, RidgeKAN

    network = trial.network
    width = str(network.width).replace(" ", "")
    if isinstance(network, RidgeKAN):
        return f"ridge KAN {width}, Chebyshev degree {network.degree}"
    if isinstance(network, KAN):
        return f"KAN {width}, {network.layer(0).blocks[0].basis!r}"
    if isinstance(network, MLP):
        return f"MLP {width}, {network.activation}"
    return f"{type(network).__name__} {width}"


def versions() -> dict[str, str]:
    """Versions of kanpde and what it computes with.

    Examples
    --------
    >>> sorted(versions())
    ['kanpde', 'matplotlib', 'numpy', 'python', 'scipy', 'sympy', 'torch']
    """
    return {
        "kanpde": __version__,
        "matplotlib": mpl.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "scipy": scipy.__version__,
        "sympy": sympy.__version__,
        "torch": torch.__version__,
    }
