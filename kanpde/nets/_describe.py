"""What summaries say of networks."""

from __future__ import annotations

from collections.abc import Sequence

from kanpde.nets import KAN, MLP, BasisBlock, Chart, ChartedKAN, Network, ProductKAN


def describe_network(network: Network) -> str:
    """Name a network: kind, widths, edges.

    Examples
    --------
    >>> describe_network(MLP([2, 4, 1]))
    'MLP [2,4,1], tanh'
    """
    width = str(network.width).replace(" ", "")
    if isinstance(network, ProductKAN):
        if len(set(network.degrees)) > 1:
            degree = "degrees " + "x".join(map(str, network.degrees))
        else:
            degree = f"total degree {network.degree}"
        return f"product KAN {width}, {degree}, spectral least squares{structure(network)}"
    if isinstance(network, KAN):
        block = network.layer(0).blocks[0]
        edges = repr(block.basis) if isinstance(block, BasisBlock) else "edges of its own"
        return f"KAN {width}, {edges}"
    if isinstance(network, MLP):
        return f"MLP {width}, {network.activation}"
    return f"{type(network).__name__} {width}"


def structure(network: Network) -> str:
    """Say that products of few coordinates are enough, or that there are charts, if so.

    Examples
    --------
    >>> structure(ProductKAN((1.0, 1.0), (), 1, degree=3, interaction=1))
    ', structure-matched: sums of functions of 1 coordinate'
    """
    if isinstance(network, ChartedKAN):
        return f", charts about {named_charts([b.chart for b in network.own_blocks])}"
    few = network.interaction if isinstance(network, ProductKAN) else None
    if few is None:
        return ""
    return f", structure-matched: sums of functions of {few} coordinate{'s' * (few > 1)}"


def named_charts(charts: Sequence[Chart]) -> str:
    """Count charts by kind.

    Examples
    --------
    >>> named_charts([Chart("hole", (0, 1), (x, 0.0), 0.1, 1.0) for x in (0.0, 0.5)])
    '2 holes'
    """
    kinds = [chart.kind for chart in charts]
    found = [(kinds.count(kind), kind) for kind in ("hole", "corner") if kind in kinds]
    return " and ".join(f"{n} {kind}{'s' * (n > 1)}" for n, kind in found)
