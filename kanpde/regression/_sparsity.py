r"""The KAN paper's sparsification as least squares: L1 norms and entropy by reweighting.

The penalty of a layer is :math:`\lambda(\mu_1\sum_e |\varphi_e|_1 + \mu_2 S)` with the mean
absolute value over samples and the entropy :math:`S = -\sum_e p_e\log p_e` of
:math:`p_e = |\varphi_e|_1/\sum|\varphi|_1`. It is no sum of squares; before every step a
quadratic takes its place that touches it: the entropy is linearised at the present norms, which
gives every edge a weight :math:`w_e = \lambda(\mu_1 + \mu_2\,\partial S/\partial|\varphi_e|_1)`;
then

.. math:: |\varphi| \le \tfrac12\Big(\frac{\varphi^2}{|\varphi_0|} + |\varphi_0|\Big),
          \qquad
          -|\varphi| \le \tfrac12\Big(\frac{(\varphi - 2\varphi_0)^2}{|\varphi_0|} - 3|\varphi_0|
          \Big)

for positive and for negative weights (large edges, which the entropy favours). Both are
quadratic in the edge's own coefficients, with the samples' inputs held where they are: what a
layer's norms owe to the layers before is left out of the derivative.

An edge of F functions gives F rows, from the factor of its F x F Gram matrix of the samples
weighted by :math:`1/|\varphi_0|`. A step so costs E·N·F² more for E edges and N samples (a
Jacobian of N rows costs N·(E·F)², E times as much) and has as many further rows as there are
coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.errors import InputError
from kanpde.nets import KAN, BiasBlock, Block, Network, Record, SymbolicBlock, Tape
from kanpde.optimize import NetworkRows

SPACE = JetSpace(1, ((0,),))
SAMPLES = 1000
FLOOR = 1e-6  # of |φ₀|, so that an edge at zero can come back
LEAST_SHARE = 1e-12
JITTER = 1e-13


@dataclass
class _Edges:
    """Numerical edges of one layer at the samples; E of them, F functions each."""

    features: Tensor  # (N, n_in, F)
    index: Tensor  # (n_in, F, subnodes), places among all coefficients
    alive: Tensor  # (n_in, subnodes)

    def values(self, vector: Tensor) -> Tensor:
        """Values of all edges at the samples, ``(N, n_in, subnodes)``."""
        found = torch.einsum("nif,ifo->nio", self.features, vector[self.index])
        return found * self.alive


@dataclass
class _Quadratic:
    """One layer's rows: ``root @ (coefficients - target)`` of every edge that counts."""

    root: Tensor  # (E, F, F)
    target: Tensor  # (E, F)
    index: Tensor  # (E, F)

    def residual(self, vector: Tensor) -> Tensor:
        """Residuals, ``(E, F)``."""
        return torch.einsum("egf,ef->eg", self.root, vector[self.index] - self.target)


class EdgePenalty:
    """L1 norm and entropy of a KAN's numerical edges, as rows for the optimizers.

    Parameters
    ----------
    x
        Inputs of the network, ``(N, n_in)``; a thousand of them, evenly taken, are the samples.
    strength
        The paper's λ; 1e-2 and 1e-3 there.
    l1, entropy
        Factors of the L1 norms and of the entropy, μ₁ and μ₂; both 1 in the paper.

    Raises
    ------
    InputError
        If a factor is negative.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, eqs. 2.17-2.20;
    Hunter and Li, *Variable selection using MM algorithms*, Ann. Statist. 33 (2005).

    Examples
    --------
    >>> net, x = KAN([2, 5, 1]), torch.rand(50, 2)
    >>> penalty = EdgePenalty(x, 1e-2)
    >>> penalty.refresh(net)
    >>> sum(len(r) for _, r in penalty.jacobian(net)) == len(penalty.vector(net))
    True
    """

    def __init__(
        self, x: Tensor, strength: float, *, l1: float = 1.0, entropy: float = 1.0
    ) -> None:
        if min(strength, l1, entropy) < 0:
            raise InputError(
                f"sparsify: expected factors of 0 or more, got {strength}, {l1}, {entropy}"
            )
        every = max(1, -(-len(x) // SAMPLES))
        self.x = x.detach()[::every]
        self.strength, self.l1, self.entropy = strength, l1, entropy
        self.quadratics: list[_Quadratic] = []

    def norms(self, network: Network) -> list[Tensor]:
        """Mean absolute values of all edges, one ``(n_in, subnodes)`` per layer; 0 where dead."""
        vector = network.get()
        return [e.values(vector).abs().mean(dim=0) for e in self._edges(network)]

    def value(self, network: Network) -> float:
        """Evaluate the paper's penalty itself."""
        total = 0.0
        for norms in self.norms(network):
            total += float(norms.sum()) * self.l1 + layer_entropy(norms) * self.entropy
        return self.strength * total

    def refresh(self, network: Network, loss: float = 0.0) -> None:
        """Put the quadratics at the present coefficients; call it before every step."""
        vector = network.get()
        self.quadratics = [self._quadratic(e, vector) for e in self._edges(network)]

    def jacobian(self, network: Network) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)`` layer by layer, as many columns as the network has coefficients."""
        vector = network.get()
        for part in self.quadratics:
            edges, size = part.index.shape
            rows = vector.new_zeros(edges, size, len(vector))
            place = part.index[:, None].expand(edges, size, size)
            rows.scatter_(2, place, part.root)
            yield rows.flatten(0, 1), part.residual(vector).flatten()

    def vector(self, network: Network) -> Tensor:
        """Residuals in the order of `jacobian`."""
        vector = network.get()
        parts = [part.residual(vector).flatten() for part in self.quadratics]
        return torch.cat([vector.new_zeros(0), *parts])

    def gradient(self, network: Network) -> tuple[float, Tensor]:
        """Sum of the squared residuals and its gradient ``(P,)``."""
        vector = network.get()
        total, gradient = 0.0, torch.zeros_like(vector)
        for part in self.quadratics:
            residual = part.residual(vector)
            total += float(residual.square().sum())
            slope = 2 * torch.einsum("egf,eg->ef", part.root, residual)
            gradient.index_add_(0, part.index.flatten(), slope.flatten())
        return total, gradient

    def _edges(self, network: Network) -> list[_Edges]:
        if not isinstance(network, KAN):
            raise InputError(f"sparsify: expected a KAN, got {type(network).__name__}")
        tape: Tape = []
        with torch.no_grad():
            network.jets(self.x.to(network.layer(0).first())[None], SPACE, tape)
        found, start = [], 0
        for record in tape:
            found.append(_layer_edges(record, start))
            start += sum(p.numel() for p in record.layer.parameters())
        return found

    def _quadratic(self, edges: _Edges, vector: Tensor) -> _Quadratic:
        values = edges.values(vector)
        weights = self._weights(values.abs().mean(dim=0), edges.alive)
        shares = 1 / values.abs().clamp_min(FLOOR) / len(values)
        chosen = edges.alive & (weights != 0)
        i, o = chosen.nonzero(as_tuple=True)
        roots = []
        for k in range(edges.features.shape[1]):
            own = edges.features[:, k]
            pairs = (own[:, :, None] * own[:, None]).flatten(1)
            mine = chosen[k]
            grams = (shares[:, k, mine].T @ pairs).unflatten(1, (own.shape[1],) * 2)
            roots.append(_roots(grams))
        root, weight = torch.cat(roots), weights[i, o]
        index = edges.index.permute(0, 2, 1)[i, o]
        target = torch.where(weight[:, None] < 0, 2.0, 0.0) * vector[index]
        return _Quadratic((weight.abs() / 2).sqrt()[:, None, None] * root, target, index)

    def _weights(self, norms: Tensor, alive: Tensor) -> Tensor:
        """Differentiate the penalty by every edge's norm."""
        total = norms.sum()
        weights = torch.full_like(norms, self.l1)
        if self.entropy and float(total) > 0:
            share = (norms / total).clamp_min(LEAST_SHARE)
            weights = weights - self.entropy * (share.log() + layer_entropy(norms)) / total
        return self.strength * weights * alive


class SparseRows:
    """Rows of a PDE with an `EdgePenalty` on the network of their trial.

    Parameters
    ----------
    rows
        Rows of equations and conditions.
    penalty
        Further rows; call `refresh` before every step.
    """

    def __init__(self, rows: NetworkRows, penalty: EdgePenalty) -> None:
        self.rows, self.penalty, self.trial = rows, penalty, rows.trial

    @property
    def count(self) -> int:
        """Number of the equations' rows."""
        return self.rows.count

    def refresh(self) -> None:
        """Put the penalty's quadratics at the present coefficients."""
        self.penalty.refresh(self.trial.network)

    def level(self) -> float:
        """Sum of the squares of the penalty's rows."""
        return float(self.penalty.vector(self.trial.network).square().sum())

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the equations' rows, then the penalty's; constants have zeros in these."""
        yield from self.rows.jacobian()
        others = self.trial.count - self.trial.network.count
        for jacobian, residual in self.penalty.jacobian(self.trial.network):
            wide = torch.cat((jacobian, jacobian.new_zeros(len(jacobian), others)), dim=1)
            yield wide, residual

    def vector(self) -> Tensor:
        """Give all residuals in the order of `jacobian`."""
        return torch.cat((self.rows.vector(), self.penalty.vector(self.trial.network)))

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Sum of all squares and its gradient ``(P,)``."""
        loss, gradient = self.rows.loss_and_gradient()
        more, slope = self.penalty.gradient(self.trial.network)
        gradient[: len(slope)] += slope
        return loss + more, gradient


def layer_entropy(norms: Tensor) -> float:
    """Entropy of the shares of a layer's norms, any shape; 0 where all are 0.

    Examples
    --------
    >>> round(layer_entropy(torch.ones(2, 2)), 4)  # log 4
    1.3863
    """
    total = norms.sum()
    if not float(total) > 0:
        return 0.0
    share = norms / total
    return -float(torch.xlogy(share, share).sum())


def _roots(grams: Tensor) -> Tensor:
    """Factors R with RᵀR = G of ``(E, F, F)``; functions that no sample sees get nothing."""
    if not len(grams):
        return grams
    jitter = JITTER * grams.diagonal(dim1=1, dim2=2).amax(dim=1)
    eye = torch.eye(grams.shape[1], dtype=grams.dtype, device=grams.device)
    factor, info = torch.linalg.cholesky_ex(grams + jitter[:, None, None] * eye)
    if not bool(info.any()):
        return factor.mT
    values, vectors = torch.linalg.eigh(grams)
    return values.clamp_min(0).sqrt()[..., None] * vectors.mT


def _layer_edges(record: Record, start: int) -> _Edges:
    layer = record.layer
    features, places = [], []
    for block, made in zip(layer.blocks, record.features, strict=True):
        assert isinstance(block, Block)
        if not isinstance(block, BiasBlock | SymbolicBlock) and made is not None:
            f = len(block.coefficients)  # features beyond them belong to what else it learns
            features.append(made[0, :, :f].detach().unflatten(1, (layer.n_in, -1)))
            place = torch.arange(start, start + f * layer.subnodes, device=made.device)
            places.append(place.unflatten(0, (layer.n_in, -1, layer.subnodes)))
        start += block.count
    alive = torch.ones(layer.n_in, layer.subnodes, dtype=torch.bool, device=features[0].device)
    if layer.mask is not None:
        alive = layer.mask.bool()
    return _Edges(torch.cat(features, dim=2), torch.cat(places, dim=1), alive)
