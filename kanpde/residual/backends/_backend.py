"""What rows ask of a backend."""

from __future__ import annotations

from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets import Inputs, Tape
from kanpde.trial import Trial

ENTRIES = 3_000_000
FEWEST, MOST = 128, 2048  # points of a chunk


class Backend:
    """Computes jets of the network and rows of its Jacobian for residual rows.

    Parameters
    ----------
    trial
        The trial function.
    chunk
        Points per chunk; chosen from the number of coefficients if ``None``.

    Attributes
    ----------
    nodes, chunk
        Nodes of integrals and points of terms that are evaluated at a time.
    even
        Whether chunks should be of even length.
    pulls_back
        Whether `gradient` is there.
    """

    even = False
    pulls_back = False

    def __init__(self, trial: Trial, chunk: int | None = None) -> None:
        self.trial = trial
        entries = max(1, trial.active)
        self.nodes = chunk or max(FEWEST, min(MOST, ENTRIES // (4 * entries)))
        self.chunk = self.nodes

    def prepare(self, z: Tensor, space: JetSpace) -> Inputs | None:
        """Arrange inputs of the network once, for all evaluations there."""
        return None

    def tape(self, inputs: Inputs | None, which: slice, *, track: bool) -> Tape | None:
        """Give the tape of an evaluation; ``None`` for values alone."""
        return [] if track else None

    def rows(
        self, output: Tensor, tape: Tape, into: Tensor, extra: list[Tensor], *, keep: bool
    ) -> list[Tensor]:
        """Write d output / d coefficients of the network at every point into `into`, ``(M, P)``.

        Parameters
        ----------
        extra
            Further leaves; their gradients of the summed output are returned.
        keep
            Whether another output of the same graph follows.
        """
        raise TypeError("Backend is abstract")

    def gradient(self, value: Tensor, tape: Tape) -> tuple[Tensor, Tensor]:
        """Gradient of a sum by the network's coefficients, and by the unknown constants."""
        raise TypeError(f"{type(self).__name__} walks the graph itself")
