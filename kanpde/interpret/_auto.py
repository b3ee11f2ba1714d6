"""Turn the edges of a KAN into library functions and find the combination that is exact."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import torch
from torch import Tensor

from kanpde import _check
from kanpde.interpret._forms import canonical_form
from kanpde.interpret._polish import polish
from kanpde.interpret._suggest import (
    ALIKE,
    WEIGHT_SIMPLE,
    Edge,
    Library,
    Suggestion,
    chosen_library,
    numerical_edges,
    suggest_edges,
)
from kanpde.nets import KAN, copy_network, fix_edge

EXACT = 1e-10  # error over the spread of the targets that counts as exact
NUMERICAL = 8  # complexity of an edge that stays numerical
FIRST_TRIES = 4  # combinations of first suggestions that are polished
TRIES = 20  # and further ones, where simple ones fail too
SIMPLE_TRIES = 12  # combinations of simple candidates that are polished
SIMPLE_R2 = 0.9  # what a candidate must reach to be tried because it is simple
DISCOUNT = 0.1  # weight of the error where simplicity is what counts
BRANCHES = 3
BEAM = 2
MARGIN = 1.5  # scores this far above the best are not tried
SAMPLES = 2000


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


@dataclass
class _Found:
    """One polished network: its error and its complexity."""

    network: KAN
    rmse: float
    cost: int
    chosen: dict[Edge, Suggestion] = field(default_factory=dict)


@dataclass
class _Search:
    """Data and settings of one search."""

    x: Tensor
    y: Tensor
    scale: float
    functions: Library
    threshold: float
    weight: float
    deadline: float
    tried: int = 0

    def exact(self, rmse: float) -> bool:
        return rmse <= EXACT * self.scale

    def late(self) -> bool:
        return time.perf_counter() > self.deadline

    def suggestions(self, network: KAN, edges: Sequence[Edge]) -> dict[Edge, list[Suggestion]]:
        return suggest_edges(
            network, self.x, edges, library=self.functions, weight_simple=self.weight
        )

    def usable(self, listed: Sequence[Suggestion], most: int) -> list[Suggestion]:
        good = [s for s in listed if s.r2 >= self.threshold]
        return [s for s in good[:most] if s.score <= good[0].score + MARGIN]

    def polished(self, network: KAN, chosen: dict[Edge, Suggestion], steps: int) -> _Found:
        """Fix edges of a copy and polish it."""
        self.tried += 1
        made = copy_network(network)
        for (k, i, j), s in chosen.items():
            fix_edge(made, k, i, j, s.function, s.affine)
        rmse = polish(made, self.x, self.y, steps=steps, tolerance=1e-16 * self.scale)
        return _Found(made, rmse, complexity(made), dict(chosen))

    def best(self, found: Sequence[_Found]) -> list[_Found]:
        """Sort by accuracy against complexity."""
        least = min(f.rmse for f in found)
        floor = max(ALIKE * least, EXACT * self.scale, 1e-300)

        def score(f: _Found) -> float:
            return math.log10(max(f.rmse, floor) / floor) + self.weight * f.cost

        return sorted((f for f in found if math.isfinite(f.rmse)), key=score)


def complexity(network: KAN) -> int:
    """Sum of the edges' complexities; a numerical edge counts 8."""
    total = NUMERICAL * len(numerical_edges(network))
    for k in range(len(network.layers)):
        block = network.layer(k).symbolic
        for edge in () if block is None else block.edges:
            total += edge.function.complexity + canonical_form(edge.function).shapes
    return total


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
        The new network and the report.

    Raises
    ------
    InputError
        If shapes do not fit, there are fewer than three samples, or the library is unknown.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, section 2.5.1.

    Examples
    --------
    >>> from kanpde.train import regress
    >>> x = torch.linspace(-1, 1, 100, dtype=torch.float64)[:, None]
    >>> net = KAN([1, 1], grid=10).double()
    >>> fitted = regress(net, x, torch.exp(2 * x), steps=20)
    >>> found = auto_symbolic(net, x, torch.exp(2 * x), library=["x", "x^2", "exp"])
    >>> found.edges[0].name, found.exact
    ('exp', True)
    """
    start = time.perf_counter()
    _check.shape("x", x, (None, network.n_in))
    functions = chosen_library(library)
    with torch.no_grad():
        given = network(x) if y is None else y
    _check.shape("y", given, (len(x), network.n_out))
    step = max(1, len(x) // SAMPLES)
    x, y = x[::step], given[::step].detach()
    scale = float((y - y.mean(0)).double().square().mean().sqrt()) or 1.0
    with torch.no_grad():
        before = float((network(x) - y).double().square().mean().sqrt())
    search = _Search(x, y, scale, functions, r2_threshold, weight_simple, start + seconds)
    edges = numerical_edges(network)
    listed = search.suggestions(network, edges)
    found = [_Found(copy_network(network), before, complexity(network))]
    found += _all_at_once(search, network, listed)
    if not search.exact(min(f.rmse for f in found[1:] or found)) and not search.late():
        found += _one_by_one(search, network, edges)
    best = search.best(found[1:] or found)[0]
    reports = tuple(_report(edge, best, listed[edge]) for edge in edges)
    return Symbolified(
        best.network,
        reports,
        before,
        best.rmse,
        search.exact(best.rmse),
        search.tried,
        time.perf_counter() - start,
    )


def _report(edge: Edge, best: _Found, listed: list[Suggestion]) -> EdgeReport:
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


def _all_at_once(
    search: _Search, network: KAN, listed: dict[Edge, list[Suggestion]]
) -> list[_Found]:
    """Polish combinations of the first suggestions in the order of their summed scores."""
    usable = {edge: search.usable(s, 5) for edge, s in listed.items()}
    edges = [edge for edge, candidates in usable.items() if candidates]
    combinations = _combinations([usable[edge] for edge in edges])
    found = _polished_until_exact(search, network, edges, combinations, FIRST_TRIES)
    found += _simplest_first(search, network, listed, found)
    if not any(search.exact(f.rmse) for f in found):
        found += _polished_until_exact(search, network, edges, combinations, TRIES)
    return found


def _polished_until_exact(
    search: _Search,
    network: KAN,
    edges: Sequence[Edge],
    combinations: Iterator[list[Suggestion]],
    most: int,
) -> list[_Found]:
    """Polish at most so many combinations; end with the first exact one."""
    found: list[_Found] = []
    for chosen in islice(combinations, most):
        found.append(search.polished(network, dict(zip(edges, chosen, strict=True)), 60))
        if search.exact(found[-1].rmse) or search.late():
            break
    return found


def _simplest_first(
    search: _Search,
    network: KAN,
    listed: dict[Edge, list[Suggestion]],
    found: Sequence[_Found],
) -> list[_Found]:
    """Polish combinations of simple candidates; exact ones count, however well they began.

    One function often has several exact forms, and a net may have trained towards an odd one.
    """
    most = min((f.cost for f in found if search.exact(f.rmse)), default=math.inf)
    lists = [_simple(search, s) for s in listed.values()]
    better: list[_Found] = []
    if not all(lists):
        return better
    edges = list(listed)
    for tries, chosen in enumerate(_combinations(lists)):
        if tries >= SIMPLE_TRIES or search.late():
            break
        if complexity(network) - NUMERICAL * len(edges) + _cost(chosen) >= most:
            continue
        made = search.polished(network, dict(zip(edges, chosen, strict=True)), 60)
        if search.exact(made.rmse):
            better.append(made)
            break
    return better


def _cost(chosen: Sequence[Suggestion]) -> int:
    return sum(s.complexity for s in chosen)


def _simple(search: _Search, listed: Sequence[Suggestion]) -> list[Suggestion]:
    """Reorder the candidates of an edge: complexity first, then error."""
    least = min((s.error for s in listed), default=1.0)
    kept = []
    for s in listed:
        if s.r2 >= min(SIMPLE_R2, search.threshold):
            lost = math.log10(max(s.error, 1e-12) / max(least, 1e-12))
            kept.append(replace(s, score=DISCOUNT * lost + search.weight * s.complexity))
    return sorted(kept, key=lambda s: s.score)[:6]


def _combinations(lists: list[list[Suggestion]]) -> Iterator[list[Suggestion]]:
    """Choices of one per list, by increasing sum of scores."""
    if not lists:
        return
    first = (0,) * len(lists)
    heap = [(sum(s[0].score for s in lists), first)]
    seen = {first}
    while heap:
        score, places = heapq.heappop(heap)
        yield [own[p] for own, p in zip(lists, places, strict=True)]
        for m, own in enumerate(lists):
            p = places[m] + 1
            after = (*places[:m], p, *places[m + 1 :])
            if p < len(own) and after not in seen:
                seen.add(after)
                heapq.heappush(heap, (score - own[p - 1].score + own[p].score, after))


@dataclass
class _Partial:
    """A network on the way: what is fixed and what has been given up."""

    found: _Found
    left: frozenset[Edge]


def _one_by_one(search: _Search, network: KAN, edges: Sequence[Edge]) -> list[_Found]:
    """Fix the most certain edge first and train the rest on, keeping a few variants."""
    start = _Found(copy_network(network), math.inf, complexity(network))
    beam = [_Partial(start, frozenset(edges))]
    done: list[_Found] = []
    while beam and not search.late():
        grown: list[_Partial] = []
        for partial in beam:
            following = _grown(search, partial)
            if following:
                grown += following
            else:
                done.append(partial.found)
        ordered = search.best([p.found for p in grown]) if grown else []
        kept = [id(f) for f in ordered[:BEAM]]
        beam = [p for p in grown if id(p.found) in kept]
        done += [p.found for p in beam if not p.left]
        beam = [p for p in beam if p.left]
        if any(search.exact(f.rmse) for f in done):
            break
    done += [p.found for p in beam]
    return [f for f in done if f.chosen]


def _grown(search: _Search, partial: _Partial) -> list[_Partial]:
    """Fix one more edge in several ways; empty if no edge has a candidate."""
    network = partial.found.network
    listed = search.suggestions(network, sorted(partial.left))
    usable = {edge: search.usable(s, BRANCHES) for edge, s in listed.items()}
    ready = {edge: s for edge, s in usable.items() if s}
    if not ready:
        return []
    edge = min(ready, key=lambda e: ready[e][0].error)
    left = partial.left - {edge}
    grown = []
    for s in ready[edge]:
        made = search.polished(network, {edge: s}, 15 if left else 60)
        made.chosen = {**partial.found.chosen, edge: s}
        grown.append(_Partial(made, left))
    return grown
