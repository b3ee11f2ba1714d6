"""Accumulators for many coefficients, where a P x P matrix is too much.

`Dual` needs N² memory beside the rows, for fewer rows than coefficients.
`ConjugateGradients` needs products with J only: rows are kept where they fit and
assembled again where they do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from kanpde.errors import NumericalError
from kanpde.optimize._accumulators import Accumulator, Gram, StreamingQR, Whole
from kanpde.optimize._factor import column_scale
from kanpde.optimize._source import RowSource
from kanpde.optimize._threads import many_threads

Again = Callable[[], Iterable[tuple[Tensor, Tensor]]]
MATRIX_BYTES = 2_000_000_000  # for a square matrix, its scaled copy and its factor
TINY_DAMPING = 1e-13
REFINEMENTS = 3


class Dual(Accumulator):
    """J S⁻² Jᵀ and Cholesky, N x N: the kernel form, for fewer rows than coefficients.

    (JᵀJ + λS²)⁻¹ Jᵀ = S⁻² Jᵀ (J S⁻² Jᵀ + λ)⁻¹, so a step costs N²P + N³/3.
    """

    def __init__(self, count: int, like: Tensor, *, keep: float = 0) -> None:
        super().__init__(count, like, keep=math.inf)
        self._squares = torch.zeros_like(self.gradient)
        self._matrix: Tensor | None = None
        self._factor: tuple[float, Tensor] | None = None
        self._scale = torch.ones_like(self.gradient)

    def _add(self, jacobian: Tensor, residual: Tensor) -> None:
        self._squares += jacobian.square().sum(dim=0)

    def reduce(self) -> None:
        """Form the kernel block by block: no second copy of the rows."""
        assert self._kept is not None
        self._scale = column_scale(self._squares)
        self._matrix = self.gradient.new_empty(self.rows, self.rows)
        self._factor = None
        ends = [0]
        for block in self._kept:
            ends.append(ends[-1] + len(block))
        with many_threads(self.rows):
            for i, left in enumerate(self._kept):
                scaled = left / self._scale.square()
                for j, right in enumerate(self._kept[: i + 1]):
                    part = scaled @ right.T
                    self._matrix[ends[i] : ends[i + 1], ends[j] : ends[j + 1]] = part
                    self._matrix[ends[j] : ends[j + 1], ends[i] : ends[i + 1]] = part.T

    def _invert(self, vector: Tensor, damping: float) -> Tensor:
        """Apply (K + damping)⁻¹ to a vector ``(N,)``."""
        assert self._matrix is not None
        if self._factor is None or self._factor[0] != damping:
            shifted = self._matrix.clone()
            shifted.diagonal().add_(damping)
            with many_threads(self.rows):
                factor, info = torch.linalg.cholesky_ex(shifted)
            if int(info) != 0 or not bool(torch.isfinite(factor).all()):
                raise NumericalError(f"Cholesky: the kernel is singular at damping {damping:.1e}")
            self._factor = (damping, factor)
        return torch.cholesky_solve(vector[:, None], self._factor[1])[:, 0]

    def step(self, damping: float) -> Tensor:
        """Levenberg-Marquardt step, never through the P x P matrix."""
        inner = self._invert(torch.cat(self._residuals), damping)
        return -self.apply_transposed(inner) / self._scale.square()

    def solve(self, right: Tensor, damping: float) -> Tensor:
        """Solve by Woodbury's identity, refined: it cancels where the damping is small."""
        if damping <= 0:
            raise NumericalError("Cholesky: the kernel form needs a positive damping")
        squares = self._scale.square()
        found, rest = torch.zeros_like(right), right
        for _ in range(REFINEMENTS):
            inner = self._invert(self.apply(rest / squares), damping)
            found = found + (rest - self.apply_transposed(inner)) / (damping * squares)
            image = self.apply_transposed(self.apply(found)) + damping * squares * found
            rest = right - image
        return found


class ConjugateGradients(Accumulator):
    """Preconditioned conjugate gradients: no square matrix at all.

    Columns are scaled and the largest eigenvalues deflated by a randomised Nyström
    approximation of `rank` columns.

    Parameters
    ----------
    again
        Gives the rows once more, at the same coefficients; used where they are not kept.
    tolerance, most
        Where to stop: size of the residual relative to the right side; iterations.
    rank
        Columns of the preconditioner.

    References
    ----------
    Frangella, Tropp, Udell, *Randomized Nyström preconditioning*, SIAM J. Matrix Anal.
    Appl. 44 (2023), algorithm 2.1 and eq. 1.3.
    """

    def __init__(
        self,
        count: int,
        like: Tensor,
        *,
        keep: float = 0,
        again: Again | None = None,
        tolerance: float = 1e-6,
        most: int = 300,
        rank: int = 200,
    ) -> None:
        super().__init__(count, like, keep=keep)
        self.tolerance, self.most, self.rank = tolerance, most, min(rank, count // 4)
        self.iterations = 0
        self._again = again
        self._squares = torch.zeros_like(self.gradient)
        self._scale = torch.ones_like(self.gradient)
        self._deflated: tuple[Tensor, Tensor] | None = None

    def _add(self, jacobian: Tensor, residual: Tensor) -> None:
        self._squares += jacobian.square().sum(dim=0)

    def _chunks(self) -> Iterator[Tensor]:
        if self._kept is not None:
            yield from self._kept
            return
        assert self._again is not None
        for jacobian, _ in self._again():
            yield jacobian

    def _normal(self, directions: Tensor) -> Tensor:
        """JᵀJ times directions in scaled coefficients, ``(P,)`` or ``(P, k)``."""
        scale = self._scale if directions.dim() == 1 else self._scale[:, None]
        inner, total = directions / scale, torch.zeros_like(directions)
        for jacobian in self._chunks():
            total += jacobian.T @ (jacobian @ inner)
        return total / scale

    def reduce(self) -> None:
        """Scale the columns and sketch the largest eigenvalues, in one pass over the rows."""
        self._scale = column_scale(self._squares)
        self._deflated = None
        if self.rank < 1:
            return
        generator = torch.Generator().manual_seed(0)
        drawn = torch.randn(self.count, self.rank, generator=generator, dtype=torch.float64)
        with many_threads(self.count):
            basis = torch.linalg.qr(drawn.to(self.gradient))[0]
            image = self._normal(basis)
            shift = float(torch.finfo(image.dtype).eps * image.norm())
            image = image + shift * basis
            core = basis.T @ image
            factor, info = torch.linalg.cholesky_ex((core + core.T) / 2)
            if int(info) != 0:
                return  # fewer directions than columns: plain scaling will do
            half = torch.linalg.solve_triangular(factor, image.T, upper=False).T
            u, s, _ = torch.linalg.svd(half, full_matrices=False)
        u = u * (self._squares > 0)[:, None]  # columns of zeros get nothing from the shift
        self._deflated = (u, (s.square() - shift).clamp_min(0))

    def _precondition(self, vector: Tensor, damping: float) -> Tensor:
        if self._deflated is None:
            return vector
        u, values = self._deflated
        inner = u.T @ vector
        return vector + u @ (inner * ((values[-1] + damping) / (values + damping) - 1))

    def solve(self, right: Tensor, damping: float) -> Tensor:
        """Solve by conjugate gradients, to the tolerance or as far as they come."""
        rest = right / self._scale
        found = torch.zeros_like(rest)
        goal = self.tolerance * float(rest.norm())
        corrected = self._precondition(rest, damping)
        direction, size = corrected, float(rest @ corrected)
        self.iterations = 0
        while self.iterations < self.most and float(rest.norm()) > goal and size > 0:
            image = self._normal(direction) + damping * direction
            bend = float(direction @ image)
            if not bend > 0:
                break
            found = found + size / bend * direction
            rest = rest - size / bend * image
            corrected = self._precondition(rest, damping)
            before, size = size, float(rest @ corrected)
            direction = corrected + size / before * direction
            self.iterations += 1
        return found / self._scale

    def decrease(self, step: Tensor) -> float:
        """Predicted decrease of the loss."""
        scaled = step * self._scale
        return -float(2 * self.gradient @ step + scaled @ self._normal(scaled))


def repeated(rows: RowSource) -> Again:
    """Give the rows of the present coefficients as often as asked, wherever the trial is then."""
    here = rows.trial.get()

    def again() -> Iterator[tuple[Tensor, Tensor]]:
        now = rows.trial.get()
        rows.trial.set(here)
        try:
            yield from rows.jacobian()
        finally:
            rows.trial.set(now)

    return again


def choose(name: str, count: int, rows: int, damping: float) -> str:
    """Choose the form of the normal equations: by sizes, memory and damping.

    Parameters
    ----------
    name
        One of gram, qr, dual, cg, whole, which is then what is used, or auto.
    count, rows
        Numbers of coefficients P and of rows N.
    damping
        Where it is tiny, the triangular factor keeps the digits.

    Examples
    --------
    >>> [choose("auto", *sizes, 1e-3) for sizes in ((681, 7000), (3000, 800), (60000, 400000))]
    ['gram', 'dual', 'cg']
    """
    if name != "auto":
        return name
    size = 3 * 8
    few = rows < count and size * rows * rows + 8 * rows * count <= MATRIX_BYTES
    if size * count * count > MATRIX_BYTES:
        return "dual" if few else "cg"
    if damping < TINY_DAMPING:
        return "qr"
    return "dual" if few else "gram"


def make(kind: str, count: int, like: Tensor, *, keep: float, again: Again) -> Accumulator:
    """Make the accumulator of a kind.

    Parameters
    ----------
    kind
        One of gram, qr, dual, cg, whole.
    count, like, keep
        As every accumulator takes them.
    again
        Gives the rows once more.
    """
    if kind == "cg":
        return ConjugateGradients(count, like, keep=keep, again=again)
    if kind == "whole":
        return Whole(count, like)
    plain = {"gram": Gram, "qr": StreamingQR, "dual": Dual}[kind]
    return plain(count, like, keep=keep)
