"""Pieces of other patches: what of a box or a face lies where it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kanpde.geometry._box import BoxChart
from kanpde.geometry._curves import Curve
from kanpde.geometry._patch import Patch, Sample, draw_kept, split
from kanpde.geometry._plane import area
from kanpde.geometry._samplers import Array, axis_rule

SURVEY = 2**17  # Sobol points that a measure is estimated from

Keep = Callable[[Sample], NDArray[np.bool_]]


class KeptPatch(Patch):
    """The points of a patch that `keep` accepts, with the normals turned where it says so.

    Parameters
    ----------
    whole
        The patch that points are drawn from.
    keep
        Tells which points of a sample count.
    measure
        Measure of what is kept; estimated from 2**17 Sobol points if not given.
    sign
        Factor -1 or 1 of every normal of a sample.
    """

    def __init__(
        self,
        whole: Patch,
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
        """Return the whole patch's rule where it is kept, scaled to the measure."""
        sample = draw_kept(self.whole, count**self.dimension, sampler, None, self.keep)
        scale = self.measure / sample.weights.sum()
        return self._turned(sample)._replace(weights=sample.weights * scale)

    def _turned(self, sample: Sample) -> Sample:
        if self.sign is None or sample.normals is None:
            return sample
        return sample._replace(normals=sample.normals * self.sign(sample)[:, None])


class SlicedPatch(KeptPatch):
    """The inside of curves: scattered by rejection, tensor rules from slice to slice.

    The vertical lines through the ends of curves, and through the places where a curve
    turns back, cut the inside into panels that have the same top and bottom curves
    everywhere. Each gets a product rule. Towards a place where a curve turns back the
    heights have a square root, which a quadratic change of the variable takes away.
    """

    def __init__(self, lower: Array, upper: Array, curves: Sequence[Curve], keep: Keep) -> None:
        self.curves = tuple(curves)
        super().__init__(BoxChart(lower, upper), keep, measure=area(curves))

    @cached_property
    def panels(self) -> list[tuple[float, float, bool, bool]]:
        """Ends of the panels, and whether a curve turns back there."""
        ends = np.concatenate([c.ends()[:, 0] for c in self.curves])
        turns = np.concatenate([c.at(c.turns())[:, 0] for c in self.curves])
        places = np.unique(np.concatenate((ends, turns)))
        near = 1e-9 * float(places[-1] - places[0])
        places = places[np.concatenate(([True], np.diff(places) > near))]
        back = [bool(len(turns) and abs(turns - x).min() <= near) for x in places]
        return list(
            zip(places[:-1].tolist(), places[1:].tolist(), back[:-1], back[1:], strict=True)
        )

    def tensor(self, count: int, sampler: str) -> Sample:
        """Return the panels' rules, about ``count**2`` points."""
        widths = [b - a for a, b, _, _ in self.panels]
        least = min(count, 6) if sampler == "gauss" else 1
        middles = [self._crossings(np.array([0.5 * (a + b)]))[0] for a, b, _, _ in self.panels]
        longest = max(float((m[1::2] - m[::2]).sum()) for m in middles)
        points, weights = [], []
        for panel, m, middle in zip(self.panels, split(count, widths), middles, strict=True):
            x, wx = _panel_rule(panel, max(m, least), sampler)
            heights = self._crossings(x)
            for k in range(0, len(middle), 2):
                share = float(middle[k + 1] - middle[k]) / longest
                s, ws = axis_rule(max(least, int(np.rint(count * share))), sampler)
                low, high = heights[:, k, None], heights[:, k + 1, None]
                y = low + (high - low) * s
                points.append(np.stack([np.repeat(x, len(s)), y.ravel()], axis=1))
                weights.append((wx[:, None] * (high - low) * ws).ravel())
        together = np.concatenate(weights)
        together *= self.measure / together.sum()
        return Sample(np.concatenate(points), None, together)

    def _crossings(self, x: Array) -> Array:  # (N,) -> (N, 2 m)
        """Return the heights at which the curves cross vertical lines, sorted."""
        heights = np.sort(np.hstack([c.heights(x) for c in self.curves]), axis=1)
        many = np.isfinite(heights).sum(axis=1)
        assert (many == many[0]).all()
        assert many[0] % 2 == 0
        return heights[:, : many[0]]


def _panel_rule(
    panel: tuple[float, float, bool, bool], count: int, sampler: str
) -> tuple[Array, Array]:
    a, b, left, right = panel
    s, w = axis_rule(count, sampler)
    if left and right:
        s, w = np.sin(0.5 * np.pi * s) ** 2, w * 0.5 * np.pi * np.sin(np.pi * s)
    elif left:
        s, w = s**2, 2.0 * s * w
    elif right:
        s, w = 1.0 - (1.0 - s) ** 2, 2.0 * (1.0 - s) * w
    return a + (b - a) * s, (b - a) * w
