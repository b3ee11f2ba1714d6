"""Gauss-Newton on product KANs: few assemblies of J, chord steps between them."""

from __future__ import annotations

from torch import Tensor

from kanpde.errors import NumericalError
from kanpde.optimize._minimize import LeastSquares, Search, StepReport

SMALLEST, GROWTH, LARGEST = 1e-14, 30.0, 1e-4
MOST_CHORDS, MOST_HALVINGS = 8, 4
SLOW, FAST = 0.25, 0.04  # of the loss: less gain ends the iteration, more keeps the Jacobian
KEEP = 1_500_000_000


class GaussNewton(LeastSquares):
    """Steps as little damped as the factorisation allows, halved where they go too far.

    A Jacobian is used for several steps as long as each gains a factor of five, because
    its Gram product and factorisation cost far more than a residual.

    Parameters
    ----------
    accuracy
        It has converged where a step changes the coefficients by less than this share.
    chords
        Most steps from one Jacobian.
    slow
        It has converged, too, where the first full step leaves more than this share of the loss.
    damping, linear_algebra
        As for every `LeastSquares`.
    """

    name = "gauss-newton"

    def __init__(
        self,
        *,
        accuracy: float = 0.0,
        chords: int = MOST_CHORDS,
        slow: float = SLOW,
        damping: float = SMALLEST,
        linear_algebra: str = "gram",
    ) -> None:
        super().__init__(
            damping=damping, linear_algebra=linear_algebra, keep=KEEP if chords > 1 else 0
        )
        self.accuracy, self.chords, self.slow = accuracy, chords, slow

    def _move(self, search: Search) -> StepReport:
        before, step = search.loss, self._first(search)
        converged = step is not None and self._chords(search, step)
        accepted = search.loss < before
        return StepReport(search.loss, accepted, damping=self.damping, converged=converged)

    def _first(self, search: Search) -> Tensor | None:
        """First step at the smallest damping that the factorisation allows."""
        while self.damping <= LARGEST:
            try:
                return search.sums.step(self.damping)
            except NumericalError:
                self.damping = max(GROWTH * self.damping, SMALLEST)
        return None

    def _chords(self, search: Search, step: Tensor) -> bool:
        """Step with one Jacobian; tells whether nothing is left to gain."""
        for chord in range(self.chords):
            if chord and self._small(step, search.best):
                return True
            before, start = search.loss, search.best
            for halving in range(1 if chord else MOST_HALVINGS + 1):
                residual = search.lower(start + 0.5**halving * step)
                if residual is not None:
                    break
            else:
                return chord == 0  # from a new Jacobian it is a minimum, but for round-off
            full = halving == 0
            if full and self._small(step, search.best):
                return True
            if not search.loss < self.slow * before:
                return full and chord == 0
            last = chord + 1 == self.chords
            if last or not (full and search.loss < FAST * before and search.sums.kept):
                return False
            step = search.sums.against(residual, self.damping)
        return False

    def _small(self, step: Tensor, coefficients: Tensor) -> bool:
        return float(step.norm()) <= self.accuracy * float(coefficients.norm())
