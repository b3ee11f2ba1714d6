"""Similarities: translation, rotation and scaling by one factor for all coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
