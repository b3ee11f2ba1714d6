"""Train KAN and MLP alike on the problem in FILE and tell who wins, by how much.

Both nets get the same optimizer, points, seeds and seconds, and the MLP as many
coefficients as the KAN. Every problem is trained: spectral least squares, which
trains nothing, is off. The KAN has Chebyshev edges, or B-splines where a grid
is given, unless --basis says otherwise. A result is a tie where the ranges over
the seeds overlap.

Without --out the directory is runs/compare-NAME-DATE-TIME. compare.json and
compare.csv are written after every run, compare.png at the end; --resume adds
the runs that are missing.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kanpde.cli import _progress
from kanpde.cli._convert import did_you_mean, split_pair, to_float, to_ints
from kanpde.cli._options import add_problem_arguments, add_settings_arguments, settings_from
from kanpde.cli._output import console, duration, number, table
from kanpde.cli._problem_file import load_problem, resolve, user_code
from kanpde.cli.commands._solve import fresh_directory, new_directory
from kanpde.errors import InputError, RunDirectoryError
from kanpde.ground._choices import TRAINED_NETS
from kanpde.problem import Settings

if TYPE_CHECKING:
    from kanpde import Comparison, Problem
    from kanpde.studies import Spread, Verdict

FINISHED, INTERRUPTED = 0, 130
STUDY = "compare.json"
# settings that a comparison decides itself: what to use instead
DECIDED = {
    "net": "use --nets",
    "seed": "use --seeds",
    "time_limit": "use --budget",
    "tolerance": "leave it out, every run uses its budget up",
    "linear": "leave it out, both nets are trained",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde compare``."""
    add_problem_arguments(parser)
    group = parser.add_argument_group("the comparison")
    group.add_argument(
        "--nets", metavar="NAME,NAME", default=",".join(TRAINED_NETS), help="default %(default)s"
    )
    group.add_argument("--seeds", metavar="N,N", default="0,1,2", help="default %(default)s")
    group.add_argument(
        "--sizes",
        metavar="N,N",
        help="widths of the KAN's widest hidden layer (default: half, three quarters and all of "
        "the usual width)",
    )
    group.add_argument(
        "--budget",
        metavar="SECONDS",
        help="seconds of optimisation for every run (default 30, none with --steps)",
    )
    group.add_argument("--out", metavar="DIR", help="default runs/compare-NAME-DATE-TIME")
    group.add_argument("--resume", action="store_true", help="keep the runs in --out, add the rest")
    group.add_argument(
        "--quiet", action="store_true", help="no progress and no tables; print the directory alone"
    )
    add_settings_arguments(parser, without=DECIDED)


def run(args: argparse.Namespace) -> int:
    """Compare, save and print; return the exit code.

    Parameters
    ----------
    args
        Parsed arguments of `add_arguments`.

    Returns
    -------
    int
        0, or 130 if it was interrupted.

    Raises
    ------
    KanpdeError
        If the input is bad.
    """
    options = _options(args)
    settings_from(args, Settings())  # what is wrong here is told before anything is imported
    if args.resume and args.out is None:
        raise InputError("--resume: expected --out DIR with it, got none; name what to go on with")
    problem, settings = load_problem(args.file, args.parameter)
    problem.settings = settings_from(args, settings)
    directory = _claim(args, problem.name or "problem")
    try:
        found = _compare(problem, options, args, directory)
    finally:
        if not any(directory.iterdir()):
            directory.rmdir()  # nothing was finished: leave no empty directory
    if args.quiet:
        console().print(str(directory), soft_wrap=True)
    else:
        _report(found, directory)
    return INTERRUPTED if found.interrupted else FINISHED


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """Convert the options of the comparison itself."""
    for text in args.setting:
        name, _ = split_pair(text, "-s")
        if name in DECIDED:
            raise InputError(f"-s {text}: a comparison decides {name} itself; {DECIDED[name]}")
    nets = tuple(part.strip() for part in args.nets.split(",") if part.strip())
    for net in nets:
        if net not in TRAINED_NETS:
            raise InputError(
                f"--nets {args.nets}: expected some of {', '.join(TRAINED_NETS)}, got {net!r}"
                f"{did_you_mean(net, TRAINED_NETS)}; write for example --nets kan,mlp"
            )
    options: dict[str, Any] = {"nets": nets, "seeds": to_ints(args.seeds, f"--seeds {args.seeds}")}
    if args.sizes is not None:
        options["sizes"] = to_ints(args.sizes, f"--sizes {args.sizes}")
    if args.budget is not None:
        options["budget"] = to_float(args.budget, f"--budget {args.budget}")
    return options


def _claim(args: argparse.Namespace, name: str) -> Path:
    """Make the directory, or check the one to go on with."""
    if args.out is None:
        return fresh_directory(f"compare-{name}")
    directory = Path(args.out)
    if not args.resume:
        new_directory(directory)
    elif not (directory / STUDY).is_file():
        raise RunDirectoryError(
            f"{directory}: expected a comparison to go on with, got no {STUDY} there; "
            "check --out or leave --resume out"
        )
    return directory


def _compare(
    problem: Problem, options: dict[str, Any], args: argparse.Namespace, directory: Path
) -> Comparison:
    import kanpde

    file = resolve(args.file)
    with (
        user_code(file, args.file, "functions of the file to work on points"),
        _progress.choose(quiet=args.quiet) as progress,
    ):
        tell = _Overall(progress)
        return kanpde.compare(problem, out=directory, resume=args.resume, progress=tell, **options)


class _Overall:
    """Turns the events of one run into the progress of all."""

    def __init__(self, progress: Callable[[Mapping[str, Any]], None]) -> None:
        self._progress = progress
        self._first: int | None = None  # runs before it were kept and took no time now
        self._run = -1
        self._before = 0.0
        self._within = 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        """Pass `event` on with the seconds and the fraction of the whole comparison."""
        run, runs = event["run"], event["runs"]
        if self._first is None:
            self._first = run
        if run != self._run:
            self._before, self._run = self._before + self._within, run
        self._within = event["seconds"]
        share = min(1.0, event.get("fraction") or 0.0)
        name = f"{event['net']} {event['size']} seed {event['seed']} ({run + 1} of {runs})"
        overall = {
            "phase": name,
            "seconds": self._before + self._within,
            "fraction": (run - self._first + share) / (runs - self._first),
        }
        self._progress({**event, **overall})


def _report(found: Comparison, directory: Path) -> None:
    out = console()
    done = f"{len(found.runs)} of {found.asked} runs"
    limit = [] if found.steps is None else [f"{found.steps} steps"]
    limit += [] if found.budget is None else [f"{found.budget:g} s"]
    out.print(f"{found.problem}: {done}, {' or '.join(limit)} each", style="bold")
    seeds = len({run.seed for run in found.runs})
    out.print(
        f"{found.settings['optimizer']} on both nets, linear path off; {found.measure}, "
        f"median (range) over {seeds} {'seed' if seeds == 1 else 'seeds'}"
    )
    if found.runs:
        out.print()
        _print_tables(out, found)
    out.print()
    if found.runs:
        names = ", ".join(p.name for p in sorted(directory.iterdir()) if p.name[0] != ".")
        out.print(f"files      {directory}/ ({names})", soft_wrap=True)
    if found.interrupted and found.runs:
        out.print(f"go on      add --out {directory} --resume", soft_wrap=True)


def _print_tables(out: Console, found: Comparison) -> None:
    out.print(_rows_table(found))
    verdicts = _verdicts_table(found)
    if verdicts.row_count:
        out.print()
        out.print(verdicts)
        if len({run.seed for run in found.runs}) < 3:
            out.print("fewer than three seeds: the spread is hardly known", style="yellow")


def _rows_table(found: Comparison) -> Table:
    made = table(
        "net", "size", "coefficients", "seconds", "steps", "error at equal steps",
        "error at equal seconds",
        right=("size", "coefficients", "seconds", "steps"),
    )  # fmt: skip
    for row in found.rows():
        cells = (
            row.net,
            str(row.size),
            str(row.coefficients),
            duration(row.seconds).removesuffix(" s"),
            f"{row.steps:g}",
            _spread(row.same_steps or row.final),
            _spread(row.same_seconds or row.final),
        )
        made.add_row(*map(Text, cells))
    return made


def _spread(spread: Spread) -> str:
    if spread.low == spread.high:
        return _short(spread.median)
    return f"{_short(spread.median)} ({_short(spread.low)}…{_short(spread.high)})"


def _short(error: float) -> str:
    """Write an error in few columns: ``2.1e-7``."""
    return number(error, 1).replace("e-0", "e-")


def _verdicts_table(found: Comparison) -> Table:
    made = table("compared (coefficients)", "each had", "who wins", "spread over the seeds")
    for v in found.verdicts():
        counts = ", ".join(f"{net} {count}" for net, count in v.coefficients.items())
        compared = f"{'best sizes' if v.size is None else f'size {v.size}'} ({counts})"
        had = f"{v.limit:g} steps" if v.axis == "step" else f"{v.limit:.3g} s"
        spread = ", ".join(f"{net} {_factor(s.high, s.low)}" for net, s in v.spreads.items())
        made.add_row(*map(Text, (compared, had, _outcome(v), spread if v.seeds > 1 else "-")))
    return made


def _outcome(verdict: Verdict) -> str:
    factor = _factor(verdict.factor, 1.0)
    return (
        f"tie ({verdict.winner} {factor} ahead)" if verdict.tie else f"{verdict.winner} by {factor}"
    )


def _factor(high: float, low: float) -> str:
    """Write a ratio of errors: ``1.3×``, ``48×``, ``2e4×``."""
    ratio = high / low if low > 0 else math.inf
    if not ratio < 1000:
        return f"{number(ratio, 0).replace('e+0', 'e')}×"
    return f"{ratio:.1f}×" if ratio < 9.95 else f"{ratio:.0f}×"
