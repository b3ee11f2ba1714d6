"""The piece of the points between two radii and two angles."""

from __future__ import annotations

import numpy as np
from scipy.special import roots_jacobi, roots_legendre

from kanpde.geometry._samplers import Array, axis_rule, outer, outer_weights
from kanpde.geometry.piece import MappedPiece, Sample


class PolarPiece(MappedPiece):
    """The points between two radii and two angles."""

    columns = dimension = units = 2

    def __init__(self, center: Array, radii: tuple[float, float], angles: tuple[float, float]):
        self.center, self.radii, self.angles = center, radii, angles
        self.measure = 0.5 * (radii[1] ** 2 - radii[0] ** 2) * (angles[1] - angles[0])

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Map the square: equal areas for equal steps of the squared radius."""
        low, high = self.radii
        radius = np.sqrt(low**2 + unit[:, 0] * (high**2 - low**2))
        return self._at(radius, unit[:, 1]), None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return a rule in radius and angle, by Gauss exact for polynomials."""
        low, high = self.radii
        if sampler == "gauss" and low == 0.0:
            nodes, radial = roots_jacobi(count, 0.0, 1.0)  # the density of the radius is r
        elif sampler == "gauss":
            nodes, radial = roots_legendre(count)
            radial = radial * (low + 0.5 * (high - low) * (nodes + 1.0))
        else:
            return super().tensor(count, sampler)
        radii = low + 0.5 * (high - low) * (nodes + 1.0)
        turn, angular = axis_rule(count, "grid" if self._closed else sampler)
        grid = outer([radii, turn])
        weights = outer_weights([radial / radial.sum(), angular])
        return Sample(self._at(grid[:, 0], grid[:, 1]), None, self.measure * weights)

    @property
    def _closed(self) -> bool:
        return self.angles[1] - self.angles[0] >= 2.0 * np.pi - 1e-12

    def _at(self, radius: Array, turn: Array) -> Array:
        angle = self.angles[0] + turn * (self.angles[1] - self.angles[0])
        return self.center + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
