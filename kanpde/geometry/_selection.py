"""Boundary parts and how `on=` selects them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom

from kanpde.errors import InputError, ShapeError
from kanpde.geometry._samplers import Array, Mask
from kanpde.pde import truth_of

_RELATIVE = 1e-12  # for two floats that name the same bound


@dataclass(frozen=True)
class Part:
    """A named piece of the spatial boundary and its measure (1 for a point).

    Examples
    --------
    >>> Part("x=-1", 1.0).name
    'x=-1'
    """

    name: str
    measure: float


@dataclass(frozen=True)
class Face:
    """A flat part on which coordinate number `axis` has the constant `value`.

    `side` is 0 on the lower face (outward normal -e) and 1 on the upper one.

    Examples
    --------
    >>> Face("x=1", axis=0, side=1, value=1.0).side
    1
    """

    name: str
    axis: int
    side: int
    value: float


@dataclass(frozen=True)
class Selection:
    """What `on=` selects: boundary parts, narrowed down by an optional mask.

    `mask` maps points ``(N, d)`` to ``(N,)`` booleans; ``None`` keeps all. For
    an equation's region only the mask counts.

    Examples
    --------
    >>> Selection(("x=-1",), None, "x = -1").parts
    ('x=-1',)
    """

    parts: tuple[str, ...]
    mask: Mask | None
    description: str


@dataclass(frozen=True)
class Places:
    """What a selection may refer to: the coordinates and parts of a domain."""

    coordinates: tuple[sympy.Symbol, ...]
    parts: Mapping[str, Part]
    faces: Sequence[Face]
    time: sympy.Symbol | None

    def list_parts(self) -> str:
        """Return the part names as the end of an error message."""
        return ", ".join(self.parts) if self.parts else "(this domain has no spatial boundary)"

    def names(self) -> str:
        """Return the coordinates as text."""
        return ", ".join(str(c) for c in self.coordinates)


def resolve(places: Places, on: object) -> Selection:
    """Turn the `on=` of a condition into a `Selection`; see `Domain.resolve`."""
    if isinstance(on, Selection):
        _check_names(places, on.parts)
        return on
    if on is None:
        return Selection(tuple(places.parts), None, "the whole boundary")
    if isinstance(on, str | Part | Face):
        name = on if isinstance(on, str) else on.name
        _check_names(places, (name,))
        return Selection((name,), None, name)
    if isinstance(on, tuple | list):
        return _union(places, list(on))
    if isinstance(on, Boolean) and not isinstance(on, BooleanAtom):
        return _relation(places, on)
    if isinstance(on, bool | np.bool_ | BooleanAtom):
        raise InputError(
            f"on: expected a relation, a part's name or a predicate, got {on}; "
            "write sympy.Eq(x, -1), not x == -1"
        )
    if callable(on) and not isinstance(on, sympy.Basic | type):
        name = getattr(on, "__name__", type(on).__name__)
        return Selection(tuple(places.parts), checked_mask(on), f"where {name}")
    raise InputError(
        f"on: expected a relation such as Eq(x, -1), a part's name or a predicate, "
        f"got {type(on).__name__} {on!r}; the parts are {places.list_parts()}"
    )


def checked_mask(predicate: Any) -> Mask:
    """Wrap a user's predicate so that a wrong answer says so."""

    def mask(points: Array) -> NDArray[np.bool_]:
        answer = np.asarray(predicate(points))
        if answer.shape != (len(points),):
            raise ShapeError(
                f"on: the predicate is expected to return shape ({len(points)},), one truth value "
                f"per point, got {answer.shape}; use points[:, 0] for the first coordinate"
            )
        if answer.dtype != np.bool_:
            raise InputError(
                f"on: the predicate is expected to return booleans, got {answer.dtype}; "
                "compare, as in points[:, 0] > 0"
            )
        return answer

    return mask


def _check_names(places: Places, names: Sequence[str]) -> None:
    for name in names:
        if name not in places.parts:
            raise InputError(
                f"on: expected a boundary part, got {name!r}; the parts are {places.list_parts()}"
            )


def _union(places: Places, items: Sequence[object]) -> Selection:
    chosen = [resolve(places, item) for item in items]
    if not chosen:
        raise InputError(
            f"on: expected at least one part, got none; the parts are {places.list_parts()}"
        )
    if any(s.mask is not None for s in chosen):
        raise InputError(
            "on: expected whole parts in a list or Or(...), got an inequality among them; "
            "write one condition for each"
        )
    parts = tuple(dict.fromkeys(name for s in chosen for name in s.parts))
    return Selection(parts, None, " or ".join(s.description for s in chosen))


def _relation(places: Places, on: Boolean) -> Selection:
    foreign = sorted(str(s) for s in on.free_symbols - set(places.coordinates))
    if foreign:
        same = [s for s in foreign if s in {str(c) for c in places.coordinates}]
        fix = (
            f"make {same[0]} with kanpde.coordinates, as in the domain"
            if same
            else "use the domain's own coordinates"
        )
        raise InputError(
            f"on: expected coordinates among {places.names()} in {on}, got {', '.join(foreign)}"
            f"{' (another symbol of that name)' if same else ''}; {fix}"
        )
    if isinstance(on, sympy.Eq | sympy.Ne):
        return _face(places, on)
    if isinstance(on, sympy.Or) and on.atoms(sympy.Eq, sympy.Ne):
        return _union(places, list(on.args))
    if isinstance(on, sympy.And) and any(isinstance(a, sympy.Eq | sympy.Ne) for a in on.args):
        return _intersection(places, on)
    if on.atoms(sympy.Eq, sympy.Ne):
        raise InputError(
            f"on: expected Eq alone or directly inside And or Or, got {on}; "
            "write one condition for each part"
        )
    return Selection(tuple(places.parts), _relation_mask(places, on), str(on))


def _intersection(places: Places, on: sympy.And) -> Selection:
    flat = [a for a in on.args if isinstance(a, sympy.Eq | sympy.Ne)]
    rest = sympy.And(*[a for a in on.args if not isinstance(a, sympy.Eq | sympy.Ne)])
    chosen = [_face(places, a) for a in sorted(flat, key=str)]
    parts = tuple(name for name in places.parts if all(name in s.parts for s in chosen))
    if not parts:
        raise InputError(
            f"on: expected relations that share a part, got {on}; "
            f"the parts are {places.list_parts()}"
        )
    if rest == sympy.true:
        return Selection(parts, None, str(on))
    inner = _relation(places, rest)
    return Selection(
        tuple(p for p in parts if p in inner.parts), inner.mask, f"{' or '.join(parts)}, {rest}"
    )


def _face(places: Places, on: Relational) -> Selection:
    """Resolve an equation for one coordinate to the face that lies there."""
    difference = on.lhs - on.rhs
    symbols = difference.free_symbols
    if len(symbols) == 1:
        (symbol,) = symbols
        slope = sympy.expand(difference).coeff(symbol, 1)
        offset = sympy.expand(difference - slope * symbol)
        value = -offset / slope if slope != 0 else sympy.nan
        if value.is_number and value.is_real:
            value = float(value)
            if symbol == places.time:
                raise InputError(
                    f"on: expected a place on the spatial boundary, got {on}; "
                    "data at the initial time are an Initial condition"
                )
            names = [
                f.name
                for f in places.faces
                if places.coordinates[f.axis] == symbol and _same(f.value, value)
            ]
            if isinstance(on, sympy.Ne) and names:
                others = tuple(p for p in places.parts if p not in names)
                return Selection(others, None, str(on))
            if names:
                return Selection(tuple(names), None, names[0])
    raise InputError(
        f"on: expected a face of the domain, got {on}; the parts are {places.list_parts()}"
    )


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_RELATIVE, abs_tol=0.0)


def _relation_mask(places: Places, on: Boolean) -> Mask:
    holds = truth_of(on, places.coordinates, where="on")

    def mask(points: Array) -> NDArray[np.bool_]:
        return holds(*points.T)

    return mask
