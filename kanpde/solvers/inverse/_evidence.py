r"""Linear algebra of an inverse problem with unknown fields: constraints, data, smoothness.

Linearised, the unknown coefficients are Gaussian: the equations hold up to a small tolerance
(rows K), fields are smooth (rows :math:`\lambda L`), and data (rows D) have noise. The
strength :math:`\lambda` is the one under which the data are most likely (type-II maximum
likelihood). All is done by QR of stacked rows, never by normal equations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from kanpde.optimize import triangle as reduced

Array = NDArray[np.float64]
SMALLEST = 1e-300


def triangle(rows: Array) -> Array:
    """Reduce rows ``(N, P)`` to their triangular factor, at most ``(P, P)``."""
    return np.asarray(reduced(torch.as_tensor(rows)))


def _logdet(factor: Array) -> float:
    return float(np.log(np.abs(np.diagonal(factor)).clip(SMALLEST)).sum())


@dataclass(frozen=True)
class Linearised:
    """Rows ``[J r]`` of constraints and of data (in units of their noise), reduced.

    Parameters
    ----------
    constraints, data
        Shape ``(n, P + 1)``, the residual in the last column.
    smooth
        Weight of every coefficient in the prior, ``(P,)``; 0 where there is none.
    point
        The coefficients that all is linearised at, ``(P,)``; the prior's mean is 0.
    """

    constraints: Array
    data: Array
    smooth: Array
    point: Array

    def _prior(self, strength: float) -> Array:
        """Rows of the prior; what has none gets one that only keeps the determinant finite."""
        weight = np.where(self.smooth > 0, strength * self.smooth, self._least)
        mean = np.where(self.smooth > 0, weight * self.point, 0.0)
        return np.column_stack((np.diag(weight), mean))

    @property
    def _least(self) -> float:
        return 1e-9 * float(np.abs(self.constraints[:, :-1]).max(initial=1e-9))

    def solve(self, strength: float) -> tuple[Array, Array]:
        """Step ``(P,)`` to the most likely coefficients, and the triangular factor there."""
        stacked = np.concatenate((self.constraints, self.data, self._prior(strength)))
        factor = triangle(stacked)
        move = solve_triangular(factor[:-1, :-1], -factor[:-1, -1], check_finite=False)
        return np.asarray(move), factor

    def surprise(self, strength: float) -> float:
        """Minus twice the logarithm of the data's likelihood, up to a constant."""
        prior = self._prior(strength)
        before = triangle(np.concatenate((self.constraints, prior)))
        _, after = self.solve(strength)
        size = after.shape[1] - 1
        determinants = _logdet(after[:size, :size]) - _logdet(before[:size, :size])
        return float(after[-1, -1] ** 2) + 2 * determinants

    def strength(self, candidates: Array) -> float:
        """Give the candidate under which the data are most likely."""
        return float(min(candidates, key=self.surprise))

    def freedom(self, factor: Array) -> float:
        """Count the coefficients that the data determine."""
        image = solve_triangular(factor[:-1, :-1].T, self.data[:, :-1].T, lower=True)
        return float(np.square(image).sum())


def sample(factor: Array, rng: np.random.Generator, count: int) -> Array:
    """Draw deviations of the coefficients from their posterior, ``(count, P)``."""
    size = factor.shape[1] - 1
    normal = rng.standard_normal((size, count))
    return np.asarray(solve_triangular(factor[:-1, :-1], normal, check_finite=False).T)


def deviation(factor: Array, k: int) -> float:
    """Posterior standard deviation of coefficient `k`."""
    seed = np.zeros(factor.shape[1] - 1)
    seed[k] = 1.0
    column = solve_triangular(factor[:-1, :-1].T, seed, lower=True, check_finite=False)
    return math.sqrt(float(column @ column))
