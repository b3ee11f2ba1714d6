"""How many points, how often redrawn, and how much a row counts at a steep front."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch

from kanpde.calculus import JetSpace, unit
from kanpde.problem import Problem
from kanpde.residual import BOUNDARY, INITIAL, INTERIOR, PAIR, Drawn, Rows, TermSet, draw
from kanpde.trial import Trial

STEEP, SOFTENING = 20.0, 0.5
POOL = 4  # candidates per row
CHOOSABLE = (INTERIOR, BOUNDARY, INITIAL, PAIR)
FITTED, ALIKE = 10.0, 2.0
MOST_DENSITY, SHORTEST, LONGEST = 2.0, 0.6, 1.6


@dataclass
class PointSchedule:
    """Points per coefficient and steps between redraws, as factors of the usual ones.

    The drift, the loss on fresh points over that on the points of the last steps, tells
    whether these are fitted rather than the equation: then there are more of them, for a shorter
    time.
    """

    density: float = 1.0
    pause: float = 1.0

    def follow(self, drift: float) -> None:
        """Change both by what a redraw showed.

        Examples
        --------
        >>> point_schedule = PointSchedule()
        >>> point_schedule.follow(40.0)
        >>> point_schedule.density, point_schedule.pause
        (1.5, 0.8)
        """
        if drift > FITTED:
            self.density = min(MOST_DENSITY, 1.5 * self.density)
            self.pause = max(SHORTEST, 0.8 * self.pause)
        elif drift < ALIKE:
            self.density = max(1.0, self.density / 1.25)
            self.pause = min(LONGEST, 1.2 * self.pause)


def softened(trial: Trial, drawn: Drawn) -> Drawn:
    """Let rows at a steep front count less: scaled by 1 / (1 + s / 2), s the slope.

    Where a front is a little off, its residual is as large as the slope and would rule the fit.
    s is the largest slope of an unknown, in units of its own size, per half width of the
    domain; where it stays below 20 nothing is changed.
    """
    frame = trial.frame
    d = len(frame.coordinates)
    space = JetSpace.closed(d, [unit(d, axis) for axis in range(d)])
    points = torch.as_tensor(drawn.points).to(trial.eta)
    with torch.no_grad():
        jets = torch.cat([trial.jets(trial.site(p, space)) for p in points.split(2048)], dim=1)
    size = jets[0].abs().amax(dim=0).clamp_min(1e-300)
    halves = torch.tensor(
        [0.5 * (b - a) for a, b in zip(frame.lower, frame.upper, strict=True)]
    ).to(jets)
    first = torch.stack([jets[space.position(unit(d, axis))] for axis in range(d)])
    slope = (first.abs() * halves[:, None, None] / size).amax(dim=(0, 2))
    if not bool(torch.isfinite(slope).all()) or float(slope.max()) < STEEP:
        return drawn
    factor = (1.0 + SOFTENING * slope).square().double().cpu().numpy()
    return dataclasses.replace(drawn, weight=drawn.weight / factor)


def follow_residual(
    problem: Problem, trial: Trial, terms: TermSet, drawn: Drawn, rng: np.random.Generator
) -> Drawn:
    """Choose rows of a term anew, with probability proportional to |r| / mean + 1.

    Candidates are four times as many uniform points of the same faces, region, initial state or
    pairs. Measurements, means and numbers stay as they are.
    """
    if terms.where not in CHOOSABLE:
        return drawn
    pool = draw(problem, terms, POOL * drawn.rows, sampler="uniform", rng=rng)
    found = Rows(trial, [(terms, pool)]).residuals(scaled=False)[0]
    size = torch.stack(found).square().sum(dim=0).sqrt().double().cpu().numpy()
    if pool.rows < drawn.rows or not np.isfinite(size).all() or not size.mean() > 0:
        return drawn
    chance = pool.weight * (size / size.mean() + 1.0)
    chosen = rng.choice(pool.rows, size=drawn.rows, replace=False, p=chance / chance.sum())
    return take_rows(pool, chosen)


def take_rows(drawn: Drawn, chosen: np.ndarray) -> Drawn:
    """Keep some rows, in that order and of equal weight, with all their evaluations.

    Examples
    --------
    >>> pairs = Drawn(
    ...     np.array([[0.0], [1.0], [5.0], [6.0]]),
    ...     np.zeros((4, 0)),
    ...     np.array([0, 1, 0, 1]),
    ...     np.array([1.0, 1.0, -1.0, -1.0]),
    ...     np.array([0.5, 0.5]),
    ... )
    >>> take_rows(pairs, np.array([1])).points.tolist()
    [[1.0], [6.0]]
    """
    weight = np.full(len(chosen), 1.0 / len(chosen))
    if drawn.row is None:
        return Drawn(drawn.points[chosen], drawn.extras[chosen], None, None, weight)
    place = np.full(drawn.rows, -1)
    place[chosen] = np.arange(len(chosen))
    kept = place[drawn.row] >= 0
    factor = None if drawn.factor is None else drawn.factor[kept]
    row = place[drawn.row][kept]
    return Drawn(drawn.points[kept], drawn.extras[kept], row, factor, weight)
