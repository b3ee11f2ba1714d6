"""A read-out as plain JSON data, and back; no text is ever evaluated."""

from __future__ import annotations

from typing import Any

import torch

from kanpde.errors import KanpdeError, RunDirectoryError
from kanpde.nets import KAN, network_from_record, network_record
from kanpde.pde import Program, lower, raise_program, tree_expression, tree_record
from kanpde.residual import ProblemView
from kanpde.solution.closed_form._readout import Readout
from kanpde.solution.closed_form._verify import Verdict, exact_numbers


def readout_record(readout: Readout, view: ProblemView) -> dict[str, Any]:
    """Describe a read-out: formulas as text and as programs, the check, the networks."""
    verdict = readout.verdict
    return {
        "kanpde": "formula",
        "formulas": {name: str(f) for name, f in readout.formulas.items()},
        "trees": {name: tree_record(f) for name, f in readout.formulas.items()},
        "programs": {
            name: lower([f], view.coordinates, where=name).to_record()
            for name, f in readout.formulas.items()
        },
        "exact": readout.exact,
        "proven": {} if verdict is None else verdict.proven,
        "residuals": {} if verdict is None else verdict.residuals,
        "measured": [] if verdict is None else list(verdict.measured),
        "difference": readout.difference,
        "networks": {
            name: {"network": network_record(net), "coefficients": net.get().tolist()}
            for name, net in readout.networks.items()
        },
        "notes": readout.notes,
        "seconds": readout.seconds,
    }


def readout_from_record(data: Any, view: ProblemView) -> Readout:
    """Inverse of `readout_record`; numbers of the formulas are recognised again.

    Raises
    ------
    RunDirectoryError
        If the data are damaged or foreign.
    """
    try:
        if data["kanpde"] != "formula":
            raise ValueError("a foreign file")
        known = {str(u.func.__name__): u for u in view.unknowns}
        if not set(data["programs"]) <= set(data["networks"]) <= set(known):
            raise ValueError(f"formulas and networks of other unknowns than {', '.join(known)}")
        formulas = {}
        for name, program in data["programs"].items():
            tree = data["trees"][name]
            if tree is not None:
                formulas[str(name)] = tree_expression(tree, {x.name: x for x in view.coordinates})
                continue
            (raised,) = raise_program(Program.from_record(program), view.coordinates)
            formulas[str(name)] = exact_numbers(raised)
        verdict = Verdict(
            bool(data["exact"]),
            dict(data["proven"]),
            dict(data["residuals"]),
            tuple(map(str, data["measured"])),
        )
        return Readout(
            formulas=formulas,
            verdict=verdict if formulas else None,
            difference=dict(data["difference"]),
            networks={str(k): _network(v) for k, v in data["networks"].items()},
            notes=[str(n) for n in data["notes"]],
            seconds=float(data["seconds"]),
        )
    except KanpdeError as error:
        raise RunDirectoryError(f"formula: the file is damaged: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunDirectoryError(
            f"formula: expected a stored formula, got damaged data ({error})"
        ) from None


def _network(data: Any) -> KAN:
    network = network_from_record(data["network"]).double()
    if not isinstance(network, KAN):
        raise ValueError("a KAN")
    network.set(torch.tensor(data["coefficients"], dtype=torch.float64))
    return network
