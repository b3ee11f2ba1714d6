"""Term sets as plain data, and back: no code is run, no text is evaluated."""

from __future__ import annotations

from typing import Any

from kanpde.calculus import JetSpace
from kanpde.errors import RunDirectoryError
from kanpde.pde import Program
from kanpde.problem import Functional, JetInput, Region
from kanpde.residual._terms import TermSet


def space_record(space: JetSpace) -> dict[str, Any]:
    """Describe a jet space by lists."""
    return {
        "dimension": space.dimension,
        "indices": [list(a) for a in space.indices],
        "collapsed": None if space.collapsed is None else list(space.collapsed),
    }


def space_from_record(data: dict[str, Any]) -> JetSpace:
    """Inverse of `space_record`."""
    collapsed = data["collapsed"]
    return JetSpace(
        int(data["dimension"]),
        tuple(tuple(int(k) for k in a) for a in data["indices"]),
        None if collapsed is None else tuple(float(v) for v in collapsed),
    )


def terms_record(terms: TermSet) -> dict[str, Any]:
    """Describe a term set without its condition: names, jets, program, integrals."""
    return {
        "names": list(terms.names),
        "where": terms.where,
        "space": space_record(terms.space),
        "jets": [[j.unknown, j.component] for j in terms.jets],
        "program": terms.program.to_record(),
        "functionals": [
            {
                "space": space_record(f.space),
                "jets": [[j.unknown, j.component] for j in f.jets],
                "program": f.program.to_record(),
                "axes": list(f.region.axes),
                "bounds": f.region.bounds.to_record(),
                "outer": list(f.region.outer),
                "shared": f.region.shared,
            }
            for f in terms.functionals
        ],
    }


def terms_from_record(
    data: dict[str, Any], sizes: tuple[int, int, int], *, extras: int = 0
) -> TermSet:
    """Inverse of `terms_record`; `sizes` count coordinates, unknowns and unknown constants.

    `extras` counts what its program takes besides: normals or measured values.

    Raises
    ------
    RunDirectoryError
        If a program and what feeds it do not fit together.
    """
    d, _, constants = sizes
    functionals = tuple(_functional(f, sizes) for f in data["functionals"])
    space = space_from_record(data["space"])
    jets = _jets(data["jets"], space, sizes)
    program = Program.from_record(data["program"])
    names = tuple(str(n) for n in data["names"])
    inputs = d + extras + len(jets) + constants + len(functionals)
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
    d = sizes[0]
    space = space_from_record(data["space"])
    jets = _jets(data["jets"], space, sizes)
    program, bounds = (Program.from_record(data[k]) for k in ("program", "bounds"))
    axes, outer = (tuple(int(k) for k in data[name]) for name in ("axes", "outer"))
    expected = [d + len(outer) + len(jets) + sizes[2], 1, d + len(outer), 2 * len(axes)]
    found = [len(part) for p in (program, bounds) for part in (p.inputs, p.outputs)]
    shared = bool(data["shared"])
    inside = all(0 <= k < d for k in (*axes, *outer)) and len(set(axes)) == len(axes) > 0
    if found != expected or not inside or (shared and len(axes) < d):
        raise RunDirectoryError("terms: an integral's limits or program do not fit")
    return Functional(space, jets, program, Region(axes, bounds, outer, shared))


def _jets(
    data: list[list[int]], space: JetSpace, sizes: tuple[int, int, int]
) -> tuple[JetInput, ...]:
    jets = tuple(JetInput(int(k), int(c)) for k, c in data)
    fit = all(0 <= j.unknown < sizes[1] and 0 <= j.component < space.size for j in jets)
    if space.dimension != sizes[0] or not fit:
        raise RunDirectoryError("terms: jets of unknowns or coordinates that are not there")
    return jets
