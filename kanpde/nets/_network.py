"""Networks on the layer contract, and the wrapper for a user's own module."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import vector_to_parameters

from kanpde.calculus import JetSpace
from kanpde.ground import _check
from kanpde.nets._layer import Layer, PrecomputedTape, Tape


class Network(nn.Module):
    """A chain of layers with jets forward and rows back.

    Parameters
    ----------
    layers
        Layers whose sizes fit together.
    """

    has_rule = True
    plain_inputs = False  # whether every input must be linear in a coordinate, or its wave

    def __init__(self, layers: list[Layer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return self.layer(0).n_in

    @property
    def n_out(self) -> int:
        """Number of outputs."""
        return self.layer(-1).n_out

    @property
    def width(self) -> list[int]:
        """Layer sizes, inputs and outputs included."""
        return [self.n_in, *(self.layer(k).n_out for k in range(len(self.layers)))]

    @property
    def count(self) -> int:
        """Number of coefficients P."""
        return sum(p.numel() for p in self.coefficients())

    def layer(self, k: int) -> Layer:
        """Layer `k`, typed."""
        layer = self.layers[k]
        assert isinstance(layer, Layer)
        return layer

    def jets(self, z: Tensor, space: JetSpace, tape: Tape | None = None) -> Tensor:
        """Map jets of the inputs ``(K, N, n_in)`` to jets of the outputs ``(K, N, n_out)``."""
        if isinstance(tape, PrecomputedTape):
            return tape.output
        for layer in self.layers:
            assert isinstance(layer, Layer)
            z = layer.jets(z, space, tape)
        return z

    def forward(self, x: Tensor) -> Tensor:
        """Evaluate at inputs ``(N, n_in)``; returns ``(N, n_out)``.

        Raises
        ------
        ShapeError
            If `x` is not ``(N, n_in)``.
        """
        _check.shape("x", x, (None, self.n_in))
        space = JetSpace(x.shape[1], ((0,) * x.shape[1],))
        return self.jets(x.unsqueeze(0), space)[0]

    def rows(self, tape: Tape, cotangents: list[Tensor], out: Tensor) -> None:
        """Write the per-point Jacobian ``(N, P)`` from the cotangents of the layers' outputs."""
        start = 0
        for record, cotangent in zip(tape, cotangents, strict=True):
            size = sum(p.numel() for p in _coefficients(record.layer))
            record.layer.rows(record, cotangent, out[:, start : start + size])
            start += size

    def coefficients(self) -> list[nn.Parameter]:
        """List all coefficients in the order of `parameters`, without its search."""
        return [p for layer in self.layers._modules.values() for p in _coefficients(layer)]

    def get(self) -> Tensor:
        """All coefficients as one vector ``(P,)``, detached."""
        return torch.cat([p.detach().reshape(-1) for p in self.coefficients()])

    def set(self, vector: Tensor) -> None:
        """Overwrite all coefficients from one vector ``(P,)``."""
        _check.shape("coefficients", vector, (self.count,))
        with torch.no_grad():
            vector_to_parameters(vector, self.coefficients())


def _coefficients(layer: nn.Module | None) -> list[nn.Parameter]:
    """List a layer's parameters: they are those of its blocks."""
    assert isinstance(layer, Layer)
    blocks = [b for b in layer.blocks._modules.values() if b is not None]
    return [p for block in blocks for p in block._parameters.values() if p is not None]


class ModuleNet(Network):
    """A user's own `torch.nn.Module`: jets by nested autograd, rows by a batched backward.

    Parameters
    ----------
    module
        Maps ``(N, n_in)`` to ``(N, n_out)``, each row on its own.
    n_in, n_out
        Its sizes.
    """

    has_rule = False

    def __init__(self, module: nn.Module, n_in: int, n_out: int) -> None:
        nn.Module.__init__(self)
        self.module = module
        self._sizes = (n_in, n_out)

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return self._sizes[0]

    @property
    def n_out(self) -> int:
        """Number of outputs."""
        return self._sizes[1]

    @property
    def width(self) -> list[int]:
        """Sizes of input and output."""
        return list(self._sizes)

    def coefficients(self) -> list[nn.Parameter]:
        """List all coefficients of the module."""
        return list(self.parameters())

    def forward(self, x: Tensor) -> Tensor:
        """Evaluate the wrapped module."""
        result: Tensor = self.module(x)
        return result

    def jets(self, z: Tensor, space: JetSpace, tape: Tape | None = None) -> Tensor:
        """Refuse: a plain module has values only; the trial differentiates them by autograd."""
        if space.size == 1:
            return self.forward(z[0]).unsqueeze(0)
        raise TypeError("ModuleNet has no jet rule; use derivatives='autograd'")
