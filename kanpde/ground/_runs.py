"""Files of a run directory: written so that no kill can damage them, read so that no code runs."""

from __future__ import annotations

import io
import json
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kanpde.errors import RunDirectoryError
from kanpde.ground._files import DAMAGE, write
from kanpde.ground._plain import check_unchanged, plain
from kanpde.ground._status import Status

FORMAT = 2
READABLE = (1, 2)
PROBLEM, FIT, CHECKPOINT = "problem.json", "fit.json", "checkpoint.pt"
SUMMARY, HISTORY, TRUTH, DATA = "summary.json", "history.csv", "truth.npz", "data.npz"
AsNow = Callable[[dict[str, Any], int, dict[str, Any]], dict[str, Any]]


def holds_run(directory: Path) -> bool:
    """Tell whether a run was started in `directory`; what a kill left half-written is removed."""
    if not directory.is_dir():
        return False
    for name in (PROBLEM, FIT, CHECKPOINT, SUMMARY, HISTORY, TRUTH, DATA):
        for rest in directory.glob(f".{name}-*"):
            rest.unlink(missing_ok=True)
    return any((directory / name).exists() for name in (PROBLEM, FIT, CHECKPOINT))


def remove_summary(directory: Path) -> None:
    """Remove a summary that tells of an earlier state than the checkpoint."""
    (directory / SUMMARY).unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write plain data as JSON."""
    text = json.dumps(plain(data), indent=1, ensure_ascii=False, allow_nan=False)
    write(path, text)


def write_checkpoint(directory: Path, state: dict[str, Any]) -> None:
    """Write `checkpoint.pt`: tensors, numbers, lists and dicts only."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "kanpde": "checkpoint", **_without_classes(state)}, buffer)
    write(directory / CHECKPOINT, buffer.getvalue())


def _without_classes(value: Any) -> Any:
    """Return numbers of numpy as Python's own, which a checkpoint without code may hold."""
    if isinstance(value, dict):
        return {k: _without_classes(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_classes(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


def read_name(directory: Path) -> str | None:
    """Name of the problem that a run directory holds."""
    name = read_problem(directory).get("name")
    return None if name is None else str(name)


def read_problem(directory: Path) -> dict[str, Any]:
    return read_json(directory, PROBLEM, kind="problem", command="solve")


def read_json(directory: Path, name: str, *, kind: str, command: str) -> dict[str, Any]:
    """Read what a run directory says of itself, of one kind that `command` writes.

    Raises
    ------
    RunDirectoryError
        If the file is missing, damaged, foreign or of another format.
    """
    path = directory / name
    if not directory.is_dir():
        raise RunDirectoryError(f"{directory}: expected a run directory, found none")
    if not path.exists():
        raise RunDirectoryError(
            f"{directory}: expected a run directory with {name}, found none; "
            f"is it a directory that kanpde {command} wrote?"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunDirectoryError(f"{path}: expected JSON, got a damaged file ({error})") from None
    if not isinstance(data, dict) or data.get("kanpde") != kind:
        raise RunDirectoryError(f"{path}: expected a kanpde {kind}, got a foreign file")
    _check_format(path, data)
    return data


def _check_format(path: Path, found: dict[str, Any]) -> None:
    if found.get("format") not in READABLE:
        raise RunDirectoryError(
            f"{path}: expected format 1 or {FORMAT}, got {found.get('format')}; "
            "read it with the kanpde version that wrote it"
        )


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that torch would not have written so
            content = io.BytesIO(path.read_bytes())
            state = torch.load(content, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise RunDirectoryError(
            f"{path}: expected tensors and numbers only, got a pickle that holds code "
            "(or a damaged file); it was not loaded"
        ) from None
    except (*DAMAGE, OSError, EOFError, zipfile.BadZipFile) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunDirectoryError(
            f"{path}: expected a checkpoint, got a damaged file ({first})"
        ) from None
    if not isinstance(state, dict) or state.get("kanpde") != "checkpoint":
        raise RunDirectoryError(f"{path}: expected a kanpde checkpoint, got a foreign file")
    _check_format(path, state)
    return state


def read_summary(path: Path) -> dict[str, Any]:
    """Read `summary.json`; an unfinished run has none and was interrupted."""
    file = path / SUMMARY
    if not file.exists():
        name = None if (path / FIT).exists() else read_name(path)
        return {"problem": name, "status": Status.INTERRUPTED.value}
    try:
        summary = dict(json.loads(file.read_text(encoding="utf-8")))
        if summary["status"] not in {status.value for status in Status}:
            raise ValueError(f"unknown status {summary['status']!r}")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunDirectoryError(
            f"{file}: expected a summary, got a damaged file ({type(error).__name__}: {error})"
        ) from None
    return summary


def check_resumable(
    directory: Path, fingerprint: dict[str, Any], *, as_now: AsNow
) -> dict[str, Any]:
    """Read the checkpoint to resume from, if it belongs to the same problem and settings.

    Parameters
    ----------
    fingerprint
        What this run begins with.
    as_now
        Says what a stored run began with in the words of this version, from its own words, its
        format and the fingerprint: settings that did not exist then had what is their default now.

    Raises
    ------
    InputError
        If parameters or settings changed; the message names them.
    RunDirectoryError
        If there is nothing to resume from.
    """
    state = read_checkpoint(directory)
    stored = state.get("fingerprint")
    if "session" not in state or not isinstance(stored, dict):
        raise RunDirectoryError(
            f"{directory}: expected a checkpoint to resume, got a saved solution only"
        )
    check_unchanged(as_now(stored, state["format"], fingerprint), fingerprint)
    return state
