"""List problem files and runs; nothing is imported or run.

Without DIR: the problem files in ./problems and the runs in ./runs.
"""

from __future__ import annotations

import argparse
import ast
import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from kanpde.cli._fit_summary import fit_error
from kanpde.cli._output import console, duration, number, plain, table
from kanpde.cli._summary import predicted_errors, read_summary, worst_error
from kanpde.errors import InputError, RunDirectoryError

RUN_FILES = ("summary.json", "checkpoint.pt", "problem.json", "fit.json", "history.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde list``."""
    parser.add_argument(
        "directory", nargs="?", metavar="DIR", help="where to look (default ./problems and ./runs)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the tables of problems and runs.

    Parameters
    ----------
    args
        Parsed arguments of `add_arguments`.

    Returns
    -------
    int
        0.

    Raises
    ------
    InputError
        If the directory named is none.
    """
    if args.directory is None:
        places = [Path("problems"), Path("runs")]
    else:
        places = [Path(args.directory)]
        if not places[0].is_dir():
            raise InputError(
                f"{places[0]}: expected a directory, got "
                f"{'a file' if places[0].exists() else 'nothing there'}; "
                "name one with problem files or runs in it"
            )
    out = console()
    shown = [made for made in (_problems(places), _runs(places)) if made.row_count]
    for made in shown:
        out.print(made)
    if not shown:
        out.print(f"no problem files or runs in {' or '.join(f'{p}/' for p in places)}")
    return 0


def describe_problem(file: Path) -> str | None:
    """Say what a problem file is about, without importing it.

    Parameters
    ----------
    file
        A Python file.

    Returns
    -------
    str | None
        First line of its docstring; what is wrong with the file in
        parentheses; None if it defines no ``problem``.

    Raises
    ------
    Nothing
        A damaged file is described as such.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(file.read_bytes(), filename=str(file))
    except SyntaxError as error:
        return f"(syntax error in line {error.lineno})" if error.lineno else "(no Python source)"
    except (OSError, ValueError, RecursionError) as error:
        return f"(unreadable: {type(error).__name__})"
    if "problem" not in _defined(tree):
        return None
    text = (ast.get_docstring(tree) or _function_docstring(tree)).strip()
    return text.splitlines()[0] if text else ""


def _defined(tree: ast.Module) -> Iterable[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _function_docstring(tree: ast.Module) -> str:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "problem":
            return ast.get_docstring(node) or ""
    return ""


def _problems(places: list[Path]) -> Table:
    made = table("problem file", "about")
    for place in places:
        for file in sorted(place.glob("*.py")) if place.is_dir() else ():
            about = describe_problem(file)
            if about is not None:
                made.add_row(Text(str(file)), Text(about))
    return made


def _runs(places: list[Path]) -> Table:
    made = table("run", "problem", "status", "time", "error", "", right=("time", "error"))
    for place in places:
        for directory in sorted(place.iterdir()) if place.is_dir() else ():
            if any((directory / name).exists() for name in RUN_FILES):
                made.add_row(Text(str(directory)), *map(Text, _run_row(directory)))
    return made


def _run_row(directory: Path) -> tuple[str, str, str, str, str]:
    if not (directory / "summary.json").exists():
        return _unfinished_name(directory), "unfinished", "-", "-", ""
    try:
        summary = read_summary(directory)
    except RunDirectoryError:
        return "-", "damaged", "-", "-", ""
    error, kind = _error(summary)
    return (
        plain(summary["problem"]),
        plain(summary["status"]),
        duration(summary.get("seconds")),
        number(error),
        kind,
    )


def _unfinished_name(directory: Path) -> str:
    """Name the problem of a run that was killed; how far it came stands in history.csv."""
    if (directory / "fit.json").exists():
        return "fit"
    try:
        name = json.loads((directory / "problem.json").read_text(encoding="utf-8")).get("name")
    except (OSError, ValueError, AttributeError, RecursionError):
        return "-"
    return plain(name) if isinstance(name, str) else "-"


def _error(summary: dict[str, Any]) -> tuple[float | None, str]:
    """Take the true error where it is known, else the predicted one; of a fit the test error."""
    if summary.get("kind") == "fit":
        return fit_error(summary)
    true = worst_error(summary)
    if true is not None:
        return true, "true"
    predicted = [v for v in predicted_errors(summary).values() if isinstance(v, int | float)]
    return (max(predicted), "predicted") if predicted else (None, "")
