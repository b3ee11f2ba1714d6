"""Several networks that share their inputs, as one network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets import Network, PrecomputedTape, Tape


class SideBySide(Network):
    """Networks on the same inputs; the outputs of one follow those of the other.

    Parameters
    ----------
    networks
        Networks of layers with as many inputs each; their coefficients are shared.

    Examples
    --------
    >>> from kanpde.nets import KAN
    >>> both = SideBySide([KAN([2, 1]), KAN([2, 3, 1])])
    >>> both(torch.zeros(5, 2)).shape
    torch.Size([5, 2])
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        super().__init__([n.layer(k) for n in networks for k in range(len(n.layers))])
        self.parts = list(networks)

    @property
    def n_out(self) -> int:
        """Number of outputs of all networks."""
        return sum(n.n_out for n in self.parts)

    @property
    def width(self) -> list[int]:
        """Numbers of inputs and outputs."""
        return [self.n_in, self.n_out]

    def jets(self, z: Tensor, space: JetSpace, tape: Tape | None = None) -> Tensor:
        """Map jets of the inputs to jets of all outputs."""
        if isinstance(tape, PrecomputedTape):
            return tape.output
        return torch.cat([n.jets(z, space, tape) for n in self.parts], dim=-1)
