"""Rows and columns of maps, all drawn by one hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import PathPatch

from kanpde.plot._style import COLUMN, PAGE, add_colorbar, math_name, new_figure, tidy_axes
from kanpde.plot.fields._boundary import cut_path, filled_beyond

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.path import Path

    from kanpde.geometry import Domain
    from kanpde.plot.fields._lattice import Lattice

WIDE = 2.4  # from this width over height on, maps are stacked
_EXTREME = 8.0  # beyond this ratio equal aspect would leave a line


@dataclass(frozen=True)
class Panel:
    """One map: a field on a lattice, its title, colours and whether a bar stands beside it."""

    lattice: Lattice
    field: np.ndarray
    title: str
    cmap: str
    norm: Normalize
    bar: bool = True


def shape_ratio(domain: Domain, cut: Lattice) -> float:
    """Width over height of a map as drawn: true for two lengths, 1.35 with time."""
    if any(domain.coordinates[i] == domain.time for i in cut.axes):
        return 1.35
    horizontal, vertical = (float(t[-1] - t[0]) for t in cut.ticks)
    ratio = horizontal / vertical
    return ratio if 1 / _EXTREME < ratio < _EXTREME else 1.35


def draw_map(axes: Axes, domain: Domain, panel: Panel) -> AxesImage:
    """Draw one field as an image whose pixels are the lattice values.

    On a logarithmic norm values below its floor are lifted to the floor, so that
    a zero is drawn as the smallest value and not as a hole.
    """
    cut = panel.lattice
    path = cut_path(domain, cut)
    field = panel.field if path is None else _continued(panel.field, cut)
    data = np.ma.masked_invalid(field)
    if isinstance(panel.norm, LogNorm):
        data = np.ma.maximum(data, panel.norm.vmin)
    spans = [(float(t[0]), float(t[-1]), float(t[1] - t[0]) / 2) for t in cut.ticks]
    extent = tuple(v for low, high, half in spans for v in (low - half, high + half))
    timelike = any(domain.coordinates[i] == domain.time for i in cut.axes)
    (left, right, _), (bottom, top, _) = spans
    extreme = not 1 / _EXTREME < (right - left) / (top - bottom) < _EXTREME
    image = axes.imshow(
        data,
        origin="lower",
        extent=extent,
        cmap=panel.cmap,
        norm=panel.norm,
        aspect="auto" if timelike or extreme else "equal",
        interpolation="bilinear",
    )
    pad = 0.0 if cut.inside.all() else 0.015  # room for the line along a curved boundary
    axes.set_xlim(left - pad * (right - left), right + pad * (right - left))
    axes.set_ylim(bottom - pad * (top - bottom), top + pad * (top - bottom))
    axes.set_xlabel(math_name(str(domain.coordinates[cut.axes[0]])), labelpad=1.5)
    axes.set_ylabel(math_name(str(domain.coordinates[cut.axes[1]])), labelpad=1.5)
    axes.set_title(panel.title)
    if path is not None:
        clip(axes, image, path)
    return image


def _continued(field: np.ndarray, cut: Lattice) -> np.ndarray:
    """Continue a field beyond the boundary; what is not finite inside stays so."""
    inside = cut.inside.reshape(cut.shape)
    return np.where(inside, field, filled_beyond(np.where(inside, field, np.nan)))


def clip(axes: Axes, image: Artist, path: Path) -> None:
    """Cut an image off along the boundary of the domain, and draw that line."""
    image.set_clip_path(path, axes.transData)
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor="#444444", linewidth=0.8))
    for spine in axes.spines.values():
        spine.set_visible(False)


def panel_figure(domain: Domain, rows: Sequence[Sequence[Panel]]) -> Figure:
    """Lay out rows of maps; only the outer axes of a row and a column carry labels.

    Parameters
    ----------
    domain
        Where the panels' coordinates come from.
    rows
        Panels of each row; rows may differ in length.

    Returns
    -------
    Figure
        As wide as a page, or as a column for a single map.
    """
    columns = max(len(row) for row in rows)
    ratio = min(shape_ratio(domain, p.lattice) for row in rows for p in row)
    width = {1: COLUMN, 2: 5.4}.get(columns, PAGE)
    if columns == 1 and ratio > WIDE:
        width = 5.4
    bars = sum(any(len(row) > i and row[i].bar for row in rows) for i in range(columns))
    panel_width = (width - 0.45 - 0.6 * bars) / columns - 0.1
    panel_height = min(panel_width / ratio, 1.5 * panel_width)
    lines = [max(p.title.count("\n") + 1 for p in row) for row in rows]
    height = 0.4 + sum(panel_height + 0.12 + 0.16 * n for n in lines)
    figure = new_figure(width, height)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for i, row in enumerate(rows):
        for axes in grid[i, len(row) :]:
            axes.remove()
        for j, panel in enumerate(row):
            image = draw_map(grid[i, j], domain, panel)
            if panel.bar:
                add_colorbar(figure, grid[i, j], image, width=0.045 / max(1.0, ratio))
            ticks = 5 if panel_height > 1.0 else 3
            tidy_axes(grid[i, j], x_ticks=5 if columns < 4 else 3, y_ticks=ticks)
            _strip_labels(grid[i, j], rows, i, j)
    return figure


def _strip_labels(axes: Axes, rows: Sequence[Sequence[Panel]], i: int, j: int) -> None:
    """Drop labels that the neighbour to the left or below already shows."""
    here = rows[i][j].lattice.axes
    below = rows[i + 1] if i + 1 < len(rows) else ()
    if j < len(below) and below[j].lattice.axes == here:
        axes.set_xlabel("")
        axes.tick_params(labelbottom=False)
    if j > 0 and rows[i][j - 1].lattice.axes[1] == here[1]:
        axes.set_ylabel("")
        axes.tick_params(labelleft=False)


def wrap(panels: Sequence[Panel], columns: int = 3) -> list[list[Panel]]:
    """Break a line of panels into rows."""
    return [list(panels[i : i + columns]) for i in range(0, len(panels), columns)]
