"""Least squares on what a partly symbolic network really has free, down to round-off."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from kanpde.interpret.symbolic._forms import canonical_form
from kanpde.interpret.symbolic._rows import SymbolicRows
from kanpde.interpret.symbolic._suggest import numerical_edges
from kanpde.nets import KAN, BiasBlock, Layer, SymbolicBlock, activations, copy_network
from kanpde.optimize import (
    Accumulator,
    DampingRule,
    FreeRows,
    LevenbergMarquardt,
    RowSource,
    Stop,
    Whole,
    minimize,
)
from kanpde.regression import DataRows, regress

LARGEST = 8_000_000  # entries of a Jacobian that is factored as a whole
DROPPED = 1e-14  # relative singular value below which a direction is left alone
STALLED = 1e-3  # gain of the loss, relative, that counts as progress
PATIENCE = 4


def free_columns(network: KAN, x: Tensor) -> Tensor:
    r"""Tell which coefficients change the function independently; bool, ``(P,)``.

    Of :math:`c\,f(a z + b) + d` only what `canonical_form` leaves free moves; d is left to the
    node's constant. Scale and constant of a hidden node are left to the edges that go out of
    it, where all of those are symbolic: the constant stays, and so does c of its strongest edge.
    """
    parts = []
    layers = activations(network, x)
    for k in range(len(network.layers)):
        layer = network.layer(k)
        spread = layers[k].edges.std(0)
        for block in layer.blocks:
            if isinstance(block, SymbolicBlock):
                parts.append(_symbolic(network, k, block, spread))
            elif isinstance(block, BiasBlock):
                parts.append(_constants(network, k, block))
            else:
                parts.append(_numerical(layer, block))
    return torch.cat(parts)


def _numerical(layer: Layer, block: Any) -> Tensor:
    """Coefficients of edges that are switched on."""
    free = torch.ones(block.count, dtype=torch.bool)
    if layer.mask is None:
        return free
    size = block.coefficients.numel()  # what else a block learns belongs to its inputs, and follows
    free[:size] = block.spread(layer.mask).bool().flatten().cpu()
    used = layer.mask.bool().any(dim=1).cpu()
    free[size:] = used.repeat_interleave((block.count - size) // len(used))
    return free


def _absorbed(network: KAN, k: int) -> set[int]:
    """Nodes of a layer whose scale and constant the next layer's symbolic edges can take over."""
    if k + 1 == len(network.layers):
        return set()
    block = network.layer(k + 1).symbolic
    taking = set() if block is None else {edge.i for edge in block.edges}
    return taking - {i for own, i, _ in numerical_edges(network) if own == k + 1}


def _constants(network: KAN, k: int, block: BiasBlock) -> Tensor:
    free = torch.ones(block.n_out, dtype=torch.bool)
    for node in _absorbed(network, k):
        if node < network.layer(k).sums:
            free[node] = False
    return free


def _symbolic(network: KAN, k: int, block: SymbolicBlock, spread: Tensor) -> Tensor:
    layer = network.layer(k)
    biased = any(isinstance(b, BiasBlock) for b in layer.blocks)
    fixed = _strongest(layer, block, spread, _absorbed(network, k))
    free = torch.zeros(len(block), 4, dtype=torch.bool)
    constants: set[int] = set()
    for e, edge in enumerate(block.edges):
        form = canonical_form(edge.function)
        free[e, 0], free[e, 1] = form.free
        free[e, 2] = e not in fixed and not edge.function.expression.is_zero
        free[e, 3] = not biased and edge.j not in constants
        constants.add(edge.j)
    return free.flatten()


def _strongest(layer: Layer, block: SymbolicBlock, spread: Tensor, absorbed: set[int]) -> set[int]:
    """Edges whose factor c is held: one per absorbed subnode, and per factor beyond the first."""
    scaled = {j for j in absorbed if j < layer.sums}
    for p in range(len(layer.arities)):
        first, *others = layer.factors(p)
        scaled |= {first, *others} if layer.sums + p in absorbed else set(others)
    held = set()
    for j in scaled:
        own = [e for e, edge in enumerate(block.edges) if edge.j == j]
        if own:
            held.add(max(own, key=lambda e: float(spread[block.edges[e].i, j])))
    return held


class _Polish(LevenbergMarquardt):
    """Steps from all singular values of J; the damping rises until the loss falls."""

    def __init__(self) -> None:
        rule = DampingRule(1e-18, 1e6, 100, 8.0, 8.0, 0.1, 0.1, 0.1)
        super().__init__(damping=1e-3, geodesic=False, linear_algebra="whole", rule=rule)

    def _assemble(self, rows: RowSource) -> Accumulator:
        return Whole(rows.trial.count, rows.trial.eta, cutoff=DROPPED).gather(rows)


def polish(
    network: KAN,
    x: Tensor,  # (N, n_in)
    y: Tensor,  # (N, n_out)
    *,
    steps: int = 60,
    tolerance: float = 0.0,
) -> float:
    """Fit what is free in `network` to data, in place; return the root mean square error.

    Levenberg-Marquardt by a singular value decomposition of the Jacobian's independent columns,
    so that it converges to round-off where the formula can be exact. Large networks go through
    `regress` instead.

    Examples
    --------
    >>> from kanpde.nets import LIBRARY, fix_edge
    >>> net = KAN([1, 1]).double()
    >>> fix_edge(net, 0, 0, 0, LIBRARY["sin"], (3.1, 0.1, 1.0, 0.0))
    >>> x = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    >>> polish(net, x, 2 * torch.sin(torch.pi * x)) < 1e-14
    True
    """
    first = network.layer(0).first()
    if first.device.type != "cpu" or first.dtype != torch.float64:
        plain = copy_network(network).to("cpu", torch.float64)
        rmse = polish(plain, x.cpu().double(), y.cpu().double(), steps=steps, tolerance=tolerance)
        network.set(plain.get().to(first))
        return rmse
    free = free_columns(network, x)
    where = free.nonzero().flatten()
    size = len(where) * y.numel()
    if size > LARGEST:
        return regress(network, x, y, steps=steps, tolerance=tolerance).rmse
    if not SymbolicRows.fits(network, x, len(where)):
        return settle(DataRows(network, x, y), free, steps=steps, tolerance=tolerance)
    return _minimised(SymbolicRows(network, x, y, where), steps, tolerance)


def settle(rows: RowSource, free: Tensor, *, steps: int, tolerance: float = 0.0) -> float:
    """Move the free coefficients of any rows to their least squares; return the root of the loss.

    Parameters
    ----------
    rows
        Of data or of equations.
    free
        Which coefficients move; bool, ``(P,)``.
    steps, tolerance
        Where it ends at the latest.
    """
    return _minimised(FreeRows(rows, free.nonzero().flatten()), steps, tolerance)


def _minimised(rows: RowSource, steps: int, tolerance: float) -> float:
    """Minimise from where the rows are; gives the root of the loss."""
    stop = Stop(steps, 1 - STALLED, PATIENCE, loss=tolerance**2)
    return math.sqrt(minimize(rows, _Polish(), stop).loss)
