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
from typing import Any

import torch

from kanpde.nets import AxisMap, ProductKAN, network_from_record, network_record
from kanpde.optimize import GaussNewton, Outcome, minimize
from kanpde.residual import INTERIOR, Drawn, Evaluation, Rows, TermSet
from kanpde.solvers._phase import Phase, Report, fresh_loss, pack_levels, unpack_levels
from kanpde.solvers._plan import Plan, slabs_apply
from kanpde.solvers._solver import Solver
from kanpde.solvers.marching._fronts import choose_map
from kanpde.solvers.marching._march import FEWEST, HIGHER, HOPELESS, SHORTER, March, Seen
from kanpde.solvers.marching._slab_start import take_over
from kanpde.solvers.spectral._products import (
    balance,
    coefficients,
    lattice,
    product_network,
    products_apply,
    tails,
    takes_nonlinear,
    transfer,
)
from kanpde.trial import Slabs, SlabTrial, Trial, slab_start_from_state, slab_start_state

FIRST_TOLERANCE, LAST_TOLERANCE, DECADES = 1e-4, 1e-13, 2.0
CROWDED = 64
FIRST_DEGREE, MOST_COEFFICIENTS = 16, 4200
ROWS_PER_COEFFICIENT = 2.6
SHORTEST = 1e-7
EASED = 0.5  # of the seconds of the march before: a first slab that takes longer is too tight
WARNING, LATEST = 0.25, 0.7  # shares of the time limit


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
    plan, evaluation
        The problem made ready, and where it is measured.
    """

    def __init__(self, plan: Plan, evaluation: Evaluation) -> None:
        super().__init__(plan, evaluation)
        self.name = "linear slabs" if plan.linear else "newton slabs"
        how = "" if plan.linear else ", Gauss-Newton"
        self.title = f"spectral least squares{how} in time slabs"
        self.axis = plan.time_axis
        self.start = float(plan.frame.lower[self.axis])
        self.end = float(plan.frame.upper[self.axis])
        self.best: tuple[Slabs, float, float] | None = None  # trial, fresh loss, tolerance
        self.costs: list[tuple[float, float]] = []  # tolerance and seconds of finished marches
        self.partial = True
        whole = self.end - self.start
        degrees = [FIRST_DEGREE] * plan.problem.dimension
        self.march = March(FIRST_TOLERANCE, whole / 10, degrees, [self.start], self.axis)
        while coefficients(self.plan, degrees) > MOST_COEFFICIENTS and max(degrees) > FEWEST:
            degrees[:] = [max(FEWEST, n - 2) for n in degrees]
        self.initial_guess: SlabTrial | None = None
        self.march_failed = False
        self.trial: Trial = self._joined()

    def aim(self, tolerance: float) -> None:
        """Begin with a march of another tolerance; the degree in time follows."""
        self.march = self.march.aimed(tolerance)

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
    def unresolved(self) -> bool:  # type: ignore[override]
        """Whether no march came to the end, or the last one met what it did not resolve."""
        return self.best is None or self.march_failed

    @property
    def progress(self) -> float:
        """Share of the time interval that the present march has covered."""
        return (self.march.edges[-1] - self.start) / (self.end - self.start)

    def gives_up(self, elapsed: float, latest: float, limit: float) -> bool:
        """Whether the first march will not come to its end in the time limit."""
        if self.best is not None or self.done:
            return False
        spent = self.march.seconds
        expected = spent / max(self.progress, 1e-3)
        return elapsed > LATEST * limit or (
            spent > WARNING * limit and expected > limit - elapsed + spent
        )

    def step(self) -> Report:
        """Try one slab; after the last one the march is weighed and the next one begun."""
        began = time.perf_counter()
        m = self.march
        low = m.edges[-1]
        left = self.end - low
        length = left if left < 1.2 * m.length else min(m.length, left / 2)
        plan = self.plan.within(low, low + length if length < left else self.end, m.slab_start)
        trial, rows, outcome = self._solve(plan)
        note = self._control(trial, plan, self._look(trial, rows, outcome, length))
        m.seconds += time.perf_counter() - began
        fresh = self._finish() if not self.done and m.edges[-1] >= self.end else None
        note += self._ease()
        self.trial = self._joined()
        return Report(loss=outcome.loss, fresh=fresh, finite=math.isfinite(outcome.loss), note=note)

    def _solve(self, plan: Plan) -> tuple[SlabTrial, Rows, Outcome]:
        """Gauss-Newton on one slab, from a try at a lower degree where there was one."""
        trial = plan.trial(product_network(plan, self.march.degrees, self.march.maps or None))
        assert isinstance(trial, SlabTrial)
        if self.initial_guess is not None:
            transfer(self.initial_guess, trial)
            self.initial_guess = None
        drawn = self._draw(plan, trial)
        rows = Rows(trial, drawn, weights=balance(plan, trial, drawn))
        self.points = sum(d.rows for _, d in drawn)
        return trial, rows, minimize(rows, GaussNewton(accuracy=0.03 * self.march.tolerance))

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
        factor = torch.tensor(self.plan.frame.scales, dtype=torch.float64)
        if inside.site.d is not None:
            factor = factor * inside.site.d[0].abs().amax(dim=0).double().cpu()
        some = inside.site.points[:: max(1, len(inside.site.points) // 1000)]
        with torch.no_grad():
            size = trial(some).abs().amax(dim=0).double().cpu()
        before = self.march.scale or [0.0] * len(size)
        scale = torch.maximum(size, torch.tensor(before, dtype=torch.float64)).clamp_min(1e-300)
        sizes = (tails(network) * factor / scale).amax(dim=1).tolist()  # of the worst unknown
        return Seen(
            length=length,
            time=sizes[self.axis],
            space=[s for k, s in enumerate(sizes) if k != self.axis],
            residual=math.sqrt(outcome.loss) * length / float(scale.max()),
            converged=outcome.converged,
            scale=scale.tolist(),
        )

    def _control(self, trial: SlabTrial, plan: Plan, seen: Seen) -> str:
        """Accept the slab, or shorten it, or raise the degree."""
        m = self.march
        where = f"t {m.edges[-1]:.4g}+{seen.length:.2g}, degrees {'x'.join(map(str, m.degrees))}"
        note = f"tolerance {m.tolerance:.0e}, {where}, tails {seen.time:.0e} {seen.widest:.0e}"
        better = m.needed(seen)
        higher = [max(n, o) for n, o in zip(better, m.degrees, strict=True)]
        if coefficients(self.plan, higher) > MOST_COEFFICIENTS:
            better = higher = list(m.degrees)
        shortest = seen.length <= SHORTEST * (self.end - self.start)
        verdict = m.verdict(seen, shortest=shortest, capped=higher == m.degrees)
        if verdict == SHORTER:
            m.shorten(seen)
        elif verdict == HIGHER:
            m.raise_degrees(seen, higher)
            self.initial_guess = trial
        elif max(seen.widest, seen.time) > HOPELESS or not seen.converged:
            self.done = self.march_failed = True
            verdict = "unresolved"
        else:
            m.accept(trial, plan.frame.upper[self.axis], seen, better)
            m.scale = seen.scale
            if m.edges[-1] < self.end:
                m.slab_start = take_over(plan, trial, m.edges[-1])
                if self.best is not None:
                    m.follow(*(_at(self.best[0], t) for t in (m.edges[-1], m.edges[-2])))
                self._crowd_at_fronts(plan, trial)
        return f"{note}, {verdict}"

    def _crowd_at_fronts(self, plan: Plan, trial: SlabTrial) -> None:
        """Choose the map of the next slab where one coordinate takes many polynomials."""
        m, periodic = self.march, self.plan.frame.periodic
        if len(m.spatial) != 1 or m.spatial[0] in periodic or m.degrees[m.spatial[0]] < CROWDED:
            return
        (axis,) = m.spatial
        if plan.frame.cuts(axis):
            return
        m.maps = m.maps or [None] * len(m.degrees)
        m.maps[axis], share = choose_map(
            plan, trial, axis, m.edges[-1], tolerance=m.tolerance, present=m.maps[axis]
        )
        if share < 1.0:
            m.degrees[axis] = max(FEWEST, math.ceil(share * m.last_degrees[axis]))

    def _finish(self) -> float:
        """Judge a march that came to the end, and begin the next one."""
        m = self.march
        slabs = Slabs(m.slabs, m.edges, self.axis)
        fresh = fresh_loss(self.plan, slabs, self.plan.rng(200), points=4000)
        self.costs.append((m.tolerance, m.seconds))
        gained = self.best is None or fresh < 0.25 * self.best[1]
        if self.best is None or fresh < self.best[1]:
            if self.best is not None:
                self.levels.add(self.best[0], self.evaluation, self.best[1])
            self.best = (slabs, fresh, m.tolerance)
        elif not self.levels.kept:
            self.levels.add(slabs, self.evaluation, fresh)
        self.partial = False
        decades = self._affordable()
        last = m.tolerance <= LAST_TOLERANCE * 1.01
        self.stalled = last or not gained
        self.done = self.stalled or decades < 0.5
        if not self.done:
            self._begin(slabs, max(m.tolerance * 10.0**-decades, LAST_TOLERANCE))
        return fresh

    def _begin(self, slabs: Slabs, tolerance: float) -> None:
        """Begin a march at a tighter tolerance where a finished one began."""
        self.initial_guess = None
        length, degrees = _at(slabs, self.start)
        self.march = March(tolerance, length, list(degrees), [self.start], self.axis)

    def _ease(self) -> str:
        """Take half the decades where a march cannot get off: data with a kink resolve slowly."""
        m = self.march
        if self.done or self.best is None or m.slabs or m.seconds < EASED * self.costs[-1][1]:
            return ""
        slabs, _, before = self.best
        tolerance = math.sqrt(m.tolerance * before)
        if tolerance > 0.6 * before:
            self.done = self.stalled = True
            return ", no start"
        self._begin(slabs, tolerance)
        return ", too tight"

    def _affordable(self) -> float:
        """By how many decades the tolerance may fall in the time that is left."""
        left = 0.8 * self.remaining
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
        """Everything of the present march and the best one, levels and costs."""
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
            "charts": [None if c is None else [c.center, c.width] for c in m.maps],
            "edges": list(m.edges),
            "slabs": [_packed(p) for p in m.slabs],
            "seam": slab_start_state(m.slab_start),
            "warm": None if self.initial_guess is None else _packed(self.initial_guess),
            "best": best,
            "levels": pack_levels(self.levels),
            "costs": [list(c) for c in self.costs],
            **{name: getattr(self, name) for name in FLAGS},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`, bit for bit."""
        m = March(**{name: state[name] for name in NUMBERS}, degrees=[], edges=[], axis=self.axis)
        m.degrees, m.edges = list(state["degrees"]), list(state["edges"])
        m.last_degrees = list(state["last_degrees"])
        m.maps = [None if c is None else AxisMap(*c) for c in state["charts"]]
        m.slabs = self._unpacked(state["slabs"], m.edges)
        if m.slabs:
            frame = self.plan.frame
            m.slab_start = slab_start_from_state(
                state["seam"], frame, self.axis, m.edges[-1], self.plan.dtype
            )
        self.march, best = m, state["best"]
        self.initial_guess = None
        if state["warm"] is not None:
            self.initial_guess = self._slab(state["warm"], m.edges[-1], m.edges[-1] + 1.0)
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
        slab_start = slab_start_from_state(
            part["seam"], self.plan.frame, self.axis, low, self.plan.dtype
        )
        trial = self.plan.within(low, high, slab_start).trial(network_from_record(part["network"]))
        assert isinstance(trial, SlabTrial)
        trial.set(part["vector"].to(trial.eta))
        return trial


NUMBERS = ("tolerance", "length", "seconds", "floor", "tried", "scale")
FLAGS = ("march_failed", "partial", "points", "done", "stalled")


def _packed(trial: SlabTrial) -> dict[str, Any]:
    return {
        "network": network_record(trial.network),
        "vector": trial.get().cpu(),
        "seam": slab_start_state(trial.slab_start),
    }


def marching_applies(plan: Plan, *, closed: bool) -> bool:
    """Whether a problem starts from initial data and may be solved slab after slab."""
    if not plan.settings.slabs or not slabs_apply(plan):
        return False
    return products_apply(plan) if plan.linear else takes_nonlinear(plan)


SLABS = Solver("slabs", marching_applies, lambda s: MarchingPhase(s.plan, s.evaluation))
