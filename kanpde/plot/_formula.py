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
from kanpde.plot._diagram import diagram
from kanpde.plot._style import in_math

if TYPE_CHECKING:
    from kanpde.interpret import Readout

POINTS = 1000
DIGITS = 5


def formula_text(name: str, formula: sympy.Expr) -> str:
    r"""Write an equation as mathtext where matplotlib can read it, else as plain text.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> formula_text("u", sympy.sin(sympy.pi * x) / 2)
    '$u = \\frac{\\sin{\\left(\\pi x \\right)}}{2}$'
    """
    short = formula.xreplace({f: sympy.Float(f, DIGITS) for f in formula.atoms(sympy.Float)})
    text = f"${in_math(name)} = {sympy.latex(short)}$".replace(r"\operatorname", r"\mathrm")
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return f"{name} = {short}".replace("$", r"\$")
    return text


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
            title=formula_text(name, formula),
        )
        written.append(path)
    return written
