"""Solve the problem in FILE and write a run directory.

Without --out the run directory is runs/NAME-DATE-TIME. An existing run is never
overwritten; --resume goes on with it. The result is printed as tables, and the
directory holds summary.json, history.csv, figures and solution.vtu.
"""

from __future__ import annotations

import argparse
import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING

from kanpde.cli import _continue, _progress
from kanpde.cli._options import add_problem_arguments, add_settings_arguments, settings_from
from kanpde.cli._output import console, number, warning_line, writing
from kanpde.cli._problem_file import load_problem, resolve, user_code
from kanpde.cli._summary import predicted_errors, print_summary
from kanpde.cli._symbolic import print_formula, read_formula, summarised
from kanpde.errors import InputError, KanpdeError, RunDirectoryError
from kanpde.problem import Settings

if TYPE_CHECKING:
    from kanpde import Problem, Solution

SERIES = re.compile(r"_\d{4}(\.\w+)$")
FINISHED, MISSED, FAILED, INTERRUPTED = 0, 1, 3, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde solve``."""
    add_problem_arguments(parser)
    add_settings_arguments(parser)
    parser.add_argument("--out", metavar="DIR", help="run directory (default runs/NAME-DATE-TIME)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument(
        "--continue",
        dest="continued",
        metavar="NAME=FIRST:LAST[:STAGES]",
        help="solve in stages from one value of a parameter to another, each from the one before",
    )
    parser.add_argument(
        "--symbolic",
        action="store_true",
        help="read a closed form out of the solution and check it in the problem",
    )
    parser.add_argument("--no-plots", action="store_true", help="draw no figures")
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="no progress and no tables; print the run directory alone",
    )


def run(args: argparse.Namespace) -> int:
    """Solve, save and print; return the exit code.

    Parameters
    ----------
    args
        Parsed arguments of `add_arguments`.

    Returns
    -------
    int
        0, 1, 3 or 130, see `exit_code`.

    Raises
    ------
    KanpdeError
        If the input is bad or the numerics failed beyond repair.
    """
    if args.resume and args.out is None:
        raise InputError("--resume: expected --out DIR with it, got none; name the run to go on")
    settings_from(args, Settings())  # what is wrong here is told before anything is imported
    stages = None if args.continued is None else _continue.parse(args.continued)
    problem, settings = load_problem(args.file, args.parameter)
    if stages is not None:
        stages.check(problem)
    settings = settings_from(args, settings)
    directory = _claim(args, problem.name or "run")
    try:
        solution = _solve(problem, settings, args, directory)
    finally:
        if not any(directory.iterdir()):
            directory.rmdir()  # nothing was computed: leave no empty directory
    code = exit_code(solution, settings)
    if code != INTERRUPTED:
        _draw_and_export(solution, directory, plots=not args.no_plots)
    readout = None
    if args.symbolic and code in (FINISHED, MISSED):
        readout = read_formula(solution, directory, quiet=args.quiet)
    if readout is not None:
        solution.summary["symbolic"] = summarised(readout)
        solution.save(directory)
    if args.quiet:
        console().print(str(directory), soft_wrap=True)
    else:
        _report(solution, settings, directory, code)
        if readout is not None:
            console().print()
            print_formula(console(), readout)
    return code


def exit_code(solution: Solution, settings: Settings) -> int:
    """Map the status of a solution, and the tolerance asked, to the exit code.

    Parameters
    ----------
    solution
        What ``kanpde.solve`` returned.
    settings
        The settings with the tolerance, if one was asked.

    Returns
    -------
    int
        130 interrupted, 3 diverged or not finite, 1 if a tolerance was asked
        and some predicted error is larger or unknown, else 0.

    Raises
    ------
    KeyError
        Never for a `Solution` of ``kanpde.solve``.
    """
    status = status_name(solution)
    if status == "interrupted":
        return INTERRUPTED
    if status in ("diverged", "nonfinite"):
        return FAILED
    if settings.tolerance is None:
        return FINISHED
    predicted = predicted_errors(solution.summary).values()
    met = bool(predicted) and all(
        isinstance(value, int | float) and value <= settings.tolerance for value in predicted
    )
    return FINISHED if met else MISSED


def status_name(solution: Solution) -> str:
    """Name why the solve stopped: converged, budget, interrupted, diverged, nonfinite."""
    return str(getattr(solution.status, "value", solution.status))


def _claim(args: argparse.Namespace, name: str) -> Path:
    """Make the run directory, or check the one to resume."""
    if args.out is None:
        return fresh_directory(name)
    directory = Path(args.out)
    if args.resume:
        if not directory.is_dir():
            raise InputError(
                f"{directory}: expected the run directory to resume, got nothing there; "
                "check --out or leave --resume out"
            )
        return _resumable(directory)
    new_directory(directory)
    return directory


def new_directory(directory: Path) -> None:
    """Make a directory to write into; one that holds anything is refused.

    Raises
    ------
    InputError
        If it is in use or cannot be written.
    """
    with writing(directory):
        taken = directory.exists() and (not directory.is_dir() or any(directory.iterdir()))
        if taken:
            raise InputError(
                f"{directory}: expected a new or empty directory, got one that is in use; "
                "choose another --out, or add --resume to go on with that run"
            )
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".writable"
        probe.touch()
        probe.unlink()


def _resumable(directory: Path) -> Path:
    """Check that `directory` is a run, or an empty one that was stopped at once."""
    names = {path.name for path in directory.iterdir() if not path.name.startswith(".")}
    if names and not names & {"problem.json", "checkpoint.pt", "stages"}:
        raise RunDirectoryError(
            f"{directory}: expected a run directory to resume, got one without problem.json; "
            "check --out or leave --resume out"
        )
    return directory


def fresh_directory(name: str) -> Path:
    """Make ``runs/NAME-DATE-TIME``.

    Raises
    ------
    InputError
        If no such directory can be made.
    """
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in name)
    stamp = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
    parent = Path("runs")
    with writing(parent):
        for suffix in ["", *(f"-{n}" for n in range(2, 100))]:
            directory = parent / f"{stem}-{stamp}{suffix}"
            try:
                directory.mkdir(parents=True)
            except FileExistsError:
                if not parent.is_dir():
                    raise
                continue
            return directory
    raise InputError(f"{parent}: expected a free name, got 99 runs this second; name one by --out")


def _solve(
    problem: Problem, settings: Settings, args: argparse.Namespace, directory: Path
) -> Solution:
    import kanpde
    from kanpde.problem import uneven
    from kanpde.solution import missing_conditions, smoothness_warnings

    file = resolve(args.file)
    with user_code(file, args.file, "functions of the file to work on points"):
        for text in (
            *missing_conditions(problem),
            *smoothness_warnings(problem, settings),
            *uneven(problem),
        ):
            warning_line(text)
    with (
        user_code(file, args.file, "functions of the file to work on points"),
        _progress.choose(quiet=args.quiet) as progress,
    ):
        options = {"out": directory, "resume": args.resume, "progress": progress}
        if args.continued is not None:
            stages = _continue.parse(args.continued)
            return _continue.solve_stages(stages, args.file, args.parameter, settings, **options)
        return kanpde.solve(problem, settings, **options)


def _draw_and_export(solution: Solution, directory: Path, *, plots: bool) -> None:
    """Write figures and VTU; what cannot be drawn is told and spoils nothing."""
    import kanpde.export
    import kanpde.plot

    if plots:
        try:
            with writing(directory):
                kanpde.plot.save_figures(solution, directory)
        except KanpdeError as error:
            warning_line(f"no figures: {error}")
    try:
        with writing(directory):
            kanpde.export.write_vtu(solution, directory / "solution.vtu")
    except KanpdeError as error:
        warning_line(f"no solution.vtu: {error}")
    solution.save(directory)  # with the reference values that the figures asked for


def _report(solution: Solution, settings: Settings, directory: Path, code: int) -> None:
    out = console()
    print_summary(out, solution.summary)
    out.print()
    if code == MISSED:
        known = [v for v in predicted_errors(solution.summary).values() if v is not None]
        reached = number(max(known)) if known else "unknown"
        out.print(
            f"tolerance  {settings.tolerance:g} missed, predicted error {reached}; "
            "raise --time-limit or widen --hidden",
            style="yellow",
        )
    out.print(f"files      {directory}/ ({_names(directory)})", soft_wrap=True)
    if code == INTERRUPTED:
        out.print(f"go on      add --out {directory} --resume", soft_wrap=True)
        out.print(f"figures    kanpde plot {directory}", soft_wrap=True)


def _names(directory: Path) -> str:
    """Name the files; a numbered series counts as one name."""
    names = [path.name for path in sorted(directory.iterdir()) if not path.name.startswith(".")]
    return ", ".join(dict.fromkeys(SERIES.sub(r"_*\1", name) for name in names))
