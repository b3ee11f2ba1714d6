"""Figures of the solution, of its error and of the residuals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kanpde.plot._style import (
    MAX_UNKNOWNS,
    PAGE,
    add_colorbar,
    error_scale,
    in_math,
    math_name,
    new_figure,
    style,
    tidy_axes,
    value_scale,
)
from kanpde.plot.fields._curves import curve_figure, draw_curve, legend_below, log_curves_figure
from kanpde.plot.fields._lattice import (
    Lattice,
    Sample,
    residual_fields,
    sample,
    samples,
    snapshots,
    view,
)
from kanpde.plot.fields._panels import WIDE, Panel, draw_map, panel_figure, shape_ratio, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure, SubFigure

    from kanpde.geometry import Domain
    from kanpde.solution import Solution


def unknown_names(solution: Solution) -> list[str]:
    """Names of what a figure shows, six at most: unknowns, sizes of complex ones."""
    names = [str(u.func.__name__) for u in solution.problem.unknowns]
    sizes = [f"abs({name})" for name in getattr(solution.problem, "complex", {})]
    return [*names, *sizes][:MAX_UNKNOWNS]


def solution_figure(solution: Solution) -> Figure:
    """Draw every unknown, beside the reference and the error where one is known.

    What is drawn follows the domain. One coordinate: curves, the reference dashed
    over them, the error below. Two lengths: maps. One length and time: a
    space-time map (time to the right) and four snapshots. More: four instants, or
    three cuts through the middle. At most six unknowns are shown.

    Parameters
    ----------
    solution
        A `Solution`; it is asked inside the domain only.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no window; ``figure.savefig(path)`` writes it.

    Raises
    ------
    kanpde.errors.KanpdeError
        Whatever the solution raises when it is evaluated.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.solution_figure)
    True
    """
    with style():
        return draw_solution(solution, samples(solution))


def draw_solution(solution: Solution, asked: list[Sample]) -> Figure:
    """Draw what `asked`, the samples of every cut, holds."""
    domain = solution.problem.domain
    names = unknown_names(solution)
    kind = view(domain).kind
    if kind == "curve":
        return curve_figure(domain, asked[0], names)
    if kind == "map":
        return _map_figure(domain, asked[0], names)
    if kind == "spacetime":
        return _spacetime_figure(solution, asked[0], names)
    return _cuts_figure(domain, asked, names)


def error_figure(solution: Solution) -> Figure | None:
    """Draw the absolute error of every unknown on a logarithmic scale.

    Parameters
    ----------
    solution
        A `Solution`.

    Returns
    -------
    matplotlib.figure.Figure or None
        None where the problem has neither an exact solution nor a reference.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.error_figure)
    True
    """
    with style():
        return draw_error(solution, samples(solution))


def draw_error(solution: Solution, asked: list[Sample]) -> Figure | None:
    """Draw the error that `asked`, the samples of every cut, holds."""
    if all(s.truth is None for s in asked):
        return None
    names = [f"${_error_name(n)}$" for n in unknown_names(solution)]
    fields = [{n: s.error(k) for k, n in enumerate(names)} for s in asked]
    return _log_figure(solution.problem.domain, asked, fields, "|error|")


def residual_figure(solution: Solution) -> Figure | None:
    """Draw the absolute residual of every equation on a logarithmic scale.

    Parameters
    ----------
    solution
        A `Solution`.

    Returns
    -------
    matplotlib.figure.Figure or None
        None where the problem has no equation.

    Examples
    --------
    >>> import kanpde.plot
    >>> callable(kanpde.plot.residual_figure)
    True
    """
    with style():
        domain = solution.problem.domain
        cuts = view(domain).lattices
        raw = [residual_fields(solution, cut) for cut in cuts]
        if not raw[0]:
            return None
        fields = [
            {f"|residual|: {math_name(n)}": f for n, f in list(one.items())[:MAX_UNKNOWNS]}
            for one in raw
        ]
        empty = [Sample(cut, [], None) for cut in cuts]
        return _log_figure(domain, empty, fields, "|residual|")


def _error_name(name: str) -> str:
    inner = in_math(name)
    return rf"|{inner} - {inner}_\mathrm{{ref}}|" if "_" not in inner else rf"|\Delta\,{inner}|"


def _log_figure(
    domain: Domain, asked: list[Sample], fields: list[dict[str, np.ndarray]], label: str
) -> Figure:
    """Draw one row per name where there are several cuts, else wrap the names."""
    if len(asked[0].lattice.axes) == 1:
        return log_curves_figure(domain, asked[0], fields[0], label)
    rows = []
    for name in fields[0]:
        cmap, norm = error_scale(*(one[name] for one in fields))
        row = []
        for s, one in zip(asked, fields, strict=True):
            title = "\n".join(t for t in (name if s is asked[0] else "", s.lattice.title) if t)
            last = s is asked[-1]
            row.append(Panel(s.lattice, one[name], title, cmap, norm, bar=last))
        rows.append(row)
    if len(asked) == 1:
        ratio = shape_ratio(domain, asked[0].lattice)
        rows = wrap([row[0] for row in rows], 1 if ratio > WIDE else 3)
    return panel_figure(domain, rows)


def _map_figure(domain: Domain, one: Sample, names: list[str]) -> Figure:
    """Draw solution, reference and error side by side, or stacked where they are wide."""
    rows = []
    for k, name in enumerate(names):
        title = math_name(name)
        if one.truth is None:
            rows.append([Panel(one.lattice, one.solution[k], title, *value_scale(one.solution[k]))])
            continue
        cmap, norm = value_scale(one.solution[k], one.truth[k])
        error = one.error(k)
        rows.append(
            [
                Panel(one.lattice, one.solution[k], title, cmap, norm, bar=False),
                Panel(one.lattice, one.truth[k], f"{title} reference", cmap, norm),
                Panel(one.lattice, error, f"${_error_name(name)}$", *error_scale(error)),
            ]
        )
    wide = shape_ratio(domain, one.lattice) > WIDE
    if wide or one.truth is None:
        flat = [panel for row in rows for panel in row]
        rows = wrap(flat, 1 if wide else 3)
    return panel_figure(domain, rows)


def _cuts_figure(domain: Domain, asked: list[Sample], names: list[str]) -> Figure:
    """Draw a row of cuts for every unknown, and a row of errors below it; columns if wide."""
    bands = []
    known = all(s.truth is not None for s in asked)
    for k, name in enumerate(names):
        fields = [s.solution[k] for s in asked]
        bands.append(_band(asked, fields, math_name(name), value_scale(*fields)))
        if known:
            errors = [s.error(k) for s in asked]
            bands.append(_band(asked, errors, f"${_error_name(name)}$", error_scale(*errors)))
    if shape_ratio(domain, asked[0].lattice) > WIDE:
        step = 2 if known else 1  # a column for the field, and one for its error
        several = [bands[i : i + step] for i in range(0, len(bands), step)]
        bands = [
            [replace(p, bar=True) for p in row]
            for group in several
            for row in zip(*group, strict=True)
        ]
    return panel_figure(domain, bands)


def _band(
    asked: list[Sample], fields: list[np.ndarray], title: str, scale: tuple[str, Normalize]
) -> list[Panel]:
    """One field on every cut, with one bar at the end."""
    return [
        Panel(s.lattice, f, _cut_title(title, s.lattice, k == 0), *scale, bar=k == len(asked) - 1)
        for k, (s, f) in enumerate(zip(asked, fields, strict=True))
    ]


def _cut_title(name: str, cut: Lattice, first: bool) -> str:
    return f"{name},  {cut.title}" if first else cut.title


def _spacetime_figure(solution: Solution, one: Sample, names: list[str]) -> Figure:
    """Draw for each unknown the space-time map and error above four snapshots."""
    domain = solution.problem.domain
    figure = new_figure(PAGE, 3.7 * len(names))
    bands = figure.subfigures(len(names), 1, squeeze=False)[:, 0]
    cuts = [sample(solution, cut) for cut in snapshots(domain)]
    for k, (band, name) in enumerate(zip(bands, names, strict=True)):
        lines = _spacetime_band(band, domain, one, cuts, (k, name))
    if one.truth is not None:
        legend_below(figure, lines[0])
    return figure


def _spacetime_band(
    band: SubFigure, domain: Domain, one: Sample, cuts: list[Sample], which: tuple[int, str]
) -> list[Axes]:
    """Draw one unknown; give the axes of its snapshots."""
    k, name = which
    top, bottom = band.subfigures(2, 1, height_ratios=[1.25, 1.0])
    truth = None if one.truth is None else one.truth[k]
    cmap, norm = value_scale(*([one.solution[k]] if truth is None else [one.solution[k], truth]))
    panels = [Panel(one.lattice, one.solution[k], math_name(name), cmap, norm)]
    if truth is not None:
        error = one.error(k)
        panels.append(Panel(one.lattice, error, f"${_error_name(name)}$", *error_scale(error)))
    maps = top.subplots(1, len(panels), squeeze=False)[0]
    for j, (axes, panel) in enumerate(zip(maps, panels, strict=True)):
        add_colorbar(top, axes, draw_map(axes, domain, panel), width=0.022 * len(panels))
        tidy_axes(axes)
        if j:
            axes.set_ylabel("")
    for axes in maps[:1]:
        for cut in cuts[:-1]:
            instant = float(cut.lattice.points[0, one.lattice.axes[0]])
            axes.axvline(instant, color="#333333", linewidth=0.6, linestyle=(0, (3, 3)))
    lines = bottom.subplots(1, len(cuts), sharey=True, squeeze=False)[0]
    for j, (axes, cut) in enumerate(zip(lines, cuts, strict=True)):
        x = cut.lattice.ticks[0]
        draw_curve(axes, x, cut.solution[k], None if cut.truth is None else cut.truth[k], x_ticks=3)
        axes.set_title(cut.lattice.title)
        axes.set_xlabel(math_name(str(domain.coordinates[cut.lattice.axes[0]])), labelpad=1.5)
        axes.set_ylabel(math_name(name) if j == 0 else "")
    return list(lines)
