"""A run's ``summary.json`` as tables; also what damaged ones are refused with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kanpde.cli._fit_summary import error_table, fit_rows, grid_table
from kanpde.cli._output import duration, number, pairs, plain, table
from kanpde.errors import RunDirectoryError

STATUS = {
    "converged": ("converged", "green"),
    "budget": ("finished: time limit or steps used up", "green"),
    "interrupted": ("interrupted: best state saved", "yellow"),
    "diverged": ("diverged: last good state saved", "red"),
    "nonfinite": ("non-finite values: last good state saved", "red"),
}


def read_summary(directory: Path) -> dict[str, Any]:
    """Read ``summary.json`` of a run directory without running any code.

    Parameters
    ----------
    directory
        The run directory.

    Returns
    -------
    dict[str, Any]
        The summary; it has at least ``problem`` and ``status``.

    Raises
    ------
    RunDirectoryError
        If the directory or the file is missing, damaged or of something else.
    """
    if not directory.is_dir():
        raise RunDirectoryError(
            f"{directory}: expected a run directory, got "
            f"{'a file' if directory.exists() else 'nothing there'}; `kanpde list` shows the runs"
        )
    path = directory / "summary.json"
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunDirectoryError(
            f"{directory}: expected a run directory with summary.json, got none in it; "
            f"an unfinished run goes on with `kanpde {_command(directory)} FILE --out DIR --resume`"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunDirectoryError(
            f"{path}: expected JSON, got a damaged file ({type(error).__name__}); "
            f"run `kanpde {_command(directory)}` again"
        ) from error
    if not isinstance(summary, dict) or not {"problem", "status"} <= summary.keys():
        raise RunDirectoryError(
            f"{path}: expected the summary of a kanpde run, got another JSON file; "
            f"name a directory that `kanpde {_command(directory)}` wrote"
        )
    return summary


def _command(directory: Path) -> str:
    return "fit" if (directory / "fit.json").exists() else "solve"


def print_summary(out: Console, summary: Mapping[str, Any]) -> None:
    """Print the tables of `summary`: the run, unknowns, constants, conditions; or of a fit."""
    out.print(pairs(_run_rows(summary), title=plain(summary.get("problem"))))
    if summary.get("kind") == "fit":
        tables = [error_table(summary), grid_table(summary)]
    else:
        tables = [made(summary) for made in (_unknowns, _identified, _noise, _conditions)]
    for made in tables:
        if made.row_count:
            out.print()
            out.print(made)


def predicted_errors(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Predicted relative error per unknown, from ``estimates``."""
    return _mapping(_mapping(summary.get("estimates")).get("predicted"))


def worst_error(summary: Mapping[str, Any]) -> float | None:
    """Find the largest relative L2 error of the unknowns, None if none is known."""
    errors = [
        entry["relative_l2"]
        for entry in _mapping(summary.get("errors")).values()
        if isinstance(entry, Mapping) and isinstance(entry.get("relative_l2"), int | float)
    ]
    return max(errors) if errors else None


def _status(summary: Mapping[str, Any]) -> Text:
    word = str(summary.get("status"))
    text, color = STATUS.get(word, (word, "yellow"))
    return Text(text, style=color)


def _run_rows(summary: Mapping[str, Any]) -> list[tuple[str, str | Text]]:
    rows: list[tuple[str, str | Text]] = [("status", _status(summary))]
    parameters = _mapping(summary.get("parameters"))
    if parameters:
        rows.append(("parameters", plain(parameters)))
    if summary.get("kind") == "fit":
        rows += fit_rows(summary)
    rows += [
        ("steps", plain(summary.get("steps", "-"))),
        ("time", duration(summary.get("seconds"))),
        ("path", " → ".join(plain(p) for p in summary.get("path") or ["-"])),
        ("network", _network(summary)),
        *_continued(summary),
        *_symmetry(summary),
        *_lifted(summary),
        ("loss", number(summary.get("loss"))),
        ("device", _device(summary)),
        *(("note", plain(note)) for note in summary.get("notes") or []),
    ]
    return rows


def _continued(summary: Mapping[str, Any]) -> list[tuple[str, str | Text]]:
    """Tell the stages of a continuation and their seconds."""
    told = _mapping(summary.get("continued"))
    stages = [_mapping(stage) for stage in told.get("stages") or []]
    parts = [f"{number(s.get('value'))} in {duration(s.get('seconds'))}" for s in stages]
    return [("continued", f"{plain(told.get('parameter'))} = {', '.join(parts)}")] if parts else []


def _symmetry(summary: Mapping[str, Any]) -> list[tuple[str, str | Text]]:
    entries = map(_mapping, _mapping(summary.get("symmetry")).values())
    lines = [plain(e["text"]) for e in entries if e.get("text")]
    return [("symmetry", "; ".join(lines))] if lines else []


def _lifted(summary: Mapping[str, Any]) -> list[tuple[str, str | Text]]:
    jumps = _mapping(summary.get("lifted"))
    told = ", ".join(f"{name} (jump {number(jump)})" for name, jump in jumps.items())
    return [("corners lifted", told)] if told else []


def _network(summary: Mapping[str, Any]) -> str:
    count = summary.get("coefficients")
    text = plain(summary.get("net", "-"))
    return text if count is None else f"{text}, {plain(count)} coefficients"


def _device(summary: Mapping[str, Any]) -> str:
    parts = [plain(summary[key]) for key in ("device", "dtype") if summary.get(key) is not None]
    for key in ("seed", "threads"):
        if summary.get(key) is not None:
            parts.append(f"{key} {plain(summary[key])}")
    return ", ".join(parts) or "-"


def _unknowns(summary: Mapping[str, Any]) -> Table:
    errors, predicted = _mapping(summary.get("errors")), predicted_errors(summary)
    made = table(
        "unknown", "relative L2 error", "max error", "against", "predicted error",
        right=("relative L2 error", "max error", "predicted error"),
    )  # fmt: skip
    for name in dict.fromkeys([*errors, *predicted]):
        entry = _mapping(errors.get(name))
        made.add_row(
            Text(name),
            Text(number(entry.get("relative_l2"))),
            Text(number(entry.get("max"))),
            Text(plain(entry["against"]) if entry.get("against") else "-"),
            Text(number(predicted.get(name))),
        )
    return made


def _identified(summary: Mapping[str, Any]) -> Table:
    entries = {k: _mapping(v) for k, v in _mapping(summary.get("identified")).items()}
    known = any(e.get("true") is not None for e in entries.values())
    estimated = any(e.get("error") is not None for e in entries.values())
    reach = "predicted error" if estimated else "95 % interval"
    columns = ["identified", "value", reach, *(["true"] if known else [])]
    made = table(*columns, right=("value", *(["true"] if known else [])))
    for name, found in entries.items():
        low, high, error = (found.get(k) for k in ("low", "high", "error"))
        interval = "-" if low is None else f"[{number(low, 5)}, {number(high, 5)}]"
        interval = interval if error is None else number(error)
        digits = 5 if error is None else 12
        row = [name, number(found.get("value"), digits), interval, number(found.get("true"), 12)]
        made.add_row(*(Text(cell) for cell, _ in zip(row, columns, strict=False)))
    return made


def _noise(summary: Mapping[str, Any]) -> Table:
    made = table("data", "estimated noise", "values", right=("estimated noise", "values"))
    for name, entry in _mapping(summary.get("noise")).items():
        found = _mapping(entry)
        row = [name, number(found.get("sd")), plain(str(found.get("values", "-")))]
        made.add_row(*(Text(cell) for cell in row))
    return made


def _conditions(summary: Mapping[str, Any]) -> Table:
    imposed, terms = _mapping(summary.get("imposed")), _mapping(summary.get("terms"))
    reasons = _mapping(summary.get("reasons"))
    columns = ["equation or condition", "imposed", "mean square"]
    made = table(*columns, *(["why by rows"] if reasons else []), right=("mean square",))
    for name in dict.fromkeys([*terms, *imposed]):
        other = "gauge" if name.startswith("gauge of ") else "equation"
        how = plain(imposed[name]) if name in imposed else other
        row = [name, how, number(terms.get(name)), plain(reasons.get(name) or "")]
        made.add_row(*(Text(cell) for cell, _ in zip(row, made.columns, strict=False)))
    return made


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
