"""Pieces that are turned, shifted or scaled copies of others."""

from __future__ import annotations

import numpy as np

from kanpde.geometry._motion import Motion
from kanpde.geometry._samplers import Array
from kanpde.geometry.piece._piece import MappedPiece, Piece, Sample


def moved_piece(piece: Piece, motion: Motion) -> Piece:
    """Return a piece at another place; a mapped one stays so."""
    if isinstance(piece, MappedPiece):
        return MovedMappedPiece(piece, motion)
    return MovedPiece(piece, motion)


class MovedPiece(Piece):
    """A piece at another place."""

    def __init__(self, piece: Piece, motion: Motion) -> None:
        self.piece, self.motion = piece, motion
        self.dimension, self.columns = piece.dimension, piece.columns
        self.scale = motion.factor**piece.dimension
        self.measure = self.scale * piece.measure

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Move the piece's points."""
        return self._moved(self.piece.scatter(n, sampler, rng))

    def tensor(self, count: int, sampler: str) -> Sample:
        """Move the piece's rule."""
        return self._moved(self.piece.tensor(count, sampler))

    def _moved(self, sample: Sample) -> Sample:
        turned = None if sample.normals is None else sample.normals @ self.motion.rotation.T
        return Sample(self.motion.forward(sample.points), turned, self.scale * sample.weights)


class MovedMappedPiece(MappedPiece):
    """A mapped piece at another place."""

    def __init__(self, mapped: MappedPiece, motion: Motion) -> None:
        self.mapped, self.motion = mapped, motion
        self.dimension, self.columns, self.units = mapped.dimension, mapped.columns, mapped.units
        self.measure = motion.factor**mapped.dimension * mapped.measure

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Move what the piece maps to."""
        points, normals = self.mapped.from_unit(unit)
        turned = None if normals is None else normals @ self.motion.rotation.T
        return self.motion.forward(points), turned

    def tensor(self, count: int, sampler: str) -> Sample:
        """Move the rule."""
        return MovedPiece(self.mapped, self.motion).tensor(count, sampler)
