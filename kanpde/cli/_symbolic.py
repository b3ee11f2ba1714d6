"""The closed form of a solution: read out, stored in the run directory, told."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from kanpde.cli._output import duration, number, pairs, table, warning_line
from kanpde.errors import KanpdeError, RunDirectoryError

if TYPE_CHECKING:
    from kanpde import Solution
    from kanpde.solution import Readout

FORMULA = "formula.json"


def read_formula(solution: Solution, directory: Path, *, quiet: bool) -> Readout | None:
    """Read the closed form out and store it; ``None`` if that was interrupted."""
    from kanpde.ground import _runs
    from kanpde.solution import readout_record

    waiting: Any = nullcontext()
    if not quiet:
        waiting = Console(stderr=True).status("reading a closed form out of the solution")
    try:
        with waiting:
            readout = solution.symbolic()
    except KeyboardInterrupt:
        warning_line(f"no formula: interrupted; `kanpde plot {directory} --formula` tries again")
        return None
    _runs.write_json(directory / FORMULA, readout_record(readout, solution.problem))
    return readout


def stored_formula(solution: Solution, directory: Path) -> Readout | None:
    """Give the closed form that was stored in a run directory, if there is one.

    Raises
    ------
    RunDirectoryError
        If the file is damaged.
    """
    from kanpde.solution import readout_from_record

    path = directory / FORMULA
    if not path.exists():
        return None
    try:
        return readout_from_record(json.loads(path.read_text(encoding="utf-8")), solution.problem)
    except (OSError, ValueError, RecursionError, KanpdeError) as error:
        raise RunDirectoryError(
            f"{path}: expected a stored formula, got a damaged file ({error}); remove it"
        ) from None


def summarised(readout: Readout) -> dict[str, Any]:
    """Give what ``summary.json`` holds of a read-out."""
    return {
        "found": readout.found,
        "exact": readout.exact,
        "formulas": {name: str(f) for name, f in readout.formulas.items()},
        "residuals": {} if readout.verdict is None else dict(readout.verdict.residuals),
        "difference": dict(readout.difference),
        "notes": list(readout.notes),
        "seconds": readout.seconds,
    }


def print_formula(out: Console, readout: Readout) -> None:
    """Print the formula and how it meets equations and conditions, or why there is none."""
    if not readout.found:
        out.print(pairs([("closed form", Text("none found", style="yellow"))]))
        for note in readout.notes:
            out.print(f"  {note}")
        return
    for name, formula in readout.formulas.items():
        out.print(Text(f"{name} = {formula}", style="bold"))
    verdict = readout.verdict
    assert verdict is not None
    told = readout.proof
    if not readout.exact:
        told = f"not proven; largest residual on fresh points {number(verdict.worst)}"
    rows: list[tuple[str, str | Text]] = [
        ("check", Text(told, style="green" if readout.exact else "yellow")),
        (
            "from solution",
            ", ".join(f"{name} {number(off)}" for name, off in readout.difference.items()),
        ),
        ("time", duration(readout.seconds)),
    ]
    out.print(pairs(rows))
    out.print()
    made = table(
        "equation or condition", "in sympy", "largest residual", right=("largest residual",)
    )
    words = {True: "zero", False: "not zero", None: "points only"}
    for name, residual in verdict.residuals.items():
        made.add_row(Text(name), words[verdict.proven.get(name)], number(residual))
    out.print(made)
