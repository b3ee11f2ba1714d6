"""Fits in run directories: description, coefficients, data, summary and history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from kanpde.errors import KanpdeError, RunDirectoryError
from kanpde.fitting._dataset import Dataset, Part
from kanpde.fitting._scaling import Scaling
from kanpde.fitting._settings import TASKS, FitSettings
from kanpde.ground import _files, _runs
from kanpde.ground._runs import DATA, FIT, FORMAT, HISTORY, SUMMARY
from kanpde.ground._status import Status
from kanpde.nets import Network, network_from_record, network_record


def write_start(directory: Path, data: Dataset, scaling: Scaling, settings: FitSettings) -> None:
    """Write what stays as it is: data, names, normalisation, settings.

    Raises
    ------
    RunDirectoryError
        If the directory cannot be written.
    """
    arrays = {
        f"{name}_{which}": getattr(part, name)
        for which, part in (("train", data.train), ("test", data.test))
        for name in ("x", "y")
    }
    _files.write_arrays(directory / DATA, arrays)
    _runs.write_json(
        directory / FIT,
        {
            "format": FORMAT,
            "kanpde": "fit",
            "task": data.task,
            "inputs": data.inputs,
            "outputs": data.outputs,
            "classes": data.classes,
            "notes": data.notes,
            "scaling": scaling.to_record(),
            "settings": settings.to_data(),
        },
    )


def write_history(directory: Path, history: list[dict[str, Any]]) -> None:
    """Write `history.csv`."""
    _files.write_history(directory / HISTORY, history)


def network_state(network: Network) -> dict[str, Any]:
    """Describe a network with its coefficients, for the checkpoint."""
    return {"network": network_record(network), "vector": network.get().cpu()}


def read_description(directory: Path) -> dict[str, Any]:
    """Read `fit.json`.

    Raises
    ------
    RunDirectoryError
        If it is missing, damaged or foreign.
    """
    return _runs.read_json(directory, FIT, kind="fit", command="fit")


def save(directory: Path, fit: Any) -> None:
    """Write a whole run directory; what is there must be the same fit.

    Raises
    ------
    RunDirectoryError
        If the directory cannot be written or holds another run.
    """
    state = network_state(fit.network)
    if _runs.holds_run(directory):
        if not _is_stored(directory, state):
            raise RunDirectoryError(f"out: {directory} holds another run; choose another directory")
    else:
        write_start(directory, fit.data, fit.scaling, fit.settings)
        _runs.write_checkpoint(directory, {"fit": state})
    write_history(directory, fit.history)
    _runs.write_json(directory / SUMMARY, fit.summary)


def _is_stored(directory: Path, state: dict[str, Any]) -> bool:
    if not (directory / FIT).exists():
        return False
    stored = _runs.read_checkpoint(directory).get("fit")
    if not isinstance(stored, dict) or stored.get("network") != state["network"]:
        return False
    return torch.equal(stored["vector"], state["vector"])


def read(directory: Path) -> dict[str, Any]:
    """Read a run directory: what `Fit` takes, by name; no code is run.

    Raises
    ------
    RunDirectoryError
        If the directory is missing, damaged, foreign or holds a pickle with code.
    """
    description = read_description(directory)
    state = _runs.read_checkpoint(directory)
    if not (directory / DATA).exists():
        raise RunDirectoryError(f"{directory}: expected {DATA} with the rows, found none")
    arrays = _files.read_arrays(directory / DATA)
    summary = _runs.read_summary(directory)
    try:
        data = _dataset(description, arrays)
        network = _network(state["fit"], data.sizes)
        found = {
            "network": network,
            "data": data,
            "scaling": Scaling.from_record(description["scaling"], data.sizes),
            "settings": FitSettings(**description["settings"]),
        }
    except KanpdeError as error:
        raise RunDirectoryError(f"{directory}: the run directory is damaged: {error}") from None
    except (*_files.DAMAGE, MemoryError, RecursionError) as error:
        raise RunDirectoryError(
            f"{directory}: the run directory is damaged ({type(error).__name__}: {error})"
        ) from None
    history = _files.read_history(directory / HISTORY)
    return {**found, "status": Status(summary["status"]), "summary": summary, "history": history}


def _dataset(description: dict[str, Any], arrays: dict[str, Any]) -> Dataset:
    inputs, outputs = (tuple(map(str, description[k])) for k in ("inputs", "outputs"))
    classes = tuple(description["classes"])
    if description["task"] not in TASKS:
        raise RunDirectoryError(f"task: expected one of {', '.join(TASKS)}, got something else")
    parts = []
    for which in ("train", "test"):
        x, y = (arrays[f"{name}_{which}"] for name in ("x", "y"))
        width = () if classes else (len(outputs),)
        if x.shape[1:] != (len(inputs),) or y.shape != (len(x), *width):
            raise RunDirectoryError(f"{DATA}: rows that do not fit the names of the columns")
        parts.append(Part(np.asarray(x, dtype=np.float64), y))
    notes = [str(n) for n in description["notes"]]
    train, test = parts
    return Dataset(description["task"], train, test, inputs, outputs, classes, notes)


def _network(stored: dict[str, Any], sizes: tuple[int, int]) -> Network:
    vector = stored["vector"]
    network = network_from_record(stored["network"]).to(dtype=vector.dtype)
    if (network.n_in, network.n_out) != sizes or vector.shape != (network.count,):
        raise RunDirectoryError(f"checkpoint: expected a network of {sizes} with its coefficients")
    network.set(vector)
    return network
