"""Similarities: translation, rotation and scaling by one factor for all coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from kanpde.errors import InputError
from kanpde.geometry import _numbers
from kanpde.geometry._samplers import Array


@dataclass(frozen=True, eq=False)
class Motion:
    """``x -> factor * rotation x + offset``.

    Examples
    --------
    >>> turn = Motion(2.0, np.array([[0.0, -1.0], [1.0, 0.0]]), np.zeros(2))
    >>> turn.forward(np.array([[1.0, 0.0]])).tolist()
    [[0.0, 2.0]]
    """

    factor: float
    rotation: Array  # (d, d), orthogonal
    offset: Array  # (d,)

    @property
    def matrix(self) -> Array:
        """Factor times rotation."""
        return self.factor * self.rotation

    @property
    def turns(self) -> bool:
        """Tell whether there is a rotation."""
        return not np.array_equal(self.rotation, np.eye(len(self.offset)))

    def forward(self, points: Array) -> Array:
        """Move points ``(N, d)``."""
        return points @ self.matrix.T + self.offset

    def backward(self, points: Array) -> Array:
        """Move points back to where they came from."""
        return (points - self.offset) @ self.rotation / self.factor

    def after(self, first: Motion) -> Motion:
        """Return the motion that does `first` and then this one."""
        return Motion(
            self.factor * first.factor,
            self.rotation @ first.rotation,
            self.matrix @ first.offset + self.offset,
        )


def rotation(angle: float, axis: Any, coordinates: Sequence[sympy.Symbol]) -> Array:
    """Return the matrix of a turn, by Rodrigues' formula in three dimensions."""
    c, s = np.cos(angle), np.sin(angle)
    if len(coordinates) == 2:
        if axis is not None:
            raise InputError(f"rotate axis: expected none in the plane, got {axis!r}; leave it out")
        return np.array([[c, -s], [s, c]])
    if len(coordinates) != 3:
        raise InputError(f"rotate: expected a domain of 2 or 3 coordinates, got {len(coordinates)}")
    k = axis_vector("rotate axis", axis, coordinates)
    cross = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.eye(3) + s * cross + (1.0 - c) * cross @ cross


def axis_vector(name: str, axis: Any, coordinates: Sequence[sympy.Symbol]) -> Array:
    """Return the unit vector of a coordinate or of three numbers.

    Raises
    ------
    InputError
        If it is neither, or zero.

    Examples
    --------
    >>> x, y, z = sympy.symbols("x y z")
    >>> axis_vector("axis", z, (x, y, z)).tolist(), axis_vector("axis", (0, 3, 4), (x, y, z))
    ([0.0, 0.0, 1.0], array([0. , 0.6, 0.8]))
    """
    if axis in list(coordinates):
        return np.eye(len(coordinates))[list(coordinates).index(axis)]
    if not isinstance(axis, tuple | list | np.ndarray):
        names = ", ".join(str(c) for c in coordinates)
        raise InputError(
            f"{name}: expected one of {names} or a vector of {len(coordinates)} numbers, "
            f"got {axis!r}"
        )
    vector = _numbers.vector(name, axis, len(coordinates))
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        raise InputError(f"{name}: expected a vector that is not zero, got {axis!r}")
    if abs(length - 1.0) <= 1e-15:  # read back from a file, it must stay as it was
        return vector
    return np.asarray(vector / length, dtype=np.float64)
