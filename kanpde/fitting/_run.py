"""From a network and data to a `Fit`: train, measure, write the run directory on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kanpde.errors import InputError, RunDirectoryError
from kanpde.fitting import _store
from kanpde.fitting._dataset import Dataset
from kanpde.fitting._objective import Objective
from kanpde.fitting._scaling import Scaling
from kanpde.fitting._session import Event, FitSession
from kanpde.fitting._settings import FitSettings
from kanpde.ground import _check, _files, _runs
from kanpde.ground._plain import plain
from kanpde.ground._status import Status
from kanpde.ground._versions import versions
from kanpde.nets import Network, copy_network
from kanpde.nets._describe import describe_network
from kanpde.optimize import cores, few_threads

CHECKPOINT_EVERY = 3.0
MAY_CHANGE = {"steps", "time_limit", "threads"}
WORSE = 1.5  # test error over the best one of an earlier grid, from which on it is noted
Progress = Callable[[dict[str, Any]], None]


@dataclass
class Trained:
    """What a training ends with: the parts of a `Fit`."""

    network: Network
    data: Dataset
    scaling: Scaling
    settings: FitSettings
    status: Status
    summary: dict[str, Any]
    history: list[dict[str, Any]]


def train(
    network: Network,
    data: Dataset,
    scaling: Scaling,
    settings: FitSettings,
    *,
    before: list[Event] | None = None,
    out: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a copy of `network` on data.

    Parameters
    ----------
    before
        History of the run that this one goes on from.

    Raises
    ------
    InputError
        If the settings do not fit, or `out` holds a run that is not to be resumed.
    """
    device = _check.device(settings.device)
    with few_threads(settings.threads):
        objective = Objective(data, scaling, settings, device)
        start = copy_network(network).to(device, objective.dtype)
        session = FitSession(start, objective, settings, history=before)
        if settings.remember:
            objective.remember(session.network)
        writer = None if out is None else _Writer(out, session, resume=resume)
        status = session.run(progress, None if writer is None else writer.snapshot)
        state = None if writer is None else session.state()
        session.finish()
        trained = _measured(session, status)
    if writer is not None and state is not None:
        writer.finish(trained, state)
    return trained


class _Writer:
    """Writes the run directory now and then, and at the end."""

    def __init__(self, out: Path, session: FitSession, *, resume: bool) -> None:
        self.out, self.session, self.last = out, session, time.monotonic()
        self.fingerprint = fingerprint(session)
        objective = session.objective
        if not _runs.holds_run(out):
            _store.write_start(out, objective.data, objective.scaling, session.settings)
            return
        if not resume:
            raise InputError(
                f"out: {out} holds a run already; choose another directory or resume it"
            )
        _store.read_description(out)
        if not (out / _runs.CHECKPOINT).exists():
            return  # stopped before the first step
        state = _runs.check_resumable(out, self.fingerprint, as_now=_as_now)
        try:
            session.restore(state["session"])
        except _files.DAMAGE as error:
            raise RunDirectoryError(
                f"{out}: the checkpoint is damaged ({type(error).__name__}: {error}); "
                "start a new run"
            ) from None

    def snapshot(self, state: Callable[[], dict[str, Any]]) -> None:
        """Write a checkpoint if the last one is some seconds old."""
        if time.monotonic() - self.last >= CHECKPOINT_EVERY:
            _runs.remove_summary(self.out)  # it tells of an earlier state
            found = state()
            best = found["best"]
            self._write(found, {"network": best[1] or found["network"], "vector": best[2]})

    def _write(self, state: dict[str, Any], network: dict[str, Any]) -> None:
        content = {"session": state, "fit": network, "fingerprint": self.fingerprint}
        _runs.write_checkpoint(self.out, content)
        _store.write_history(self.out, state["history"])
        self.last = time.monotonic()

    def finish(self, trained: Trained, state: dict[str, Any]) -> None:
        """Write the final state, history and summary."""
        _runs.remove_summary(self.out)
        self._write(state, _store.network_state(trained.network))
        _runs.write_json(self.out / _runs.SUMMARY, trained.summary)


def _as_now(stored: dict[str, Any], form: int, now: dict[str, Any]) -> dict[str, Any]:
    """Say what a stored run began with in the words of this version."""
    return {**_settings(FitSettings()), **stored}


def _settings(settings: FitSettings) -> dict[str, Any]:
    """Name the settings that a resumed run must share."""
    return {f"setting {k}": v for k, v in settings.to_data().items() if k not in MAY_CHANGE}


def fingerprint(session: FitSession) -> dict[str, Any]:
    """Collect what a resumed run must share with the stopped one, by names that users know."""
    data = session.objective.data
    return {
        **_settings(session.settings),
        "inputs": list(data.inputs),
        "outputs": list(data.outputs),
        "data": f"{len(data.train)} + {len(data.test)} rows {data.digest()[:12]}",
    }


def _measured(session: FitSession, status: Status) -> Trained:
    """Measure the best state and write the summary."""
    objective, settings, network = session.objective, session.settings, session.network
    data = objective.data
    summary: dict[str, Any] = {
        "kind": "fit",
        "problem": settings.name or f"fit of {', '.join(data.outputs)}",
        "status": status.value,
        "task": data.task,
        "net": describe_network(network),
        "path": [session.name],
        "coefficients": network.count,
        "inputs": data.inputs,
        "outputs": data.outputs,
        "classes": data.classes,
        "constant": [data.inputs[k] for k in objective.scaling.constant],
        "rows": {"train": len(data.train), "test": len(data.test)},
        "settings": settings.to_data(),
        "seconds": session.seconds,
        "steps": session.steps,
        "device": str(objective.device),
        "dtype": settings.dtype,
        "seed": settings.seed,
        "threads": settings.threads or cores(),
        "loss": objective.look(network).loss,
        "errors": objective.errors(network),
        "grids": session.levels,
        "notes": [*data.notes, *_notes(session)],
        "versions": versions(),
    }
    if objective.penalty is not None:
        summary["penalty"] = objective.penalty.value(network)
    return Trained(
        network,
        data,
        objective.scaling,
        settings,
        status=status,
        summary=plain(summary),
        history=session.history,
    )


def _notes(session: FitSession) -> list[str]:
    """Say what the numbers of this run call for."""
    objective, network = session.objective, session.network
    rows = len(objective.train[0]) * (1 if objective.classes else network.n_out)
    notes = []
    if rows < network.count:
        notes.append(
            f"fewer training values ({rows}) than coefficients ({network.count}): the fit is not "
            "unique, steps are damped; take fewer nodes or a smaller grid"
        )
    tested = [level for level in session.levels if level["test"] is not None]
    best = min(tested, key=lambda level: level["test"], default=None)
    if best is not None and tested[-1]["test"] > WORSE * best["test"]:
        notes.append(
            f"the test error was smaller at grid {best['grid']} ({best['test']:.2e}) than at grid "
            f"{tested[-1]['grid']} ({tested[-1]['test']:.2e}): the finer grid fits noise or has "
            "too few rows"
        )
    return notes
