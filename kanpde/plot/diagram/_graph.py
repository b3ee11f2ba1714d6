"""Where the parts of a network's diagram stand, in inches, inputs below and outputs above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from torch import Tensor

from kanpde.nets import KAN, Layer, SymbolicEdge, activations, edges, node_plans
from kanpde.plot._style import PAGE

Array = NDArray[np.float64]
WIDEST = 16.0  # inches
WIDE, NARROW = 0.85, 0.42  # inches from edge to edge: few edges, many
MOST_EDGES = 100  # of a layer; those that matter most
FILL = 0.8  # side of a panel over the distance of panels
LIFT = 0.42  # inches from the factors of a product to its node
SAMPLES = 81


@dataclass(frozen=True)
class Panel:
    """The curve of one edge in its box; `curve` lies in [0, 1] both ways."""

    source: int
    target: int  # subnode
    x: float
    y: float
    curve: Array  # (SAMPLES, 2)
    weight: float
    function: str | None


@dataclass(frozen=True)
class Mark:
    """A node, ``"dot"``, ``"sum"`` or ``"product"``, and where the factors of a product stand."""

    kind: str
    x: float
    y: float
    alive: bool
    factors: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Graph:
    """All that is drawn: marks per level, and per layer its subnodes and panels."""

    width: float
    height: float
    sides: list[float]  # of the panels, per layer
    levels: list[list[Mark]]
    subnodes: list[list[Mark]]
    panels: list[list[Panel]]
    left_out: bool = False  # whether a layer has more edges than are drawn


def graph(network: KAN, x: Tensor, weights: Sequence[Tensor]) -> Graph:
    """Place nodes and panels.

    Parameters
    ----------
    network
        A KAN.
    x
        Samples of its inputs; curves are drawn over the range that their inputs have there.
    weights
        Per layer how strongly edges are drawn, ``(n_in, subnodes)``.

    Returns
    -------
    Graph
        With the `MOST_EDGES` strongest edges of every layer.
    """
    layers = [network.layer(k) for k in range(len(network.layers))]
    shown = [_shown(layer, weight) for layer, weight in zip(layers, weights, strict=True)]
    counts = [int(s.sum()) for s in shown]
    most = max(*counts, 1)
    nodes = max(network.n_in, *(layer.subnodes for layer in layers))
    width = min(max(most * max(min(WIDE, PAGE / most), NARROW), NARROW * nodes, 2 * WIDE), WIDEST)
    gap = min(max(0.45, 0.11 * width), 0.85)
    used = layers[0].alive().any(dim=1).tolist()
    places = zip(_even(network.n_in, width), used, strict=True)
    levels = [[Mark("dot", place, 0.0, alive) for place, alive in places]]
    below, panels, sides, height = [], [], [], 0.0
    for k, (layer, inside) in enumerate(zip(layers, activations(network, x), strict=True)):
        pitch = min(WIDE, width / max(counts[k], 1), max(1.6 * width / most, NARROW))
        if int(shown[k].sum(dim=1).max()) == 1 < counts[k]:  # each straight over its source
            pitch = min(pitch, width / len(levels[-1]))
        sides.append(FILL * pitch)
        middle = height + gap + sides[-1] / 2
        factors, marks, height = _marks(layer, width, middle + sides[-1] / 2 + gap)
        made = _panels(layer, inside.inputs, weights[k], shown[k])
        ends = [(levels[-1][p.source].x, factors[p.target].x) for p in made]
        across = _spread(ends, pitch, width)
        panels.append([replace(p, x=a, y=middle) for p, a in zip(made, across, strict=True)])
        below.append(factors)
        levels.append(marks)
    left_out = any(int(layer.alive().sum()) > n for layer, n in zip(layers, counts, strict=True))
    return Graph(width, height, sides, levels, below, panels, left_out)


def _even(count: int, width: float) -> list[float]:
    return [width * (n + 0.5) / count for n in range(count)]


def _spread(ends: list[tuple[float, float]], pitch: float, width: float) -> list[float]:
    """Put panels over their sources (of one source: under their targets), side by side."""
    sources = [a for a, _ in ends]
    if len(set(sources)) <= 1:
        wanted = [b for _, b in ends]
    else:
        each = [sources.index(a) + (sources.count(a) - 1) / 2 for a in sources]
        pairs = enumerate(zip(sources, each, strict=True))
        wanted = [a + (n - middle) * pitch for n, (a, middle) in pairs]
    if not wanted:
        return []
    steps = pitch * np.arange(len(wanted))
    low, high = pitch / 2, width - pitch / 2 - steps[-1]
    shifts = isotonic_regression(np.array(wanted) - steps).x  # nearest without an overlap
    placed: list[float] = (np.clip(shifts, low, max(low, high)) + steps).tolist()
    return placed


def _shown(layer: Layer, weights: Tensor) -> Tensor:
    """Tell which edges are drawn, bool ``(n_in, subnodes)``."""
    alive = layer.alive()
    if int(alive.sum()) <= MOST_EDGES:
        return alive
    sizes = torch.where(alive, weights.cpu(), -torch.ones_like(weights.cpu()))
    chosen = torch.zeros(alive.numel(), dtype=torch.bool)
    chosen[sizes.flatten().topk(MOST_EDGES).indices] = True
    return chosen.reshape(alive.shape)


def _panels(layer: Layer, inputs: Tensor, weights: Tensor, shown: Tensor) -> list[Panel]:
    """Make one panel per edge that is drawn, in the order of the sources."""
    names = {(e.i, e.j): e.function.name for e in _symbolic(layer)}
    curves = _curves(layer, inputs)
    return [
        Panel(i, j, 0.0, 0.0, curves[i, j], float(weights[i, j]), names.get((i, j)))
        for i, j in shown.nonzero().tolist()
    ]


def _symbolic(layer: Layer) -> Sequence[SymbolicEdge]:
    return () if layer.symbolic is None else layer.symbolic.edges


def _curves(layer: Layer, inputs: Tensor) -> Array:  # (n_in, subnodes, SAMPLES, 2)
    """Evaluate every edge over the range of its input, scaled to the unit square."""
    t = torch.linspace(0, 1, SAMPLES, dtype=inputs.dtype, device=inputs.device)[:, None]
    low, high = inputs.amin(dim=0), inputs.amax(dim=0)
    values = edges(layer, low + t * (high - low)).double().cpu().numpy()
    values = np.moveaxis(values, 0, -1)  # (n_in, subnodes, SAMPLES)
    bottom = values.min(axis=-1, keepdims=True)
    span = values.max(axis=-1, keepdims=True) - bottom
    flat = ~(span > 1e-9 * np.abs(values).max(axis=-1, keepdims=True))
    scaled = np.where(flat, 0.5, (values - bottom) / np.where(flat, 1.0, span))
    across = np.broadcast_to(t[:, 0].double().cpu().numpy(), scaled.shape)
    return np.stack((across, scaled), axis=-1)


def _marks(layer: Layer, width: float, y: float) -> tuple[list[Mark], list[Mark], float]:
    """Place the subnodes and nodes above a layer's panels; give the height of the nodes too."""
    incoming = layer.alive().sum(dim=0).tolist()
    top = y + (LIFT if layer.arities else 0.0)
    places = _even(layer.subnodes, width)
    subnodes, nodes = [], []
    for plan in node_plans(layer):
        product = len(plan.subnodes) > 1
        own = [
            Mark(
                "sum" if incoming[j] > 1 else "dot",
                places[j],
                y if product else top,
                incoming[j] > 0,
            )
            for j in plan.subnodes
        ]
        subnodes += own
        if not product:
            nodes += own
            continue
        factors = tuple((mark.x, mark.y) for mark in own)
        middle = sum(mark.x for mark in own) / len(own)
        nodes.append(Mark("product", middle, top, any(m.alive for m in own), factors))
    return subnodes, nodes, top
