"""Points moved to suit the trial: evenly along circles, and to every piece of a broken axis."""

from __future__ import annotations

import dataclasses

import numpy as np

from kanpde.problem import beside
from kanpde.residual import Drawn, TermSet
from kanpde.trial import Frame


def spread(drawn: Drawn, terms: TermSet, frame: Frame, sampler: str) -> Drawn:
    """Spread Chebyshev points as the axes ask for, and keep all points off the interfaces.

    Along periodic axes they become even, since no end is special there; along axes with
    interfaces every piece gets Chebyshev points of its own.
    """
    points = drawn.points
    if sampler == "chebyshev":
        points = points.copy()
        cut = terms.condition.cut if terms.condition is not None else None
        for axis, cuts in enumerate(frame.breaks or ((),) * len(frame.lower)):
            plane = cut is not None and cut[0] == frame.coordinates[axis]
            low, high = frame.lower[axis], frame.upper[axis]
            if axis in frame.periodic:
                points[:, axis] = low + (high - low) * _angle(points[:, axis], low, high)
            elif cuts and not plane:
                points[:, axis] = _on_pieces(points[:, axis], (low, *cuts, high))
    points = beside(points, frame.breaks)
    return drawn if points is drawn.points else dataclasses.replace(drawn, points=points)


def _angle(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Angles in [0, 1] of Chebyshev points."""
    return np.arccos(1 - 2 * np.clip((x - low) / (high - low), 0.0, 1.0)) / np.pi


def _on_pieces(x: np.ndarray, ends: tuple[float, ...]) -> np.ndarray:
    """Chebyshev points of an interval as those of its pieces; the ends stay."""
    angle = _angle(x, ends[0], ends[-1]) * (len(ends) - 1)
    which = np.minimum(angle.astype(int), len(ends) - 2)
    low, high = np.array(ends)[which], np.array(ends)[which + 1]
    moved = low + (high - low) * (0.5 - 0.5 * np.cos(np.pi * (angle - which)))
    return np.where((x == ends[0]) | (x == ends[-1]), x, np.clip(moved, low, high))
