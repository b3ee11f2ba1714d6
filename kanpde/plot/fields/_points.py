"""Where the conditions and the equations are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kanpde.errors import InputError, ShapeError
from kanpde.plot._style import (
    REFERENCE_COLOR,
    SOLUTION_COLOR,
    TERM_COLORS,
    math_name,
    new_figure,
    style,
    tidy_axes,
)
from kanpde.plot.fields._lattice import space_axes, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kanpde.geometry import Domain

_COLORS = (SOLUTION_COLOR, REFERENCE_COLOR, *TERM_COLORS)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def points_figure(domain: Domain, points: Mapping[str, np.ndarray]) -> Figure:
    """Draw the points of every equation and condition inside the domain.

    Parameters
    ----------
    domain
        The domain; its coordinates name the axes.
    points
        For each name an array ``(N, d)``. Beyond three coordinates the first two
        lengths (one length and time) are shown.

    Returns
    -------
    matplotlib.figure.Figure
        One panel: a strip per name in one dimension, a scatter plot in two and three.

    Raises
    ------
    InputError
        If `points` is empty.
    ShapeError
        If an array has not one column per coordinate.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.points_figure)
    True
    """
    if not points:
        raise InputError("points: expected at least one set of points, got none; pass {name: ...}")
    sets = {name: np.asarray(values, dtype=float) for name, values in points.items()}
    for name, values in sets.items():
        if values.ndim != 2 or values.shape[1] != domain.dimension:
            raise ShapeError(
                f"points[{name!r}]: expected shape (N, {domain.dimension}), got {values.shape}; "
                "give one column per coordinate"
            )
    with style():
        figure = new_figure(5.4, 3.6)
        if domain.dimension == 1:
            figure.set_size_inches(5.4, 0.9 + 0.32 * len(sets))
            _strips(figure.subplots(), domain, sets)
        elif domain.dimension == 3:
            figure.set_size_inches(5.8, 4.2)
            _scatter(figure.add_subplot(projection="3d"), domain, _order(domain), sets)
        else:
            order = _order(domain)[:2]
            if time_axis(domain) not in order:
                width, height = (float(domain.upper[i] - domain.lower[i]) for i in order)
                figure.set_size_inches(5.4, float(np.clip(3.9 * height / width, 1.4, 5.0)) + 0.6)
            _scatter(figure.subplots(), domain, order, sets)
        return figure


def _order(domain: Domain) -> tuple[int, ...]:
    """Order the columns as they are drawn; with one length, time comes first."""
    time = time_axis(domain)
    space = space_axes(domain)
    if time is None:
        return space
    return (time, *space) if len(space) == 1 else (*space, time)


def _strips(axes: Axes, domain: Domain, sets: Mapping[str, np.ndarray]) -> None:
    for k, values in enumerate(sets.values()):
        heights = np.full(len(values), float(k))
        axes.scatter(values[:, 0], heights, s=6, color=_COLORS[k % len(_COLORS)], linewidths=0)
    axes.set_yticks(range(len(sets)), [f"{n} ({len(v)})" for n, v in sets.items()])
    axes.set_ylim(len(sets) - 0.5, -0.5)
    axes.set_xlabel(math_name(str(domain.coordinates[0])))
    axes.grid(visible=True, axis="x")


def _scatter(
    axes: Axes, domain: Domain, order: tuple[int, ...], sets: Mapping[str, np.ndarray]
) -> None:
    for k, (name, values) in enumerate(sets.items()):
        size = 2.5 if len(values) > 500 else 7.0
        axes.scatter(
            *(values[:, i] for i in order),
            s=size,
            color=_COLORS[k % len(_COLORS)],
            marker=_MARKERS[k % len(_MARKERS)],
            linewidths=0,
            label=f"{name} ({len(values)})",
            zorder=2 + k,
            clip_on=False,
        )
    names = [math_name(str(domain.coordinates[i])) for i in order]
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    if len(order) == 3:
        axes.set_zlabel(names[2])
        axes.set_box_aspect(None, zoom=1.0)
    else:
        extent = [float(domain.upper[i] - domain.lower[i]) for i in order]
        pads = [0.03 * e for e in extent]
        axes.set_xlim(domain.lower[order[0]] - pads[0], domain.upper[order[0]] + pads[0])
        axes.set_ylim(domain.lower[order[1]] - pads[1], domain.upper[order[1]] + pads[1])
        if time_axis(domain) not in order and 1 / 8 < extent[0] / extent[1] < 8:
            axes.set_aspect("equal")
        tidy_axes(axes)
    if len(order) == 3:  # only the figure knows how far the third axis' name reaches
        axes.figure.legend(loc="outside right center", markerscale=2.0)
    else:
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), markerscale=2.0)
