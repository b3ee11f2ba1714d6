"""Pieces of other pieces: what of a box or a face lies where it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanpde.geometry._samplers import Array, axis_rule
from kanpde.geometry.curve._curve import Curve
from kanpde.geometry.curve._outline import area
from kanpde.geometry.piece import BoxPiece, Keep, KeptPiece, Sample, split


class SlicedPiece(KeptPiece):
    """The inside of curves: scattered by rejection, tensor rules from slice to slice."""

    def __init__(self, lower: Array, upper: Array, curves: Sequence[Curve], keep: Keep) -> None:
        self.curves = tuple(curves)
        super().__init__(BoxPiece(lower, upper), keep, measure=area(curves))

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the rule of slices."""
        return slice_rule(self.curves, self.measure, count, sampler)


@dataclass(frozen=True)
class Panel:
    """A range of x in which every vertical line meets the same curves."""

    start: float
    stop: float
    turns: tuple[bool, bool]  # whether a curve turns back at either end
    crossings: Array  # heights at which the line in its middle meets curves

    def stretched(self, s: Array) -> tuple[Array, Array]:  # (N,), (N,)
        """Map [0, 1] to the range, and give the slope of the map.

        Towards a place where a curve turns back the heights have a square root, which a
        quadratic map takes away.
        """
        if all(self.turns):
            s, slope = np.sin(0.5 * np.pi * s) ** 2, 0.5 * np.pi * np.sin(np.pi * s)
        elif self.turns[0]:
            s, slope = s**2, 2.0 * s
        elif self.turns[1]:
            s, slope = 1.0 - (1.0 - s) ** 2, 2.0 * (1.0 - s)
        else:
            slope = np.ones_like(s)
        width = self.stop - self.start
        return self.start + width * s, width * slope

    def rule(self, count: int, sampler: str) -> tuple[Array, Array]:
        """Return nodes and weights."""
        s, w = axis_rule(count, sampler)
        x, slope = self.stretched(s)
        return x, slope * w


def slice_rule(curves: Sequence[Curve], measure: float, count: int, sampler: str) -> Sample:
    """Return a quadrature rule of about ``count**2`` points inside closed curves.

    The vertical lines through the ends of curves, and through the places where a curve
    turns back, cut the inside into panels that have the same top and bottom curves
    everywhere. Each gets a product rule. Towards a place where a curve turns back the
    heights have a square root, which a quadratic change of the variable takes away.

    Parameters
    ----------
    curves
        Closed curves about the inside.
    measure
        Area, to which the weights are scaled.
    count, sampler
        As `kanpde.geometry.piece._piece.Piece.tensor`; ``gauss`` gets at least six nodes on
        each stretch.
    """
    pieces = [p for p in panels(curves) if len(p.crossings)]
    least = min(count, 6) if sampler == "gauss" else 1
    middles = [p.crossings for p in pieces]
    longest = max(float((m[1::2] - m[::2]).sum()) for m in middles)
    points, weights = [], []
    shares = split(count, [p.stop - p.start for p in pieces])
    for panel, m, middle in zip(pieces, shares, middles, strict=True):
        x, wx = panel.rule(max(m, least), sampler)
        heights = crossings(curves, x, middle)
        for k in range(0, len(middle), 2):
            share = float(middle[k + 1] - middle[k]) / longest
            s, ws = axis_rule(max(least, int(np.rint(count * share))), sampler)
            low, high = heights[:, k, None], heights[:, k + 1, None]
            points.append(np.stack([np.repeat(x, len(s)), (low + (high - low) * s).ravel()], 1))
            weights.append((wx[:, None] * (high - low) * ws).ravel())
    together = np.concatenate(weights)
    return Sample(np.concatenate(points), None, together * (measure / together.sum()))


def panels(curves: Sequence[Curve]) -> list[Panel]:
    """Cut the inside of closed curves along the vertical lines where something changes."""
    ends = np.concatenate([c.ends()[:, 0] for c in curves])
    turns = np.concatenate([c.at(c.turns())[:, 0] for c in curves])
    places = np.unique(np.concatenate((ends, turns)))
    near = 1e-9 * float(places[-1] - places[0])
    places = places[np.concatenate(([True], np.diff(places) > near))]
    back = [bool(len(turns) and abs(turns - x).min() <= near) for x in places]
    middles = 0.5 * (places[:-1] + places[1:])
    heights = np.sort(np.hstack([c.heights(middles) for c in curves]), axis=1)
    found = []
    for k, row in enumerate(heights):
        met = row[np.isfinite(row)]
        # Odd only in a sliver, where rounding has parted two ends.
        met = met if len(met) % 2 == 0 else met[:0]
        found.append(Panel(float(places[k]), float(places[k + 1]), (back[k], back[k + 1]), met))
    return found


def crossings(curves: Sequence[Curve], x: Array, usual: Array) -> Array:  # (N,) -> (N, m)
    """Return the heights at which the curves cross vertical lines of a panel, sorted.

    Those of the middle of the panel are `usual`. A line that rounding lets miss or meet a
    curve more gets the heights of one beside it.
    """
    heights = np.sort(np.hstack([c.heights(x) for c in curves]), axis=1)
    good = np.flatnonzero(np.isfinite(heights).sum(axis=1) == len(usual))
    if not len(good):
        return np.tile(usual, (len(x), 1))
    if len(good) < len(x):
        nearest = abs(np.subtract.outer(np.arange(len(x)), good)).argmin(axis=1)
        heights = heights[good[nearest]]
    return heights[:, : len(usual)]
