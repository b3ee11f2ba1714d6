"""What a drawing of the boundary shows: bare stretches, and corners where the data disagree."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kanpde.geometry import Domain, Selection
from kanpde.geometry.piece import MappedPiece, Piece
from kanpde.pde import lower
from kanpde.problem._problem import Problem
from kanpde.problem.conditions._base import BOUNDARY, INITIAL, Condition

Array = NDArray[np.float64]
Values = Callable[[Array], Array]

SAMPLES = 512  # points of a part at which conditions are counted
_STEPS = 2048  # of a curve, where its stretches are looked for
_JUMP = 1e-6  # of the data's size: what counts as a disagreement
_EDGE_JUMP, _SURFACE = 0.05, 4096  # beside edges of solids, and among how many points
_START_JUMP = 1e-3  # and at the start of time, where tails of pulses are common


@dataclass(frozen=True)
class Coverage:
    """How many conditions of an unknown hold at points of a boundary part.

    Attributes
    ----------
    points
        ``(N, d)``, spread evenly over the part.
    counts
        ``(N,)`` whole numbers.
    """

    points: Array
    counts: NDArray[np.int64]

    @property
    def least(self) -> int:
        """The number of conditions that hold on all of the part."""
        return int(self.counts.min())

    @property
    def bare(self) -> Array:
        """The points without any condition."""
        return self.points[self.counts == 0]


@dataclass(frozen=True)
class Conflict:
    """Two conditions that prescribe different values at one place.

    Attributes
    ----------
    names
        The two conditions.
    point
        ``(d,)``: where they disagree most.
    gap
        By how much.
    others
        ``(K, d)``: other corners where they disagree.
    """

    names: tuple[str, str]
    point: Array
    gap: float
    others: Array

    def text(self, coordinates: Sequence[Any]) -> str:
        """Say it in one line."""
        place = ", ".join(f"{c} = {v:.4g}" for c, v in zip(coordinates, self.point, strict=True))
        first, second = self.names
        many = len(self.others)
        more = f", and at {many} more corner{'s' * (many > 1)}" if many else ""
        return f"{first!r} and {second!r} prescribe values {self.gap:.3g} apart at {place}{more}"


def coverage(problem: Problem, conditions: Sequence[Condition], name: str) -> Coverage:
    """Count the conditions that hold at points of a boundary part.

    Examples
    --------
    >>> from kanpde import Dirichlet, Disk, coordinates, unknown
    >>> x, y = coordinates("x y")
    >>> u = unknown("u", x, y)
    >>> half = Dirichlet(u, 0, on=x > 0)
    >>> p = Problem(Disk((x, y)), {"laplace": u.diff(x, 2) + u.diff(y, 2)}, {"half": half})
    >>> found = coverage(p, [half], "boundary")
    >>> found.least, len(found.bare)
    (0, 256)
    """
    domain = problem.domain
    rng = np.random.default_rng(0)
    count = SAMPLES if domain.dimension <= 4 else SAMPLES // 8
    points = domain.boundary(count, part=name, sampler="sobol", rng=rng)[0]
    many = np.zeros(len(points), dtype=np.int64)
    for c in conditions:
        if c.where == BOUNDARY:
            on = domain.resolve(c.on)
            if name in on.parts:
                many += 1 if on.mask is None else on.mask(points).astype(np.int64)
    return Coverage(points, many)


def conditions_on_parts(problem: Problem) -> dict[str, list[str]]:
    """Name the conditions that hold on each boundary part, or on a piece of it.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> left = Dirichlet(u, 0, on=x < 1)
    >>> conditions_on_parts(Problem(Interval(x, 0, 2), {"ode": u.diff(x, 2)}, {"left": left}))
    {'x=0': ['left'], 'x=2': []}
    """
    return {
        part: [
            name
            for name, condition in problem.conditions.items()
            if coverage(problem, [condition], part).counts.any()
        ]
        for part in problem.domain.parts
    }


def conflicts(problem: Problem) -> list[Conflict]:
    """Find where two conditions on the value, or one and initial data, disagree.

    Examples
    --------
    >>> from sympy import Eq
    >>> from kanpde import Dirichlet, Rectangle, coordinates, unknown
    >>> x, y = coordinates("x y")
    >>> u = unknown("u", x, y)
    >>> sides = {"lid": Dirichlet(u, 1, on=Eq(y, 1)), "wall": Dirichlet(u, 0, on=Eq(x, 0))}
    >>> square = Rectangle((x, 0, 1), (y, 0, 1))
    >>> (found,) = conflicts(Problem(square, {"laplace": u.diff(x, 2) + u.diff(y, 2)}, sides))
    >>> found.text((x, y))
    "'lid' and 'wall' prescribe values 1 apart at x = 0, y = 1"
    """
    known = {
        name: c
        for name, c in problem.conditions.items()
        if c.prescribes(BOUNDARY, 0) or c.prescribes(INITIAL, 0)
    }
    found = []
    for (a, one), (b, other) in itertools.combinations(known.items(), 2):
        if one.unknown != other.unknown or any(
            c.prescribed.free_symbols & set(problem.constants) for c in (one, other)
        ):
            continue
        values = _data(problem, a, one), _data(problem, b, other)
        found += _between(problem, {a: one, b: other}, values)
    return found


def _between(
    problem: Problem, pair: dict[str, Condition], values: tuple[Values, Values]
) -> list[Conflict]:
    """Look for a place where the data of two conditions disagree."""
    one, other = pair.values()
    corners = np.zeros((0, problem.dimension))
    walls = [c for c in (one, other) if c.where == BOUNDARY]
    if len(walls) == 2:
        corners = _corners(problem, one, other)
        places = [
            (corners, _JUMP),
            (_overlap(problem, one, other), _JUMP),
            (_edges(problem, one, other), _EDGE_JUMP),
        ]
    else:
        places = [(_at_the_start(problem, wall), _START_JUMP) for wall in walls]
    size = _size(problem, values)
    for points, least in places:
        worst = _largest(values, points, least * size)
        if worst is not None:
            columns = [problem.coordinates.index(x) for x in problem.space]
            apart = corners[_gaps(values, corners) > _JUMP * size]
            others = _elsewhere(apart, worst[0], columns)
            first, second = pair
            return [Conflict((first, second), *worst, others)]
    return []


def _data(problem: Problem, name: str, condition: Condition) -> Values:
    """Give the prescribed value as a function of points ``(N, d)``."""
    program = lower([condition.prescribed], problem.coordinates, where=name)

    def values(points: Array) -> Array:
        (found,) = program(*torch.as_tensor(points).unbind(1))
        return np.broadcast_to(found.numpy(), (len(points),))

    return values


def _gaps(values: tuple[Values, Values], points: Array) -> Array:
    """Differences of two functions, 0 where one is not finite."""
    if not len(points):
        return np.zeros(0)
    gaps = np.abs(values[0](points) - values[1](points))
    return np.where(np.isfinite(gaps), gaps, 0.0)


def _largest(
    values: tuple[Values, Values], points: Array, least: float
) -> tuple[Array, float] | None:
    """Find where two functions differ most, if by more than `least`."""
    gaps = _gaps(values, points)
    k = int(gaps.argmax()) if len(gaps) else -1
    return (points[k], float(gaps[k])) if k >= 0 and gaps[k] > least else None


def _elsewhere(points: Array, known: Array, columns: list[int]) -> Array:
    """Points at other places than `known`, one for each place whatever the time."""
    seen, kept = [known[columns]], []
    for point in points:
        if all(np.abs(point[columns] - s).max() > 1e-9 for s in seen):
            seen.append(point[columns])
            kept.append(point)
    return np.array(kept).reshape(-1, points.shape[1])


def _size(problem: Problem, values: tuple[Values, Values]) -> float:
    """Size of the data, at points of the domain and of its boundary."""
    rng = np.random.default_rng(0)
    points = [problem.domain.interior(256, rng=rng)[0], problem.domain.boundary(256, rng=rng)[0]]
    sizes = np.abs(np.concatenate([v(p) for v in values for p in points]))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def _at_the_start(problem: Problem, wall: Condition) -> Array:
    """Points of the boundary at the initial time where a condition on the value holds."""
    domain = problem.domain
    if domain.time_bounds is None or not domain.parts:
        return np.zeros((0, domain.dimension))
    on = domain.resolve(wall.on)
    rng = np.random.default_rng(0)
    points = domain.boundary(SAMPLES, part=list(on.parts), sampler="sobol", rng=rng)[0]
    assert domain.time is not None
    points[:, domain.coordinates.index(domain.time)] = domain.time_bounds[0]
    return points if on.mask is None else points[on.mask(points)]


def _overlap(problem: Problem, one: Condition, other: Condition) -> Array:
    """Points of parts that both conditions hold on."""
    domain = problem.domain
    first, second = domain.resolve(one.on), domain.resolve(other.on)
    both = [n for n in first.parts if n in second.parts]
    if not both:
        return np.zeros((0, domain.dimension))
    rng = np.random.default_rng(0)
    points = domain.boundary(SAMPLES, part=both, sampler="sobol", rng=rng)[0]
    for on in (first, second):
        points = points if on.mask is None else points[on.mask(points)]
    return points


def _corners(problem: Problem, one: Condition, other: Condition) -> Array:
    """Points of a plane boundary at which a stretch of each condition ends, at some times."""
    domain, space = problem.domain, problem.domain.space
    found = [np.zeros((0, domain.dimension))]
    if space is None or space.dimension != 2:
        return found[0]
    selections = domain.resolve(one.on), domain.resolve(other.on)
    slack = 1e-7 * float((space.upper - space.lower).max())
    for placed in _placings(domain, space):
        a, b = (
            np.concatenate([np.zeros((0, 2)), *(_ends(space, n, on, placed) for n in on.parts)])
            for on in selections
        )
        near = np.linalg.norm(a[:, None] - b[None], axis=2) <= slack
        found.append(placed(a[near.any(axis=1)]))
    return np.concatenate(found)


def _edges(problem: Problem, one: Condition, other: Condition) -> Array:
    """Points of a solid's boundary beside edges at which two conditions meet, at some times.

    Found among scattered points: those of one condition that have one of the other about half
    as near as points lie apart, where some are nearer by far.
    """
    domain, space = problem.domain, problem.domain.space
    found = [np.zeros((0, domain.dimension))]
    if space is None or space.dimension != 3:
        return found[0]
    rng = np.random.default_rng(0)
    for placed in _placings(domain, space):
        sides, apart = [], 0.0
        for on in (domain.resolve(one.on), domain.resolve(other.on)):
            names = [n for n in on.parts if n in space.parts]
            if not names:
                return found[0]
            points = space.boundary(_SURFACE, part=names, sampler="sobol", rng=rng)[0]
            apart = max(apart, (sum(space.parts[n].measure for n in names) / _SURFACE) ** 0.5)
            sides.append(points[_holds(on, points, placed)])
        if not (len(sides[0]) and len(sides[1])):
            continue
        distance = cKDTree(sides[1]).query(sides[0])[0]
        if distance.min() < 0.15 * apart:
            found.append(placed(sides[0][distance < 0.5 * apart]))
    return np.concatenate(found)


def _placings(domain: Domain, space: Domain) -> Iterator[Callable[[Array], Array]]:
    """Give maps from space to the domain, at some values of time and parameters."""
    columns = [domain.coordinates.index(c) for c in space.coordinates]
    several = len(columns) < domain.dimension
    for share in (0.0, 0.29, 0.64, 1.0) if several else (0.0,):
        rest = domain.lower + share * (domain.upper - domain.lower)
        yield _placed(domain.dimension, columns, rest)


def _placed(width: int, columns: list[int], rest: Array) -> Callable[[Array], Array]:
    """Points of space ``(N, 2)`` with the other coordinates held, ``(N, d)``."""

    def placed(points: Array) -> Array:
        full = np.tile(rest, (len(points), 1)).reshape(-1, width)
        full[:, columns] = points
        return full

    return placed


def _ends(
    space: Domain, name: str, on: Selection, placed: Callable[[Array], Array]
) -> Array:  # (M, 2)
    """Find the ends of the stretches of a part where a selection holds."""
    piece = space.surface(name) if name in space.parts else None
    if not isinstance(piece, MappedPiece) or piece.units != 1:
        return np.zeros((0, 2))
    t = np.linspace(0.0, 1.0, _STEPS + 1)
    points = piece.from_unit(t[:, None])[0]
    inside = _holds(on, points, placed)
    jump = np.linalg.norm(np.diff(points, axis=0), axis=1) > 1.5 * piece.measure / _STEPS
    ends = [points[k] for k in (0, -1) if inside[k]]
    for k in np.flatnonzero(jump | (inside[1:] != inside[:-1])):
        ends += list(_bisected(piece, on, placed, (t[k], t[k + 1])))
    return np.array(ends).reshape(-1, 2)


def _holds(on: Selection, points: Array, placed: Callable[[Array], Array]) -> NDArray[np.bool_]:
    if on.mask is None:
        return np.ones(len(points), dtype=np.bool_)
    return on.mask(placed(points))


def _bisected(
    piece: Piece, on: Selection, placed: Callable[[Array], Array], between: tuple[float, float]
) -> Iterator[Array]:
    """Find the points on either side of a jump, those that the selection holds."""
    assert isinstance(piece, MappedPiece)
    low, high = between
    left, right = piece.from_unit(np.array([[low], [high]]))[0]
    for _ in range(60):
        middle = 0.5 * (low + high)
        point = piece.from_unit(np.array([[middle]]))[0][0]
        pair = np.stack([left, point, right])
        holds = _holds(on, pair, placed)
        if holds[0] == holds[2]:
            nearer = np.linalg.norm(point - left) < np.linalg.norm(point - right)
        else:
            nearer = holds[1] == holds[0]
        if nearer:
            low, left = middle, point
        else:
            high, right = middle, point
    for point, holds in zip(
        (left, right), _holds(on, np.stack([left, right]), placed), strict=True
    ):
        if holds:
            yield point
