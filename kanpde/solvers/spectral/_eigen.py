r"""Eigenvalue problems: the smallest singular vector at the start value, then Gauss-Newton.

With the unknown constants at their start the equations are linear and homogeneous, rows
:math:`A c`. The best u of mean square one minimises :math:`\|A c\|`: a singular vector of A in
the metric of u's values. For a self-adjoint operator it belongs to the eigenvalue nearest the
start. From there on u and the constants are one least-squares problem with the normalisation as
a row; its residual goes to zero, so that Gauss-Newton converges like Newton's method.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kanpde.nets import ProductKAN
from kanpde.optimize import Factor, GaussNewton, Stop, minimize, stacked
from kanpde.residual import (
    NUMBER,
    Drawn,
    Evaluation,
    Level,
    Rows,
    predicted_errors,
    relative_l2,
    value_terms,
)
from kanpde.solvers._phase import Levels, Report, pack_levels, unpack_levels
from kanpde.solvers._plan import Plan
from kanpde.solvers._solver import Solver
from kanpde.solvers.spectral._linear import LinearPhase
from kanpde.solvers.spectral._newton import NewtonPhase
from kanpde.solvers.spectral._products import products_apply, transfer
from kanpde.trial import Trial

MOST_STEPS, HALF = 12, 0.5  # a step that leaves more of the loss is the last one
LEAST = 1e-11  # directions whose values are smaller than this share are left out of a guess
SEARCHED = 1200  # coefficients; larger levels start from the one before
RESOLVED = 1e-6  # predicted error above which levels that gain little are no reason to stop
USABLE = 1e-4  # predicted error from which training would better nothing
LOBE = 0.5  # of the largest value: the first place where u exceeds it is positive


def eigen_applies(plan: Plan, *, closed: bool) -> bool:
    """Whether a problem is an eigenvalue problem that product KANs may solve."""
    return plan.problem.eigen and products_apply(plan)


class EigenPhase(NewtonPhase):
    """Levels of growing degree, each from the singular vector nearest the start value."""

    name = "eigen"
    title = "spectral least squares, eigenvalue"

    def __init__(self, plan: Plan, evaluation: Evaluation) -> None:
        super().__init__(plan, evaluation)
        self.constants: list[Level] = []
        self.constants_floor: list[float] | None = None

    def step(self) -> Report:
        """Solve the next level; no level is given up, low ones may not resolve u at all."""
        before, kept = self.trial, self.best_fresh
        report = LinearPhase.step(self)
        if self.trial is not before and math.isfinite(kept):
            self.constants.append(Level(kept, _values(before)))
            del self.constants[:-16]
        if self.stalled and self.schedule.degrees is not None and self._predicted() > RESOLVED:
            self.done = self.stalled = False
        return report

    @property
    def sufficient(self) -> bool:
        """Whether training would better nothing."""
        return self.done and self.solved and self._predicted() < USABLE

    def _fit(self, trial: Trial, rows: Rows) -> None:
        """Guess u at the start value, or take the level before; then Gauss-Newton."""
        if self.solved and trial.count > SEARCHED:
            transfer(self.trial, trial)
        else:
            self._guess(trial, rows)
        method = GaussNewton(chords=1, slow=HALF, damping=0.0, linear_algebra="qr")
        minimize(rows, method, Stop(MOST_STEPS, HALF))
        self._orient(trial)

    def _guess(self, trial: Trial, rows: Rows) -> None:
        """Take the u of mean square one that the rows at the constants' start allow best."""
        split = trial.network.count
        homogeneous = rows.only(lambda terms: terms.where != NUMBER)
        values = self._value_rows(trial)[:, :split]
        basis = Factor(values, scale=torch.ones_like(values[0]), cutoff=LEAST).basis
        image = stacked(homogeneous)[0][:, :split] @ basis
        direction = basis @ Factor(image, scale=torch.ones_like(image[0])).smallest
        trial.set(torch.cat((direction, trial.get()[split:])))
        self._scale(trial, rows)

    def _scale(self, trial: Trial, rows: Rows) -> None:
        """Multiply u by what meets the first normalisation, of degree two or one in u."""
        split, place = trial.network.count, trial.get()
        numbers = rows.only(lambda terms: terms.where == NUMBER)

        def missed(factor: float) -> float:
            trial.set(torch.cat((factor * place[:split], place[split:])))
            return float(numbers.vector()[0])

        none, once = missed(0.0), missed(1.0)
        ratio = none / (none - once) if once != none else 1.0
        factors = [ratio, math.sqrt(abs(ratio)), 1.0]
        best = min(factors, key=lambda f: abs(missed(f)))
        trial.set(torch.cat((best * place[:split], place[split:])))

    def _value_rows(self, trial: Trial) -> Tensor:
        """Rows of u itself at interior points."""
        terms = value_terms(self.plan.problem)
        network = trial.network
        assert isinstance(network, ProductKAN)
        wanted = self._rows_for(trial.count, network.degree)
        rng = self.plan.rng(110)
        domain = self.plan.problem.domain
        points, weights = domain.interior(wanted, sampler=self._sampler(), rng=rng)
        extras, share = np.zeros((len(points), 0)), weights / weights.sum()
        rows = Rows(trial, [(terms, Drawn(points, extras, None, None, share))])
        return stacked(rows)[0]

    def _orient(self, trial: Trial) -> None:
        """Make the first large value of the first unknown positive, if -u solves it as well."""
        problem, split = self.plan.problem, trial.network.count
        count = {1: 200, 2: 24}.get(problem.dimension, 8)
        points = problem.domain.grid([count] * problem.dimension)
        with torch.no_grad():
            values = trial(torch.as_tensor(points, dtype=trial.dtype))
        size = values.abs()
        column = int((size.amax(dim=0) > 1e-3 * size.max()).nonzero()[0])
        place = int((size[:, column] >= LOBE * size[:, column].max()).nonzero()[0])
        if values[place, column] >= 0:
            return
        vector = trial.get()
        before = self._normalised(trial)
        trial.set(torch.cat((-vector[:split], vector[split:])))
        if not self._normalised(trial) <= 4 * before + 1e-16:
            trial.set(vector)

    def _normalised(self, trial: Trial) -> float:
        """Mean square by which the normalisations are missed."""
        drawn = [d for d in self.plan.draw(64, self.plan.rng(120)) if d[0].where == NUMBER]
        return float(Rows(trial, drawn).vector().square().sum())

    def gives_up(self, elapsed: float, latest: float, limit: float) -> bool:
        """Whether the next level would not end in time."""
        return elapsed + 3 * latest > limit

    def constant_errors(self) -> dict[str, float | None]:
        """Estimated absolute error of every unknown constant, from the levels."""
        final = Level(self.best_fresh, _values(self.trial))
        found = predicted_errors(self.constants, final, floor=self.constants_floor)
        names = self.trial.constants.names
        if found is None:
            return dict.fromkeys(names)
        sizes = np.abs(final.values[0])
        return {n: e * float(v) for n, e, v in zip(names, found, sizes, strict=True)}

    def _check_round_off(self) -> None:
        """Solve the best level again on other points, for u and for the constants."""
        found = self._again()
        if found is not None:
            self.levels.floor = relative_l2(
                self.evaluation.values(found), self.evaluation.values(self.trial)
            ).tolist()
            self.constants_floor = relative_l2(_values(found), _values(self.trial)).tolist()

    def state(self) -> dict[str, Any]:
        """Add the constants of the levels."""
        kept = pack_levels(Levels(self.constants, self.constants_floor))
        return {**super().state(), "constants": kept}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        super().restore(state)
        found = unpack_levels(state["constants"])
        self.constants, self.constants_floor = found.kept, found.floor


def _values(trial: Trial) -> np.ndarray:  # (1, C)
    """Present values of the unknown constants, one column each."""
    return np.array([list(trial.constant_values().values())], dtype=np.float64)


EIGEN = Solver("eigen", eigen_applies, lambda s: EigenPhase(s.plan, s.evaluation), alone=True)
