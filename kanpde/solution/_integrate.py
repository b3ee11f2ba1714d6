"""Integrals of functions over a domain or parts of its boundary, with an estimate of the error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from kanpde.errors import InputError
from kanpde.geometry import Box, Domain, Product, Selection
from kanpde.geometry._samplers import Mask
from kanpde.geometry.curve import Curve, CurvePiece, SlicedPiece, all_curves, crossings, panels
from kanpde.geometry.piece import (
    SURVEY,
    KeptPiece,
    MappedPiece,
    MovedPiece,
    Piece,
    ProductPiece,
    Sample,
)
from kanpde.solution._cubature import Integrated, over_cells

Array = NDArray[np.float64]
# What is integrated: of points (N, d) and normals (N, d), None inside the domain.
Integrand = Callable[[Array, Array | None], NDArray[Any]]


_START = {1: 24, 2: 12, 3: 8}  # Gauss nodes along an axis, by number of axes
_GROWTH = 1.5
_MOST = 2**17  # points of one piece
_FEW = 5000  # and of one that is cut into cells where rules do not converge
_REPEATS, _FEWEST = 8, 2**10  # scrambled point sets, and points of each to begin with
_INTERVAL = float(student.ppf(0.975, _REPEATS - 1))  # of 95 %, in standard deviations


def integrate(
    function: Integrand,
    domain: Domain,
    *,
    on: object = None,
    at: Mapping[Any, Any] | None = None,
    tolerance: float = 1e-8,
) -> Integrated:
    """Integrate over a domain, or over parts of its boundary.

    Parameters
    ----------
    function
        Gives ``(N,)`` values at points ``(N, d)``; its second argument are the outward unit
        normals ``(N, d)``, or None inside the domain.
    domain
        Where.
    on
        Boundary parts, as in `Domain.resolve`; None is the interior of the domain.
    at
        Values of coordinates that are held, by symbol or name: of time, of parameters, or of
        sides of a box. All others are integrated over.
    tolerance
        Finer rules are tried until the estimated error is below this part of the integral of
        the absolute value, or a rule would need more than 131 072 points.

    Returns
    -------
    Integrated
        Value and estimated error.

    Raises
    ------
    InputError
        If a part or a held coordinate does not exist, a held value lies outside, or nothing is
        left to integrate over.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Disk
    >>> disk = Disk(sympy.symbols("x y", real=True), radius=2)
    >>> length = integrate(lambda points, normals: np.ones(len(points)), disk, on="boundary")
    >>> round(float(length), 9)
    12.566370614
    """
    if not 0 < tolerance < 1:
        raise InputError(f"tolerance: expected a number between 0 and 1, got {tolerance}")
    cut = _Cut(domain, _held(domain, at or {}))
    pieces, mask = cut.pieces(on)
    single = [p for piece in pieces for p in getattr(piece, "pieces", [piece])]
    asked = cut.lifted(function)
    slices = None if on is not None else _slices(cut.rest)
    results = [_result(asked, piece, mask, slices, tolerance) for piece in single]
    value = sum(p.value for p in results)
    return Integrated(
        complex(value) if np.iscomplexobj(np.asarray(value)) else float(value),
        sum(p.error for p in results),
        sum(p.points for p in results),
    )


def _held(domain: Domain, at: Mapping[Any, Any]) -> dict[int, float]:
    """Columns of the held coordinates and their values."""
    names = [str(c) for c in domain.coordinates]
    held = {}
    for key, given in at.items():
        if str(key) not in names:
            raise InputError(f"at: expected coordinates among {', '.join(names)}, got {key}")
        column = names.index(str(key))
        try:
            value = float(given)
        except (TypeError, ValueError):
            raise InputError(f"at: expected a number for {key}, got {given!r}") from None
        low, high = float(domain.lower[column]), float(domain.upper[column])
        if not low <= value <= high:
            raise InputError(f"at: expected {low:g} <= {key} <= {high:g}, got {value:g}")
        held[column] = value
    return held


class _Cut:
    """What is left of a domain where some coordinates are held."""

    def __init__(self, domain: Domain, held: dict[int, float]) -> None:
        self.width, self.held = domain.dimension, held
        factors = domain.factors if isinstance(domain, Product) else (domain,)
        kept: list[Domain] = []
        start = 0
        for factor in factors:
            columns = range(start, start + factor.dimension)
            free = [i for i, column in enumerate(columns) if column not in held]
            kept += _remaining(factor, free)
            start += factor.dimension
        if not kept:
            raise InputError(
                "at: expected a coordinate that is left to integrate over, got values for all; "
                "call the solution at that point"
            )
        self.rest = kept[0] if len(kept) == 1 else Product(*kept)
        names = list(domain.coordinates)
        self.columns = [names.index(c) for c in self.rest.coordinates]

    def pieces(self, on: object) -> tuple[list[Piece], Mask | None]:
        """Where to integrate, in the coordinates that are left."""
        if on is None:
            return [self.rest.bulk()], None
        chosen: Selection = self.rest.resolve(on)
        if not chosen.parts:
            raise InputError(f"on: expected a domain with a spatial boundary, got {self.rest}")
        return [self.rest.surface(name) for name in chosen.parts], chosen.mask

    def lifted(self, function: Integrand) -> Integrand:
        """Let a function of all coordinates be asked at points of those that are left."""

        def lifted(points: Array, normals: Array | None) -> NDArray[Any]:
            full = np.zeros((len(points), self.width))
            full[:, self.columns] = points
            for column, value in self.held.items():
                full[:, column] = value
            if normals is None:
                return function(full, None)
            outward = np.zeros_like(full)
            outward[:, self.columns] = normals
            return function(full, outward)

        return lifted


def _remaining(factor: Domain, free: list[int]) -> list[Domain]:
    """Leave of a factor what its coordinates number `free` make."""
    if len(free) == factor.dimension:
        return [factor]
    if not free:
        return []
    if isinstance(factor, Box):
        return [Box(*[(factor.coordinates[i], factor.lower[i], factor.upper[i]) for i in free])]
    raise InputError(
        f"at: expected time, a parameter or a side of a box to hold, got a coordinate of {factor}"
    )


def _result(
    function: Integrand,
    piece: Piece,
    mask: Mask | None,
    slices: _Slices | None,
    tolerance: float,
) -> Integrated:
    """Integrate over one piece, by rules that grow finer until they agree."""
    if isinstance(piece, MappedPiece) and piece.dimension == piece.units == 1:
        return _on_mapped(function, piece, mask, tolerance)
    if mask is not None or not has_rule(piece):
        return _by_scattered(function, piece, mask, tolerance)
    sheet = isinstance(piece, MappedPiece) and piece.dimension == piece.units == 2
    halved = sheet or slices is not None
    found = _by_rules(function, piece, tolerance, _FEW if halved else _MOST)
    if not halved or found.error <= 2 * tolerance * abs(found.value):
        return found
    if slices is None:
        other = _on_mapped(function, piece, None, tolerance)
    else:
        many = len(slices.panels)
        other = over_cells(function, slices, maps=many, axes=2, tolerance=tolerance, most=_MOST)
    return min(found, other, key=lambda f: f.error)


def _slices(domain: Domain) -> _Slices | None:
    """Cut a plane domain into pieces between curves; None of any other."""
    if domain.dimension != 2:
        return None
    try:
        return _Slices(all_curves(domain.curves()))
    except InputError:  # a mesh has its own rule
        return None


def _on_mapped(
    function: Integrand, piece: Piece, mask: Mask | None, tolerance: float
) -> Integrated:
    """Integrate over the image of the unit interval or square."""
    assert isinstance(piece, MappedPiece)
    mapped: list[MappedPiece] = [piece]
    if isinstance(piece, CurvePiece):  # no cell is to straddle a corner
        mapped = [CurvePiece((curve,)) for curve in piece.curves]

    def place(which: NDArray[np.intp], unit: Array) -> tuple[Array, Array | None, Array]:
        points, element = np.empty((len(unit), piece.columns)), np.empty(len(unit))
        normals = np.zeros_like(points)
        outward: Array | None = None
        for k in np.unique(which):
            here = which == k
            points[here], outward = mapped[k].from_unit(unit[here])
            element[here] = mapped[k].measure
            if outward is not None:
                normals[here] = outward
        if mask is not None:
            element *= mask(points)
        return points, None if outward is None else normals, element

    axes, many = piece.dimension, len(mapped)
    return over_cells(function, place, maps=many, axes=axes, tolerance=tolerance, most=_MOST)


class _Slices:
    """The pieces between two curves of a plane domain as images of the unit square."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        self.curves = curves
        self.panels = [
            (panel, k) for panel in panels(curves) for k in range(len(panel.crossings) // 2)
        ]

    def __call__(self, which: NDArray[np.intp], unit: Array) -> tuple[Array, Array | None, Array]:
        points, element = np.empty_like(unit), np.empty(len(unit))
        for number in np.unique(which):
            here = which == number
            panel, k = self.panels[number]
            x, slope = panel.stretched(unit[here, 0])
            low, high = crossings(self.curves, x, panel.crossings)[:, 2 * k : 2 * k + 2].T
            points[here] = np.stack([x, low + (high - low) * unit[here, 1]], axis=1)
            element[here] = slope * (high - low)
        return points, None, element


def has_rule(piece: Piece) -> bool:
    """Tell whether a piece has quadrature rules that converge fast.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Interval
    >>> has_rule(Interval(sympy.Symbol("x"), 0, 1).bulk())
    True
    """
    if isinstance(piece, ProductPiece):
        return all(has_rule(f) for f in piece.factors)
    if isinstance(piece, MovedPiece):
        return has_rule(piece.piece)
    return isinstance(piece, MappedPiece | SlicedPiece)


def _by_rules(function: Integrand, piece: Piece, tolerance: float, most: int) -> Integrated:
    found: list[Any] = []
    points = 0
    for sample in _rules(piece, most):
        terms = function(sample.points, sample.normals) * sample.weights
        if piece.dimension == 0:
            return Integrated(terms.sum(), 0.0, 1)
        if found and len(terms) == points:  # of many cells, each with the nodes it had
            continue
        points = len(terms)
        found.append(terms.sum())
        size = float(np.abs(terms).sum())
        error = float(np.abs(np.diff(found[-3:])).max()) if len(found) > 2 else np.inf
        if error <= tolerance * size:
            break
    return Integrated(found[-1], error + float(np.finfo(np.float64).eps) * size, len(terms))


def _rules(piece: Piece, most: int) -> Iterator[Sample]:
    """Give Gauss rules of a piece, each with half as many nodes again along every axis."""
    axes = max(piece.dimension, 1)
    count = float(_START.get(axes, 4))
    for number in range(64):
        if number > 2 and count**axes > most:
            return
        yield piece.tensor(round(count), "gauss")
        count = max(_GROWTH * count, count + 1)


def _by_scattered(
    function: Integrand, piece: Piece, mask: Mask | None, tolerance: float
) -> Integrated:
    """Take the mean over several scrambled Sobol sets; their spread tells the error."""
    count = _FEWEST
    while True:
        sums, size = [], 0.0
        for seed in range(_REPEATS):
            sample = piece.draw(count, "sobol", np.random.default_rng(seed))
            if mask is not None:
                sample = sample.take(np.flatnonzero(mask(sample.points)))
            terms = function(sample.points, sample.normals) * sample.weights
            sums.append(terms.sum())
            size += float(np.abs(terms).sum()) / _REPEATS
        value = np.mean(sums)
        spread = float(np.sqrt(np.mean(np.abs(sums - value) ** 2) / (_REPEATS - 1)))
        error = _INTERVAL * spread
        if error <= tolerance * size or 4 * count * _REPEATS > _MOST:
            error += float(abs(value)) * _measure_error(piece)
            return Integrated(value, error, count * _REPEATS)
        count *= 4


def _measure_error(piece: Piece) -> float:
    """Relative error of a measure that was itself estimated from scattered points."""
    if isinstance(piece, ProductPiece):
        return sum(_measure_error(f) for f in piece.factors)
    if isinstance(piece, MovedPiece):
        return _measure_error(piece.piece)
    if not isinstance(piece, KeptPiece) or isinstance(piece, SlicedPiece) or not piece.dimension:
        return 0.0
    found = []
    for seed in range(_REPEATS):
        survey = piece.whole.draw(SURVEY // _REPEATS, "sobol", np.random.default_rng(seed))
        found.append(survey.weights[piece.keep(survey)].sum())
    spread = float(np.std(found, ddof=1)) / math.sqrt(_REPEATS)
    return _INTERVAL * spread / piece.measure
