"""Pieces of space (a bulk, a face, a sphere) that points are drawn from.

A shape is described by the piece of its bulk and one piece per boundary part.
Products of pieces are pieces, so a space-time boundary needs no code of its
own. A shape that maps the unit cube onto itself derives from `MappedPiece`; one that
cannot (rejection from a bounding box, cells of a mesh) derives from `Piece`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry._samplers import (
    TENSOR,
    Array,
    Mask,
    axis_count,
    check_request,
    tensor_points,
    unit_points,
)

# A masked draw gives up once it has asked a piece for so many points, or a
# tensor rule for so many on each axis (10 000 Gauss nodes take 11 s).
_LARGEST_DRAW = 2**20
_LARGEST_AXIS = 256
_PILOTS = (2**9, 2**14, 2**18)


class Sample(NamedTuple):
    """Points on a piece, unit normals (``None`` on a bulk) and weights."""

    points: Array  # (N, d)
    normals: Array | None  # (N, d)
    weights: Array  # (N,)

    def take(self, index: NDArray[np.intp]) -> Sample:
        """Return the points with the given numbers."""
        normals = None if self.normals is None else self.normals[index]
        return Sample(self.points[index], normals, self.weights[index])


class Piece(ABC):
    """A piece of ``columns``-dimensional space of dimension ``dimension``."""

    dimension: int
    columns: int
    measure: float

    @abstractmethod
    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Draw exactly `n` points (one if the piece is a point)."""

    @abstractmethod
    def tensor(self, count: int, sampler: str) -> Sample:
        """Return a quadrature rule of about ``count**dimension`` points."""

    def draw(self, n: int, sampler: str, rng: np.random.Generator | None) -> Sample:
        """Draw about `n` points; the weights sum to the measure."""
        check_request(n, sampler, rng)
        if self.dimension == 0 or sampler in TENSOR:
            return self.tensor(axis_count(n, self.dimension), sampler)
        assert rng is not None
        return self.scatter(n, sampler, rng)


class MappedPiece(Piece):
    """A piece that a measure-preserving map of the unit cube covers."""

    units: int  # coordinates of the cube, at least `dimension`

    @abstractmethod
    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Map cube points ``(N, units)`` to points and normals ``(N, columns)``."""

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Draw `n` equally weighted points."""
        unit, weights = unit_points(n, self.units, sampler, rng)
        return Sample(*self.from_unit(unit), self.measure * weights)

    def tensor(self, count: int, sampler: str) -> Sample:
        """Map the cube's tensor rule."""
        unit, weights = tensor_points(count, self.units, sampler)
        return Sample(*self.from_unit(unit), self.measure * weights)


class ProductPiece(Piece):
    """The product of pieces; columns stand side by side in their order."""

    def __init__(self, factors: Sequence[Piece]) -> None:
        self.factors = tuple(factors)
        self.dimension = sum(f.dimension for f in factors)
        self.columns = sum(f.columns for f in factors)
        self.measure = math.prod(f.measure for f in factors)

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Draw `n` points, jointly low-discrepancy over all mapped pieces."""
        units = sum(f.units for f in self.factors if isinstance(f, MappedPiece))
        unit = unit_points(n, units, sampler, rng)[0] if units else np.zeros((n, 0))
        samples = []
        start = 0
        for factor in self.factors:
            if isinstance(factor, MappedPiece):
                points, normals = factor.from_unit(unit[:, start : start + factor.units])
                samples.append(Sample(points, normals, np.full(n, factor.measure / n)))
                start += factor.units
            else:
                # Drawn on its own: shuffled, so that it is independent of the rest.
                samples.append(factor.scatter(n, sampler, rng).take(rng.permutation(n)))
        weights = np.prod([s.weights * n for s in samples], axis=0) / n
        weights *= self.measure / weights.sum()
        return Sample(np.hstack([s.points for s in samples]), _join_normals(samples), weights)

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the outer product of the factors' rules."""
        rules = [f.tensor(count, sampler) for f in self.factors]
        shape = tuple(len(r.weights) for r in rules)
        rows = np.indices(shape).reshape(len(rules), -1)
        spread = [r.take(index) for r, index in zip(rules, rows, strict=True)]
        weights = np.prod([s.weights for s in spread], axis=0)
        return Sample(np.hstack([s.points for s in spread]), _join_normals(spread), weights)


def _join_normals(samples: Sequence[Sample]) -> Array | None:
    if all(s.normals is None for s in samples):
        return None
    return np.hstack([np.zeros_like(s.points) if s.normals is None else s.normals for s in samples])


def join(samples: Sequence[Sample]) -> Sample:
    """Return the samples one after the other (all with normals or all without)."""
    normals = [s.normals for s in samples if s.normals is not None]
    return Sample(
        np.concatenate([s.points for s in samples]),
        np.concatenate(normals) if normals else None,
        np.concatenate([s.weights for s in samples]),
    )


def split(n: int, measures: Sequence[float]) -> list[int]:
    """Share `n` points out by measure, at least one to every positive measure.

    Examples
    --------
    >>> split(10, [3.0, 1.0, 0.0, 0.001])
    [7, 2, 0, 1]
    """
    sizes = np.asarray(measures, dtype=np.float64)
    ideal = n * sizes / sizes.sum()
    counts = np.where(sizes > 0, np.maximum(1, np.floor(ideal)), 0).astype(int)
    while counts.sum() < n:
        counts[np.argmax(ideal - counts)] += 1
    while counts.sum() > n and counts.max() > 1:
        counts[np.argmax(np.where(counts > 1, counts - ideal, -np.inf))] -= 1
    return [int(c) for c in counts]


def draw_where(
    piece: Piece, n: int, sampler: str, rng: np.random.Generator | None, mask: Mask
) -> Sample:
    """Draw points of the piece where `mask` holds, by rejection.

    Scattered samplers deliver exactly `n` points unless the region is so small
    that 2**20 draws do not hold them; tensor samplers deliver at least `n`.
    The weights sum to the estimated measure of the region.
    """
    return draw_kept(piece, n, sampler, rng, lambda sample: mask(sample.points))


def draw_kept(
    piece: Piece,
    n: int,
    sampler: str,
    rng: np.random.Generator | None,
    keep: Callable[[Sample], NDArray[np.bool_]],
) -> Sample:
    """Draw as `draw_where`, by a predicate that sees the normals too."""
    largest = _largest_draw(piece, n, sampler)
    asked = n
    while True:
        sample = piece.draw(asked, sampler, rng)
        kept = np.flatnonzero(keep(sample))
        if len(kept) >= n or piece.dimension == 0 or asked >= largest:
            break
        growth = 1.1 * n / len(kept) if len(kept) else 16.0
        asked = min(largest, max(2 * asked, math.ceil(asked * growth)))
    if sampler in TENSOR or len(kept) <= n:
        return sample.take(kept)
    chosen = sample.take(kept[:n])
    scale = sample.weights[kept].sum() / chosen.weights.sum()
    return chosen._replace(weights=chosen.weights * scale)


def draw_parts(
    pieces: Sequence[Piece],
    n: int,
    sampler: str,
    rng: np.random.Generator | None,
    mask: Mask | None = None,
) -> tuple[Sample, NDArray[np.intp]]:
    """Draw `n` points over several pieces; also the number of each point's piece.

    Raises
    ------
    InputError
        If `mask` holds nowhere on the pieces.
    """
    check_request(n, sampler, rng)
    if mask is None:
        counts = split(n, [p.measure for p in pieces])
        samples = [p.draw(c, sampler, rng) for p, c in zip(pieces, counts, strict=True)]
        numbers = list(range(len(pieces)))
    else:
        counts = split_where(pieces, n, sampler, rng, mask)
        numbers = [i for i, c in enumerate(counts) if c]
        samples = [draw_where(pieces[i], counts[i], sampler, rng, mask) for i in numbers]
    index = np.repeat(np.asarray(numbers, dtype=np.intp), [len(s.weights) for s in samples])
    return join(samples), index


def split_where(
    pieces: Sequence[Piece], n: int, sampler: str, rng: np.random.Generator | None, mask: Mask
) -> list[int]:
    """Share `n` points out by the measure of each piece where `mask` holds."""
    for pilot in _PILOTS:
        samples = [p.draw(min(pilot, _largest_draw(p, n, sampler)), sampler, rng) for p in pieces]
        found = [float(s.weights[mask(s.points)].sum()) for s in samples]
        if sum(found) > 0:
            return split(n, found)
    raise InputError(
        f"on: expected a region that meets the place it selects from, but none of {pilot} points "
        "drawn there lies in it; check its inequalities against the bounds of the domain"
    )


def _largest_draw(piece: Piece, n: int, sampler: str) -> int:
    if sampler not in TENSOR:
        return max(_LARGEST_DRAW, 4 * n)
    power: int = _LARGEST_AXIS ** max(1, piece.dimension)
    return min(_LARGEST_DRAW, power)


class JoinedPiece(Piece):
    """Pieces of one dimension that together are one part."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.dimension, self.columns = pieces[0].dimension, pieces[0].columns
        self.measure = sum(p.measure for p in pieces)

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Share the points out by measure."""
        sample, _ = draw_parts(self.pieces, n, sampler, rng)
        chosen = sample.take(np.sort(rng.permutation(len(sample.weights))[:n]))
        weights = np.full(len(chosen.weights), self.measure / len(chosen.weights))
        return chosen._replace(weights=weights)

    def tensor(self, count: int, sampler: str) -> Sample:
        """Join the pieces' rules, of nodes by their share of the measure."""
        shares = [(p.measure / self.measure) ** (1.0 / max(1, self.dimension)) for p in self.pieces]
        counts = [max(1, round(count * share)) for share in shares]
        return join([p.tensor(c, sampler) for p, c in zip(self.pieces, counts, strict=True)])
