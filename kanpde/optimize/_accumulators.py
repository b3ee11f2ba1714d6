"""What optimizers see of J: sums that need P² memory, never N·P.

Forms with one interface: `Gram` holds JᵀJ (cheap, loses half the digits), `StreamingQR` the
triangular factor of [J r] (dearer, keeps them), `Whole` the rows and their singular values
(for many steps from one J). Columns are scaled to norm one before any solve; zero columns stay
at zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.linalg import blas
from torch import Tensor

from kanpde.errors import NumericalError
from kanpde.optimize._factor import Factor, column_scale, triangle
from kanpde.optimize._source import RowSource
from kanpde.optimize._threads import many_threads

if TYPE_CHECKING:
    from typing_extensions import Self


class Accumulator:
    """Sums rows; solves the damped, column-scaled normal equations.

    Parameters
    ----------
    count
        Number of coefficients P.
    like
        A tensor of the dtype and on the device to work with.
    keep
        Bytes of rows that may be kept beside the sums, which makes products
        with J cheap; 0 streams.
    """

    def __init__(self, count: int, like: Tensor, *, keep: float = 0) -> None:
        self.count = count
        self.loss = 0.0
        self.gradient = torch.zeros(count, dtype=like.dtype, device=like.device)
        self.rows = 0
        self._workspace = keep
        self._kept: list[Tensor] | None = [] if keep else None
        self._residuals: list[Tensor] = []

    def gather(self, rows: RowSource) -> Self:
        """Add all rows where the trial is, and finish the sums."""
        for jacobian, residual in rows.jacobian():
            self.add(jacobian, residual)
        self.reduce()
        return self

    def add(self, jacobian: Tensor, residual: Tensor) -> None:
        """Add rows ``J`` of shape ``(n, P)`` and ``r`` of shape ``(n,)``."""
        self.loss += float(residual.square().sum())
        self.gradient += jacobian.T @ residual
        self.rows += len(residual)
        self._residuals.append(residual)
        if self._kept is not None:
            self._workspace -= jacobian.numel() * jacobian.element_size()
            if self._workspace < 0:
                self._kept = None
            else:
                self._kept.append(jacobian)
        self._add(jacobian, residual)

    def _add(self, jacobian: Tensor, residual: Tensor) -> None:
        """Do what the form needs to; keeping is enough for some."""

    def replace(self, loss: float, gradient: Tensor) -> None:
        """Take loss and Jᵀr from elsewhere, where the rows are there for the curvature alone."""
        self.loss, self.gradient = loss, gradient

    def reduce(self) -> None:
        """Finish the sums; over several processes this is the all-reduce."""

    @property
    def kept(self) -> bool:
        """Whether the rows themselves are at hand."""
        return self._kept is not None

    def apply(self, direction: Tensor) -> Tensor:
        """J times a direction, from kept rows."""
        assert self._kept is not None
        return torch.cat([j @ direction for j in self._kept])

    def apply_transposed(self, vector: Tensor) -> Tensor:
        """J transposed times a vector, from kept rows."""
        assert self._kept is not None
        total = torch.zeros_like(self.gradient)
        start = 0
        for j in self._kept:
            total += j.T @ vector[start : start + len(j)]
            start += len(j)
        return total

    def step(self, damping: float) -> Tensor:
        """Levenberg-Marquardt step: minimiser of ‖J d + r‖² + damping ‖S d‖², ``(P,)``."""
        return self.solve(-self.gradient, damping)

    def against(self, residual: Tensor, damping: float) -> Tensor:
        """Damped step ``(P,)`` against the residual of another place, from kept rows."""
        return self.solve(-self.apply_transposed(residual), damping)

    def solve(self, right: Tensor, damping: float) -> Tensor:
        """Solve ``(JᵀJ + damping · S²) x = right``, S the column norms."""
        raise TypeError("Accumulator is abstract; use Gram or StreamingQR")

    def decrease(self, step: Tensor) -> float:
        """Decrease of the loss that the linear model predicts for `step`, from kept rows."""
        image = self.apply(step)
        return -float(2 * self.gradient @ step + image @ image)


class Gram(Accumulator):
    """JᵀJ and Cholesky: the form for damping well above round-off."""

    def __init__(self, count: int, like: Tensor, *, keep: float = 0) -> None:
        super().__init__(count, like, keep=keep)
        self.matrix = torch.zeros(count, count, dtype=like.dtype, device=like.device)
        self._fast = like.device.type == "cpu"
        self._factor: tuple[float, Tensor] | None = None
        self._scale: Tensor | None = None

    def _add(self, jacobian: Tensor, residual: Tensor) -> None:
        if not len(residual):  # BLAS complains aloud of matrices without rows
            return
        if not self._fast:
            self.matrix.addmm_(jacobian.T, jacobian)
            return
        # syrk does half the work of gemm; it fills one triangle, mirrored in `reduce`.
        update = blas.dsyrk if jacobian.dtype == torch.float64 else blas.ssyrk
        own = self.matrix.numpy()
        a = np.asarray(jacobian.detach())
        if a.flags.f_contiguous:
            result = update(1.0, a, beta=1.0, c=own.T, trans=1, lower=0, overwrite_c=1)
        else:
            a = np.ascontiguousarray(a)
            result = update(1.0, a.T, beta=1.0, c=own.T, lower=0, overwrite_c=1)
        if not np.shares_memory(result, own):
            own.T[...] = result

    def reduce(self) -> None:
        """Mirror the triangle that was filled."""
        if self._fast:
            lower = torch.tril(self.matrix)
            self.matrix = lower + torch.tril(lower, -1).T
        self._scale = column_scale(self.matrix.diagonal())
        self._factor = None

    def solve(self, right: Tensor, damping: float) -> Tensor:
        """Solve by Cholesky of the scaled matrix.

        Raises
        ------
        NumericalError
            If the matrix is not positive definite at this damping.
        """
        assert self._scale is not None
        if self._factor is None or self._factor[0] != damping:
            scaled = self.matrix / self._scale[:, None] / self._scale[None]
            scaled.diagonal().add_(damping)
            with many_threads(self.count):
                factor, info = torch.linalg.cholesky_ex(scaled)
            if int(info) != 0 or not bool(torch.isfinite(factor).all()):
                raise NumericalError(
                    f"Cholesky: the normal equations are singular at damping {damping:.1e}"
                )
            self._factor = (damping, factor)
        y = torch.cholesky_solve((right / self._scale)[:, None], self._factor[1])[:, 0]
        return y / self._scale

    def decrease(self, step: Tensor) -> float:
        """Predicted decrease of the loss."""
        return -float(2 * self.gradient @ step + step @ (self.matrix @ step))


class _Factored(Accumulator):
    """Solved by the singular values of the column-scaled rows."""

    _factor: Factor
    _components: Tensor

    def _shift(self, damping: float) -> float | Tensor:
        """Damping on the squared singular values."""
        return damping

    def step(self, damping: float) -> Tensor:
        """Damped step without ever forming JᵀJ; directions below round-off are left out."""
        return self._factor.combine(self._components, self._shift(damping))

    def solve(self, right: Tensor, damping: float) -> Tensor:
        """Solve with the squared singular values."""
        return self._factor.solve(right, self._shift(damping))

    @property
    def spectrum(self) -> Tensor:
        """Singular values of the column-scaled J, largest first."""
        return self._factor.values


class StreamingQR(_Factored):
    """Triangular factor of [J r], updated a chunk at a time."""

    def __init__(self, count: int, like: Tensor, *, keep: float = 0) -> None:
        super().__init__(count, like, keep=keep)
        self._triangle = torch.zeros(0, count + 1, dtype=like.dtype, device=like.device)
        self._waiting: list[Tensor] = []

    def _add(self, jacobian: Tensor, residual: Tensor) -> None:
        self._waiting.append(torch.cat((jacobian, residual[:, None]), dim=1))
        if sum(len(w) for w in self._waiting) >= max(self.count, 512):
            self._merge()

    def _merge(self) -> None:
        self._triangle = triangle(torch.cat((self._triangle, *self._waiting)))
        self._waiting = []

    def reduce(self) -> None:
        """Merge what waits and decompose the scaled factor."""
        self._merge()
        self._factor = Factor(self._triangle[:, :-1])
        self._components = self._factor.components(self._triangle[:, -1])

    def decrease(self, step: Tensor) -> float:
        """Predicted decrease of the loss."""
        matrix, right = self._triangle[:, :-1], self._triangle[:, -1]
        image = matrix @ step
        return -float(2 * right @ image + image @ image)


class Whole(_Factored):
    """All rows: one factor for every damping and for the residuals of other places.

    The damping is relative to the largest squared singular value of the scaled J.

    Parameters
    ----------
    cutoff
        As `Factor` takes it; round-off where none is given.
    """

    def __init__(self, count: int, like: Tensor, *, cutoff: float | None = None) -> None:
        super().__init__(count, like, keep=math.inf)
        self.cutoff = torch.finfo(like.dtype).eps if cutoff is None else cutoff

    def reduce(self) -> None:
        """Decompose the rows, unless one of them is not finite."""
        assert self._kept is not None
        if bool(torch.isfinite(self.gradient).all()):
            self._factor = Factor(torch.cat(self._kept), cutoff=self.cutoff)
            self._components = self._factor.components(torch.cat(self._residuals))

    def _shift(self, damping: float) -> float | Tensor:
        return damping * self._factor.top**2

    def against(self, residual: Tensor, damping: float) -> Tensor:
        """Damped step against the residual of another place, with all digits."""
        return self._factor.step(residual, self._shift(damping))
