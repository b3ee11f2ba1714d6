"""Trials as plain data, and back: no code is run, no text is evaluated."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any

import torch
from sympy import Symbol

from kanpde.errors import RunDirectoryError
from kanpde.ground._names import stored_identifiers
from kanpde.nets import ProductKAN, network_from_record, network_record
from kanpde.pde import Program, lower, raise_program
from kanpde.trial._lazy import LazyTrial
from kanpde.trial._piecewise import Slabs, SlabStart, SlabTrial
from kanpde.trial._trial import Constants, Frame, Programs, Reflection, Trial


def frame_record(frame: Frame) -> dict[str, Any]:
    """Describe a frame, its ansatz as lowered programs."""
    return dict(_frame_record(frame))


@lru_cache(maxsize=16)  # a checkpoint is taken after every step
def _frame_record(frame: Frame) -> dict[str, Any]:
    return {
        "lower": list(frame.lower),
        "upper": list(frame.upper),
        "periodic": list(frame.periodic),
        "g": lower(list(frame.g), frame.coordinates, where="ansatz").to_record(),
        "d": lower(list(frame.d), frame.coordinates, where="ansatz").to_record(),
        "scales": list(frame.scales),
        "folds": [[f.axis, f.center, list(f.parities)] for f in frame.reflections],
        "even": list(frame.even),
        "breaks": [list(cuts) for cuts in frame.breaks],
    }


def frame_from_record(data: dict[str, Any], coordinates: tuple[Symbol, ...]) -> Frame:
    """Inverse of `frame_record`.

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
    reflections = tuple(
        Reflection(int(axis), float(center), tuple(int(p) for p in parities))
        for axis, center, parities in data.get("folds", [])
    )
    even = tuple(int(k) for k in data.get("even", []))
    fits = all(len(f.parities) == m and set(f.parities) <= {1, -1} for f in reflections)
    if not fits or any(not 0 <= k < d for k in (*even, *(f.axis for f in reflections))):
        raise RunDirectoryError(f"frame: expected mirrors of {m} unknowns, got others")
    breaks = tuple(tuple(map(float, cuts)) for cuts in data.get("breaks", []))
    if breaks and len(breaks) != d:
        raise RunDirectoryError(f"frame: expected breaks of {d} coordinates, got others")
    return Frame(
        breaks=breaks,
        reflections=reflections,
        even=even,
        coordinates=coordinates,
        lower=tuple(float(v) for v in data["lower"]),
        upper=tuple(float(v) for v in data["upper"]),
        periodic=tuple(int(k) for k in data["periodic"]),
        g=raise_program(Program.from_record(data["g"]), coordinates),
        d=raise_program(Program.from_record(data["d"]), coordinates),
        scales=tuple(float(v) for v in data["scales"]),
    )


def trial_state(trial: Trial) -> dict[str, Any]:
    """Network and coefficients of a trial (of every slab), for the checkpoint."""
    if isinstance(trial, Slabs):
        parts = [part for part in trial.parts if isinstance(part, SlabTrial)]
        frames = list(dict.fromkeys(_over_all_time(part) for part in parts))
        beside = {"constants": list(trial.constant_values().values())}
        return {
            "network": {"kind": "slabs", "edges": list(trial.edges), "axis": trial.axis} | beside,
            "vector": trial.get().cpu(),
            "frames": [frame_record(frame) for frame in frames],
            "slabs": [
                {
                    **trial_state(part),
                    "frame": frames.index(_over_all_time(part)),
                    "seam": slab_start_state(part.slab_start),
                }
                for part in parts
            ],
        }
    state = {"network": network_record(trial.network), "vector": trial.get().cpu()}
    if trial.frozen_trial:
        frozen = trial_state(trial.frozen_trial[0])
        state["stage"] = {"scales": list(trial.frame.scales), "frozen": frozen}
    if isinstance(trial, LazyTrial):
        state |= {"origin": trial.origin.cpu(), "gain": trial.gain}
    return state


def first_stage(trial: Trial) -> Trial:
    """Give the innermost of the trials that correct one another."""
    return first_stage(trial.frozen_trial[0]) if trial.frozen_trial else trial


def _over_all_time(part: SlabTrial) -> Frame:
    """Frame of a slab, with the bounds of the whole time interval."""
    lower, upper = list(part.frame.lower), list(part.frame.upper)
    lower[part.axis], upper[part.axis] = part.whole
    return dataclasses.replace(part.frame, lower=tuple(lower), upper=tuple(upper))


def slab_start_state(slab_start: SlabStart | None) -> list[dict[str, Any]] | None:
    """Networks and coefficients of the state that a slab starts from."""
    if slab_start is None:
        return None
    return [{"network": network_record(n), "vector": n.get().cpu()} for n in slab_start.networks]


def _slabs_from_state(
    state: dict[str, Any], frame: Frame, constants: Constants, dtype: torch.dtype
) -> Trial:
    edges = [float(t) for t in state["network"]["edges"]]
    axis = int(state["network"]["axis"])
    if len(edges) != len(state["slabs"]) + 1 or not 0 <= axis < len(frame.coordinates):
        raise RunDirectoryError("checkpoint: expected an edge more than slabs, got others")
    frames = [frame_from_record(data, frame.coordinates) for data in state["frames"]]
    programs: list[Programs] = [{} for _ in frames]
    trials: list[Trial] = []
    for k, part in enumerate(state["slabs"]):
        which = int(part["frame"])
        own = frames[which]
        plain = trial_from_state(part, own, Constants((), *(torch.zeros(0),) * 3), dtype)
        low, high = list(own.lower), list(own.upper)
        whole = (low[axis], high[axis])
        low[axis], high[axis] = edges[k], edges[k + 1]
        trial = SlabTrial(
            dataclasses.replace(own, lower=tuple(low), upper=tuple(high)),
            plain.network,
            axis=axis,
            whole=whole,
            slab_start=slab_start_from_state(part["seam"], own, axis, edges[k], dtype),
            programs=programs[which],
        )
        trials.append(trial)
    values = [float(v) for v in state["network"].get("constants", [])]
    if len(values) != len(constants.names):
        raise RunDirectoryError(
            f"checkpoint: expected values of {len(constants.names)} constants, got {len(values)}"
        )
    return Slabs(trials, edges, axis, constants=constants, values=values)


def slab_start_from_state(
    state: Any, frame: Frame, axis: int, time: float, dtype: torch.dtype
) -> SlabStart | None:
    """Inverse of `slab_start_state`.

    Raises
    ------
    RunDirectoryError
        If the networks do not fit the frame or their coefficients.
    """
    if state is None:
        return None
    networks = []
    for part in state:
        network = network_from_record(part["network"]).to(dtype=dtype)
        sizes = [network.n_in, network.n_out, len(part["vector"])]
        inputs = dataclasses.replace(frame, even=()).inputs
        expected = [inputs, len(frame.g), network.count]
        if not isinstance(network, ProductKAN) or sizes != expected:
            raise RunDirectoryError(
                f"checkpoint: expected a slab start of inputs, outputs, coefficients "
                f"{expected}, got {sizes}"
            )
        network.set(part["vector"].to(dtype))
        networks.append(network)
    return SlabStart(networks, axis, time)


def as_stored(trial: Trial) -> Trial:
    """Return the trial with its ansatz as a run directory keeps it, to the last bit.

    Constants such as pi become floating point numbers in `problem.json`, which moves values
    by a unit of round-off; what is solved and what is loaded later are to be the same.
    """
    if isinstance(trial, Slabs):
        return _slabs_from_state(trial_state(trial), trial.frame, trial.constants, trial.dtype)
    if type(trial) not in {Trial, LazyTrial}:
        return trial
    frame = frame_from_record(frame_record(trial.frame), trial.frame.coordinates)
    frozen = [as_stored(stage) for stage in trial.frozen_trial]
    result = Trial(
        frame,
        trial.network,
        constants=trial.constants,
        start=[0.0] * len(trial.constants.names),
        derivatives="autograd" if trial.autograd else "jets",
        frozen=frozen[0] if frozen else None,
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
    network = network_from_record(state["network"]).to(dtype=dtype)
    frozen = None
    if "stage" in state:
        frozen = trial_from_state(state["stage"]["frozen"], frame, constants, dtype)
        scales = tuple(float(s) for s in state["stage"]["scales"])
        if len(scales) != len(frame.scales):
            raise RunDirectoryError(
                f"checkpoint: expected {len(frame.scales)} output scales, got {len(scales)}"
            )
        frame = dataclasses.replace(frame, scales=scales)
    start = [0.0] * len(constants.names)
    trial = Trial(frame, network, constants=constants, start=start, frozen=frozen)
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


def constants_record(constants: Constants) -> dict[str, Any]:
    """Names, scales and bounds of unknown constants (infinite bounds as ``None``)."""

    def bounded(values: torch.Tensor) -> list[float | None]:
        return [v if abs(v) != float("inf") else None for v in values.tolist()]

    return {
        "names": list(constants.names),
        "scales": constants.scales.tolist(),
        "low": bounded(constants.low),
        "high": bounded(constants.high),
    }


def constants_from_record(data: dict[str, Any]) -> Constants:
    """Inverse of `constants_record`."""

    def tensor(values: list[float | None], missing: float) -> torch.Tensor:
        return torch.tensor([missing if v is None else v for v in values], dtype=torch.float64)

    return Constants(
        stored_identifiers("constants", data["names"]),
        tensor(data["scales"], 1.0),
        tensor(data["low"], -float("inf")),
        tensor(data["high"], float("inf")),
    )
