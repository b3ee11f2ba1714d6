"""What a solve starts from: the network, its points, and whether least squares will do."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import sympy
import torch
from sympy import Expr

from kanpde.errors import InputError
from kanpde.ground import _check
from kanpde.nets import Chart, Network, kernel_available
from kanpde.pde import is_linear
from kanpde.problem import (
    Mirror,
    Problem,
    Settings,
    breaks,
    check_periodic,
    find,
    row_names,
)
from kanpde.residual import (
    BOUNDARY,
    INITIAL,
    INTERIOR,
    MEAN,
    POINTS,
    Drawn,
    TermSet,
    compile_terms,
    draw,
)
from kanpde.solvers._charts import crowded, find_charts
from kanpde.solvers._spread import spread
from kanpde.trial import (
    Ansatzes,
    Constants,
    Frame,
    Programs,
    Reflection,
    SlabStart,
    SlabTrial,
    Trial,
    build,
    is_halved,
    keeps_ansatz,
    reduce,
)

POINTS_PER_COEFFICIENT = 7
FEWEST_POINTS, MOST_POINTS = 512, 20000


@dataclass
class Plan:
    """A problem made ready: frame, term sets, generators, device."""

    problem: Problem
    settings: Settings
    ansatzes: Ansatzes
    frame: Frame
    sets: list[TermSet]
    linear: bool
    device: torch.device
    dtype: torch.dtype
    slab: tuple[float, float] | None = None
    slab_start: SlabStart | None = None
    programs: dict[tuple[Expr, ...], Programs] = field(default_factory=dict)
    whole: Problem | None = None
    mirrors: tuple[Mirror, ...] = ()
    images: dict[str, str] = field(default_factory=dict)
    start: Trial | None = None  # solution of a neighbouring problem
    charts: tuple[Chart, ...] = ()

    @property
    def asked(self) -> Problem:
        """The problem as it was given, before its half domain was taken."""
        return self.whole or self.problem

    @property
    def imposed(self) -> dict[str, str]:
        """``{condition: "exact" | "rows"}``, those that fell away with a half domain included."""
        found = self.ansatzes.imposed
        return {**{k: found.get(v, "exact") for k, v in self.images.items()}, **found}

    @property
    def outputs(self) -> int:
        """Number of unknowns."""
        return len(self.problem.unknowns)

    def generator(self, purpose: int) -> torch.Generator:
        """Make a torch generator on the CPU, spawned from the one seed."""
        seed = np.random.SeedSequence([self.settings.seed, purpose]).generate_state(1)[0]
        return torch.Generator().manual_seed(int(seed))

    def rng(self, purpose: int) -> np.random.Generator:
        """Make a numpy generator, spawned from the one seed."""
        return np.random.default_rng([self.settings.seed, purpose])

    def trial(self, network: Network) -> Trial:
        """Make the trial function around a network, constants at their start."""
        if self.slab is not None:
            axis = self.time_axis
            domain = self.problem.domain
            return SlabTrial(
                self.frame,
                network.to(self.device, self.dtype),
                axis=axis,
                whole=(float(domain.lower[axis]), float(domain.upper[axis])),
                slab_start=self.slab_start,
                programs=self.programs.setdefault(self.frame.d, {}),
            )
        constants = self.problem.constants
        trial = Trial(
            self.frame,
            network.to(self.device, self.dtype),
            constants=Constants(
                tuple(s.name for s in constants),
                torch.tensor([c.scale for c in constants.values()], dtype=torch.float64),
                torch.tensor([c.bounds[0] for c in constants.values()], dtype=torch.float64),
                torch.tensor([c.bounds[1] for c in constants.values()], dtype=torch.float64),
            ),
            start=[c.start for c in constants.values()],
            derivatives=self.settings.derivatives,
        )
        trial.kernel = self.settings.kernel
        trial.share(self.programs.setdefault((*self.frame.g, *self.frame.d), {}))
        return trial

    def draw(
        self, interior: int, rng: np.random.Generator, *, sampler: str | None = None
    ) -> list[tuple[TermSet, Drawn]]:
        """Points for every term set: `interior` inside, in proportion elsewhere."""
        chosen = sampler or self.settings.sampler
        drawn = []
        for s in self.sets:
            points = draw(self.problem, s, self._many(s, interior), sampler=chosen, rng=rng)
            if self.charts and s.where == INTERIOR and s.on is None:
                points = crowded(self.problem.domain, self.charts, points, rng)
            drawn.append((s, self._in_slab(spread(points, s, self.frame, chosen))))
        return drawn

    def _in_slab(self, drawn: Drawn) -> Drawn:
        """Move points of the whole time interval into the slab."""
        if self.slab is None or self.problem.time is None:
            return drawn
        axis = self.problem.coordinates.index(self.problem.time)
        start, end = self.problem.domain.lower[axis], self.problem.domain.upper[axis]
        low, high = self.slab
        points = drawn.points.copy()
        points[:, axis] = low + (points[:, axis] - start) * (high - low) / (end - start)
        return dataclasses.replace(drawn, points=points)

    def within(self, low: float, high: float, slab_start: SlabStart | None) -> Plan:
        """Make the plan of one slab in time, which continues `slab_start`."""
        axis = self.time_axis
        frame = self.frame if slab_start is None else self.late_frame
        bounds = [list(frame.lower), list(frame.upper)]
        bounds[0][axis], bounds[1][axis] = low, high
        frame = dataclasses.replace(frame, lower=tuple(bounds[0]), upper=tuple(bounds[1]))
        sets = [s for s in self.sets if slab_start is None or s.where != INITIAL]
        return dataclasses.replace(
            self, frame=frame, sets=sets, slab=(low, high), slab_start=slab_start
        )

    @property
    def time_axis(self) -> int:
        """Which coordinate is the time."""
        assert self.problem.time is not None
        return self.problem.coordinates.index(self.problem.time)

    @cached_property
    def late_frame(self) -> Frame:
        """Frame of every slab but the first: each takes over its initial state exactly."""
        problem, axis, time = self.problem, self.time_axis, self.problem.time
        start, end = (sympy.Float(v[axis], 17) for v in (self.frame.lower, self.frame.upper))
        d = []
        for k, part in enumerate(self.ansatzes.parts):
            order = 0 if self._starts_exactly(k) else problem.orders(k)[axis]
            d.append(part.d * ((time - start) / (end - start)) ** order)
        return dataclasses.replace(self.frame, d=tuple(d))

    def _starts_exactly(self, k: int) -> bool:
        imposed = self.ansatzes.parts[k].imposed
        return any(
            c.where == INITIAL and imposed.get(n) == "exact"
            for n, c in self.problem.conditions.items()
        )

    def _many(self, terms: TermSet, interior: int) -> int:
        if terms.where == INTERIOR:
            return interior
        if self.settings.boundary is not None:
            return self.settings.boundary
        d = self.problem.dimension
        usual = max(32, 4 * math.ceil(interior ** ((d - 1) / d)))
        if not self.charts or terms.where != BOUNDARY:
            return usual
        # Functions of a corner satisfy simple equations themselves: the boundary tells them apart.
        return max(usual, interior // sum(s.where == BOUNDARY for s in self.sets))


def make_plan(problem: Problem, settings: Settings) -> Plan:
    """Analyse a problem: exact conditions, programs, linearity.

    Raises
    ------
    InputError
        If the settings do not fit the problem.
    """
    check_periodic(problem)
    known = [*problem.equations, *row_names(problem.conditions)]
    for name in settings.weights:
        if name not in known:
            raise InputError(f"weights.{name}: no such term; the terms are {', '.join(known)}")
    device = _check.device(settings.device)
    cuts = breaks(problem.conditions, problem.coordinates)
    if cuts and settings.dtype != "float64":
        raise InputError(f"dtype: interfaces need float64, got {settings.dtype}")
    _check_kernel(settings, device)
    whole, mirrors = problem, find(problem) if settings.symmetry else ()
    halves = tuple(m for m in mirrors if is_halved(problem, m))
    images: dict[str, str] = {}
    if halves:
        problem, images = reduce(problem, halves)
    ansatzes = build(
        problem, exact=settings.exact_conditions, lift=settings.lift, embed=settings.periodic
    )
    even = tuple(
        m for m in mirrors if m.even and m not in halves and keeps_ansatz(problem, ansatzes, m)
    )
    frame = Frame(
        coordinates=problem.coordinates,
        lower=tuple(float(v) for v in problem.domain.lower),
        upper=tuple(float(v) for v in problem.domain.upper),
        periodic=ansatzes.periodic,
        g=tuple(part.g for part in ansatzes.parts),
        d=tuple(part.d for part in ansatzes.parts),
        scales=tuple(float(getattr(u.func, "scale", 1.0)) for u in problem.unknowns),
        reflections=tuple(Reflection(m.axis, m.center, m.parities) for m in halves),
        even=tuple(m.axis for m in even),
        breaks=cuts,
    )
    return Plan(
        whole=whole,
        mirrors=(*halves, *even),
        images=images,
        problem=problem,
        settings=settings,
        ansatzes=ansatzes,
        frame=frame,
        charts=find_charts(problem, frame) if settings.charts else (),
        sets=compile_terms(problem, ansatzes),
        linear=is_linear_problem(problem),
        device=device,
        dtype=getattr(torch, settings.dtype),
    )


def fused_applies(plan: Plan) -> bool:
    """Whether the default networks of this plan are trained on the fused kernel."""
    return plan.settings.kernel != "torch" and not _against_kernel(plan.settings, plan.device)


def _check_kernel(settings: Settings, device: torch.device) -> None:
    """Refuse a fused kernel where it cannot apply."""
    found = _against_kernel(settings, device)
    if settings.kernel == "fused" and found:
        raise InputError(
            "kernel: fused needs edges that train coefficients only, float64, jets, the CPU and "
            f"numba; got {found}; use kernel=auto"
        )


def _against_kernel(settings: Settings, device: torch.device) -> str | None:
    """Tell what keeps the fused kernel from being used."""
    for wrong, found in (
        (device.type != "cpu", f"device={device}"),
        (settings.dtype != "float64", f"dtype={settings.dtype}"),
        (settings.derivatives != "jets", f"derivatives={settings.derivatives}"),
        (settings.train_frequencies, "train_frequencies=True"),
        (not kernel_available(), "no package numba"),
    ):
        if wrong:
            return found
    return None


def is_linear_problem(problem: Problem) -> bool:
    """Whether equations and conditions are affine in all that is sought."""
    constants = tuple(problem.constants)
    expressions: list[Expr] = [e.expression for e in problem.equations.values()]
    expressions += [e for c in problem.conditions.values() for e in c.stated(problem.space)]
    return all(is_linear(e, problem.unknowns, constants) for e in expressions)


def has_data(plan: Plan) -> bool:
    """Whether measurements are fitted, whose residual does not go to zero."""
    return any(s.condition is not None and s.condition.measured for s in plan.sets)


def _box_like(problem: Problem) -> bool:
    """Whether the space is a box, or there is none."""
    space = problem.domain.space
    return space is None or bool(getattr(space, "faces", ()))


def slabs_apply(plan: Plan) -> bool:
    """Whether the problem can be solved slab after slab in time."""
    problem = plan.problem
    if problem.time is None or problem.constants or not _box_like(problem):
        return False
    axis = problem.coordinates.index(problem.time)
    for k, u in enumerate(problem.unknowns):
        starts = [c for c in problem.conditions.values() if c.where == INITIAL and c.unknown == u]
        imposed = [plan.ansatzes.imposed[n] for n, c in problem.conditions.items() if c in starts]
        if len(starts) != problem.orders(k)[axis] or len(set(imposed)) > 1:
            return False
    plain = all(s.where not in {POINTS, MEAN} for s in plan.sets)
    plain = plain and not any(axis in f.region.axes for s in plan.sets for f in s.functionals)
    return plain and all(e.on is None for e in problem.equations.values())


def interior_points(plan: Plan, coefficients: int) -> int:
    """Choose the number of interior points: as set, or some per coefficient and equation."""
    if plan.settings.interior is not None:
        return plan.settings.interior
    rows = len(plan.problem.equations)
    wanted = POINTS_PER_COEFFICIENT * coefficients // rows
    return max(FEWEST_POINTS, min(MOST_POINTS, wanted))
