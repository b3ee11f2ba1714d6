"""Where the trial is asked: collocation points of every term, with rows and weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import Domain, Product
from kanpde.problem import Problem, around, breaks, gauss_between
from kanpde.residual._terms import (
    BOUNDARY,
    GAUGE,
    INITIAL,
    INTERFACE,
    INTERIOR,
    MEAN,
    NUMBER,
    PAIR,
    POINTS,
    TermSet,
)

Array = NDArray[np.float64]
QUADRATURE_NODES, PARAMETER_VALUES = 4096, 32


@dataclass(frozen=True)
class Drawn:
    """Evaluation points of one term set.

    Parameters
    ----------
    points
        Shape ``(M, d)``.
    extras
        Further program inputs, ``(M, c)``: normals or measured values.
    row
        Row that every evaluation feeds, ``(M,)``; ``None`` where point i is row i.
    factor
        Weight of every evaluation inside its row, ``(M,)``; ``None`` for ones.
    weight
        Weight of every row in the mean square, sums to 1, ``(R,)``.
    """

    points: Array
    extras: Array
    row: NDArray[np.int64] | None
    factor: Array | None
    weight: Array

    @property
    def rows(self) -> int:
        """Number of rows R."""
        return len(self.weight)


def draw(
    problem: Problem,
    terms: TermSet,
    n: int,
    *,
    sampler: str,
    rng: np.random.Generator,
) -> Drawn:
    """Draw about `n` rows for a term set.

    Raises
    ------
    InputError
        If a region is empty or data lie outside the domain.
    """
    makers = {
        INTERIOR: _interior,
        BOUNDARY: _boundary,
        INITIAL: _initial,
        PAIR: _pair,
        POINTS: _data,
        MEAN: _mean,
        NUMBER: _number,
        GAUGE: _gauge,
        INTERFACE: _interface,
    }
    return makers[terms.where](problem, terms, n, sampler, rng)


def _simple(points: Array, weights: Array, extras: Array | None = None) -> Drawn:
    if extras is None:
        extras = np.zeros((len(points), 0))
    return Drawn(points, extras, None, None, weights / weights.sum())


def _interior(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    points, weights = problem.domain.interior(n, sampler=sampler, rng=rng)
    if terms.on is None:
        return _simple(points, weights)
    mask = problem.domain.resolve(terms.on).mask
    if mask is None:
        raise InputError(
            f"equation {terms.names[0]!r}: on= names a face; equations hold in regions, "
            "for example on=(x < 0)"
        )
    kept = mask(points)
    if not kept.any():
        raise InputError(f"equation {terms.names[0]!r}: no point of the domain satisfies on=")
    share = kept.mean()
    points, weights = problem.domain.interior(
        min(int(n / share) + 1, 20 * n), sampler=sampler, rng=rng
    )
    kept = mask(points)
    return _simple(points[kept], weights[kept])


def _boundary(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    on = problem.domain.resolve(terms.on)
    points, normals, weights, _ = problem.domain.boundary(n, part=on, sampler=sampler, rng=rng)
    keep = [i for i, x in enumerate(problem.coordinates) if x in problem.space]
    return _simple(points, weights, normals[:, keep])


def _initial(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    points, weights = problem.domain.initial(n, sampler=sampler, rng=rng)
    return _simple(points, weights)


def _interface(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    """Points below and above the plane; each two feed one row, as their difference."""
    assert terms.condition is not None
    assert terms.condition.cut is not None
    coordinate, place = terms.condition.cut
    points, _, weights = problem.domain.pair(coordinate, n, sampler=sampler, rng=rng)
    many, axis = len(points), problem.coordinates.index(coordinate)
    both = np.concatenate((points, points))
    both[:, axis] = np.repeat(around(place), many)
    sides = np.repeat((-1.0, 1.0), many)
    rows = np.tile(np.arange(many), 2)
    return Drawn(both, sides[:, None], rows, sides, weights / weights.sum())


def _pair(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    assert terms.condition is not None
    assert terms.condition.seam is not None
    low, high, weights = problem.domain.pair(terms.condition.seam, n, sampler=sampler, rng=rng)
    rows = np.arange(len(low))
    return Drawn(
        np.concatenate((low, high)),
        np.zeros((2 * len(low), 0)),
        np.concatenate((rows, rows)),
        np.concatenate((np.ones(len(low)), -np.ones(len(low)))),
        weights / weights.sum(),
    )


def _data(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    assert terms.condition is not None
    points, values, weights = terms.condition.measurements()
    return _simple(points, weights, values[:, None])


def _mean(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    if problem.domain.parameters:
        return mean_rows(problem.domain, min(n, PARAMETER_VALUES), rng)
    nodes = min(QUADRATURE_NODES, 32**problem.dimension)
    if cuts := breaks(problem.conditions, problem.coordinates):
        points, weights = gauss_between(problem.domain.lower, problem.domain.upper, cuts, nodes)
    else:
        points, weights = problem.domain.interior(nodes, sampler="gauss", rng=rng)
    return Drawn(
        points,
        np.zeros((len(points), 0)),
        np.zeros(len(points), dtype=np.int64),
        weights / weights.sum(),
        np.ones(1),
    )


def _gauge(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    """Points in the middle of space, at the times of points of the interior."""
    points, weights = problem.domain.interior(n, sampler=sampler, rng=rng)
    points = np.array(points, dtype=np.float64)
    for k, x in enumerate(problem.coordinates):
        if x in problem.space:
            points[:, k] = 0.5 * (problem.domain.lower[k] + problem.domain.upper[k])
    return _simple(points, weights)


def _number(
    problem: Problem, terms: TermSet, n: int, sampler: str, rng: np.random.Generator
) -> Drawn:
    """One point that stands for none: all that counts are the integrals."""
    middle = 0.5 * (np.asarray(problem.domain.lower) + np.asarray(problem.domain.upper))
    return _simple(np.array(middle, dtype=np.float64)[None], np.ones(1))


def redraw_by_residual(
    problem: Problem,
    terms: TermSet,
    n: int,
    magnitude: Array,
    pool: Array,
    *,
    rng: np.random.Generator,
) -> Drawn:
    """Choose `n` of the pool's points with probability proportional to |r| / mean + 1.

    Parameters
    ----------
    magnitude
        Size of the residual at the pool's points, ``(M,)``.
    pool
        Candidates ``(M, d)``.
    """
    mean = magnitude.mean()
    chance = magnitude / mean + 1.0 if mean > 0 else np.ones(len(magnitude))
    chosen = rng.choice(len(pool), size=n, replace=False, p=chance / chance.sum())
    return _simple(pool[chosen], np.ones(n))


def mean_rows(domain: Domain, values: int, rng: np.random.Generator) -> Drawn:
    """Means over all but the parameters, one row for each of so many of their values."""
    beside = [k for k, x in enumerate(domain.coordinates) if x in domain.parameters]
    inner = [k for k in range(domain.dimension) if k not in beside]
    nodes = min(QUADRATURE_NODES // 16, 32 ** len(inner))
    parts = [f for f in getattr(domain, "factors", (domain,)) if not f.parameters]
    points, weights = Product(*parts).interior(nodes, sampler="gauss", rng=rng)
    held, _ = domain.interior(values, sampler="sobol", rng=rng)
    many = len(points)
    full = np.repeat(held, many, axis=0)
    full[:, inner] = np.tile(points, (values, 1))
    factor = np.tile(weights / weights.sum(), values)
    row = np.repeat(np.arange(values, dtype=np.int64), many)
    return Drawn(full, np.zeros((len(full), 0)), row, factor, np.full(values, 1.0 / values))
