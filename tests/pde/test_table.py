"""Every row of the lowering table against arbitrary precision."""

import numpy as np
import pytest
import sympy
import torch
from sympy import (
    E,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    besselj,
    pi,
    sqrt,
)

from kanpde.pde import covered, derivative, lower
from kanpde.pde.program._rules import RULES, UNARY

x, y = sympy.symbols("x y", real=True)

# name -> (expression, interval of x); y is drawn from [0.5, 2].
ROWS = {
    "sum": (3 * x - y + 2 - x * y, (-2, 2)),
    "negative sum": (-x - y, (-2, 2)),
    "product": (-2 * x * y * pi, (-2, 2)),
    "quotient": (3 * x / (y * (x**2 + 1) ** 2), (-2, 2)),
    "square": (x**2, (-2, 2)),
    "integer power": (x**7 + x**6, (-2, 2)),
    "large integer power": (x**70, (-1, 1)),
    "float integer power": ((x + y) ** 2.0, (-2, 2)),
    "negative integer power": (x**-3, (0.5, 2)),
    "root": (sqrt(x), (0.5, 2)),
    "reciprocal root": (1 / sqrt(x), (0.5, 2)),
    "cube root": (x ** Rational(1, 3), (0.5, 2)),
    "real power": (x**2.7 * x ** Rational(-3, 2), (0.5, 2)),
    "constant base": (2**x, (-2, 2)),
    "variable power": (y**x, (-2, 2)),
    "pi and E": (pi * x + E + sympy.EulerGamma, (-2, 2)),
    "exp": (sympy.exp(-(x**2)), (-2, 2)),
    "log": (sympy.log(x), (0.2, 3)),
    "log10": (sympy.log(x, 10), (0.2, 3)),
    "sin": (sympy.sin(pi * x), (-2, 2)),
    "cos": (sympy.cos(x * y), (-2, 2)),
    "tan": (sympy.tan(x), (-1.2, 1.2)),
    "sec": (sympy.sec(x), (-1.2, 1.2)),
    "csc": (sympy.csc(x), (0.3, 2.5)),
    "cot": (sympy.cot(x), (0.3, 2.5)),
    "asin": (sympy.asin(x), (-0.9, 0.9)),
    "acos": (sympy.acos(x), (-0.9, 0.9)),
    "atan": (sympy.atan(x), (-5, 5)),
    "acot": (sympy.acot(x), (-5, 5)),
    "asec": (sympy.asec(x), (1.2, 4)),
    "acsc": (sympy.acsc(x), (-4, -1.2)),
    "atan2": (sympy.atan2(x, -y), (-2, 2)),
    "sinh": (sympy.sinh(x), (-2, 2)),
    "cosh": (sympy.cosh(x), (-2, 2)),
    "tanh": (sympy.tanh(x), (-2, 2)),
    "sech": (sympy.sech(x), (-2, 2)),
    "csch": (sympy.csch(x), (0.3, 3)),
    "coth": (sympy.coth(x), (0.3, 3)),
    "asinh": (sympy.asinh(x), (-3, 3)),
    "acosh": (sympy.acosh(x), (1.2, 4)),
    "atanh": (sympy.atanh(x), (-0.9, 0.9)),
    "asech": (sympy.asech(x), (0.2, 0.9)),
    "acsch": (sympy.acsch(x), (0.3, 3)),
    "acoth": (sympy.acoth(x), (1.2, 4)),
    "erf": (sympy.erf(x), (-2, 2)),
    "erfc": (sympy.erfc(x), (-2, 2)),
    "Abs": (sympy.Abs(x) * x**2, (-2, 2)),
    "sign": (sympy.sign(x) * x**2, (-2, 2)),
    "Min": (Min(x, x**2 - 1, 0), (-2, 2)),
    "Max": (Max(x * y, x**3, 1), (-2, 2)),
    "Heaviside": (Heaviside(x) * x**2, (-2, 2)),
    "Heaviside one": (Heaviside(x, 1) * x, (-2, 2)),
    "besselj0": (besselj(0, x), (-9, 9)),
    "besselj1": (besselj(1, x), (-9, 9)),
    "besselj5": (besselj(5, x), (-12, 12)),
    "besselj20": (besselj(20, x), (-40, 40)),
    "Piecewise": (
        Piecewise((x**2, x < -1), (sympy.sin(x), (x <= 0) | (y > 1)), (x * y, True)),
        (-2, 2),
    ),
}


def exact_values(expression, points):
    """Evaluate with 30 digits."""
    values = []
    for point in points:
        replaced = {
            symbol: sympy.Float(float(v), 40) for symbol, v in zip((x, y), point, strict=True)
        }
        values.append(float(expression.xreplace(replaced).evalf(30)))
    return np.array(values)


def draw(interval, count=6):
    generator = np.random.default_rng(11)
    return np.column_stack(
        [generator.uniform(*interval, count), generator.uniform(0.5, 2.0, count)]
    )


def relative(computed, expected):
    computed = computed.detach().numpy()
    return np.max(np.abs(computed - expected) / np.maximum(1.0, np.abs(expected)))


@pytest.mark.parametrize("name", ROWS)
def test_row_agrees_with_thirty_digits_in_value_slope_and_curvature(name):
    expression, interval = ROWS[name]
    points = draw(interval)
    columns = [torch.tensor(points[:, k], requires_grad=True) for k in (0, 1)]
    program = lower([expression], [x, y])

    (value,) = program(*columns)
    assert relative(value, exact_values(expression, points)) < 1e-12
    (slope,) = torch.autograd.grad(value.sum(), columns[0], create_graph=True)
    assert relative(slope, exact_values(derivative(expression, [x], [1]), points)) < 1e-12
    if slope.requires_grad:
        (curvature,) = torch.autograd.grad(slope.sum(), columns[0], materialize_grads=True)
        # Rounding of a second derivative by two backward passes, largest for csc and log.
        assert relative(curvature, exact_values(derivative(expression, [x], [2]), points)) < 5e-12


@pytest.mark.parametrize("name", ROWS)
def test_lowered_symbolic_derivative_agrees_with_autograd_of_the_value(name):
    expression, interval = ROWS[name]
    points = torch.tensor(draw(interval))
    first = derivative(expression, [x, y], [1, 0])
    x_column = points[:, 0].clone().requires_grad_()
    value, slope = lower([expression, first], [x, y])(x_column, points[:, 1])
    (autograd,) = torch.autograd.grad(value.sum(), x_column)
    assert torch.allclose(slope, autograd, rtol=1e-11, atol=1e-12)


def test_every_function_of_the_table_has_a_row():
    used = set().union(
        *({node.func for node in sympy.preorder_traversal(e)} for e, _ in ROWS.values())
    )
    assert (set(UNARY) | set(RULES)) - used == set()
    assert "besselj(0..30, .)" in covered()


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_bessel_functions_have_four_derivatives_at_zero(order):
    point = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (value,) = lower([besselj(order, x)], [x])(point)
    series = sympy.series(besselj(order, x), x, 0, 6).removeO()
    for k in range(4):
        expected = float(series.diff(x, k).subs(x, 0))
        assert abs(value.item() - expected) < 1e-14
        (value,) = torch.autograd.grad(value.sum(), point, create_graph=True)


@pytest.mark.parametrize("order", [0, 1, 2, 9, 20, 30])
def test_bessel_functions_agree_with_scipy_in_all_three_regimes(order):
    special = pytest.importorskip("scipy.special")
    points = np.linspace(-60.0, 60.0, 1201)
    (value,) = lower([besselj(order, x)], [x])(torch.tensor(points))
    # Torch's own J_0 and J_1 are off by 4e-7 here.
    assert np.max(np.abs(value.numpy() - special.jv(order, points))) < 4e-15


def test_bessel_functions_keep_single_precision():
    points = torch.tensor([-30.0, -3.0, 0.0, 1e-3, 7.0])
    (value,) = lower([besselj(1, x)], [x])(points)
    (double,) = lower([besselj(1, x)], [x])(points.double())
    assert value.dtype == torch.float32
    assert torch.equal(value, double.float())


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_bessel_functions_work_under_vmap_and_forward_mode():
    program = lower([besselj(1, x)], [x])
    points = torch.tensor([0.0, 0.5, 3.0], dtype=torch.float64)
    slopes = torch.func.vmap(torch.func.grad(lambda p: program(p)[0]))(points)
    _, forward = torch.func.jvp(lambda p: program(p)[0], (points,), (torch.ones_like(points),))
    expected = [0.5, *(float(besselj(1, x).diff(x).subs(x, p)) for p in (0.5, 3.0))]
    assert np.allclose(slopes, expected, rtol=0, atol=1e-14)
    assert torch.equal(slopes, forward)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("function", [sympy.sech, sympy.csch, sympy.tanh])
def test_hyperbolic_decay_has_no_nan_far_away(function, dtype):
    points = torch.tensor([-2000.0, -100.0, 100.0, 2000.0], dtype=dtype, requires_grad=True)
    (value,) = lower([function(x)], [x])(points)
    (slope,) = torch.autograd.grad(value.sum(), points, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), points)
    for result in (value, slope, curvature):
        assert bool(torch.isfinite(result).all())
    assert slope.abs().max() < 1e-16


def test_heaviside_is_a_half_at_zero_and_has_slope_zero():
    points = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64, requires_grad=True)
    half, one = lower([Heaviside(x), Heaviside(x, 1)], [x])(points)
    assert half.tolist() == [0.0, 0.5, 1.0]
    assert one.tolist() == [0.0, 1.0, 1.0]
    assert torch.autograd.grad(half.sum(), points)[0].tolist() == [0.0, 0.0, 0.0]


def test_acot_has_the_range_of_sympy_and_a_slope_at_zero():
    points = torch.tensor([-1e9, -1.0, 0.0, 1e9], dtype=torch.float64, requires_grad=True)
    (value,) = lower([sympy.acot(x)], [x])(points)
    expected = [float(sympy.acot(sympy.Float(p)).evalf(30)) for p in points.tolist()]
    assert np.allclose(value.detach(), expected, rtol=1e-15, atol=0)
    assert torch.autograd.grad(value.sum(), points)[0][2].item() == -1.0
