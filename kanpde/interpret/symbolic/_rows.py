"""Residuals and Jacobian of a network that is symbolic throughout, without autograd."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.interpret.symbolic._suggest import numerical_edges
from kanpde.nets import KAN, BiasBlock, SymbolicBlock, SymbolicFunction
from kanpde.optimize import FreeCoefficients, NetworkCoefficients

LARGEST = 20_000_000  # entries of the derivatives that are carried through a layer


@dataclass
class _Step:
    """One layer: edges by function, and where its coefficients lie in the vector."""

    inputs: Tensor
    targets: Tensor
    groups: list[tuple[SymbolicFunction, Tensor]]
    affine: slice
    bias: slice | None
    columns: Tensor  # (E, 4), place among the free coefficients or -1
    constants: Tensor  # (subnodes,), the same for the constants
    sums: int
    factors: list[range]


class SymbolicRows:
    """Residuals over sqrt(N m) and their Jacobian by forward differentiation.

    Parameters
    ----------
    network
        A KAN without numerical edges.
    x, y
        Data.
    where
        Places of the free coefficients in the network's vector, ``(F,)``.
    """

    def __init__(self, network: KAN, x: Tensor, y: Tensor, where: Tensor) -> None:
        self.x, self.y = x.detach().double(), y.detach().double()
        self.trial = FreeCoefficients(NetworkCoefficients(network), where)
        self.scale = 1 / math.sqrt(max(1, y.numel()))
        self.free = len(where)
        places = torch.full((network.count,), -1, dtype=torch.long)
        places[where] = torch.arange(len(where))
        self.steps: list[_Step] = []
        start = 0
        for k in range(len(network.layers)):
            step, start = _step(network, k, start, places)
            self.steps.append(step)

    @staticmethod
    def fits(network: KAN, x: Tensor, free: int) -> bool:
        """Tell whether the network is symbolic throughout and small enough."""
        widest = max(network.layer(k).subnodes for k in range(len(network.layers)))
        return not numerical_edges(network) and len(x) * widest * free <= LARGEST

    @property
    def count(self) -> int:
        """Number of rows."""
        return self.y.numel()

    def vector(self) -> Tensor:
        """Residuals ``(N m,)``."""
        return self._run(derivatives=False)[0]

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the whole Jacobian ``(N m, F)`` and the residuals."""
        residual, jacobian = self._run(derivatives=True)
        assert jacobian is not None
        yield jacobian, residual

    def _run(self, *, derivatives: bool) -> tuple[Tensor, Tensor | None]:
        z, theta = self.x, self.trial.whole.get().double()
        slopes = z.new_zeros(*z.shape, self.free) if derivatives else None
        with torch.no_grad():
            for step in self.steps:
                z, slopes = self._layer(step, theta, z, slopes)
            residual = ((z - self.y) * self.scale).flatten()
            if slopes is None:
                return residual, None
            return residual, slopes.flatten(0, 1) * self.scale

    def _layer(
        self, step: _Step, theta: Tensor, z: Tensor, slopes: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        a, b, c, d = theta[step.affine].reshape(-1, 4).unbind(1)
        own = z[:, step.inputs]
        inner = own * a + b
        value, slope = torch.empty_like(inner), torch.empty_like(inner)
        for function, which in step.groups:
            found = function.plain_values(inner[:, which], int(slopes is not None))
            value[:, which] = found[0]
            if slopes is not None:
                slope[:, which] = found[1]
        subnodes = len(step.constants)
        sums = z.new_zeros(len(z), subnodes).index_add_(1, step.targets, c * value + d)
        if step.bias is not None:
            sums += theta[step.bias]
        if slopes is None:
            return _multiplied(step, sums, None)
        slope = c * slope
        chained = (slope * a)[..., None] * slopes[:, step.inputs]
        made = slopes.new_zeros(len(z), subnodes, self.free).index_add_(1, step.targets, chained)
        by_parameter = (slope * own, slope, value, torch.ones_like(value))
        for p, columns in enumerate(by_parameter):
            kept = (step.columns[:, p] >= 0).nonzero().flatten()
            made[:, step.targets[kept], step.columns[kept, p]] += columns[:, kept]
        kept = (step.constants >= 0).nonzero().flatten()
        made[:, kept, step.constants[kept]] += 1.0
        return _multiplied(step, sums, made)


def _multiplied(step: _Step, sums: Tensor, slopes: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Multiply the factors of product nodes, with the product rule."""
    if not step.factors:
        return sums, slopes
    values = [sums[:, : step.sums]]
    rules = [] if slopes is None else [slopes[:, : step.sums]]
    for factors in step.factors:
        values.append(sums[:, list(factors)].prod(dim=1, keepdim=True))
        if slopes is not None:
            total = torch.zeros_like(slopes[:, :1])
            for f in factors:
                others = sums[:, [g for g in factors if g != f]].prod(dim=1)
                total += others[:, None, None] * slopes[:, f : f + 1]
            rules.append(total)
    return torch.cat(values, dim=1), None if slopes is None else torch.cat(rules, dim=1)


def _step(network: KAN, k: int, start: int, places: Tensor) -> tuple[_Step, int]:
    layer = network.layer(k)
    affine, bias = slice(start, start), None
    columns = torch.empty(0, 4, dtype=torch.long)
    constants = torch.full((layer.subnodes,), -1, dtype=torch.long)
    for block in layer.blocks:
        here = slice(start, start + sum(p.numel() for p in block.parameters()))
        start = here.stop
        if isinstance(block, SymbolicBlock):
            affine, columns = here, places[here].reshape(-1, 4)
        elif isinstance(block, BiasBlock):
            bias, constants = here, places[here]
    edges = () if layer.symbolic is None else layer.symbolic.edges
    groups: dict[SymbolicFunction, list[int]] = {}
    for e, edge in enumerate(edges):
        groups.setdefault(edge.function, []).append(e)
    step = _Step(
        torch.tensor([edge.i for edge in edges], dtype=torch.long),
        torch.tensor([edge.j for edge in edges], dtype=torch.long),
        [(function, torch.tensor(which)) for function, which in groups.items()],
        affine,
        bias,
        columns,
        constants,
        layer.sums,
        [layer.factors(p) for p in range(len(layer.arities))],
    )
    return step, start
