"""What of a piece lies where it counts, by rejection."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry._samplers import Array, Mask
from kanpde.geometry.piece._box import BoxPiece
from kanpde.geometry.piece._piece import Piece, Sample, draw_kept, draw_where

SURVEY = 2**17  # Sobol points that a measure is estimated from
Keep = Callable[[Sample], NDArray[np.bool_]]


class KeptPiece(Piece):
    """The points of a piece that `keep` accepts, with the normals turned where it says so.

    Parameters
    ----------
    whole
        The piece that points are drawn from.
    keep
        Tells which points of a sample count.
    measure
        Measure of what is kept; estimated from 2**17 Sobol points if not given.
    sign
        Factor -1 or 1 of every normal of a sample.
    """

    def __init__(
        self,
        whole: Piece,
        keep: Keep,
        *,
        measure: float | None = None,
        sign: Callable[[Sample], Array] | None = None,
    ) -> None:
        self.whole, self.keep, self.sign = whole, keep, sign
        self.dimension, self.columns = whole.dimension, whole.columns
        if measure is None:
            survey = whole.draw(SURVEY, "sobol", np.random.default_rng(0))
            measure = float(survey.weights[keep(survey)].sum())
        self.measure = measure

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Draw exactly `n` points of equal weight."""
        sample = draw_kept(self.whole, n, sampler, rng, self.keep)
        many = 1 if self.dimension == 0 else n
        sample = sample.take(np.resize(np.arange(len(sample.weights)), many))
        return self._turned(sample)._replace(weights=np.full(many, self.measure / many))

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the whole piece's rule where it is kept, scaled to the measure."""
        rule = sampler if self.dimension else "grid"  # a single point needs no generator
        sample = draw_kept(self.whole, count**self.dimension, rule, None, self.keep)
        scale = self.measure / sample.weights.sum()
        return self._turned(sample)._replace(weights=sample.weights * scale)

    def _turned(self, sample: Sample) -> Sample:
        if self.sign is None or sample.normals is None:
            return sample
        return sample._replace(normals=sample.normals * self.sign(sample)[:, None])


_MOST_AXIS = 400


class InsidePiece(Piece):
    """The inside of a closed surface, drawn from by rejection from its bounding box.

    Parameters
    ----------
    lower, upper
        Corners of the box.
    inside
        Predicate from points ``(N, d)`` to booleans ``(N,)``.
    measure
        The volume inside.
    """

    def __init__(self, lower: Array, upper: Array, inside: Mask, measure: float) -> None:
        self.columns = self.dimension = len(lower)
        self.measure = measure
        self._box, self._inside = BoxPiece(lower, upper), inside

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Draw `n` points, each of the same weight."""
        points = np.zeros((0, self.columns))
        while len(points) < n:
            more = draw_where(self._box, n - len(points), sampler, rng, self._inside).points
            if not len(more):
                raise InputError(
                    "mesh: expected a volume that points of its bounding box hit, but none of "
                    "many did; is the surface thinner than the box by a million?"
                )
            points = np.concatenate([points, more])
        return Sample(points, None, np.full(n, self.measure / n))

    def tensor(self, count: int, sampler: str) -> Sample:
        """Keep what lies inside of a lattice: no rule is better where the region ends anywhere."""
        axis = math.ceil(count * (self._box.measure / self.measure) ** (1.0 / self.dimension))
        while True:
            axis = min(axis, _MOST_AXIS)
            points = self._box.tensor(axis, "grid").points
            points = points[self._inside(points)]
            if len(points) or axis == _MOST_AXIS:
                break
            axis *= 2
        if not len(points):
            raise InputError(
                f"mesh: expected a volume that a lattice of {_MOST_AXIS} points per axis meets, "
                "got a thinner one"
            )
        return Sample(points, None, np.full(len(points), self.measure / len(points)))
