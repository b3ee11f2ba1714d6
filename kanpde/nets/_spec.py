"""A network as plain JSON data, and back; coefficients travel separately."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

import torch

from kanpde.basis import BSpline, Chebyshev, basis_from_record
from kanpde.calculus import JetSpace
from kanpde.errors import InputError, RunDirectoryError
from kanpde.nets._block import BasisBlock
from kanpde.nets._layer import Layer
from kanpde.nets._library import SymbolicFunction
from kanpde.nets._network import ModuleNet, Network
from kanpde.nets._symbolic_block import SymbolicEdge
from kanpde.nets.kan._kan import KAN, MLP
from kanpde.nets.kan._sine import edge_block
from kanpde.nets.kan._symbolic import set_symbolic
from kanpde.nets.spectral._chart import Chart
from kanpde.nets.spectral._charted import ChartedKAN, chart_count
from kanpde.nets.spectral._product import ProductKAN
from kanpde.nets.spectral._product_block import product_count
from kanpde.nets.spectral._univariate import AxisMap

Kind = TypeVar("Kind", bound=Network)
MOST_PRODUCTS = 10**5  # of a chart


def network_record(network: Network) -> dict[str, Any]:
    """Describe a network; a user's own module cannot be described and gives its class name.

    Examples
    --------
    >>> network_record(MLP([2, 4, 1]))
    {'kind': 'mlp', 'width': [2, 4, 1], 'activation': 'tanh'}
    """
    if isinstance(network, ProductKAN):
        own = network.to_record() if isinstance(network, ChartedKAN) else {}
        return {
            "kind": "product",
            "width": network.width,
            "degrees": list(network.degrees),
            "rates": list(network.rates),
            "periodic": list(network.periodic),
            "charts": [None if c is None else [c.center, c.width] for c in network.maps],
            "breaks": [list(cuts) for cuts in network.breaks],
            "interaction": network.interaction,
            **own,
        }
    if isinstance(network, MLP):
        return {"kind": "mlp", "width": network.width, "activation": network.activation}
    if isinstance(network, KAN):
        return {
            "kind": "kan",
            "width": network.width,
            "base": network.base,
            "squash": network.squash,
            "bias": network.bias,
            "arities": [list(network.layer(k).arities) for k in range(len(network.layers))],
            "bases": [
                _basis_block(network, k).basis.to_record() for k in range(len(network.layers))
            ],
            "masks": [_mask(network, k) for k in range(len(network.layers))],
            "symbolic": [_symbolic(network.layer(k)) for k in range(len(network.layers))],
        }
    assert isinstance(network, ModuleNet)
    return {"kind": "module", "width": network.width, "class": type(network.module).__name__}


def network_from_record(data: Any) -> Network:
    """Build the network that `network_record` described, with initial coefficients.

    Raises
    ------
    RunDirectoryError
        If the data are damaged or describe a user's own module.
    """
    try:
        kind, width = data["kind"], [int(n) for n in data["width"]]
        if kind == "product":
            return _product(data, width)
        if kind == "mlp":
            return MLP(width, activation=data["activation"])
        if kind == "kan":
            return _kan(data, width)
    except RunDirectoryError:
        raise
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise RunDirectoryError(
            f"network: expected its description, got damaged data ({error})"
        ) from None
    raise RunDirectoryError(
        f"network: expected kind kan, mlp or product, got {kind!r}; a network of your own class "
        "cannot be rebuilt without its code"
    )


def _product(data: dict[str, Any], width: list[int]) -> ProductKAN:
    rates = tuple(float(r) for r in data["rates"])
    periodic = tuple(int(k) for k in data["periodic"])
    degrees = tuple(int(n) for n in data["degrees"])
    maps = tuple(None if c is None else AxisMap(*map(float, c)) for c in data["charts"])
    breaks = tuple(tuple(map(float, cuts)) for cuts in data.get("breaks", [()] * len(rates)))
    if len({len(part) for part in (rates, degrees, maps, breaks)}) != 1:
        raise ValueError("as many rates, degrees, charts and breaks as coordinates")
    if len(rates) + len(periodic) + sum(map(bool, breaks)) != width[0]:
        raise ValueError(f"{width[0]} inputs")
    ends = [(-1.0, *cuts, 1.0) for cuts in breaks]
    if not all(a < b for cuts in ends for a, b in itertools.pairwise(cuts)):
        raise ValueError("increasing breaks")
    axes = tuple(k in periodic for k in range(len(rates)))
    pieces = tuple(len(cuts) + 1 for cuts in breaks)
    few = data.get("interaction")
    few = None if few is None else int(few)
    if few is not None and (not 0 < few < len(rates) or max(pieces) > 1):
        raise ValueError(f"products of {few} coordinates")
    many = product_count(axes, degrees, pieces=pieces, interaction=few, most=width[1])
    if min(degrees) < 0 or many != width[1]:
        raise ValueError(f"{width[1]} products of degrees {degrees}")
    if any(c is not None and not c.width > 0 for c in maps):
        raise ValueError("positive widths of the charts")
    if data.get("blocks"):
        return _charted(data, rates, width[-1], degrees)
    return ProductKAN(
        rates,
        periodic,
        width[-1],
        degree=degrees,
        maps=maps,
        breaks=breaks,
        interaction=few,
    )


def _charted(
    data: dict[str, Any], rates: tuple[float, ...], n_out: int, degrees: tuple[int, ...]
) -> ChartedKAN:
    blocks = []
    for block in data["blocks"]:
        chart, own = Chart.from_record(block["chart"]), tuple(int(n) for n in block["degrees"])
        fits = len(own) == len(rates) and all(0 <= a < len(rates) for a in chart.axes)
        if not fits or min(own) < 0 or chart_count(own) > MOST_PRODUCTS:
            raise ValueError(f"a chart of degrees {own}")
        blocks.append((chart, own))
    lower = tuple(float(v) for v in data["lower"])
    if len(lower) != len(rates) or data["periodic"]:
        raise ValueError(f"{len(rates)} lower ends and no periodic coordinate")
    return ChartedKAN(rates, (), n_out, degree=degrees, lower=lower, blocks=blocks)


def _kan(data: dict[str, Any], width: list[int]) -> KAN:
    bases = [basis_from_record(b) for b in data["bases"]]
    arities = [(), *(tuple(map(int, a)) for a in data.get("arities", [[]] * len(bases)))]
    network = KAN(
        [(n - len(a), a) if a else n for n, a in zip(width, arities, strict=True)],
        basis=Chebyshev(degree=1, squash=None),
        base=data["base"],
        squash=bool(data["squash"]),
        bias=bool(data["bias"]),
    )
    for k, basis in enumerate(bases):
        layer = network.layer(k)
        n_in, subnodes = layer.n_in, layer.subnodes
        start = torch.zeros(n_in, basis.count, subnodes, dtype=torch.float64)
        layer.blocks[0] = edge_block(basis, n_in, subnodes, start)
        mask = data["masks"][k]
        if mask is not None:
            layer.set_mask(torch.tensor(mask, dtype=torch.bool))
        edges = data.get("symbolic", [[]] * len(bases))[k]
        made = [_edge(edge, layer) for edge in edges]
        set_symbolic(layer, made, torch.zeros(len(made), 4, dtype=torch.float64))
    network.basis = bases[0]
    return network.to(torch.get_default_dtype())


def _basis_block(network: KAN, k: int) -> BasisBlock:
    block = network.layer(k).blocks[0]
    assert isinstance(block, BasisBlock)
    return block


def _mask(network: KAN, k: int) -> list[list[bool]] | None:
    mask = network.layer(k).mask
    if mask is None:
        return None
    rows: list[list[bool]] = mask.bool().tolist()
    return rows


def _symbolic(layer: Layer) -> list[dict[str, Any]]:
    edges = () if layer.symbolic is None else layer.symbolic.edges
    return [{"i": e.i, "j": e.j, "function": e.function.to_record()} for e in edges]


def _edge(data: Any, layer: Layer) -> SymbolicEdge:
    i, j = int(data["i"]), int(data["j"])
    if not (0 <= i < layer.n_in and 0 <= j < layer.subnodes):
        raise ValueError(f"a symbolic edge ({i}, {j})")
    return SymbolicEdge(i, j, SymbolicFunction.from_record(data["function"]))


def copy_network(network: Kind) -> Kind:
    """Give an equal network that shares nothing with the one given.

    Examples
    --------
    >>> net = KAN([2, 3, 1])
    >>> torch.equal(copy_network(net).get(), net.get())
    True
    """
    first = next(iter(network.parameters()))
    copied = network_from_record(network_record(network)).to(first.device, first.dtype)
    copied.set(network.get())
    assert isinstance(copied, type(network))
    return copied


def change_basis(network: KAN, k: int, basis: Any, coefficients: torch.Tensor) -> None:
    """Replace the basis of layer `k`, with coefficients ``(n_in, count, n_out)``."""
    layer = network.layer(k)
    old = layer.first()
    block = BasisBlock(basis, layer.n_in, layer.subnodes, coefficients.detach())
    layer.blocks[0] = block.to(old.device, old.dtype)
    if k == 0:
        network.basis = basis


def extend_grid(network: KAN, grid: int, *, nested: bool = True) -> float:
    """Grid extension of every layer; returns the largest change of an edge's function.

    Parameters
    ----------
    network
        A KAN with B-spline edges.
    grid
        New number of intervals; a multiple of the present one where `nested`.
    nested
        False allows grids that do not nest, by least squares.

    Raises
    ------
    InputError
        If the grids do not nest or the basis has no grid.

    Examples
    --------
    >>> extend_grid(KAN([2, 3, 1], grid=3), 6) < 1e-6
    True
    """
    moved = 0.0
    for k in range(len(network.layers)):
        block = _basis_block(network, k)
        if not isinstance(block.basis, BSpline):
            raise InputError(
                f"grids: expected B-spline edges, got {block.basis.name}; use basis=bspline"
            )
        shape = (block.n_in, block.basis.count, block.n_out)
        transfer = block.basis.extend(
            block.coefficients.detach().reshape(shape), grid, nested=nested
        )
        moved = max(moved, transfer.moved)
        change_basis(network, k, transfer.basis, transfer.coefficients)
    return moved


def update_grid(network: KAN, x: torch.Tensor, *, blend: float = 0.5) -> float:
    """Move the knots of every layer to its inputs; returns the largest change of an edge.

    Parameters
    ----------
    network
        A KAN with B-spline edges.
    x
        Samples of the network's inputs, ``(N, n_in)``; deeper layers see what these become.
    blend
        1 keeps uniform knots, 0 follows the quantiles.
    """
    space = JetSpace(1, ((0,),))
    moved = 0.0
    z = x.detach()[None]
    for k in range(len(network.layers)):
        layer, block = network.layer(k), _basis_block(network, k)
        if isinstance(block.basis, BSpline):
            shape = (block.n_in, block.basis.count, block.n_out)
            samples = layer.squashed(z, space)[0]
            transfer = block.basis.update(
                samples, block.coefficients.detach().reshape(shape), blend=blend
            )
            moved = max(moved, transfer.moved)
            change_basis(network, k, transfer.basis, transfer.coefficients)
        with torch.no_grad():
            z = layer.jets(z, space)
    return moved
