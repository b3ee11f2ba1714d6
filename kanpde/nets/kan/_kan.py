"""Kolmogorov-Arnold networks: one learnable function on every edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral

import torch
from torch import Tensor

from kanpde.basis import Basis, BSpline
from kanpde.errors import InputError
from kanpde.nets._block import BaseBlock, BiasBlock, Block
from kanpde.nets._layer import Layer
from kanpde.nets._network import Network
from kanpde.nets.kan._sine import edge_block

BASE_FUNCTIONS = ("silu", "tanh", "identity", "none")


Size = int | tuple[int, int | tuple[int, ...]]


def _whole(value: object, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _sizes(width: Sequence[int]) -> list[int]:
    listed = isinstance(width, Sequence) and not isinstance(width, str)
    sizes = list(width) if listed else []
    if len(sizes) < 2 or not all(_whole(n, 1) for n in sizes):
        raise InputError(
            f"width: expected at least two positive layer sizes such as [2, 5, 1], got {width!r}"
        )
    return [int(n) for n in sizes]


def _nodes(width: Sequence[Size]) -> list[tuple[int, tuple[int, ...]]]:
    """Sum nodes and the arities of product nodes, per layer."""
    listed = isinstance(width, Sequence) and not isinstance(width, str)
    found = [_node(entry) for entry in width] if listed else []
    kept = [entry for entry in found if entry is not None]
    if len(kept) < 2 or len(kept) != len(found) or kept[0][1]:
        raise InputError(
            "width: expected at least two positive layer sizes such as [2, 5, 1], or pairs "
            "(sums, products) after the inputs such as [2, (3, 1), 1] or [3, (0, (3,)), 1] "
            f"with the factors of every product, got {width!r}"
        )
    return kept


def _node(entry: object) -> tuple[int, tuple[int, ...]] | None:
    if _whole(entry, 1):
        return int(entry), ()  # type: ignore[call-overload]
    if not (isinstance(entry, (tuple, list)) and len(entry) == 2 and _whole(entry[0], 0)):
        return None
    sums, products = entry
    arities = (2,) * int(products) if _whole(products, 0) else products
    if not isinstance(arities, (tuple, list)) or not all(_whole(n, 2) for n in arities):
        return None
    return (int(sums), tuple(map(int, arities))) if sums or arities else None


def _normal(shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float64)


class KAN(Network):
    r"""Kolmogorov-Arnold network with edges :math:`w_b\,b(x) + \sum_i c_i B_i(x)`.

    Parameters
    ----------
    width
        Layer sizes, for example ``[2, 5, 1]``. A pair (sums, products) has product nodes
        too, each of two factors that are sums of edges themselves; ``(sums, (2, 3))``
        has one of two and one of three factors.
    grid, degree
        Spline intervals G and polynomial degree p; shorthand for
        ``basis=BSpline(grid, degree)``.
    basis
        A basis object; every layer gets its own copy.
    base
        Base function of every edge: ``"silu"``, ``"tanh"``, ``"identity"``, ``"none"``.
    squash
        Bound the inputs of hidden layers' bases by tanh, so that nothing leaves
        [-1, 1]; None where the basis needs it. The first layer expects inputs in [-1, 1].
    bias
        One constant per node.
    generator
        Source of the initial coefficients, drawn on the CPU. Without it a
        generator seeded with 0; the global random state is never touched.

    Raises
    ------
    InputError
        If a size, the grid or the base function is not allowed.

    References
    ----------
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, arXiv 2404.19756, eq. 2.10; product nodes:
    Liu et al., *KAN 2.0*, arXiv 2408.10205, section 2.

    Examples
    --------
    >>> KAN([2, 5, 1], grid=5, degree=3)(torch.zeros(4, 2)).shape
    torch.Size([4, 1])
    >>> KAN([2, (1, 1), 1]).width
    [2, 2, 1]
    """

    def __init__(
        self,
        width: Sequence[Size],
        *,
        grid: int = 5,
        degree: int = 3,
        basis: Basis | None = None,
        base: str = "silu",
        squash: bool | None = None,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        nodes = _nodes(width)
        if base not in BASE_FUNCTIONS:
            known = ", ".join(BASE_FUNCTIONS)
            raise InputError(f"base: expected one of {known}, got {base!r}")
        generator = generator or torch.Generator().manual_seed(0)
        basis = basis or BSpline(grid=grid, degree=degree)
        squash = not basis.bounded if squash is None else squash
        self.base, self.basis, self.squash, self.bias = base, basis, squash, bias
        layers = []
        for k, ((before, products), (sums, arities)) in enumerate(pairwise(nodes)):
            n_in, n_out = before + len(products), sums + sum(arities)
            noise = _normal((n_in, basis.count, n_out), generator)
            start = noise * basis.initial_scales(n_in)[:, None]
            blocks: list[Block] = [edge_block(basis, n_in, n_out, start)]
            if base != "none":
                weights = _normal((n_in, n_out), generator) / math.sqrt(n_in)
                blocks.append(BaseBlock(base, n_in, n_out, weights))
            if bias:
                blocks.append(BiasBlock(n_out))
            layers.append(Layer(blocks, n_in, n_out, squash=squash and k > 0, arities=arities))
        super().__init__(layers)
        self.to(torch.get_default_dtype())


class MLP(Network):
    """Multilayer perceptron on the same layer contract: affine maps of tanh.

    Parameters
    ----------
    width
        Layer sizes, for example ``[2, 16, 16, 1]``.
    activation
        ``"tanh"`` or ``"silu"``.
    generator
        Source of the initial coefficients (Glorot normal), drawn on the CPU.

    Examples
    --------
    >>> MLP([2, 16, 1]).count
    65
    """

    def __init__(
        self,
        width: Sequence[int],
        *,
        activation: str = "tanh",
        generator: torch.Generator | None = None,
    ) -> None:
        sizes = _sizes(width)
        if activation not in {"tanh", "silu"}:
            raise InputError(f"activation: expected tanh or silu, got {activation!r}")
        generator = generator or torch.Generator().manual_seed(0)
        self.activation = activation
        layers = []
        for k, (n_in, n_out) in enumerate(pairwise(sizes)):
            weights = _normal((n_in, n_out), generator) * math.sqrt(2.0 / (n_in + n_out))
            block = BaseBlock("identity" if k == 0 else activation, n_in, n_out, weights)
            layers.append(Layer([block, BiasBlock(n_out)], n_in, n_out, squash=False))
        super().__init__(layers)
        self.to(torch.get_default_dtype())
