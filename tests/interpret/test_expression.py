import numpy as np
import pytest
import sympy
import torch
from sympy import Symbol, besselj, cos, exp, log, pi, sech, sin, sqrt, tanh

from kanpde.errors import InputError, UnsupportedError
from kanpde.interpret import network_from_expression, symbolic_formula
from kanpde.nets import network_from_record, network_record

x, y, z = (Symbol(name, positive=True) for name in "xyz")
EXPRESSIONS = [
    exp(sin(pi * x) + y**2),
    x * y,
    x / y,
    sqrt((x - y) ** 2 + z**2),
    x * y + y * z + z * x,
    3 * x * y * z,
    sin(x * cos(y) + 1) * exp(-z),
    x + sin(x),
    x**2 + 3 * x + log(x) + sqrt(x + 1),
    sqrt(2 * x + 1) + log(x),
    tanh((x - y / 2) / 3) ** 2,
    x**y,
    x**7 / 7 + sympy.cbrt(y),
    exp(-(x**2) / 2 / y**2) / sqrt(2 * pi * y**2),
    besselj(0, 20 * x) + y**2,
    1 / (1 + x * y),
    3 * sech(x - y) ** 2,
    5 * (x + y) * (x - y + 2),
    x * y * sin(x * y) + x * y,
    2 * x + 1,
    x,
    sympy.Integer(3),
    sin(pi * x) * sin(pi * y) * exp(-2 * pi**2 * z),
]


def points() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return 0.1 + 0.9 * torch.rand(100, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_network_equals_the_expression_and_its_formula_gives_it_back(
    expression: sympy.Expr,
) -> None:
    net, data = network_from_expression(expression, [x, y, z]), points()
    function = sympy.lambdify([x, y, z], expression, modules=["scipy", "numpy"])
    expected = np.broadcast_to(function(*data.numpy().T), (len(data),))
    found = net(data)[:, 0].detach().numpy()
    assert np.abs(found - expected).max() <= 1e-14 * max(1.0, np.abs(expected).max())
    (again,) = symbolic_formula(net, [x, y, z], x=data)
    assert sympy.simplify(again - expression) == 0


def test_graphs_are_those_of_the_paper() -> None:
    assert network_from_expression(exp(sin(pi * x) + y**2), [x, y]).width == [2, 1, 1]
    radius = sqrt((x - y) ** 2 + (z - 1) ** 2)
    assert network_from_expression(radius, [x, y, z]).width == [3, 2, 1, 1]
    product = network_from_expression(x * y * z, [x, y, z])
    assert product.layer(0).arities == (3,)


def test_several_outputs_keep_their_order() -> None:
    net = network_from_expression([x * y, x + y, x * y, sin(x)], [x, y])
    data = points()[:, :2]
    a, b = data.unbind(1)
    expected = torch.stack((a * b, a + b, a * b, torch.sin(a)), dim=1)
    assert torch.allclose(net(data), expected, rtol=1e-14)


def test_gradients_through_the_network_are_those_of_the_expression() -> None:
    expression = exp(sin(pi * x) + y**2) * x
    net = network_from_expression(expression, [x, y])
    data = points()[:, :2].requires_grad_(True)
    (slope,) = torch.autograd.grad(net(data).sum(), data)
    gradient = sympy.lambdify([x, y], sympy.diff(expression, x), "numpy")
    assert np.allclose(slope[:, 0].numpy(), gradient(*data.detach().numpy().T), rtol=1e-12)


def test_it_is_stored_and_rebuilt_with_functions_that_no_library_has() -> None:
    net = network_from_expression(besselj(0, 20 * x) + y**7 * cos(x), [x, y])
    again = network_from_record(network_record(net)).double()
    again.set(net.get())
    data = points()[:, :2]
    assert torch.equal(again(data), net(data))


def test_foreign_symbols_and_functions_are_refused() -> None:
    with pytest.raises(InputError, match="expected the symbols x, got z too"):
        network_from_expression(x * z, [x])
    with pytest.raises(UnsupportedError, match="one argument"):
        network_from_expression(sympy.Max(x, y), [x, y])
    with pytest.raises(UnsupportedError, match="zeta"):
        network_from_expression(sympy.zeta(x), [x])
    with pytest.raises(InputError, match="different symbols"):
        network_from_expression(x, [x, x])
    with pytest.raises(UnsupportedError, match="finite real"):
        network_from_expression(sympy.I * x, [x])
