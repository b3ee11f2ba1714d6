"""Unknown fields from noisy data: product KANs, equations as constraints, smoothness by evidence.

The equations' rows count so much that they hold to a small tolerance; the fields that they leave
open are as smooth as the data want them to be, by marginal likelihood, so that noise
is not fitted. Gauss-Newton starts from a fit of the data and tightens the equations by and by.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from scipy import stats

from kanpde.nets import ProductKAN
from kanpde.optimize import stacked
from kanpde.problem import Problem, is_bare
from kanpde.residual import INTERIOR, Evaluation, Rows, TermSet
from kanpde.solvers._phase import Findings, Phase, Report, fresh_loss, pack_levels, unpack_levels
from kanpde.solvers._plan import Plan
from kanpde.solvers._solver import Solver
from kanpde.solvers.inverse._estimate import CONFIDENCE
from kanpde.solvers.inverse._evidence import Array, Linearised, deviation, sample, triangle
from kanpde.solvers.inverse._guess import fit_of_data, roughness
from kanpde.solvers.spectral._products import (
    coefficients,
    product_network,
    products_apply,
    transfer,
)
from kanpde.trial import Trial

DEGREES = {1: (16, 24, 32, 48, 64, 96), 2: (8, 12, 16, 20, 24), 3: (4, 6, 8)}
MOST_COEFFICIENTS = 1400
TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4)  # of the equations, relative, one after the other
MOST_STEPS, SETTLED = 8, 1e-3
RESOLVED = 3.0  # fresh residual over the tolerance below which a degree serves
SAMPLES = 24
STRENGTHS = np.logspace(-4, 5, 19)


def field_columns(problem: Problem) -> list[int]:
    """Unknowns that no equation is left for: those of lowest order without data of their own."""
    spare = len(problem.unknowns) - len(problem.equations)
    data = [c for c in problem.conditions.values() if c.measured and is_bare(c)]
    seen = {c.unknown for c in data}

    def rank(k: int) -> tuple[bool, int]:
        return problem.unknowns[k] in seen, sum(problem.orders(k))

    return sorted(sorted(range(len(problem.unknowns)), key=rank)[: max(0, spare)])


def fields_apply(plan: Plan, *, closed: bool) -> bool:
    """Whether there are unknown fields and measurements to tell of them."""
    return (
        products_apply(plan)
        and bool(field_columns(plan.problem))
        and any(s.condition.measured for s in plan.sets if s.condition is not None)
    )


class FieldsPhase(Phase):
    """Levels of growing degree; each is Gauss-Newton with evidence for the smoothness."""

    name = "fields"
    title = "spectral least squares, unknown fields"

    def __init__(self, plan: Plan, evaluation: Evaluation) -> None:
        super().__init__(plan, evaluation)
        dimension = plan.problem.dimension
        table = DEGREES.get(dimension, (2, 3, 4))
        fitting = [n for n in table if coefficients(plan, [n] * dimension) <= MOST_COEFFICIENTS]
        self.degrees = fitting or [table[0]]
        self.level = 0
        self.trial = plan.trial(product_network(plan, self.degrees[0]))
        self.strength, self.tolerance = 1.0, TOLERANCES[0]
        self.noise_of: dict[str, float] = {}
        self.residual = math.inf
        self.factor: Array | None = None
        self.solved = False

    @property
    def sufficient(self) -> bool:
        """Whether the equations hold nearly."""
        return self.solved and self.residual <= 1e-2

    def step(self) -> Report:
        """Solve the next level."""
        degree = self.degrees[self.level]
        trial = self.plan.trial(product_network(self.plan, degree))
        if self.solved:
            transfer(self.trial, trial)
        else:
            self._start(trial)
        work = _Work(self.plan, trial, self.level, strength=self.strength, noise=self.noise_of)
        for tolerance in TOLERANCES if not self.solved else TOLERANCES[-1:]:
            work.iterate(tolerance)
        self.tolerance, self.strength, self.noise_of = work.tolerance, work.strength, work.noise
        if self.solved:
            self.levels.add(
                self.trial,
                self.evaluation,
                fresh_loss(self.plan, self.trial, self.plan.rng(200), points=2000),
            )
        self.trial, self.factor, self.solved = trial, work.factor, True
        self.residual = work.fresh_residual()
        self.points = work.points
        self.level += 1
        served = self.level > 1 and self.residual <= RESOLVED * self.tolerance
        self.done = self.level >= len(self.degrees) or served
        self.stalled = self.done
        if self.done:
            self._tell_error()
        fresh = fresh_loss(self.plan, trial, self.plan.rng(200), points=2000)
        noise = ", ".join(f"{v:.1e}" for v in self.noise_of.values())
        return Report(
            loss=work.loss,
            fresh=fresh,
            finite=math.isfinite(fresh),
            note=f"degree {degree}, smoothness {self.strength:.1e}, noise {noise}, "
            f"residual {self.residual:.0e}",
        )

    def _start(self, trial: Trial) -> None:
        """Begin from a fit of the data; the fields from their boundary values alone."""
        fit_of_data(self.plan, trial)

    def _tell_error(self) -> None:
        """Let no predicted error be below the spread of the posterior."""
        if self.factor is None:
            return
        base, vector = self.evaluation.values(self.trial), self.trial.get()
        total = np.zeros(base.shape[1])
        for deviated in sample(self.factor, self.plan.rng(640), SAMPLES):
            self.trial.set(vector + torch.as_tensor(deviated))
            total += np.square(self.evaluation.values(self.trial) - base).sum(axis=0)
        self.trial.set(vector)
        self.levels.floor = np.sqrt(
            total / SAMPLES / np.square(base).sum(axis=0).clip(1e-300)
        ).tolist()

    def findings(self) -> Findings:
        """Give constants and noise as the evidence tells them."""
        return Findings(dict(self.identified), self.noise)

    @property
    def identified(self) -> dict[str, dict[str, float | None]]:
        """Value and 95 % interval of every constant, smoothness and equations as they were set."""
        result: dict[str, dict[str, float | None]] = {}
        constants, split = self.trial.constants, self.trial.network.count
        reach = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
        for k, (name, value) in enumerate(self.trial.constant_values().items()):
            entry: dict[str, float | None] = {"value": value, "low": None, "high": None}
            if self.factor is not None:
                width = reach * deviation(self.factor, split + k) * float(constants.scales[k])
                entry["low"] = max(value - width, float(constants.low[k]))
                entry["high"] = min(value + width, float(constants.high[k]))
            result[name] = entry
        return result

    @property
    def noise(self) -> dict[str, dict[str, Any]]:
        """Estimated noise of every data set."""
        sets = {s.names[0]: s.condition for s in self.plan.sets if s.condition is not None}
        return {
            n: {"sd": v, "values": len(sets[n].measurements()[1])} for n, v in self.noise_of.items()
        }

    def state(self) -> dict[str, Any]:
        """Level, coefficients, noise, smoothness."""
        network = self.trial.network
        assert isinstance(network, ProductKAN)
        return {
            "degree": network.degree,
            "coefficients": self.trial.get().cpu(),
            "factor": None if self.factor is None else torch.as_tensor(self.factor),
            "levels": pack_levels(self.levels),
            **{name: getattr(self, name) for name in KEPT},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.trial = self.plan.trial(product_network(self.plan, int(state["degree"])))
        self.trial.set(state["coefficients"].to(self.trial.eta))
        self.factor = None if state["factor"] is None else state["factor"].numpy()
        self.levels = unpack_levels(state["levels"])
        for name in KEPT:
            setattr(self, name, state[name])


KEPT = (
    "level",
    "strength",
    "tolerance",
    "noise_of",
    "residual",
    "solved",
    "points",
    "done",
    "stalled",
)


class _Work:
    """One level: rows at fixed points, linearised again and again."""

    def __init__(
        self, plan: Plan, trial: Trial, level: int, *, strength: float, noise: dict[str, float]
    ) -> None:
        self.plan, self.trial, self.strength, self.noise = plan, trial, strength, dict(noise)
        self.tolerance = TOLERANCES[0]
        wanted = 2 * trial.count // len(plan.problem.equations) + 64
        drawn = plan.draw(wanted, plan.rng(100 + level), sampler=_sampler(plan))
        self.points = sum(d.rows for _, d in drawn)
        self.inside = Rows(trial, [p for p in drawn if p[0].where == INTERIOR])
        others = [p for p in drawn if p[0].where != INTERIOR and not _holds_data(p[0])]
        self.conditions = Rows(trial, others) if others else None
        self.data = {p[0].names[0]: Rows(trial, [p]) for p in drawn if _holds_data(p[0])}
        self.smooth = self._smooth()
        self.loss = math.inf
        self.factor: Array | None = None
        self.scale = self._scale(self.inside)

    def _smooth(self) -> Array:
        """Prior weights: fields only, constants and the rest are free."""
        m = self.trial.outputs
        weight = roughness(self.trial)
        fields = field_columns(self.plan.problem)
        mask = np.isin(np.arange(len(weight)) % m, fields)
        return np.append(np.where(mask, weight, 0.0), np.zeros(len(self.trial.constants.names)))

    def _scale(self, rows: Rows) -> float:
        """Size of the equations: of what they are without the unknowns, or of their terms."""
        vector = self.trial.get()
        self.trial.set(torch.zeros_like(vector))
        source = float(rows.vector().square().sum())
        self.trial.set(vector)
        terms = float(np.square(_rows(rows)[:, :-1]).sum())
        return math.sqrt(source if source > 1e-12 * terms else terms / max(len(vector), 1))

    def iterate(self, tolerance: float) -> None:
        """Gauss-Newton at a tolerance of the equations; strength and noise follow."""
        self.tolerance = tolerance
        for k in range(MOST_STEPS):
            linear = self._linearise()
            near = STRENGTHS if k == 0 else self.strength * np.logspace(-0.5, 0.5, 5)
            self.strength = linear.strength(near)
            move, self.factor = linear.solve(self.strength)
            before = self._objective()
            vector, share = self.trial.get(), 1.0
            while share > 1e-3:
                self.trial.set(vector + share * torch.as_tensor(move))
                if self._objective() <= before:
                    break
                share *= 0.5
            self._estimate_noise(linear)
            gained = 1 - self._objective() / before
            if share == 1.0 and gained < SETTLED and k:
                break
        self.loss = float(self.inside.vector().square().sum())

    def _linearise(self) -> Linearised:
        blocks = [_rows(self.inside) * self._constraint()]
        if self.conditions is not None:
            block = _rows(self.conditions)
            size = float(np.linalg.norm(block[:, :-1])) or 1.0
            blocks.append(block * (float(np.linalg.norm(blocks[0][:, :-1])) / size))
        data = []
        for name, rows in self.data.items():
            block = _rows(rows)
            if name not in self.noise:
                self.noise[name] = float(np.linalg.norm(block[:, -1])) or 1e-12
            data.append(block * (math.sqrt(rows.count) / self.noise[name]))
        return Linearised(
            triangle(np.concatenate(blocks)),
            triangle(np.concatenate(data)),
            self.smooth,
            self.trial.get().double().cpu().numpy(),
        )

    def _constraint(self) -> float:
        return math.sqrt(self.inside.count) / (self.tolerance * self.scale)

    def _objective(self) -> float:
        total = float(self.inside.vector().square().sum()) * self._constraint() ** 2
        for name, rows in self.data.items():
            total += float(rows.vector().square().sum()) * rows.count / self.noise[name] ** 2
        vector = self.trial.get().double().cpu().numpy()
        return total + float(np.square(self.strength * self.smooth * vector).sum())

    def _estimate_noise(self, linear: Linearised) -> None:
        assert self.factor is not None
        total = sum(rows.count for rows in self.data.values())
        left = max(0.1, 1 - linear.freedom(self.factor) / total)
        for name, rows in self.data.items():
            mean = float(rows.vector().square().sum())
            self.noise[name] = max(math.sqrt(mean / left), 1e-12)

    def fresh_residual(self) -> float:
        """Root mean square residual of the equations on new points, relative."""
        drawn = [p for p in self.plan.draw(2000, self.plan.rng(210)) if p[0].where == INTERIOR]
        return math.sqrt(float(Rows(self.trial, drawn).vector().square().sum())) / self.scale


def _holds_data(terms: TermSet) -> bool:
    return terms.condition is not None and terms.condition.measured


def _rows(rows: Rows) -> Array:
    """All rows ``[J r]``."""
    jacobian, residual = stacked(rows)
    return torch.cat((jacobian, residual[:, None]), dim=1).double().cpu().numpy()


def _sampler(plan: Plan) -> str:
    box = bool(getattr(plan.problem.domain, "faces", ()))
    usual = plan.settings.sampler == "sobol" and plan.problem.dimension <= 2
    return "chebyshev" if box and usual else plan.settings.sampler


FIELDS = Solver("fields", fields_apply, lambda s: FieldsPhase(s.plan, s.evaluation), alone=True)
