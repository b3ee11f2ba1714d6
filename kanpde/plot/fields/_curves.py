"""Curves: one coordinate, space or time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kanpde.plot._style import (
    COLUMN,
    ERROR_COLOR,
    PAGE,
    REFERENCE_COLOR,
    SOLUTION_COLOR,
    math_name,
    new_figure,
    tidy_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kanpde.geometry import Domain
    from kanpde.plot.fields._lattice import Sample

_LOWEST = 1e-300


def draw_curve(
    axes: Axes,
    x: np.ndarray,  # (N,)
    solution: np.ndarray,  # (N,)
    truth: np.ndarray | None = None,  # (N,)
    *,
    x_ticks: int = 5,
) -> None:
    """Draw the solution as a line and the reference dashed over it."""
    axes.plot(x, solution, color=SOLUTION_COLOR, label="kanpde")
    if truth is not None:
        axes.plot(x, truth, color=REFERENCE_COLOR, linestyle=(0, (4, 2.5)), label="reference")
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.grid(visible=True)
    tidy_axes(axes, x_ticks=x_ticks)


def legend_below(figure: Figure, axes: Axes) -> None:
    """Put one line of legend under all panels, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), handlelength=2.4)


def draw_log_curve(axes: Axes, x: np.ndarray, values: np.ndarray, *, color: str) -> None:
    """Draw absolute values on a logarithmic axis; zeros and NaN leave gaps."""
    magnitude = np.abs(values)
    magnitude[~(magnitude > _LOWEST)] = np.nan
    axes.plot(x, magnitude, color=color, linewidth=1.0)
    finite = magnitude[np.isfinite(magnitude)]
    if finite.size:
        axes.set_yscale("log")
        top = float(finite.max())
        bottom = max(float(np.quantile(finite, 0.02)), 1e-8 * top)
        axes.set_ylim(bottom / 2, 3 * top)
    else:
        axes.set_ylim(0.0, 1.0)
        axes.text(0.5, 0.5, "0 everywhere", transform=axes.transAxes, ha="center", va="center")
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.grid(visible=True)
    tidy_axes(axes, y_ticks=4)


def curve_figure(domain: Domain, sample: Sample, names: list[str]) -> Figure:
    """Give each unknown a curve, with its error below where a reference is known."""
    known = sample.truth is not None
    columns = min(len(names), 3)
    bands = -(-len(names) // columns)
    width = {1: COLUMN, 2: 5.4}.get(columns, PAGE)
    figure = new_figure(width, bands * (3.1 if known else 2.2) + (0.2 if known else 0.0))
    heights = ([2.0, 1.0] if known else [1.0]) * bands
    grid = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    step = 2 if known else 1
    x = sample.lattice.ticks[0]
    label = math_name(str(domain.coordinates[sample.lattice.axes[0]]))
    for k in range(bands * columns):
        stack = [grid[step * (k // columns) + s, k % columns] for s in range(step)]
        if k >= len(names):
            for axes in stack:
                axes.remove()
            continue
        truth = None if sample.truth is None else sample.truth[k]
        draw_curve(stack[0], x, sample.solution[k], truth)
        stack[0].set_title(math_name(names[k]))
        stack[-1].set_xlabel(label, labelpad=1.5)
        if known:
            stack[0].tick_params(labelbottom=False)
            draw_log_curve(stack[1], x, sample.error(k), color=ERROR_COLOR)
            stack[1].set_ylabel("|error|" if k % columns == 0 else "")
    if known:
        legend_below(figure, grid[0, 0])
    return figure


def log_curves_figure(
    domain: Domain, sample: Sample, fields: Mapping[str, np.ndarray], label: str
) -> Figure:
    """Give each named field, an error or a residual, one logarithmic panel."""
    columns = min(len(fields), 3)
    bands = -(-len(fields) // columns)
    figure = new_figure({1: COLUMN, 2: 5.4}.get(columns, PAGE), 2.0 * bands)
    grid = figure.subplots(bands, columns, squeeze=False)
    x = sample.lattice.ticks[0]
    for k, axes in enumerate(grid.flat):
        if k >= len(fields):
            axes.remove()
            continue
        name, values = list(fields.items())[k]
        draw_log_curve(axes, x, values, color=ERROR_COLOR)
        axes.set_title(name)
        axes.set_xlabel(math_name(str(domain.coordinates[sample.lattice.axes[0]])), labelpad=1.5)
        axes.set_ylabel(label if k % columns == 0 else "")
    return figure
