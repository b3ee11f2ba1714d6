"""The piece of a box, or of a face of it."""

from __future__ import annotations

import math

import numpy as np

from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Face
from kanpde.geometry.piece._piece import MappedPiece


class BoxPiece(MappedPiece):
    """A box, or one face of it."""

    def __init__(self, lower: Array, upper: Array, face: Face | None = None) -> None:
        self.lower, self.upper, self.face = lower, upper, face
        self.columns = len(lower)
        self.free = [i for i in range(self.columns) if face is None or i != face.axis]
        self.dimension = self.units = len(self.free)
        self.measure = math.prod((float(upper[i] - lower[i]) for i in self.free), start=1.0)

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Stretch the unit cube over the free coordinates."""
        points = np.empty((len(unit), self.columns))
        points[:, self.free] = self.lower[self.free] + unit * (self.upper - self.lower)[self.free]
        if self.face is None:
            return points, None
        points[:, self.face.axis] = self.face.value
        normals = np.zeros_like(points)
        normals[:, self.face.axis] = 2.0 * self.face.side - 1.0
        return points, normals
