"""The forward problem inside an inverse one: its constants are numbers, its data are left out.

It is solved by the phases on product KANs and handed back as one trial that carries the
constants. Later solves start from the degree that served before.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import sympy
import torch
from sympy import Expr, Symbol

from kanpde.nets import ProductKAN
from kanpde.problem import Equation, Problem
from kanpde.residual import Evaluation, Level, predicted_errors
from kanpde.solvers._plan import Plan, make_plan, slabs_apply
from kanpde.solvers.marching._marching import MarchingPhase
from kanpde.solvers.spectral._linear import LinearPhase
from kanpde.solvers.spectral._newton import NewtonPhase
from kanpde.trial import Constants, Slabs, SlabTrial, Trial


def forward_problem(problem: Problem, values: Mapping[Symbol, float]) -> Problem:
    """Put numbers in the place of the constants and leave the measurements out."""
    numbers = {symbol: sympy.Float(value, 17) for symbol, value in values.items()}

    def put(value: Any) -> Any:
        return value.xreplace(numbers) if isinstance(value, Expr) else value

    conditions = {
        name: dataclasses.replace(
            c, **{f.name: put(getattr(c, f.name)) for f in dataclasses.fields(c) if f.init}
        )
        for name, c in problem.conditions.items()
        if not c.measured
    }
    equations = {k: Equation(put(e.expression), e.on) for k, e in problem.equations.items()}
    return Problem(problem.domain, equations, conditions, name=problem.name)


class Forward:
    """Solves the forward problem at given constants.

    Parameters
    ----------
    plan
        The inverse problem made ready.
    constants
        Names, scales and bounds, as the trial will carry them.
    """

    def __init__(self, plan: Plan, constants: Constants) -> None:
        self.plan, self.constants = plan, constants
        names = plan.problem.equations.keys() | {
            n for n, c in plan.problem.conditions.items() if not c.measured
        }
        weights = {k: v for k, v in plan.settings.weights.items() if k in names}
        self.settings = plan.settings.replace(weights=weights)
        self.degree: int | None = None  # of the product KAN that served; 0 where slabs did
        self.last: Trial | None = None
        self.served = (0.0, 0.0)  # its residual, and the tolerance that was asked for

    def begin_at(self, degree: int | None) -> None:
        """Go on from the degree that served in a run that is resumed."""
        self.degree = degree

    def solve(
        self, values: Mapping[Symbol, float], *, tolerance: float, seconds: float = math.inf
    ) -> Slabs | None:
        """Solve to about a relative error `tolerance`; ``None`` where that failed."""
        end = time.perf_counter() + seconds
        plan = make_plan(forward_problem(self.plan.asked, values), self.settings)
        evaluation = Evaluation(plan.asked, seed=self.settings.seed)
        parts: Slabs | None = None
        if self.degree != 0:
            parts = self._in_one_piece(plan, evaluation, tolerance, end)
        if parts is None and self.settings.slabs and slabs_apply(plan):
            parts = self._marched(plan, evaluation, tolerance, end)
        if parts is None:
            return None
        order = {str(symbol): value for symbol, value in values.items()}
        return parts.carrying(self.constants, [order[n] for n in self.constants.names])

    def _in_one_piece(
        self, plan: Plan, evaluation: Evaluation, tolerance: float, end: float
    ) -> Slabs | None:
        """Raise the degree until it serves; where one has served before, begin there."""
        phase = (LinearPhase if plan.linear else NewtonPhase)(plan, evaluation)
        if self.degree is not None:
            phase.schedule.begin_at([self.degree] * plan.problem.dimension)
            if self.last is not None and not plan.linear:
                phase.take(self.last)
        served = False
        while not (served or phase.done):
            phase.step()
            served = _accuracy(phase) <= tolerance or self._as_before(phase, tolerance)
            if time.perf_counter() > end:
                return None
        if not (served or (plan.linear and phase.solved)):
            self.degree = 0 if slabs_apply(plan) else self.degree
            return None
        assert isinstance(phase.trial.network, ProductKAN)
        self.degree, self.last = phase.trial.network.degree, phase.trial
        self.served = (phase.best_fresh, tolerance)
        return _as_slabs(plan, phase.trial)

    def _as_before(self, phase: LinearPhase, tolerance: float) -> bool:
        """Whether the degree that served before serves again: its residual is as small."""
        residual, loosest = self.served
        return phase.level == 1 and phase.best_fresh <= 4 * residual and tolerance >= loosest

    def _marched(
        self, plan: Plan, evaluation: Evaluation, tolerance: float, end: float
    ) -> Slabs | None:
        phase = MarchingPhase(plan, evaluation)
        phase.aim(tolerance)
        while phase.best is None and not phase.done:
            phase.step()
            if time.perf_counter() > end:
                return None
        return None if phase.best is None else phase.best[0]


def _accuracy(phase: LinearPhase) -> float:
    """Predicted relative error, infinite while there is nothing to compare with."""
    final = Level(phase.best_fresh, phase.evaluation.values(phase.trial))
    predicted = predicted_errors(phase.levels.kept, final, floor=phase.levels.floor)
    return math.inf if predicted is None else max(predicted)


def _as_slabs(plan: Plan, trial: Trial) -> Slabs:
    """One slab that covers everything: it brings its own ansatz along when it is stored."""
    axis = plan.problem.dimension - 1
    low, high = trial.frame.lower[axis], trial.frame.upper[axis]
    part = SlabTrial(trial.frame, trial.network, axis=axis, whole=(low, high), slab_start=None)
    return Slabs([part], [low, high], axis)


def constants_of(problem: Problem) -> Constants:
    """Names, scales and bounds of a problem's unknown constants."""
    given: Sequence[Any] = list(problem.constants.values())

    def tensor(numbers: list[float]) -> torch.Tensor:
        return torch.tensor(numbers, dtype=torch.float64)

    return Constants(
        tuple(s.name for s in problem.constants),
        tensor([c.scale for c in given]),
        tensor([c.bounds[0] for c in given]),
        tensor([c.bounds[1] for c in given]),
    )
