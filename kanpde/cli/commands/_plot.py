"""Draw the figures of a finished run, into its directory or --out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kanpde.cli._output import console, number, writing
from kanpde.cli._symbolic import print_formula, read_formula, stored_formula
from kanpde.errors import InputError

if TYPE_CHECKING:
    from kanpde import Fit, Solution

FORMATS = ("png", "svg", "pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde plot``."""
    parser.add_argument("directory", metavar="RUN_DIR", help="a run directory")
    parser.add_argument("--format", default="png", metavar="|".join(FORMATS), help="default png")
    parser.add_argument(
        "--diagram", action="store_true", help="draw the network instead: a curve on every edge"
    )
    parser.add_argument(
        "--formula",
        action="store_true",
        help="show the closed form of the solution, read out now if that was not done, and draw it",
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
        if args.formula:
            paths = _formula(solution, Path(args.directory), target, args.format)
        elif args.diagram:
            paths = [target / f"diagram.{args.format}"]
            kanpde.plot.run_diagram(solution, paths[0])
        else:
            paths = kanpde.plot.save_figures(solution, target, formats=(args.format,))
    out = console()
    for path in paths:
        out.print(str(path), soft_wrap=True)
    return 0


def _formula(solution: Solution | Fit, run: Path, target: Path, ending: str) -> list[Path]:
    """Print the closed form; read it out and store it if the run has none yet."""
    import kanpde
    import kanpde.plot

    if isinstance(solution, kanpde.Fit):
        return _fit_formula(solution, target, ending)
    readout = stored_formula(solution, run) or read_formula(solution, run, quiet=False)
    if readout is None:
        raise KeyboardInterrupt
    print_formula(console(), readout)
    console().print()
    if not readout.found:
        return []
    coordinates = solution.problem.coordinates
    return kanpde.plot.formula_figures(readout, coordinates, target, ending=ending)


def _fit_formula(fit: Fit, target: Path, ending: str) -> list[Path]:
    """Print the formulas of a fit, symbolic edges as they are or chosen now."""
    from sympy.core.function import AppliedUndef

    import kanpde.plot

    if not fit.symbolic_edges:
        fit = fit.auto_symbolic()
    found = fit.symbolic_formula()
    formulas = found if isinstance(found, list) else [found]
    names = [str(c) for c in fit.classes] or list(fit.data.outputs)
    for name, formula in zip(names, formulas, strict=True):
        console().print(f"{name} = {formula}", soft_wrap=True, style="bold")
    if any(formula.atoms(AppliedUndef) for formula in formulas):
        console().print(
            "phi_k_i_j are curves that no function of the library follows: edge "
            "from input i to node j of layer k"
        )
    for which, entry in fit.errors.items():
        told = ", ".join(f"{k} {number(v)}" for k, v in entry.items() if k != "rows")
        console().print(f"{which:5}  {told}")
    console().print()
    title = kanpde.plot.formula_title(names[0], formulas[0]) if len(names) == 1 else None
    path = target / f"formula.{ending}"
    kanpde.plot.diagram(
        fit.network, fit.samples, path, inputs=fit.data.inputs, outputs=names, title=title
    )
    return [path]
