"""Boundary parts of a mesh that the user names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.logic.boolalg import Boolean

from kanpde.calculus import Indices
from kanpde.errors import InputError
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import checked_mask
from kanpde.pde import truth_of

_REST = "boundary"


def chosen_parts(
    parts: Mapping[str, Any],
    coordinates: Sequence[sympy.Symbol],
    middles: Array,
    groups: Indices,
    names: Sequence[str],
) -> tuple[Indices, tuple[str, ...]]:
    """Give every facet the number of the first part that holds it, -1 for none.

    Parameters
    ----------
    parts
        What each part is, see `Mesh`.
    coordinates
        Symbols of the columns of `middles`.
    middles
        Middles of the facets, ``(F, d)``.
    groups, names
        Groups of the file: number of each facet's, ``(F,)``, and what they are called.

    Raises
    ------
    InputError
        If `parts` is no mapping of names, or a part holds no facet.
    """
    if not isinstance(parts, Mapping) or not all(isinstance(k, str) and k for k in parts):
        raise InputError(
            f"Mesh parts: expected a dict from names to groups or relations, got {parts!r:.80}"
        )
    found = np.full(len(groups), -1, dtype=np.int64)
    for number, (name, what) in enumerate(parts.items()):
        holds = _where(name, what, coordinates, middles, groups, names)
        if not holds.any():
            known = ", ".join(names) or "none"
            raise InputError(
                f"Mesh parts: {name}: expected facets of the boundary, got none where {what}; "
                f"the file's groups are {known}"
            )
        found[holds & (found < 0)] = number
    return found, tuple(parts)


def _where(
    name: str,
    what: object,
    coordinates: Sequence[sympy.Symbol],
    middles: Array,
    groups: Indices,
    names: Sequence[str],
) -> NDArray[np.bool_]:
    if isinstance(what, bool | np.bool_) or what in (sympy.true, sympy.false):
        raise InputError(f"Mesh parts: {name}: expected a group, relation or predicate, got {what}")
    if isinstance(what, str | int | np.integer):
        text = what if isinstance(what, str) else f"tag {int(what)}"
        number = names.index(text) if text in names else -2
        return np.asarray(groups == number)
    if isinstance(what, Boolean):
        foreign = sorted(str(s) for s in what.free_symbols - set(coordinates))
        if foreign:
            raise InputError(
                f"Mesh parts: {name}: expected coordinates of the mesh in {what}, got "
                f"{', '.join(foreign)}"
            )
        return truth_of(what, coordinates, where=f"Mesh parts: {name}")(*middles.T)
    if callable(what) and not isinstance(what, sympy.Basic | type):
        return checked_mask(what)(middles)
    raise InputError(
        f"Mesh parts: {name}: expected a group, relation or predicate, got {what!r:.60}"
    )


def facets_of_parts(groups: Indices, names: Sequence[str]) -> dict[str, Indices]:
    """Return the numbers of the facets of every part; those in no group are ``"boundary"``.

    Examples
    --------
    >>> facets_of_parts(np.array([0, -1, 0]), ["inlet", "unused"])
    {'inlet': array([0, 2]), 'boundary': array([1])}
    """
    found = {}
    for k, name in enumerate(names):
        if (groups == k).any():
            found[name] = np.flatnonzero(groups == k)
    rest = np.flatnonzero(groups < 0)
    if len(rest):
        found[_REST] = np.concatenate([found.get(_REST, rest[:0]), rest])
    return found
