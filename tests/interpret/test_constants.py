import math

import numpy as np
import pytest
import sympy

from kanpde.interpret import recognise, rounded

pi, sqrt = sympy.pi, sympy.sqrt


@pytest.mark.parametrize(
    "constant",
    [
        sympy.Integer(-300),
        sympy.Rational(2, 3),
        sympy.Rational(7, 16),
        pi,
        -3 * pi / 4,
        pi**2,
        2 / pi,
        sqrt(2) / 2,
        1 / sqrt(2 * pi),
        sympy.E,
        sympy.Rational(3712, 10000),
        sympy.Integer(0),
    ],
)
def test_constants_are_recognised_from_eleven_digits(constant: sympy.Expr) -> None:
    value = float(constant) * (1 + 3e-12)
    assert recognise(value, 1e-11 * max(1.0, abs(value)))[0] == constant


def test_a_number_that_means_nothing_stays_a_number() -> None:
    generator = np.random.default_rng(0)
    values = generator.uniform(0.1, 10, 300)
    for digits, most in ((4, 0.01), (8, 0.01), (12, 0.01)):
        wrong = sum(bool(recognise(v, 10.0**-digits * v)) for v in values)
        assert wrong <= most * len(values), digits


def test_not_finite_and_huge_numbers_are_left_alone() -> None:
    assert recognise(math.nan, 1e-9) == []
    assert recognise(math.inf, 1e-9) == []
    assert recognise(1e30, 1.0) == []


def test_rounding_stops_where_the_function_would_change() -> None:
    x = sympy.Symbol("x", real=True)
    points = np.linspace(-1, 1, 50)[:, None]
    near = sympy.Float(3.141592, 17) * x + sympy.Float(1e-13, 17)
    loose = rounded(near, [x], points, tolerance=1e-6)
    tight = rounded(near, [x], points, tolerance=1e-10)
    assert loose == pi * x
    assert abs(float(tight.coeff(x)) - 3.141592) < 1e-12
    assert tight.subs(x, 0) == 0


def test_constants_that_the_function_does_not_feel_go() -> None:
    x = sympy.Symbol("x", real=True)
    points = np.linspace(-1, 1, 50)[:, None]
    formula = sympy.sin(sympy.Float(2.0, 17) * x + sympy.Float(3e-16, 17)) + sympy.Float(1e-17, 17)
    assert rounded(formula, [x], points, tolerance=1e-10) == sympy.sin(2 * x)
