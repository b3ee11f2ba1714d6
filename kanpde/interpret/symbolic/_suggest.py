"""Which library functions an edge looks like."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.errors import InputError
from kanpde.ground import _check
from kanpde.interpret.symbolic._affine import AffineFit, fit_affine
from kanpde.interpret.symbolic._forms import canonical_form
from kanpde.nets import KAN, LIBRARY, SymbolicFunction, activations, copy_network

WEIGHT_SIMPLE = 0.25  # decades of accuracy that one unit of complexity must buy
ALIKE = 3.0  # errors within this factor of the best count as equal: splines are not exact
ROUND_OFF = 1e-12
NEGLIGIBLE = 1e-3  # spread of an edge over that of its node, below which it may be zero
CHUNK = 64

Edge = tuple[int, int, int]
Library = Mapping[str, SymbolicFunction] | Iterable[str] | None


@dataclass(frozen=True)
class Suggestion:
    r"""One candidate for an edge: :math:`c\,f(a z + b) + d`.

    Attributes
    ----------
    name : str
        Name in the library.
    affine : tuple of float
        a, b, c, d.
    r2 : float
        Squared correlation with the edge.
    complexity : int
        Complexity of the function plus its free parameters inside: a family that contains
        another as a limit costs more.
    score : float
        Decades of error above the best candidate's plus the weighed complexity; small is good.
    error : float
        :math:`\sqrt{1 - R^2}` without cancellation.
    function : SymbolicFunction
        The function itself.
    """

    name: str
    affine: tuple[float, float, float, float]
    r2: float
    complexity: int
    score: float
    error: float
    function: SymbolicFunction


def chosen_library(library: Library) -> dict[str, SymbolicFunction]:
    """Turn what users pass as `library` into functions by name.

    Raises
    ------
    InputError
        If a name is not in `LIBRARY` or nothing is left.

    Examples
    --------
    >>> list(chosen_library(["x", "exp"]))
    ['x', 'exp']
    """
    if library is None:
        return dict(LIBRARY)
    if isinstance(library, Mapping):
        chosen = dict(library)
        if not all(isinstance(f, SymbolicFunction) for f in chosen.values()):
            raise InputError("library: expected names with SymbolicFunction values")
    else:
        names = [library] if isinstance(library, str) else list(library)
        unknown = [str(name) for name in names if name not in LIBRARY]
        if unknown:
            raise InputError(
                f"library: expected names among {', '.join(LIBRARY)}, got {', '.join(unknown)}; "
                "pass a mapping {name: SymbolicFunction} for functions of your own"
            )
        chosen = {name: LIBRARY[name] for name in names}
    if not chosen:
        raise InputError("library: expected at least one function, got none")
    return chosen


def suggest_symbolic(
    network: KAN,
    x: Tensor,  # (N, n_in)
    k: int,
    i: int,
    j: int,
    *,
    library: Library = None,
    top: int = 5,
    weight_simple: float = WEIGHT_SIMPLE,
) -> list[Suggestion]:
    r"""Rank library functions for the edge from input `i` to subnode `j` of layer `k`.

    Every function is fitted as :math:`c\,f(a z + b) + d` to the edge at the samples. The score
    is the decades by which its error exceeds that of the best candidate (errors within a factor
    of three are equal, since a trained spline is exact only to some noise), plus
    `weight_simple` per unit of complexity.

    Parameters
    ----------
    network
        A KAN.
    x
        Samples of its inputs.
    k, i, j
        The edge.
    library
        Names from `LIBRARY`, or a mapping with functions of your own; all of `LIBRARY` by
        default.
    top
        How many are returned.
    weight_simple
        Decades of accuracy that one unit of complexity must buy; 0 asks for accuracy alone.

    Returns
    -------
    list of Suggestion
        Best first; empty if no function can be placed.

    Raises
    ------
    InputError
        If there is no such edge, or the library is empty or unknown.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, section 2.5.1.

    Examples
    --------
    >>> from kanpde.nets import fix_edge
    >>> net = KAN([1, 1]).double()
    >>> fix_edge(net, 0, 0, 0, LIBRARY["sin"], (3.0, 0.5, 2.0, 1.0))
    >>> x = torch.linspace(-1, 1, 100, dtype=torch.float64)[:, None]
    >>> suggest_symbolic(net, x, 0, 0, 0)[0].name
    'sin'
    """
    found = suggest_edges(network, x, [(k, i, j)], library=library, weight_simple=weight_simple)
    return found[(k, i, j)][:top]


def finite(name: str, values: Tensor) -> Tensor:
    """Give numbers in float64 on the CPU.

    Raises
    ------
    InputError
        If some are not finite.
    """
    plain = values.detach().to("cpu", torch.float64)
    bad = int((~torch.isfinite(plain)).sum())
    if bad:
        raise InputError(
            f"{name}: expected finite numbers, got {bad} that are not; leave those rows out"
        )
    return plain


def some(x: Tensor, count: int) -> Tensor:
    """Choose at most so many rows, the same ones every time."""
    if len(x) <= count:
        return torch.arange(len(x))
    return torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:count]


def numerical_edges(network: KAN) -> list[Edge]:
    """List the edges (k, i, j) that are alive and not fixed to a function."""
    found = []
    for k in range(len(network.layers)):
        layer = network.layer(k)
        alive = layer.alive()
        for edge in () if layer.symbolic is None else layer.symbolic.edges:
            alive[edge.i, edge.j] = False
        found += [(k, i, j) for i, j in alive.nonzero().tolist()]
    return found


def suggest_edges(
    network: KAN,
    x: Tensor,  # (N, n_in)
    edges: Sequence[Edge] | None = None,
    *,
    library: Library = None,
    weight_simple: float = WEIGHT_SIMPLE,
) -> dict[Edge, list[Suggestion]]:
    """Rank library functions for many edges at once; all numerical ones by default.

    Parameters
    ----------
    network, x, library, weight_simple
        As for `suggest_symbolic`.
    edges
        Triples (k, i, j).

    Returns
    -------
    dict
        Per edge its candidates, best first.

    Raises
    ------
    InputError
        As for `suggest_symbolic`.
    """
    functions = chosen_library(library)
    _check.shape("x", x, (None, network.n_in))
    if len(x) < 3:
        raise InputError(f"x: expected at least 3 samples, got {len(x)}")
    edges = numerical_edges(network) if edges is None else list(edges)
    _check_edges(network, edges)
    plain = copy_network(network).to("cpu", torch.float64)
    layers = activations(plain, finite("x", x))
    found: dict[Edge, list[Suggestion]] = {}
    for begin in range(0, len(edges), CHUNK):
        part = edges[begin : begin + CHUNK]
        z = torch.stack([layers[k].inputs[:, i] for k, i, _ in part], dim=1)
        phi = torch.stack([layers[k].edges[:, i, j] for k, i, j in part], dim=1)
        node = torch.stack([layers[k].subnodes[:, j] for k, _, j in part], dim=1)
        fits = [fit_affine(z, phi, f) for f in functions.values() if not _is_zero(f)]
        names = [name for name, f in functions.items() if not _is_zero(f)]
        zeros = [(name, f) for name, f in functions.items() if _is_zero(f)]
        ratio = phi.std(0) / node.std(0).clamp_min(1e-300)
        for e, edge in enumerate(part):
            listed = _listed(names, fits, e)
            if zeros and float(ratio[e]) <= NEGLIGIBLE:
                listed.append(_zero(*zeros[0], float(ratio[e]), float(phi[:, e].mean())))
            found[edge] = ranked(listed, weight_simple)
    return found


def _check_edges(network: KAN, edges: Sequence[Edge]) -> None:
    for k, i, j in edges:
        whole = all(isinstance(n, int) for n in (k, i, j))
        inside = whole and 0 <= k < len(network.layers)
        if not inside or not (
            0 <= i < network.layer(k).n_in and 0 <= j < network.layer(k).subnodes
        ):
            raise InputError(
                f"edge: expected layer, input and node within width {network.width}, "
                f"got ({k}, {i}, {j})"
            )


def _is_zero(function: SymbolicFunction) -> bool:
    return bool(function.expression.is_zero)


def _listed(names: list[str], fits: list[AffineFit], e: int) -> list[Suggestion]:
    listed = []
    for name, fit in zip(names, fits, strict=True):
        error = float(fit.error[e])
        if math.isfinite(error):
            a, b, c, d = fit.affine[e].tolist()
            cost = fit.function.complexity + canonical_form(fit.function).shapes
            listed.append(
                Suggestion(name, (a, b, c, d), 1 - error**2, cost, 0.0, error, fit.function)
            )
    return listed


def _zero(name: str, function: SymbolicFunction, ratio: float, mean: float) -> Suggestion:
    affine = (1.0, 0.0, 0.0, mean)
    return Suggestion(name, affine, 1 - ratio**2, function.complexity, 0.0, ratio, function)


def ranked(listed: Sequence[Suggestion], weight_simple: float) -> list[Suggestion]:
    """Score the candidates of one edge against their best error, and sort them."""
    if not listed:
        return []
    floor = ALIKE * max(min(s.error for s in listed), ROUND_OFF)
    scored = []
    for s in listed:
        lost = math.log10(max(s.error, floor) / floor)
        score = lost + weight_simple * s.complexity
        scored.append(Suggestion(s.name, s.affine, s.r2, s.complexity, score, s.error, s.function))
    return sorted(scored, key=lambda s: (s.score, s.error))
