"""Figures of fits: predictions against data, the function itself, how training went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from kanpde.plot._convergence import convergence_figure
from kanpde.plot._style import (
    COLUMN,
    MAX_UNKNOWNS,
    PAGE,
    REFERENCE_COLOR,
    SOLUTION_COLOR,
    TERM_COLORS,
    add_colorbar,
    math_name,
    new_figure,
    plain_text,
    style,
    tidy_axes,
    value_scale,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kanpde.fitting import Fit

MOST_POINTS = 5000  # of a scatter
MOST_CLASSES_WITH_NUMBERS = 20
CURVE_POINTS, MAP_POINTS = 401, 161


def fit_figures(fit: Fit) -> dict[str, Callable[[], Figure | None]]:
    """Name the figures of a fit and what makes each; None where one does not apply."""
    return {
        "fit": lambda: fit_figure(fit),
        "function": lambda: function_figure(fit),
        "training": lambda: training_figure(fit),
    }


def fit_figure(fit: Fit) -> Figure:
    """Draw predicted against true values, or the confusion of classes.

    Parameters
    ----------
    fit
        A `Fit`. Where it has test rows, the confusion is that of these.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per output, six at most.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.fit_figure)
    True
    """
    with style():
        return _confusion(fit) if fit.classes else _predictions(fit)


def _panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    """Axes in rows of three."""
    columns = min(count, 3)
    bands = -(-count // columns)
    figure = new_figure({1: COLUMN, 2: 5.4}.get(columns, PAGE), height * bands)
    grid = list(figure.subplots(bands, columns, squeeze=False).flat)
    for axes in grid[count:]:
        axes.remove()
    return figure, grid[:count]


def _predictions(fit: Fit) -> Figure:
    names = fit.data.outputs[:MAX_UNKNOWNS]
    figure, panels = _panels(len(names), 3.0 if len(names) == 1 else 2.4)
    train = (fit.x, fit.y, f"train ({len(fit.x)})", SOLUTION_COLOR)
    test = (fit.x_test, fit.y_test, f"test ({len(fit.x_test)})", REFERENCE_COLOR)
    for k, axes in enumerate(panels):
        spans = []
        for x, y, label, color in (train, test):
            if not len(x):
                continue
            which = slice(None, None, max(1, -(-len(x) // MOST_POINTS)))
            true, found = y[which, k], fit(x[which])[:, k]
            axes.scatter(true, found, s=5, color=color, alpha=0.6, linewidths=0, label=label)
            spans += [true.min(), true.max()]
        ends = [min(spans), max(spans)]
        axes.plot(ends, ends, color="#333333", linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
        axes.set_xlabel(f"{math_name(names[k])}, data")
        axes.set_ylabel(f"{math_name(names[k])}, fit")
        axes.grid(visible=True)
        tidy_axes(axes)
    which_rows = "test" if "test" in fit.errors else "train"
    if which_rows in fit.errors:
        figure.suptitle(f"{which_rows} RMSE {fit.errors[which_rows]['rmse']:.2e}", fontsize=8.5)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, markerscale=2)
    return figure


def _confusion(fit: Fit) -> Figure:
    x, y = (fit.x_test, fit.data.test.y) if len(fit.x_test) else (fit.x, fit.data.train.y)
    count = len(fit.classes)
    table = np.zeros((count, count), dtype=int)
    np.add.at(table, (y, fit(x).argmax(axis=1)), 1)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = min(max(COLUMN, 0.32 * count + 1.2), PAGE)
    figure = new_figure(side, 0.95 * side)
    axes = figure.subplots()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    if count <= MOST_CLASSES_WITH_NUMBERS:
        for (i, j), number in np.ndenumerate(table):
            if number:
                color = "white" if share[i, j] > 0.6 else "#222222"
                size = 7 if count <= 8 else 5
                axes.text(j, i, number, ha="center", va="center", color=color, fontsize=size)
    step = max(1, -(-count // 30))
    ticks = range(0, count, step)
    labels = [plain_text(fit.classes[k]) for k in ticks]
    turned = 90 if max(map(len, labels)) > 4 else 0
    axes.set_xticks(ticks, labels, rotation=turned)
    axes.set_yticks(ticks, labels)
    which = "test" if len(fit.x_test) else "training"
    right = np.trace(table) / max(1, table.sum())
    axes.set_title(f"{table.sum()} {which} rows, accuracy {right:.1%}")
    axes.set_xlabel(f"{math_name(fit.data.outputs[0])}, fit")
    axes.set_ylabel(f"{math_name(fit.data.outputs[0])}, data")
    add_colorbar(figure, axes, image)
    return figure


def function_figure(fit: Fit) -> Figure | None:
    """Draw the fitted function of one or two inputs, with the data.

    Returns
    -------
    matplotlib.figure.Figure or None
        None where there are more than two inputs.
    """
    inputs = fit.x.shape[1]
    if inputs > 2:
        return None
    with style():
        return _curves(fit) if inputs == 1 else _maps(fit)


def _ticks(fit: Fit, column: int, count: int) -> np.ndarray:
    every = np.concatenate((fit.x[:, column], fit.x_test[:, column]))
    low, high = float(every.min()), float(every.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, count)


def _curves(fit: Fit) -> Figure:
    x = _ticks(fit, 0, CURVE_POINTS)
    values = fit(x[:, None])
    if fit.classes:
        figure, (axes,) = _panels(1, 2.6)
        for k, label in enumerate(fit.classes[: len(TERM_COLORS)]):
            axes.plot(x, values[:, k], color=TERM_COLORS[k], label=plain_text(label))
        axes.set_ylabel("probability")
        panels = [axes]
    else:
        names = fit.data.outputs[:MAX_UNKNOWNS]
        figure, panels = _panels(len(names), 2.6)
        for k, axes in enumerate(panels):
            for inputs, y, label, color in (
                (fit.x, fit.y, "train", TERM_COLORS[2]),
                (fit.x_test, fit.y_test, "test", REFERENCE_COLOR),
            ):
                if len(inputs):
                    axes.scatter(inputs[:, 0], y[:, k], s=4, color=color, alpha=0.5, label=label)
            axes.plot(x, values[:, k], color=SOLUTION_COLOR, label="fit")
            axes.set_ylabel(math_name(names[k]))
    for axes in panels:
        axes.set_xlabel(math_name(fit.data.inputs[0]))
        axes.grid(visible=True)
        tidy_axes(axes)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)))
    return figure


def _maps(fit: Fit) -> Figure:
    ticks = [_ticks(fit, k, MAP_POINTS) for k in (0, 1)]
    mesh = np.meshgrid(*ticks)
    values = fit(np.stack([m.ravel() for m in mesh], axis=1))
    names = list(fit.data.outputs[:MAX_UNKNOWNS])
    figure, panels = _panels(len(names), 2.9 if len(names) == 1 else 2.3)
    extent = (ticks[0][0], ticks[0][-1], ticks[1][0], ticks[1][-1])
    for k, axes in enumerate(panels):
        if fit.classes:
            count = len(fit.classes)
            field = values.argmax(axis=1).reshape(mesh[0].shape).astype(float)
            cmap, norm = colormaps["viridis"].resampled(count), Normalize(-0.5, count - 0.5)
        else:
            field = values[:, k].reshape(mesh[0].shape)
            cmap, norm = value_scale(field)
        image = axes.imshow(
            field, origin="lower", extent=extent, aspect="auto", cmap=cmap, norm=norm
        )
        which = slice(None, None, max(1, -(-len(fit.x) // 500)))
        axes.scatter(*fit.x[which].T, s=4, color="white", edgecolors="#222222", linewidths=0.3)
        axes.set_title(math_name(names[k]))
        axes.set_xlabel(math_name(fit.data.inputs[0]))
        axes.set_ylabel(math_name(fit.data.inputs[1]))
        tidy_axes(axes)
        _bar(figure, axes, image, fit)
    return figure


def _bar(figure: Figure, axes: Axes, image: object, fit: Fit) -> None:
    if not fit.classes:
        add_colorbar(figure, axes, image)
        return
    inset = axes.inset_axes((1.03, 0.0, 0.045, 1.0))
    bar = figure.colorbar(image, cax=inset)
    places = MaxNLocator(8, integer=True).tick_values(0, len(fit.classes) - 1)
    places = [int(p) for p in places if 0 <= p < len(fit.classes)]
    bar.set_ticks(places, labels=[plain_text(fit.classes[p]) for p in places])


def training_figure(fit: Fit) -> Figure | None:
    """Draw loss and errors against steps and seconds, with the changes of the grid.

    Returns
    -------
    matplotlib.figure.Figure or None
        None without a history.
    """
    if not fit.history:
        return None
    what = "wrong share" if fit.classes else "RMSE"
    keys = {"train": f"term:train {what}", "test": f"term:test {what}"}
    rows = [{keys.get(k, k): v for k, v in row.items()} for row in fit.history]
    return convergence_figure(rows)
