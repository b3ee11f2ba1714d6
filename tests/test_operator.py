"""Conditions on expressions of several unknowns, and single numbers that vanish."""

from pathlib import Path

import numpy as np
import pytest
import sympy

from kanpde import (
    Constraint,
    InputError,
    Interval,
    Operator,
    Problem,
    coordinates,
    load,
    normal,
    solve,
    unknown,
)


def test_operator_conditions_name_several_unknowns_and_the_normal() -> None:
    x, y = coordinates("x y")
    u, v = unknown("u", x, y), unknown("v", x, y)
    flux = Operator(sympy.Eq(u.diff(x) * normal(x) + v.diff(y) * normal(y), 2))
    assert flux.unknowns == (u, v)
    assert flux.operator((x, y)) == normal(x) * u.diff(x) + normal(y) * v.diff(y) - 2


def test_operator_conditions_say_what_is_wrong() -> None:
    x = coordinates("x")
    u = unknown("u", x)
    with pytest.raises(InputError, match="expected an expression of unknowns"):
        Operator(x**2)
    with pytest.raises(InputError, match="Constraint"):
        Operator(sympy.Integral(u, (x, 0, 1)))
    w = unknown("w", x)
    with pytest.raises(InputError, match="w\\(x\\) is in no equation"):
        Problem(Interval(x, 0, 1), {"ode": u.diff(x)}, {"wrong": Operator(w - u)})


def test_constraints_hold_their_unknowns_inside_integrals() -> None:
    x = coordinates("x")
    u = unknown("u", x)
    with pytest.raises(InputError, match=r"inside an integral, got u\(x\) outside"):
        Constraint(sympy.Integral(u**2, (x, 0, 1)) - u)
    with pytest.raises(InputError, match="got x outside"):
        Constraint(sympy.Integral(u**2, (x, 0, 1)) - x)


def test_a_traction_and_a_constraint_are_met(tmp_path: Path) -> None:
    """-u'' = 2 with u'(1) + u(1) = 0 by an operator, the free constant by its integral."""
    x = coordinates("x")
    u = unknown("u", x)
    ode = {"ode": u.diff(x, 2) + 2}
    ends = {"slope": Operator(u.diff(x) * normal(x) + 1, on=sympy.Eq(x, 1))}
    number = {"mass": Constraint(sympy.Integral(u, (x, 0, 1)) - 1)}
    found = solve(Problem(Interval(x, 0, 1), ode, {**ends, **number}), out=tmp_path / "run")
    points = np.linspace(0, 1, 7)[:, None]
    exact = -(points**2) + points + 5 / 6
    assert abs(found(points) - exact).max() < 1e-12
    assert found.summary["imposed"] == {"slope": "rows", "mass": "rows"}
    again = load(tmp_path / "run")
    assert np.array_equal(again(points), found(points))
    assert [c.terms.names[0] for c in again.problem.claims] == ["ode", "slope", "mass"]
