"""The network of a fit: as the settings ask, or the default."""

from __future__ import annotations

import torch

from kanpde.basis import BASES, Basis, BSpline
from kanpde.errors import InputError
from kanpde.fitting._dataset import Dataset
from kanpde.fitting._settings import FitSettings
from kanpde.nets import KAN, MLP, BasisBlock, Network

HIDDEN = (5,)
HIDDEN_MLP = (16, 16)


def make_network(data: Dataset, settings: FitSettings) -> Network:
    """Make the network that the settings ask for.

    Raises
    ------
    InputError
        If the sizes do not fit the data.
    """
    d, m = data.sizes
    generator = torch.Generator().manual_seed(settings.seed)
    usual = HIDDEN if settings.net == "kan" else HIDDEN_MLP
    hidden = usual if settings.hidden is None else settings.hidden
    width = list(settings.width) if settings.width else [d, *hidden, m]
    if settings.net == "mlp":
        return fits(MLP(width, generator=generator), data)
    basis = _basis(settings)
    base = settings.base or basis.default_base
    network = KAN(width, basis=basis, base=base, generator=generator)
    return fits(network, data)


def fits(network: Network, data: Dataset) -> Network:
    """Refuse a network of another kind, or whose sizes are not those of the data."""
    if not isinstance(network, KAN | MLP):
        raise InputError(f"network: expected a KAN or an MLP, got {type(network).__name__}")
    d, m = data.sizes
    if (network.n_in, network.n_out) != (d, m):
        raise InputError(
            f"width: expected {d} inputs and {m} outputs as the data have, got "
            f"{network.n_in} and {network.n_out}"
        )
    return network


def _basis(settings: FitSettings) -> Basis:
    """Make the basis of the edges."""
    name = settings.basis or BSpline.name
    if name == BSpline.name:
        grid = settings.grids[0] if settings.grids else settings.grid
        return BSpline.for_network(settings.degree, grid)
    return BASES[name].for_network(settings.degree)


def grid_of(network: Network) -> int | None:
    """Count the intervals of the first layer's splines, ``None`` where there are none."""
    if not isinstance(network, KAN):
        return None
    block = network.layer(0).blocks[0]
    basis = block.basis if isinstance(block, BasisBlock) else None
    return basis.grid if isinstance(basis, BSpline) else None
