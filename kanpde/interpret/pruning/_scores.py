"""How much edges, nodes and inputs matter."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kanpde.errors import InputError
from kanpde.ground import _check
from kanpde.nets import KAN, Activation, Layer, Network, activations

KINDS = ("attribution", "deviation", "l1")


def edge_scores(network: Network, x: Tensor, how: str = "attribution") -> list[Tensor]:
    r"""Score every edge of a network on samples.

    Parameters
    ----------
    network
        A KAN.
    x
        Samples of its inputs, ``(N, n_in)``.
    how
        ``"l1"``: the paper's mean of :math:`|\varphi|`. It counts constants: an edge that is the
        number 3 everywhere scores 3 and carries nothing, since nodes have constants of their own.

        ``"deviation"``: the standard deviation of :math:`\varphi` over the samples, which does
        not depend on how constants are shared out between edges and nodes. In units of the node
        that the edge feeds.

        ``"attribution"``: the part of the outputs' variation that runs through the edge. Outputs
        score 1; an edge gets its node's score times its deviation over that of its subnode; a
        node that feeds others gets the sum over its edges. No units, so one threshold suits all
        layers and all data. A factor of a product node gets the node's score times the
        deviation of what is lost when that factor is its mean, over the node's deviation.

    Returns
    -------
    list of Tensor
        Per layer ``(n_in, subnodes)``, not negative; 0 for edges that are switched off.

    Raises
    ------
    InputError
        If `how` is not known, there is no sample or the network has no edges.
    ShapeError
        If `x` is not ``(N, n_in)``.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, eq. 2.17; attribution:
    Liu et al., *KAN 2.0*, arXiv 2408.10205, section 3.1.

    Examples
    --------
    >>> from kanpde.nets import KAN
    >>> scores = edge_scores(KAN([2, 3, 1]), torch.linspace(-1, 1, 20).reshape(10, 2))
    >>> [tuple(s.shape) for s in scores]
    [(2, 3), (3, 1)]
    """
    return _edges_and_inputs(network, x, how)[0]


def node_scores(network: Network, x: Tensor, how: str = "attribution") -> list[Tensor]:
    r"""Score every hidden node, from its edges.

    Parameters
    ----------
    network, x, how
        As for `edge_scores`.

    Returns
    -------
    list of Tensor
        Per hidden level ``(nodes,)``. For ``"l1"`` and ``"deviation"`` the smaller of the largest
        incoming and the largest outgoing edge, which the paper's rule compares with one
        threshold (a product node's incoming edge is the largest of its weakest factor);
        for ``"attribution"`` the sum over outgoing edges.

    References
    ----------
    Liu et al., arXiv 2404.19756, eq. 2.21.

    Examples
    --------
    >>> from kanpde.nets import KAN
    >>> net = KAN([2, 3, 1])
    >>> node_scores(net, torch.linspace(-1, 1, 20).reshape(10, 2))[0].shape
    torch.Size([3])
    """
    scores = edge_scores(network, x, how)
    if how == "attribution":
        return [later.sum(dim=1) for later in scores[1:]]
    found = []
    for k, later in enumerate(scores[1:]):
        incoming = _by_node(network.layer(k), scores[k].amax(dim=0))
        found.append(torch.minimum(incoming, later.amax(dim=1)))
    return found


def feature_scores(network: Network, x: Tensor, how: str = "attribution") -> Tensor:
    """Score every input: by attribution the sum over its edges, else the largest of them.

    Parameters
    ----------
    network, x, how
        As for `edge_scores`.

    Returns
    -------
    Tensor
        Shape ``(n_in,)``.

    Examples
    --------
    >>> from kanpde.nets import KAN
    >>> feature_scores(KAN([2, 3, 1]), torch.linspace(-1, 1, 20).reshape(10, 2)).shape
    torch.Size([2])
    """
    return _edges_and_inputs(network, x, how)[1]


def _edges_and_inputs(network: Network, x: Tensor, how: str) -> tuple[list[Tensor], Tensor]:
    inside = checked_activations(network, x)
    if how not in KINDS:
        raise InputError(f"how: expected one of {', '.join(KINDS)}, got {how!r}")
    if how == "l1":
        scores = [layer.edges.abs().mean(dim=0) for layer in inside]
        return scores, scores[0].amax(dim=1)
    scores = [_deviation(layer.edges) for layer in inside]
    if how == "deviation":
        return scores, scores[0].amax(dim=1)
    return _attributed(network, inside, scores)


def checked_activations(network: Network, x: Tensor) -> list[Activation]:
    """Evaluate edges and nodes at samples that were checked.

    Raises
    ------
    InputError
        If there is no sample or the network has no edges.
    ShapeError
        If `x` is not ``(N, n_in)``.
    """
    if not isinstance(network, KAN):
        raise InputError(
            f"network: expected a KAN with edges, got {type(network).__name__}; "
            "train one, for example kanpde.nets.KAN([2, 5, 1])"
        )
    _check.shape("x", x, (None, network.n_in))
    if not len(x):
        raise InputError("x: expected at least one sample, got none")
    return activations(network, x.detach())


def _attributed(
    network: Network, inside: Sequence[Activation], deviations: Sequence[Tensor]
) -> tuple[list[Tensor], Tensor]:
    nodes = torch.ones(network.n_out, dtype=deviations[-1].dtype, device=deviations[-1].device)
    found: list[Tensor] = []
    for k in reversed(range(len(inside))):
        layer, here = network.layer(k), inside[k]
        subnodes = _factor_scores(layer, here, nodes)
        share = ratio(deviations[k], _deviation(here.subnodes))
        found.append(share * subnodes)
        nodes = found[-1].sum(dim=1)
    return found[::-1], nodes


def _factor_scores(layer: Layer, here: Activation, nodes: Tensor) -> Tensor:
    """Hand every node's score to its subnodes, ``(subnodes,)``."""
    parts = [nodes[: layer.sums]]
    for p in range(len(layer.arities)):
        factors = here.subnodes[:, list(layer.factors(p))]
        product = here.nodes[:, layer.sums + p]
        lost = []
        for q in range(factors.shape[1]):
            others = torch.cat((factors[:, :q], factors[:, q + 1 :]), dim=1).prod(dim=1)
            lost.append((factors[:, q] - factors[:, q].mean()) * others)
        share = ratio(_deviation(torch.stack(lost, dim=1)), _deviation(product))
        parts.append(share * nodes[layer.sums + p])
    return torch.cat(parts)


def _by_node(layer: Layer, subnodes: Tensor) -> Tensor:
    """Turn scores of subnodes to scores of nodes: a product is as weak as its weakest factor."""
    parts = [subnodes[: layer.sums]]
    parts += [subnodes[list(layer.factors(p))].amin()[None] for p in range(len(layer.arities))]
    return torch.cat(parts)


def _deviation(values: Tensor) -> Tensor:
    """Take the standard deviation over the samples, 0 where that is rounding of a constant."""
    found = values.std(dim=0, correction=0)
    rounding = 8 * torch.finfo(values.dtype).eps * values.abs().amax(dim=0)
    return torch.where(found > rounding, found, torch.zeros_like(found))


def ratio(part: Tensor, whole: Tensor) -> Tensor:
    """Divide, with 0 where the whole is zero."""
    whole = whole.expand_as(part)
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, 1.0), 0.0)
