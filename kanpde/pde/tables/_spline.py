"""Tensor product splines through tables: values and derivatives, differentiable in torch."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import NdBSpline, make_interp_spline

from kanpde.errors import InputError, RunDirectoryError
from kanpde.ground._names import identifier, stored_identifier
from kanpde.pde.tables._tabulation import Array, Tabulation

MOST_AXES = 4


class Spline(Tabulation):
    """A spline of the same degree along every axis; immutable, equal where its numbers are.

    Parameters
    ----------
    name
        What it is called in expressions.
    knots
        Per axis, shape ``(n + degree + 1,)``.
    coefficients
        Shape ``(n_1, …, n_d)``.
    degree
        Polynomial degree, 1 to 5.
    """

    def __init__(self, name: str, knots: Sequence[Array], coefficients: Array, degree: int) -> None:
        self.name, self.degree = name, degree
        self.knots = tuple(np.ascontiguousarray(t, dtype=np.float64) for t in knots)
        self.coefficients = np.ascontiguousarray(coefficients, dtype=np.float64)
        self._spline = NdBSpline(self.knots, self.coefficients, degree)
        content = b"".join(a.tobytes() for a in (*self.knots, self.coefficients))
        shape = f"{name} {degree} {self.coefficients.shape}".encode()
        self.digest = hashlib.sha256(shape + content).hexdigest()

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.knots)

    def values(self, columns: Sequence[Array], nu: Sequence[int]) -> Array:
        """Give derivative `nu` at points given by their columns, which broadcast."""
        points = np.stack(np.broadcast_arrays(*columns), axis=-1)
        if any(n > self.degree for n in nu):
            return np.zeros(points.shape[:-1])
        return np.asarray(self._spline(points, nu=tuple(nu), extrapolate=True))

    def to_record(self) -> dict[str, Any]:
        """Describe the spline by lists and numbers."""
        return {
            "name": self.name,
            "degree": self.degree,
            "knots": [t.tolist() for t in self.knots],
            "coefficients": self.coefficients.tolist(),
        }

    @classmethod
    def from_record(cls, data: Any) -> Spline:
        """Rebuild a spline.

        Raises
        ------
        RunDirectoryError
            If the data are damaged.
        """
        try:
            degree, knots = int(data["degree"]), [np.array(t, float) for t in data["knots"]]
            coefficients = np.array(data["coefficients"], dtype=np.float64)
            wanted = tuple(len(t) - degree - 1 for t in knots)
            finite = all(np.isfinite(a).all() for a in (*knots, coefficients))
            if coefficients.shape != wanted or not finite or not 1 <= degree <= 5:
                raise ValueError(f"shape {coefficients.shape}")
            name = stored_identifier("program: a table", data["name"])
            return cls(name, knots, coefficients, degree)
        except RunDirectoryError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise RunDirectoryError(f"program: a table is damaged ({error})") from None


def interpolate(name: str, axes: Any, values: ArrayLike, degree: int) -> Spline:
    """Interpolate a table on a grid by a tensor product spline.

    Raises
    ------
    InputError
        If the name is no identifier; if axes and values do not fit together, are not finite or
        not increasing.
    """
    identifier("table", name)
    if not isinstance(degree, int) or not 1 <= degree <= 5:
        raise InputError(f"table {name}: order: expected 1 to 5, got {degree!r}")
    table = _finite(f"table {name}: values", values)
    grids = [_finite(f"table {name}: axes", a) for a in _as_axes(axes)]
    shape = tuple(len(a) for a in grids)
    if table.shape != shape or not 1 <= len(grids) <= MOST_AXES:
        raise InputError(
            f"table {name}: values: expected shape {shape} of the axes (one to {MOST_AXES} of "
            f"them), got {table.shape}"
        )
    knots = []
    for k, grid in enumerate(grids):
        if grid.ndim != 1 or len(grid) <= degree or not (np.diff(grid) > 0).all():
            raise InputError(
                f"table {name}: axis {k + 1}: expected more than {degree} increasing numbers, "
                f"got {len(grid)}" + ("" if len(grid) <= degree else " that do not increase")
            )
        spline = make_interp_spline(grid, np.moveaxis(table, k, 0), k=degree)
        knots.append(np.asarray(spline.t))
        table = np.moveaxis(np.asarray(spline.c), 0, k)
    return Spline(name, knots, table, degree)


def _as_axes(axes: Any) -> list[Any]:
    """Give a list of axes; a single axis may stand without a list around it."""
    given = list(axes)
    return [given] if given and np.ndim(given[0]) == 0 else given


def _finite(name: str, given: ArrayLike) -> Array:
    try:
        numbers = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers ({error})") from None
    if not np.isfinite(numbers).all():
        first = next(v for v in numbers.flat if not math.isfinite(v))
        raise InputError(f"{name}: expected finite numbers, got {first}")
    return numbers
