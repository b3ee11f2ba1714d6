"""The run directory of a solution: its problem, trial, equations and truths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from sympy import Symbol

from kanpde.errors import KanpdeError, RunDirectoryError
from kanpde.geometry import domain_from_record
from kanpde.ground._files import DAMAGE, read_arrays, read_history, write_arrays
from kanpde.ground._names import stored_identifier, stored_identifiers
from kanpde.ground._runs import (
    FORMAT,
    HISTORY,
    PROBLEM,
    TRUTH,
    holds_run,
    read_checkpoint,
    read_name,
    read_problem,
    read_summary,
    write_checkpoint,
    write_json,
)
from kanpde.pde import Program, unknown
from kanpde.residual import (
    ProblemView,
    TermSet,
    claims_from_record,
    claims_record,
    terms_from_record,
    terms_record,
)
from kanpde.trial import (
    Trial,
    constants_from_record,
    constants_record,
    first_stage,
    frame_from_record,
    frame_record,
    trial_from_state,
    trial_state,
)


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
        "domain": problem.domain.to_record(),
        "equations": problem.equations,
        "conditions": problem.conditions,
        "vectors": {k: [str(u.func.__name__) for u in v] for k, v in problem.vectors.items()},
        "complex": {k: list(pair) for k, pair in problem.complex.items()},
        "parameters": problem.parameters,
        "exact": None if problem.exact is None else problem.exact.to_record(),
        "frame": frame_record(first_stage(trial).frame),
        "constants": constants_record(trial.constants),
        "terms": [terms_record(t) for t in terms],
        "claims": claims_record(problem.claims),
    }
    write_json(directory / PROBLEM, data)


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
    constants = constants_from_record(data["constants"])
    domain = domain_from_record(data["domain"])
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
        exact=None if data["exact"] is None else Program.from_record(data["exact"]),
        complex=_complex(data.get("complex", {}), len(unknowns)),
        stored_claims=claims_from_record(data.get("claims", []), sizes),
    )
    stored = state["trial"]
    dtype = stored["vector"].dtype
    trial = trial_from_state(stored, frame_from_record(data["frame"], symbols), constants, dtype)
    if trial.outputs != len(unknowns) or (view.exact and len(view.exact.outputs) != len(unknowns)):
        raise RunDirectoryError(f"frame: expected {len(unknowns)} unknowns, got other ones")
    return view, trial, [terms_from_record(t, sizes) for t in data["terms"]]


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
    data, state = read_problem(directory), read_checkpoint(directory)
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
