"""Lazy training: a sine KAN near its tangent, chosen by probes, moved to round-off.

Probes come first: narrow networks of several frequencies, then wider ones of the best frequency.
Each is one step of the phase, so that the history shows what was tried.
"""

from __future__ import annotations

import math
import time
from typing import Any

from kanpde.basis import Sine
from kanpde.nets import KAN, network_from_record, network_record
from kanpde.optimize import RefinedLevenberg
from kanpde.residual import Drawn, Evaluation, Rows, TermSet
from kanpde.solvers._phase import (
    Phase,
    Report,
    fresh_loss,
    pack_drawn,
    pack_levels,
    unpack_drawn,
    unpack_levels,
)
from kanpde.solvers._plan import Plan, has_data
from kanpde.solvers._solver import Solver
from kanpde.solvers.training._probe import Probe, draw, tangent_probe
from kanpde.trial import LazyTrial

NARROW, USUAL = 12, 20
WIDTHS = (8, 12, 16, 20, 24, 28)
WIDEST_WITHOUT_LIMIT = 24
FREQUENCIES = (1.0, 1.3, 1.6, 2.0, 2.5)
SMOOTH = 3**-0.5  # three functions per edge share the variance of a node
SURE, GOOD, POOR = 1e-11, 1e-9, 1e-4
STEPS_IN_LIMIT = 10
FINALISTS = 2
SLOW_STEPS = 2  # the first of them may leave the loss and better the solution
COST_ORDER = 2.3  # seconds per step against coefficients, 565 to 1421 of them
ATTEMPTS = 3


class LazyPhase(Phase):
    """Probes of the tangent space, then Levenberg-Marquardt near it.

    Parameters
    ----------
    plan, evaluation
        The problem made ready, and where it is measured.
    attempt
        Which start: 1 for the first, 2 and more for restarts.
    """

    def __init__(self, plan: Plan, evaluation: Evaluation, *, attempt: int = 1) -> None:
        super().__init__(plan, evaluation)
        self.name = "lazy" if attempt == 1 else f"lazy {attempt}"
        self.attempt = attempt
        self.optimizer = RefinedLevenberg()
        self.probes: list[dict[str, float]] = []
        self.refused = False
        self.gain = 0.0
        self.slow = 0
        self.drawn: list[tuple[TermSet, Drawn]] = []
        self._rows: Rows | None = None
        self.trial: LazyTrial = self._make(NARROW, FREQUENCIES[0], 1.0)

    def _make(self, width: int, frequency: float, gain: float) -> LazyTrial:
        """Make a new trial at its start."""
        frame = self.plan.frame
        network = KAN(
            [frame.inputs, width, width, self.plan.outputs],
            basis=Sine(2, frequency),
            base="identity",
            generator=self.plan.generator(1000 + self.attempt),
        )
        plain = self.plan.trial(network)
        plain.network.set(SMOOTH * plain.network.get())
        return LazyTrial(plain, gain=gain)

    def step(self) -> Report:
        """Probe a candidate, or move the chosen one."""
        return self._train() if self.gain else self._probe()

    def _probe(self) -> Report:
        candidate = self._candidate()
        assert candidate is not None
        width, frequency = candidate
        self.trial = self._make(width, frequency, 1.0)
        start = time.perf_counter()
        probe = tangent_probe(self.plan, self.trial)
        took = time.perf_counter() - start
        self._remember(probe, width, frequency, took)
        fresh = fresh_loss(self.plan, self.trial, self.plan.rng(600), points=1000)
        note = (
            f"probe width {width} frequency {frequency:g}: floor {probe.floor:.1e} "
            f"at distance {probe.distance:.1e}"
        )
        if self._candidate() is None:
            note += f"; {self._choose()}"
        return Report(loss=fresh, finite=math.isfinite(fresh), note=note)

    def _remember(self, probe: Probe, width: int, frequency: float, took: float) -> None:
        score = probe.score if math.isfinite(probe.score) else math.inf
        self.probes.append(
            {
                "width": width,
                "frequency": frequency,
                "score": score,
                "gain": probe.gain,
                "seconds": took,
                "coefficients": self.trial.count,
            }
        )

    def _candidate(self) -> tuple[int, float] | None:
        """Network to probe next, width and frequency; ``None`` where the last one suffices."""
        tried = len(self.probes)
        if tried < len(FREQUENCIES):
            return NARROW, FREQUENCIES[tried]
        narrow = sorted(self.probes[: len(FREQUENCIES)], key=lambda p: p["score"])
        fitting = [w for w in WIDTHS if self._fits(w)] or [WIDTHS[0]]
        usual = min(USUAL, fitting[-1])
        if tried == len(FREQUENCIES):
            return usual, narrow[0]["frequency"]
        best = min(self.probes[len(FREQUENCIES) :], key=lambda p: p["score"])
        if best["score"] > SURE and tried < len(FREQUENCIES) + FINALISTS:
            return usual, narrow[tried - len(FREQUENCIES)]["frequency"]
        wider = [w for w in fitting if w > self.probes[-1]["width"]]
        return (wider[0], best["frequency"]) if wider and best["score"] > GOOD else None

    def _fits(self, width: int) -> bool:
        """Whether enough steps at this width fit into the time limit."""
        limit = self.plan.settings.seconds
        if not math.isfinite(limit):
            return width <= WIDEST_WITHOUT_LIMIT
        first = self.probes[0]
        quickest = min(p["seconds"] for p in self.probes[: len(FREQUENCIES)])
        count = first["coefficients"] * (width / NARROW) ** 2
        cost = quickest * (count / first["coefficients"]) ** COST_ORDER
        steps = STEPS_IN_LIMIT if width <= USUAL else 2 * STEPS_IN_LIMIT
        return cost * steps <= limit

    def _choose(self) -> str:
        """Take the best of what was probed, or refuse."""
        best = min(self.probes[len(FREQUENCIES) :], key=lambda p: p["score"])
        if not best["score"] < POOR:
            self.refused = self.done = True
            return "refused"
        self.gain = best["gain"]
        self.trial = self._make(int(best["width"]), best["frequency"], self.gain)
        self._use(draw(self.plan, self.trial))
        return f"width {best['width']} frequency {best['frequency']:g} chosen, gain {self.gain:.0f}"

    def _use(self, drawn: list[tuple[TermSet, Drawn]]) -> None:
        self.drawn = drawn
        self.points = sum(d.rows for _, d in drawn)
        self._rows = Rows(self.trial, drawn, weights=self.plan.settings.weights)

    def _train(self) -> Report:
        assert self._rows is not None
        before = float(self._rows.vector().square().sum())
        report = self.optimizer.step(self._rows)
        fresh = fresh_loss(self.plan, self.trial, self.plan.rng(600), points=1000)
        self.slow = 0 if report.loss < 0.25 * before else self.slow + 1
        self.done = not report.accepted or self.slow >= SLOW_STEPS
        self.stalled = self.done
        if not self.done:
            self.levels.add(self.trial, self.evaluation, fresh)
        return Report(
            loss=report.loss,
            moved=report.accepted,
            finite=report.finite,
            damping=report.damping if math.isfinite(report.damping) else None,
            gain_ratio=report.gain_ratio if math.isfinite(report.gain_ratio) else None,
            fresh=fresh,
        )

    def state(self) -> dict[str, Any]:
        """Probes, network, coefficients, points, optimizer, earlier levels."""
        return {
            "probes": [dict(p) for p in self.probes],
            "network": network_record(self.trial.network),
            "origin": self.trial.origin.cpu(),
            "coefficients": self.trial.get().cpu(),
            "factor": self.trial.gain,
            "optimizer": self.optimizer.state(),
            "drawn": pack_drawn(self.drawn),
            "levels": pack_levels(self.levels),
            "points": self.points,
            "gain": self.gain,
            "slow": self.slow,
            "refused": self.refused,
            "done": self.done,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`, bit for bit."""
        plain = self.plan.trial(network_from_record(state["network"]))
        plain.set(state["coefficients"].to(plain.eta))
        self.trial = LazyTrial(plain, gain=state["factor"], origin=state["origin"])
        self.probes = [dict(p) for p in state["probes"]]
        self.levels = unpack_levels(state["levels"])
        for name in ("points", "gain", "slow", "refused", "done"):
            setattr(self, name, state[name])
        self.stalled = self.done
        if state["drawn"]:
            self._use(unpack_drawn(self.plan.sets, state["drawn"]))
        self.optimizer.restore(state["optimizer"])


def lazy_applies(plan: Plan, *, closed: bool) -> bool:
    """Whether lazy training may be tried: a linear problem, and no network is asked for."""
    settings = plan.settings
    asked = (settings.hidden, settings.basis, settings.grid, settings.grids, settings.degree)
    return (
        plan.linear
        and not settings.linear
        and not settings.sparsify
        and settings.net == "auto"
        and settings.optimizer == "auto"
        and settings.weighting == "none"
        and settings.derivatives == "jets"
        and settings.base is None
        and settings.frequency is None
        and str(plan.dtype) == "torch.float64"
        and all(a is None for a in asked)
        and plan.slab is None
        and not has_data(plan)
    )


LAZY = Solver(
    "lazy",
    lazy_applies,
    lambda s: LazyPhase(s.plan, s.evaluation, attempt=s.attempt),
    alone=True,
    attempts=ATTEMPTS,
)
