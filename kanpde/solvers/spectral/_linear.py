"""Linear problems are solved as linear: one least-squares solve per level of a product KAN.

The total degree is raised until the residual on fresh points stops falling.
This is spectral least squares in KAN form, not training.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kanpde.nets import ProductKAN, copy_network, network_from_record, network_record
from kanpde.optimize import StreamingQR
from kanpde.residual import (
    INTERIOR,
    Drawn,
    Evaluation,
    Level,
    Rows,
    TermSet,
    predicted_errors,
    relative_l2,
)
from kanpde.solvers._phase import Phase, Report, fresh_loss, pack_levels, unpack_levels
from kanpde.solvers._plan import Plan
from kanpde.solvers._solver import Solver
from kanpde.solvers.spectral._degrees import DegreeSchedule
from kanpde.solvers.spectral._products import (
    balance,
    marches_on,
    product_network,
    products_apply,
    stretched_points,
)
from kanpde.trial import Trial

ROWS_PER_COEFFICIENT, ROWS_WITH_CHARTS = 2.0, 6.0
ROUND_OFF = 1e-14
CHECKED, OTHER_POINTS = 1e-9, 5
WELL = 1e-2


KEPT = ("level", "solved", "best_fresh", "without_gain", "first_fresh")


class LinearPhase(Phase):
    """Levels of growing degree; the best on fresh points is kept."""

    name = "linear"
    title = "spectral least squares"

    def __init__(self, plan: Plan, evaluation: Evaluation) -> None:
        super().__init__(plan, evaluation)
        self.schedule = DegreeSchedule(plan)
        self.level = 0
        self.best_fresh = math.inf
        self.without_gain = 0
        self.first_fresh = 0.0
        self.trial = plan.trial(self._network())
        self.solved = False

    @property
    def sufficient(self) -> bool:
        """Whether charts have brought the error to where training will not better it."""
        return self.done and bool(self.plan.charts) and self._predicted() < WELL

    def gives_up(self, elapsed: float, latest: float, limit: float) -> bool:
        """Whether the next level would not end in time: it costs about three of the last."""
        return elapsed + 3 * latest > limit

    def take(self, trial: Trial) -> None:
        """Begin from a solution of a nearby problem."""
        self.trial, self.solved = trial, True

    def _network(self) -> ProductKAN:
        """Make the network of the level to come."""
        degrees = self.schedule.degrees or [1] * self.plan.problem.dimension
        return product_network(self.plan, degrees, interaction=self.schedule.interaction)

    def step(self) -> Report:
        """Solve the next level."""
        network = self._network()
        trial = self.plan.trial(network)
        wanted = self._rows_for(trial.count, network.degree)
        rng = self.plan.rng(100 + self.level)
        drawn = self._draw(network, wanted, rng)
        rows = Rows(trial, drawn, weights=balance(self.plan, trial, drawn))
        self._fit(trial, rows)
        fresh = fresh_loss(self.plan, trial, self.plan.rng(200), points=2000)
        self.points = sum(d.rows for _, d in drawn)
        self.level += 1
        better = math.isfinite(fresh) and fresh < self.best_fresh
        gained = math.isfinite(fresh) and fresh < 0.25 * self.best_fresh
        self.without_gain = 0 if gained else self.without_gain + 1
        if better or not self.solved:
            if self.solved:
                self.levels.add(self.trial, self.evaluation, self.best_fresh)
            self.trial, self.best_fresh, self.solved = trial, fresh, math.isfinite(fresh)
        elif math.isfinite(fresh) and not self.levels.kept:
            self.levels.add(trial, self.evaluation, fresh)  # something to compare the best with
        self.first_fresh = self.first_fresh or fresh
        self.schedule.advance(network, fresh, predicted=self._predicted())
        floor = self.best_fresh < ROUND_OFF**1.2 * self.first_fresh
        patience = 1 if floor else math.inf if self.schedule.searching else 3
        self.stalled = self.without_gain >= patience or self._at_round_off()
        self.done = self.schedule.degrees is None or self.stalled
        if self.done and self.solved:
            self._check_round_off()
        return Report(
            loss=float(rows.vector().square().sum()),
            fresh=fresh,
            finite=math.isfinite(fresh),
            moved=better,
            note=_note(network),
        )

    def _check_round_off(self) -> None:
        """Tell what round-off does to the best level from what it does on other points."""
        again = self._again()
        if again is not None:
            self.levels.floor = relative_l2(
                self.evaluation.values(again), self.evaluation.values(self.trial)
            ).tolist()

    def _again(self) -> Trial | None:
        """Solve the best level again on other points, where its error is near round-off."""
        if not self._predicted() < CHECKED:
            return None
        network = self.trial.network
        assert isinstance(network, ProductKAN)
        again = self.plan.trial(copy_network(network))
        wanted = self._rows_for(again.count, network.degree + OTHER_POINTS)
        drawn = self._draw(network, wanted, self.plan.rng(250))
        self._fit(again, Rows(again, drawn, weights=balance(self.plan, again, drawn)))
        return again

    def _predicted(self) -> float:
        final = Level(self.best_fresh, self.evaluation.values(self.trial))
        predicted = predicted_errors(self.levels.kept, final)
        return math.inf if predicted is None else max(predicted)

    def _fit(self, trial: Trial, rows: Rows) -> None:
        """Solve the least squares, once and undamped."""
        sums = StreamingQR(trial.count, trial.eta).gather(rows)
        trial.set(trial.get() + sums.step(0.0))

    def _rows_for(self, count: int, degree: int) -> int:
        """Interior points: some per coefficient, and enough along every axis of a lattice."""
        per = ROWS_WITH_CHARTS if self.plan.charts else ROWS_PER_COEFFICIENT
        wanted = int(per * count / len(self.plan.problem.equations)) + 64
        if self._sampler() != "chebyshev":
            return wanted
        axis = (2 if self.plan.frame.periodic else 1) * degree + 3
        axis = max(axis, max(self.plan.frame.pieces) * (degree + 3))
        return max(wanted, axis**self.plan.problem.dimension)

    def _draw(
        self, network: ProductKAN, wanted: int, rng: np.random.Generator
    ) -> list[tuple[TermSet, Drawn]]:
        """Draw points for all rows, of the interior about `wanted`."""
        lattice = None
        if self._sampler() == "chebyshev" and len(set(network.degrees)) > 1:
            lattice = stretched_points(self.plan, network)
            wanted = len(lattice.points)
        drawn = self.plan.draw(wanted, rng, sampler=self._sampler())
        if lattice is None:
            return drawn
        return [(t, lattice if t.where == INTERIOR and t.on is None else d) for t, d in drawn]

    def _at_round_off(self) -> bool:
        """Whether the predicted error is down to a few units of round-off."""
        return self._predicted() < ROUND_OFF

    def _sampler(self) -> str:
        box = bool(getattr(self.plan.problem.domain, "faces", ())) or (
            self.plan.problem.domain.space is None
            or bool(getattr(self.plan.problem.domain.space, "faces", ()))
        )
        usual = self.plan.settings.sampler == "sobol"
        return (
            "chebyshev"
            if box and usual and self.plan.problem.dimension <= 2
            else (self.plan.settings.sampler)
        )

    def state(self) -> dict[str, Any]:
        """Level, best trial, earlier levels."""
        network = self.trial.network
        assert isinstance(network, ProductKAN)
        return {
            "level": self.level,
            "network": network_record(network),
            "ladder": self.schedule.state(),
            "solved": self.solved,
            "best_fresh": self.best_fresh,
            "without_gain": self.without_gain,
            "first_fresh": self.first_fresh,
            "coefficients": self.trial.get().cpu(),
            "levels": pack_levels(self.levels),
            "points": self.points,
            "done": self.done,
            "stalled": self.stalled,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        self.trial = self.plan.trial(network_from_record(state["network"]))
        self.schedule.restore(state["ladder"])
        self.trial.set(state["coefficients"].to(self.trial.eta))
        self.levels = unpack_levels(state["levels"])
        for name in (*KEPT, "points", "done", "stalled"):
            setattr(self, name, state[name])


def _note(network: ProductKAN) -> str:
    degrees = sorted(set(network.degrees))
    text = "x".join(map(str, network.degrees)) if len(degrees) > 1 else str(degrees[0])
    few = network.interaction
    return f"degree {text}" + ("" if few is None else f", products of {few}")


def linear_applies(plan: Plan, *, closed: bool) -> bool:
    """Whether a problem is linear, and product KANs may be tried."""
    return plan.linear and products_apply(plan) and not marches_on(plan)


LINEAR = Solver("linear", linear_applies, lambda s: LinearPhase(s.plan, s.evaluation))
