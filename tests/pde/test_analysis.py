"""Jets, order, linearity, derivatives, integrals, vector calculus."""

import pytest
import sympy
from sympy import (
    Abs,
    Derivative,
    Eq,
    Function,
    Heaviside,
    Integral,
    Max,
    Min,
    Piecewise,
    Symbol,
    besselj,
    cos,
    exp,
    pi,
    sign,
    sin,
)

from kanpde.errors import InputError, ShapeError, UnsupportedError
from kanpde.pde import (
    coordinates,
    derivative,
    divergence,
    extract_integrals,
    gradient,
    is_linear,
    jets_in,
    laplacian,
    manufactured,
    normalise,
    order,
    unknown,
)

x, y, t = coordinates("x y t")
u = unknown("u", x, t)
v = unknown("v", x, t)
k = Symbol("k", real=True)


def test_coordinates_are_real_and_in_order():
    assert [str(symbol) for symbol in coordinates("x1:4, t")] == ["x1", "x2", "x3", "t"]
    assert isinstance(coordinates("x"), Symbol)
    assert all(symbol.is_real for symbol in (x, y, t))


@pytest.mark.parametrize("names", ["", "  ", None, "x x"])
def test_names_that_make_no_coordinates_are_refused(names):
    with pytest.raises(InputError, match="coordinates: expected"):
        coordinates(names)


def test_unknown_keeps_its_own_scale():
    assert unknown("p", x).func.scale == 1.0
    assert unknown("p", x, scale=5).func.scale == 5.0
    assert unknown("p", x).func.scale == 1.0
    assert unknown("p", x) == unknown("p", x)
    assert u.is_real


@pytest.mark.parametrize(
    ("arguments", "scale", "message"),
    [
        (("u",), 1.0, "expected coordinates, came none"),
        (("u", "x"), 1.0, "expected coordinates made by"),
        (("u", Symbol("x")), 1.0, "symbol x is not real"),
        (("u", x, x), 1.0, "expected different coordinates"),
        (("a b", x), 1.0, "expected a name"),
        (("u", x), -1.0, "expected a positive scale"),
        (("u", x), "1", "expected a number as scale"),
    ],
    ids=str,
)
def test_wrong_unknown_is_named(arguments, scale, message):
    with pytest.raises(InputError, match=message):
        unknown(*arguments, scale=scale)


def test_divergence_of_a_scaled_gradient_is_the_laplacian():
    w = unknown("w", x, y)
    assert divergence(gradient(w, x, y), x, y) == laplacian(w, x, y)
    flux = divergence(x * gradient(w, x, y), x, y)
    assert sympy.expand(flux - x * laplacian(w, x, y) - w.diff(x)) == 0


def test_vector_of_the_wrong_kind_is_refused():
    with pytest.raises(ShapeError, match="came 1 for 2 coordinates"):
        divergence([x], x, y)
    with pytest.raises(InputError, match="expected a vector"):
        divergence(x, x)
    with pytest.raises(InputError, match="laplacian: expected a scalar"):
        laplacian((x, y), x, y)
    with pytest.raises(InputError, match="gradient: expected coordinates, came none"):
        gradient(u)


def test_normalise_carries_derivatives_of_products_out():
    flux = Derivative(u * x, x) + Derivative(Derivative(u**2, x) * x, t)
    expected = u + x * u.diff(x) + x * (2 * u * u.diff(x)).diff(t)
    assert sympy.expand(normalise(flux) - expected) == 0


def test_normalise_of_an_equation_is_left_minus_right():
    assert normalise(Eq(u.diff(t), u.diff(x, 2))) == u.diff(t) - u.diff(x, 2)


def test_normalise_evaluates_sums_and_subs():
    n = Symbol("n", integer=True)
    assert normalise(sympy.Sum(u**n, (n, 0, 2))) == 1 + u + u**2
    assert normalise(sympy.Subs(sin(y) * u, y, x)) == sin(x) * u


def test_normalise_leaves_integrals_alone():
    mean = Integral(u * x, (x, 0, 1))
    assert normalise(mean + Derivative(u * x, x)) == mean + u + x * u.diff(x)
    assert normalise(Derivative(mean, t)) == Integral(x * u.diff(t), (x, 0, 1))


def test_derivative_of_a_modulus_of_a_derivative_stays_real():
    flux = Abs(u.diff(x)).diff(x)
    assert normalise(flux) == sign(u.diff(x)) * u.diff(x, 2)
    assert normalise(Derivative(Abs(u) * u, x)).equals(2 * Abs(u) * u.diff(x)) is not False


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        (u.diff(x).subs(x, 0), UnsupportedError, "Subs is not covered"),
        (u.subs(x, x / 2).diff(x), UnsupportedError, "Subs is not covered"),
        (Derivative(sympy.floor(x), x), UnsupportedError, "derivatives of unknowns only"),
        (x < t, InputError, "came the relation"),
        (Eq(x, x), InputError, "came the relation True"),
        ("u", InputError, "expected a scalar sympy expression"),
    ],
    ids=str,
)
def test_what_cannot_be_normalised_is_refused(expression, error, message):
    with pytest.raises(error, match=message):
        normalise(expression)


def test_jets_are_named_by_unknown_and_multi_index():
    equation = u.diff(t) + u * v.diff(x, x, t) - k * x
    assert jets_in(equation, [u, v], [x, t]) == {
        u: (0, (0, 0)),
        u.diff(t): (0, (0, 1)),
        v.diff(x, 2, t): (1, (2, 1)),
    }


def test_unknown_of_fewer_coordinates_has_zeros_for_the_others():
    w = unknown("w", t)
    assert jets_in(w.diff(t, 2), [u, w], [x, t]) == {w.diff(t, 2): (1, (0, 2))}


def test_derivative_alone_does_not_name_the_value():
    assert u not in jets_in(u.diff(x), [u], [x, t])


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (u.subs(x, x / 2), r"expected the unknown as u\(x, t\), came u\(x/2, t\)"),
        (u.subs(x, 0) + u, r"came u\(0, t\).*own point only"),
        (u.subs(x, Symbol("x")), "other assumptions"),
        (Derivative(u.subs(x, x / 2), x), "by an argument of"),
        (unknown("w", x), r"undeclared unknown w\(x\); declared are u\(x, t\), v\(x, t\)"),
        (unknown("u", x, t, scale=2), "name of a declared unknown but other assumptions or scale"),
        (Function("u")(x, t), "name of a declared unknown"),
    ],
    ids=str,
)
def test_unknown_elsewhere_or_undeclared_is_refused(expression, message):
    with pytest.raises(InputError, match=message):
        jets_in(expression, [u, v], [x, t])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (u, 0),
        (u.diff(t) - u.diff(x, 2), 2),
        (u.diff(x, 2, t), 3),
        (Derivative(u * u.diff(x, 3), x), 4),
        (v.diff(x, 5) + u.diff(x), 1),
        (sin(x), 0),
    ],
    ids=str,
)
def test_order_is_the_highest_derivative_of_the_unknowns_asked(expression, expected):
    assert order(expression, [u]) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (x**2 * u.diff(x, 2) + exp(t) * u - sin(x), True),
        (Derivative(u * x, x) + v, True),
        ((u + 1) ** 2 - u**2, True),
        (Integral(u * x, (x, 0, 1)) + u, True),
        (Piecewise((u, x < 0), (2 * u, True)), True),
        (sign(x) * Abs(x) * u, True),
        (k + u, True),
        (u * u.diff(x), False),
        (u * v, False),
        (k * u, False),
        (k**2, False),
        (Abs(u), False),
        (sign(u), False),
        (Heaviside(u), False),
        (Max(u, 0), False),
        (Piecewise((1, u < 0), (2, True)), False),
        (Integral(u**2, (x, 0, 1)), False),
        (sin(u), False),
    ],
    ids=str,
)
def test_linear_means_affine_in_unknowns_and_constants(expression, expected):
    assert is_linear(expression, [u, v], [k]) is expected


def test_other_unknowns_do_not_count_for_linearity():
    assert is_linear(u * v, [u])


@pytest.mark.parametrize(
    ("expression", "alpha", "expected"),
    [
        (sign(x) * x**2, 1, 2 * x * sign(x)),
        (sign(sympy.sqrt(x)), 1, 0),
        (Heaviside(x - t), 1, 0),
        (Heaviside(x) * x, 1, Heaviside(x)),
        (Abs(x), 1, sign(x)),
        (Abs(sin(x)), 2, -sin(x) * sign(sin(x))),
        (Abs(sympy.sqrt(x)), 1, sign(sympy.sqrt(x)) / (2 * sympy.sqrt(x))),
        (Max(x, 0), 1, Heaviside(x)),
        (Max(x, 0), 2, 0),
        (Min(x, t), 1, Heaviside(t - x)),
        (Piecewise((x**2, x < 0), (x**3, True)), 2, Piecewise((2, x < 0), (6 * x, True))),
        (besselj(0, x), 1, -besselj(1, x)),
        (u * x, 1, u + x * u.diff(x)),
        (Derivative(u * x, x), 1, 2 * u.diff(x) + x * u.diff(x, 2)),
        (x**2, 0, x**2),
    ],
    ids=str,
)
def test_derivative_is_the_one_of_the_branches(expression, alpha, expected):
    assert sympy.expand(derivative(expression, [x, t], [alpha, 0]) - expected) == 0


def test_derivative_takes_every_coordinate():
    assert derivative(sin(x) * exp(2 * t), [x, t], [2, 1]) == -2 * sin(x) * exp(2 * t)


def test_derivative_of_wrong_multi_index_is_refused():
    with pytest.raises(ShapeError, match="expected one order per coordinate"):
        derivative(x, [x, t], [1])
    with pytest.raises(InputError, match="expected orders >= 0"):
        derivative(x, [x], [-1])


def test_integral_becomes_a_symbol_and_a_term():
    mean = Integral(u**2 * x, (x, 0, t))
    rest, terms = extract_integrals(u.diff(t) - 2 * mean + sin(mean), [x, t])
    (term,) = terms
    assert rest == u.diff(t) - 2 * term.symbol + sin(term.symbol)
    assert (term.integrand, term.limits, term.outer) == (u**2 * x, ((x, 0, t),), ())
    assert term.symbol.is_real


def test_equation_without_integral_is_unchanged():
    assert extract_integrals(u.diff(t), [x, t]) == (u.diff(t), ())


def test_two_integrals_are_two_terms():
    other = Integral(v.diff(x), (x, 0, 1), (t, 0, 1))
    rest, terms = extract_integrals(Integral(u, (x, 0, 1)) * other, [x, t])
    assert {term.limits for term in terms} == {((x, 0, 1),), ((x, 0, 1), (t, 0, 1))}
    assert rest == terms[0].symbol * terms[1].symbol


def test_own_variable_of_integration_stands_for_its_coordinate():
    s = Symbol("s")
    field = u.subs(x, s)
    _, (plain,) = extract_integrals(Integral(field * s, (s, 0, 1)), [x, t])
    assert (plain.integrand, plain.limits, plain.outer) == (u * x, ((x, 0, 1),), ())
    _, (kernel,) = extract_integrals(Integral(cos(x - s) * field, (s, 0, x)), [x, t])
    ((point, coordinate),) = kernel.outer
    assert coordinate == x
    assert kernel.integrand == cos(point - x) * u
    assert kernel.limits == ((x, 0, x),)


@pytest.mark.parametrize(
    ("integral", "error", "message"),
    [
        (Integral(u, x), InputError, r"expected limits, .*write Integral\(u\(x, t\), \(x, lower"),
        (Integral(u, (x, 0, sympy.oo)), UnsupportedError, "expected finite limits"),
        (
            Integral(u * Integral(u, (t, 0, 1)), (x, 0, 1)),
            UnsupportedError,
            "one inside another",
        ),
        (Integral(k**2 * u, (k, 0, 1)), UnsupportedError, "stands for none of the coordinates"),
        (Integral(Symbol("x"), (Symbol("x"), 0, 1)), UnsupportedError, "other assumptions"),
    ],
    ids=str,
)
def test_integral_that_cannot_be_taken_out_is_refused(integral, error, message):
    with pytest.raises(error, match=message):
        extract_integrals(integral + u, [x, t])


def test_manufactured_source_makes_the_exact_solution_solve_the_equation():
    exact = exp(-t) * sin(pi * x)
    burgers = u.diff(t) + u * u.diff(x) - u.diff(x, 2)
    source = manufactured(burgers, {u: exact})
    expected = exact.diff(t) + exact * exact.diff(x) - exact.diff(x, 2)
    assert sympy.simplify(source - expected) == 0


def test_manufactured_handles_products_kinks_integrals_and_constants():
    assert manufactured(Derivative(u * x, x), {u: t}) == t
    assert manufactured(u.diff(x, 2), {u: Abs(x) * x}) == 2 * sign(x)
    assert manufactured(Integral(u, (x, 0, 1)), {u: x * t}) == t / 2
    s = Symbol("s", real=True)
    assert manufactured(Integral(u.subs(x, s), (s, 0, x)), {u: 2 * x}) == x**2
    assert manufactured(Eq(u.diff(t), 0), {u: 0}) == 0


def test_manufactured_needs_every_unknown():
    with pytest.raises(InputError, match=r"came none for v\(x, t\)"):
        manufactured(u + v, {u: x})
    with pytest.raises(InputError, match="expected unknowns as keys"):
        manufactured(u, {x: x})
