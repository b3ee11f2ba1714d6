"""Text of the command line to values: by type, never by evaluating it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

from kanpde.errors import InputError

TRUE = ("true", "1", "yes", "on")
FALSE = ("false", "0", "no", "off")


def split_pair(text: str, option: str) -> tuple[str, str]:
    """Split ``NAME=VALUE``.

    Raises
    ------
    InputError
        If there is no ``=`` or no name before it.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InputError(
            f"{option} {text}: expected NAME=VALUE, got {text!r}; write {option} NAME=VALUE"
        )
    return name.strip(), value.strip()


def to_int(text: str, where: str) -> int:
    """Convert a plain whole number."""
    try:
        return int(text)
    except ValueError:
        raise InputError(
            f"{where}: expected a whole number, got {text!r}; write for example 3"
        ) from None


def to_float(text: str, where: str) -> float:
    """Convert a plain finite number; expressions are not evaluated."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{where}: expected a plain number, got {text!r}; "
            "write for example 0.01 or 1e-3 (expressions are not evaluated)"
        )
    return value


def to_bool(text: str, where: str) -> bool:
    """Convert true/false, yes/no, on/off, 1/0."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise InputError(f"{where}: expected true or false, got {text!r}; write true or false")


def to_ints(text: str, where: str) -> tuple[int, ...]:
    """Convert whole numbers with commas between them."""
    try:
        return tuple(int(part) for part in _parts(text))
    except ValueError:
        raise InputError(
            f"{where}: expected whole numbers with commas between them, got {text!r}; "
            "write for example 6,6"
        ) from None


def to_floats(text: str, where: str) -> tuple[float, ...]:
    """Convert plain numbers with commas between them."""
    parts = _parts(text)
    if not parts:
        raise InputError(
            f"{where}: expected numbers with commas between them, got {text!r}; "
            "write for example 0.5,1"
        )
    return tuple(to_float(part, where) for part in parts)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Name the closest of `known`, as ``'; did you mean grid?'``, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _parts(text: str) -> list[str]:
    inner = text.strip().removeprefix("(").removesuffix(")").strip().removesuffix(",")
    return [part.strip() for part in inner.split(",")] if inner else []
