"""Look at the problem in FILE before training.

Shows the equations with their order, how every condition will be imposed, what
is missing on the boundary, corners where the data disagree, and the residual of
the exact solution. With --out (or --plot) the points are drawn, and the domain:
its parts by name, normals, bare stretches and corners with two values in red.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kanpde.cli._options import add_problem_arguments, add_settings_arguments, settings_from
from kanpde.cli._output import console, number, pairs, plain, table, writing
from kanpde.cli._problem_file import load_problem, resolve, user_code
from kanpde.ground._files import replacing
from kanpde.problem import Settings

if TYPE_CHECKING:
    from kanpde import Problem

LONG_EXPRESSION = 300  # characters of an equation that are shown
FIGURE, DOMAIN = "points.png", "domain.png"
TIGHT = {"format": "png", "bbox_inches": "tight", "pad_inches": 0.05}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``kanpde check``."""
    add_problem_arguments(parser)
    add_settings_arguments(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        help=f"draw the points into DIR/{FIGURE} and, of two or three lengths, the boundary "
        f"with its parts and normals into DIR/{DOMAIN}",
    )
    parser.add_argument("--plot", action="store_true", help=f"draw the points into ./{FIGURE}")


def run(args: argparse.Namespace) -> int:
    """Print what a solve would start from.

    Parameters
    ----------
    args
        Parsed arguments of `add_arguments`.

    Returns
    -------
    int
        0; warnings are printed and change nothing.

    Raises
    ------
    InputError
        If the file, a parameter or a setting is wrong.
    """
    settings_from(args, Settings())
    problem, settings = load_problem(args.file, args.parameter)
    settings = settings_from(args, settings)
    import kanpde

    with user_code(resolve(args.file), args.file, "functions of the file to work on points"):
        report = kanpde.preflight(problem, settings)
        figures = _draw(problem, report, args)
    out = console()
    _print(out, problem, report)
    if figures:
        out.print()
    for name, figure in figures.items():
        out.print(f"{name:10} {figure}", soft_wrap=True)
    return 0


def _print(out: Console, problem: Problem, report: Mapping[str, Any]) -> None:
    out.print(pairs(_problem_rows(problem, report), title=plain(problem.name)))
    out.print()
    for entry in report["equations"]:
        _print_equation(out, problem, entry)
    out.print()
    out.print(_condition_table(report))
    if report.get("exact_residual"):
        out.print()
        out.print(_residual_table(report["exact_residual"]))
    notes = [("corner", text) for text in report.get("corners") or ()]
    notes += [("warning", text) for text in report.get("warnings") or ()]
    out.print()
    for kind, text in notes:
        out.print(Text.assemble((f"{kind}: ", "bold yellow"), " ".join(str(text).split())))
    if not notes:
        out.print("nothing to warn about", style="green")


def _problem_rows(problem: Problem, report: Mapping[str, Any]) -> list[tuple[str, str]]:
    domain = problem.domain
    ranges = [f"{low:g} .. {high:g}" for low, high in zip(domain.lower, domain.upper, strict=True)]
    rows = [
        ("coordinates", ", ".join(map(str, problem.coordinates))),
        ("domain", ", ".join(f"{x}: {r}" for x, r in zip(domain.coordinates, ranges, strict=True))),
        ("boundary parts", ", ".join(domain.parts) if domain.parts else "none"),
        ("unknowns", ", ".join(map(str, problem.unknowns))),
    ]
    if problem.parameters:
        rows.append(("parameters", plain(problem.parameters)))
    if problem.constants:
        rows.append(("to identify", ", ".join(map(str, problem.constants))))
    if report.get("coefficients"):
        size = f"{report['coefficients']} coefficients, {report['interior']} interior points"
        rows.append(("network", size))
    if report.get("charts"):
        rows.append(("charts", f"coordinates of their own about {report['charts']}"))
    if report.get("symmetry"):
        rows.append(("symmetry", "; ".join(report["symmetry"])))
    rows.append(("degree", _degree(report.get("degree") or {})))
    if report.get("scales"):
        rows.append(("scales", ", ".join(f"{k} {v:.3g}" for k, v in report["scales"].items())))
    return rows


def _degree(degree: Mapping[str, Any]) -> str:
    return f"{degree.get('suggested', '-')} suggested, {degree.get('needed', '-')} at least"


def _print_equation(out: Console, problem: Problem, entry: Mapping[str, Any]) -> None:
    linear = "linear" if entry["linear"] else "nonlinear"
    out.print(
        Text.assemble((str(entry["name"]), "bold"), f"  (order {entry['order']}, {linear})  = 0")
    )
    equation = problem.equations[entry["name"]].expression
    for line in written_equation(equation, out.width - 4, "utf" in out.encoding).splitlines():
        out.print(Text("    " + line.rstrip()), soft_wrap=True)


def written_equation(expression: Any, width: int, unicode: bool) -> str:
    """Write an equation as ``u*u_x + u_t - 0.01*u_xx``.

    Parameters
    ----------
    expression
        Sympy expression of unknowns and their derivatives.
    width
        Columns there are; what is wider in two dimensions is written in one
        line, cut where it is long.
    unicode
        Whether Greek letters and the like can be printed.

    Returns
    -------
    str
        One or more lines.

    Raises
    ------
    Nothing
        Every expression can be written.

    Examples
    --------
    >>> from kanpde import coordinates, unknown
    >>> x, t = coordinates("x t")
    >>> u = unknown("u", x, t)
    >>> written_equation(u.diff(t) + u * u.diff(x) - u.diff(x, 2), 80, False)
    'u*u_x + u_t - u_xx'
    """
    import sympy
    from sympy.core.function import AppliedUndef
    from sympy.printing.pretty.pretty import PrettyPrinter
    from sympy.printing.pretty.pretty_symbology import pretty_use_unicode
    from sympy.printing.pretty.stringpict import prettyForm

    class Jet(sympy.Symbol):  # type: ignore[misc,unused-ignore]
        """A symbol that stands for an unknown or a derivative of it."""

    class Printer(PrettyPrinter):  # type: ignore[misc,unused-ignore]
        """Keeps the names of jets: sympy has subscripts for x and t but none for y."""

        def _print_Jet(self, jet: Jet) -> prettyForm:  # noqa: N802 - sympy calls it so
            return prettyForm(jet.name)

    short: dict[Any, Any] = {f: sympy.Float(f, 6) for f in expression.atoms(sympy.Float)}
    bound = {limit[0] for node in expression.atoms(sympy.Integral) for limit in node.limits}
    for derivative in expression.atoms(sympy.Derivative):
        name = f"{derivative.expr.func}_{''.join(map(str, derivative.variables))}"
        short[derivative] = Jet(name + _place(derivative.expr, bound))
    short |= {u: Jet(f"{u.func}{_place(u, bound)}") for u in expression.atoms(AppliedUndef)}
    compact = expression.xreplace(short)
    before = pretty_use_unicode(unicode)  # the printer's own option does not reach every symbol
    try:
        drawn: str = Printer({"use_unicode": unicode, "wrap_line": False}).doprint(compact)
    finally:
        pretty_use_unicode(before)
    if max(map(len, drawn.splitlines())) <= width:
        return drawn
    flat = str(compact)
    return flat if len(flat) <= LONG_EXPRESSION else flat[:LONG_EXPRESSION] + " ..."


def _place(unknown: Any, bound: set[Any]) -> str:
    """Arguments of an unknown where they are variables of integration, such as ``(s, t)``."""
    return f"({', '.join(map(str, unknown.args))})" if bound & set(unknown.args) else ""


def _condition_table(report: Mapping[str, Any]) -> Table:
    made = table("condition", "kind", "on", "imposed", "points", "why", right=("points",))
    for entry in report["conditions"]:
        texts = [plain(entry[key]) for key in ("name", "kind", "on", "imposed")]
        points = plain(entry["points"]) if entry.get("points") else "-"
        made.add_row(*map(Text, texts), points, Text(plain(entry.get("reason") or "")))
    return made


def _residual_table(residuals: Mapping[str, float]) -> Table:
    made = table("exact solution in", "largest residual", right=("largest residual",))
    for name, value in residuals.items():
        made.add_row(Text(name), number(value))
    return made


def _draw(problem: Problem, report: Mapping[str, Any], args: argparse.Namespace) -> dict[str, Path]:
    """Draw where equations and conditions are asked, and the boundary, if that was wanted."""
    if args.out is None and not args.plot:
        return {}
    import kanpde.plot

    directory = Path(args.out or ".")
    points = {name: found for name, found in report["points"].items() if len(found)}
    paths = {"points": directory / FIGURE}
    with writing(directory):
        with replacing(paths["points"]) as partial:
            kanpde.plot.points_figure(problem.domain, points).savefig(partial, **TIGHT)
        if problem.domain.space is not None and problem.domain.space.dimension in (2, 3):
            paths["domain"] = directory / DOMAIN
            figure = kanpde.plot.domain_figure(
                problem.domain,
                conditions=report.get("parts"),
                points=points.get("interior"),
                bare=report.get("bare"),
                conflicts=report.get("conflicts") or (),
            )
            with replacing(paths["domain"]) as partial:
                figure.savefig(partial, **TIGHT)
    return paths
