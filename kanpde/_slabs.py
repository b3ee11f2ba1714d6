"""Slabs in time: one trial per slab, each starting where the one before ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kanpde._jets import JetSpace, MultiIndex
from kanpde._trial import Constants, Frame, Site, Trial
from kanpde.nets import Network, Tape


@dataclass(frozen=True)
class Carry:
    """What a slab takes over: the state of the slab before at the time they share.

    Parameters
    ----------
    previous
        The trial of the slab before.
    axis, time
        Which coordinate is the time, and where the slabs meet.
    orders
        Number of time derivatives that every unknown takes over (0 for none).
    """

    previous: Trial
    axis: int
    time: float
    orders: tuple[int, ...]

    def jets(self, points: Tensor, space: JetSpace, own: Tensor) -> Tensor:
        """Taylor polynomial in time of ``previous - g`` at the seam, jets ``(K, N, m)``.

        `own` are the jets of this slab's g at the seam, in the space that `seam_space` gives.
        """
        wide = self.seam_space(space)
        seam = _at(points, self.axis, self.time)
        with torch.set_grad_enabled(points.requires_grad):
            gap = self.previous.jets(self.previous.site(seam, wide)) - own
        tau = points[:, self.axis] - self.time
        parts = []
        for alpha in space.indices:
            parts.append(self._taylor(gap, wide, alpha, tau))
        if space.collapsed is not None:
            total = torch.zeros_like(parts[0])
            for k, weight in enumerate(space.collapsed):
                if weight:
                    alpha = tuple(2 * int(i == k) for i in range(space.dimension))
                    total = total + weight * self._taylor(gap, wide, alpha, tau)
            parts.append(total)
        return torch.stack(parts)

    def seam_space(self, space: JetSpace) -> JetSpace:
        """Spatial derivatives of `space`, each with the time derivatives to carry."""
        wanted: list[MultiIndex] = []
        listed = list(space.indices)
        if space.collapsed is not None:
            listed += [
                tuple(2 * int(i == k) for i in range(space.dimension))
                for k, weight in enumerate(space.collapsed)
                if weight
            ]
        for alpha in listed:
            for j in range(max(1, *self.orders)):
                wanted.append(tuple(j if i == self.axis else a for i, a in enumerate(alpha)))
        return JetSpace.closed(space.dimension, wanted)

    def _taylor(self, gap: Tensor, wide: JetSpace, alpha: MultiIndex, tau: Tensor) -> Tensor:
        """Differentiate sum_j tau^j / j! gap_j by `alpha`, per unknown up to its order."""
        m = alpha[self.axis]
        columns = []
        for k, order in enumerate(self.orders):
            total = torch.zeros_like(tau)
            factor = torch.ones_like(tau)
            for j in range(m, order):
                index = tuple(j if i == self.axis else a for i, a in enumerate(alpha))
                total = total + factor * gap[wide.position(index), :, k]
                factor = factor * tau / (j - m + 1)
            columns.append(total)
        return torch.stack(columns, dim=1)


def _at(points: Tensor, axis: int, time: float) -> Tensor:
    """Move points to another time."""
    columns = list(points.unbind(1))
    columns[axis] = torch.full_like(columns[axis], time)
    return torch.stack(columns, dim=1)


class SlabTrial(Trial):
    """A trial whose g continues the slab before."""

    def __init__(self, frame: Frame, network: Network, carry: Carry) -> None:
        super().__init__(frame, network)
        self._carry = [carry]  # in a list: the slab before is no part of this module

    @property
    def carry(self) -> Carry:
        """Tell what is taken over."""
        return self._carry[0]

    def _ansatz_jets(self, points: Tensor, space: JetSpace) -> tuple[Tensor | None, Tensor | None]:
        g, d = super()._ansatz_jets(points, space)
        carry = self.carry
        wide = carry.seam_space(space)
        seam = _at(points, carry.axis, carry.time)
        own, _ = super()._ansatz_jets(seam, wide)
        zero = points.new_zeros((wide.size, len(points), self.outputs))
        carried = carry.jets(points, space, zero if own is None else own)
        return (carried if g is None else g + carried), d


class Slabs(Trial):
    """Trials of consecutive slabs as one function of all points; not trained as a whole.

    Parameters
    ----------
    trials
        One per slab, in order.
    edges
        Times of the seams, both ends included.
    axis
        Which coordinate is the time.
    """

    def __init__(self, trials: Sequence[Trial], edges: Sequence[float], axis: int) -> None:
        nn.Module.__init__(self)
        self.trials = nn.ModuleList(trials)
        self.edges, self.axis = tuple(edges), axis
        first = self.parts[0]
        self.frame, self.network, self.eta = first.frame, first.network, first.eta
        self.autograd = False
        self.even = first.even
        self.frozen_trial = []
        self.constants = Constants((), *(torch.zeros(0),) * 3)

    @property
    def parts(self) -> list[Trial]:
        """The trials, typed."""
        return [t for t in self.trials if isinstance(t, Trial)]

    @property
    def outputs(self) -> int:
        """Number of unknowns m."""
        return self.parts[0].outputs

    @property
    def count(self) -> int:
        """Number of coefficients of all slabs."""
        return sum(t.count for t in self.parts)

    @property
    def device(self) -> torch.device:
        """Where the coefficients live."""
        return self.eta.device

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of the coefficients."""
        return self.eta.dtype

    def get(self) -> Tensor:
        """All coefficients, slab after slab."""
        return torch.cat([t.get() for t in self.parts])

    def set(self, vector: Tensor) -> None:
        """Overwrite them."""
        start = 0
        for trial in self.parts:
            trial.set(vector[start : start + trial.count])
            start += trial.count

    def constant_values(self) -> dict[str, float]:
        """No unknown constants."""
        return {}

    def site(self, points: Tensor, space: JetSpace) -> Site:
        """Prepare evaluation points."""
        points = points.to(self.device, self.dtype)
        return Site(points, space, points[None], None, None)

    def _sorted(self, points: Tensor) -> list[tuple[Trial, Tensor]]:
        inner = points.new_tensor(self.edges[1:-1])
        which = torch.bucketize(points[:, self.axis].contiguous(), inner)
        found = []
        for k, trial in enumerate(self.parts):
            index = (which == k).nonzero()[:, 0]
            if len(index):
                found.append((trial, index))
        return found

    def jets(self, site: Site, tape: Tape | None = None) -> Tensor:
        """Jets of every unknown, ``(K, N, m)``."""
        result = site.points.new_zeros((site.space.size, len(site.points), self.outputs))
        for trial, index in self._sorted(site.points):
            own = trial.site(site.points[index], site.space)
            result = result.index_copy(1, index, trial.jets(own))
        return result

    def forward(self, points: Tensor) -> Tensor:
        """Values ``(N, m)``."""
        points = points.to(self.device, self.dtype)
        result = points.new_zeros((len(points), self.outputs))
        for trial, index in self._sorted(points):
            result = result.index_copy(0, index, trial(points[index]))
        return result
