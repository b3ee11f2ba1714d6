from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor


class Vector:
    """A trial that is nothing but its coefficients."""

    def __init__(self, start: Tensor) -> None:
        self.eta = start.clone()

    @property
    def count(self) -> int:
        return len(self.eta)

    def get(self) -> Tensor:
        return self.eta.clone()

    def set(self, vector: Tensor) -> None:
        self.eta = vector.clone()


class FakeRows:
    """Rows of a function r(θ), differentiated by autograd, in two chunks."""

    def __init__(self, function: Callable[[Tensor], Tensor], start: Tensor) -> None:
        self.function, self.trial = function, Vector(start)

    @property
    def count(self) -> int:
        return len(self.vector())

    def vector(self) -> Tensor:
        return self.function(self.trial.get())

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        theta = self.trial.get()
        full = torch.autograd.functional.jacobian(self.function, theta)
        yield from zip(full.chunk(2), self.function(theta).chunk(2), strict=True)

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        theta = self.trial.get().requires_grad_(True)
        loss = self.function(theta).square().sum()
        (gradient,) = torch.autograd.grad(loss, theta)
        return float(loss.detach()), gradient


@pytest.fixture
def fake_rows() -> type[FakeRows]:
    return FakeRows


def rosenbrock(theta: Tensor) -> Tensor:
    return torch.stack((10 * (theta[1] - theta[0] ** 2), 1 - theta[0]))


def exponentials(theta: Tensor) -> Tensor:
    t = torch.linspace(0, 2, 20, dtype=theta.dtype)
    model = theta[0] * torch.exp(-theta[1] * t) + theta[2] * torch.exp(-theta[3] * t)
    return model - 2 * torch.exp(-t) - torch.exp(-4 * t)


@pytest.fixture(params=["rosenbrock", "exponentials"])
def fit(request: pytest.FixtureRequest) -> FakeRows:
    if request.param == "rosenbrock":
        return FakeRows(rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64))
    return FakeRows(exponentials, torch.tensor([1.0, 0.5, 1.0, 6.0], dtype=torch.float64))
