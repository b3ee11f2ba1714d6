"""Run directories: written so that no kill can damage them, read so that no code can run."""

from __future__ import annotations

import io
import json
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sympy import Symbol

from kanpde._claims import claims_data, claims_from_data
from kanpde._files import DAMAGE as DAMAGE
from kanpde._files import read_arrays, read_history, write_arrays
from kanpde._files import write as write
from kanpde._names import stored_identifier, stored_identifiers
from kanpde._plain import check_unchanged, plain
from kanpde._store import (
    constants_data,
    constants_from_data,
    first_stage,
    frame_data,
    frame_from_data,
    terms_data,
    terms_from_data,
    trial_from_state,
    trial_state,
)
from kanpde._view import ProblemView
from kanpde.errors import KanpdeError, RunDirectoryError
from kanpde.geometry import domain_from_data
from kanpde.pde import Program, unknown
from kanpde.train import Status

if TYPE_CHECKING:
    from kanpde._terms import TermSet
    from kanpde._trial import Trial

FORMAT = 1
PROBLEM, FIT, CHECKPOINT = "problem.json", "fit.json", "checkpoint.pt"
SUMMARY, HISTORY, TRUTH, DATA = "summary.json", "history.csv", "truth.npz", "data.npz"


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
        "complex": {k: list(pair) for k, pair in problem.complex.items()},
        "parameters": problem.parameters,
        "exact": None if problem.exact is None else problem.exact.to_data(),
        "frame": frame_data(first_stage(trial).frame),
        "constants": constants_data(trial.constants),
        "terms": [terms_data(t) for t in terms],
        "claims": claims_data(problem.claims),
    }
    write_json(directory / PROBLEM, data)


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


def write_truths(directory: Path, problem: ProblemView) -> None:
    """Keep reference values that were computed, so that plots work without the problem file."""
    if problem.truths:
        write_arrays(directory / TRUTH, problem.truths)


def save(directory: Path, problem: ProblemView, trial: Trial, terms: list[TermSet]) -> None:
    """Write problem, coefficients and truths; what is there must be the same solution.

    Raises
    ------
    RunDirectoryError
        If the directory cannot be written or holds another run.
    """
    if not holds_run(directory):
        write_checkpoint(directory, {"trial": trial_state(trial)})
        write_problem(directory, problem, trial, terms)
    elif not _is_stored(directory, problem, trial):
        raise RunDirectoryError(f"out: {directory} holds another run; choose another directory")
    write_truths(directory, problem)


def _is_stored(directory: Path, problem: ProblemView, trial: Trial) -> bool:
    """Tell whether `directory` holds exactly this solution, perhaps with more to resume from."""
    if read_name(directory) != problem.name:
        return False
    stored, own = read_checkpoint(directory).get("trial"), trial_state(trial)
    if not isinstance(stored, dict) or stored.get("network") != own["network"]:
        return False
    vector = stored.get("vector")
    return isinstance(vector, torch.Tensor) and torch.equal(vector, own["vector"])


def read_name(directory: Path) -> str | None:
    """Name of the problem that a run directory holds."""
    name = _read_problem(directory).get("name")
    return None if name is None else str(name)


def _read_problem(directory: Path) -> dict[str, Any]:
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
    if state.get("format") != FORMAT:
        raise RunDirectoryError(
            f"{path}: expected format {FORMAT}, got {state.get('format')}; "
            "read it with the kanpde version that wrote it"
        )
    return state


def _rebuild(
    data: dict[str, Any], state: dict[str, Any]
) -> tuple[ProblemView, Trial, list[TermSet]]:
    names = stored_identifiers("coordinates", data["coordinates"])
    symbols = tuple(Symbol(n, real=True) for n in names)
    called = stored_identifiers("unknowns", [u["name"] for u in data["unknowns"]])
    unknowns = tuple(
        unknown(name, *symbols, scale=float(u["scale"]))
        for name, u in zip(called, data["unknowns"], strict=True)
    )
    by_name = {str(u.func.__name__): u for u in unknowns}
    constants = constants_from_data(data["constants"])
    domain = domain_from_data(data["domain"])
    if domain.coordinates != symbols:
        raise RunDirectoryError(
            f"domain: expected the coordinates {symbols}, got {domain.coordinates}"
        )
    sizes = (len(symbols), len(unknowns), len(constants.names))
    view = ProblemView(
        name=None if data["name"] is None else str(data["name"]),
        coordinates=symbols,
        unknowns=unknowns,
        domain=domain,
        equations={str(k): str(v) for k, v in data["equations"].items()},
        conditions={str(k): str(v) for k, v in data["conditions"].items()},
        constants=tuple(Symbol(n, real=True) for n in constants.names),
        vectors={k: tuple(by_name[n] for n in v) for k, v in data["vectors"].items()},
        parameters=_parameters(data["parameters"]),
        exact=None if data["exact"] is None else Program.from_data(data["exact"]),
        complex=_complex(data.get("complex", {}), len(unknowns)),
        stored_claims=claims_from_data(data.get("claims", []), sizes),
    )
    stored = state["trial"]
    dtype = stored["vector"].dtype
    trial = trial_from_state(stored, frame_from_data(data["frame"], symbols), constants, dtype)
    if trial.outputs != len(unknowns) or (view.exact and len(view.exact.outputs) != len(unknowns)):
        raise RunDirectoryError(f"frame: expected {len(unknowns)} unknowns, got other ones")
    return view, trial, [terms_from_data(t, sizes) for t in data["terms"]]


def _parameters(data: dict[str, Any]) -> dict[str, Any]:
    return {stored_identifier("parameters", name): value for name, value in data.items()}


def _complex(data: dict[str, Any], count: int) -> dict[str, tuple[int, int]]:
    names = stored_identifiers("complex unknowns", data)
    return {name: _pair(data[name], count) for name in names}


def _pair(columns: Any, count: int) -> tuple[int, int]:
    first, second = (int(k) for k in columns)
    if not (0 <= first < count and 0 <= second < count):
        raise RunDirectoryError(f"complex: expected columns of {count} unknowns, got {columns}")
    return first, second


def read(
    directory: Path,
) -> tuple[ProblemView, Trial, list[TermSet], dict[str, Any], list[dict[str, Any]]]:
    """Read a run directory: problem, trial, equations, summary and history; no code is run.

    Raises
    ------
    RunDirectoryError
        If the directory is missing, damaged, foreign or holds a pickle with code.
    """
    data, state = _read_problem(directory), read_checkpoint(directory)
    try:
        view, trial, terms = _rebuild(data, state)
    except KanpdeError as error:
        raise RunDirectoryError(f"{directory}: the run directory is damaged: {error}") from None
    except (*DAMAGE, MemoryError, RecursionError) as error:
        raise RunDirectoryError(
            f"{directory}: the run directory is damaged ({type(error).__name__}: {error})"
        ) from None
    view.truths = read_arrays(directory / TRUTH)
    return view, trial, terms, read_summary(directory), read_history(directory / HISTORY)


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


def check_resumable(directory: Path, fingerprint: dict[str, Any]) -> dict[str, Any]:
    """Read the checkpoint to resume from, if it belongs to the same problem and settings.

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
    check_unchanged(stored, fingerprint)
    return state
