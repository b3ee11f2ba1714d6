"""The domain with its boundary parts, what is prescribed there, normals, and what is amiss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch

from kanpde.errors import UnsupportedError
from kanpde.plot._style import (
    REFERENCE_COLOR,
    SOLUTION_COLOR,
    TERM_COLORS,
    math_name,
    new_figure,
    plain_text,
    style,
    tidy_axes,
)
from kanpde.plot.fields._boundary import outline_path, part_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kanpde.geometry import Domain
    from kanpde.problem import Conflict

_COLORS = (
    SOLUTION_COLOR,
    REFERENCE_COLOR,
    *TERM_COLORS,
    "#7A3B8F",
    "#B8860B",
    "#1B6E53",
    "#A0522D",
)
_FAULT = "#D00000"
_ARROW = 0.06  # length of a normal, of the domain's size
_HEAD = {"arrowstyle": "-|>", "lw": 0.8, "mutation_scale": 6, "shrinkA": 0, "shrinkB": 0}
_LISTED = 24  # parts that a legend names
_DOTS = 3000  # points of a surface


def domain_figure(
    domain: Domain,
    *,
    conditions: Mapping[str, Sequence[str]] | None = None,
    points: np.ndarray | None = None,
    bare: Mapping[str, np.ndarray] | None = None,
    conflicts: Sequence[Conflict] = (),
) -> Figure:
    """Draw a domain of two or three lengths: parts in colours with names, and normals.

    Parameters
    ----------
    domain
        The domain; of time and parameters nothing is drawn.
    conditions
        Names of the conditions on every part, for the legend.
    points
        ``(N, d)`` points inside, drawn as dots.
    bare
        For each unknown the boundary points ``(N, d)`` without a condition, drawn red.
    conflicts
        Places where data disagree, drawn as red rings.

    Returns
    -------
    matplotlib.figure.Figure
        One panel.

    Raises
    ------
    UnsupportedError
        If the domain has not two or three lengths.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.domain_figure)
    True
    """
    space = domain.space
    if space is None or space.dimension not in (2, 3):
        lengths = 0 if space is None else space.dimension
        raise UnsupportedError(f"domain_figure: expected two or three lengths, got {lengths}")
    columns = [domain.coordinates.index(c) for c in space.coordinates]
    corners = np.array([p for c in conflicts for p in (c.point, *c.others)])
    marks = _Marks(
        None if points is None else np.asarray(points)[:, columns],
        {n: np.asarray(p)[:, columns] for n, p in (bare or {}).items() if len(p)},
        corners.reshape(-1, domain.dimension)[:, columns],
    )
    with style():
        figure = new_figure(6.4, _height(space))
        if space.dimension == 2:
            axes = figure.subplots()
            _draw_plane(axes, space, marks)
        else:
            axes = figure.add_subplot(projection="3d")
            _draw_solid(axes, space, marks)
        _legend(figure, space, conditions or {}, marks)
        return figure


def _height(space: Domain) -> float:
    """Inches that the panel is high where it is 4.4 wide."""
    if space.dimension == 3:
        return 4.0
    sides = space.upper - space.lower
    width, height = sides + 2.6 * _ARROW * sides.max()
    return float(np.clip(4.4 * height / width, 1.9, 6.5)) + 0.5


class _Marks:
    """What is drawn over the parts."""

    def __init__(
        self, points: np.ndarray | None, bare: dict[str, np.ndarray], corners: np.ndarray
    ) -> None:
        self.points, self.bare, self.corners = points, bare, corners


def part_colors(space: Domain) -> dict[str, str]:
    """Give every part its colour.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Interval
    >>> part_colors(Interval(sympy.Symbol("x"), 0, 1))
    {'x=0': '#0072B2', 'x=1': '#D55E00'}
    """
    return {name: _COLORS[k % len(_COLORS)] for k, name in enumerate(space.parts)}


def _draw_plane(axes: Axes, space: Domain, marks: _Marks) -> None:
    size = float((space.upper - space.lower).max())
    path = outline_path(space)
    if path is not None:
        axes.add_patch(PathPatch(path, facecolor="#F0F0EC", edgecolor="none", zorder=0))
    if marks.points is not None:
        axes.scatter(*marks.points.T, s=1.2, color="#AAAAAA", linewidths=0, zorder=1)
    for name, color in part_colors(space).items():
        lines = list(part_lines(space, name))
        axes.add_collection(
            LineCollection([p for p, _ in lines], colors=color, linewidths=1.8, zorder=3)
        )
        length = min(_ARROW * size, 0.15 * space.parts[name].measure)
        for place, normal in _some_normals(space, name):
            axes.annotate(
                "",
                place + length * normal,
                place,
                arrowprops={"color": color, **_HEAD},
                zorder=3,
            )
    for points in marks.bare.values():
        axes.scatter(*points.T, s=10, color=_FAULT, linewidths=0, zorder=5)
    if len(marks.corners):
        style = {"facecolors": "none", "edgecolors": _FAULT, "linewidths": 1.4, "zorder": 6}
        axes.scatter(*marks.corners.T, s=70, **style)
    pad = 1.3 * _ARROW * size
    axes.set_xlim(space.lower[0] - pad, space.upper[0] + pad)
    axes.set_ylim(space.lower[1] - pad, space.upper[1] + pad)
    axes.set_aspect("equal")
    axes.set_xlabel(math_name(str(space.coordinates[0])))
    axes.set_ylabel(math_name(str(space.coordinates[1])))
    tidy_axes(axes)


def _some_normals(space: Domain, name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give a few places of a part and the normals there, more on longer parts."""
    perimeter = sum(p.measure for p in space.parts.values())
    count = int(np.clip(round(40 * space.parts[name].measure / perimeter), 3, 14))
    points, normals, *_ = space.boundary(count, part=name, sampler="grid")
    return list(zip(points, normals, strict=True))


def _draw_solid(axes: Any, space: Domain, marks: _Marks) -> None:
    size = float((space.upper - space.lower).max())
    area = sum(p.measure for p in space.parts.values())
    rng = np.random.default_rng(0)
    for name, color in part_colors(space).items():
        share = space.parts[name].measure / area
        count = max(40, round(_DOTS * share))
        points, *_ = space.boundary(count, part=name, sampler="sobol", rng=rng)
        axes.scatter(*points.T, s=2.5, color=color, linewidths=0, alpha=0.7)
        few = int(np.clip(round(80 * share), 1, 30))
        starts, normals, *_ = space.boundary(few, part=name, sampler="sobol", rng=rng)
        arrows = 1.6 * _ARROW * size
        axes.quiver(*starts.T, *normals.T, length=arrows, color=color, linewidth=0.8)
    for points in marks.bare.values():
        axes.scatter(*points.T, s=8, color=_FAULT, linewidths=0)
    if len(marks.corners):
        axes.scatter(*marks.corners.T, s=70, facecolors="none", edgecolors=_FAULT, linewidths=1.4)
    axes.set_box_aspect(space.upper - space.lower)
    for k, axis in enumerate("xyz"):
        getattr(axes, f"set_{axis}label")(math_name(str(space.coordinates[k])))
        getattr(axes, f"{axis}axis").set_major_locator(_few_ticks())


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])


def _legend(
    figure: Figure, space: Domain, conditions: Mapping[str, Sequence[str]], marks: _Marks
) -> None:
    handles = []
    for name, color in list(part_colors(space).items())[:_LISTED]:
        given = ", ".join(conditions.get(name, ()))
        label = f"{name}: {given}" if given else name
        handles.append(Line2D([], [], color=color, linewidth=2, label=_plain(label)))
    if len(space.parts) > _LISTED:
        more = f"and {len(space.parts) - _LISTED} more"
        handles.append(Line2D([], [], linewidth=0, label=more))
    for unknown in marks.bare:
        text = f"nothing prescribed for {unknown}"
        dot = {"linewidth": 0, "marker": "o", "markersize": 4, "color": _FAULT}
        handles.append(Line2D([], [], label=text, **dot))
    if len(marks.corners):
        ring = {"linewidth": 0, "marker": "o", "markersize": 8, "markerfacecolor": "none"}
        handles.append(Line2D([], [], color=_FAULT, label="data disagree", **ring))
    if space.dimension == 3:  # only the figure knows how far the third axis' name reaches
        figure.legend(handles=handles, loc="outside right center")
    else:
        figure.axes[0].legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0))


def _plain(text: str, longest: int = 34) -> str:
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return plain_text(text)
