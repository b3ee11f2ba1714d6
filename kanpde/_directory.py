"""Run directories: written so that no kill can damage them, read so that no code can run."""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kanpde._solution import ProblemView, Solution, plain
from kanpde._store import (
    constants_data,
    constants_from_data,
    frame_data,
    frame_from_data,
    terms_data,
    terms_from_data,
    trial_from_state,
    trial_state,
)
from kanpde.errors import InputError, KanpdeError, RunDirectoryError
from kanpde.geometry import domain_from_data
from kanpde.pde import Program, coordinates, unknown
from kanpde.train import Status

if TYPE_CHECKING:
    from kanpde._terms import TermSet
    from kanpde._trial import Trial

FORMAT = 1
PROBLEM, CHECKPOINT, SUMMARY, HISTORY, TRUTH = (
    "problem.json",
    "checkpoint.pt",
    "summary.json",
    "history.csv",
    "truth.npz",
)


def write(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never a part.

    Raises
    ------
    RunDirectoryError
        If the directory cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise RunDirectoryError(
            f"out: expected a directory that can be written, got {path.parent} "
            f"({error.strerror or error}); choose another with --out"
        ) from None


def write_json(path: Path, data: Any) -> None:
    """Write plain data as JSON."""
    write(path, json.dumps(plain(data), indent=1, ensure_ascii=False).encode())


def write_problem(
    directory: Path, problem: ProblemView, trial: Trial, terms: list[TermSet]
) -> None:
    """Write `problem.json`: what is needed to rebuild the trial function."""
    data = {
        "format": FORMAT,
        "kanpde": "problem",
        "name": problem.name,
        "coordinates": [x.name for x in problem.coordinates],
        "unknowns": [
            {"name": str(u.func.__name__), "scale": float(getattr(u.func, "scale", 1.0))}
            for u in problem.unknowns
        ],
        "domain": problem.domain.to_data(),
        "equations": problem.equations,
        "conditions": problem.conditions,
        "vectors": {k: [str(u.func.__name__) for u in v] for k, v in problem.vectors.items()},
        "parameters": problem.parameters,
        "exact": None if problem.exact is None else problem.exact.to_data(),
        "frame": frame_data(trial.frame),
        "constants": constants_data(trial.constants),
        "terms": [terms_data(t) for t in terms],
    }
    write_json(directory / PROBLEM, data)


def write_checkpoint(directory: Path, state: dict[str, Any]) -> None:
    """Write `checkpoint.pt`: tensors, numbers, lists and dicts only."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "kanpde": "checkpoint", **state}, buffer)
    write(directory / CHECKPOINT, buffer.getvalue())


def write_history(directory: Path, history: list[dict[str, Any]]) -> None:
    """Write `history.csv`, one row per step."""
    names = list(dict.fromkeys(k for row in history for k in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    write(directory / HISTORY, buffer.getvalue().encode())


def write_truths(directory: Path, problem: ProblemView) -> None:
    """Keep reference values that were computed, so that plots work without the problem file."""
    if problem.truths:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **problem.truths)  # type: ignore[arg-type]
        write(directory / TRUTH, buffer.getvalue())


def save_solution(solution: Solution, directory: Path) -> Path:
    """Write all of a solution's run directory."""
    if (directory / PROBLEM).exists() and read_name(directory) != solution.problem.name:
        raise RunDirectoryError(f"out: {directory} holds another run; choose another directory")
    write_problem(directory, solution.problem, solution.trial, solution.terms)
    if not (directory / CHECKPOINT).exists():
        write_checkpoint(directory, {"trial": trial_state(solution.trial)})
    write_history(directory, solution.history)
    write_truths(directory, solution.problem)
    write_json(directory / SUMMARY, solution.summary)
    return directory


def read_name(directory: Path) -> str | None:
    """Name of the problem that a run directory holds."""
    name = _read_problem(directory).get("name")
    return None if name is None else str(name)


def _read_problem(directory: Path) -> dict[str, Any]:
    path = directory / PROBLEM
    if not directory.is_dir():
        raise RunDirectoryError(f"{directory}: expected a run directory, found none")
    if not path.exists():
        raise RunDirectoryError(
            f"{directory}: expected a run directory with {PROBLEM}, found none; "
            "is it a directory that kanpde solve wrote?"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunDirectoryError(f"{path}: expected JSON, got a damaged file ({error})") from None
    if not isinstance(data, dict) or data.get("kanpde") != "problem":
        raise RunDirectoryError(f"{path}: expected a kanpde problem, got a foreign file")
    if data.get("format") != FORMAT:
        raise RunDirectoryError(
            f"{path}: expected format {FORMAT}, got {data.get('format')}; "
            "read it with the kanpde version that wrote it"
        )
    return data


def read_checkpoint(directory: Path) -> dict[str, Any]:
    """Read `checkpoint.pt` with weights only: a pickle with code in it is refused.

    Raises
    ------
    RunDirectoryError
        If the file is missing, damaged, foreign or holds code.
    """
    path = directory / CHECKPOINT
    if not path.exists():
        raise RunDirectoryError(f"{directory}: expected {CHECKPOINT}, found none")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise RunDirectoryError(
            f"{path}: expected tensors and numbers only, got a pickle that holds code "
            "(or a damaged file); it was not loaded"
        ) from None
    except (RuntimeError, OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunDirectoryError(f"{path}: expected a checkpoint, got a damaged file ({first})") from None
    if not isinstance(state, dict) or state.get("kanpde") != "checkpoint":
        raise RunDirectoryError(f"{path}: expected a kanpde checkpoint, got a foreign file")
    return state


def _rebuild(data: dict[str, Any], state: dict[str, Any]) -> tuple[ProblemView, Trial, list[TermSet]]:
    names = [str(n) for n in data["coordinates"]]
    made = coordinates(" ".join(names))
    symbols = made if isinstance(made, tuple) else (made,)
    unknowns = tuple(
        unknown(str(u["name"]), *symbols, scale=float(u["scale"])) for u in data["unknowns"]
    )
    by_name = {str(u.func.__name__): u for u in unknowns}
    constants = constants_from_data(data["constants"])
    parts = constants.names
    made = coordinates(" ".join(parts)) if parts else ()
    view = ProblemView(
        name=data["name"],
        coordinates=symbols,
        unknowns=unknowns,
        domain=domain_from_data(data["domain"]),
        equations=dict(data["equations"]),
        conditions=dict(data["conditions"]),
        constants=made if isinstance(made, tuple) else (made,),
        vectors={k: tuple(by_name[n] for n in v) for k, v in data["vectors"].items()},
        parameters=dict(data["parameters"]),
        exact=None if data["exact"] is None else Program.from_data(data["exact"]),
    )
    stored = state["trial"]
    dtype = stored["vector"].dtype
    trial = trial_from_state(stored, frame_from_data(data["frame"], symbols), constants, dtype)
    return view, trial, [terms_from_data(t) for t in data["terms"]]


def load(directory: str | Path) -> Solution:
    """Load a solution from its run directory, without its problem file and without its code.

    Parameters
    ----------
    directory
        What `kanpde solve` wrote, finished or not.

    Returns
    -------
    Solution
        Callable at points; `status` is interrupted if the run never finished.

    Raises
    ------
    RunDirectoryError
        If the directory is missing, damaged, foreign or holds a pickle with code.
    """
    path = Path(directory)
    data, state = _read_problem(path), read_checkpoint(path)
    try:
        view, trial, terms = _rebuild(data, state)
    except KanpdeError as error:
        raise RunDirectoryError(f"{path}: the run directory is damaged: {error}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RunDirectoryError(
            f"{path}: the run directory is damaged ({type(error).__name__}: {error})"
        ) from None
    summary = _read_summary(path)
    view.truths = _read_truths(path)
    status = Status(summary["status"]) if "status" in summary else Status.INTERRUPTED
    return Solution(
        view, trial, terms, status=status, summary=summary, history=_read_history(path)
    )


def _read_summary(path: Path) -> dict[str, Any]:
    file = path / SUMMARY
    if not file.exists():
        return {"problem": read_name(path), "status": Status.INTERRUPTED.value}
    try:
        summary = json.loads(file.read_text(encoding="utf-8"))
        Status(summary["status"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunDirectoryError(f"{file}: expected a summary, got a damaged file ({error})") from None
    return dict(summary)


def _read_truths(path: Path) -> dict[str, Any]:
    file = path / TRUTH
    if not file.exists():
        return {}
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {k: stored[k] for k in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise RunDirectoryError(f"{file}: expected arrays, got a damaged file ({error})") from None


def _read_history(path: Path) -> list[dict[str, Any]]:
    file = path / HISTORY
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return [{k: _value(v) for k, v in row.items() if k} for row in csv.DictReader(stream)]


def _value(text: str | None) -> Any:
    if text is None or text == "":
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and "." not in text and "e" not in text else number


def check_resumable(directory: Path, fingerprint: dict[str, Any]) -> dict[str, Any]:
    """The checkpoint to resume from, if it belongs to the same problem and settings.

    Raises
    ------
    InputError
        If parameters or settings changed; the message names them.
    """
    state = read_checkpoint(directory)
    stored = state.get("fingerprint")
    if "session" not in state or not isinstance(stored, dict):
        raise RunDirectoryError(
            f"{directory}: expected a checkpoint to resume, got a saved solution only"
        )
    for name, value in fingerprint.items():
        if stored.get(name) != value:
            raise InputError(
                f"resume: {name} was {stored.get(name)!r}, now {value!r}; "
                "use the same, or another --out"
            )
    return state
