from functools import cache

import pytest
import sympy
import torch

from kanpde.errors import InputError
from kanpde.interpret import Suggestion, auto_symbolic, suggest_edges, suggest_symbolic
from kanpde.interpret.symbolic._suggest import chosen_library
from kanpde.nets import ARGUMENT, KAN, LIBRARY, SymbolicFunction
from kanpde.regression._regress import regress

X = torch.linspace(-1, 1, 300, dtype=torch.float64)[:, None]
CURVES = {
    "x": 0.7 * X,
    "x^2": 0.5 * (X + 0.2) ** 2,
    "x^3": X**3,
    "x^4": X**4,
    "exp": torch.exp(1.3 * X),
    "sin": torch.sin(3 * X + 0.4),
    "tanh": torch.tanh(4 * X - 1),
    "gaussian": torch.exp(-((2 * X) ** 2)),
    "log": torch.log(X + 1.2),
    "1/x": 1 / (X + 1.5),
    "sqrt": torch.sqrt(X + 1.05),
}


@cache
def noisy(amplitude: float) -> KAN:
    """One edge per curve, trained, so that its splines are exact only to some noise."""
    y = torch.cat(list(CURVES.values()), dim=1)
    wave = torch.sin(37 * X) * torch.arange(1, y.shape[1] + 1)
    net = KAN([1, y.shape[1]], grid=20).double()
    regress(net, X, y + amplitude * y.std(0) * torch.sin(wave), steps=30)
    return net


@cache
def found(amplitude: float) -> dict[str, list[Suggestion]]:
    listed = suggest_edges(noisy(amplitude), X)
    return {name: listed[(0, 0, j)] for j, name in enumerate(CURVES)}


@pytest.mark.parametrize("amplitude", [0.0, 1e-3])
def test_the_function_behind_a_trained_edge_comes_first(amplitude: float) -> None:
    assert [listed[0].name for listed in found(amplitude).values()] == list(CURVES)


def test_exp_is_not_taken_for_a_power_nor_a_square_for_a_limit() -> None:
    own = found(1e-3)
    errors = {name: {s.name: s.error for s in own[name]} for name in own}
    assert errors["x^4"]["exp"] > 30 * errors["x^4"]["x^4"]
    # cosines contain parabolas as a limit: equally accurate, but a square is simpler
    assert errors["x^2"]["sin"] < 3 * errors["x^2"]["x^2"]
    square, *others = own["x^2"]
    assert all(s.score > square.score for s in others)


def test_r2_is_that_of_the_correlation() -> None:
    net = noisy(0.0)
    best = suggest_symbolic(net, X, 0, 0, 5, top=3, library=["sin", "x", "exp"])
    assert best[0].name == "sin"
    assert len(best) == 3
    z = X[:, 0]
    line = next(s for s in best if s.name == "x")
    expected = torch.corrcoef(torch.stack((z, CURVES["sin"][:, 0])))[0, 1] ** 2
    assert line.r2 == pytest.approx(float(expected), abs=1e-5)


def test_tiny_edges_are_judged_like_large_ones() -> None:
    net = KAN([1, 1], grid=20).double()
    regress(net, X, 1e-5 * torch.exp(1.3 * X), steps=30)
    best = suggest_symbolic(net, X, 0, 0, 0)[0]
    assert best.name == "exp"
    assert best.r2 > 1 - 1e-8


def test_zero_is_suggested_only_for_an_edge_that_its_node_does_not_need() -> None:
    generator = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(500, 2, generator=generator, dtype=torch.float64) - 1
    net = KAN([2, 1], grid=10).double()
    regress(net, x, torch.sin(3 * x[:, :1]) + 1e-5 * x[:, 1:], steps=30)
    listed = suggest_edges(net, x)
    assert listed[(0, 1, 0)][0].name == "0"
    assert all(s.name != "0" for s in listed[(0, 0, 0)])


def test_users_extend_the_library_without_global_state() -> None:
    bessel = SymbolicFunction("J0", sympy.besselj(0, ARGUMENT), 4)
    net = KAN([1, 1], grid=60).double()
    values = bessel.values(12 * X)[0]
    regress(net, X, values, steps=30)
    best = suggest_symbolic(net, X, 0, 0, 0, library={**LIBRARY, "J0": bessel})[0]
    assert best.name == "J0"
    assert "J0" not in LIBRARY
    assert suggest_symbolic(net, X, 0, 0, 0)[0].name != "J0"


@pytest.mark.parametrize(
    ("library", "words"),
    [([], "at least one"), (["sine"], "sine"), ({"f": torch.sin}, "SymbolicFunction")],
)
def test_a_wrong_library_is_refused(library: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        chosen_library(library)  # type: ignore[arg-type]


def test_a_wrong_edge_and_too_few_samples_are_refused() -> None:
    net = KAN([1, 1]).double()
    with pytest.raises(InputError, match=r"width \[1, 1\], got \(0, 1, 0\)"):
        suggest_symbolic(net, X, 0, 1, 0)
    with pytest.raises(InputError, match="at least 3 samples, got 2"):
        suggest_symbolic(net, X[:2], 0, 0, 0)


@pytest.mark.parametrize("edge", [(0, 0, 1.5), ("0", 0, 0), (0, 0, 9), (-1, 0, 0)])
def test_an_edge_is_named_by_whole_numbers_within_the_network(edge):
    x = torch.linspace(-1, 1, 40, dtype=torch.float64)[:, None]
    with pytest.raises(InputError, match="expected layer, input and node"):
        suggest_symbolic(KAN([1, 2, 1]).double(), x, *edge)


@pytest.mark.parametrize("threshold", [2, -0.1, "a", float("nan")])
def test_the_r2_of_edges_that_become_symbolic_lies_between_0_and_1(threshold):
    x = torch.linspace(-1, 1, 40, dtype=torch.float64)[:, None]
    with pytest.raises(InputError, match="r2_threshold"):
        auto_symbolic(KAN([1, 1]).double(), x, r2_threshold=threshold)
