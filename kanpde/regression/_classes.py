"""Cross-entropy as rows: the generalised Gauss-Newton matrix of a softmax is a sum of squares."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from kanpde.nets import Network, Tape
from kanpde.optimize import Accumulator, LevenbergMarquardt, RowSource
from kanpde.regression._data_rows import SPACE, DataRows, Penalty

CURVATURE_ROWS = 2000
LEAST = 1e-30  # probabilities are not taken for smaller


class ClassRows(DataRows):
    r"""Mean cross-entropy of a softmax of the network's outputs.

    With :math:`B = \mathrm{diag}(\sqrt p) - p\sqrt p^T` the Fisher matrix of the softmax is
    :math:`BB^T`, and :math:`B v = p - e_k` for :math:`v = \sqrt p - e_k/\sqrt{p_k}`. So the
    rows :math:`B^T J` with residuals v have the gradient of the cross-entropy and its
    generalised Gauss-Newton matrix, m rows to a row of data. `vector` has the square root of
    the cross-entropy of every row: its squares sum to the loss, those of `jacobian` do not.

    Parameters
    ----------
    network
        What is fitted.
    x
        Inputs ``(N, n_in)``.
    classes
        Numbers of the classes, ``(N,)``.
    penalty
        Further rows, such as those that make edges sparse.
    sampled
        Give the rows of `jacobian` for two thousand rows of data only, others at every call:
        enough for the curvature.

    References
    ----------
    Schraudolph, *Fast curvature matrix-vector products for second-order gradient descent*,
    Neural Computation 14 (2002), section 3.

    Examples
    --------
    >>> from kanpde.nets import MLP
    >>> net, x = MLP([1, 2, 2]), torch.zeros(4, 1)
    >>> rows = ClassRows(net, x, torch.tensor([0, 1, 0, 1]))
    >>> round(float(rows.vector().square().sum()), 4)  # log 2
    0.6931
    """

    def __init__(
        self,
        network: Network,
        x: Tensor,
        classes: Tensor,
        *,
        penalty: Penalty | None = None,
        sampled: bool = False,
    ) -> None:
        hot = torch.nn.functional.one_hot(classes.long(), network.n_out)
        super().__init__(network, x, hot, penalty=penalty)
        self.sampled = sampled
        self.turn = 0

    @property
    def count(self) -> int:
        """Number of rows that `jacobian` gives for all the data."""
        return self.y.numel()

    def _entropies(self, outputs: Tensor, which: slice) -> Tensor:
        """Evaluate cross-entropies over N at outputs ``(n, m)``, ``(n,)``."""
        logs = torch.log_softmax(outputs, dim=1)
        return -(logs * self.y[which]).sum(dim=1) / max(1, len(self.x))

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield rows of the generalised Gauss-Newton matrix, then the penalty's."""
        every = -(-len(self.x) // CURVATURE_ROWS) if self.sampled else 1
        self.turn += 1
        x, y = (part[self.turn % every :: every] for part in (self.x, self.y))
        scale = (0.5 / max(1, len(x))) ** 0.5
        for start in range(0, len(x), self.chunk):
            which = slice(start, start + self.chunk)
            tape: Tape = []
            outputs = self.network.jets(x[which][None], SPACE, tape)[0]
            p = torch.softmax(outputs.detach(), dim=1).clamp_min(LEAST)
            root, hot = p.sqrt(), y[which]
            residual = scale * (root - hot / root)
            last = outputs.shape[1] - 1
            for k in range(outputs.shape[1]):
                cotangent = -p * root[:, k : k + 1]
                cotangent[:, k] += root[:, k]
                own = scale * (outputs * cotangent).sum(dim=1)
                yield self._rows(own, tape, keep=k < last), residual[:, k]
        if self.penalty is not None:
            yield from self.penalty.jacobian(self.network)

    def vector(self) -> Tensor:
        """Square roots of the cross-entropies over N, then the penalty's residuals."""
        values = self.values()
        parts = [self._entropies(values[w], w).clamp_min(0).sqrt() for w in self._slices()]
        if self.penalty is not None:
            parts.append(self.penalty.vector(self.network))
        return torch.cat(parts)

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Mean cross-entropy, penalty included, and its gradient ``(P,)``."""
        parameters = list(self.network.parameters())
        loss, gradient = 0.0, torch.zeros_like(self.trial.get())
        for which in self._slices():
            value = self._entropies(self._outputs(which), which).sum()
            grads = torch.autograd.grad(
                value, parameters, allow_unused=True, materialize_grads=True
            )
            loss += float(value.detach())
            gradient += torch.cat([g.flatten() for g in grads])
        if self.penalty is not None:
            more, slope = self.penalty.gradient(self.network)
            loss, gradient = loss + more, gradient + slope
        return loss, gradient


class ClassLevenberg(LevenbergMarquardt):
    """Levenberg-Marquardt on `ClassRows`: loss and gradient of all rows, steps not bent."""

    def __init__(self) -> None:
        super().__init__(geodesic=False, linear_algebra="gram")

    def _assemble(self, rows: RowSource) -> Accumulator:
        sums = super()._assemble(rows)
        assert isinstance(rows, DataRows)
        loss, gradient = rows.loss_and_gradient()
        sums.replace(loss, gradient / 2)
        return sums
