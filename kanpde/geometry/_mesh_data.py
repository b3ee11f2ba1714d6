"""Rebuild a mesh from its plain description, strictly."""

from __future__ import annotations

from typing import Any

import sympy

from kanpde._simplices import unpack
from kanpde.errors import RunDirectoryError
from kanpde.geometry._mesh import Mesh

KEYS = ("coordinates", "closed", "points", "cells", "groups", "names")


def mesh_from_data(symbols: tuple[sympy.Symbol, ...], data: dict[str, Any]) -> Mesh:
    """Rebuild the mesh that `Mesh.to_data` described, with the keys `KEYS`.

    Raises
    ------
    RunDirectoryError
        If an array or a name is damaged.
    InputError
        If the arrays do not make a mesh.
    """
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
    return Mesh.from_arrays(symbols, arrays, names, closed=closed)
