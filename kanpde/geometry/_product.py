"""Products of domains: space with time, cylinders, boxes."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, TypeGuard

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._box import Box
from kanpde.geometry._domain import MULTIPLY, Domain
from kanpde.geometry._numbers import checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Face, Part
from kanpde.geometry.csg import Combination
from kanpde.geometry.piece import Piece, ProductPiece


class Product(Domain):
    """The product of domains, with their coordinates side by side.

    ``a * b`` is the usual way to make one: it joins neighboring boxes to one
    box, and a product of boxes alone is a `Box`. The boundary parts are those
    of the spatial factors, under the same names; where two factors share a
    name, their coordinates are added to it: ``"boundary(x,y)"``.

    Parameters
    ----------
    *factors
        Domains with different coordinates, at most one `TimeInterval`.

    Raises
    ------
    InputError
        If a factor is not a domain, a coordinate occurs twice, or there are
        two time intervals.

    Examples
    --------
    >>> from kanpde.geometry import Disk, TimeInterval
    >>> x, y, z, t = sympy.symbols("x y z t", real=True)
    >>> cylinder = Disk((x, y)) * Box((z, 0, 2)) * TimeInterval(t, 0, 1)
    >>> cylinder.coordinates, list(cylinder.parts)
    ((x, y, z, t), ['boundary', 'z=0', 'z=2'])
    """

    def __init__(self, *factors: Domain) -> None:
        self.factors = _flatten(factors)
        self.coordinates = tuple(c for f in self.factors for c in f.coordinates)
        self.lower = np.concatenate([f.lower for f in self.factors])
        self.upper = np.concatenate([f.upper for f in self.factors])

    @property
    def time(self) -> sympy.Symbol | None:
        """The coordinate of the time interval, if there is one."""
        return next((f.time for f in self.factors if f.time is not None), None)

    @property
    def parameters(self) -> tuple[sympy.Symbol, ...]:
        """The coordinates that are parameters of the problem, with a range each."""
        return tuple(p for f in self.factors for p in f.parameters)

    @cached_property
    def space(self) -> Domain | None:
        """The product of the spatial factors."""
        spatial = [f for f in self.factors if f.space is not None]
        if len(spatial) == len(self.factors):
            return self
        return product(*spatial) if spatial else None

    @cached_property
    def _places(self) -> dict[str, tuple[int, str]]:
        """Part name to the number of its factor and its name there."""
        names = [name for f in self.factors for name in f.parts]
        return {
            name if names.count(name) == 1 else f"{name}({_joined(f)})": (i, name)
            for i, f in enumerate(self.factors)
            for name in f.parts
        }

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The factors' parts, each times the other spatial factors."""
        measures = {}
        for name, (i, local) in self._places.items():
            measure = self.factors[i].parts[local].measure
            for k, other in enumerate(self.factors):
                if k != i and other.space is not None:
                    measure *= other.measure
            measures[name] = Part(name, measure)
        return measures

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The factors' faces; `Face.axis` counts the product's coordinates."""
        return self._lifted([f.faces for f in self.factors])

    @cached_property
    def planes(self) -> tuple[Face, ...]:
        """The factors' flat parts."""
        return self._lifted([f.planes for f in self.factors])

    def _lifted(self, faces: list[tuple[Face, ...]]) -> tuple[Face, ...]:
        names = {place: name for name, place in self._places.items()}
        found = []
        start = 0
        for i, factor in enumerate(self.factors):
            found += [replace(f, name=names[i, f.name], axis=start + f.axis) for f in faces[i]]
            start += factor.dimension
        return tuple(found)

    def signed_distance(self, points: Array) -> Array:
        """Return the distance to the boundary of a product of spatial factors."""
        if self.space is not self:
            return super().signed_distance(points)
        array = checked_points(points, self.dimension)
        offs, start = [], 0
        for f in self.factors:
            offs.append(f.signed_distance(array[:, start : start + f.dimension]))
            start += f.dimension
        off = np.stack(offs, axis=1)
        outside = np.linalg.norm(np.maximum(off, 0.0), axis=1)
        return np.asarray(outside + np.minimum(off.max(axis=1), 0.0), dtype=np.float64)

    def bulk(self) -> Piece:
        """Return the product of the bulks."""
        return ProductPiece([f.bulk() for f in self.factors])

    def surface(self, name: str) -> Piece:
        """Return a factor's part times the other factors' bulks."""
        i, local = self._places[name]
        return ProductPiece(
            [f.surface(local) if k == i else f.bulk() for k, f in enumerate(self.factors)]
        )

    def start(self) -> Piece:
        """Return the spatial bulk at the initial time."""
        if self.time is None:
            return super().start()
        return ProductPiece([f.bulk() if f.time is None else f.start() for f in self.factors])

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in every factor."""
        array = checked_points(points, self.dimension)
        inside = np.ones(len(array), dtype=np.bool_)
        start = 0
        for f in self.factors:
            inside &= f.contains(array[:, start : start + f.dimension])
            start += f.dimension
        return inside

    def to_record(self) -> dict[str, Any]:
        """Describe the factors in plain JSON types."""
        return {"kind": "product", "factors": [f.to_record() for f in self.factors]}

    def __repr__(self) -> str:
        """Show the factors."""
        return " * ".join(f"({f})" if isinstance(f, Combination) else f"{f}" for f in self.factors)


@MULTIPLY.fill
def product(*domains: Domain) -> Domain:
    """Return the product of domains, a single factor as itself."""
    factors = _flatten(domains)
    return factors[0] if len(factors) == 1 else Product(*factors)


def _flatten(domains: tuple[Domain, ...]) -> tuple[Domain, ...]:
    """Return the factors of factors, neighboring boxes joined."""
    flat: list[Domain] = []
    for domain in domains:
        if not isinstance(domain, Domain):
            raise InputError(
                f"Product: expected kanpde domains, got {type(domain).__name__} {domain!r}"
            )
        flat += domain.factors if isinstance(domain, Product) else [domain]
    if not flat:
        raise InputError("Product: expected at least one domain, got none")
    _numbers.distinct("domain product", [c for f in flat for c in f.coordinates])
    times = [str(f.time) for f in flat if f.time is not None]
    if len(times) > 1:
        raise InputError(
            f"domain product: expected at most one TimeInterval, got {' and '.join(times)}; "
            "make the others an Interval"
        )
    joined: list[Domain] = []
    for domain in flat:
        last = joined[-1] if joined else None
        if _plain_box(domain) and _plain_box(last):
            joined[-1] = Box(*_sides(last), *_sides(domain))
        else:
            joined.append(domain)
    return tuple(joined)


def _plain_box(domain: Domain | None) -> TypeGuard[Box]:
    return isinstance(domain, Box) and domain.name is None


def _sides(box: Box) -> list[tuple[Any, ...]]:
    return list(zip(box.coordinates, box.lower.tolist(), box.upper.tolist(), strict=True))


def _joined(domain: Domain) -> str:
    return ",".join(str(c) for c in domain.coordinates)


@_records.reads("product")
def _product_from_record(data: dict[str, Any]) -> Domain:
    (factors,) = _records.entries(data, "factors")
    if not isinstance(factors, list) or not factors:
        raise RunDirectoryError(f"domain factors: expected a list, got {factors!r:.80}")
    if any(isinstance(f, dict) and f.get("kind") == "product" for f in factors):
        raise RunDirectoryError("domain: expected simple factors, got a product in a product")
    return Product(*[_records.build(f) for f in factors])
