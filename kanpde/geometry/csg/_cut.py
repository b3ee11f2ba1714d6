"""Which pieces of two sets of curves bound the union, intersection or difference of two domains."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kanpde.geometry._samplers import Array
from kanpde.geometry.curve import Curve, distance_to

STEP = 1e-7  # how far from a boundary one looks whether it bounds the result, of the size
_LEAST = 1e-10  # shorter pieces are dropped, of the size
_TRIED = 0.4736  # where in a piece one looks: not in the middle, where symmetry puts corners

Inside = Callable[[Array], NDArray[np.bool_]]


@dataclass(frozen=True)
class Piece:
    """A stretch of a curve between two parameters, and on which side the result lies."""

    owner: int
    start: float
    stop: float
    side: int  # 1: left of the curve, -1: right, 0: it does not bound the result


def cut(
    curves: Sequence[Curve],
    others: Sequence[Curve],
    inside: Inside,
    size: float,
    taken: Sequence[Curve] = (),
) -> list[list[Curve]]:
    """Keep what bounds the result of each curve, oriented with the result on the left.

    Parameters
    ----------
    curves
        Curves of one operand.
    others
        Curves of the other operand.
    inside
        Tells which points lie in the result.
    size
        Size of the result.
    taken
        Pieces of the others that are kept already: what lies on them is not kept again.

    Returns
    -------
    list of list of Curve
        The kept pieces of every curve.
    """
    stretches = [
        (k, a, b)
        for k, curve in enumerate(curves)
        for a, b in _stretches(curve, others, _LEAST * size)
    ]
    places, normals = _middles(curves, stretches)
    step = STEP * size
    left, right = inside(places - step * normals), inside(places + step * normals)
    sides = left.astype(int) - right.astype(int)
    if taken:
        sides[distance_to(taken, places) <= 1e-9 * size] = 0
    kept: list[list[Curve]] = [[] for _ in curves]
    for k, curve in enumerate(curves):
        mine = [
            Piece(k, a, b, int(s))
            for (owner, a, b), s in zip(stretches, sides, strict=True)
            if owner == k
        ]
        for piece in _merged(curve, mine):
            found = curve.piece(piece.start, piece.stop)
            kept[k].append(found if piece.side > 0 else found.reverse())
    return kept


def _stretches(curve: Curve, others: Sequence[Curve], least: float) -> list[tuple[float, float]]:
    """Cut a curve where it meets the others, and where others end on it."""
    low, high = curve.bounds()
    knots = []
    for other in others:
        a, b = other.bounds()
        if (a > high + least).any() or (b < low - least).any():
            continue
        ends = other.ends()
        t = curve.parameters(ends)
        on_it = np.linalg.norm(curve.at(t) - ends, axis=1) <= 10.0 * least
        knots += [*curve.meets(other).tolist(), *t[on_it].tolist()]
    quarter = np.array([curve.start, curve.start + 0.5 * np.pi])
    closest = least / float(np.linalg.norm(curve.velocity(quarter), axis=1).max())
    places = [curve.start]
    for t in sorted(knots):
        if places[-1] + closest < t < curve.stop - closest:
            places.append(t)
    places.append(curve.stop)
    return list(itertools.pairwise(places))


def _middles(
    curves: Sequence[Curve], stretches: Sequence[tuple[int, float, float]]
) -> tuple[Array, Array]:
    places, normals = np.empty((len(stretches), 2)), np.empty((len(stretches), 2))
    for i, (k, a, b) in enumerate(stretches):
        t = np.array([a + _TRIED * (b - a)])
        places[i], normals[i] = curves[k].at(t)[0], curves[k].normal(t)[0]
    return places, normals


def _merged(curve: Curve, pieces: Sequence[Piece]) -> list[Piece]:
    """Join neighbors that are kept on the same side, over the seam of a closed arc too."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if last is not None and last.side == piece.side and last.stop == piece.start:
            result[-1] = Piece(piece.owner, last.start, piece.stop, piece.side)
        else:
            result.append(piece)
    if curve.whole and len(result) > 1 and result[0].side == result[-1].side:
        first, last = result[0], result.pop()
        turn = 2.0 * np.pi
        result[0] = Piece(first.owner, last.start, first.stop + turn, first.side)
    return [p for p in result if p.side != 0]
