"""Data of a mesh file: one column of numbers, and its name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from kanpde.errors import InputError
from kanpde.geometry._samplers import Array
from kanpde.ground._names import LONGEST_NAME, is_identifier


def column(known: Mapping[str, tuple[str, Array]], name: str, component: int | None) -> Array:
    """Return the numbers of that name, or of one component of them.

    Raises
    ------
    InputError
        If there are no such data, or they are not finite.

    Examples
    --------
    >>> column({"v": ("point", np.array([[1.0, 2.0], [3.0, 4.0]]))}, "v", 1).tolist()
    [2.0, 4.0]
    """
    if name not in known:
        names = ", ".join(known) or "none"
        raise InputError(f"mesh: expected data of the file, got {name!r}; it holds {names}")
    _, values = known[name]
    width = 1 if values.ndim == 1 else values.shape[1]
    if values.ndim == 2:
        if (component is None and width > 1) or not 0 <= (component or 0) < width:
            raise InputError(
                f"mesh: {name}: expected component= from 0 to {width - 1}, got {component}"
            )
        values = values[:, component or 0]
    if not np.isfinite(values).all():
        raise InputError(f"mesh: {name}: expected finite numbers, got NaN or infinity")
    return np.ascontiguousarray(values)


def field_name(name: str, component: int | None) -> str:
    """Make the name of a file's data, or of one component, an identifier, as expressions hold it.

    Examples
    --------
    >>> field_name("heat flux", 1)
    'heat_flux_1'
    """
    end = "" if component is None else f"_{component}"
    letters = "".join(c if f"a{c}".isidentifier() else " " for c in name)
    label = re.sub(r"\W+", "_", letters)[: LONGEST_NAME - len(end)] + end
    return label if is_identifier(label) else f"field_{label.lstrip('_')}"[:LONGEST_NAME]
