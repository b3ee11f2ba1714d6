"""Rebuild a domain from its plain description, strictly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

from kanpde._names import stored_identifier
from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry._ball import Ball, Disk
from kanpde.geometry._box import Box, Interval, Rectangle, TimeInterval
from kanpde.geometry._combination import OPERATIONS, Combination
from kanpde.geometry._domain import Domain
from kanpde.geometry._mesh_data import KEYS, mesh_from_data
from kanpde.geometry._motion import Motion
from kanpde.geometry._moved import Moved
from kanpde.geometry._parameter import ParameterInterval
from kanpde.geometry._polygon import Polygon, Triangle
from kanpde.geometry._polyhedron import Polyhedron
from kanpde.geometry._product import Product
from kanpde.geometry._round import Annulus, Ellipse, Sector
from kanpde.geometry._solids import Cone, Cylinder, Torus


def domain_from_data(data: object) -> Domain:
    """Rebuild the domain that `Domain.to_data` described.

    Coordinates come back as real symbols of the same names. Nothing in `data`
    is evaluated.

    Raises
    ------
    RunDirectoryError
        If anything is missing, superfluous, of the wrong type or out of range.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> domain_from_data(Interval(x, -1, 1).to_data())
    Interval(x, -1, 1)
    """
    try:
        return _build(data, nested=False)
    except RunDirectoryError:
        raise
    except RecursionError as error:
        raise RunDirectoryError("domain: its description is nested too deeply") from error
    except InputError as error:
        raise RunDirectoryError(f"domain: {error}; the run directory is damaged") from error


def _build(data: object, *, nested: bool) -> Domain:
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _BUILDERS:
        raise RunDirectoryError(
            f"domain: expected a description with kind {', '.join(_BUILDERS)}, got {data!r:.80}; "
            "the run directory is damaged or newer than this kanpde"
        )
    if nested and kind == "product":
        raise RunDirectoryError("domain: expected simple factors, got a product in a product")
    assert isinstance(data, dict)
    return _BUILDERS[kind](data)


def _keys(data: dict[Any, Any], *names: str, optional: tuple[str, ...] = ()) -> list[Any]:
    if set(data) - set(optional) != {"kind", *names}:
        raise RunDirectoryError(
            f"domain {data['kind']}: expected the keys {', '.join(names)}, "
            f"got {', '.join(sorted(str(k) for k in data if k != 'kind'))}"
        )
    return [data[name] for name in names]


def _symbols(names: object) -> tuple[sympy.Symbol, ...]:
    if not isinstance(names, list) or not names:
        raise RunDirectoryError(f"domain coordinates: expected a list of names, got {names!r:.80}")
    checked = [stored_identifier("domain coordinates", name) for name in names]
    return tuple(sympy.Symbol(name, real=True) for name in checked)


def _floats(key: str, values: object, count: int) -> list[float]:
    good = isinstance(values, list) and len(values) == count
    if not isinstance(values, list) or not good or not all(_is_number(v) for v in values):
        raise RunDirectoryError(f"domain {key}: expected {count} numbers, got {values!r:.80}")
    return [float(v) for v in values]


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    )


def _box(data: dict[str, Any]) -> Domain:
    names, lower, upper = _keys(data, "coordinates", "lower", "upper", optional=("name",))
    symbols, name = _symbols(names), data.get("name")
    sides = list(
        zip(
            symbols,
            _floats("lower", lower, len(symbols)),
            _floats("upper", upper, len(symbols)),
            strict=True,
        )
    )
    if len(sides) == 1:
        return Interval(*sides[0], name=name)
    return Rectangle(*sides, name=name) if len(sides) == 2 else Box(*sides, name=name)


def _line(data: dict[str, Any]) -> Domain:
    names, lower, upper = _keys(data, "coordinates", "lower", "upper")
    symbols, name = _symbols(names), data["kind"]
    if len(symbols) != 1:
        raise RunDirectoryError(f"domain {name}: expected one coordinate, got {len(symbols)}")
    kind = TimeInterval if name == "time" else ParameterInterval
    return kind(symbols[0], _floats("lower", lower, 1)[0], _floats("upper", upper, 1)[0])


def _ball(data: dict[str, Any]) -> Domain:
    names, center, radius = _keys(data, "coordinates", "center", "radius", optional=("name",))
    symbols = _symbols(names)
    kind = Disk if len(symbols) == 2 else Ball
    return kind(
        symbols,
        tuple(_floats("center", center, len(symbols))),
        _floats("radius", [radius], 1)[0],
        name=data.get("name"),
    )


def _combination(data: dict[str, Any]) -> Domain:
    operation, first, second = _keys(data, "operation", "first", "second")
    if not isinstance(operation, str) or operation not in OPERATIONS:
        raise RunDirectoryError(
            f"domain operation: expected one of {', '.join(OPERATIONS)}, got {operation!r:.80}"
        )
    return Combination(operation, _build(first, nested=False), _build(second, nested=False))


def _product(data: dict[str, Any]) -> Domain:
    (factors,) = _keys(data, "factors")
    if not isinstance(factors, list) or not factors:
        raise RunDirectoryError(f"domain factors: expected a list, got {factors!r:.80}")
    return Product(*[_build(f, nested=True) for f in factors])


def _moved(data: dict[str, Any]) -> Domain:
    domain, factor, rotation, offset = _keys(data, "domain", "factor", "rotation", "offset")
    inner = _build(domain, nested=False)
    d = inner.dimension
    if not isinstance(rotation, list) or len(rotation) != d:
        raise RunDirectoryError(f"domain rotation: expected {d} rows, got {rotation!r:.80}")
    turn = np.array([_floats("rotation", row, d) for row in rotation])
    (size,) = _floats("factor", [factor], 1)
    shift = np.array(_floats("offset", offset, d))
    proper = abs(turn @ turn.T - np.eye(d)).max() < 1e-9 and np.linalg.det(turn) > 0
    if not (proper and size > 0 and np.isfinite([size, *shift]).all()):
        raise RunDirectoryError(
            "domain moved: expected a rotation matrix, a positive factor and a finite offset, "
            f"got {rotation!r:.80}, {factor!r:.40}, {offset!r:.80}"
        )
    return Moved(inner, Motion(size, turn, shift))


def _annulus(data: dict[str, Any]) -> Domain:
    keys = _keys(data, "coordinates", "center", "inner", "outer", optional=("name",))
    inner, outer = _floats("radii", keys[2:], 2)
    place = _floats("center", keys[1], 2)
    return Annulus(_symbols(keys[0]), place, inner=inner, outer=outer, name=data.get("name"))


def _ellipse(data: dict[str, Any]) -> Domain:
    keys = _keys(data, "coordinates", "center", "radii", "angle", optional=("name",))
    (angle,) = _floats("angle", keys[3:], 1)
    place, radii = _floats("center", keys[1], 2), _floats("radii", keys[2], 2)
    return Ellipse(_symbols(keys[0]), place, radii, angle, name=data.get("name"))


def _sector(data: dict[str, Any]) -> Domain:
    keys = _keys(data, "coordinates", "center", "radius", "start", "stop", optional=("name",))
    radius, start, stop = _floats("sizes", keys[2:], 3)
    return Sector(
        _symbols(keys[0]),
        _floats("center", keys[1], 2),
        radius=radius,
        start=start,
        stop=stop,
        name=data.get("name"),
    )


def _polygon(data: dict[str, Any]) -> Domain:
    names, rows, edges = _keys(data, "coordinates", "vertices", "names", optional=("name", "holes"))
    vertices, symbols, name = _rows("vertices", rows, 2), _symbols(names), data.get("name")
    if data["kind"] == "triangle":
        if len(vertices) != 3:
            raise RunDirectoryError(f"domain triangle: expected 3 vertices, got {len(vertices)}")
        return Triangle(symbols, *vertices, names=edges, name=name)
    holes = data.get("holes")
    if not isinstance(holes, list):
        raise RunDirectoryError(f"domain holes: expected a list, got {holes!r:.80}")
    rings = [_rows("holes", h, 2) for h in holes]
    return Polygon(symbols, vertices, rings, edges, name=name)


def _cone(data: dict[str, Any]) -> Domain:
    sizes = ("radius", "height") + (("top_radius",) if data["kind"] == "cone" else ())
    keys = _keys(data, "coordinates", "center", "axis", *sizes, optional=("name",))
    numbers = dict(zip(sizes, _floats("sizes", keys[3:], len(sizes)), strict=True))
    place, axis = _floats("center", keys[1], 3), _floats("axis", keys[2], 3)
    kind = Cone if data["kind"] == "cone" else Cylinder
    return kind(_symbols(keys[0]), place, axis=axis, name=data.get("name"), **numbers)


def _torus(data: dict[str, Any]) -> Domain:
    keys = _keys(data, "coordinates", "center", "axis", "radius", "tube", optional=("name",))
    radius, tube = _floats("sizes", keys[3:], 2)
    place, axis = _floats("center", keys[1], 3), _floats("axis", keys[2], 3)
    symbols, name = _symbols(keys[0]), data.get("name")
    return Torus(symbols, place, radius=radius, tube=tube, axis=axis, name=name)


def _polyhedron(data: dict[str, Any]) -> Domain:
    keys = _keys(data, "coordinates", "vertices", "faces", "names", optional=("name",))
    vertices = _rows("vertices", keys[1], 3)
    return Polyhedron(_symbols(keys[0]), vertices, keys[2], keys[3], name=data.get("name"))


def _rows(key: str, rows: object, count: int) -> list[list[float]]:
    if not isinstance(rows, list):
        raise RunDirectoryError(f"domain {key}: expected a list of lists, got {rows!r:.80}")
    return [_floats(key, row, count) for row in rows]


def _mesh(data: dict[str, Any]) -> Domain:
    _keys(data, *KEYS)
    return mesh_from_data(_symbols(data["coordinates"]), data)


_BUILDERS: dict[str, Callable[[dict[str, Any]], Domain]] = {
    "box": _box,
    "time": _line,
    "parameter": _line,
    "ball": _ball,
    "product": _product,
    "combination": _combination,
    "moved": _moved,
    "annulus": _annulus,
    "ellipse": _ellipse,
    "sector": _sector,
    "cone": _cone,
    "cylinder": _cone,
    "torus": _torus,
    "polyhedron": _polyhedron,
    "polygon": _polygon,
    "triangle": _polygon,
    "mesh": _mesh,
}
