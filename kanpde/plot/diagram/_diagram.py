"""The picture of a KAN: one curve per edge, as strong as the edge matters."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from numpy.typing import NDArray
from torch import Tensor

from kanpde.errors import InputError
from kanpde.interpret import edge_scores
from kanpde.nets import KAN, Network
from kanpde.plot._save import _write
from kanpde.plot._style import math_name, plain_text, style
from kanpde.plot.diagram._graph import MOST_EDGES, Graph, Mark, Panel, graph

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "svg", "pdf")
INK, RED, PALE = "#1A1A1A", "#C8102E", "#C4C4C4"
FAINTEST = 0.08  # so that an edge that is there can be seen
FAINTEST_NAME = 0.3  # so that it can be read
PAD = 0.08  # inches around everything
DOT, GLYPH = 0.045, 0.095  # radii in inches
DPI = 200


def diagram(
    network: Network,
    x: Tensor,
    path: str | os.PathLike[str] | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    beta: float = 3.0,
    scores: str | Sequence[Tensor] = "attribution",
    title: str | None = None,
) -> Figure:
    r"""Draw a KAN as in the paper: inputs below, a small panel with the curve of every edge.

    Parameters
    ----------
    network
        A KAN.
    x
        Samples of its inputs, ``(N, n_in)``. Every curve is drawn over the range that its input
        has on them, and fills its panel.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``. ``None`` writes nothing.
    inputs, outputs
        Their names; x_1, … and y (or y_1, …) where not given. ``$…$`` is mathematics.
    beta
        Edges have the opacity :math:`\tanh(\beta\,\mathrm{score})`.
    scores
        A kind of `kanpde.interpret.edge_scores`, or the scores. Those by attribution are taken
        relative to the most important node of their level.
    title
        A line above, for example a formula.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no window. Symbolic edges are red and named; edges that are switched off are
        left out, inputs that lead nowhere are pale. Σ marks nodes that add several edges,
        × those that multiply. Of more than 100 edges of a layer the strongest are drawn, and a
        line says so.

    Raises
    ------
    InputError
        If the network is no KAN, the suffix is not known or the number of names is wrong.
    ShapeError
        If `x` is not ``(N, n_in)``.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, section 2.5.1.

    Examples
    --------
    >>> figure = diagram(KAN([2, 3, 1]), torch.linspace(-1, 1, 40).reshape(20, 2))
    >>> len(figure.axes)
    1
    """
    ending = None if path is None else _ending(path)
    strengths = diagram_strengths(network, x, beta, scores)
    assert isinstance(network, KAN)
    names = checked_names(network, inputs, outputs)
    with style():
        figure = drawn(graph(network, x, strengths), *names, title)
    if path is not None and ending is not None:
        _write(figure, Path(path), ending, DPI)
    return figure


def _ending(path: str | os.PathLike[str]) -> str:
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise InputError(
            f"path: expected a name that ends in .{', .'.join(FORMATS)}, got {Path(path).name!r}"
        )
    return ending


def checked_names(
    network: Network, inputs: Sequence[str] | None, outputs: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Give the names of inputs and outputs as they are written.

    Raises
    ------
    InputError
        If their number is wrong.
    """
    return (
        _names("inputs", inputs, "x", network.n_in),
        _names("outputs", outputs, "y", network.n_out),
    )


def _names(what: str, given: Sequence[str] | None, letter: str, count: int) -> list[str]:
    if given is None:
        given = [letter] if count == 1 else [f"{letter}_{n + 1}" for n in range(count)]
    if isinstance(given, str) or len(given) != count:
        raise InputError(f"{what}: expected {count} names, got {given!r}")
    return [n if n.startswith("$") and n.endswith("$") else math_name(n) for n in map(str, given)]


def diagram_strengths(
    network: Network, x: Tensor, beta: float, scores: str | Sequence[Tensor] = "attribution"
) -> list[Tensor]:
    """Give the opacity of every edge, per layer ``(n_in, subnodes)``."""
    if not (math.isfinite(beta) and beta > 0):
        raise InputError(f"beta: expected a positive number, got {beta}; 3 is customary")
    if isinstance(scores, str):
        found = edge_scores(network, x, scores)
        if scores == "attribution":
            peaks = [later.sum(dim=1).max() for later in found[1:]]
            found = [
                s / torch.clamp(peak, min=1e-300)
                for s, peak in zip(found, [*peaks, torch.ones(())], strict=True)
            ]
    else:
        edge_scores(network, x)  # checks network and samples
        found = list(scores)
        shapes = [tuple(layer.alive().shape) for layer in network.layers]  # type: ignore[operator]
        if [tuple(s.shape) for s in found] != shapes:
            raise InputError(f"scores: expected one tensor per layer of the shapes {shapes}")
    return [torch.tanh(beta * s) for s in found]


def drawn(picture: Graph, inputs: list[str], outputs: list[str], title: str | None) -> Figure:
    """Draw what was placed; the figure is as large as what is on it."""
    figure = Figure(figsize=(picture.width, picture.height), dpi=DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, picture.width), ylim=(0, picture.height))
    _draw_lines(axes, picture)
    for row, side in zip(picture.panels, picture.sides, strict=True):
        _draw_panels(axes, row, side)
    rows = (*picture.levels, *picture.subnodes)  # a sum node is its own subnode
    for mark in {(m.x, m.y): m for marks in rows for m in marks}.values():
        _draw_mark(axes, mark)
    _draw_names(axes, picture.levels[0], inputs, above=False)
    _draw_names(axes, picture.levels[-1], outputs, above=True)
    _fit(figure, axes, picture, title)
    return figure


def _draw_lines(axes: Axes, picture: Graph) -> None:
    """Draw from every node through its panels to the nodes above."""
    lines, colors = [], []
    for k, row in enumerate(picture.panels):
        for panel in row:
            source, target = picture.levels[k][panel.source], picture.subnodes[k][panel.target]
            color = _color(panel)
            half = picture.sides[k] / 2
            lines.append([(source.x, source.y), (panel.x, panel.y - half)])
            lines.append([(panel.x, panel.y + half), (target.x, target.y)])
            colors += [color, color]
    for marks in picture.levels:
        for mark in marks:
            for factor in mark.factors:
                lines.append([factor, (mark.x, mark.y)])
                colors.append(_rgba(INK, 1.0 if mark.alive else 0.3))
    axes.add_collection(LineCollection(lines, colors=colors, linewidths=0.9, zorder=1))


def _draw_panels(axes: Axes, row: Sequence[Panel], side: float) -> None:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5
    centers = [np.array([p.x, p.y]) for p in row]
    colors = [_color(p) for p in row]
    boxes = [c + side * corners for c in centers]
    axes.add_collection(
        PolyCollection(boxes, facecolors="white", edgecolors=colors, linewidths=0.6, zorder=2)
    )
    inner = 0.84 * side
    curves = [c + inner * (p.curve - 0.5) for c, p in zip(centers, row, strict=True)]
    thick = 0.7 + 0.8 * min(side / 0.5, 1.0)
    axes.add_collection(LineCollection(curves, colors=colors, linewidths=thick, zorder=3))
    for panel in row:
        if panel.function is not None and side > 0.25:
            _write_function(axes, panel, panel.function, side)


def _write_function(axes: Axes, panel: Panel, name: str, side: float) -> None:
    """Write the name of an edge's function into the corner that the curve leaves emptiest."""
    size, text = min(6.0, 11 * side), function_name(name)
    across, up = emptiest_corner(panel.curve, 0.65 * len(text) * size / 72 / side, size / 60 / side)
    axes.text(
        panel.x + 0.46 * side * across,
        panel.y + 0.46 * side * up,
        plain_text(text),
        color=_rgba(RED, max(panel.weight, FAINTEST_NAME)),
        fontsize=size,
        ha="left" if across < 0 else "right",
        va="bottom" if up < 0 else "top",
        path_effects=[withStroke(linewidth=1.2, foreground="white")],
        zorder=4,
    )


def function_name(name: str) -> str:
    """Write powers in the name of a function as such.

    Examples
    --------
    >>> function_name("1/x^2"), function_name("x^1.5"), function_name("sin")
    ('1/x²', 'x^1.5', 'sin')
    """
    return re.sub(r"\^(\d)(?![\d.])", lambda m: "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(m[1])], name)


def emptiest_corner(curve: NDArray[np.float64], width: float, height: float) -> tuple[int, int]:
    """Give the corner whose box of `width` by `height` is farthest from a curve.

    Parameters
    ----------
    curve
        Shape ``(N, 2)``, in [0, 1] both ways.
    width, height
        In the same units.

    Returns
    -------
    tuple
        -1 for left or 1 for right, -1 for below or 1 for above; below on the right if all are
        equal.

    Examples
    --------
    >>> t = np.linspace(0, 1, 9)
    >>> emptiest_corner(np.stack((t, 1 - t**2), axis=1), 0.3, 0.2)
    (-1, -1)
    """
    sides = np.abs(curve - np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]]))
    gaps = np.maximum(sides - np.array([width, height]), 0.0)  # (corner, N, 2)
    free = {
        (1, -1): gaps[2], (-1, 1): gaps[1], (-1, -1): gaps[0], (1, 1): gaps[3],
    }  # fmt: skip
    return max(free, key=lambda corner: float((free[corner] ** 2).sum(axis=1).min()))


def _draw_mark(axes: Axes, mark: Mark) -> None:
    color = INK if mark.alive else PALE
    if mark.kind == "dot":
        axes.plot(mark.x, mark.y, "o", color=color, markersize=144 * DOT * 0.5, zorder=5)
        return
    axes.plot(
        mark.x,
        mark.y,
        "o",
        markersize=72 * 2 * GLYPH,
        markerfacecolor="white",
        markeredgecolor=color,
        markeredgewidth=0.8,
        zorder=5,
    )
    glyph = r"$\Sigma$" if mark.kind == "sum" else r"$\times$"
    axes.text(
        mark.x,
        mark.y,
        glyph,
        color=color,
        fontsize=7.5,
        ha="center",
        va="center_baseline",
        zorder=6,
    )


def _draw_names(axes: Axes, marks: Sequence[Mark], names: Sequence[str], *, above: bool) -> None:
    """Write names level where they have room, else slanted."""
    workspace = min((b.x - a.x for a, b in pairwise(marks)), default=math.inf)
    slanted = any(_length(name) > workspace - 0.08 for name in names)
    size = 9.0 if workspace > 0.5 else 8.0
    lift = 0.16 if above else -0.13
    for mark, name in zip(marks, names, strict=True):
        look: dict[str, Any] = {"ha": "center", "va": "bottom" if above else "top"}
        if slanted:
            look = {
                "ha": "left" if above else "right",
                "va": "bottom" if above else "top",
                "rotation": 45,
                "rotation_mode": "anchor",
            }
        axes.text(
            mark.x, mark.y + lift, name, fontsize=size, color=INK if mark.alive else PALE, **look
        )


def _length(name: str) -> float:
    """Guess the length of a name in inches."""
    letters = len(name.strip("$").replace("\\mathrm", "").replace("\\", ""))
    return 0.075 * (min(letters, 3) if name.startswith("$") else letters)


def _fit(figure: Figure, axes: Axes, picture: Graph, title: str | None) -> None:
    """Make the figure as large as what was drawn, and put the title above."""
    renderer: Any = figure.canvas.get_renderer()
    extents = [text.get_window_extent(renderer) for text in axes.texts]
    scale = 1 / figure.dpi
    box = Bbox.union([Bbox.from_extents(0, 0, picture.width * DPI, picture.height * DPI), *extents])
    left, bottom, right, top = (scale * v for v in box.extents)
    notes = [(f"the {MOST_EDGES} strongest edges of a layer", 7.5)] if picture.left_out else []
    for words, size in [*notes, *([(title, 9.5)] if title else [])]:
        middle = (left + right) / 2
        text = axes.text(middle, top + 0.12, words, fontsize=size, ha="center", va="bottom")
        extent = text.get_window_extent(renderer)
        left, right = min(left, scale * extent.x0), max(right, scale * extent.x1)
        top = scale * extent.y1
    left, right, bottom, top = left - PAD, right + PAD, bottom - PAD, top + PAD
    figure.set_size_inches(right - left, top - bottom)
    axes.set(xlim=(left, right), ylim=(bottom, top))


def _color(panel: Panel) -> tuple[float, float, float, float]:
    return _rgba(INK if panel.function is None else RED, max(panel.weight, FAINTEST))


def _rgba(color: str, alpha: float) -> tuple[float, float, float, float]:
    r, g, b = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return r, g, b, float(alpha)
