"""Trials and term sets as plain data, and back: no code is run, no text is evaluated."""

from __future__ import annotations

from typing import Any

import torch
from sympy import Symbol

from kanpde._jets import JetSpace
from kanpde._lazy import LazyTrial
from kanpde._slabs import Carry, Slabs, SlabTrial
from kanpde._terms import Functional, JetInput, TermSet
from kanpde._trial import Constants, Frame, Trial
from kanpde.errors import RunDirectoryError
from kanpde.nets import network_data, network_from_data
from kanpde.pde import Program, lower, raise_program


def frame_data(frame: Frame) -> dict[str, Any]:
    """Describe a frame, its ansatz as lowered programs."""
    return {
        "lower": list(frame.lower),
        "upper": list(frame.upper),
        "periodic": list(frame.periodic),
        "g": lower(list(frame.g), frame.coordinates, where="ansatz").to_data(),
        "d": lower(list(frame.d), frame.coordinates, where="ansatz").to_data(),
        "scales": list(frame.scales),
    }


def frame_from_data(data: dict[str, Any], coordinates: tuple[Symbol, ...]) -> Frame:
    """Inverse of `frame_data`.

    Raises
    ------
    RunDirectoryError
        If the parts do not fit together.
    """
    d, m = len(coordinates), len(data["scales"])
    sizes = [len(data[k]) for k in ("lower", "upper")] + [
        len(data[k][part]) for k in ("g", "d") for part in ("inputs", "outputs")
    ]
    if sizes != [d, d, d, m, d, m] or any(not 0 <= int(k) < d for k in data["periodic"]):
        raise RunDirectoryError(
            f"frame: expected bounds and ansatz of {d} coordinates and {m} unknowns, got others"
        )
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
    """Network and coefficients of a trial (of every slab), for the checkpoint."""
    if isinstance(trial, Slabs):
        return {
            "network": {"kind": "slabs", "edges": list(trial.edges), "axis": trial.axis},
            "vector": trial.get().cpu(),
            "slabs": [_slab_state(part) for part in trial.parts],
        }
    state = {"network": network_data(trial.network), "vector": trial.get().cpu()}
    if isinstance(trial, LazyTrial):
        state |= {"origin": trial.origin.cpu(), "gain": trial.gain}
    return state


def _slab_state(trial: Trial) -> dict[str, Any]:
    orders = list(trial.carry.orders) if isinstance(trial, SlabTrial) else None
    return {**trial_state(trial), "frame": frame_data(trial.frame), "orders": orders}


def _slabs_from_state(
    state: dict[str, Any], frame: Frame, constants: Constants, dtype: torch.dtype
) -> Trial:
    edges = [float(t) for t in state["network"]["edges"]]
    axis = int(state["network"]["axis"])
    if len(edges) != len(state["slabs"]) + 1 or not 0 <= axis < len(frame.coordinates):
        raise RunDirectoryError("checkpoint: expected an edge more than slabs, got others")
    trials: list[Trial] = []
    for k, part in enumerate(state["slabs"]):
        own = frame_from_data(part["frame"], frame.coordinates)
        trial = trial_from_state(part, own, constants, dtype)
        if k:
            orders = tuple(int(n) for n in part["orders"])
            carry = Carry(trials[-1], axis, edges[k], orders)
            vector = trial.get()
            trial = SlabTrial(own, trial.network, carry)
            trial.set(vector)
        trials.append(trial)
    return Slabs(trials, edges, axis)


def as_stored(trial: Trial) -> Trial:
    """Return the trial with its ansatz as a run directory keeps it, to the last bit.

    Constants such as pi become floating point numbers in `problem.json`, which moves values
    by a unit of round-off; what is solved and what is loaded later are to be the same.
    """
    if isinstance(trial, Slabs):
        return _slabs_from_state(trial_state(trial), trial.frame, trial.constants, trial.dtype)
    if type(trial) not in {Trial, LazyTrial} or trial.frozen_trial:
        return trial
    frame = frame_from_data(frame_data(trial.frame), trial.frame.coordinates)
    result = Trial(
        frame,
        trial.network,
        constants=trial.constants,
        start=[0.0] * len(trial.constants.names),
        derivatives="autograd" if trial.autograd else "jets",
    )
    result.set(trial.get())
    if isinstance(trial, LazyTrial):
        return LazyTrial(result, gain=trial.gain, origin=trial.origin)
    return result


def trial_from_state(
    state: dict[str, Any], frame: Frame, constants: Constants, dtype: torch.dtype
) -> Trial:
    """Build the trial that `trial_state` described, on the CPU."""
    if state["network"].get("kind") == "slabs":
        return _slabs_from_state(state, frame, constants, dtype)
    vector = state["vector"]
    if not isinstance(vector, torch.Tensor) or vector.dim() != 1:
        raise RunDirectoryError("checkpoint: expected a vector of coefficients, got something else")
    if max(int(n) for n in state["network"]["width"][1:]) > len(vector):
        raise RunDirectoryError(
            f"checkpoint: expected layers that {len(vector)} coefficients fill, got wider ones"
        )
    network = network_from_data(state["network"]).to(dtype=dtype)
    trial = Trial(frame, network, constants=constants, start=[0.0] * len(constants.names))
    if vector.shape != (trial.count,):
        raise RunDirectoryError(
            f"checkpoint: expected {trial.count} coefficients, got {len(vector)}"
        )
    trial.set(vector.to(dtype))
    if "origin" in state:
        return _lazy_from_state(state, trial)
    return trial


def _lazy_from_state(state: dict[str, Any], trial: Trial) -> LazyTrial:
    origin, gain = state["origin"], float(state["gain"])
    if not isinstance(origin, torch.Tensor) or origin.shape != (trial.network.count,):
        raise RunDirectoryError(
            f"checkpoint: expected {trial.network.count} coefficients to start from, got others"
        )
    return LazyTrial(trial, gain=gain, origin=origin.to(trial.dtype))


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
    """Describe a jet space by lists."""
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
    """Describe a term set without its condition: names, jets, program, integrals."""
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


def terms_from_data(data: dict[str, Any], sizes: tuple[int, int, int]) -> TermSet:
    """Inverse of `terms_data`; `sizes` count coordinates, unknowns and unknown constants.

    Raises
    ------
    RunDirectoryError
        If a program and what feeds it do not fit together.
    """
    d, _, constants = sizes
    functionals = tuple(_functional(f, sizes) for f in data["functionals"])
    space = space_from_data(data["space"])
    jets = _jets(data["jets"], space, sizes)
    program = Program.from_data(data["program"])
    names = tuple(str(n) for n in data["names"])
    inputs = d + len(jets) + constants + len(functionals)
    if (len(program.inputs), len(program.outputs)) != (inputs, len(names)):
        raise RunDirectoryError(
            f"terms: expected a program of {inputs} inputs for {', '.join(names)}, got "
            f"{len(program.inputs)} inputs and {len(program.outputs)} outputs"
        )
    return TermSet(
        names=names,
        where=str(data["where"]),
        space=space,
        jets=jets,
        program=program,
        functionals=functionals,
    )


def _functional(data: dict[str, Any], sizes: tuple[int, int, int]) -> Functional:
    space = space_from_data(data["space"])
    jets = _jets(data["jets"], space, sizes)
    program = Program.from_data(data["program"])
    limits = tuple((float(a), float(b)) for a, b in data["limits"])
    inputs = sizes[0] + len(jets) + sizes[2]
    if len(limits) != sizes[0] or len(program.inputs) != inputs or len(program.outputs) != 1:
        raise RunDirectoryError("terms: an integral's limits or program do not fit")
    return Functional(space, jets, program, limits)


def _jets(
    data: list[list[int]], space: JetSpace, sizes: tuple[int, int, int]
) -> tuple[JetInput, ...]:
    jets = tuple(JetInput(int(k), int(c)) for k, c in data)
    fit = all(0 <= j.unknown < sizes[1] and 0 <= j.component < space.size for j in jets)
    if space.dimension != sizes[0] or not fit:
        raise RunDirectoryError("terms: jets of unknowns or coordinates that are not there")
    return jets
