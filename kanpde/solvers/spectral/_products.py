"""What phases on product KANs share: the network, its points, weights and convergence."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from kanpde.geometry._samplers import axis_rule, outer, outer_weights
from kanpde.nets import AxisMap, ChartedKAN, ProductKAN, all_degrees, product_count
from kanpde.residual import INTERIOR, Drawn, Rows, TermSet
from kanpde.solvers._charts import chart_degrees, charts_count
from kanpde.solvers._plan import Plan, has_data, slabs_apply
from kanpde.solvers._starting import WarmStart, warm_start
from kanpde.trial import Frame, Trial

SHELL = 0.87
STRETCHED = 1.15  # points along an axis per degree


def products_apply(plan: Plan) -> bool:
    """Whether product KANs may be tried."""
    return against_products(plan) is None


def against_products(plan: Plan) -> str | None:
    """Tell what keeps product KANs from being tried: a network that is asked for, or the inputs."""
    settings = plan.settings
    asked = ("hidden", "basis", "grid", "grids", "degree")
    for found, name in (
        (not settings.linear, "linear=false"),
        (settings.net not in {"auto", "spectral"}, f"net={settings.net}"),
        (settings.optimizer != "auto", f"optimizer={settings.optimizer}"),
        (settings.weighting != "none", f"weighting={settings.weighting}"),
        (settings.derivatives != "jets", f"derivatives={settings.derivatives}"),
        (plan.dtype != torch.float64, f"dtype={settings.dtype}"),
        *((getattr(settings, n) is not None, f"{n}={getattr(settings, n)}") for n in asked),
        (bool(settings.sparsify), f"sparsify={settings.sparsify}"),
        (plan.frame.inputs > 6 and max(plan.frame.pieces) > 1, "interfaces in many coordinates"),
    ):
        if found:
            return name
    return None


def product_network(
    plan: Plan,
    degree: int | Sequence[int],
    maps: Sequence[AxisMap | None] | None = None,
    *,
    interaction: int | None = None,
) -> ProductKAN:
    """Build the product KAN of a plan's frame."""
    frame = plan.frame
    rates = tuple(
        (2 * math.pi if k in frame.periodic else 2.0) / (high - low)
        for k, (low, high) in enumerate(zip(frame.lower, frame.upper, strict=True))
    )
    if plan.charts and maps is None and interaction is None:
        own = chart_degrees(plan.charts, all_degrees(degree, len(rates)))
        return ChartedKAN(
            rates,
            frame.periodic,
            plan.outputs,
            degree=degree,
            lower=frame.lower,
            blocks=list(zip(plan.charts, own, strict=True)),
        )
    breaks = [scaled_cuts(frame, k) for k in range(len(rates))]
    return ProductKAN(
        rates,
        frame.periodic,
        plan.outputs,
        degree=degree,
        maps=maps,
        breaks=breaks,
        interaction=interaction,
    )


def coefficients(plan: Plan, degrees: Sequence[int], interaction: int | None = None) -> int:
    """Count the coefficients of a product KAN without building it."""
    axes = tuple(k in plan.frame.periodic for k in range(len(degrees)))
    few = interaction if interaction and interaction < len(degrees) else None
    many = product_count(axes, tuple(degrees), pieces=plan.frame.pieces, interaction=few)
    own = charts_count(plan.charts, degrees) if plan.charts else 0
    return (many + own + 1) * plan.outputs


def scaled_cuts(frame: Frame, axis: int) -> tuple[float, ...]:
    """Places of the interfaces along an axis, as inputs of a network in (-1, 1)."""
    low, high = frame.lower[axis], frame.upper[axis]
    return tuple((2 * c - low - high) / (high - low) for c in frame.cuts(axis))


def lattice(plan: Plan, network: ProductKAN, *, excess: int, most: int | None = None) -> Drawn:
    """Interior points that resolve a product KAN: Chebyshev nodes of its charts, even on circles.

    Parameters
    ----------
    excess
        Nodes per axis beyond the number of functions there.
    most
        Keep a random choice of so many.
    """
    axes = [axis_nodes(plan, network, k, excess=excess) for k in range(len(network.rates))]
    mesh = np.meshgrid(*axes, indexing="ij")
    points = np.stack([m.reshape(-1) for m in mesh], axis=1)
    if most is not None and len(points) > most:
        points = points[np.sort(plan.rng(700).choice(len(points), size=most, replace=False))]
    weight = np.full(len(points), 1.0 / len(points))
    return Drawn(points, np.zeros((len(points), 0)), None, None, weight)


def stretched_points(plan: Plan, network: ProductKAN) -> Drawn:
    """Chebyshev points of a box, as many along each axis as its degree asks for.

    Their weights are those of a quadrature (Fejér's).
    """
    nodes, weights = [], []
    for axis, degree in enumerate(network.degrees):
        unit, own = axis_rule(math.ceil(STRETCHED * degree) + 4, "chebyshev")
        ends = (plan.frame.lower[axis], *plan.frame.cuts(axis), plan.frame.upper[axis])
        nodes.append(np.concatenate([a + (b - a) * unit for a, b in itertools.pairwise(ends)]))
        weights.append(np.concatenate([(b - a) * own for a, b in itertools.pairwise(ends)]))
    weight = outer_weights(weights)
    points = outer(nodes)
    return Drawn(points, np.zeros((len(points), 0)), None, None, weight / weight.sum())


def axis_nodes(plan: Plan, network: ProductKAN, axis: int, *, excess: int) -> np.ndarray:
    """Nodes along one axis, in the coordinate."""
    low, high = plan.frame.lower[axis], plan.frame.upper[axis]
    degree, chart = network.degrees[axis], network.maps[axis]
    if axis in network.periodic:
        count = 2 * degree + 1 + excess
        return low + (high - low) * np.arange(count) / count
    count = degree + 1 + excess
    if cuts := plan.frame.cuts(axis):
        unit = 0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)
        ends = itertools.pairwise((low, *cuts, high))
        return np.concatenate([a + (b - a) * unit for a, b in ends])
    zeta = -np.cos(np.pi * (np.arange(count) + 0.5) / count)
    z = zeta if chart is None else chart.inverse(torch.as_tensor(zeta)).numpy()
    return np.clip(0.5 * (low + high) + 0.5 * (high - low) * z, low, high)


def balance(plan: Plan, trial: Trial, drawn: list[tuple[TermSet, Drawn]]) -> dict[str, float]:
    """Weights that give conditions rows as large as the equations' rows."""
    given = dict(plan.settings.weights)
    if len(drawn) == 1 or has_data(plan):
        return given
    sizes: dict[str, float] = {}
    for terms, points in drawn:
        rows = Rows(trial, [(terms, points)])
        totals = [float(j.square().sum()) for j, _ in rows.jacobian()]
        if terms.where == INTERIOR:
            sizes.update(dict.fromkeys(terms.names, sum(totals) / len(terms.names)))
            continue
        for name, total in zip(itertools.cycle(terms.names), totals, strict=False):
            sizes[name] = sizes.get(name, 0.0) + total / terms.names.count(name)
    top = max(sizes[n] for t, _ in drawn if t.where == INTERIOR for n in t.names)
    balanced = {
        n: min(1e8, max(1.0, top / sizes[n])) if sizes[n] > 0 else 1.0
        for t, _ in drawn
        if t.where != INTERIOR
        for n in t.names
    }
    return {**balanced, **given}


def tails(network: ProductKAN) -> Tensor:
    """Size of the coefficients of the highest products, by axis and output.

    A product is among the highest where its degrees, each divided by its highest, sum to 0.87
    or more; it counts for an axis by its share there.
    """
    index = network.degree_list().double()
    share = index / torch.tensor([max(n, 1) for n in network.degrees], dtype=torch.float64)
    size = network.block.coefficients.detach().double().cpu().square()
    shell = share.sum(dim=1) >= SHELL
    return (share[shell].square().T @ size[shell]).sqrt()


def leading_tails(network: ProductKAN) -> list[float]:
    """Size of the highest coefficients, each counted for the axis that leads in its product."""
    index = network.degree_list().double()
    share = index / torch.tensor([max(n, 1) for n in network.degrees], dtype=torch.float64)
    size = network.block.coefficients.detach().double().cpu().square().sum(dim=1)
    shell, lead = share.sum(dim=1) >= SHELL, share.argmax(dim=1)
    return [
        float(size[shell & (lead == axis)].sum().sqrt()) for axis in range(len(network.degrees))
    ]


def transfer(source: Trial, target: Trial) -> None:
    """Copy the coefficients of the products that both have, and the constants."""
    target.set(torch.cat((moved(source, target), source.eta.detach())))


def moved(source: Trial, target: Trial) -> Tensor:
    """Give the coefficients of `target`'s network that `source` has, the others zero."""
    old, new = source.network, target.network
    assert isinstance(old, ProductKAN)
    assert isinstance(new, ProductKAN)
    names, known = new.keys(), old.get().to(target.eta).unflatten(0, (-1, old.n_out))
    place = {key: k for k, key in enumerate(names)}
    shared = [(k, place[key]) for k, key in enumerate(old.keys()) if key in place]
    own, kept = torch.tensor(shared, device=target.device).reshape(-1, 2).unbind(1)
    vector = known.new_zeros(len(names), new.n_out)
    vector[kept] = known[own]
    return vector.flatten()


def take_products(start: Trial, target: Trial) -> None:
    """Copy the coefficients of the products that both have, in units of the target's scales.

    Unknown constants go along where both name the same ones.
    """
    known = moved(start, target).unflatten(0, (-1, target.outputs))
    vector = known * _ratios(start, target)
    same = start.constants.names == target.constants.names
    eta = start.eta.detach().to(target.eta) if same else target.eta.detach()
    target.set(torch.cat((vector.flatten(), eta)))


def _ratios(start: Trial, target: Trial) -> Tensor:
    """Scale of every unknown there over that here."""
    pairs = zip(start.frame.scales, target.frame.scales, strict=True)
    return torch.tensor([a / b for a, b in pairs]).to(target.eta)


def takes_nonlinear(plan: Plan) -> bool:
    """Whether Gauss-Newton on product KANs may be tried: no data to fit, no trained start."""
    return products_apply(plan) and not has_data(plan) and warm_start(plan) is not WarmStart.NETWORK


def marches_on(plan: Plan) -> bool:
    """Whether the start of a plan is made of slabs, and slabs are to follow it at once."""
    slabs = plan.settings.slabs and slabs_apply(plan)
    return slabs and warm_start(plan) is WarmStart.SLABS
