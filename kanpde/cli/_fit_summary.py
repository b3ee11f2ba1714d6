"""Tables of a fit: the run, errors on training and test rows, one line per grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from kanpde.cli._output import duration, number, plain, table

MOST_NAMES = 12
COLUMNS = {
    "rmse": "RMSE",
    "relative_l2": "relative L2",
    "max": "max error",
    "r2": "R²",
    "accuracy": "accuracy",
    "cross_entropy": "cross-entropy",
}


def fit_rows(summary: Mapping[str, Any]) -> list[tuple[str, str | Text]]:
    """Lines that only a fit has, below its status."""
    rows = _mapping(summary.get("rows"))
    counts = ", ".join(f"{plain(n)} {which}" for which, n in rows.items())
    found: list[tuple[str, str | Text]] = [
        ("task", plain(summary.get("task", "-"))),
        ("rows", counts or "-"),
        ("inputs", _names(summary.get("inputs"))),
        ("target", _names(summary.get("outputs"))),
    ]
    if summary.get("classes"):
        found.append(("classes", _names(summary["classes"])))
    return found


def error_table(summary: Mapping[str, Any]) -> Table:
    """Errors of training and test rows."""
    errors = {k: _mapping(v) for k, v in _mapping(summary.get("errors")).items()}
    present = [k for k in COLUMNS if any(k in entry for entry in errors.values())]
    titles = [COLUMNS[k] for k in present]
    made = table("rows", *titles, right=tuple(titles))
    for which, entry in errors.items():
        cells = [_cell(k, entry.get(k)) for k in present]
        made.add_row(Text(which), *map(Text, cells))
    return made


def grid_table(summary: Mapping[str, Any]) -> Table:
    """One line per grid; empty where there was one only."""
    levels = [_mapping(level) for level in summary.get("grids") or []]
    wrong = summary.get("task") == "classification"
    kind = "wrong" if wrong else "RMSE"
    titles = (
        "grid", "coefficients", f"train {kind}", f"test {kind}", "transfer error", "steps", "time",
    )  # fmt: skip
    made = table(*titles, right=titles)
    for level in levels if len(levels) > 1 else []:
        write = _share if wrong else number
        made.add_row(
            plain(level.get("grid")),
            plain(level.get("coefficients")),
            write(level.get("train")),
            write(level.get("test")),
            number(level.get("moved"), 1),
            plain(level.get("steps")),
            duration(level.get("seconds")),
        )
    return made


def fit_error(summary: Mapping[str, Any]) -> tuple[float | None, str]:
    """Give the error that stands for a fit in a list, and what it is."""
    errors = _mapping(summary.get("errors"))
    which = "test" if "test" in errors else "train"
    entry = _mapping(errors.get(which))
    if isinstance(entry.get("accuracy"), int | float):
        return 1 - entry["accuracy"], f"{which} wrong"
    value = entry.get("rmse")
    return (value, f"{which} rmse") if isinstance(value, int | float) else (None, "")


def _cell(name: str, value: Any) -> str:
    if name in {"accuracy", "r2"} and isinstance(value, int | float):
        return f"{value:.4f}" if name == "accuracy" else f"{value:.6f}"
    return number(value)


def _share(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "-"


def _names(value: Any) -> str:
    names = [plain(v) for v in value] if isinstance(value, list | tuple) else []
    more = f", … ({len(names)})" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more or "-"


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
