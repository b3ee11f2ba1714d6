import numpy as np
import pytest
import sympy
import torch
from sympy import Symbol

from kanpde.errors import InputError
from kanpde.interpret import network_from_expression, symbolic_formula
from kanpde.nets import KAN, LIBRARY, activations, fix_edge

x, y = (Symbol(name, real=True) for name in "xy")
LINE = [name for name, f in LIBRARY.items() if f.domain == "line" and name not in {"sign", "0"}]


def points(n: int = 100) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return 2 * torch.rand(n, 2, generator=generator, dtype=torch.float64) - 1


def random_network(seed: int) -> KAN:
    """Symbolic edges with random functions and parameters, and a product node."""
    generator = torch.Generator().manual_seed(seed)
    net = KAN([2, (1, 1), 1]).double()
    for k in range(2):
        layer = net.layer(k)
        for i in range(layer.n_in):
            for j in range(layer.subnodes):
                name = LINE[int(torch.randint(len(LINE), (1,), generator=generator))]
                affine = 0.3 + 0.4 * torch.rand(4, generator=generator, dtype=torch.float64)
                fix_edge(net, k, i, j, LIBRARY[name], affine.tolist())
    return net


def evaluated(formula: sympy.Expr, data: torch.Tensor) -> np.ndarray:
    function = sympy.lambdify([x, y], formula, modules=["scipy", "numpy"])
    return np.broadcast_to(function(*data.numpy().T), (len(data),))


@pytest.mark.parametrize("round_", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_formula_equals_the_network(seed: int, round_: bool) -> None:
    net, data = random_network(seed), points()
    (formula,) = symbolic_formula(net, [x, y], round=round_, tolerance=1e-13)
    expected = net(data)[:, 0].detach().numpy()
    error = np.abs(evaluated(formula, data) - expected).max()
    assert error <= 1e-12 * max(1.0, np.abs(expected).max())


def test_normalisations_are_undone() -> None:
    net, data = random_network(7), points()
    shift, scale = [1.25, -3.0], [0.75, 2.0]
    (formula,) = symbolic_formula(
        net, [x, y], inputs=(shift, scale), outputs=([5.0], [0.1]), tolerance=1e-13
    )
    raw = data * torch.tensor(scale) + torch.tensor(shift)
    expected = 5 + 0.1 * net(data)[:, 0].detach().numpy()
    error = np.abs(evaluated(formula, raw) - expected).max()
    assert error <= 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("formula", "length"),
    [
        (sympy.exp(sympy.sin(sympy.pi * x) + y**2), 6),
        (x * y, 1),
        (sympy.tanh((x - y / 2) / sympy.Rational(3, 10)), 6),
        (sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi), 7),
        (sympy.sin(sympy.pi * x) * sympy.sin(sympy.pi * y**2), 6),
        (sympy.sqrt((x - y) ** 2 + 1), 4),
    ],
    ids=str,
)
def test_constants_come_back_exactly_after_scales_moved_between_layers(
    formula: sympy.Expr, length: int
) -> None:
    net = network_from_expression(formula, [x, y])
    first = net.layer(0).symbolic
    if len(net.layers) > 1 and first is not None and not net.layer(0).arities:
        # the same function with other numbers: hidden nodes times 1.7
        second = net.layer(1).symbolic
        assert second is not None
        with torch.no_grad():
            first.affine[:, 2] *= 1.7
            net.layer(0).blocks[1].coefficients *= 1.7
            second.affine[:, 0] /= 1.7
    (found,) = symbolic_formula(net, [x, y])
    assert sympy.simplify(found - formula) == 0
    assert not found.has(sympy.Float)
    assert sympy.count_ops(found) <= length + 3


def test_polynomials_are_multiplied_out_where_that_is_shorter() -> None:
    net = KAN([2, 2, 1]).double()
    for i in range(2):
        fix_edge(net, 0, i, 0, LIBRARY["x"], (1.0, 0.0, 0.37, 0.0))
        fix_edge(net, 0, i, 1, LIBRARY["x"], (1.0, 0.0, 0.81 * (1 - 2 * i), 0.0))
    fix_edge(net, 1, 0, 0, LIBRARY["x^2"], (1.0, 0.0, 0.25 / 0.37**2, 0.0))
    fix_edge(net, 1, 1, 0, LIBRARY["x^2"], (1.0, 0.0, -0.25 / 0.81**2, 0.0))
    assert symbolic_formula(net, [x, y]) == [x * y]


def test_numerical_edges_stay_undefined_functions() -> None:
    net, data = KAN([2, 1], grid=3).double(), points()
    fix_edge(net, 0, 0, 0, LIBRARY["sin"], (3.141592653589793, 0.0, 2.0, 0.0))
    (formula,) = symbolic_formula(net, [x, y])
    names = {f.func.__name__ for f in formula.atoms(sympy.core.function.AppliedUndef)}
    assert names == {"phi_0_1_0"}
    known = formula.subs(sympy.Function("phi_0_1_0", real=True)(y), 0)
    edge = activations(net, data)[0].edges[:, 1, 0].numpy()
    expected = net(data)[:, 0].detach().numpy() - edge
    assert np.abs(evaluated(known, data) - expected).max() < 1e-9
    assert known.has(sympy.sin(sympy.pi * x))


def test_every_output_has_its_formula() -> None:
    wanted = [x + y, x * y, sympy.sin(x)]
    net = network_from_expression(wanted, [x, y])
    assert symbolic_formula(net, [x, y]) == wanted


def test_wrong_numbers_of_symbols_and_scales_are_refused() -> None:
    net = KAN([2, 1]).double()
    with pytest.raises(InputError, match="symbols: expected 2, one per input, got 1"):
        symbolic_formula(net, [x])
    with pytest.raises(InputError, match="inputs: expected 2 shifts"):
        symbolic_formula(net, [x, y], inputs=([0.0], [1.0]))
    with pytest.raises(InputError, match="outputs: expected 1 shifts and 1 scales other than 0"):
        symbolic_formula(net, [x, y], outputs=([0.0], [0.0]))


def test_constants_outside_a_domain_count_as_the_network_counts_them() -> None:
    """The root of -1 and the logarithm of 0 once ended in a traceback."""
    for name, b in (("sqrt", -1.0), ("log", 0.0), ("1/x", 0.0)):
        net = KAN([1, 1, 1]).double()
        fix_edge(net, 0, 0, 0, LIBRARY["0"], (1.0, 0.0, 0.0, 0.0))
        fix_edge(net, 1, 0, 0, LIBRARY[name], (1.0, b, 2.0, 0.5))
        (formula,) = symbolic_formula(net, [sympy.Symbol("x", real=True)])
        value = net(torch.zeros(1, 1, dtype=torch.float64)).item()
        assert float(formula) == pytest.approx(value, rel=1e-12)
