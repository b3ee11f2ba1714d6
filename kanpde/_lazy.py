r"""The lazy trial: u = g + D · scale · gain · [N(θ) − N(θ₀)].

With a large gain the coefficients move little, so that N stays near its tangent at θ₀ and
training is a mildly nonlinear least-squares problem (Chizat, Oyallon and Bach, *On lazy training
in differentiable programming*, arXiv 1812.07956).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde._jets import JetSpace, multiply
from kanpde._trial import Site, Trial, autograd_jets
from kanpde.nets import Tape


@dataclass
class LazySite(Site):
    """Evaluation points with the jets of N(θ₀), ``(K, N, m)``."""

    start: Tensor

    def part(self, which: slice) -> LazySite:
        """Give the same for a slice of the points."""
        plain = super().part(which)
        return LazySite(plain.points, plain.space, plain.z, plain.g, plain.d, self.start[:, which])


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

    def site(self, points: Tensor, space: JetSpace) -> LazySite:
        """Prepare evaluation points ``(N, d)``, N(θ₀) included."""
        plain = super().site(points, space)
        with torch.set_grad_enabled(points.requires_grad):
            start = self._origin[0].jets(plain.z, space)
        return LazySite(plain.points, plain.space, plain.z, plain.g, plain.d, start)

    def jets(self, site: Site, tape: Tape | None = None) -> Tensor:
        """Jets of every unknown, shape ``(K, N, m)``."""
        if self.autograd:
            return autograd_jets(self._value, site.points, site.space)
        assert isinstance(site, LazySite)
        result = self.network.jets(site.z, site.space, tape) - site.start
        result = result * result.new_tensor(self.frame.scales) * self.gain
        if site.d is not None:
            result = multiply(site.d, result, site.space)
        return result if site.g is None else site.g + result

    def _value(self, points: Tensor) -> Tensor:
        space = JetSpace(points.shape[1], ((0,) * points.shape[1],))
        z = self._embedding(points, space)
        result = (self.network.jets(z, space) - self._origin[0].jets(z, space))[0]
        result = result * result.new_tensor(self.frame.scales) * self.gain
        g, d = self._ansatz_jets(points, space)
        if d is not None:
            result = result * d[0]
        return result if g is None else result + g[0]

    def regained(self, gain: float) -> LazyTrial:
        """Return the trial at θ₀ with another gain."""
        self.network.set(self.origin)
        return LazyTrial(self, gain=gain)
