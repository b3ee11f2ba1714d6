"""Charts that a problem's domain asks for, and how many functions each of them gets."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from kanpde.geometry import Ball, Domain, Product, corners, holes
from kanpde.nets import Chart, chart_count
from kanpde.problem import Problem
from kanpde.residual import Drawn
from kanpde.trial import Frame

MOST_CHARTS = 32
CROWDED, ENDS = 0.4, 0.2  # of the interior points
NEAREST = 1e-3  # of a corner's reach
INSIDE = 0.95  # of the way to where the plane is cut
HOLE_SHARES = {1: 0.75, 2: 0.6}
MANY_HOLES = 0.5
WAVES, POWERS = 1 / 3, 1 / 6  # of a corner, per degree


def find_charts(problem: Problem, frame: Frame) -> tuple[Chart, ...]:
    """Find holes and re-entrant corners of a plane factor of the domain.

    Axes that are periodic or broken leave no room for charts.
    """
    if frame.periodic or max(frame.pieces) > 1 or frame.reflections:
        return ()
    found: list[Chart] = []
    for start, factor in _plane_factors(problem.domain):
        axes = (start, start + 1)
        for hole in holes(factor):
            outer = _farthest(factor, hole.center)
            found.append(Chart("hole", axes, hole.center, hole.radius, outer))
        for corner in corners(factor):
            outer = _farthest(factor, corner.vertex)
            windowed = INSIDE * corner.reach < outer
            found.append(
                Chart(
                    "corner",
                    axes,
                    corner.vertex,
                    0.0,
                    INSIDE * corner.reach if windowed else outer,
                    direction=corner.direction,
                    opening=corner.opening,
                    windowed=windowed,
                )
            )
    return tuple(found[:MOST_CHARTS])


def _farthest(domain: Domain, place: tuple[float, float]) -> float:
    """Distance from a place to the farthest corner of the bounding box."""
    return float(np.hypot(*np.maximum(np.abs(domain.lower - place), np.abs(domain.upper - place))))


def _plane_factors(domain: Domain) -> list[tuple[int, Domain]]:
    """Factors of two spatial coordinates that are no box or ball, with their first axis."""
    factors = domain.factors if isinstance(domain, Product) else (domain,)
    found, start = [], 0
    for factor in factors:
        plane = factor.dimension == 2 and factor.time is None and not factor.parameters
        if plane and not factor.faces and not isinstance(factor, Ball):
            found.append((start, factor))
        start += factor.dimension
    return found


def crowded(
    domain: Domain, charts: Sequence[Chart], drawn: Drawn, rng: np.random.Generator
) -> Drawn:
    """Move interior points towards holes and corners, and towards the ends of the bounding box.

    About a hole or corner they are even in the log of the distance; towards the ends they have the
    density of Chebyshev points, without which high polynomials run wild there: the drag of
    `channel_disc` came out at 4.6 on three levels, with it at 5.55 (5.58 is known).

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Disk
    >>> x, y = sympy.symbols("x y", real=True)
    >>> disk, corner = Disk((x, y)), Chart("corner", (0, 1), (0.0, 0.0), 0.0, 1.0)
    >>> rng = np.random.default_rng(0)
    >>> points, weight = disk.interior(1000, rng=rng)
    >>> drawn = Drawn(points, np.zeros((1000, 0)), None, None, weight / weight.sum())
    >>> moved = crowded(disk, [corner], drawn, rng).points
    >>> [round(float((np.linalg.norm(p, axis=1) < 0.1).mean()), 1) for p in (points, moved)]
    [0.0, 0.2]
    """
    points = drawn.points.copy()
    ends = slice(len(points) - int(ENDS * len(points)), None)
    lower, upper = (np.asarray(v, dtype=np.float64) for v in (domain.lower, domain.upper))
    shares = 0.5 - 0.5 * np.cos(np.pi * rng.random(points[ends].shape))
    _take(domain, points[ends], lower + (upper - lower) * shares)
    many = int(CROWDED * len(points)) // len(charts)
    for number, chart in enumerate(charts):
        own = slice(number * many, (number + 1) * many)
        low = max(chart.inner, NEAREST * chart.outer)
        shares = rng.random((2, many))
        radius = low * (chart.outer / low) ** shares[0]
        angle = chart.direction + chart.opening * (shares[1] - 0.5)
        moved = points[own].copy()
        moved[:, chart.axes[0]] = chart.center[0] + radius * np.cos(angle)
        moved[:, chart.axes[1]] = chart.center[1] + radius * np.sin(angle)
        _take(domain, points[own], moved)
    return dataclasses.replace(drawn, points=points)


def _take(domain: Domain, points: np.ndarray, moved: np.ndarray) -> None:
    """Overwrite points by others where these lie in the domain."""
    inside = domain.contains(moved)
    points[inside] = moved[inside]


def chart_degrees(charts: Sequence[Chart], degrees: Sequence[int]) -> list[tuple[int, ...]]:
    """Give every chart its degrees, in proportion to those of the plain products.

    Examples
    --------
    >>> hole = Chart("hole", (0, 1), (0.0, 0.0), 0.5, 2.0)
    >>> chart_degrees([hole], [12, 12])
    [(9, 9)]
    """
    share = HOLE_SHARES.get(sum(c.kind == "hole" for c in charts), MANY_HOLES)
    found = []
    for chart in charts:
        n = max(degrees[a] for a in chart.axes)
        both = (share, share) if chart.kind == "hole" else (POWERS, WAVES)
        others = (m for a, m in enumerate(degrees) if a not in chart.axes)
        found.append((*(math.ceil(s * n) for s in both), *others))
    return found


def charts_count(charts: Sequence[Chart], degrees: Sequence[int]) -> int:
    """Count the products of all charts."""
    return sum(chart_count(d) for d in chart_degrees(charts, degrees))
