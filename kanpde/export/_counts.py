"""How many points an export lays along each coordinate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kanpde.errors import InputError

if TYPE_CHECKING:
    from kanpde.geometry import Domain

_MOST = 20_000_000


def lattice_counts(
    domain: Domain, resolution: int | Sequence[int], *, instants: int
) -> tuple[int, ...]:
    """Spread a resolution over the coordinates.

    Parameters
    ----------
    domain
        The domain.
    resolution
        Points along each coordinate in the order of the columns; or one number for
        the longest length, the others in proportion but at least a quarter of it.
    instants
        Points in time where one number is given.

    Returns
    -------
    tuple of int
        One number per coordinate, at least 2 each.

    Raises
    ------
    InputError
        If the numbers are too few, too small or make more than 20 million points.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Interval, TimeInterval
    >>> x, t = sympy.symbols("x t", real=True)
    >>> lattice_counts(Interval(x, 0, 1) * TimeInterval(t, 0, 1), 50, instants=11)
    (50, 11)
    """
    if isinstance(resolution, int | np.integer):
        counts = _in_proportion(domain, int(resolution), instants)
    else:
        counts = [int(n) for n in resolution]
    names = ", ".join(str(c) for c in domain.coordinates)
    if len(counts) != domain.dimension:
        raise InputError(
            f"resolution: expected one number or {domain.dimension} ({names}), got {len(counts)}"
        )
    if min(counts) < 2:
        raise InputError(
            f"resolution: expected at least 2 points along each of {names}, got {resolution}"
        )
    if math.prod(counts) > _MOST:
        raise InputError(
            f"resolution: expected at most {_MOST} points, got {math.prod(counts)}; pass less"
        )
    return tuple(counts)


def _in_proportion(domain: Domain, most: int, instants: int) -> list[int]:
    sides = np.asarray(domain.upper, float) - np.asarray(domain.lower, float)
    lengths = [s for s, c in zip(sides, domain.coordinates, strict=True) if c != domain.time]
    longest = max(lengths, default=1.0)
    least = min(most, max(2, most // 4))
    return [
        instants if c == domain.time else max(least, round(most * float(side / longest)))
        for side, c in zip(sides, domain.coordinates, strict=True)
    ]
