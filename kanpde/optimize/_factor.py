"""Rows factored: triangles, and singular values of columns scaled to norm one.

A column whose norm is zero, or vanishes beside the largest, keeps its scale.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kanpde.optimize._threads import many_threads


def column_scale(squares: Tensor) -> Tensor:
    """Column norms from their squares; one where a column is zero, so that it is left alone."""
    norms = squares.clamp_min(0).sqrt()
    floor = norms.max() * 1e-150 if len(norms) else norms
    return torch.where(norms > floor, norms, torch.ones_like(norms))


def triangle(rows: Tensor) -> Tensor:
    """Reduce rows ``(N, P)`` to their triangular factor, at most ``(P, P)``."""
    if len(rows) <= rows.shape[1]:
        return rows
    with many_threads(rows.shape[1]):
        return torch.linalg.qr(rows, mode="r")[1]


class Factor:
    """J = Q U Σ Vᵀ S with scaled columns, for solves at any damping.

    Parameters
    ----------
    rows
        J of shape ``(N, P)``.
    scale
        S, ``(P,)``; the column norms where none is given.
    cutoff
        Directions whose singular values are at most this share of the largest stay where they
        are; round-off times their number where none is given.

    Examples
    --------
    >>> rows = torch.tensor([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]])
    >>> Factor(rows).step(torch.tensor([-1.0, 0.0, -1.0]), 0.0)  # the smallest scaled step
    tensor([0.5000, 0.2500])
    """

    def __init__(
        self, rows: Tensor, *, scale: Tensor | None = None, cutoff: float | None = None
    ) -> None:
        self.scale = column_scale(rows.square().sum(dim=0)) if scale is None else scale
        scaled, self._q = rows / self.scale, None
        with many_threads(rows.shape[1]):
            if len(rows) > rows.shape[1] + 1:
                self._q, scaled = torch.linalg.qr(scaled)
            u, self.values, self._vt = torch.linalg.svd(scaled, full_matrices=False)
        self._ut = u.T
        self.top = self.values.max() if len(self.values) else self.values.sum()
        usual = torch.finfo(rows.dtype).eps * len(self.values)
        self._kept = self.values > self.top * (usual if cutoff is None else cutoff)

    @property
    def rank(self) -> int:
        """How many directions are kept."""
        return int(self._kept.sum())

    @property
    def basis(self) -> Tensor:
        """Directions that are kept, orthonormal in the metric of J, ``(P, rank)``."""
        return self._vt[self._kept].T / self.values[self._kept] / self.scale[:, None]

    @property
    def rest(self) -> Tensor:
        """Directions of the scaled columns that are not kept, ``(P - rank, P)``."""
        return self._vt[~self._kept]

    @property
    def smallest(self) -> Tensor:
        """Direction of the scaled columns that J sees least, ``(P,)``.

        Where J has fewer rows than columns it is one that J does not see at all.
        """
        if len(self._vt) == self._vt.shape[1]:
            return self._vt[-1]
        unseen: Tensor = torch.linalg.svd(self._vt, full_matrices=True)[2][-1]
        return unseen

    def components(self, residual: Tensor) -> Tensor:
        """Components of a residual ``(N,)`` along the left singular vectors."""
        return self._ut @ (residual if self._q is None else self._q.T @ residual)

    def step(self, residual: Tensor, damping: float | Tensor) -> Tensor:
        """Minimiser of ‖J d + r‖² + damping ‖S d‖², ``(P,)``."""
        return self.combine(self.components(residual), damping)

    def combine(self, components: Tensor, damping: float | Tensor) -> Tensor:
        """Damped step from `components`."""
        shrunk = self._filtered(self.values / (self.values.square() + damping))
        return -(self._vt.T @ (shrunk * components)) / self.scale

    def solve(self, right: Tensor, damping: float | Tensor) -> Tensor:
        """Solve ``(JᵀJ + damping · S²) x = right`` with the squared singular values."""
        inverse = self._filtered(1 / (self.values.square() + damping))
        return self._vt.T @ (inverse * (self._vt @ (right / self.scale))) / self.scale

    def _filtered(self, factors: Tensor) -> Tensor:
        return torch.where(self._kept, factors, torch.zeros_like(factors))
