"""The closed form of a solution: its KAN with named edges, the formula above."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sympy
import torch
from matplotlib.mathtext import MathTextParser

from kanpde.errors import InputError
from kanpde.plot._style import in_math
from kanpde.plot.diagram._diagram import diagram

if TYPE_CHECKING:
    from kanpde.solution import Readout

POINTS = 1000
DIGITS = 5
LONGEST = 540.0  # points
MOST_LINES = 5


def formula_text(name: str, formula: sympy.Expr) -> str:
    r"""Write an equation as mathtext where matplotlib can read it, else as plain text.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> formula_text("u", sympy.sin(sympy.pi * x) / 2)
    '$u = \\frac{\\sin{\\left(\\pi x \\right)}}{2}$'
    """
    short = formula.xreplace({f: sympy.Float(f, DIGITS) for f in formula.atoms(sympy.Float)})
    text = f"${in_math(name)} = {_latex(short)}$"
    return f"{name} = {short}".replace("$", r"\$") if _length(text) is None else text


def formula_title(name: str, formula: sympy.Expr) -> str | None:
    r"""Write an equation above a picture: a long sum in several lines, ``None`` if that fails.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> formula_title("u", sympy.sin(x)), formula_title("u", sum(x**n for n in range(500)))
    ('$u = \\sin{\\left(x \\right)}$', None)
    """
    whole = formula_text(name, formula)
    length = _length(whole)
    if length is not None and length <= LONGEST:
        return whole
    short = formula.xreplace({f: sympy.Float(f, DIGITS) for f in formula.atoms(sympy.Float)})
    lines = [f"{in_math(name)} ="]
    for n, term in enumerate(short.as_ordered_terms()):
        sign = "" if n == 0 else "+ "
        piece = _latex(term)
        if n > 0 and piece.startswith("-"):
            sign, piece = "- ", piece[1:].lstrip()
        longer = _length(f"${lines[-1]} {sign}{piece}$")
        if longer is None:
            return None
        if longer <= LONGEST:
            lines[-1] += f" {sign}{piece}"
        elif len(lines) == MOST_LINES or (_length(f"${sign}{piece}$") or 0.0) > LONGEST:
            return None
        else:
            lines.append(sign + piece)
    return "\n".join(f"${line}$" for line in lines)


def _latex(formula: sympy.Expr) -> str:
    found: str = sympy.latex(formula).replace(r"\operatorname", r"\mathrm")
    return found


def _length(text: str) -> float | None:
    """Measure mathtext in points at 10 points; ``None`` if it cannot be read."""
    try:
        return float(MathTextParser("path").parse(text, dpi=72).width)
    except ValueError:
        return None


def formula_figures(
    readout: Readout,
    coordinates: Sequence[sympy.Symbol],
    directory: str | os.PathLike[str],
    *,
    ending: str = "png",
) -> list[Path]:
    """Draw the symbolic KAN of every unknown with its formula.

    Parameters
    ----------
    readout
        What `Solution.symbolic` found.
    coordinates
        Names of the inputs.
    directory
        Where ``formula.png`` goes, or one ``formula_NAME.png`` per unknown.
    ending
        ``png``, ``svg`` or ``pdf``.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        If there is no closed form to draw.
    """
    if not readout.found:
        raise InputError(
            "formula: expected a closed form to draw, got none: " + "; ".join(readout.notes)
        )
    written = []
    for name, formula in readout.formulas.items():
        network = readout.networks[name]
        generator = torch.Generator().manual_seed(0)
        shape = (POINTS, network.n_in)
        x = 2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1
        stem = "formula" if len(readout.formulas) == 1 else f"formula_{name}"
        path = Path(directory) / f"{stem}.{ending}"
        diagram(
            network,
            x,
            path,
            inputs=[c.name for c in coordinates],
            outputs=[name],
            title=formula_title(name, formula),
        )
        written.append(path)
    return written
