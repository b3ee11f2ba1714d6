"""Error against seconds and against coefficients, medians with the range over the seeds."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter

from kanpde.plot._style import (
    PAGE,
    REFERENCE_COLOR,
    SOLUTION_COLOR,
    TERM_COLORS,
    new_figure,
    style,
    tidy_axes,
)
from kanpde.studies._run import Run
from kanpde.studies._verdict import Spread, best_size, coefficients, common_limit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = {"kan": SOLUTION_COLOR, "mlp": REFERENCE_COLOR}
MARKERS = {"kan": "o", "mlp": "s"}
TIMES = 200


def comparison_figure(runs: Sequence[Run], *, measure: str = "error") -> Figure:
    """Draw the runs of a comparison.

    Parameters
    ----------
    runs
        Finished runs.
    measure
        What the errors are.

    Returns
    -------
    matplotlib.figure.Figure
        Left the error against seconds: the median over the seeds with its range for each net
        at its best size, thin lines for the other sizes, triangles where the grid was
        extended. Right the error against coefficients, after the seconds that every run had.
    """
    with style():
        figure = new_figure(PAGE, 3.0)
        left, right = figure.subplots(1, 2, sharey=True)
        limit = common_limit(runs, "seconds")
        for k, net in enumerate(dict.fromkeys(r.net for r in runs)):
            own = [r for r in runs if r.net == net]
            look = {"color": COLORS.get(net, TERM_COLORS[k % len(TERM_COLORS)])}
            _draw_curves(left, own, limit, net, look)
            _draw_sizes(right, own, limit, net, look)
        left.set_xlabel("seconds of optimization")
        left.set_ylabel(measure)
        right.set_xlabel("coefficients")
        for axes in (left, right):
            _scale(axes)
        right.tick_params(labelleft=False)
        if runs:
            left.set_title(_caption(runs), loc="left", fontsize=7)
            right.set_title(f"the same after {limit:.3g} s", loc="left", fontsize=7)
        handles, labels = left.get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 4))
        return figure


def png(figure: Figure) -> bytes:
    """Draw a figure into the bytes of a PNG file."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _caption(runs: Sequence[Run]) -> str:
    count = len({r.seed for r in runs})
    text = "one seed" if count == 1 else f"median and range, {count} seeds"
    if len({r.size for r in runs}) > 1:
        text += "; thin: other sizes"
    return f"{text}; ▲ new grid" if extensions(runs) else text


def _draw_curves(
    axes: Axes, runs: Sequence[Run], limit: float, net: str, look: dict[str, Any]
) -> None:
    best = best_size(runs, limit)
    for size in sorted({r.size for r in runs}):
        own = [r for r in runs if r.size == size]
        seconds, errors = curves(own)
        middle = np.median(errors, axis=0)
        keep = np.isfinite(errors).all(axis=0) & (errors > 0).all(axis=0)
        if not keep.any():
            continue
        if size != best:
            axes.plot(seconds[keep], middle[keep], linewidth=0.6, alpha=0.55, zorder=2, **look)
            continue
        label = f"{net.upper()}, {coefficients(own)} coefficients"
        low, high = errors.min(axis=0), errors.max(axis=0)
        axes.fill_between(
            seconds[keep], low[keep], high[keep], linewidth=0, alpha=0.18, zorder=1, **look
        )
        axes.plot(seconds[keep], middle[keep], label=label, zorder=4, **look)
        _draw_extensions(axes, own, seconds[keep], middle[keep], look)


def curves(runs: Sequence[Run]) -> tuple[np.ndarray, np.ndarray]:
    """Read the errors of several seeds at common times.

    Parameters
    ----------
    runs
        Runs of one net and size.

    Returns
    -------
    seconds : ndarray
        Shape ``(T,)``, from the time at which all have made a step to the end of the longest;
        a run that ended keeps its last error.
    errors : ndarray
        Shape ``(runs, T)``.
    """
    start = max(max(r.curve[:2][-1]["seconds"] for r in runs), 1e-4)  # after the first step
    end = max(max(r.seconds for r in runs), start)
    seconds = np.geomspace(start, end, TIMES)
    seconds[0], seconds[-1] = start, end
    errors = []
    for r in runs:
        times = np.array([p["seconds"] for p in r.curve])
        values = np.array([p["error"] for p in r.curve])
        errors.append(values[np.clip(np.searchsorted(times, seconds, "right") - 1, 0, None)])
    return seconds, np.array(errors)


def _draw_extensions(
    axes: Axes, runs: Sequence[Run], seconds: np.ndarray, middle: np.ndarray, look: dict[str, Any]
) -> None:
    for grid, when in extensions(runs):
        error = float(np.interp(when, seconds, middle))
        axes.plot(when, error, marker="^", markersize=5, markeredgecolor="white", zorder=5, **look)
        axes.annotate(
            str(grid),
            (when, error),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=6,
            color=look["color"],
        )


def extensions(runs: Sequence[Run]) -> list[tuple[int, float]]:
    """Find the grids that a net was extended to, and the median of the seconds at which.

    Examples
    --------
    >>> extensions([])
    []
    """
    found: dict[int, list[float]] = {}
    for r in runs:
        grids = [p["grid"] for p in r.curve]
        for before, point in zip(grids, r.curve[1:], strict=False):
            if before is not None and point["grid"] not in (None, before):
                found.setdefault(int(point["grid"]), []).append(point["seconds"])
    return [(grid, statistics.median(times)) for grid, times in sorted(found.items())]


def _draw_sizes(
    axes: Axes, runs: Sequence[Run], limit: float, net: str, look: dict[str, Any]
) -> None:
    points = []
    for size in sorted({r.size for r in runs}):
        own = [r for r in runs if r.size == size]
        spread = Spread.of([r.error_at("seconds", limit) for r in own])
        if math.isfinite(spread.high) and spread.low > 0:
            points.append((coefficients(own), spread))
    if not points:
        return
    x = [count for count, _ in points]
    middle = np.array([s.median for _, s in points])
    reach = np.array(
        [[s.median - s.low for _, s in points], [s.high - s.median for _, s in points]]
    )
    axes.errorbar(
        x, middle, yerr=reach, marker=MARKERS.get(net, "d"), markersize=4, capsize=2.5,
        elinewidth=0.9, **look,
    )  # fmt: skip


def _scale(axes: Axes) -> None:
    axes.grid(visible=True)
    if not axes.lines:
        axes.text(0.5, 0.5, "no runs", transform=axes.transAxes, ha="center", va="center")
        return
    axes.margins(x=0.06)
    low, high = sorted(axes.dataLim.intervalx)
    axes.set_xscale("log" if high > 10 * low > 0 else "linear")
    axes.set_yscale("log")
    tidy_axes(axes, y_ticks=6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
