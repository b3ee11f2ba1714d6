"""Unions, intersections and differences of domains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry import _records
from kanpde.geometry._domain import COMBINE, Domain
from kanpde.geometry._names import free_name
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Face, Part
from kanpde.geometry.csg._cut import STEP, cut
from kanpde.geometry.curve import (
    Curve,
    CurvePiece,
    SlicedPiece,
    all_curves,
    curve_bounds,
    distance_to,
)
from kanpde.geometry.piece import BoxPiece, JoinedPiece, KeptPiece, Piece, Sample
from kanpde.geometry.plane import near_or_inside

OPERATIONS = {"union": "|", "intersection": "&", "difference": "-"}
_PILOT = 2**12  # points that tell whether a part is kept as a whole
_NEAR = 0.05  # how near to the other boundary they may come for that, of the part's size
_LOOKS = 64  # directions in which a point on several boundaries looks for the inside


@dataclass(frozen=True)
class _Source:
    """A part of an operand (0 or 1), under the name that it has there."""

    operand: int
    name: str


class Combination(Domain):
    """The union, intersection or difference of two domains, as ``a | b``, ``a & b``, ``a - b``.

    Its parts are what is left of the parts of the operands, under their names; a
    name that occurs again gets a number ("boundary2"), but faces of boxes on the
    same plane are one part. Where boundaries of both lie on each other the part
    is the first one's. Points are drawn by rejection with equal weights.

    Parameters
    ----------
    operation
        ``"union"``, ``"intersection"`` or ``"difference"``.
    first, second
        Spatial domains of the same coordinates.

    Raises
    ------
    InputError
        If the operands are not spatial domains of the same coordinates, or
        nothing is left.

    Examples
    --------
    >>> import sympy
    >>> from kanpde.geometry import Disk, Rectangle
    >>> x, y = sympy.symbols("x y", real=True)
    >>> plate = Rectangle((x, 0, 1), (y, 0, 1)) - Disk((x, y), (1, 1), 0.5, name="bite")
    >>> {name: round(part.measure, 4) for name, part in plate.parts.items()}
    {'x=0': 1.0, 'x=1': 0.5, 'y=0': 1.0, 'y=1': 0.5, 'bite': 0.7854}
    >>> round(plate.measure, 6), round(1 - float(sympy.pi) / 16, 6)
    (0.80365, 0.80365)
    """

    def __init__(self, operation: str, first: Domain, second: Domain) -> None:
        _check_operands(operation, first, second)
        self.operation, self.first, self.second = operation, first, second
        self.coordinates = first.coordinates
        self.lower, self.upper = self._box()
        if not (self.upper > self.lower).all() or not self._sources_left():
            raise InputError(
                f"{self}: expected a domain, got an empty {operation}; check the places and sizes"
            )
        if self.dimension == 2:
            self.lower, self.upper = curve_bounds(all_curves(self._curves))

    def _box(self) -> tuple[Array, Array]:
        first, second = self.first, self.second
        if self.operation == "union":
            return np.minimum(first.lower, second.lower), np.maximum(first.upper, second.upper)
        if self.operation == "difference":
            return first.lower.copy(), first.upper.copy()
        return np.maximum(first.lower, second.lower), np.minimum(first.upper, second.upper)

    def _sources_left(self) -> bool:
        return bool(self._curves if self.dimension == 2 else self._patches)

    @property
    def size(self) -> float:
        """Largest extent."""
        return float((self.upper - self.lower).max())

    def implicit(self, points: Array) -> Array:
        """Combine what the operands say by minimum and maximum."""
        a, b = self.first.implicit(points), self.second.implicit(points)
        if self.operation == "union":
            return np.minimum(a, b)
        return np.maximum(a, b if self.operation == "intersection" else -b)

    def _strictly_inside(self, points: Array) -> NDArray[np.bool_]:
        return np.asarray(self.implicit(points) < 0.0, dtype=np.bool_)

    # Parts ----------------------------------------------------------------

    @cached_property
    def _sources(self) -> dict[str, list[_Source]]:
        """The parts' names here and where they come from, vanishing ones included."""
        flat = [self.first.planes, self.second.planes]
        found: dict[str, list[_Source]] = {}
        planes: dict[str, tuple[int, float]] = {}
        for k, operand in enumerate((self.first, self.second)):
            faces = {f.name: (f.axis, f.value) for f in flat[k]}
            for name in operand.parts:
                source, plane = _Source(k, name), faces.get(name)
                if plane is not None and planes.get(name) == plane:
                    found[name].append(source)
                    continue
                new = free_name(name, list(found))
                found[new] = [source]
                if plane is not None and new == name:
                    planes[name] = plane
        return found

    @cached_property
    def _curves(self) -> dict[str, tuple[Curve, ...]]:
        operands = [self.first.curves(), self.second.curves()]
        flat = [all_curves(c) for c in operands]
        kept = [cut(flat[0], flat[1], self._strictly_inside, self.size)]
        common = [c for pieces in kept[0] for c in pieces]
        kept.append(cut(flat[1], flat[0], self._strictly_inside, self.size, common))
        by_part: dict[_Source, list[Curve]] = {}
        for k, curves in enumerate(operands):
            numbers = iter(kept[k])
            for name, own in curves.items():
                by_part[_Source(k, name)] = [c for _ in own for c in next(numbers)]
        named = {
            name: tuple(c for s in sources for c in by_part[s])
            for name, sources in self._sources.items()
        }
        return {name: curves for name, curves in named.items() if curves}

    @cached_property
    def _kept(self) -> dict[_Source, KeptPiece]:
        return {s: self._kept_part(s) for sources in self._sources.values() for s in sources}

    @cached_property
    def _patches(self) -> dict[str, list[KeptPiece]]:
        found = {
            name: [self._kept[s] for s in sources if self._kept[s].measure > 0.0]
            for name, sources in self._sources.items()
        }
        return {name: pieces for name, pieces in found.items() if pieces}

    def _kept_part(self, source: _Source) -> KeptPiece:
        """Return what bounds the result of an operand's part, by rejection."""
        operand, other = (self.first, self.second)[:: 1 - 2 * source.operand]
        step = STEP * self.size

        def side(sample: Sample) -> Array:
            assert sample.normals is not None
            behind = self._strictly_inside(sample.points - step * sample.normals)
            ahead = self._strictly_inside(sample.points + step * sample.normals)
            return behind.astype(float) - ahead.astype(float)

        def keep(sample: Sample) -> NDArray[np.bool_]:
            kept = side(sample) != 0.0
            if source.operand == 1:  # a common piece is the first one's
                kept &= abs(other.implicit(sample.points)) > 1e-9 * self.size
            return np.asarray(kept, dtype=np.bool_)

        whole = operand.surface(source.name)
        pilot = whole.draw(_PILOT, "sobol", np.random.default_rng(0))
        reach = float(np.linalg.norm(np.ptp(pilot.points, axis=0)))
        if abs(other.signed_distance(pilot.points)).min() <= _NEAR * reach:
            return KeptPiece(whole, keep, sign=side)
        # The other's boundary is far from all of it: it is kept or dropped as a whole.
        kept = whole.measure if keep(pilot)[0] else 0.0
        return KeptPiece(whole, keep, measure=kept, sign=side)

    @cached_property
    def parts(self) -> dict[str, Part]:
        """What is left of the operands' parts."""
        if self.dimension == 2:
            return {n: Part(n, sum(c.length for c in cs)) for n, cs in self._curves.items()}
        return {n: Part(n, sum(p.measure for p in ps)) for n, ps in self._patches.items()}

    @cached_property
    def planes(self) -> tuple[Face, ...]:
        """The flat parts of the operands that are left, for ``on=Eq(x, 0)``."""
        found = []
        for name in self.parts:
            source = self._sources[name][0]
            operand = (self.first, self.second)[source.operand]
            mine = [f for f in operand.planes if f.name == source.name]
            found += [Face(name, f.axis, f.side, f.value) for f in mine]
        return tuple(found)

    def curves(self) -> dict[str, tuple[Curve, ...]]:
        """Return the curves of the parts of a plane domain."""
        return dict(self._curves) if self.dimension == 2 else super().curves()

    def surface(self, name: str) -> Piece:
        """Return what is left of a part."""
        if self.dimension == 2:
            return CurvePiece(self._curves[name])
        pieces = self._patches[name]
        return pieces[0] if len(pieces) == 1 else JoinedPiece(pieces)

    @cached_property
    def _bulk(self) -> Piece:
        def keep(sample: Sample) -> NDArray[np.bool_]:
            return self._strictly_inside(sample.points)

        if self.dimension == 2:
            return SlicedPiece(self.lower, self.upper, all_curves(self._curves), keep)
        length = None
        if self.dimension == 1:  # the integral of x . n over the boundary
            ends = [p.tensor(1, "grid") for ps in self._patches.values() for p in ps]
            length = float(sum(_flux(e) for e in ends))
        measure = self._measure_of_whole_boundaries() if length is None else length
        return KeptPiece(BoxPiece(self.lower, self.upper), keep, measure=measure)

    def _measure_of_whole_boundaries(self) -> float | None:
        """Return the volume where the boundaries do not cross; Gauss's theorem gives it."""
        total = 0.0
        for k, operand in enumerate((self.first, self.second)):
            mine = [p for s, p in self._kept.items() if s.operand == k]
            kept = sum(p.measure for p in mine)
            if kept == sum(p.whole.measure for p in mine):
                turned = self.operation == "difference" and k == 1
                total += -operand.measure if turned else operand.measure
            elif kept != 0.0:
                return None
        return total

    def bulk(self) -> Piece:
        """Return the inside by rejection from the bounding box."""
        return self._bulk

    # Places ---------------------------------------------------------------

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed domain."""
        array = checked_points(points, self.dimension)
        level = self.implicit(array)
        inside = np.asarray(level < 0.0, dtype=np.bool_)
        size = max(float(np.abs(self.lower).max()), float(np.abs(self.upper).max()))
        asked = np.flatnonzero(abs(level) <= 1e-12 * size)
        # On boundaries of both operands only the neighborhood tells.
        inside[asked] = self._neighborhood(array[asked])
        if self.dimension == 2:
            return near_or_inside(self, array, inside)
        return inside

    def _neighborhood(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points have points of the inside about them."""
        if not len(points):
            return np.zeros(0, dtype=np.bool_)
        rng = np.random.default_rng(0)
        looks = rng.standard_normal((_LOOKS, self.dimension))
        looks *= 1e-9 * self.size / np.linalg.norm(looks, axis=1, keepdims=True)
        around = (points[:, None] + looks).reshape(-1, self.dimension)
        found = self._strictly_inside(around).reshape(len(points), _LOOKS)
        return np.asarray(found.any(axis=1), dtype=np.bool_)

    def signed_distance(self, points: Array) -> Array:
        """Return the distance to what is left of the boundary, negative inside.

        Exact in the plane; elsewhere the sign is, and the size a lower bound.
        """
        array = checked_points(points, self.dimension)
        if self.dimension != 2:
            return self.implicit(array)
        distance = distance_to(all_curves(self._curves), array)
        return np.where(self.contains(array), -distance, distance)

    def to_record(self) -> dict[str, Any]:
        """Describe operation and operands in plain JSON types."""
        return {
            "kind": "combination",
            "operation": self.operation,
            "first": self.first.to_record(),
            "second": self.second.to_record(),
        }

    def __repr__(self) -> str:
        """Show operands and operation."""
        second = f"({self.second})" if isinstance(self.second, Combination) else f"{self.second}"
        first = f"({self.first})" if isinstance(self.first, Combination) else f"{self.first}"
        return f"{first} {OPERATIONS[self.operation]} {second}"


COMBINE.fill(Combination)


def _flux(sample: Sample) -> float:
    assert sample.normals is not None
    return float((sample.points * sample.normals).sum())


def _check_operands(operation: str, first: object, second: object) -> None:
    for domain in (first, second):
        if not isinstance(domain, Domain):
            raise InputError(
                f"{operation}: expected kanpde domains, got {type(domain).__module__}."
                f"{type(domain).__name__}"
            )
        if domain.time is not None or domain.parameters or domain.space is None:
            raise InputError(
                f"{operation}: expected spatial domains, got {domain}; combine the shapes "
                "first and multiply the result by TimeInterval or ParameterInterval"
            )
    assert isinstance(first, Domain)
    assert isinstance(second, Domain)
    if first.coordinates != second.coordinates:
        names = [", ".join(str(c) for c in d.coordinates) for d in (first, second)]
        raise InputError(
            f"{operation}: expected two domains of the same coordinates, got ({names[0]}) and "
            f"({names[1]}); give both the same symbols in the same order"
        )


@_records.reads("combination")
def _combination_from_record(data: dict[str, Any]) -> Domain:
    operation, first, second = _records.entries(data, "operation", "first", "second")
    if not isinstance(operation, str) or operation not in OPERATIONS:
        raise RunDirectoryError(
            f"domain operation: expected one of {', '.join(OPERATIONS)}, got {operation!r:.80}"
        )
    return Combination(operation, _records.build(first), _records.build(second))
