"""How the loss and the error fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from kanpde.plot._style import (
    PAGE,
    REFERENCE_COLOR,
    SOLUTION_COLOR,
    TERM_COLORS,
    new_figure,
    plain_text,
    style,
    tidy_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LABELLED_MARKS = 8  # more marks than this are drawn without words


def convergence_figure(history: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw loss, terms and error against steps and against seconds.

    Parameters
    ----------
    history
        Rows with ``step``, ``seconds``, ``loss`` and, where they are known, ``error``,
        ``predicted``, ``phase``, ``grid`` and any number of ``term:NAME``. Missing values, None and
        numbers that are not positive are left out of the drawing.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels; vertical lines stand where the grid or the phase changed. An
        empty history gives panels that say so.

    Examples
    --------
    >>> rows = [{"step": 1, "seconds": 0.1, "loss": 1.0}, {"step": 2, "seconds": 0.2, "loss": 0.1}]
    >>> len(convergence_figure(rows).axes)
    2
    """
    with style():
        figure = new_figure(PAGE, 2.9)
        panels = figure.subplots(1, 2, sharey=True)
        marks = changes(history)
        for axes, name, label in zip(
            panels, ("step", "seconds"), ("step", "seconds of optimization"), strict=True
        ):
            _draw(axes, history, column(history, name))
            axes.set_xlabel(label)
            _draw_marks(axes, column(history, name), marks)
        panels[1].tick_params(labelleft=False)
        panels[0].set_ylabel("loss, error")
        handles, labels = panels[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5))
        return figure


def column(history: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """Read one column as ``(rows,)`` floats, NaN where it is missing or no number.

    Examples
    --------
    >>> column([{"loss": 1.0}, {"loss": None}, {}], "loss")
    array([ 1., nan, nan])
    """
    values = []
    for row in history:
        try:
            values.append(float(row.get(name, np.nan)))
        except (TypeError, ValueError):
            values.append(np.nan)
    return np.array(values, dtype=float)


def changes(history: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Find the rows at which the grid or the phase is another than in the row before.

    Examples
    --------
    >>> changes([{"grid": 5}, {"grid": 5}, {"grid": 10}])
    [(2, 'grid 10')]
    """
    found = []
    for i in range(1, len(history)):
        before, now = history[i - 1], history[i]
        words = []
        if _differs(before.get("phase"), now.get("phase")):
            words.append(plain_text(now["phase"]))
        if _differs(before.get("grid"), now.get("grid")):
            words.append(f"grid {plain_text(now['grid'])}")
        if words:
            found.append((i, ", ".join(words)))
    return found


def _differs(before: Any, now: Any) -> bool:
    known = [v is not None and v != "" and v == v for v in (before, now)]  # NaN != NaN
    return all(known) and bool(before != now)


def _draw(axes: Axes, history: Sequence[Mapping[str, Any]], x: np.ndarray) -> None:
    axes.grid(visible=True)
    names = list(dict.fromkeys(k for row in history for k in row if str(k).startswith("term:")))
    curves: list[tuple[str, str, str, float, Any]] = [
        (plain_text(n.removeprefix("term:")), n, TERM_COLORS[i % len(TERM_COLORS)], 0.6, "-")
        for i, n in enumerate(names)
    ]
    curves.append(("loss", "loss", SOLUTION_COLOR, 1.5, "-"))
    curves.append(("relative $L^2$ error", "error", REFERENCE_COLOR, 1.5, "-"))
    curves.append(("predicted error", "predicted", REFERENCE_COLOR, 1.0, (0, (3, 2))))
    drawn = []
    for label, name, color, width, dashes in curves:
        y = column(history, name)
        keep = np.isfinite(x) & np.isfinite(y) & (y > 0)
        if not keep.any():
            continue
        marker = "o" if keep.sum() == 1 else ""
        (line,) = axes.plot(x[keep], y[keep], color=color, linewidth=width, linestyle=dashes)
        line.set(marker=marker, markersize=3, label=label)
        drawn.append(y[keep])
    if not drawn:
        axes.text(0.5, 0.5, "no history", transform=axes.transAxes, ha="center", va="center")
        return
    axes.set_yscale("log")
    positive = x[np.isfinite(x) & (x > 0)]
    if positive.size > 1 and positive.max() > 20 * positive.min():
        axes.set_xscale("log")
        axes.set_xlim(positive.min(), positive.max() * 1.05)
    tidy_axes(axes, y_ticks=6)
    if axes.get_xscale() == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=bool((x == np.round(x)).all())))


def _draw_marks(axes: Axes, x: np.ndarray, marks: list[tuple[int, str]]) -> None:
    words = len(marks) <= _LABELLED_MARKS
    for i, text in marks:
        if not np.isfinite(x[i]) or (axes.get_xscale() == "log" and x[i] <= 0):
            continue
        axes.axvline(x[i], color="#888888", linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
        if words:
            axes.annotate(
                text,
                (x[i], 0.98),
                xycoords=("data", "axes fraction"),
                xytext=(1.5, 0),
                textcoords="offset points",
                rotation=90,
                va="top",
                ha="left",
                fontsize=5.5,
                color="#555555",
            )
