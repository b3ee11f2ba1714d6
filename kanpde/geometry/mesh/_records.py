"""The arrays of a mesh in its plain description, checked."""

from __future__ import annotations

from typing import Any

import sympy
from numpy.typing import NDArray

from kanpde.calculus import unpack
from kanpde.errors import RunDirectoryError
from kanpde.geometry import _records

_KEYS = ("coordinates", "closed", "points", "cells", "groups", "names")


def arrays_from_record(
    data: dict[str, Any],
) -> tuple[tuple[sympy.Symbol, ...], dict[str, NDArray[Any]], list[str]]:
    """Return the coordinates, the arrays and the names that `Mesh.to_record` described.

    Raises
    ------
    RunDirectoryError
        If a key, an array or a name is damaged.
    """
    _records.entries(data, *_KEYS)
    symbols = _records.symbols(data["coordinates"])
    d, closed, names = len(symbols), data["closed"], data["names"]
    if d not in (2, 3) or not isinstance(closed, bool) or (closed and d != 3):
        raise RunDirectoryError(f"domain mesh: expected two or three coordinates, got {d}")
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        raise RunDirectoryError(f"domain mesh: expected names of parts, got {names!r:.80}")
    arrays = {
        "points": unpack("domain points", data["points"], float, (None, d)),
        "cells": unpack("domain cells", data["cells"], int, (None, 3 if closed else d + 1)),
        "groups": unpack("domain groups", data["groups"], int, (None,)),
    }
    return symbols, arrays, names
