import numpy as np
import pytest


def wave(x):
    """The KAN paper's first example, exp(sin πx + y²)."""
    return np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)


@pytest.fixture
def data(rng):
    x = rng.uniform(-1, 1, (300, 2))
    return x, wave(x)


@pytest.fixture
def labelled(rng):
    """Two classes that a circle divides."""
    x = rng.uniform(-1, 1, (300, 2))
    return x, np.where((x**2).sum(axis=1) < 0.6, "inside", "outside")
