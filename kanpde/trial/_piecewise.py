"""Slabs in time: one trial per slab, each starting where the one before ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from kanpde.calculus import JetSpace, multiply
from kanpde.nets import Network, ProductKAN, Tape
from kanpde.trial._trial import Constants, Frame, Programs, Site, Trial


class SlabStart:
    """State that a slab takes over: value and time derivatives at a time, functions of space.

    Parameters
    ----------
    networks
        One product KAN of degree 0 in time per time derivative, of all unknowns.
    axis, time
        Which coordinate is the time, and where the slabs meet.
    """

    def __init__(self, networks: Sequence[ProductKAN], axis: int, time: float) -> None:
        self.networks, self.axis, self.time = tuple(networks), axis, time

    def jets(self, points: Tensor, z: Tensor, space: JetSpace) -> Tensor:
        """Taylor polynomial in time of what is carried, jets ``(K, N, m)``."""
        tau = points[:, self.axis] - self.time
        total: Tensor | None = None
        for j, network in enumerate(self.networks):
            part = network.jets(z, space)
            if j:
                part = multiply(_power(tau, j, self.axis, space), part, space)
            total = part if total is None else total + part
        assert total is not None
        return total


def _power(tau: Tensor, j: int, axis: int, space: JetSpace) -> Tensor:
    """Jets of τ^j / j!, ``(K, N, 1)``."""

    def lowered(m: int) -> Tensor:
        if m > j:
            return torch.zeros_like(tau)
        return tau ** (j - m) / math.factorial(j - m)

    parts = [
        lowered(alpha[axis]) if sum(alpha) == alpha[axis] else torch.zeros_like(tau)
        for alpha in space.indices
    ]
    if space.collapsed is not None:
        parts.append(space.collapsed[axis] * lowered(2))
    return torch.stack(parts)[..., None]


class SlabTrial(Trial):
    """A trial on one slab of time, whose g continues the slab before.

    Parameters
    ----------
    frame
        Bounds are those of the slab; D is written for the whole time interval and stretched.
    network
        The network N.
    axis, whole
        Which coordinate is the time, and the interval that D is written for.
    slab_start
        What is taken over; ``None`` for the first slab.
    programs
        Lowered g and D to share among slabs of one frame.
    """

    def __init__(
        self,
        frame: Frame,
        network: Network,
        *,
        axis: int,
        whole: tuple[float, float],
        slab_start: SlabStart | None,
        programs: Programs | None = None,
    ) -> None:
        super().__init__(frame, network)
        self.axis, self.whole, self.slab_start = axis, whole, slab_start
        if programs is not None:
            self._programs = programs

    def _ansatz_jets(self, points: Tensor, space: JetSpace) -> tuple[Tensor | None, Tensor | None]:
        low, high = self.frame.lower[self.axis], self.frame.upper[self.axis]
        start, end = self.whole
        rate = (end - start) / (high - low)
        columns = list(points.unbind(1))
        g, _ = super()._ansatz_jets(points, space)
        columns[self.axis] = start + (columns[self.axis] - low) * rate
        # the collapsed component mixes time derivatives with others, so it is summed anew
        wide = JetSpace.closed(space.dimension, [alpha for _, _, alpha in space.parts])
        _, d = super()._ansatz_jets(torch.stack(columns, dim=1), wide)
        if d is not None:
            parts: list[Tensor | None] = [None] * space.size
            for k, weight, alpha in space.parts:
                part = weight * rate ** alpha[self.axis] * d[wide.position(alpha)]
                done = parts[k]
                parts[k] = part if done is None else done + part
            d = torch.stack([p for p in parts if p is not None])
        if self.slab_start is None:
            return g, d
        carried = self.slab_start.jets(points, self._embedding(points, space), space)
        return (carried if g is None else g + carried), d

    def state_at(self, points: Tensor, orders: int) -> Tensor:
        """Value and time derivatives below `orders` of u - g, shape ``(orders, N, m)``."""
        alpha = tuple((orders - 1) * int(k == self.axis) for k in range(points.shape[1]))
        space = JetSpace.closed(points.shape[1], [alpha])
        with torch.no_grad():
            gap = self.jets(self.site(points, space))
            own, _ = Trial._ansatz_jets(self, points, space)
        return gap if own is None else gap - own


class Slabs(Trial):
    """Trials of consecutive slabs as one function of all points; not trained as a whole.

    Parameters
    ----------
    trials
        One per slab, in order.
    edges
        Times of the ends of slabs, first and last included.
    axis
        Which coordinate is the time.
    constants, values
        Unknown constants that the slabs were solved with, as numbers beside them.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        edges: Sequence[float],
        axis: int,
        *,
        constants: Constants | None = None,
        values: Sequence[float] = (),
    ) -> None:
        nn.Module.__init__(self)
        self.trials = nn.ModuleList(trials)
        self.edges, self.axis = tuple(edges), axis
        first = self.parts[0]
        self.frame, self.network = first.frame, first.network
        self.autograd = False
        self.even = first.even
        self.frozen_trial = []
        self.constants = constants or Constants((), *(torch.zeros(0),) * 3)
        start = first.eta.new_tensor(list(values)) / self.constants.scales.to(first.eta)
        self.eta = nn.Parameter(start, requires_grad=False)

    def carrying(self, constants: Constants, values: Sequence[float]) -> Slabs:
        """Give the same slabs with values of unknown constants beside them."""
        return Slabs(self.parts, self.edges, self.axis, constants=constants, values=values)

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
    def active(self) -> int:
        """Number of coefficients of the largest slab."""
        return max(t.count for t in self.parts)

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
