"""Where a figure asks the solution: lattices on cuts through the domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kanpde.plot._style import in_math
from kanpde.problem import magnitudes
from kanpde.solution import reference_shifts

if TYPE_CHECKING:
    from kanpde.geometry import Domain
    from kanpde.solution import Solution

CURVE_POINTS = 401
MAP_POINTS = 121
SPACETIME_POINTS = 151
MASKED_POINTS = 241  # a curved boundary needs the finer raster
PANEL_POINTS, CUT_POINTS = 101, 161
SNAPSHOTS = (0.1, 0.4, 0.7, 1.0)  # of the time interval; quarters are zeros of standing waves


@dataclass(frozen=True)
class Lattice:
    """A regular lattice on one cut: one varying coordinate, or two.

    Attributes
    ----------
    axes
        Columns that vary: ``(horizontal,)`` or ``(horizontal, vertical)``.
    ticks
        Coordinate values along each of `axes`.
    points
        ``(N, d)``, the horizontal coordinate fastest.
    inside
        ``(N,)``, which points the domain contains.
    title
        The coordinates that are held, as mathtext; empty where none is.
    """

    axes: tuple[int, ...]
    ticks: tuple[np.ndarray, ...]
    points: np.ndarray
    inside: np.ndarray
    title: str

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n,)`` or ``(vertical, horizontal)``."""
        return tuple(len(t) for t in reversed(self.ticks))

    def field(self, values: np.ndarray) -> np.ndarray:
        """Spread ``(inside points,)`` values over the lattice; NaN outside."""
        full = np.full(len(self.points), np.nan)
        full[self.inside] = values
        return full.reshape(self.shape)


@dataclass(frozen=True)
class View:
    """How a domain is shown: `kind` is curve, map, spacetime, times or cuts."""

    kind: str
    lattices: tuple[Lattice, ...]


def space_axes(domain: Domain) -> tuple[int, ...]:
    """Columns of the spatial coordinates."""
    return tuple(i for i, c in enumerate(domain.coordinates) if c != domain.time)


def time_axis(domain: Domain) -> int | None:
    """Column of time, None where nothing depends on it."""
    if domain.time is None:
        return None
    return domain.coordinates.index(domain.time)


def lattice(
    domain: Domain, axes: tuple[int, ...], held: dict[int, float], count: int = MAP_POINTS
) -> Lattice:
    """Lay `count` points along each of `axes`, with the other coordinates held.

    Coordinates that neither vary nor stand in `held` sit in the middle of their
    range; the title names them where at most two are fixed.
    """
    lower, upper = np.asarray(domain.lower, float), np.asarray(domain.upper, float)
    fixed = {i: (lower[i] + upper[i]) / 2 for i in range(domain.dimension) if i not in axes}
    fixed.update(held)
    ticks = tuple(np.linspace(lower[i], upper[i], count) for i in axes)
    mesh = np.meshgrid(*reversed(ticks), indexing="ij")
    points = np.empty((mesh[0].size, domain.dimension))
    for i, value in fixed.items():
        points[:, i] = value
    for i, values in zip(axes, reversed(mesh), strict=True):
        points[:, i] = values.ravel()
    inside = np.asarray(domain.contains(points), dtype=bool)
    many = len(fixed) > 2
    named = [
        f"${in_math(str(domain.coordinates[i]))} = {value:.3g}$"
        for i, value in (held if many else fixed).items()
    ]
    title = ", ".join([*named, "others mid-range"] if many else named)
    return Lattice(axes, ticks, points, inside, title)


def view(domain: Domain) -> View:
    """Choose the cuts that show a domain: curves, maps, snapshots or mid-planes."""
    space, time = space_axes(domain), time_axis(domain)
    if domain.dimension == 1:
        return View("curve", (lattice(domain, (0,), {}, CURVE_POINTS),))
    if time is not None and len(space) == 1:
        return View("spacetime", (lattice(domain, (time, space[0]), {}, SPACETIME_POINTS),))
    if time is not None:
        cuts = [_fine(domain, space[:2], {time: t}) for t in times(domain)]
        return View("times", tuple(cuts))
    if len(domain.parameters) == 1 and len(space) == 3:
        (k,) = (i for i in space if domain.coordinates[i] in domain.parameters)
        low, high = float(domain.lower[k]), float(domain.upper[k])
        held = [{k: low + share * (high - low)} for share in SNAPSHOTS]
        flat = tuple(i for i in space if i != k)
        return View("cuts", tuple(_fine(domain, flat, h) for h in held))
    if len(space) == 2:
        plain = lattice(domain, space, {})
        if not plain.inside.all():
            plain = lattice(domain, space, {}, MASKED_POINTS)
        return View("map", (plain,))
    if len(space) == 3:
        planes = ((0, 1), (0, 2), (1, 2))
    else:
        planes = ((0, 1), (1, 2), (len(space) - 2, len(space) - 1))
    return View("cuts", tuple(_fine(domain, p, {}) for p in planes))


def _fine(domain: Domain, axes: tuple[int, ...], held: dict[int, float]) -> Lattice:
    """Lay a lattice that is finer where the boundary crosses it."""
    plain = lattice(domain, axes, held, PANEL_POINTS)
    if plain.inside.all():
        return plain
    return lattice(domain, axes, held, CUT_POINTS)


def times(domain: Domain) -> tuple[float, ...]:
    """Give the four times at which snapshots are taken, the last one included."""
    time = time_axis(domain)
    if time is None:
        return ()
    start, end = float(domain.lower[time]), float(domain.upper[time])
    return tuple(start + f * (end - start) for f in SNAPSHOTS)


def snapshots(domain: Domain) -> tuple[Lattice, ...]:
    """Give curves along x at four times of a space-time domain."""
    time = time_axis(domain)
    if time is None:
        return ()
    space = space_axes(domain)[:1]
    return tuple(lattice(domain, space, {time: t}, 301) for t in times(domain))


@dataclass(frozen=True)
class Sample:
    """Every unknown on one lattice: fields of the solution and of what is known."""

    lattice: Lattice
    solution: list[np.ndarray]
    truth: list[np.ndarray] | None

    def error(self, unknown: int) -> np.ndarray:
        """Absolute difference to the reference; NaN where none is known."""
        if self.truth is None:
            return np.full(self.lattice.shape, np.nan)
        difference: np.ndarray = np.abs(self.solution[unknown] - self.truth[unknown])
        return difference


def samples(solution: Solution) -> list[Sample]:
    """Evaluate the solution on every cut that shows its domain."""
    return [sample(solution, cut) for cut in view(solution.problem.domain).lattices]


def sample(solution: Solution, cut: Lattice) -> Sample:
    """Evaluate the solution and its reference inside the domain on one lattice."""
    points = cut.points[cut.inside]
    if not len(points):  # the cut misses the domain
        count = len(solution.problem.unknowns) + len(getattr(solution.problem, "complex", {}))
        nothing = [cut.field(np.empty(0)) for _ in range(count)]
        return Sample(cut, nothing, None)
    values = np.asarray(solution(points), dtype=float)
    truth = solution.truth(points)
    if truth is not None:
        truth = truth + reference_shifts(solution)
    values = with_magnitudes(solution, values)
    truth = None if truth is None else with_magnitudes(solution, truth)
    return Sample(
        cut,
        [cut.field(column) for column in values.T],
        None if truth is None else [cut.field(column) for column in truth.T],
    )


def with_magnitudes(solution: Solution, values: np.ndarray) -> np.ndarray:
    """Add a column |h| for every complex unknown h to values ``(N, m)``."""
    pairs = getattr(solution.problem, "complex", {})
    return np.column_stack((values, *magnitudes(pairs, values).values()))


def residual_fields(solution: Solution, cut: Lattice) -> dict[str, np.ndarray]:
    """Evaluate the absolute residual of every equation on one lattice."""
    points = cut.points[cut.inside]
    found = dict.fromkeys(solution.problem.equations, np.full(len(points), np.nan))
    found.update(solution.residuals(points))
    return {name: cut.field(np.abs(residual)) for name, residual in found.items()}
