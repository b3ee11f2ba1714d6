from itertools import pairwise

import pytest
import torch

from kanpde.basis import Chebyshev
from kanpde.nets import KAN
from kanpde.optimize._levenberg import LevenbergMarquardt
from kanpde.regression._classes import ClassLevenberg, ClassRows
from kanpde.regression._data_rows import DataRows
from kanpde.regression._prior import Prior


@pytest.fixture
def network(generator):
    net = KAN([2, 3, 4], grid=3).double()
    net.set(torch.randn(net.count, generator=generator, dtype=torch.float64))
    return net


@pytest.fixture
def points(generator):
    return 2 * torch.rand(40, 2, generator=generator, dtype=torch.float64) - 1


@pytest.fixture
def classes(generator):
    return torch.randint(4, (40,), generator=generator)


def logits_and_slopes(network, x):
    """Outputs ``(N, m)`` and their Jacobian ``(N, m, P)`` by autograd."""
    outputs = network(x)
    rows = [
        torch.cat(
            [
                g.flatten()
                for g in torch.autograd.grad(o, list(network.parameters()), retain_graph=True)
            ]
        )
        for o in outputs.flatten()
    ]
    return outputs.detach(), torch.stack(rows).unflatten(0, outputs.shape)


def test_squares_sum_to_the_cross_entropy_of_torch(network, points, classes):
    rows = ClassRows(network, points, classes)
    truth = torch.nn.functional.cross_entropy(network(points), classes)
    assert float(rows.vector().square().sum()) == pytest.approx(float(truth.detach()), rel=1e-12)
    value, gradient = rows.loss_and_gradient()
    assert value == pytest.approx(float(truth.detach()), rel=1e-12)
    expected = torch.cat(
        [g.flatten() for g in torch.autograd.grad(truth, list(network.parameters()))]
    )
    torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-13)


def test_rows_have_the_gradient_and_the_generalised_gauss_newton_matrix(network, points, classes):
    rows = ClassRows(network, points, classes)
    pieces = list(rows.jacobian())
    jacobian = torch.cat([j for j, _ in pieces])
    residual = torch.cat([r for _, r in pieces])
    _, gradient = rows.loss_and_gradient()
    torch.testing.assert_close(2 * jacobian.T @ residual, gradient, rtol=1e-9, atol=1e-12)
    outputs, slopes = logits_and_slopes(network, points)
    p = torch.softmax(outputs, dim=1)
    fisher = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    matrix = torch.einsum("nap,nab,nbq->pq", slopes, fisher, slopes) / len(points)
    torch.testing.assert_close(2 * jacobian.T @ jacobian, matrix, rtol=1e-9, atol=1e-12)
    assert len(residual) == rows.count


def test_a_sure_and_wrong_network_has_finite_rows(network, points, classes):
    network.set(1e4 * network.get())
    pieces = list(ClassRows(network, points, classes).jacobian())
    assert all(bool(torch.isfinite(t).all()) for piece in pieces for t in piece)


def test_levenberg_marquardt_lowers_the_cross_entropy_of_overlapping_classes(generator):
    x = 2 * torch.rand(200, 2, generator=generator, dtype=torch.float64) - 1
    noise = 0.3 * torch.randn(200, generator=generator, dtype=torch.float64)
    classes = ((x**2).sum(dim=1) + noise > 0.6).long()
    net = KAN([2, 2, 2], grid=3).double()
    rows, mover = ClassRows(net, x, classes), ClassLevenberg()
    losses = [mover.step(rows).loss for _ in range(15)]
    assert all(b <= a for a, b in pairwise(losses))
    assert losses[-1] < 0.6 * losses[0]
    assert losses[-1] == pytest.approx(float(rows.vector().square().sum()), rel=1e-12)


def test_prior_has_the_gradient_of_its_value_and_fades_with_the_loss(network):
    prior = Prior(50)
    prior.refresh(network, 0.2)
    value, gradient = prior.gradient(network)
    jacobian = torch.cat([j for j, _ in prior.jacobian(network)])
    residual = torch.cat([r for _, r in prior.jacobian(network)])
    torch.testing.assert_close(residual, prior.vector(network))
    torch.testing.assert_close(2 * jacobian.T @ residual, gradient, rtol=1e-10, atol=1e-13)
    torch.testing.assert_close(jacobian @ network.get(), residual, rtol=1e-10, atol=1e-12)
    assert float(residual.square().sum()) == pytest.approx(value, rel=1e-12)
    prior.refresh(network, 0.02)
    assert prior.gradient(network)[0] == pytest.approx(value / 10, rel=1e-12)


def test_prior_of_a_flat_spline_is_that_of_its_size_alone():
    net = KAN([1, 1], grid=4, base="none", bias=False).double()
    prior = Prior(1)
    prior.refresh(net, 1.0)
    net.set(torch.full((7,), 3.0, dtype=torch.float64))
    assert prior.gradient(net)[0] == pytest.approx(7 * (3 / 10) ** 2, rel=1e-12)


def test_spline_coefficients_that_no_row_sees_stay_small_and_smooth(generator):
    """Two clusters of points; between them the prior alone decides."""
    x = torch.rand(60, 1, generator=generator, dtype=torch.float64) * 0.3
    x = torch.cat((x - 1, x + 0.7))
    net = KAN([1, 1], grid=20, base="none").double()
    prior = Prior(len(x))
    rows = DataRows(net, x, torch.sin(3 * x), penalty=prior)
    mover, loss = LevenbergMarquardt(), 1.0
    for _ in range(10):
        prior.refresh(net, loss)
        mover.step(rows)
        loss = float((rows.values() - rows.y).square().mean())
    assert loss < 1e-8
    between = torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]
    assert float(net(between).detach().abs().max()) < 2.0


@pytest.mark.parametrize("basis", [None, Chebyshev(4)])
def test_prior_leaves_what_dead_edges_hold(basis):
    net = KAN([2, 3, 1], grid=3, basis=basis).double()
    mask = torch.ones(2, 3)
    mask[1, 2] = mask[0, 1] = 0
    net.layer(0).set_mask(mask)
    prior = Prior(1)
    prior.refresh(net, 1.0)
    _, gradient = prior.gradient(net)
    start = 0
    for block in list(net.layer(0).blocks)[:2]:
        size = block.coefficients.numel()
        own = gradient[start : start + size].unflatten(0, (2, -1, 3))
        alive = (own != 0).any(dim=1)
        assert torch.equal(alive, mask.bool())
        start += size
