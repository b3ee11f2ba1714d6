"""The piece of curves one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kanpde.geometry._samplers import Array, axis_rule
from kanpde.geometry.curve._curve import Curve
from kanpde.geometry.curve._curves import Arc
from kanpde.geometry.piece import MappedPiece, Sample, join, split


class CurvePiece(MappedPiece):
    """Curves one after the other, by arc length, with normals to their right."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        self.curves = tuple(curves)
        self.columns, self.dimension, self.units = 2, 1, 1
        self.lengths = np.array([c.length for c in curves])
        self.measure = float(self.lengths.sum())

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Go along the curves by shares of the whole length."""
        ends = np.concatenate(([0.0], np.cumsum(self.lengths)))
        way = unit[:, 0] * self.measure
        index = np.clip(np.searchsorted(ends, way, side="right") - 1, 0, len(self.curves) - 1)
        points, normals = np.empty((len(unit), 2)), np.empty((len(unit), 2))
        for k, curve in enumerate(self.curves):
            here = index == k
            t = curve.by_length(np.clip((way[here] - ends[k]) / self.lengths[k], 0.0, 1.0))
            points[here], normals[here] = curve.at(t), curve.normal(t)
        return points, normals

    def tensor(self, count: int, sampler: str) -> Sample:
        """Join the rules of the curves, so that no node straddles a corner."""
        samples = []
        for curve, length, m in zip(
            self.curves, self.lengths, split(count, self.lengths.tolist()), strict=True
        ):
            if sampler == "gauss":  # the parameter is smoother than the length
                least = min(count, 6) if isinstance(curve, Arc) else 1
                unit, weights = axis_rule(max(m, least), "grid" if curve.whole else "gauss")
                t = curve.start + unit * (curve.stop - curve.start)
                weights = weights * np.linalg.norm(curve.velocity(t), axis=1)
                weights /= weights.sum()
            else:
                unit, weights = axis_rule(m, sampler)
                t = curve.by_length(unit)
            samples.append(Sample(curve.at(t), curve.normal(t), length * weights))
        return join(samples)
