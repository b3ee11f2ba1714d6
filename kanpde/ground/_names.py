"""The one grammar of names, and free text made safe to show.

A name that may stand in an expression (a coordinate, an unknown, a constant, a table) is an
identifier wherever it comes from, so that no generated text can mean anything else than it.
Names of equations, conditions, columns and functions are free text for people: they never reach
an expression as source, and are made visible where they are shown.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable
from typing import Any

from kanpde.errors import InputError, KanpdeError, RunDirectoryError

LONGEST_NAME = 64
# What mathematics calls a wavelength or an eigenvalue; nothing evaluates names as source.
_KEYWORDS = frozenset(keyword.kwlist) - {"lambda"}
_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # text that turns around


def is_identifier(name: object) -> bool:
    """Tell whether `name` is an identifier of at most 64 letters, no keyword, no dunder.

    Examples
    --------
    >>> is_identifier("u_1"), is_identifier("ψ"), is_identifier("lambda")
    (True, True, True)
    >>> is_identifier("2x"), is_identifier("f(x)"), is_identifier("__import__")
    (False, False, False)
    """
    return (
        isinstance(name, str)
        and len(name) <= LONGEST_NAME
        and name.isidentifier()
        and name not in _KEYWORDS
        and not name.startswith("__")
    )


def identifier(where: str, name: object, *, error: type[KanpdeError] = InputError) -> str:
    """Return `name`, or raise unless it is an identifier.

    Raises
    ------
    InputError
        Or `error`, if it is anything else.

    Examples
    --------
    >>> identifier("table", "conductivity")
    'conductivity'
    >>> identifier("table", "a + b")
    Traceback (most recent call last):
        ...
    kanpde.errors.InputError: table: expected a name (an identifier such as u or k_1, ...
    """
    if not is_identifier(name):
        raise error(
            f"{where}: expected a name (an identifier such as u or k_1, of at most "
            f"{LONGEST_NAME} letters, digits and _, no keyword), came {name!r:.80}"
        )
    return str(name)


def stored_identifier(where: str, name: object) -> str:
    """Return a name that was read from a run directory.

    Raises
    ------
    RunDirectoryError
        If it is no identifier.
    """
    return identifier(where, name, error=RunDirectoryError)


def stored_identifiers(where: str, names: Iterable[Any]) -> tuple[str, ...]:
    """Return different names that were read from a run directory.

    Raises
    ------
    RunDirectoryError
        If one is no identifier or comes twice.

    Examples
    --------
    >>> stored_identifiers("coordinates", ["x", "t"])
    ('x', 't')
    """
    found = tuple(stored_identifier(where, name) for name in names)
    if len(set(found)) != len(found):
        raise RunDirectoryError(f"{where}: expected different names, came {', '.join(found)}")
    return found


def visible(text: str) -> str:
    r"""Write what would steer a terminal as an escape: control characters, turned text.

    Line ends stay.

    Examples
    --------
    >>> visible("walls at x = 0"), visible("\x1b[2J")
    ('walls at x = 0', '\\x1b[2J')
    """
    if text.isprintable():
        return text
    return "".join(_escape(c) if _steers(c) else c for c in text)


def _steers(letter: str) -> bool:
    if letter == "\n":
        return False
    return letter in _DIRECTIONS or unicodedata.category(letter) == "Cc"


def _escape(letter: str) -> str:
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
