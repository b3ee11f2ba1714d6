"""A new condition type is one file and one class: every pass asks it what it says."""

import re
import sys

import numpy as np
import pytest
import sympy

from kanpde import (
    Dirichlet,
    Disk,
    InputError,
    Interval,
    Problem,
    Rectangle,
    Settings,
    TimeInterval,
    coordinates,
    load,
    preflight,
    solve,
    unknown,
)
from kanpde.cli._problem_file import load_problem
from kanpde.problem import conflicts, find, floating_unknowns, normal
from kanpde.residual._claims import claims_from_record, claims_of, claims_record
from kanpde.solution import fingerprint, missing_conditions
from kanpde.solvers import make_plan

TYPES = '''
"""Walls that radiate, and values that are given times a weight."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kanpde.problem import Condition, normal_derivative


@dataclass(frozen=True)
class Radiation(Condition):
    """du/dn + u**4 = value: nothing but what every condition must say."""

    kind: ClassVar[str] = "radiation"
    given: ClassVar[tuple[str, ...]] = ("value",)
    u: Any
    value: Any = 0
    on: Any = None

    def operator(self, space):
        return normal_derivative(self.u, space) + self.u**4 - self.value


@dataclass(frozen=True)
class Weighted(Condition):
    """weight * u = value, which tells the value of u itself."""

    kind: ClassVar[str] = "weighted value"
    given: ClassVar[tuple[str, ...]] = ("weight", "value")
    u: Any
    weight: Any
    value: Any
    on: Any = None

    def operator(self, space):
        return self.weight * self.u - self.value

    @property
    def prescribed(self):
        return self.value / self.weight
'''
PROBLEM = """
import sympy
from sympy import Eq

from kanpde import Dirichlet, Problem, Rectangle, coordinates, unknown
from new_types import Radiation, Weighted


def problem(radiating=True):
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    exact = sympy.exp(x) * sympy.cos(y) + 1
    conditions = {
        "left": Weighted(u, 2 + y, (2 + y) * exact.subs(x, 0), on=Eq(x, 0)),
        "bottom": Dirichlet(u, exact.subs(y, 0), on=Eq(y, 0)),
        "top": Dirichlet(u, exact.subs(y, 1), on=Eq(y, 1)),
        "hot": Radiation(u, (exact.diff(x) + exact**4).subs(x, 1), on=Eq(x, 1)),
    }
    square = Rectangle((x, 0, 1), (y, 0, 1))
    return Problem(square, {"laplace": u.diff(x, 2) + u.diff(y, 2)}, conditions, exact={u: exact})
"""
x, y, t = coordinates("x y t")
LEFT, RIGHT = sympy.Eq(x, 0), sympy.Eq(x, 1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the types in one file and a problem file beside it."""
    (tmp_path / "new_types.py").write_text(TYPES)
    (tmp_path / "radiating.py").write_text(PROBLEM)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("new_types", None)


@pytest.fixture
def types(folder):
    import new_types

    return new_types


@pytest.fixture
def problem(folder):
    return load_problem(folder / "radiating.py")[0]


def line(**conditions):
    """-u'' = 2 between two ends."""
    u = unknown("u", x)
    made = {name: make(u) for name, make in conditions.items()}
    return Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2) + 2}, made)


def test_problem_with_new_conditions_is_solved(problem, tmp_path):
    solution = solve(problem, Settings(time_limit=60), out=tmp_path / "run")
    assert solution.summary["linear"] is False  # u**4 was seen
    assert solution.imposed == {"left": "exact", "bottom": "exact", "top": "exact", "hot": "rows"}
    error = solution.errors["u"]["relative_l2"]
    assert error < 1e-10, error  # analytic on a square: rounding, 1e-16 when this was written

    points = np.random.default_rng(0).random((50, 2))
    again = load(tmp_path / "run")
    assert np.array_equal(again(points), solution(points))
    assert again.problem.conditions["hot"] == "radiation"
    for kept, made in zip(again.problem.claims, claims_of(problem), strict=True):
        assert kept.terms.names == made.terms.names
        assert kept.places == made.places


def test_new_condition_is_reported_before_solving(problem):
    report = preflight(problem)
    told = {e["name"]: (e["kind"], e["on"], e["imposed"]) for e in report["conditions"]}
    assert told["hot"] == ("radiation", "x=1", "rows")
    assert told["left"] == ("weighted value", "x=0", "exact")
    assert report["parts"]["x=1"] == ["hot"]
    assert report["warnings"] == report["conflicts"] == []


def test_exact_solution_satisfies_the_claims_of_new_conditions(problem):
    (u,), (exact,) = problem.unknowns, problem.exact.values()
    first, second = problem.coordinates
    claims = {c.terms.names[0]: c for c in claims_of(problem)}
    for name, value in (("left", 0), ("hot", 1)):
        (place,) = claims[name].places
        assert place.at == ((0, value),)
        assert place.normal == ((0, 2 * value - 1),)
        (expression,) = claims[name].expressions(problem.coordinates, problem.unknowns, ())
        held = expression.subs(u, exact).doit()
        held = held.subs({normal(first): 2 * value - 1, normal(second): 0, first: value})
        gaps = [abs(float(held.subs(second, v))) for v in (0.2, 0.7)]
        assert max(gaps) < 1e-12, gaps  # rounding, of values up to 17
    records = claims_record([claims["hot"]])
    (kept,) = claims_from_record(records, (2, 1, 0))
    assert kept.terms.program.to_record() == claims["hot"].terms.program.to_record()


def test_resumed_run_tells_new_conditions_apart(problem, types):
    told = fingerprint(make_plan(problem, Settings()))
    assert told["condition hot"].startswith("radiation: ")
    assert told["condition hot"].endswith(" on x=1")


def test_new_condition_that_tells_the_value_is_compared_with_others(types):
    u = unknown("u", x, y)
    square = Rectangle((x, 0, 1), (y, 0, 1))
    walls = {
        "left": types.Weighted(u, 2, 6, on=LEFT),
        "bottom": Dirichlet(u, 1, on=sympy.Eq(y, 0)),
    }
    (found,) = conflicts(Problem(square, {"e": u.diff(x, 2) + u.diff(y, 2)}, walls))
    assert found.names == ("left", "bottom")
    assert found.gap == pytest.approx(2.0, abs=1e-12)  # 6 / 2 against 1


def test_new_condition_that_tells_the_value_holds_exactly_on_a_disk(types):
    u = unknown("u", x, y)
    rim = {"rim": types.Weighted(u, 3 + x, (3 + x) * x)}
    plan = make_plan(Problem(Disk((x, y)), {"e": u.diff(x, 2) + u.diff(y, 2)}, rim), Settings())
    assert plan.imposed == {"rim": "exact"}
    assert sympy.simplify(plan.ansatzes.parts[0].g - x) == 0


def test_mirror_images_are_found_through_the_form_of_a_new_condition(types):
    assert [m.even for m in find(line(ends=lambda u: types.Weighted(u, 2, 0)))] == [True]
    lopsided = line(
        low=lambda u: types.Weighted(u, 2, 0, on=LEFT), high=lambda u: Dirichlet(u, 1, RIGHT)
    )
    assert find(lopsided) == ()
    radiating = line(ends=lambda u: types.Radiation(u))  # symmetric, but it does not say so
    assert find(radiating) == ()


def test_new_condition_that_names_the_value_pins_the_constant(types):
    hot = line(ends=lambda u: types.Radiation(u, 1))
    assert floating_unknowns(hot) == [False]
    assert missing_conditions(hot) == []
    free = line(low=lambda u: types.Radiation(u, 1, on=LEFT))
    assert missing_conditions(free) == [
        "u: the equation is of order 2 in x and has 1 of 2 conditions there: none at x=1"
    ]


def test_wrong_new_conditions_are_refused_like_old_ones(types):
    u = unknown("u", x)
    with pytest.raises(InputError, match="Radiation: expected an unknown such as"):
        types.Radiation(x, 1)
    with pytest.raises(InputError, match="Weighted weight: expected a number or a sympy expr"):
        types.Weighted(u, "2", 1)
    b = sympy.Symbol("b", real=True)
    with pytest.raises(InputError, match=re.escape("conditions['ends']") + ".*b"):
        line(ends=lambda u: types.Radiation(u, b))
    with pytest.raises(InputError, match=re.escape("conditions['top']")):
        line(top=lambda u: types.Radiation(u, 1, on="top"))
    with pytest.raises(InputError, match=re.escape("conditions['ends']: expected real values")):
        line(ends=lambda u: types.Weighted(u, 1, sympy.I))


def test_complex_unknown_of_a_new_condition_without_parts_is_refused(types):
    h = unknown("h", x, complex=True)
    wall = {"wall": types.Radiation(h, 1)}
    with pytest.raises(InputError, match=r"radiation expects a real unknown, got h.*an Operator"):
        Problem(Interval(x, 0, 1), {"e": h.diff(x, 2) + h}, wall)


def test_evolution_with_a_new_condition_keeps_its_time(types):
    """The normal has no component in time, so the operator names none."""
    u = unknown("u", x, t)
    wall = types.Radiation(u, 1, on=RIGHT)
    p = Problem(Interval(x, 0, 1) * TimeInterval(t, 0, 1), u.diff(t) - u.diff(x, 2), {"w": wall})
    (terms,) = (s for s in make_plan(p, Settings()).sets if s.names == ("w",))
    assert terms.program.inputs[:3] == ("x", "t", "n_x")
    assert "n_t" not in terms.program.inputs
