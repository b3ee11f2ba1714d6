"""Every door of `Problem` says what was expected, what came and the fix."""

import numpy as np
import pytest
import sympy
import torch

from kanpde import (
    Constant,
    Dirichlet,
    Equation,
    Initial,
    InputError,
    Interval,
    Neumann,
    Periodic,
    Problem,
    Robin,
    TimeInterval,
    coordinates,
    unknown,
)
from kanpde.pde import normalise

x, t = coordinates("x t")
u = unknown("u", x, t)
v = unknown("v", x, t)
a = sympy.Symbol("a", real=True)
DOMAIN = Interval(x, 0, 1) * TimeInterval(t, 0, 1)
HEAT = u.diff(t) - u.diff(x, 2)


def refused(match, domain=DOMAIN, equations=None, conditions=None, **more):
    with pytest.raises(InputError, match=match):
        Problem(domain, {"heat": HEAT} if equations is None else equations, conditions, **more)


@pytest.mark.parametrize("domain", [sympy.Interval(0, 1), None, (0, 1), "box"])
def test_domain_of_the_wrong_kind_says_so(domain):
    refused("domain: expected a kanpde domain such as Interval", domain=domain)


def test_sympy_interval_hints_at_the_star_import():
    refused("sympy's star import shadows", domain=sympy.Interval(0, 1))


@pytest.mark.parametrize("equations", [{}, {"e": x + t}, {"e": sympy.Integer(0)}])
def test_equations_without_an_unknown_are_refused(equations):
    refused("equations: expected", equations=equations)


@pytest.mark.parametrize("value", ["u_t", 3.5, None, sympy.true])
def test_equation_of_the_wrong_kind_is_refused(value):
    refused("equation: expected a sympy expression", equations={"e": value})


def test_unknown_of_fewer_coordinates_is_refused():
    w = sympy.Function("w", real=True)(x)
    refused("w", equations={"e": HEAT + w})


def test_condition_on_a_stranger_names_the_unknowns():
    refused(r"v\(x, t\) is in no equation; the unknowns are u", conditions={"c": Dirichlet(v)})


def test_face_that_does_not_exist_is_refused_with_the_condition_s_name():
    refused(r"conditions\['left'\]", conditions={"left": Dirichlet(u, 0, on=sympy.Eq(x, -1))})
    refused(r"conditions\['top'\]", conditions={"top": Neumann(u, 0, on="top")})


def test_initial_without_time_names_the_fix():
    y = coordinates("y")
    w = unknown("w", y)
    refused(
        r"conditions\['start'\]: Initial needs a TimeInterval",
        domain=Interval(y, 0, 1),
        equations={"e": w.diff(y, 2)},
        conditions={"start": Initial(w, 0)},
    )


def test_initial_derivative_in_space_is_refused():
    refused("expected a derivative in t", conditions={"start": Initial(u.diff(x), 0)})


def test_periodic_in_time_is_refused():
    refused(r"conditions\['loop'\]", conditions={"loop": Periodic(u, t)})


@pytest.mark.parametrize("conditions", [[Dirichlet(u)], (1, 2), Dirichlet(u)])
def test_conditions_that_are_no_mapping_are_refused(conditions):
    refused("conditions: expected a mapping", conditions=conditions)


def test_condition_of_the_wrong_kind_is_refused():
    refused(r"conditions\['c'\]: expected Dirichlet", conditions={"c": u - 1})


def test_exact_must_name_every_unknown():
    system = {"a": u.diff(t) - v, "b": v.diff(t) - u}
    refused("exact: expected one expression for every unknown", equations=system, exact={u: x})
    refused("not known", exact={u: x, v: t})


@pytest.mark.parametrize("value", ["x", None, [1]])
def test_exact_of_the_wrong_kind_is_refused(value):
    refused(r"exact\[u\(x, t\)\]: expected a sympy expression", exact={u: value})


def test_exact_with_a_stray_symbol_is_refused():
    refused("undeclared symbol a", exact={u: a * x})


def test_reference_must_be_callable_for_every_unknown():
    system = {"a": u.diff(t) - v, "b": v.diff(t) - u}
    refused("reference: expected a callable", equations=system, reference={u: lambda p: p[:, 0]})
    refused("reference: expected a callable", reference={u: 1.0})
    refused("reference: .* not known", reference={u: lambda p: p[:, 0], v: lambda p: p[:, 0]})


def test_unused_constant_is_refused():
    refused("constants: a is used by no equation or condition", constants={a: Constant(1.0)})


@pytest.mark.parametrize(
    "condition", [Robin(u, a, 1, 0), Robin(u, 1, a), Robin(u, 1, 1, a), Dirichlet(u, a)]
)
def test_constant_in_any_part_of_a_condition_is_used(condition):
    problem = Problem(DOMAIN, {"heat": HEAT}, {"ends": condition}, constants={a: Constant(1.0)})
    assert list(problem.constants) == [a]


@pytest.mark.parametrize(
    "condition", [Robin(u, a, 1, 0), Robin(u, 1, a), Dirichlet(u, a), Initial(u, a)]
)
def test_undeclared_symbol_in_a_condition_is_refused(condition):
    refused(r"conditions\['c'\].*undeclared symbol a", conditions={"c": condition})


def test_undeclared_symbol_in_an_equation_is_refused():
    refused(r"equations\['heat'\].*undeclared symbol a", equations={"heat": HEAT - a})


def test_unsupported_function_is_refused_by_name():
    refused("zeta", equations={"e": HEAT + sympy.zeta(u)})


def test_vector_of_a_stranger_is_refused():
    refused(r"vectors\['w'\]: v\(x, t\) is not an unknown", vectors={"w": (u, v)})


def test_constants_of_the_wrong_kind_are_refused():
    refused("constants: expected a Symbol", constants={"a": Constant()})
    refused(r"constants\[a\]: expected Constant", constants={a: 1.0})


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"bounds": (2, 1)}, "bounds: expected lower < upper"),
        ({"start": 3.0, "bounds": (0, 1)}, r"start: expected a value inside \(0.0, 1.0\), got 3"),
        ({"start": float("nan")}, "start: expected a value inside"),
        ({"scale": 0.0}, "scale: expected a positive number"),
        ({"scale": -1.0}, "scale: expected a positive number"),
    ],
)
def test_constant_that_contradicts_itself_is_refused(arguments, match):
    with pytest.raises(InputError, match=match):
        Constant(**arguments)


def test_constant_takes_its_scale_from_its_start():
    assert Constant(-4.0).scale == 4.0
    assert Constant(0.0).scale == 1.0
    assert Constant(2.0, bounds=(None, 3)).bounds == (-np.inf, 3.0)


def test_equality_is_left_minus_right():
    problem = Problem(DOMAIN, sympy.Eq(u.diff(t), u.diff(x, 2)))
    (equation,) = problem.equations.values()
    assert sympy.simplify(equation.expression - normalise(HEAT)) == 0
    assert list(problem.equations) == ["equation"]


def test_order_and_derivatives_are_those_of_the_equations():
    problem = Problem(DOMAIN, {"kdv": u.diff(t) + u * u.diff(x) + u.diff(x, 3)})
    assert problem.order == 3
    assert problem.derivatives() == {(0, (0, 0)), (0, (1, 0)), (0, (0, 1)), (0, (3, 0))}
    assert problem.orders(0) == (3, 1)


def test_derivatives_inside_an_integral_count():
    energy = sympy.Integral(u.diff(x, 2) ** 2, (x, 0, 1), (t, 0, 1))
    problem = Problem(DOMAIN, {"e": u.diff(t) - energy})
    assert problem.orders(0) == (2, 1)


def test_unknowns_stand_in_the_order_of_their_making():
    second, first = unknown("second", x, t), unknown("first", x, t)
    system = {"a": first.diff(t) - second, "b": second.diff(t) - first}
    assert Problem(DOMAIN, system).unknowns == (second, first)


def test_truth_of_several_unknowns_comes_in_columns():
    two, one = unknown("two", x, t), unknown("one", x, t)
    system = {"a": two.diff(t) - one, "b": one.diff(t) - two}
    problem = Problem(DOMAIN, system, exact={one: x * t, two: sympy.Integer(2)})
    truth = problem.truth(np.array([[0.5, 0.25], [1.0, 1.0]]))
    assert truth.tolist() == [[2.0, 0.125], [2.0, 1.0]]
    assert Problem(DOMAIN, system).truth(np.zeros((1, 2))) is None


def test_reference_is_measured_rather_than_exact():
    problem = Problem(DOMAIN, {"heat": HEAT}, exact={u: x}, reference={u: lambda p: p[:, 0] + 1.0})
    assert problem.truth(np.zeros((2, 2))).tolist() == [[1.0], [1.0]]


def test_construction_draws_nothing_from_global_generators():
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    Problem(DOMAIN, {"heat": HEAT}, {"loop": Periodic(u, x), "start": Initial(u, x)})
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002


def test_equation_in_a_region_keeps_its_place():
    region = x < sympy.Rational(1, 2)
    problem = Problem(DOMAIN, {"left": Equation(HEAT, on=region), "right": HEAT - 1})
    assert problem.equations["left"].on == region
    assert problem.equations["right"].on is None


def test_unknowns_made_again_stand_in_their_new_order():
    # sympy hands out the old, equal objects: the order must not hang on them
    def order(names):
        made = {n: unknown(n, x, t) for n in names}
        return [f.func.__name__ for f in Problem(DOMAIN, sum(made.values())).unknowns]

    assert order("pqr") == ["p", "q", "r"]
    assert order("rqp") == ["r", "q", "p"]
    sympy.core.cache.clear_cache()
    assert order("qpr") == ["q", "p", "r"]
