"""Domains as plain data: the kinds that there are, and how to read one back, strictly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from kanpde.errors import InputError, RunDirectoryError
from kanpde.geometry._domain import Domain
from kanpde.ground._names import stored_identifier

Reader = Callable[[dict[str, Any]], Domain]

_READERS: dict[str, Reader] = {}


def reads(kind: str) -> Callable[[Reader], Reader]:
    """Enter a function that rebuilds the domains of a kind, under the name in their data.

    Run directories hold these names: a kind keeps its name when its class moves.
    """

    def enter(reader: Reader) -> Reader:
        if kind in _READERS:
            raise RuntimeError(f"domain kind {kind}: expected one reader, got two")
        _READERS[kind] = reader
        return reader

    return enter


def domain_from_record(data: object) -> Domain:
    """Rebuild the domain that `Domain.to_record` described.

    Coordinates come back as real symbols of the same names. Nothing in `data`
    is evaluated.

    Raises
    ------
    RunDirectoryError
        If anything is missing, superfluous, of the wrong type or out of range.

    Examples
    --------
    >>> from kanpde.geometry import Interval
    >>> x = sympy.Symbol("x", real=True)
    >>> domain_from_record(Interval(x, -1, 1).to_record())
    Interval(x, -1, 1)
    """
    try:
        return build(data)
    except RunDirectoryError:
        raise
    except RecursionError as error:
        raise RunDirectoryError("domain: its description is nested too deeply") from error
    except InputError as error:
        raise RunDirectoryError(f"domain: {error}; the run directory is damaged") from error


def build(data: object) -> Domain:
    """Rebuild a domain that may be part of another.

    Raises
    ------
    RunDirectoryError
        As `domain_from_record`.
    InputError
        If a shape refuses what it is made of.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _READERS:
        raise RunDirectoryError(
            f"domain: expected a description with kind {', '.join(_READERS)}, got {data!r:.80}; "
            "the run directory is damaged or newer than this kanpde"
        )
    assert isinstance(data, dict)
    return _READERS[kind](data)


# What readers use --------------------------------------------------------------


def entries(data: dict[Any, Any], *names: str, optional: tuple[str, ...] = ()) -> list[Any]:
    """Return the entries of these names; the kind, these and the optional ones must be all."""
    if set(data) - set(optional) != {"kind", *names}:
        raise RunDirectoryError(
            f"domain {data['kind']}: expected the keys {', '.join(names)}, "
            f"got {', '.join(sorted(str(k) for k in data if k != 'kind'))}"
        )
    return [data[name] for name in names]


def symbols(names: object) -> tuple[sympy.Symbol, ...]:
    """Return real symbols of checked names."""
    if not isinstance(names, list) or not names:
        raise RunDirectoryError(f"domain coordinates: expected a list of names, got {names!r:.80}")
    checked = [stored_identifier("domain coordinates", name) for name in names]
    return tuple(sympy.Symbol(name, real=True) for name in checked)


def floats(key: str, values: object, count: int) -> list[float]:
    """Return a list of `count` numbers."""
    good = isinstance(values, list) and len(values) == count
    if not isinstance(values, list) or not good or not all(_is_number(v) for v in values):
        raise RunDirectoryError(f"domain {key}: expected {count} numbers, got {values!r:.80}")
    return [float(v) for v in values]


def rows(key: str, values: object, count: int) -> list[list[float]]:
    """Return a list of lists of `count` numbers."""
    if not isinstance(values, list):
        raise RunDirectoryError(f"domain {key}: expected a list of lists, got {values!r:.80}")
    return [floats(key, row, count) for row in values]


def line(data: dict[str, Any]) -> tuple[sympy.Symbol, float, float]:
    """Return the one coordinate of an interval and its bounds."""
    names, lower, upper = entries(data, "coordinates", "lower", "upper")
    found = symbols(names)
    if len(found) != 1:
        raise RunDirectoryError(f"domain {data['kind']}: expected one coordinate, got {len(found)}")
    return found[0], floats("lower", lower, 1)[0], floats("upper", upper, 1)[0]


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    )
