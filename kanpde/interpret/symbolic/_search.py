"""Search for the combination of library functions that makes a network exact."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from torch import Tensor

from kanpde.interpret.symbolic._forms import canonical_form
from kanpde.interpret.symbolic._polish import polish
from kanpde.interpret.symbolic._suggest import (
    ALIKE,
    Edge,
    Library,
    Suggestion,
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
LOOKED = 6  # edges that are matched again in one step
MARGIN = 1.5  # scores this far above the best are not tried


@dataclass
class Found:
    """One polished network: its error and its complexity."""

    network: KAN
    rmse: float
    cost: int
    chosen: dict[Edge, Suggestion] = field(default_factory=dict)


@dataclass
class Search:
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

    def polished(self, network: KAN, chosen: dict[Edge, Suggestion], steps: int) -> Found:
        """Fix edges of a copy and polish it."""
        self.tried += 1
        made = copy_network(network)
        for (k, i, j), s in chosen.items():
            fix_edge(made, k, i, j, s.function, s.affine)
        rmse = polish(made, self.x, self.y, steps=steps, tolerance=1e-16 * self.scale)
        return Found(made, rmse, complexity(made), dict(chosen))

    def best(self, found: Sequence[Found]) -> list[Found]:
        """Sort by accuracy against complexity."""
        sound = [f for f in found if math.isfinite(f.rmse)]
        least = min((f.rmse for f in sound), default=0.0)
        floor = max(ALIKE * least, EXACT * self.scale, 1e-300)

        def score(f: Found) -> float:
            return math.log10(max(f.rmse, floor) / floor) + self.weight * f.cost

        return sorted(sound, key=score)


def complexity(network: KAN) -> int:
    """Sum of the edges' complexities; a numerical edge counts 8."""
    total = NUMERICAL * len(numerical_edges(network))
    for k in range(len(network.layers)):
        block = network.layer(k).symbolic
        for edge in () if block is None else block.edges:
            total += edge.function.complexity + canonical_form(edge.function).shapes
    return total


def all_at_once(search: Search, network: KAN, listed: dict[Edge, list[Suggestion]]) -> list[Found]:
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
    search: Search,
    network: KAN,
    edges: Sequence[Edge],
    combinations: Iterator[list[Suggestion]],
    most: int,
) -> list[Found]:
    """Polish at most so many combinations; end with the first exact one."""
    found: list[Found] = []
    for chosen in islice(combinations, most):
        found.append(search.polished(network, dict(zip(edges, chosen, strict=True)), 60))
        if search.exact(found[-1].rmse) or search.late():
            break
    return found


def _simplest_first(
    search: Search,
    network: KAN,
    listed: dict[Edge, list[Suggestion]],
    found: Sequence[Found],
) -> list[Found]:
    """Polish combinations of simple candidates; exact ones count, however well they began.

    One function often has several exact forms, and a net may have trained towards an odd one.
    """
    most = min((f.cost for f in found if search.exact(f.rmse)), default=math.inf)
    lists = [_simple(search, s) for s in listed.values()]
    better: list[Found] = []
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


def _simple(search: Search, listed: Sequence[Suggestion]) -> list[Suggestion]:
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
    """A network on the way: which edges are left, and how well each was matched before."""

    found: Found
    errors: dict[Edge, float]


def one_by_one(search: Search, network: KAN, listed: dict[Edge, list[Suggestion]]) -> list[Found]:
    """Fix the most certain edge first and train the rest on, keeping a few variants."""
    errors = {edge: min((s.error for s in own), default=math.inf) for edge, own in listed.items()}
    start = Found(copy_network(network), math.inf, complexity(network))
    beam = [_Partial(start, errors)]
    done: list[Found] = []
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
        done += [p.found for p in beam if not p.errors]
        beam = [p for p in beam if p.errors]
        if any(search.exact(f.rmse) for f in done):
            break
    done += [p.found for p in beam]
    return [f for f in done if f.chosen]


def _grown(search: Search, partial: _Partial) -> list[_Partial]:
    """Fix one more edge in several ways; empty if no edge has a candidate."""
    errors = dict(partial.errors)
    ready: dict[Edge, list[Suggestion]] = {}
    looked: set[Edge] = set()
    while not ready and len(looked) < len(errors):  # those that looked best before, first
        few = sorted(set(errors) - looked, key=lambda edge: (errors[edge], edge))[:LOOKED]
        for edge, own in search.suggestions(partial.found.network, few).items():
            errors[edge] = min((s.error for s in own), default=math.inf)
            usable = search.usable(own, BRANCHES)
            if usable:
                ready[edge] = usable
        looked.update(few)
    if not ready:
        return []
    edge = min(ready, key=lambda e: ready[e][0].error)
    left = {other: error for other, error in errors.items() if other != edge}
    grown = []
    for s in ready[edge]:
        made = search.polished(partial.found.network, {edge: s}, 15 if left else 60)
        made.chosen = {**partial.found.chosen, edge: s}
        grown.append(_Partial(made, left))
    return grown
