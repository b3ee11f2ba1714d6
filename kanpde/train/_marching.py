"""Problems in time, slab after slab: product KANs whose degrees and slabs follow the solution.

Every slab is solved by Gauss-Newton on a product KAN. Its highest coefficients tell how well
it is resolved: where they are too large along time the slab is shortened, along space
the degree is raised. The whole interval is gone through at a loose tolerance first and then again
at tighter ones, as time allows: there is always a solution, and the one before tells its error.
"""

from __future__ import annotations

import bisect
import math
import time
from dataclasses import dataclass, field
from typing import Any

import torch

from kanpde._measure import Judge
from kanpde._points import Drawn
from kanpde._rows import Rows
from kanpde._slabs import Seam, Slabs, SlabTrial
from kanpde._store import seam_from_state, seam_state
from kanpde._terms import INTERIOR, TermSet
from kanpde._trial import Trial
from kanpde.nets import AxisMap, ProductKAN, network_data, network_from_data, product_count
from kanpde.train._charts import choose_chart
from kanpde.train._gauss_newton import Outcome, gauss_newton
from kanpde.train._phase import Phase, Report, fresh_loss, pack_levels, unpack_levels
from kanpde.train._plan import Plan
from kanpde.train._products import balance, lattice, product_network, tails, transfer
from kanpde.train._seams import take_over

FIRST_TOLERANCE, LAST_TOLERANCE, DECADES = 1e-4, 1e-13, 2.0
CROWDED = 64
FIRST_DEGREE, MOST_COEFFICIENTS = 16, 4200
ROWS_PER_COEFFICIENT = 2.6
SHORTEST = 1e-7
SAFETY = 0.3
HOPELESS, ROUGH = 3e-2, 30.0
SHORTER, HIGHER, ACCEPTED = "shorter", "higher degree", "accepted"


@dataclass
class March:
    """One way through the time interval at one tolerance."""

    tolerance: float
    length: float
    degrees: list[int]
    edges: list[float]
    slabs: list[SlabTrial] = field(default_factory=list)
    seam: Seam | None = None
    unresolved: int = 0
    seconds: float = 0.0
    floor: float = math.inf  # tail in time of the try before, near round-off
    tried: float = math.inf  # tail in space before the degree was raised
    scale: float = 0.0
    last_degrees: list[int] = field(default_factory=list)
    charts: list[AxisMap | None] = field(default_factory=list)


@dataclass(frozen=True)
class Seen:
    """How well a slab is resolved, in units of u: its highest coefficients and its residual."""

    length: float
    time: float
    space: list[float]
    residual: float
    converged: bool

    @property
    def widest(self) -> float:
        """Largest tail in space."""
        return max(self.space, default=0.0)


def _at(slabs: Slabs, t: float) -> tuple[float, tuple[int, ...]]:
    """Length and degrees of the slab that begins at or before `t`."""
    k = max(0, min(len(slabs.parts), bisect.bisect_right(slabs.edges, t)) - 1)
    k = min(k, len(slabs.parts) - 1)
    network = slabs.parts[k].network
    assert isinstance(network, ProductKAN)
    return slabs.edges[k + 1] - slabs.edges[k], network.degrees


class MarchingPhase(Phase):
    """Slabs in time of adaptive length, on product KANs of adaptive degree.

    Parameters
    ----------
    plan, judge
        The problem made ready, and where it is measured.
    """

    def __init__(self, plan: Plan, judge: Judge) -> None:
        super().__init__(plan, judge)
        self.name = "linear slabs" if plan.linear else "newton slabs"
        self.axis = plan.time_axis
        self.start = float(plan.frame.lower[self.axis])
        self.end = float(plan.frame.upper[self.axis])
        self.best: tuple[Slabs, float, float] | None = None  # trial, fresh loss, tolerance
        self.costs: list[tuple[float, float]] = []  # tolerance and seconds of finished marches
        self.partial = True
        whole = self.end - self.start
        degrees = [FIRST_DEGREE] * plan.problem.dimension
        self.march = March(FIRST_TOLERANCE, whole / 10, degrees, [self.start])
        self.march.degrees[self.axis] = self._time_degree()
        self.warm: SlabTrial | None = None
        self.march_failed = False
        self.trial: Trial = self._joined()

    def _time_degree(self) -> int:
        """Degree in time that suits a tolerance: 6 at 1e-4, one more per decade."""
        return round(2 - math.log10(self.march.tolerance))

    def _joined(self) -> Trial:
        """Best finished march; what there is of the first one before."""
        if self.best is not None:
            return self.best[0]
        slabs: list[Trial] = list(self.march.slabs)
        if not slabs:
            plan = self.plan.within(self.start, self.end, None)
            slabs = [plan.trial(product_network(plan, 1))]
        return Slabs(slabs, [*self.march.edges[: len(slabs)], self.end], self.axis)

    @property
    def sufficient(self) -> bool:
        """Whether a march came to the end and resolved what it met."""
        return self.best is not None and not self.march_failed

    @property
    def progress(self) -> float:
        """Share of the time interval that the present march has covered."""
        return (self.march.edges[-1] - self.start) / (self.end - self.start)

    def step(self) -> Report:
        """Try one slab; after the last one the march is judged and the next one begun."""
        began = time.perf_counter()
        m = self.march
        low = m.edges[-1]
        left = self.end - low
        length = left if left < 1.2 * m.length else min(m.length, left / 2)
        plan = self.plan.within(low, low + length if length < left else self.end, m.seam)
        trial, rows, outcome = self._solve(plan)
        note = self._control(trial, plan, self._look(trial, rows, outcome, length))
        fresh = None
        if not self.done and m.edges[-1] >= self.end:
            m.seconds += time.perf_counter() - began
            began = math.nan
            fresh = self._finish()
        if math.isfinite(began):
            m.seconds += time.perf_counter() - began
        self.trial = self._joined()
        return Report(
            loss=outcome.loss, fresh=fresh, finite=math.isfinite(outcome.loss), note=note
        )

    def _solve(self, plan: Plan) -> tuple[SlabTrial, Rows, Outcome]:
        """Gauss-Newton on one slab, from a try at a lower degree where there was one."""
        trial = plan.trial(product_network(plan, self.march.degrees, self.march.charts or None))
        assert isinstance(trial, SlabTrial)
        if self.warm is not None:
            transfer(self.warm, trial)
            self.warm = None
        drawn = self._draw(plan, trial)
        rows = Rows(trial, drawn, weights=balance(plan, trial, drawn))
        self.points = sum(d.rows for _, d in drawn)
        return trial, rows, gauss_newton(rows, accuracy=0.03 * self.march.tolerance)

    def _draw(self, plan: Plan, trial: Trial) -> list[tuple[TermSet, Drawn]]:
        network = trial.network
        assert isinstance(network, ProductKAN)
        most = int(ROWS_PER_COEFFICIENT * trial.count / len(plan.problem.equations)) + 64
        inside = lattice(plan, network, excess=2, most=most)
        others = plan.draw(max(network.degrees) ** 2, plan.rng(100), sampler="chebyshev")
        return [(s, inside if s.where == INTERIOR else d) for s, d in others]

    def _look(self, trial: SlabTrial, rows: Rows, outcome: Outcome, length: float) -> Seen:
        """Measure how well a slab is resolved, in units of u."""
        network = trial.network
        assert isinstance(network, ProductKAN)
        inside = next(p for p in rows.parts if p.terms.where == INTERIOR)
        factor = 1.0 if inside.site.d is None else float(inside.site.d[0].abs().max())
        factor *= max(self.plan.frame.scales)
        some = inside.site.points[:: max(1, len(inside.site.points) // 1000)]
        with torch.no_grad():
            size = float(trial(some).abs().max())
        self.march.scale = max(self.march.scale, size, 1e-300)
        sizes = (tails(network) * factor / self.march.scale).tolist()
        return Seen(
            length=length,
            time=sizes[self.axis],
            space=[s for k, s in enumerate(sizes) if k != self.axis],
            residual=math.sqrt(outcome.loss) * length / self.march.scale,
            converged=outcome.converged,
        )

    def _control(self, trial: SlabTrial, plan: Plan, seen: Seen) -> str:
        """Accept the slab, or shorten it, or raise the degree."""
        m = self.march
        where = f"t {m.edges[-1]:.4g}+{seen.length:.2g}, degrees {'x'.join(map(str, m.degrees))}"
        note = f"tolerance {m.tolerance:.0e}, {where}, tails {seen.time:.0e} {seen.widest:.0e}"
        better = self._degrees(trial, seen)
        verdict = self._verdict(seen, capped=better == m.degrees)
        if verdict == SHORTER:
            m.tried = math.inf
            m.length = seen.length * max(0.2, min(0.7, self._factor(seen.time)))
            if seen.time < 1e-8:
                m.floor = seen.time
            return note + ", shorter"
        if verdict == HIGHER:
            m.tried, m.degrees, self.warm = seen.widest, better, trial
            return note + ", higher degree"
        if seen.widest > HOPELESS:
            self.done = self.march_failed = True
            return note + ", unresolved"
        m.unresolved += max(seen.widest, seen.time) > m.tolerance
        self._accept(trial, plan, seen, better)
        return note

    def _verdict(self, seen: Seen, *, capped: bool) -> str:
        """Say what to do with a slab."""
        m = self.march
        shortest = seen.length <= SHORTEST * (self.end - self.start)
        rough = seen.residual > ROUGH * m.tolerance
        gained_nothing = seen.widest > 0.7 * m.tried and seen.widest > 1e-8
        too_long = seen.time > m.tolerance and seen.time < 0.3 * m.floor
        if not shortest:
            if not seen.converged or too_long or gained_nothing:
                return SHORTER
            if rough and (seen.time > seen.widest or capped):
                return SHORTER
        if not capped and (seen.widest > m.tolerance or rough):
            return HIGHER
        return ACCEPTED

    def _accept(self, trial: SlabTrial, plan: Plan, seen: Seen, better: list[int]) -> None:
        m = self.march
        m.floor = m.tried = math.inf
        m.slabs.append(trial)
        m.edges.append(plan.frame.upper[self.axis])
        m.length = seen.length * min(2.0, max(0.5, self._factor(seen.time)))
        grown = [n / max(o, 1) for n, o in zip(m.degrees, m.last_degrees or m.degrees, strict=True)]
        m.last_degrees = list(m.degrees)
        m.degrees = [
            n if k == self.axis else math.ceil(n * min(1.25, max(1.0, grown[k])))
            for k, n in enumerate(better)
        ]
        if m.edges[-1] < self.end:
            m.seam = take_over(plan, trial, m.edges[-1])
            self._follow_last_march()
            self._crowd_at_fronts(plan, trial)

    def _crowd_at_fronts(self, plan: Plan, trial: SlabTrial) -> None:
        """Choose the map of the next slab where one coordinate takes many polynomials."""
        m, frame = self.march, self.plan.frame
        spatial = [k for k in range(len(m.degrees)) if k != self.axis]
        if len(spatial) != 1 or spatial[0] in frame.periodic or m.degrees[spatial[0]] < CROWDED:
            return
        (axis,) = spatial
        m.charts = m.charts or [None] * len(m.degrees)
        m.charts[axis], share = choose_chart(
            plan, trial, axis, m.edges[-1], tolerance=m.tolerance, present=m.charts[axis]
        )
        m.degrees[axis] = max(6, math.ceil(share * m.degrees[axis]))

    def _follow_last_march(self) -> None:
        """Expect of the next slab what the march before met there."""
        if self.best is None:
            return
        m, slabs = self.march, self.best[0]
        here, before = (_at(slabs, t) for t in (m.edges[-1], m.edges[-2]))
        m.length *= min(2.0, max(0.3, here[0] / before[0]))
        for k, n in enumerate(m.degrees):
            if k != self.axis:
                rate = here[1][k] / max(before[1][k], 1)
                usual = m.last_degrees[k] * min(1.3, max(0.7, rate))
                m.degrees[k] = max(6, math.ceil(usual))

    def _factor(self, tail: float) -> float:
        """How much longer the next slab may be."""
        power = 1.0 / (self.march.degrees[self.axis] + 1)
        return float((SAFETY * self.march.tolerance / max(tail, 1e-300)) ** power)

    def _degrees(self, trial: SlabTrial, seen: Seen) -> list[int]:
        """Degrees in space at which the tails would meet the tolerance."""
        network = trial.network
        assert isinstance(network, ProductKAN)
        m, new = self.march, []
        spatial = iter(seen.space)
        rough = seen.residual > ROUGH * m.tolerance
        aim = 0.5 * m.tolerance
        for axis, degree in enumerate(m.degrees):
            if axis == self.axis:
                new.append(degree)
                continue
            tail = max(next(spatial), 1e-17)
            needed = degree * math.log(aim) / math.log(min(tail, 0.3))
            high = 1.6 if tail > m.tolerance else 1.1
            new.append(max(6, math.ceil(min(high * degree, max(0.8 * degree, needed)))))
            if tail > m.tolerance or rough:
                new[-1] = max(new[-1], degree + 2, math.ceil(1.2 * degree * rough))
        axes = tuple(k in network.periodic for k in range(len(new)))
        if (product_count(axes, tuple(new)) + 1) * self.plan.outputs > MOST_COEFFICIENTS:
            return m.degrees
        return new

    def _finish(self) -> float:
        """Judge a march that came to the end, and begin the next one."""
        m = self.march
        slabs = Slabs(m.slabs, m.edges, self.axis)
        fresh = fresh_loss(self.plan, slabs, self.plan.rng(200), points=4000)
        self.costs.append((m.tolerance, m.seconds))
        gained = self.best is None or fresh < 0.25 * self.best[1]
        if self.best is None or fresh < self.best[1]:
            if self.best is not None:
                self.levels.add(self.best[0], self.judge, self.best[1])
            self.best = (slabs, fresh, m.tolerance)
        elif not self.levels.kept:
            self.levels.add(slabs, self.judge, fresh)
        self.partial = False
        decades = self._affordable()
        last = m.tolerance <= LAST_TOLERANCE * 1.01
        self.stalled = last or not gained or m.unresolved > 0
        self.done = self.stalled or decades < 0.5
        if not self.done:
            tolerance = max(m.tolerance * 10.0**-decades, LAST_TOLERANCE)
            first = m.edges[1] - m.edges[0]
            self.march = March(tolerance, first, list(m.slabs[0].network.degrees), [self.start])
            self.march.degrees[self.axis] = self._time_degree()
        return fresh

    def _affordable(self) -> float:
        """By how many decades the tolerance may fall in the time that is left."""
        left = 0.8 * (self.remaining - self.march.seconds)
        if not math.isfinite(left):
            return DECADES
        if len(self.costs) > 1:
            (a, first), (b, second) = self.costs[-2:]
            rate = max(0.15, math.log(max(second, 1e-3) / max(first, 1e-3)) / math.log10(a / b))
        else:
            rate = 0.5
        if left <= 0:
            return 0.0
        return min(DECADES, math.log(left / max(self.costs[-1][1], 1e-3)) / rate)

    def state(self) -> dict[str, Any]:
        """The present march slab by slab, the best one, levels and costs."""
        m = self.march
        best = None
        if self.best is not None:
            slabs, fresh, tolerance = self.best
            parts = [p for p in slabs.parts if isinstance(p, SlabTrial)]
            best = {
                "slabs": [_packed(p) for p in parts],
                "edges": list(slabs.edges),
                "fresh": fresh,
                "tolerance": tolerance,
            }
        return {
            **{name: getattr(m, name) for name in NUMBERS},
            "degrees": list(m.degrees),
            "last_degrees": list(m.last_degrees),
            "charts": [None if c is None else [c.center, c.width] for c in m.charts],
            "edges": list(m.edges),
            "slabs": [_packed(p) for p in m.slabs],
            "seam": seam_state(m.seam),
            "warm": None if self.warm is None else _packed(self.warm),
            "best": best,
            "levels": pack_levels(self.levels),
            "costs": [list(c) for c in self.costs],
            **{name: getattr(self, name) for name in FLAGS},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`, bit for bit."""
        m = March(**{name: state[name] for name in NUMBERS}, degrees=[], edges=[])
        m.degrees, m.edges = list(state["degrees"]), list(state["edges"])
        m.last_degrees = list(state["last_degrees"])
        m.charts = [None if c is None else AxisMap(*c) for c in state["charts"]]
        m.slabs = self._unpacked(state["slabs"], m.edges)
        if m.slabs:
            frame = self.plan.frame
            m.seam = seam_from_state(
                state["seam"], frame, self.axis, m.edges[-1], self.plan.dtype
            )
        self.march, best = m, state["best"]
        self.warm = None
        if state["warm"] is not None:
            self.warm = self._slab(state["warm"], m.edges[-1], m.edges[-1] + 1.0)
        if best is not None:
            parts = self._unpacked(best["slabs"], best["edges"])
            slabs = Slabs(parts, best["edges"], self.axis)
            self.best = (slabs, best["fresh"], best["tolerance"])
        self.levels = unpack_levels(state["levels"])
        self.costs = [(float(a), float(b)) for a, b in state["costs"]]
        for name in FLAGS:
            setattr(self, name, state[name])
        self.trial = self._joined()

    def _unpacked(self, packed: list[dict[str, Any]], edges: list[float]) -> list[SlabTrial]:
        return [self._slab(part, edges[k], edges[k + 1]) for k, part in enumerate(packed)]

    def _slab(self, part: dict[str, Any], low: float, high: float) -> SlabTrial:
        seam = seam_from_state(part["seam"], self.plan.frame, self.axis, low, self.plan.dtype)
        trial = self.plan.within(low, high, seam).trial(network_from_data(part["network"]))
        assert isinstance(trial, SlabTrial)
        trial.set(part["vector"].to(trial.eta))
        return trial


NUMBERS = ("tolerance", "length", "unresolved", "seconds", "floor", "tried", "scale")
FLAGS = ("march_failed", "partial", "points", "done", "stalled")


def _packed(trial: SlabTrial) -> dict[str, Any]:
    return {
        "network": network_data(trial.network),
        "vector": trial.get().cpu(),
        "seam": seam_state(trial.seam),
    }
