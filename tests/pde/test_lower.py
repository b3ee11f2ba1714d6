"""The walk: guards, constants, sharing, refusals."""

import itertools

import pytest
import sympy
import torch
from sympy import Derivative, Eq, Function, I, Ne, Or, Piecewise, Symbol, log, oo, sin, sqrt

from kanpde.errors import InputError, UnsupportedError
from kanpde.pde import coordinates, lower, unknown

x, t = coordinates("x t")
u = unknown("u", x, t)

SINGULAR = {
    "root": sqrt(x),
    "reciprocal root": 1 / sqrt(x),
    "half-integer power": x ** sympy.Rational(3, 2),
    "variable power": x**t,
    "log": log(x),
    "quotient": sin(x) / x,
    "root inside log": log(1 + sqrt(x)),
    "asin": sympy.asin(1 - x),
    "acosh": sympy.acosh(1 + x),
    "atanh": sympy.atanh(x - 1) / x,
    "asec": sympy.asec(1 + x),
    "cot": sympy.cot(x),
    "csch": sympy.csch(x),
    "coth": sympy.coth(x),
    "acoth": sympy.acoth(1 + x),
    "asech": sympy.asech(x),
    "acsch": sympy.acsch(x),
    "exp": sympy.exp(-x * 500),
    "sinh": sympy.sinh(x * 1000) * 0 + sympy.sinh(-900 * x),
    "negative power": x**-70,
    "atan2": sympy.atan2(x, x),
}


@pytest.mark.parametrize(
    ("name", "shape"), list(itertools.product(SINGULAR, ["first", "second", "nested", "bounded"]))
)
def test_branch_not_taken_gives_no_nan_in_value_slope_or_curvature(name, shape):
    branch = SINGULAR[name]
    expression = {
        "first": Piecewise((branch, x > 0), (x**2, True)),
        "second": Piecewise((x**2, x <= 0), (branch, True)),
        "nested": Piecewise((Piecewise((branch, x > 0), (t, True)) + x, t > 0), (x**2, True)),
        "bounded": Piecewise((x**2, x < 0), (x**2, Eq(x, 0)), (branch, x > 0), (t, True)),
    }[shape]
    points = torch.tensor([-3.0, -1.0, 0.0], dtype=torch.float64, requires_grad=True)
    times = torch.tensor([0.5, 0.5, 0.5], dtype=torch.float64)
    (value,) = lower([expression], [x, t])(points, times)
    (slope,) = torch.autograd.grad(value.sum(), points, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), points, allow_unused=True)
    if shape == "nested":
        assert value.tolist() == [-2.5, -0.5, 0.5]
        assert slope.tolist() == [1.0, 1.0, 1.0]
    else:
        assert value.tolist() == [9.0, 1.0, 0.0]
        assert slope.tolist() == [-6.0, -2.0, 0.0]
        assert curvature.tolist() == [2.0, 2.0, 2.0]


def test_taken_branch_is_not_changed_by_its_guard():
    expression = Piecewise((log(x) / sqrt(x), x > 0), (-1, True))
    points = torch.tensor([-1.0, 0.25, 4.0], dtype=torch.float64, requires_grad=True)
    (value,) = lower([expression], [x])(points)
    expected = [-1.0, *(float((log(p) / sqrt(p)).evalf()) for p in (sympy.S(1) / 4, sympy.S(4)))]
    assert torch.allclose(value, torch.tensor(expected, dtype=torch.float64), rtol=1e-15)
    (slope,) = torch.autograd.grad(value.sum(), points)
    assert slope[0] == 0
    assert slope[2].item() == pytest.approx(float((1 - log(4) / 2) / 8), rel=1e-15)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (x < 1, [1, 0, 0]),
        (x <= 1, [1, 1, 0]),
        (x > 1, [0, 0, 1]),
        (x >= 1, [0, 1, 1]),
        (Eq(x, 1), [0, 1, 0]),
        (Ne(x, 1), [1, 0, 1]),
        ((x < 1) | (x > 1), [1, 0, 1]),
        ((x > 0) & (x < t) & (t > 0), [0, 1, 0]),
        (sympy.Not((x < t) & (x > 0), evaluate=False), [1, 0, 1]),
        (sympy.Xor(x < 1, x < t), [0, 1, 0]),
        (Or(x > sqrt(2), x < -sqrt(2)), [0, 0, 1]),
    ],
    ids=str,
)
def test_condition_chooses_the_points_it_names(condition, expected):
    points = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    times = torch.full_like(points, 1.5)
    (value,) = lower([Piecewise((1, condition), (0, True))], [x, t])(points, times)
    assert value.tolist() == expected


def test_unknowns_and_their_derivatives_are_inputs_of_their_own():
    inputs = [x, u, u.diff(x), u.diff(x, 2), u.diff(x, t)]
    program = lower([x * u + u.diff(x) * u.diff(x, 2), u.diff(x, t) ** 2], inputs)
    first, second = program(*(torch.tensor([v], dtype=torch.float64) for v in (2, 3, 5, 7, 11)))
    assert (first.item(), second.item()) == (41, 121)


def test_common_part_is_computed_once():
    shared = sympy.cos(t) * sin(sympy.pi * x)
    program = lower([shared**2, shared + x, shared.diff(x)], [x, t])
    names = [operation[0] for operation in program.operations]
    assert names.count("sin") == 1
    assert names.count("cos") == 2


def test_constants_are_folded_into_numbers():
    program = lower([sympy.pi * 2 * x / sympy.sqrt(3)], [x])
    constants = [op for op in program.operations if op[0] == "const"]
    assert constants == [("const", float(2 * sympy.pi / sqrt(3)))]
    assert len(program.operations) == 3


def test_integer_powers_are_repeated_products():
    names = [operation[0] for operation in lower([x**5], [x]).operations]
    assert names == ["input", "mul", "mul", "mul"]


@pytest.mark.parametrize("value", [2, 0.5, sympy.pi, sympy.S.Zero])
def test_constant_output_has_the_common_shape_and_dtype_of_the_inputs(value):
    program = lower([value, x], [x, t])
    constant, column = program(torch.ones(4, 1, dtype=torch.float32), torch.ones(3).float())
    assert constant.shape == column.shape == (4, 3)
    assert constant.dtype == torch.float32
    assert constant[0, 0].item() == pytest.approx(float(value), rel=1e-7)


def test_constants_keep_double_precision_in_both_branches():
    program = lower([Piecewise((0.1, x < 0), (0.7, True))], [x])
    (value,) = program(torch.tensor([-1.0, 1.0], dtype=torch.float64))
    assert value.tolist() == [0.1, 0.7]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sympy.gamma(x), r"equation: gamma is not covered, .*covered are .*besselj\(0\.\.30"),
        (sympy.floor(x), "floor is not covered"),
        (sympy.bessely(0, x), "bessely is not covered"),
        (sympy.besselj(sympy.Rational(1, 2), x), "besselj: expected an integer order"),
        (sympy.besselj(x, 2), "besselj: expected an integer order"),
        (sympy.besselj(31, x), "from 0 to 30"),
        (I * x, "came the complex I; write real and imaginary part as two"),
        (sympy.exp(I * x), "complex"),
        (x + sqrt(-2), "came the complex"),
        (sympy.nan, "expected finite numbers, came nan"),
        (sympy.zoo, "expected finite numbers, came zoo"),
        (Piecewise((oo, x < 0), (x, True)), "expected finite numbers, came oo"),
        (x * sympy.Integer(10) ** 400, "expected finite numbers"),
        (sympy.sign(x).diff(x), "DiracDelta is not covered.*smooth it"),
        (sympy.Integral(sin(x), x), "Integral is not covered.*limits"),
        (sympy.Subs(Derivative(u, x), x, 0), "Subs is not covered"),
        (sympy.Abs(Symbol("z")), "Abs of something not real.*coordinates"),
        (sympy.sign(Function("w")(x)), "sign of something not real"),
        (sympy.re(Symbol("z")), "re is not covered.*two real unknowns"),
    ],
    ids=str,
)
def test_what_the_table_does_not_cover_is_refused_by_name(expression, message):
    inputs = [x, t, Symbol("z"), Function("w")(x), Derivative(u, x)]
    with pytest.raises(UnsupportedError, match=message):
        lower([expression], inputs)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (Symbol("k", real=True) * x, "walls: undeclared symbol k; known here: x, t, .*constants="),
        (Symbol("x") + t, "symbol x is not the coordinate x made by coordinates"),
        (u.diff(x), r"undeclared unknown Derivative\(u\(x, t\), x\); known here: x, t, u\(x, t\)"),
        (unknown("v", x), r"undeclared unknown v\(x\)"),
        (unknown("u", x), r"undeclared unknown u\(x\)"),
        (Function("u", real=True)(Symbol("x"), t), "same name, other assumptions"),
        (Eq(x, t), "came the relation .*write left - right"),
        (sympy.Matrix([x]), "expected a scalar sympy expression"),
        ("x + 1", "expected a scalar sympy expression, came 'x . 1'"),
        (Piecewise((x, x < 0), (t, x > 0)), r"cover every point.*\(value, True\)"),
    ],
    ids=str,
)
def test_wrong_input_is_named_with_its_fix(expression, message):
    with pytest.raises(InputError, match=message):
        lower([expression], [x, t, u], where="walls")


def test_exhaustive_branches_need_no_last_true():
    (value,) = lower([Piecewise((1, x < t), (2, x >= t))], [x, t])(torch.zeros(1), torch.ones(1))
    assert value.item() == 1


def test_inputs_given_twice_are_refused():
    with pytest.raises(InputError, match="expected different inputs"):
        lower([x], [x, x])
