"""A fresh KAN from a structure: product and sum nodes, one curve per edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from kanpde.basis import Chebyshev
from kanpde.nets import KAN, LIBRARY, BiasBlock, Layer, fix_edge
from kanpde.solution.closed_form._structure import Factor, Structure

Array = NDArray[np.float64]
MOST_DEGREE = 40
RESOLVED = 1e-13


def structure_network(structure: Structure, dimension: int) -> KAN:
    """Build the KAN that a structure describes, with its curves as Chebyshev edges.

    Parameters
    ----------
    structure
        What `find_structure` found.
    dimension
        Number of inputs, which lie in [-1, 1].

    Examples
    --------
    >>> from kanpde.solution.closed_form._structure import find_structure
    >>> f = lambda p: np.exp(p[:, 0]) * np.sin(p[:, 1])
    >>> net = structure_network(find_structure(f, 2, tolerance=1e-12), 2)
    >>> net.width, float(net(torch.zeros(1, 2).double()).detach().abs()) < 1e-12
    ([2, 1], True)
    """
    forms = _directions(structure)
    nodes = _nodes(structure, forms)
    sums = [n for n in nodes if all(len(t) == 1 for t in n)]
    products = [n[0] for n in nodes if len(n[0]) > 1]
    outer = structure.outer != "x"
    joined = len(nodes) > 1 or (bool(products) and structure.constant != 0)
    arities = tuple(len(term) for term in products)
    width: list[int | tuple[int, tuple[int, ...]]] = [dimension]
    width += [len(forms)] if forms else []
    width += [(len(sums), arities) if arities else len(sums) or 1]
    width += [1] * (joined + outer)
    curves = [f for term in structure.terms for f in term]
    fitted = {id(f): _coefficients(f) for f in curves}
    degree = max([1, *(len(c) - 1 for c in fitted.values())])
    network = KAN(width, basis=Chebyshev(degree, squash=None), base="none", squash=False)
    network = network.double()
    network.set(torch.zeros(network.count, dtype=torch.float64))
    for k in range(len(network.layers)):
        layer = network.layer(k)
        layer.set_mask(torch.zeros(layer.n_in, layer.subnodes))
    place = 0
    if forms:
        for j, form in enumerate(forms):
            for axis in np.flatnonzero(form).tolist():
                fix_edge(network, 0, axis, j, LIBRARY["x"], (float(form[axis]), 0, 1, 0))
        place = 1
    layer = network.layer(place)
    singles: list[list[Factor]] = [[term[0] for term in node] for node in sums]
    for j, group in enumerate(singles + [[f] for term in products for f in term]):
        for factor in group:
            _place(layer, _input(factor, forms), j, fitted[id(factor)])
    final = len(network.layers) - 1
    for k in range(place + 1, final + 1):
        name = structure.outer if k == final and outer else "x"
        for i in range(network.layer(k).n_in):
            fix_edge(network, k, i, 0, LIBRARY[name])
    _bias(network.layer(final - outer))[0, 0] += structure.constant
    return network


def _directions(structure: Structure) -> list[Array]:
    """List the linear forms of a structure, none if every curve is over one input."""
    factors = [f for term in structure.terms for f in term]
    if all(f.axis is not None for f in factors):
        return []
    found: list[Array] = []
    for factor in factors:
        if not any(np.array_equal(factor.direction, form) for form in found):
            found.append(factor.direction)
    return found


def _input(factor: Factor, forms: Sequence[Array]) -> int:
    if not forms:
        assert factor.axis is not None
        return factor.axis
    return next(k for k, form in enumerate(forms) if np.array_equal(form, factor.direction))


def _nodes(structure: Structure, forms: Sequence[Array]) -> list[list[tuple[Factor, ...]]]:
    """Group single curves into sum nodes, one curve per input each; products stay alone."""
    sums: list[list[tuple[Factor, ...]]] = []
    for term in structure.terms:
        if len(term) != 1:
            continue
        own = _input(term[0], forms)
        free = next((n for n in sums if all(_input(t[0], forms) != own for t in n)), None)
        if free is None:
            sums.append([term])
        else:
            free.append(term)
    return sums + [[term] for term in structure.terms if len(term) > 1]


def _coefficients(factor: Factor) -> Array:
    """Chebyshev coefficients of a curve, those at round-off left out."""
    most = min(MOST_DEGREE, (len(np.unique(factor.s)) - 1) // 2)
    found = chebyshev.chebfit(factor.s, factor.values, max(1, most))
    small = np.abs(found) > RESOLVED * np.abs(found).max()
    kept = int(np.flatnonzero(small).max(initial=1)) + 1
    return np.asarray(found[: max(2, kept)])


def _place(layer: Layer, i: int, j: int, coefficients: Array) -> None:
    """Write one curve onto an edge; its mean goes to the node."""
    weights = layer.first().detach().unflatten(0, (layer.n_in, -1))
    weights[i, : len(coefficients) - 1, j] = torch.from_numpy(coefficients[1:].copy())
    _bias(layer)[0, j] += float(coefficients[0])
    assert layer.mask is not None
    layer.mask[i, j] = 1


def _bias(layer: Layer) -> torch.Tensor:
    block = next(b for b in layer.blocks if isinstance(b, BiasBlock))
    return block.coefficients.detach()
