"""Draw the figures of a finished run, into its directory or --out."""

from __future__ import annotations

import argparse
from pathlib import Path

from kanpde.cli._output import console, writing
from kanpde.errors import InputError

FORMATS = ("png", "svg", "pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde plot``."""
    parser.add_argument("directory", metavar="RUN_DIR", help="a run directory")
    parser.add_argument("--format", default="png", metavar="|".join(FORMATS), help="default png")
    parser.add_argument(
        "--diagram", action="store_true", help="draw the network instead: a curve on every edge"
    )
    parser.add_argument("--out", metavar="DIR", help="where to write (default RUN_DIR)")


def run(args: argparse.Namespace) -> int:
    """Draw the figures and print their paths.

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
        If the format is unknown, the place cannot be written, or ``--diagram`` is asked of a
        network without learned functions on its edges.
    RunDirectoryError
        If the run directory is missing, damaged, foreign or unsafe.
    """
    if args.format not in FORMATS:
        raise InputError(
            f"--format {args.format}: expected {', '.join(FORMATS)}, got {args.format!r}; "
            "use one of these"
        )
    import kanpde
    import kanpde.plot

    solution = kanpde.load(args.directory)
    target = Path(args.directory if args.out is None else args.out)
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
        if args.diagram:
            paths = [target / f"diagram.{args.format}"]
            kanpde.plot.run_diagram(solution, paths[0])
        else:
            paths = kanpde.plot.save_figures(solution, target, formats=(args.format,))
    out = console()
    for path in paths:
        out.print(str(path), soft_wrap=True)
    return 0
