"""From one slab in time to the next: the state where it starts, as functions of space."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.nets import ProductKAN, product_count
from kanpde.solvers._plan import Plan
from kanpde.solvers.spectral._products import axis_nodes, product_network
from kanpde.trial import SlabStart, SlabTrial

MARGIN, ATTEMPTS, GROWTH = 6, 5, 1.3
CLOSE = 4e-15
MOST_PRODUCTS = 2000


def take_over(plan: Plan, trial: SlabTrial, time: float) -> SlabStart:
    """Fit value and time derivatives of a slab at `time` by product KANs in space.

    The degree of the slab is raised until the fit is down to round-off, five times at most.
    """
    axis, old = plan.time_axis, trial.network
    assert isinstance(old, ProductKAN)
    orders = [plan.problem.orders(k)[axis] for k in range(plan.outputs)]
    degrees = [0 if k == axis else n + MARGIN for k, n in enumerate(old.degrees)]
    found: tuple[float, list[ProductKAN]] | None = None
    for _ in range(ATTEMPTS):
        misfit, networks = _fit(plan, trial, time, degrees, orders)
        if found is not None and not misfit < 0.5 * found[0]:
            break
        found = (misfit, networks)
        larger = tuple(math.ceil(GROWTH * n) for n in degrees)
        axes = tuple(k in plan.frame.periodic for k in range(len(degrees)))
        if misfit <= CLOSE or product_count(axes, larger, pieces=plan.frame.pieces) > MOST_PRODUCTS:
            break
        degrees = list(larger)
    assert found is not None
    return SlabStart(found[1], axis, time)


def _fit(
    plan: Plan, trial: SlabTrial, time: float, degrees: list[int], orders: list[int]
) -> tuple[float, list[ProductKAN]]:
    """Networks of given degrees, and their largest relative misfit."""
    old = trial.network
    assert isinstance(old, ProductKAN)
    networks = [product_network(plan, degrees, old.maps) for _ in range(max(1, *orders))]
    axes = [
        np.array([time])
        if k == plan.time_axis
        else axis_nodes(plan, networks[0], k, excess=4 + n // 4)
        for k, n in enumerate(degrees)
    ]
    mesh = np.meshgrid(*axes, indexing="ij")
    points = torch.as_tensor(np.stack([m.reshape(-1) for m in mesh], axis=1)).to(trial.eta)
    states = trial.state_at(points, len(networks))
    features = _features(networks[0], trial, points)
    worst = 0.0
    for j, (network, state) in enumerate(zip(networks, states, strict=True)):
        alive = torch.tensor([j < max(1, n) if j == 0 else j < n for n in orders])
        wanted = state * alive.to(state)
        fitted = torch.linalg.lstsq(features.cpu(), wanted.cpu(), driver="gelsy").solution
        size = max(float(wanted.abs().max()), 1e-300)
        worst = max(worst, float((features.cpu() @ fitted - wanted.cpu()).abs().max()) / size)
        network.set(fitted.flatten())
        network.to(trial.eta.device)
    return worst, networks


def _features(network: ProductKAN, trial: SlabTrial, points: Tensor) -> Tensor:
    """Values of the products and of the constant at points, ``(N, products + 1)``."""
    space = JetSpace(points.shape[1], ((0,) * points.shape[1],))
    with torch.no_grad():
        z = trial._embedding(points, space)
        made = network.block.features(z, z, space)[0]
    return torch.cat((made, made.new_ones(len(points), 1)), dim=1)
