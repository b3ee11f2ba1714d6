from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from kanpde.nets import KAN, LIBRARY, add_constants, constants_of, fix_edge


@pytest.fixture
def square() -> Tensor:
    """Samples of the square, 41 each way: means of odd functions are zero to rounding."""
    t = torch.linspace(-1, 1, 41, dtype=torch.float64)
    return torch.stack(torch.meshgrid(t, t, indexing="ij"), dim=-1).reshape(-1, 2)


@pytest.fixture
def linear() -> Callable[..., KAN]:
    """A network whose edges are a z + d, given per layer as ``{(i, j): (a, d)}``."""

    def make(width, layers, constants=()) -> KAN:
        net = KAN(width, grid=3).double()
        net.set(torch.zeros(net.count, dtype=torch.float64))
        for k, edges in enumerate(layers):
            layer = net.layer(k)
            layer.set_mask(torch.zeros(layer.n_in, layer.subnodes, dtype=torch.bool))
            for (i, j), (a, d) in edges.items():
                fix_edge(net, k, i, j, LIBRARY["x"], (a, 0.0, 1.0, d))
        for k, values in constants:
            add_constants(net, k, torch.tensor(values, dtype=torch.float64))
            assert constants_of(net.layer(k)).tolist() == values
        return net

    return make
