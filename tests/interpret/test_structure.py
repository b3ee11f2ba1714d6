import numpy as np
import pytest
import torch

from kanpde.solution.closed_form._refit import structure_network
from kanpde.solution.closed_form._structure import find_structure

pi = np.pi
CASES = {
    "product": (2, lambda p: np.sin(pi * p[:, 0]) * np.exp(p[:, 1]), [[0, 1]], "x"),
    "two modes": (
        2,
        lambda p: (
            np.exp(-p[:, 1]) * np.sin(pi * p[:, 0])
            + 0.5 * np.exp(-9 * p[:, 1]) * np.sin(3 * pi * p[:, 0])
        ),
        [[0, 1], [0, 1]],
        "x",
    ),
    "constant and mode": (
        2,
        lambda p: 1 - np.exp(-0.9 * p[:, 0]) * np.cos(2 * pi * p[:, 1]),
        [[0, 1]],
        "x",
    ),
    "front": (2, lambda p: np.tanh(3 * (p[:, 0] - 0.5 * p[:, 1])), [[None]], "x"),
    "crossing waves": (
        2,
        lambda p: np.sin(p[:, 0] - p[:, 1]) + np.sin(2 * (p[:, 0] + p[:, 1])),
        [[None], [None]],
        "x",
    ),
    "sum": (2, lambda p: p[:, 0] ** 2 + p[:, 1] ** 3 + 2, [[0], [1]], "x"),
    "root": (2, lambda p: np.sqrt(3 + p[:, 0] ** 2 + p[:, 1]), [[0], [1]], "sqrt"),
    "quotient": (
        2,
        lambda p: 1 / (1 + (np.exp(2 * p[:, 0] ** 2) - 0.5) * np.exp(-2 * p[:, 1])),
        [[0, 1]],
        "1/x",
    ),
    "three inputs": (
        3,
        lambda p: (
            np.sin(p[:, 0]) * np.cos(2 * p[:, 1]) * np.exp(-p[:, 2])
            + np.sin(2 * p[:, 0]) * np.exp(-3 * p[:, 2])
        ),
        [[0, 1, 2], [0, 2]],
        "x",
    ),
    "damped": (1, lambda p: np.exp(-0.7 * p[:, 0]) * np.cos(8 * p[:, 0] + 0.2), [[0, 0]], "x"),
    "one of two": (2, lambda p: np.exp(p[:, 1]), [[1]], "x"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_structure_is_found_and_taken_over_by_a_network(name: str) -> None:
    dimension, f, axes, outer = CASES[name]
    noise = np.random.default_rng(0)
    found = find_structure(
        lambda p: f(p) + 1e-13 * noise.standard_normal(len(p)), dimension, tolerance=1e-10
    )
    assert found is not None
    assert sorted([g.axis for g in term] for term in found.terms) == axes or None in axes[0]
    assert [[g.axis for g in term] for term in found.terms if term[0].axis is None] == [
        a for a in axes if a == [None]
    ]
    assert found.outer == outer
    network = structure_network(found, dimension)
    x = 2 * np.random.default_rng(1).random((400, dimension)) - 1
    values = network(torch.from_numpy(x)).detach().numpy()[:, 0]
    assert np.abs(values - f(x)).max() < 2e-6 * np.abs(f(x)).max()


def test_constants_have_no_terms() -> None:
    found = find_structure(lambda p: np.full(len(p), 3.0), 2, tolerance=1e-10)
    assert found.terms == ()
    assert found.constant == pytest.approx(3.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda p: 1 / (1.5 + np.sin(p[:, 0] * p[:, 1])),
        lambda p: np.exp(p[:, 0] * p[:, 1] + p[:, 0]) + p[:, 1] ** 2,
        lambda p: np.where(p[:, 0] > p[:, 1], np.nan, 1.0),
    ],
)
def test_other_functions_have_none(f) -> None:
    assert find_structure(f, 2, tolerance=1e-10) is None


def test_many_dimensions_are_not_looked_at() -> None:
    assert find_structure(lambda p: p.sum(1), 5, tolerance=1e-10) is None
