import pytest
import torch

from kanpde.errors import InputError, ShapeError
from kanpde.nets import KAN, LIBRARY, MLP, Network, activations, fix_edge
from kanpde.optimize._source import transposed_product
from kanpde.regression._data_rows import DataRows
from kanpde.regression._regress import regress
from kanpde.regression._sparsity import EdgePenalty


def data(n: int = 60, m: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = 2 * torch.rand(n, 2, generator=generator, dtype=torch.float64) - 1
    return x, torch.stack([x.sum(1) ** (k + 1) for k in range(m)], dim=1)


def mixed() -> Network:
    net = KAN([2, (2, 1), 2], grid=3).double()
    fix_edge(net, 0, 1, 0, LIBRARY["sin"], (1.3, 0.2, 0.7, 0.1))
    return net


@pytest.mark.parametrize("make", [mixed, lambda: MLP([2, 5, 2]).double()])
def test_rows_agree_with_autograd(make) -> None:
    net, (x, y) = make(), data()
    weights = torch.linspace(0.5, 2, len(x), dtype=torch.float64)
    rows = DataRows(net, x, y, weights=weights, chunk=17)
    vector, pieces = rows.vector(), list(rows.jacobian())
    residual = torch.cat([r for _, r in pieces])
    jacobian = torch.cat([j for j, _ in pieces])
    assert torch.equal(residual, vector)
    expected = (weights[:, None] * (net(x) - y) ** 2).mean()
    loss, gradient = rows.loss_and_gradient()
    assert loss == pytest.approx(expected.item(), rel=1e-13)
    assert vector.square().sum().item() == pytest.approx(loss, rel=1e-13)
    slopes = torch.autograd.grad(
        expected, list(net.parameters()), materialize_grads=True, allow_unused=True
    )
    flat = torch.cat([s.flatten() for s in slopes])
    assert float((gradient - flat).abs().max()) < 1e-14
    assert float((2 * jacobian.T @ residual - flat).abs().max()) < 1e-14
    assert float((transposed_product(rows, residual) * 2 - flat).abs().max()) < 1e-14


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "ssbroyden"])
def test_a_square_is_found(optimizer: str) -> None:
    x, y = data(m=1)
    net = KAN([2, 2, 1], grid=3).double()
    found = regress(net, x, y**2, optimizer=optimizer, steps=60 if optimizer == "lm" else 12)
    assert found.rmse < (1e-3 if optimizer == "lm" else 1e-1)
    assert found.losses[-1] <= found.losses[0]
    assert found.rmse == pytest.approx((net(x) - y**2).square().mean().sqrt().item(), rel=1e-12)


def test_affine_parameters_reach_round_off() -> None:
    x, _ = data()
    y = torch.exp(1.5 * torch.sin(torch.pi * x[:, :1] + 0.3))
    net = KAN([2, 1, 1], grid=3).double()
    net.layer(0).set_mask(torch.tensor([[0], [0]]))
    fix_edge(net, 0, 0, 0, LIBRARY["sin"], (3.0, 0.2, 1.0, 0.0))
    fix_edge(net, 1, 0, 0, LIBRARY["exp"])
    assert regress(net, x, y, steps=60).rmse < 1e-12


def test_bad_input() -> None:
    x, y = data()
    with pytest.raises(ShapeError, match="y"):
        DataRows(KAN([2, 2, 1]), x, y)
    with pytest.raises(InputError, match="optimizer: expected one of lm"):
        regress(KAN([2, 2, 2]).double(), x, y, optimizer="sgd")


def test_penalty_is_renewed_before_every_step() -> None:
    x, _ = data(200)
    y = x[:, :1] ** 2
    sizes = []
    for penalty in (None, EdgePenalty(x, 1e-2)):
        net = KAN([2, 3, 1], grid=3).double()
        regress(net, x, y, steps=25, penalty=penalty)
        sizes.append(activations(net, x)[0].edges.abs().mean(0).sum().item())
    assert sizes[1] < 0.5 * sizes[0]


def test_a_layer_of_fixed_edges_is_silent(capfd) -> None:
    """A prior without rows made BLAS complain on the terminal."""
    net = KAN([1, 1, 1], grid=3).double()
    fix_edge(net, 0, 0, 0, LIBRARY["exp"])
    x = torch.linspace(-1, 1, 30, dtype=torch.float64)[:, None]
    assert regress(net, x, torch.exp(2 * x) + 1, steps=20).rmse < 1e-3
    assert "".join(capfd.readouterr()) == ""
