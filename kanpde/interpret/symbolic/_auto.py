"""Turn the edges of a KAN into library functions and find the combination that is exact."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.errors import InputError
from kanpde.ground import _check
from kanpde.interpret.symbolic._search import (
    Found,
    Search,
    all_at_once,
    complexity,
    one_by_one,
)
from kanpde.interpret.symbolic._suggest import (
    WEIGHT_SIMPLE,
    Edge,
    Library,
    Suggestion,
    chosen_library,
    finite,
    numerical_edges,
    some,
)
from kanpde.nets import KAN, copy_network

SAMPLES = 2000  # points that are used at most


@dataclass(frozen=True)
class EdgeReport:
    """What became of one edge.

    Attributes
    ----------
    edge : tuple of int
        Layer, input and subnode.
    name : str or None
        Library function, or ``None`` where the edge stayed numerical.
    r2 : float
        Squared correlation of the best candidate with the edge before polishing.
    affine : tuple of float or None
        a, b, c, d after polishing.
    alternatives : tuple of Suggestion
        Candidates for the edge, best first.
    """

    edge: Edge
    name: str | None
    r2: float
    affine: tuple[float, ...] | None
    alternatives: tuple[Suggestion, ...]


@dataclass(frozen=True)
class Symbolified:
    """A network with symbolic edges and how it was found.

    Attributes
    ----------
    network : KAN
        The new network.
    edges : tuple of EdgeReport
        One per edge that was numerical before.
    rmse_before, rmse_after : float
        Root mean square errors on the data.
    exact : bool
        Whether the error fell to round-off.
    combinations : int
        Combinations that were polished.
    seconds : float
        Wall time.
    """

    network: KAN
    edges: tuple[EdgeReport, ...]
    rmse_before: float
    rmse_after: float
    exact: bool
    combinations: int
    seconds: float


def auto_symbolic(
    network: KAN,
    x: Tensor,  # (N, n_in)
    y: Tensor | None = None,  # (N, n_out)
    *,
    library: Library = None,
    r2_threshold: float = 0.99,
    weight_simple: float = WEIGHT_SIMPLE,
    seconds: float = 60.0,
) -> Symbolified:
    r"""Replace numerical edges by library functions, polished together on data.

    The best candidates of every edge are combined, simplest first, and all affine parameters
    are polished together: the right combination shows itself by an error at round-off. Where
    none does, edges are fixed one after the other, the most certain first, while the others
    are trained on. Accuracy is weighed against complexity throughout.

    Parameters
    ----------
    network
        A trained KAN; it is not changed.
    x, y
        Data; without `y` the network's own outputs.
    library
        As for `suggest_symbolic`.
    r2_threshold
        Edges without a candidate of this R² stay numerical.
    weight_simple
        Decades of accuracy that one unit of complexity must buy.
    seconds
        Wall time after which no further combination is begun.

    Returns
    -------
    Symbolified
        The new network, in float64, and the report.

    Raises
    ------
    InputError
        If shapes do not fit, numbers are not finite, there are fewer than three samples, or
        the library is unknown.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, section 2.5.1.

    Examples
    --------
    >>> from kanpde.regression import regress
    >>> x = torch.linspace(-1, 1, 100, dtype=torch.float64)[:, None]
    >>> net = KAN([1, 1], grid=10).double()
    >>> fitted = regress(net, x, torch.exp(2 * x), steps=20)
    >>> found = auto_symbolic(net, x, torch.exp(2 * x), library=["x", "x^2", "exp"])
    >>> found.edges[0].name, found.exact
    ('exp', True)
    """
    start = time.perf_counter()
    _check.shape("x", x, (None, network.n_in))
    if not (isinstance(r2_threshold, int | float) and 0 <= r2_threshold <= 1):
        raise InputError(f"r2_threshold: expected a number in [0, 1], got {r2_threshold!r}")
    functions = chosen_library(library)
    with torch.no_grad():
        given = network(x.to(network.layer(0).first())) if y is None else y
    _check.shape("y", given, (len(x), network.n_out))
    x, y = finite("x", x), finite("y", given)
    plain = copy_network(network).to("cpu", torch.float64)
    before = _rmse(plain, x, y)
    few = some(x, SAMPLES)
    spread = float((y - y.mean(0)).square().mean().sqrt()) or 1.0
    search = Search(x[few], y[few], spread, functions, r2_threshold, weight_simple, start + seconds)
    edges = numerical_edges(network)
    listed = search.suggestions(plain, edges)
    found = all_at_once(search, plain, listed)
    if not any(search.exact(f.rmse) for f in found) and not search.late():
        found += one_by_one(search, plain, listed)
    best = next(iter(search.best(found)), Found(plain, before, complexity(plain)))
    after = _rmse(best.network, x, y)
    reports = tuple(_report(edge, best, listed[edge]) for edge in edges)
    device = network.layer(0).first().device
    return Symbolified(
        best.network.to(device),
        reports,
        before,
        after,
        search.exact(after),
        search.tried,
        time.perf_counter() - start,
    )


def _rmse(network: KAN, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return float((network(x) - y).square().mean().sqrt())


def _report(edge: Edge, best: Found, listed: list[Suggestion]) -> EdgeReport:
    k, i, j = edge
    block = best.network.layer(k).symbolic
    kept = () if block is None else block.edges
    for row, fixed in enumerate(kept):
        if (fixed.i, fixed.j) == (i, j):
            assert block is not None
            chosen = best.chosen[edge]
            affine = tuple(block.affine[row].tolist())
            return EdgeReport(edge, chosen.name, chosen.r2, affine, tuple(listed[:5]))
    r2 = max((s.r2 for s in listed), default=-math.inf)
    return EdgeReport(edge, None, r2, None, tuple(listed[:5]))
