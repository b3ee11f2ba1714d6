"""The tangent probe: what a network can reach near its start, told by one least-squares solve.

The trial is linearised at its coefficients; the damped least-squares solution gives the residual
that the tangent space leaves on fresh points, and how far the coefficients have to go. For a
linear problem nothing else is neglected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from kanpde.optimize import Whole, stacked
from kanpde.residual import Drawn, Rows, TermSet
from kanpde.solvers._plan import Plan
from kanpde.trial import Trial

DAMPINGS = tuple(10.0**-k for k in range(30, 10, -2))
POINTS_PER_COEFFICIENT = 2
FRESH_POINTS = 1000
FAR = 300.0
LEAST_GAIN, MOST_GAIN = 200.0, 2e4


@dataclass(frozen=True)
class Probe:
    """What a tangent space holds.

    Parameters
    ----------
    floor
        Residual on fresh points over that of the start.
    distance
        Norm of the tangent solution.
    score
        The floor, raised where the distance makes it hard to reach.
    """

    floor: float
    distance: float
    score: float

    @property
    def gain(self) -> float:
        """Gain that lets the coefficients move by about two; more of it costs digits."""
        return min(max(self.distance / 2, LEAST_GAIN), MOST_GAIN)


def tangent_probe(plan: Plan, trial: Trial) -> Probe:
    """Solve the problem in the tangent space of `trial` at its coefficients."""
    rows = Rows(trial, draw(plan, trial), weights=plan.settings.weights)
    sums = Whole(trial.count, trial.eta).gather(rows)
    drawn = plan.draw(FRESH_POINTS, plan.rng(801), sampler="uniform")
    slopes, start = stacked(Rows(trial, drawn, weights=plan.settings.weights))
    size = max(float(start.norm()), torch.finfo(start.dtype).tiny)
    found = []
    for damping in DAMPINGS:
        step = sums.step(damping)
        floor, distance = float((start + slopes @ step).norm()) / size, float(step.norm())
        found.append(Probe(floor, distance, floor * max(1.0, distance / FAR)))
    return min(found, key=lambda p: p.score if math.isfinite(p.score) else math.inf)


def draw(plan: Plan, trial: Trial) -> list[tuple[TermSet, Drawn]]:
    """Collocation points for `trial`: a Chebyshev lattice where the domain allows it."""
    many = POINTS_PER_COEFFICIENT * trial.count // len(plan.problem.equations)
    return plan.draw(many, plan.rng(800), sampler=_sampler(plan))


def _sampler(plan: Plan) -> str:
    domain = plan.problem.domain
    parts = [domain] if domain.space is None else [domain.space]
    box = any(bool(getattr(part, "faces", ())) for part in (domain, *parts))
    asked = plan.settings.sampler != "sobol"
    return plan.settings.sampler if asked or not box or plan.problem.dimension > 2 else "chebyshev"
