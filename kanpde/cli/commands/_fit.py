"""Fit a network to the columns of DATA.csv and write a run directory.

Inputs are all columns but the target, or those named by --inputs. A target of text is
classified; whole numbers are with --task classification. Without --out the run directory is
runs/DATA-DATE-TIME; --resume goes on with it. The result is printed as tables, and the
directory holds summary.json, history.csv and figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kanpde.cli import _progress
from kanpde.cli._convert import did_you_mean, split_pair, to_bool, to_float, to_int, to_ints
from kanpde.cli._output import console, warning_line, writing
from kanpde.cli._summary import print_summary
from kanpde.cli.commands._solve import FAILED, FINISHED, INTERRUPTED, fresh_directory, new_directory
from kanpde.errors import InputError, KanpdeError

if TYPE_CHECKING:
    from kanpde import Fit, FitSettings
    from kanpde.fitting import Table

FLAGS = {
    "task": ("NAME", "regression or classification (default: by the target)"),
    "net": ("kan|mlp", "kind of network"),
    "hidden": ("N,N", "widths of the hidden layers (default 5)"),
    "basis": ("NAME", "basis of the edges: bspline, chebyshev, sine or rbf"),
    "grid": ("G", "number of spline intervals (default 5)"),
    "grids": ("G,G,G", "schedule of grids, as 3,5,10,20"),
    "degree": (
        "P",
        "polynomial degree of the edges (default 3); functions per edge for sine (2) and rbf (4)",
    ),
    "optimizer": ("NAME", "lm, lbfgs, ssbroyden or adam"),
    "batch": ("N", "rows of a mini-batch"),
    "steps": ("N", "optimizer steps per grid (makes a run reproducible)"),
    "time_limit": ("SECONDS", "stop after so much optimization (default 60)"),
    "test": ("SHARE", "share of the rows held out (default 0.2)"),
    "sparsify": ("X", "strength of the sparsification, as 1e-3"),
    "entropy": ("X", "share of the entropy in it (default 1)"),
    "seed": ("N", "seed of split and network"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde fit``."""
    parser.add_argument("file", metavar="DATA.csv", help="table with names in its first line")
    parser.add_argument("--target", metavar="NAME[,NAME]", required=True, help="what is fitted")
    parser.add_argument("--inputs", metavar="NAME,NAME", help="inputs (default: all others)")
    parser.add_argument("--without", metavar="NAME,NAME", help="columns that are no inputs")
    parser.add_argument(
        "--test-file", metavar="TEST.csv", help="test rows from a file of their own"
    )
    parser.add_argument(
        "--drop-missing", action="store_true", help="leave out rows with missing values"
    )
    group = parser.add_argument_group("settings")
    group.add_argument(
        "-s",
        "--setting",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any setting of a fit, as -s base=identity or -s dtype=float32",
    )
    for name, (metavar, text) in FLAGS.items():
        group.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar=metavar, help=text)
    parser.add_argument("--out", metavar="DIR", help="run directory (default runs/DATA-DATE-TIME)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--no-plots", action="store_true", help="draw no figures")
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="no progress and no tables; print the run directory alone",
    )


def run(args: argparse.Namespace) -> int:
    """Fit, save and print; return the exit code.

    Parameters
    ----------
    args
        Parsed arguments of `add_arguments`.

    Returns
    -------
    int
        0, 3 if the numerics failed, 130 if it was interrupted.

    Raises
    ------
    InputError
        If an option or the data are wrong.
    """
    if args.resume and args.out is None:
        raise InputError("--resume: expected --out DIR with it, got none; name the run to go on")
    changes = settings_from(args)
    from kanpde.fitting import FitSettings, read_table

    FitSettings(**changes)  # what is wrong here is told before the file is read
    table = read_table(args.file)
    targets, inputs = columns(args, table)
    settings = FitSettings(**{"name": table.path.stem, **changes})
    settings = settings.replace(inputs=tuple(inputs), outputs=tuple(targets))
    data = _data(table, inputs, targets, settings)
    if args.test_file is not None:
        _no_share(changes)
        test = _data(read_table(args.test_file), inputs, targets, settings)
    else:
        test = None
    directory = _claim(args, table.path.stem)
    try:
        fit = _fit(data, test, settings, args, directory)
    finally:
        if not any(directory.iterdir()):
            directory.rmdir()  # nothing was computed: leave no empty directory
    return _finish(fit, args, directory)


def _fit(
    data: tuple[Any, Any],
    test: tuple[Any, Any] | None,
    settings: FitSettings,
    args: argparse.Namespace,
    directory: Path,
) -> Fit:
    import kanpde

    given: dict[str, Any] = {} if test is None else {"test": test}
    with _progress.choose(quiet=args.quiet) as progress:
        return kanpde.fit(
            *data, settings, out=directory, resume=args.resume, progress=progress, **given
        )


def _finish(fit: Fit, args: argparse.Namespace, directory: Path) -> int:
    codes = {"interrupted": INTERRUPTED, "nonfinite": FAILED}
    code = codes.get(fit.status.value, FINISHED)
    if code != INTERRUPTED and not args.no_plots:
        _draw(fit, directory)
    if args.quiet:
        console().print(str(directory), soft_wrap=True)
        return code
    out = console()
    print_summary(out, fit.summary)
    names = sorted(p.name for p in directory.iterdir() if not p.name.startswith("."))
    out.print()
    out.print(f"files      {directory}/ ({', '.join(names)})", soft_wrap=True)
    if code == INTERRUPTED:
        out.print(f"go on      add --out {directory} --resume", soft_wrap=True)
    return code


def _draw(fit: Fit, directory: Path) -> None:
    """Write figures; what cannot be drawn is told and spoils nothing."""
    import kanpde.plot

    try:
        with writing(directory):
            kanpde.plot.save_figures(fit, directory)
    except KanpdeError as error:
        warning_line(f"no figures: {error}")


def settings_from(args: argparse.Namespace) -> dict[str, Any]:
    """Read the settings that ``-s`` and the flags give; a flag counts over ``-s``.

    Raises
    ------
    InputError
        If a setting is unknown or of the wrong type.
    """
    changes: dict[str, Any] = {"missing": "drop"} if args.drop_missing else {}
    for text in args.setting:
        name, value = split_pair(text, "-s")
        changes[name] = convert(name, value, f"-s {text}")
    for name in FLAGS:
        given = getattr(args, name, None)
        if given is not None:
            changes[name] = convert(name, given, f"--{name.replace('_', '-')} {given}")
    return changes


def convert(name: str, text: str, where: str) -> Any:
    """Convert `text` by the type of the setting `name` of a fit."""
    from kanpde.fitting import FitSettings

    known = FitSettings.types()
    settable = [n for n in known if n not in {"inputs", "outputs"}]
    if name not in settable:
        raise InputError(
            f"{where}: expected a setting of a fit, got {name!r}{did_you_mean(name, settable)}; "
            f"the settings are {', '.join(settable)}"
        )
    kind = str(known[name])
    if text.lower() == "none" and "None" in kind:
        return None
    for part, converter in (
        ("tuple", to_ints),
        ("bool", to_bool),
        ("int", to_int),
        ("float", to_float),
    ):
        if part in kind:
            return converter(text, where)
    return text


def columns(args: argparse.Namespace, table: Table) -> tuple[list[str], list[str]]:
    """Name targets and inputs as the command line asks.

    Raises
    ------
    InputError
        If a name is unknown, or a target is named as an input too.
    """
    targets = _names(args.target, "--target", table)
    without = [] if args.without is None else _names(args.without, "--without", table)
    rest = table.others([*targets, *without])
    if args.inputs is None:
        if not rest:
            raise InputError(f"{table.path}: expected columns beside the target, got none")
        return targets, rest
    inputs = _names(args.inputs, "--inputs", table)
    table.others(inputs)
    both = [n for n in inputs if n in targets]
    if both:
        raise InputError(f"--inputs: {both[0]!r} is the target; leave it out of the inputs")
    return targets, [n for n in inputs if n not in without]


def _names(text: str, option: str, table: Table) -> list[str]:
    if text.strip() in table.names:
        return [text.strip()]  # a comma may be part of it
    names = [part.strip() for part in text.split(",") if part.strip()]
    twice = next((n for n in names if names.count(n) > 1), None)
    if not names or twice is not None:
        got = repr(text) if twice is None else f"{twice!r} twice"
        raise InputError(f"{option} {text}: expected names with commas between them, got {got}")
    return names


def _data(
    table: Table, inputs: list[str], targets: list[str], settings: FitSettings
) -> tuple[Any, Any]:
    x = table.numbers(inputs)
    if settings.task == "classification" or any(table.is_text(n) for n in targets):
        if settings.task == "regression" or len(targets) > 1:
            table.numbers(targets)  # text in it is told with its line
            raise InputError("--target: expected one target for classification, got several")
        return x, table.labels(targets[0])
    return x, table.numbers(targets)


def _no_share(changes: dict[str, Any]) -> None:
    if "test" in changes:
        raise InputError("--test: expected a share or --test-file, got both; leave one out")


def _claim(args: argparse.Namespace, name: str) -> Path:
    """Make the run directory, or check the one to resume."""
    if args.out is None:
        return fresh_directory(name)
    directory = Path(args.out)
    if not args.resume:
        new_directory(directory)
    elif not directory.is_dir():
        raise InputError(
            f"{directory}: expected the run directory to resume, got nothing there; "
            "check --out or leave --resume out"
        )
    return directory
