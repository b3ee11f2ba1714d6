from collections.abc import Callable

import pytest
import torch

from kanpde.basis import RBF, Basis, BSpline, Chebyshev, Sine
from kanpde.calculus._jets import JetSpace, coordinates_jet
from kanpde.nets import KAN, LIBRARY, MLP, AxisMap, Network, ProductKAN, fix_edge


def masked(basis: Basis | None = None) -> KAN:
    net = KAN([2, 3, 2], basis=basis or Chebyshev(3), base="tanh")
    net.layer(0).set_mask(torch.tensor([[True, False, True], [True, True, False]]))
    net.layer(1).set_mask(torch.tensor([[False, True], [True, True], [True, False]]))
    return net


def symbolic() -> KAN:
    net = KAN([2, (2, 1), 2], basis=Chebyshev(3))
    net.layer(0).set_mask(torch.tensor([[1, 0, 1, 1], [0, 1, 1, 1]]))
    fix_edge(net, 0, 0, 2, LIBRARY["sin"], (1.3, 0.2, 0.7, 0.1))
    fix_edge(net, 0, 1, 0, LIBRARY["gaussian"], (0.8, -0.3, 1.1, 0.0))
    fix_edge(net, 1, 2, 1, LIBRARY["exp"], (0.5, 0.1, 0.4, -0.2))
    fix_edge(net, 1, 0, 1, LIBRARY["sin"], (0.6, 0.0, 0.9, 0.3))
    return net


# name: (maker, highest order of derivative that is continuous)
NETWORKS: dict[str, tuple[Callable[[], Network], int]] = {
    "bspline-3": (lambda: KAN([2, 4, 2], grid=4, degree=3), 2),
    "bspline-5": (lambda: KAN([2, 3, 2], grid=3, degree=5), 4),
    "bspline-2-tanh": (lambda: KAN([2, 3, 2], grid=3, degree=2, base="tanh"), 1),
    "bspline-4-deep": (lambda: KAN([2, 3, 3, 1], grid=3, degree=4, base="identity"), 3),
    "chebyshev-4": (lambda: KAN([2, 3, 2], basis=Chebyshev(4), base="silu"), 4),
    "chebyshev-deep": (
        lambda: KAN([2, 3, 3, 1], basis=Chebyshev(3, squash=None), base="identity"),
        4,
    ),
    "open": (lambda: KAN([2, 3, 1], basis=Chebyshev(3, squash=None), squash=False), 4),
    "bare": (lambda: KAN([2, 3, 1], basis=Chebyshev(3), base="none", bias=False), 4),
    "masked": (masked, 4),
    "uneven": (
        lambda: KAN(
            [1, 2, 1],
            basis=BSpline(degree=4, knots=torch.linspace(-1.7, 1.6, 14).square().cumsum(0) - 6),
        ),
        3,
    ),
    "rbf": (lambda: KAN([2, 4, 3, 1], basis=RBF(4), base="identity"), 4),
    "sine": (lambda: KAN([2, 4, 4, 1], basis=Sine(2), base="identity"), 4),
    "sine-trained": (
        lambda: KAN([2, 3, 3, 2], basis=Sine(3, trainable=True), base="identity"),
        4,
    ),
    "sine-trained-masked": (lambda: masked(Sine(4, trainable=True)), 4),
    "products": (lambda: KAN([2, (2, 1), (0, (3,)), 1], grid=3, degree=5, base="tanh"), 4),
    "products-only": (lambda: KAN([2, (0, 2), (1, 1)], basis=Chebyshev(4), base="none"), 4),
    "symbolic": (symbolic, 4),
    "mlp-tanh": (lambda: MLP([2, 6, 6, 2]), 4),
    "mlp-silu": (lambda: MLP([3, 6, 2], activation="silu"), 4),
    "product": (lambda: ProductKAN((1.0, 1.0), (), 2, degree=4), 4),
    "product-charts": (
        lambda: ProductKAN((1.0, 1.0), (), 2, degree=(7, 3), maps=(AxisMap(0.3, 0.2), None)),
        4,
    ),
    "product-3d": (lambda: ProductKAN((1.0,) * 3, (), 1, degree=3), 4),
}


def randomized(net: Network) -> Network:
    """Coefficients of natural size, none zero, float64."""
    generator = torch.Generator().manual_seed(3)
    net = net.double()
    net.set(0.4 * torch.randn(net.count, generator=generator, dtype=torch.float64))
    return net


def network_points(net: Network, n: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    return 1.8 * torch.rand(n, net.n_in, generator=generator, dtype=torch.float64) - 0.9


def jets_at(net: Network, points: torch.Tensor, space: JetSpace) -> torch.Tensor:
    return net.jets(coordinates_jet(points, space), space)


@pytest.fixture(params=list(NETWORKS))
def case(request: pytest.FixtureRequest) -> tuple[Network, int]:
    maker, smooth = NETWORKS[request.param]
    return randomized(maker()), smooth


@pytest.fixture
def helpers() -> dict[str, Callable[..., object]]:
    return {"points": network_points, "jets": jets_at, "randomized": randomized}
