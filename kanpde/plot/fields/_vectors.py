"""Vector fields: streamlines over their size, and arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import Normalize

from kanpde.plot._style import in_math, math_name, style
from kanpde.plot.fields._boundary import cut_path
from kanpde.plot.fields._lattice import Lattice, Sample, samples, space_axes
from kanpde.plot.fields._panels import WIDE, Panel, panel_figure, shape_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kanpde.geometry import Domain
    from kanpde.solution import Solution

_ARROWS = 26  # along the longer side
_LINE = "#FFFFFF"
_STILL = 1e-12  # of the largest size: no direction to draw


@dataclass(frozen=True)
class Flow:
    """A vector field on one cut: its two components in the plane of the cut, and its size."""

    across: np.ndarray
    up: np.ndarray
    size: np.ndarray


def vector_figure(solution: Solution, asked: list[Sample] | None = None) -> Figure | None:
    """Draw the vectors of a problem: streamlines over the size, and arrows.

    Parameters
    ----------
    solution
        A `Solution` whose problem names `vectors` with one component per length.
    asked
        Its samples on every cut, where they are known already.

    Returns
    -------
    matplotlib.figure.Figure or None
        For two lengths streamlines and arrows side by side; with time or in space streamlines
        at four instants or on three cuts. None where there is no such vector.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.vector_figure)
    True
    """
    domain = solution.problem.domain
    axes = [i for i in space_axes(domain) if domain.coordinates[i] not in domain.parameters]
    vectors = {
        name: components
        for name, components in getattr(solution.problem, "vectors", {}).items()
        if len(components) == len(axes)
    }
    if not vectors or not 2 <= len(axes) <= 3:
        return None
    asked = samples(solution) if asked is None else asked
    if not all(set(s.lattice.axes) <= set(axes) for s in asked):
        return None
    with style():
        rows: list[list[tuple[Panel, Flow, bool]]] = []
        for name, components in vectors.items():
            columns = [list(solution.problem.unknowns).index(u) for u in components]
            flows = [_flow(s, columns, axes) for s in asked]
            rows += _rows(str(name), asked, flows, wide=_wide(domain, asked))
        figure = panel_figure(domain, [[panel for panel, _, _ in row] for row in rows])
        grid = iter([a for a in figure.axes if a.get_subplotspec() is not None])
        dense = 1.1 if len(asked) == 1 else 0.8
        for panel, flow, arrows in (entry for row in rows for entry in row):
            if arrows:
                draw_arrows(next(grid), panel.lattice, flow)
            else:
                draw_streamlines(next(grid), domain, panel.lattice, flow, dense=dense)
        return figure


def _wide(domain: Domain, asked: list[Sample]) -> bool:
    return shape_ratio(domain, asked[0].lattice) > WIDE


def _flow(one: Sample, columns: Sequence[int], axes: Sequence[int]) -> Flow:
    components = [one.solution[c] for c in columns]
    across, up = (components[list(axes).index(a)] for a in one.lattice.axes)
    return Flow(across, up, np.sqrt(sum(c**2 for c in components)))


def _rows(
    name: str, asked: list[Sample], flows: list[Flow], *, wide: bool
) -> list[list[tuple[Panel, Flow, bool]]]:
    """Lay the panels of one vector out: their sizes are the maps, the last one with a bar."""
    largest = max((float(np.nanmax(f.size, initial=0.0)) for f in flows), default=0.0)
    norm = Normalize(0.0, largest or 1.0)
    title = f"$|{in_math(name)}|$"
    row = []
    for k, (s, flow) in enumerate(zip(asked, flows, strict=True)):
        words = "  ".join(t for t in (title if k == 0 else "", s.lattice.title) if t)
        bar = wide or k == len(asked) - 1
        row.append((Panel(s.lattice, flow.size, words, "viridis", norm, bar=bar), flow, False))
    if len(asked) == 1:
        blank = np.where(np.isfinite(flows[0].size), 0.0, np.nan)
        plain = Panel(asked[0].lattice, blank, math_name(name), "Greys", Normalize(0, 1), bar=False)
        row.append((plain, flows[0], True))
    return [[entry] for entry in row] if wide else [row]


def draw_streamlines(
    axes: Axes, domain: Domain, cut: Lattice, flow: Flow, *, dense: float = 1.1
) -> None:
    """Draw the lines along a field, thicker where it is large, inside the domain only."""
    largest = float(np.nanmax(flow.size, initial=0.0))
    moving = np.isfinite(flow.size) & (flow.size > _STILL * largest)
    if not moving.any():
        return
    across, up = (np.ma.masked_where(~moving, c) for c in (flow.across, flow.up))
    limits = axes.get_xlim(), axes.get_ylim()
    ratio = shape_ratio(domain, cut)
    most = dense * min(max(ratio, 1 / ratio), 2.2)  # along the longer side
    density = (most, max(most / ratio, 0.45)) if ratio > 1 else (max(most * ratio, 0.45), most)
    weight = np.where(moving, flow.size, 0.0) / largest
    lines = axes.streamplot(
        *cut.ticks,
        across,
        up,
        density=density,
        linewidth=0.35 + 0.75 * weight,
        color=_LINE,
        arrowsize=0.55,
        broken_streamlines=True,
    )
    path = cut_path(domain, cut)
    if path is not None:
        lines.lines.set_clip_path(path, axes.transData)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])


def draw_arrows(axes: Axes, cut: Lattice, flow: Flow) -> None:
    """Draw arrows on a coarse lattice, coloured by size, the largest as long as a step."""
    spans = [float(t[-1] - t[0]) for t in cut.ticks]
    step = max(spans) / _ARROWS
    picks = [
        np.unique(np.linspace(0, len(t) - 1, max(3, round(span / step)) + 2)[1:-1].round())
        for t, span in zip(cut.ticks, spans, strict=True)
    ]
    i, j = (p.astype(int) for p in picks)
    grid = np.ix_(j, i)
    largest = float(np.nanmax(flow.size, initial=0.0)) or 1.0
    x, y = np.meshgrid(cut.ticks[0][i], cut.ticks[1][j])
    known = np.isfinite(flow.size[grid])
    axes.quiver(
        x[known],
        y[known],
        flow.across[grid][known],
        flow.up[grid][known],
        flow.size[grid][known],
        cmap="viridis",
        norm=Normalize(0.0, largest),
        angles="xy",
        scale_units="xy",
        scale=largest / (1.3 * step),
        width=0.0035,
    )
