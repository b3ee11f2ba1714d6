"""Unknown constants of problems that are closed without the data: fit by forward solves.

Given the constants, equations and conditions determine everything, so they hold as well as the
forward solver can make them and the data decide on the constants alone: a Gauss-Newton
iteration of few variables, its slopes by differences of forward solves. First at a loose
tolerance, then at one where the solver's error is far below what the noise leaves open.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch

from kanpde.problem import Problem
from kanpde.residual import POINTS, Evaluation, Rows
from kanpde.solvers._phase import Findings, Phase, Report, fresh_loss, pack_levels, unpack_levels
from kanpde.solvers._plan import Plan
from kanpde.solvers._solver import Solver
from kanpde.solvers.inverse._estimate import (
    Array,
    DataSet,
    Fit,
    Scale,
    fit,
    intervals,
    misfit,
    noise_levels,
    step,
)
from kanpde.solvers.inverse._forward import Forward, constants_of
from kanpde.solvers.inverse._guess import guess
from kanpde.solvers.spectral._products import product_network, products_apply
from kanpde.trial import Slabs, trial_from_state, trial_state

LOOSE, TIGHT = 1e-4, 1e-10
WIDTH, MOVED = 5e-3, 0.02
MOST_TRIES, MOST_STEPS, MOST_STAGES = 5, 40, 6
LONGEST = 1.5  # of one step, in units of the logarithm or of the scale
SETTLED = 0.05  # standard deviations
EXPLAINED = 0.3  # a start whose residual is below this share of the data's spread will do
HEADROOM = 0.5  # the solver's error as a share of what the noise leaves open


def identifying_applies(plan: Plan, *, closed: bool) -> bool:
    """Whether constants are sought from data and the rest is determined without data."""
    problem = plan.problem
    return (
        closed
        and products_apply(plan)
        and bool(problem.constants)
        and len(problem.equations) >= len(problem.unknowns)
        and any(c.measured for c in problem.conditions.values())
    )


class IdentifyPhase(Phase):
    """Gauss-Newton of the unknown constants around forward solves."""

    name = "identify"
    title = "spectral least squares, unknown constants"

    def __init__(self, plan: Plan, evaluation: Evaluation) -> None:
        super().__init__(plan, evaluation)
        problem: Problem = plan.problem
        self.scales = {s.name: Scale(c) for s, c in problem.constants.items()}
        self.symbols = {s.name: s for s in problem.constants}
        self.constants = constants_of(problem)
        self.forward = Forward(plan, self.constants)
        self.sets = [s for s in plan.sets if s.where == POINTS and measured_set(s)]
        self.drawn = [
            (s, d) for s, d in plan.draw(64, plan.rng(600)) if any(s is t for t in self.sets)
        ]
        self.trial = plan.trial(product_network(plan, 1))
        self.z = np.array([s.inner(s.constant.start) for s in self.scales.values()])
        self.data: list[DataSet] = []
        self.slopes: list[Array] = []
        self.value = math.inf
        self.tolerance, self.damping = LOOSE, 1e-3
        self.rounds = self.stages = 0
        self.renewed = False  # whether the slopes are those at the present constants
        self.spread = np.zeros((0, 1, 1))  # how constants move the unknowns: squares, products
        self.partial = True
        self.points = sum(d.rows for _, d in self.drawn)

    @property
    def sufficient(self) -> bool:
        """Whether constants were found."""
        return bool(self.data)

    @property
    def estimate(self) -> Fit | None:
        """What the last linearisation says."""
        return fit(self.data, self.slopes) if self.slopes else None

    def findings(self) -> Findings:
        """Give constants and noise as regression tells them."""
        return Findings(dict(self.identified), self.noise)

    @property
    def identified(self) -> dict[str, dict[str, float | None]]:
        """Value and 95 % interval of every constant; none while the search is still on its way."""
        found = self.estimate
        if found is not None and not self.stalled:
            move = step(self.data, self.slopes, 1e-12, longest=math.inf)
            if not (np.abs(move) <= found.deviations).all():
                found = None
        return intervals(self.scales, self.z, found)

    @property
    def noise(self) -> dict[str, dict[str, Any]]:
        """Estimated noise of every data set."""
        found = self.estimate
        return {} if found is None else noise_levels(self.data, found)

    def step(self) -> Report:
        """Do one Gauss-Newton iteration, or begin."""
        self._end = time.perf_counter() + self.remaining
        note = self._iterate() if self.data else self._begin()
        self.rounds += 1
        self.done = self.done or self.rounds >= MOST_STEPS or time.perf_counter() > self._end
        fresh = None
        if self.data:
            self.partial = False
            fresh = fresh_loss(self.plan, self.trial, self.plan.rng(200), points=2000)
        total = sum(float(np.mean(np.square(s.residual * s.sd))) for s in self.data)
        return Report(
            loss=total if self.data else math.nan,
            finite=bool(self.data) or not self.done,
            fresh=fresh,
            damping=self.damping,
            note=f"{note}, tolerance {self.tolerance:.0e}",
        )

    def _solve(self, z: Array) -> tuple[Slabs, list[DataSet]] | None:
        """Forward solve and residuals of the data."""
        values = {self.symbols[n]: s.outer(z[k]) for k, (n, s) in enumerate(self.scales.items())}
        left = self._end - time.perf_counter()
        trial = self.forward.solve(values, tolerance=self.tolerance, seconds=left)
        if trial is None:
            return None
        residuals = Rows(trial, self.drawn).residuals(scaled=False)
        sets = []
        for k, (terms, drawn) in enumerate(self.drawn):
            weight = drawn.weight * drawn.rows
            sd = 1 / np.sqrt(weight)
            (r,) = residuals[k]
            size = float(np.std(drawn.extras[:, 0])) or 1.0
            sets.append(DataSet(terms.names[0], r.double().cpu().numpy() / sd, sd, size))
        return (trial, sets) if math.isfinite(misfit(sets)) else None

    def _begin(self) -> str:
        """Start from the given constants, or from those that a fit of the data suggests."""
        starts: dict[str, Array] = {}
        guessed = guess(self.plan)
        if guessed is not None:
            starts["fit of the data"] = np.array(
                [s.inner(guessed[n]) for n, s in self.scales.items()]
            )
        best = ""
        for name, z in {**starts, "start": self.z}.items():
            found = self._solve(z)
            if found is not None and misfit(found[1]) < self.value:
                self._take(z, *found)
                best = name
            if best and self._explained() < EXPLAINED:
                break
        self.done = not best
        return f"from the {best}" if best else "no forward solution at the start"

    def _explained(self) -> float:
        """Largest residual of a data set, relative to the spread of its values."""
        return max(noise / size for noise, size, _ in self._sizes())

    def _sizes(self) -> list[tuple[float, float, int]]:
        """Root mean square residual, spread and number of the values of every data set.

        The residual is weighted: that of a value that counts as most do.
        """
        return [
            (float(np.sqrt(np.mean(np.square(s.residual)))), s.size, len(s.residual))
            for s in self.data
        ]

    def _take(self, z: Array, trial: Slabs, sets: list[DataSet]) -> None:
        self.z, self.trial, self.data, self.value = z, trial, sets, misfit(sets)

    def _iterate(self) -> str:
        """Step to a better likelihood; renew the slopes or tighten the solver at the end."""
        if not self.slopes and not self._differentiate():
            return self._stop("no forward solution beside the best")
        if self._explained() < self.tolerance and self.tolerance > 1.01 * self._wanted():
            return self._tighten("as close as the solver")
        for _ in range(MOST_TRIES):
            move = step(self.data, self.slopes, self.damping, longest=LONGEST)
            z = self._inside(self.z + move)
            if self._settled(z - self.z):
                break
            found = self._solve(z)
            if found is not None and misfit(found[1]) < self.value:
                self._follow(z - self.z, found[1])
                self._take(z, *found)
                self.damping = max(self.damping * 0.1, 1e-12)
                return "moved"
            if not self.renewed:
                break
            self.damping = max(10 * self.damping, 1e-4)
            if time.perf_counter() > self._end:
                return self._stop("out of time")
        if self.renewed:
            return self._settle()
        if not self._differentiate():
            return self._stop("no forward solution beside the best")
        self.damping = 1e-6
        return "slopes renewed"

    def _stop(self, note: str) -> str:
        self.done = True
        return note

    def _follow(self, move: Array, sets: list[DataSet]) -> None:
        """Broyden's update: let the slopes explain the change that the step made."""
        for k, (new, old) in enumerate(zip(sets, self.data, strict=True)):
            gap = new.residual - old.residual - self.slopes[k] @ move
            self.slopes[k] = self.slopes[k] + np.outer(gap, move) / float(move @ move)
        self.renewed = False

    def _inside(self, z: Array) -> Array:
        return np.array([s.inner(s.outer(z[k])) for k, s in enumerate(self.scales.values())])

    def _settled(self, move: Array) -> bool:
        found = self.estimate
        assert found is not None
        return bool((np.abs(move) <= SETTLED * found.deviations).all())

    def _settle(self) -> str:
        """End here, or go on at the tolerance that the noise asks for."""
        wanted = self._wanted()
        self._tell_error()
        if self.tolerance <= 1.01 * wanted or self.stages >= MOST_STAGES:
            self.stalled = True
            return self._stop("settled")
        return self._tighten("settled")

    def _tighten(self, note: str) -> str:
        """Solve anew at a tighter tolerance."""
        self.stages += 1
        before, self.tolerance = self.tolerance, max(self._wanted(), 1e-3 * self.tolerance)
        found = self._solve(self.z)
        if found is None:
            self.tolerance, self.stalled = before, True
            return self._stop(f"{note}, before the tolerance asked for")
        self._take(self.z, *found)
        self.renewed = False
        return f"{note}, solver tightened"

    def value_fresh(self) -> float:
        """Mean square residual on fresh points, data included."""
        return fresh_loss(self.plan, self.trial, self.plan.rng(200), points=2000)

    def _wanted(self) -> float:
        """Tolerance that keeps the solver's error well below what the noise leaves open."""
        shares = [noise / size / math.sqrt(many) for noise, size, many in self._sizes()]
        return min(LOOSE, max(TIGHT, HEADROOM * min(shares)))

    def _differentiate(self) -> bool:
        """Slopes of the residuals by differences of forward solves."""
        columns: list[list[Array]] = [[] for _ in self.data]
        base = self.evaluation.values(self.trial)
        gaps: list[Array] = []
        for k, width in enumerate(self._widths()):
            z = self.z.copy()
            z[k] += width
            if self._inside(z)[k] != z[k]:
                z[k] -= 2 * width
            found = self._solve(z)
            if found is None:
                return False
            for column, new, old in zip(columns, found[1], self.data, strict=True):
                column.append((new.residual - old.residual) / (z[k] - self.z[k]))
            gaps.append((self.evaluation.values(found[0]) - base) / (z[k] - self.z[k]))
        self.slopes = [np.stack(c, axis=1) for c in columns]
        moved = np.stack(gaps, axis=-1) / np.linalg.norm(base, axis=0).clip(1e-300)[:, None]
        self.spread = np.einsum("nmc,nmd->mcd", moved, moved)
        self.renewed = True
        return True

    def _widths(self) -> list[float]:
        """Choose steps of the differences that move the data by about MOVED of their spread."""
        if not self.slopes:
            return [WIDTH] * len(self.z)
        moved = np.zeros(len(self.z))
        for slope, s, (_, size, _) in zip(self.slopes, self.data, self._sizes(), strict=True):
            share = np.sqrt(np.mean(np.square(slope * s.sd[:, None]), axis=0)) / size
            moved = np.maximum(moved, share)
        return [float(w) for w in np.clip(MOVED / moved.clip(1e-300), 1e-3 * WIDTH, 2 * WIDTH)]

    def _tell_error(self) -> None:
        """Let no predicted error be below what the constants' uncertainty does."""
        found = self.estimate
        if found is None:
            return
        squares = np.einsum("mcd,cd->m", self.spread, found.covariance)
        if np.isfinite(squares).all():
            self.levels.floor = np.sqrt(squares.clip(0.0)).tolist()
            self.levels.add(self.trial, self.evaluation, self.value_fresh())

    def state(self) -> dict[str, Any]:
        """Constants, trial, residuals and slopes."""
        return {
            "z": torch.as_tensor(self.z),
            "trial": trial_state(self.trial) if self.data else None,
            "residuals": [torch.as_tensor(s.residual) for s in self.data],
            "sds": [torch.as_tensor(s.sd) for s in self.data],
            "slopes": [torch.as_tensor(s) for s in self.slopes],
            "spread": torch.as_tensor(self.spread),
            "levels": pack_levels(self.levels),
            "degree": self.forward.degree,
            **{name: getattr(self, name) for name in KEPT},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.z = state["z"].numpy()
        if state["trial"] is not None:
            frame, dtype = self.plan.frame, self.plan.dtype
            self.trial = trial_from_state(state["trial"], frame, self.constants, dtype)
        pairs = zip(self.drawn, state["residuals"], state["sds"], strict=False)
        self.data = [
            DataSet(t.names[0], r.numpy(), s.numpy(), float(np.std(d.extras[:, 0])) or 1.0)
            for (t, d), r, s in pairs
        ]
        self.slopes = [s.numpy() for s in state["slopes"]]
        self.spread = state["spread"].numpy()
        self.levels = unpack_levels(state["levels"])
        self.forward.begin_at(state["degree"])
        for name in KEPT:
            setattr(self, name, state[name])


KEPT = (
    "value",
    "tolerance",
    "damping",
    "rounds",
    "stages",
    "renewed",
    "partial",
    "points",
    "done",
    "stalled",
)


def measured_set(terms: Any) -> bool:
    """Whether a term set holds measurements."""
    return terms.condition is not None and bool(terms.condition.measured)


IDENTIFY = Solver(
    "identify", identifying_applies, lambda s: IdentifyPhase(s.plan, s.evaluation), alone=True
)
