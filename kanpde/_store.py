"""Trials and term sets as plain data, and back: no code is run, no text is evaluated."""

from __future__ import annotations

from typing import Any

import torch
from sympy import Symbol

from kanpde._jets import JetSpace
from kanpde._terms import Functional, JetInput, TermSet
from kanpde._trial import Constants, Frame, Trial
from kanpde.errors import RunDirectoryError
from kanpde.nets import network_data, network_from_data
from kanpde.pde import Program, lower, raise_program


def frame_data(frame: Frame) -> dict[str, Any]:
    """A frame with its ansatz as lowered programs."""
    return {
        "lower": list(frame.lower),
        "upper": list(frame.upper),
        "periodic": list(frame.periodic),
        "g": lower(list(frame.g), frame.coordinates, where="ansatz").to_data(),
        "d": lower(list(frame.d), frame.coordinates, where="ansatz").to_data(),
        "scales": list(frame.scales),
    }


def frame_from_data(data: dict[str, Any], coordinates: tuple[Symbol, ...]) -> Frame:
    """Inverse of `frame_data`."""
    return Frame(
        coordinates=coordinates,
        lower=tuple(float(v) for v in data["lower"]),
        upper=tuple(float(v) for v in data["upper"]),
        periodic=tuple(int(k) for k in data["periodic"]),
        g=raise_program(Program.from_data(data["g"]), coordinates),
        d=raise_program(Program.from_data(data["d"]), coordinates),
        scales=tuple(float(v) for v in data["scales"]),
    )


def trial_state(trial: Trial) -> dict[str, Any]:
    """Network and coefficients of a trial, for the checkpoint."""
    return {"network": network_data(trial.network), "vector": trial.get().cpu()}


def trial_from_state(
    state: dict[str, Any], frame: Frame, constants: Constants, dtype: torch.dtype
) -> Trial:
    """Build the trial that `trial_state` described, on the CPU."""
    network = network_from_data(state["network"]).to(dtype=dtype)
    trial = Trial(frame, network, constants=constants, start=[0.0] * len(constants.names))
    vector = state["vector"]
    if not isinstance(vector, torch.Tensor) or vector.shape != (trial.count,):
        raise RunDirectoryError(
            f"checkpoint: expected {trial.count} coefficients, got "
            f"{tuple(getattr(vector, 'shape', ()))}; the run directory is damaged"
        )
    trial.set(vector.to(dtype))
    return trial


def constants_data(constants: Constants) -> dict[str, Any]:
    """Names, scales and bounds of unknown constants (infinite bounds as ``None``)."""

    def bounded(values: torch.Tensor) -> list[float | None]:
        return [v if abs(v) != float("inf") else None for v in values.tolist()]

    return {
        "names": list(constants.names),
        "scales": constants.scales.tolist(),
        "low": bounded(constants.low),
        "high": bounded(constants.high),
    }


def constants_from_data(data: dict[str, Any]) -> Constants:
    """Inverse of `constants_data`."""

    def tensor(values: list[float | None], missing: float) -> torch.Tensor:
        return torch.tensor([missing if v is None else v for v in values], dtype=torch.float64)

    return Constants(
        tuple(str(n) for n in data["names"]),
        tensor(data["scales"], 1.0),
        tensor(data["low"], -float("inf")),
        tensor(data["high"], float("inf")),
    )


def space_data(space: JetSpace) -> dict[str, Any]:
    """A jet space as lists."""
    return {
        "dimension": space.dimension,
        "indices": [list(a) for a in space.indices],
        "collapsed": None if space.collapsed is None else list(space.collapsed),
    }


def space_from_data(data: dict[str, Any]) -> JetSpace:
    """Inverse of `space_data`."""
    collapsed = data["collapsed"]
    return JetSpace(
        int(data["dimension"]),
        tuple(tuple(int(k) for k in a) for a in data["indices"]),
        None if collapsed is None else tuple(float(v) for v in collapsed),
    )


def terms_data(terms: TermSet) -> dict[str, Any]:
    """A term set without its condition: names, jets, program, integrals."""
    return {
        "names": list(terms.names),
        "where": terms.where,
        "space": space_data(terms.space),
        "jets": [[j.unknown, j.component] for j in terms.jets],
        "program": terms.program.to_data(),
        "functionals": [
            {
                "space": space_data(f.space),
                "jets": [[j.unknown, j.component] for j in f.jets],
                "program": f.program.to_data(),
                "limits": [list(pair) for pair in f.limits],
            }
            for f in terms.functionals
        ],
    }


def terms_from_data(data: dict[str, Any]) -> TermSet:
    """Inverse of `terms_data`."""
    return TermSet(
        names=tuple(str(n) for n in data["names"]),
        where=str(data["where"]),
        space=space_from_data(data["space"]),
        jets=_jets(data["jets"]),
        program=Program.from_data(data["program"]),
        functionals=tuple(
            Functional(
                space_from_data(f["space"]),
                _jets(f["jets"]),
                Program.from_data(f["program"]),
                tuple((float(a), float(b)) for a, b in f["limits"]),
            )
            for f in data["functionals"]
        ),
    )


def _jets(data: list[list[int]]) -> tuple[JetInput, ...]:
    return tuple(JetInput(int(k), int(c)) for k, c in data)
