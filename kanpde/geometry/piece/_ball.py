"""Pieces of spheres and balls of any dimension, in hyperspherical coordinates."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, gammainc, gammaln, ndtri, roots_jacobi

from kanpde.geometry._samplers import Array, axis_rule, outer, outer_weights
from kanpde.geometry.piece._piece import MappedPiece, Sample

_TINY = 2.0**-53  # keeps the inverse normal distribution finite at 0 and 1


class SpherePiece(MappedPiece):
    """The sphere of a ball, with outward normals."""

    def __init__(self, center: Array, radius: float) -> None:
        d = len(center)
        self.center, self.radius = center, radius
        self.columns, self.dimension = d, d - 1
        self.units = d - 1 if d <= 3 else d
        self.measure = d * float(np.exp(_log_unit_volume(d) + (d - 1) * np.log(radius)))

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Map the cube to the sphere, measure-preservingly."""
        direction = _directions(unit) if self.columns <= 3 else _gaussian(unit)[0]
        return self.center + self.radius * direction, direction

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the product of the rules of the angles."""
        nodes, weights = _angle_rules(self.columns, count, sampler)
        direction = _hyperspherical(outer(nodes))
        weight = self.measure * outer_weights(weights)
        return Sample(self.center + self.radius * direction, direction, weight)


class BallPiece(MappedPiece):
    """A ball."""

    def __init__(self, center: Array, radius: float) -> None:
        d = len(center)
        self.center, self.radius = center, radius
        self.columns = self.dimension = self.units = d
        self.measure = float(np.exp(_log_unit_volume(d) + d * np.log(radius)))

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Map the cube to the ball, measure-preservingly."""
        d = self.columns
        if d <= 3:
            direction, share = _directions(unit[:, 1:]), unit[:, :1]
        else:
            direction, share = _gaussian(unit)
        return self.center + self.radius * share ** (1.0 / d) * direction, None

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the product of a radial rule and those of the angles."""
        d = self.columns
        if sampler == "gauss":
            # Polynomials leave even powers of r: with s = r**2 in [0, 1] the
            # density is s**(d/2 - 1), a Gauss-Jacobi rule.
            nodes, radial = roots_jacobi(count, 0.0, 0.5 * d - 1.0)
            radii, radial = np.sqrt(0.5 * (nodes + 1.0)), radial / radial.sum()
        else:
            nodes, radial = axis_rule(count, sampler)
            radii = nodes ** (1.0 / d)
        angles, weights = _angle_rules(d, count, sampler)
        grid = outer([radii, *angles])
        points = self.center + self.radius * grid[:, :1] * _hyperspherical(grid[:, 1:])
        return Sample(points, None, self.measure * outer_weights([radial, *weights]))


def _log_unit_volume(d: int) -> float:
    return float(0.5 * d * np.log(np.pi) - gammaln(0.5 * d + 1.0))


def _directions(unit: Array) -> Array:  # (N, d - 1) -> (N, d), d = 2 or 3
    """Map the cube to the unit circle or (Archimedes) the unit sphere."""
    angles = 2.0 * np.pi * unit[:, -1:]
    return _hyperspherical(np.hstack([2.0 * unit[:, :-1] - 1.0, angles]))


def _gaussian(unit: Array) -> tuple[Array, Array]:  # (N, d) -> (N, d), (N, 1)
    """Map the cube to directions, and to the volume share of the radius.

    The squared length of a normal vector is chi-squared and independent of its
    direction, so no further unit coordinate is needed.
    """
    normal = ndtri(np.clip(unit, _TINY, 1.0 - _TINY))
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    share = gammainc(0.5 * unit.shape[1], 0.5 * length**2)
    return normal / np.maximum(length, _TINY), share


def _hyperspherical(grid: Array) -> Array:  # (N, d - 1) -> (N, d)
    """Return unit vectors from the polar angles' cosines and the last angle."""
    rest = np.ones(len(grid))
    columns = []
    for cosine in grid[:, :-1].T:
        columns.append(rest * cosine)
        rest = rest * np.sqrt(np.maximum(0.0, 1.0 - cosine**2))
    columns += [rest * np.cos(grid[:, -1]), rest * np.sin(grid[:, -1])]
    return np.stack(columns, axis=1)


def _angle_rules(d: int, count: int, sampler: str) -> tuple[list[Array], list[Array]]:
    """Return nodes and weights of the d - 2 polar cosines and the last angle.

    On the sphere of an m-dimensional space one coordinate has the density
    (1 - c**2)**((m - 3)/2); the last angle is periodic, where equal weights
    are the best rule.
    """
    nodes, weights = [], []
    for m in range(d, 2, -1):
        if sampler == "gauss":
            cosines, share = roots_jacobi(count, 0.5 * (m - 3), 0.5 * (m - 3))
            share = share / share.sum()
        else:
            unit, share = axis_rule(count, sampler)
            cosines = 2.0 * betaincinv(0.5 * (m - 1), 0.5 * (m - 1), unit) - 1.0
        nodes.append(cosines)
        weights.append(share)
    nodes.append(2.0 * np.pi * (np.arange(count) + 0.5) / count)
    weights.append(np.full(count, 1.0 / count))
    return nodes, weights
