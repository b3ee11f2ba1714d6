"""Find a small graph by taking parts away and training again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.errors import InputError
from kanpde.ground import _check
from kanpde.interpret.pruning._cut import Pruned, edge_count
from kanpde.interpret.pruning._prune import checked, prune, remove_edges, remove_nodes
from kanpde.interpret.pruning._scores import edge_scores, node_scores
from kanpde.nets import KAN, BaseBlock, BasisBlock, BiasBlock, Network, copy_network
from kanpde.optimize import StepReport
from kanpde.regression import DataRows, descend, regress

MOST_SAMPLES = 3000  # the search looks at no more; the result is trained on all
# Share of the steps after which an error of so many limits ends a trial.
HOPELESS = ((0.25, 30.0), (0.5, 8.0))
WEAK = 1e-2  # attribution below which parts are taken away all at once
# An edge that goes from a graph of few nodes may cost so much more than the trained graph, or
# this share of the limit: x y without one edge of its [2, 2, 1] is still good to 0.6 %.
EDGE_GROWTH, EDGE_SHARE = 3.0, 1 / 30


@dataclass(frozen=True)
class Simplified:
    """A small network that was trained again, and the way to it.

    Attributes
    ----------
    network : KAN
        The new network; it has all inputs of the old one.
    edges : int
        How many edges are left.
    before, after : float
        Root mean square error of the network given, trained to its end, and of the new one.
    limit : float
        What `after` was allowed to be on the samples of the search.
    removed : tuple of str
        What was taken away, in order.
    seconds : float
        How long it took.
    """

    network: KAN
    edges: int
    before: float
    after: float
    limit: float
    removed: tuple[str, ...]
    seconds: float


def simplify(
    network: Network,
    x: Tensor,
    y: Tensor,
    *,
    tolerance: float = 1e-2,
    growth: float = 1.2,
    steps: int = 60,
    restarts: int = 4,
    seconds: float = math.inf,
) -> Simplified:
    r"""Take nodes and edges away as long as the network still learns y without them.

    Backward elimination: the weakest node (by attribution) goes, the rest is trained again by
    Levenberg-Marquardt, and the removal stands if the error stays within the limit; then edges.
    Where no removal of a level stands, its smaller graph is also trained from fresh
    coefficients, since the way there from the larger one may be blocked by a local minimum.
    Scores alone do not say what can be learned in another way; training again does.

    Parameters
    ----------
    network
        A KAN, trained or not; it is not changed.
    x, y
        Samples ``(N, n_in)`` and what they should become, ``(N, n_out)``.
    tolerance
        Root mean square error that is good enough, relative to the standard deviation of y.
    growth
        Larger errors are allowed up to this multiple of the error of the network given
        (noisy data).
    steps
        Optimizer steps after a removal, at most.
    restarts
        How often a smaller graph starts from fresh coefficients before it is given up, and the
        network given where it does not reach the tolerance; drawn from a generator of its own,
        the same every time.
    seconds
        After this time nothing more is tried.

    Returns
    -------
    Simplified
        The network, trained, and its error.

    Raises
    ------
    InputError
        If the network is no KAN, a number is out of range or a sample is not finite.
    ShapeError
        If `x` or `y` does not fit the network.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 400, dtype=torch.float64).reshape(200, 2)
    >>> small = simplify(KAN([2, 2, 1], grid=3), x, x[:, :1] ** 2, steps=20)
    >>> small.edges
    2
    """
    kan = checked(network, x)
    like = kan.layer(0).first()
    x, y = x.detach().to(like), y.detach().to(like)
    _check.shape("y", y, (len(x), kan.n_out))
    _check_numbers(x, y, tolerance=tolerance, growth=growth, steps=steps, restarts=restarts)
    began = time.monotonic()
    search = _Search(kan, x, y)
    search.steps, search.restarts, search.deadline = steps, restarts, began + seconds
    scale = float(y.std(dim=0, correction=0).square().mean().sqrt())
    search.start(tolerance * scale, growth)
    before = search.error
    search.bulk()
    search.nodes()
    search.edges()
    found = search.network
    after = regress(found, x, y, steps=steps).rmse
    return Simplified(
        network=found,
        edges=edge_count(found),
        before=before,
        after=after,
        limit=search.limit,
        removed=tuple(search.removed),
        seconds=time.monotonic() - began,
    )


def _check_numbers(x: Tensor, y: Tensor, **numbers: float) -> None:
    for name, tensor in (("x", x), ("y", y)):
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{name}: expected finite numbers, got NaN or infinity; drop those")
    least = {"tolerance": 0.0, "growth": 1.0, "steps": 1, "restarts": 0}
    for name, value in numbers.items():
        if not value >= least[name]:
            raise InputError(f"{name}: expected at least {least[name]:g}, got {value}")


class _Search:
    """The present network and what was tried."""

    def __init__(self, network: KAN, x: Tensor, y: Tensor) -> None:
        stride = -(-len(x) // MOST_SAMPLES)
        self.network, self.x, self.y = _copied(network), x[::stride], y[::stride]
        self.steps, self.restarts, self.deadline = 0, 0, math.inf
        self.error, self.limit, self.allowed = math.inf, 0.0, 0.0
        self.good, self.growth = 0.0, 1.0
        self.removed: list[str] = []
        self.needed: set[tuple[int, int, int]] = set()
        self.generator = torch.Generator().manual_seed(0)

    def start(self, good: float, growth: float) -> None:
        """Train the network to its end, from fresh coefficients too while it is not good."""
        self.good, self.growth = good, growth
        self.error = regress(self.network, self.x, self.y, steps=2 * self.steps).rmse
        for _ in range(self.restarts):
            if self.error <= good or self.late:
                break
            other = _copied(self.network)
            _draw_coefficients(other, self.generator)
            error = regress(other, self.x, self.y, steps=2 * self.steps).rmse
            if error < self.error:
                self.network, self.error = other, error
        self._set_limit()

    def _set_limit(self) -> None:
        self.limit = self.allowed = max(self.good, self.growth * self.error)

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.deadline

    def bulk(self) -> None:
        """Take away at once all that scores say does little."""
        try:
            pruned = prune(self.network, self.x, node=WEAK, edge=WEAK)
        except InputError:  # nothing would be left
            return
        if pruned.removed:
            self._stands(pruned, f"{pruned.removed} weak edges")

    def nodes(self) -> None:
        """Take hidden nodes away, the weakest first."""
        while not self.late and (self._warm_node() or self._fresh_node()):
            pass

    def _warm_node(self) -> bool:
        for _, level, j in self._weakest_nodes():
            if self.late:
                break
            pruned = self._without_node(level, j)
            if pruned is not None and self._stands(pruned, f"node {j} of level {level}"):
                return True
        return False

    def _without_node(self, level: int, j: int) -> Pruned | None:
        try:
            return remove_nodes(self.network, self.x, [(level, j)])
        except InputError:  # the last path
            return None

    def _fresh_node(self) -> bool:
        """Train the graph that lacks a level's weakest node from fresh coefficients."""
        tried = set()
        for _, level, j in self._weakest_nodes():
            pruned = None if level in tried else self._without_node(level, j)
            if pruned is None:
                continue
            tried.add(level)
            for _ in range(self.restarts):
                if self.late:
                    return False
                _draw_coefficients(pruned.network, self.generator)
                if self._stands(pruned, f"node {j} of level {level}, fresh start"):
                    return True
        return False

    def _weakest_nodes(self) -> list[tuple[float, int, int]]:
        found = []
        for k, scores in enumerate(node_scores(self.network, self.x)):
            if len(scores) > 1:
                found += [(float(s), k + 1, j) for j, s in enumerate(scores)]
        return sorted(found)

    def edges(self) -> None:
        """Take edges away, the weakest first; one that was needed once is not tried again.

        The graph is nearly right by now and the grid stays the same, so an edge that is not
        needed costs next to nothing, however much the limit would allow.
        """
        self.error = regress(self.network, self.x, self.y, steps=self.steps).rmse
        # the smaller network may have shown that more can be reached
        self.limit = min(self.limit, max(self.good, self.growth * self.error))
        allowed = max(EDGE_GROWTH * self.error, EDGE_SHARE * self.limit)
        self.allowed = min(self.limit, allowed)
        while not self.late and self._one_edge():
            pass

    def _one_edge(self) -> bool:
        for k, i, j in self._weakest_edges():
            if self.late:
                break
            try:
                pruned = remove_edges(self.network, self.x, [(k, i, j)])
            except InputError:  # the last path
                continue
            if self._stands(pruned, f"edge {i}-{j} of layer {k}"):
                return True
            self.needed.add((k, i, j))
        return False

    def _weakest_edges(self) -> Iterator[tuple[int, int, int]]:
        found = []
        for k, scores in enumerate(edge_scores(self.network, self.x)):
            alive = self.network.layer(k).alive()
            found += [(float(scores[i, j]), k, i, j) for i, j in alive.nonzero().tolist()]
        for _, k, i, j in sorted(found):
            if (k, i, j) not in self.needed:
                yield k, i, j

    def _stands(self, pruned: Pruned, name: str) -> bool:
        """Train what is left; make it the present network if it is good enough."""
        rows = DataRows(pruned.network, self.x, self.y)
        error = descend(
            rows, "lm", steps=self.steps, tolerance=self.allowed, observe=self._hopeless
        ).rmse
        if not error <= self.allowed:
            return False
        if pruned.network.width != self.network.width:
            self.needed.clear()  # numbers changed
        self.network, self.error = pruned.network, error
        self.removed.append(name)
        return True

    def _hopeless(self, step: int, report: StepReport) -> bool:
        """Tell whether the error is so far from the limit that going on is no use."""
        return any(
            step == round(share * self.steps) and report.loss > (factor * self.allowed) ** 2
            for share, factor in HOPELESS
        )


def _copied(network: KAN) -> KAN:
    copied = copy_network(network)
    assert isinstance(copied, KAN)
    return copied


def _draw_coefficients(network: KAN, generator: torch.Generator) -> None:
    """Give numerical edges and constants start values of a new network."""
    with torch.no_grad():
        for k in range(len(network.layers)):
            layer = network.layer(k)
            n_in = max(1, int(layer.alive().any(dim=1).sum()))
            for block in layer.blocks:
                if not isinstance(block, BasisBlock | BaseBlock | BiasBlock):
                    continue
                drawn = torch.randn(
                    block.coefficients.shape, generator=generator, dtype=torch.float64
                )
                if isinstance(block, BasisBlock):
                    drawn *= block.basis.initial_scales(n_in).repeat(layer.n_in)[:, None]
                elif isinstance(block, BaseBlock):
                    drawn /= math.sqrt(n_in)
                else:
                    drawn.zero_()
                block.coefficients.copy_(drawn)
