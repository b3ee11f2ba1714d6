"""Tables of coordinates and unknowns."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kanpde.errors import ShapeError
from kanpde.export._counts import lattice_counts
from kanpde.ground._files import replacing
from kanpde.problem import magnitudes

if TYPE_CHECKING:
    from kanpde.geometry import Domain
    from kanpde.solution import Solution

_ROWS = 10_000
_CHUNK = 8192


def write_csv(
    solution: Solution,
    path: str | os.PathLike[str],
    points: np.ndarray | None = None,  # (N, d)
    *,
    resolution: int | Sequence[int] | None = None,
) -> list[Path]:
    """Write coordinates and unknowns as comma-separated columns.

    Every number is written with the digits that give the same float64 back.

    Parameters
    ----------
    solution
        A `Solution`.
    path
        The file; its folder is made where it is missing.
    points
        ``(N, d)``, one column per coordinate. Default: a lattice of about 10 000
        points, ends included, or as many Sobol points beyond four coordinates.
    resolution
        Points of that lattice along the longest length and in time, or one number
        for each coordinate; not used where `points` are given.

    Returns
    -------
    list of Path
        The one file. Its header names the coordinates, then the unknowns, then ``abs(NAME)`` of
        complex ones.

    Raises
    ------
    ShapeError
        If `points` is not ``(N, d)``.
    InputError
        If `resolution` does not fit the domain.

    Examples
    --------
    >>> import kanpde.export
    >>> callable(kanpde.export.write_csv)
    True
    """
    problem = solution.problem
    domain = problem.domain
    places = (
        _default_points(domain, resolution) if points is None else np.asarray(points, dtype=float)
    )
    if places.ndim != 2 or places.shape[1] != domain.dimension:
        raise ShapeError(
            f"points: expected shape (N, {domain.dimension}), got {places.shape}; "
            "give one column per coordinate"
        )
    header = [str(c) for c in domain.coordinates]
    header += [str(u.func.__name__) for u in problem.unknowns]
    pairs = getattr(problem, "complex", {})
    header += [f"abs({name})" for name in pairs]
    target = Path(path)
    with replacing(target) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for start in range(0, len(places), _CHUNK):
            piece = places[start : start + _CHUNK]
            values = np.asarray(solution(piece), dtype=float)
            sizes = magnitudes(pairs, values).values()
            writer.writerows(np.column_stack([piece, values, *sizes]).tolist())
    return [target]


def _default_points(domain: Domain, resolution: int | Sequence[int] | None) -> np.ndarray:
    """Lay a lattice over the domain, or Sobol points where a lattice would be too thin."""
    if resolution is None and domain.dimension > 4:
        rng = np.random.default_rng(0)
        return np.asarray(domain.interior(_ROWS, sampler="sobol", rng=rng)[0], dtype=float)
    each = round(_ROWS ** (1 / domain.dimension))
    if resolution is None:
        resolution = [each] * domain.dimension
    instants = int(resolution) if isinstance(resolution, int | np.integer) else each
    counts = lattice_counts(domain, resolution, instants=instants)
    return np.asarray(domain.grid(counts), dtype=float)
