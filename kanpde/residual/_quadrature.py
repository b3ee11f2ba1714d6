"""Integrals at the points of a term set: their values, and their rows of the Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets import Inputs, Tape
from kanpde.problem import Functional
from kanpde.trial import Site, Trial

Prepare = Callable[[Tensor, JetSpace], Inputs | None]


@dataclass
class Quadrature:
    """One integral of a term set with all its nodes, ready to be evaluated again and again.

    Parameters
    ----------
    functional
        What is integrated.
    site
        The nodes: Q for every point of the term set, Q in all where the integral is shared.
    outer
        What of the equation's point the integrand takes, at every node.
    weights
        Of every node, ``(N Q,)``.
    each
        Q.
    inputs
        The nodes as the backend arranged them.
    """

    functional: Functional
    site: Site
    outer: Tensor
    weights: Tensor
    each: int
    inputs: Inputs | None = None

    @classmethod
    def at(
        cls,
        functional: Functional,
        trial: Trial,
        points: Tensor,
        *,
        prepare: Prepare,
        finer: bool = False,
    ) -> Quadrature:
        """Place the nodes for points ``(N, d)``."""
        given = points[:1] if functional.region.shared else points
        places, weights = functional.region.nodes(
            given.double().cpu().numpy(),
            cuts=trial.frame.breaks,
            finer=finer,
            few=not trial.network.plain_inputs,
        )
        each = places.shape[1]
        nodes = torch.as_tensor(places.reshape(-1, points.shape[1])).to(points)
        site = trial.site(nodes, functional.space)
        return cls(
            functional,
            site,
            given[:, list(functional.region.outer)].repeat_interleave(each, dim=0),
            torch.as_tensor(weights.reshape(-1)).to(points),
            each,
            prepare(site.z, site.space),
        )

    @property
    def shared(self) -> bool:
        """Whether all points share one value."""
        return self.functional.region.shared

    def pieces(self, which: slice, most: int) -> Iterator[slice]:
        """Nodes of the points `which`, about `most` at a time and those of a point together."""
        if self.shared:
            yield slice(0, len(self.weights))
            return
        step = max(1, most // self.each)
        for start in range(which.start, which.stop, step):
            yield slice(start * self.each, min(start + step, which.stop) * self.each)

    def weighted(
        self, trial: Trial, piece: slice, constants: Tensor, tape: Tape | None = None
    ) -> Tensor:  # (n Q,)
        """Integrand times weight at a piece of the nodes; `constants` is ``(n Q, C)``."""
        site = self.site.part(piece)
        jets = trial.jets(site, tape)
        value = self.functional.integrand(site.points, self.outer[piece], jets, constants)
        return value * self.weights[piece]

    def summed(self, values: Tensor) -> Tensor:
        """Sum over the nodes of every point, ``(n Q, …) -> (n, …)``."""
        return values.unflatten(0, (-1, self.each)).sum(dim=1)
