"""Tables are splines that can be written into equations, differentiated and stored."""

import json

import numpy as np
import pytest
import sympy
import torch
from scipy.interpolate import RectBivariateSpline

from kanpde import InputError, coordinates, table
from kanpde.pde import Program, lower, raise_program

x, y = coordinates("x y")
GRID = np.linspace(0, 1, 12)
WIDE = np.linspace(-1, 2, 15)
VALUES = np.sin(2 * GRID)[:, None] * np.exp(WIDE)[None]


def columns(count=50):
    rng = np.random.default_rng(0)
    return torch.as_tensor(rng.uniform(size=(2, count)))


def test_bicubic_table_agrees_with_scipy_in_value_and_derivatives():
    f = table("f", (GRID, WIDE), VALUES)
    a, b = columns()
    wanted = RectBivariateSpline(GRID, WIDE, VALUES)
    expressions = [f(x, y), f(x, y).diff(x), f(x, y).diff(x, y), f(x, y).diff(y, 2)]
    found = lower(expressions, (x, y))(a, b)
    for value, (dx, dy) in zip(found, [(0, 0), (1, 0), (1, 1), (0, 2)], strict=True):
        truth = wanted.ev(a.numpy(), b.numpy(), dx=dx, dy=dy)
        np.testing.assert_allclose(value.numpy(), truth, atol=1e-11)


def test_derivatives_commute_and_vanish_beyond_the_degree():
    f = table("f", (GRID, WIDE), VALUES)
    assert f(x, y).diff(x).diff(y) == f(x, y).diff(y).diff(x)
    assert f(x, y).diff(x, 4) == 0


def test_chain_rule_goes_through_a_table():
    f = table("f", GRID, GRID**2)
    (value,) = lower([f(sympy.sin(x)).diff(x)], (x,))(columns()[0])
    t = columns()[0]
    np.testing.assert_allclose(value, 2 * torch.sin(t) * torch.cos(t), atol=1e-12)


def test_torch_differentiates_a_table_twice():
    program = lower([table("f", (GRID, WIDE), VALUES)(x, y)], (x, y))
    points = [c.requires_grad_(True) for c in columns(5)]
    assert torch.autograd.gradcheck(lambda *c: program(*c)[0], points)
    assert torch.autograd.gradgradcheck(lambda *c: program(*c)[0], points)


def test_stored_table_is_the_same_function_and_holds_numbers_only():
    program = lower([table("f", (GRID, WIDE), VALUES)(x, y) * x], (x, y))
    again = Program.from_record(json.loads(json.dumps(program.to_record())))
    assert again == program
    (raised,) = raise_program(again, (x, y))
    assert torch.equal(lower([raised], (x, y))(*columns())[0], program(*columns())[0])


def test_table_at_numbers_is_a_number():
    f = table("f", GRID, 3 * GRID)
    assert float(f(sympy.Rational(1, 2)).evalf()) == pytest.approx(1.5, abs=1e-14)
    (value,) = lower([f(0.25) + x], (x,))(torch.zeros(1, dtype=torch.float64))
    assert value.item() == pytest.approx(0.75, abs=1e-14)


@pytest.mark.parametrize(
    ("axes", "values", "message"),
    [
        ([0, 1, 2, 3], [1, 2, 3], r"expected shape \(4,\) of the axes"),
        ([0, 1, 1, 3], [1, 2, 3, 4], "4 that do not increase"),
        ([0, 1], [1, 2], "expected more than 3 increasing numbers, got 2"),
        ([0, 1, 2, np.nan], [1, 2, 3, 4], "axes: expected finite numbers, got nan"),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_one_line(axes, values, message):
    with pytest.raises(InputError, match=message):
        table("f", axes, values)
