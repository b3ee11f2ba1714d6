"""The look of every figure: sizes, colours, scales and names."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
import sympy
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, MaxNLocator, NullLocator

from kanpde.ground._names import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMN = 3.5  # inches, one paper column
PAGE = 7.2  # inches, two columns
ERROR_DECADES = 4  # an error map shows max * 1e-4 ... max
MAX_UNKNOWNS = 6
_USUAL, _FAR = 0.999, 1e4  # a share of the values, and how far above them the others may lie

SOLUTION_COLOR = "#0072B2"  # Okabe-Ito, told apart by colour-blind readers
REFERENCE_COLOR = "#D55E00"
ERROR_COLOR = "#7A3B8F"
TERM_COLORS = ("#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#8C6D31", "#666666")

_RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.3,
    "grid.linewidth": 0.4,
    "grid.color": "#DDDDDD",
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": True,
    "axes.unicode_minus": True,
    "text.usetex": False,
    "image.interpolation": "nearest",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "kanpde",
}


def style() -> AbstractContextManager[None]:
    """Give the context in which figures are built and saved; nothing global stays changed."""
    context: AbstractContextManager[None] = matplotlib.rc_context(_RC)
    return context


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of `width` by `height` inches that belongs to no window."""
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.03)
    return figure


@lru_cache(maxsize=256)
def math_name(name: str) -> str:
    r"""Write a name as mathtext where that can be read, else as plain text.

    Examples
    --------
    >>> math_name("u"), math_name("omega_1"), math_name("velocity"), math_name("abs(h)")
    ('$u$', '$\\omega_{1}$', 'velocity', '$|h|$')
    """
    if name.startswith("abs(") and name.endswith(")"):
        return rf"$|{in_math(name[4:-1])}|$"
    latex = re.sub(r"_\{([A-Za-z]{2,})\}", r"_\\mathrm{\1}", sympy.latex(sympy.Symbol(name)))
    head = name.split("_")[0].rstrip("0123456789")
    if len(head) <= 1 or latex.startswith("\\"):
        text = f"${latex}$"
        try:
            MathTextParser("path").parse(text)
        except ValueError:
            pass
        else:
            return text
    return plain_text(name)


def plain_text(name: object) -> str:
    r"""Write free text so that no part of it is taken for mathematics.

    Examples
    --------
    >>> plain_text("cost in $"), plain_text("walls at x = 0")
    ('cost in \\$', 'walls at x = 0')
    """
    return visible(str(name)).replace("$", r"\$")


def in_math(name: str) -> str:
    """Give `name` for use inside a larger mathtext formula, without the dollar signs."""
    text = math_name(name)
    if text.startswith("$"):
        return text[1:-1]
    letters = "".join(c if c.isalnum() else r"\ " for c in name)
    return rf"\mathrm{{{letters}}}"


def value_scale(*fields: np.ndarray) -> tuple[str, Normalize]:
    """Choose the colours that solution and reference share.

    A field that takes both signs gets a diverging map centred at 0, any other a
    sequential one. Values that are not finite do not count.

    Parameters
    ----------
    fields
        Arrays of any shape.

    Returns
    -------
    tuple
        Name of the colour map, and the norm.

    Examples
    --------
    >>> name, norm = value_scale(np.array([-1.0, 3.0]))
    >>> name, norm.vmin, norm.vmax
    ('RdBu_r', -3.0, 3.0)
    """
    finite = np.concatenate([f[np.isfinite(f)].ravel() for f in fields])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    if high - low <= 1e-12 * max(largest, 1e-300):  # constant: any colour, but a legible bar
        pad = 0.5 * largest if largest > 0 else 0.5
        return "viridis", Normalize(low - pad, high + pad)
    if low < 0 < high and min(-low, high) > 0.05 * largest:
        return "RdBu_r", Normalize(-largest, largest)
    return "viridis", Normalize(low, high)


def error_scale(*fields: np.ndarray, decades: int = ERROR_DECADES) -> tuple[str, LogNorm]:
    """Choose the logarithmic scale of absolute values, `decades` below the largest.

    A few values far above all others, as beside the tip of a corner, do not count.

    Examples
    --------
    >>> name, norm = error_scale(np.array([0.0, 0.5]))
    >>> name, norm.vmin, norm.vmax
    ('magma', 5e-05, 0.5)
    """
    finite = np.concatenate([np.abs(f[np.isfinite(f)]).ravel() for f in fields])
    largest = float(finite.max()) if finite.size else 0.0
    most = float(np.quantile(finite, _USUAL)) if finite.size else 0.0
    if largest > _FAR * most > 0:
        largest = most
    if not largest > 1e-290:  # zero everywhere: the floor of float64 stands in
        largest = float(np.finfo(np.float64).eps)
    return "magma", LogNorm(largest / 10**decades, largest)


def tidy_axes(axes: Axes, *, x_ticks: int = 5, y_ticks: int = 5) -> None:
    """Keep the number of ticks small on linear axes and on logarithmic ones."""
    for axis, scale, count in (
        (axes.xaxis, axes.get_xscale(), x_ticks),
        (axes.yaxis, axes.get_yscale(), y_ticks),
    ):
        if scale == "linear":
            axis.set_major_locator(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]))
        else:
            low, high = sorted(axis.get_view_interval())
            narrow = low > 0 and high < 50 * low  # else one label, or none, would be left
            axis.set_major_locator(
                LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=count + 2)
            )
            axis.set_major_formatter(
                LogFormatterSciNotation(labelOnlyBase=not narrow, minor_thresholds=(10, 10))
            )
            axis.set_minor_locator(NullLocator())


def add_colorbar(figure: Figure, axes: Axes, image: Any, *, width: float = 0.045) -> None:
    """Put a bar beside `axes`, as high as the drawn field and `width` of it wide."""
    inset = axes.inset_axes((1.0 + 0.6 * width, 0.0, width, 1.0))
    bar = figure.colorbar(image, cax=inset)
    bar.outline.set_linewidth(0.5)
    if not isinstance(image.norm, LogNorm):
        bar.locator = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])
    bar.minorticks_off()
    bar.update_ticks()
    inset.tick_params(length=2.0)
