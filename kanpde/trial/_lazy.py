r"""The lazy trial: u = g + D · scale · gain · [N(θ) − N(θ₀)].

With a large gain the coefficients move little, so that N stays near its tangent at θ₀ and
training is a mildly nonlinear least-squares problem (Chizat, Oyallon and Bach, *On lazy training
in differentiable programming*, arXiv 1812.07956).
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets import Tape
from kanpde.trial._trial import Site, Trial


class LazyTrial(Trial):
    """A trial whose network counts by its distance from where it started.

    Parameters
    ----------
    trial
        Frame, network and constants; the network stands at θ, and is shared.
    origin
        Coefficients θ₀ of the network, ``(P,)``; where it stands if ``None``.
    gain
        Factor of the difference.
    """

    def __init__(self, trial: Trial, *, gain: float, origin: Tensor | None = None) -> None:
        constants = trial.constants
        super().__init__(
            trial.frame,
            trial.network,
            constants=constants,
            start=[0.0] * len(constants.names),
            derivatives="autograd" if trial.autograd else "jets",
        )
        with torch.no_grad():
            self.eta.copy_(trial.eta)
        self.gain = float(gain)
        network = copy.deepcopy(trial.network)
        if origin is not None:
            network.set(origin.to(trial.eta))
        self._origin = [network.requires_grad_(False)]  # in a list: no part of this module

    @property
    def origin(self) -> Tensor:
        """Coefficients θ₀ of the network, ``(P,)``."""
        return self._origin[0].get()

    def _start(self, z: Tensor, space: JetSpace) -> Tensor:
        """Jets of N(θ₀)."""
        with torch.set_grad_enabled(z.requires_grad):
            return self._origin[0].jets(z, space)

    def _learned(self, site: Site, tape: Tape | None) -> Tensor:
        """Jets of gain · [N(θ) − N(θ₀)]."""
        assert site.start is not None
        return self.gain * (self.network.jets(site.z, site.space, tape) - site.start)

    def regained(self, gain: float) -> LazyTrial:
        """Return the trial at θ₀ with another gain."""
        self.network.set(self.origin)
        return LazyTrial(self, gain=gain)
