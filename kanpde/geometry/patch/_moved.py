"""Patches that are turned, shifted or scaled copies of others."""

from __future__ import annotations

import numpy as np

from kanpde.geometry._motion import Motion
from kanpde.geometry._samplers import Array
from kanpde.geometry.patch._patch import Chart, Patch, Sample


def moved_patch(patch: Patch, motion: Motion) -> Patch:
    """Return a patch at another place; a chart stays one."""
    if isinstance(patch, Chart):
        return MovedChart(patch, motion)
    return MovedPatch(patch, motion)


class MovedPatch(Patch):
    """A patch at another place."""

    def __init__(self, patch: Patch, motion: Motion) -> None:
        self.patch, self.motion = patch, motion
        self.dimension, self.columns = patch.dimension, patch.columns
        self.scale = motion.factor**patch.dimension
        self.measure = self.scale * patch.measure

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        """Move the patch's points."""
        return self._moved(self.patch.scatter(n, sampler, rng))

    def tensor(self, count: int, sampler: str) -> Sample:
        """Move the patch's rule."""
        return self._moved(self.patch.tensor(count, sampler))

    def _moved(self, sample: Sample) -> Sample:
        turned = None if sample.normals is None else sample.normals @ self.motion.rotation.T
        return Sample(self.motion.forward(sample.points), turned, self.scale * sample.weights)


class MovedChart(Chart):
    """A chart at another place."""

    def __init__(self, chart: Chart, motion: Motion) -> None:
        self.chart, self.motion = chart, motion
        self.dimension, self.columns, self.units = chart.dimension, chart.columns, chart.units
        self.measure = motion.factor**chart.dimension * chart.measure

    def from_unit(self, unit: Array) -> tuple[Array, Array | None]:
        """Move what the chart maps to."""
        points, normals = self.chart.from_unit(unit)
        turned = None if normals is None else normals @ self.motion.rotation.T
        return self.motion.forward(points), turned

    def tensor(self, count: int, sampler: str) -> Sample:
        """Move the chart's rule."""
        return MovedPatch(self.chart, self.motion).tensor(count, sampler)
