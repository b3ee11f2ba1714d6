"""Eigenvalue problems: the eigenvalue nearest the start, never the trivial solution."""

import math

import numpy as np
import pytest
from sympy import Eq, Integral, Symbol, pi, sin, sqrt

import kanpde
from kanpde import (
    Constant,
    Constraint,
    Dirichlet,
    InputError,
    Interval,
    Neumann,
    PointData,
    Problem,
    Rectangle,
    Settings,
    coordinates,
    laplacian,
    unknown,
)
from kanpde.residual._measure import Evaluation
from kanpde.solvers._plan import make_plan
from kanpde.solvers._session import Session

x, y = coordinates("x y")
u, E = unknown("u", x), Symbol("E", real=True)
NORM = Constraint(Integral(u**2, (x, 0, 1)) - 1)


def well(start, *, sign=1, **more):
    conditions = {"walls": Dirichlet(u, 0), "norm": NORM}
    return Problem(
        Interval(x, 0, 1),
        {"schroedinger": -u.diff(x, 2) / 2 - E * u},
        conditions,
        constants={E: Constant(start, exact=pi**2 / 2, **more)},
        exact={u: sign * sqrt(2) * sin(pi * x)},
    )


@pytest.mark.parametrize(("start", "level"), [(3.0, 1), (13.0, 2), (30.0, 2), (34.0, 3)])
def test_the_eigenvalue_nearest_the_start_is_found(start, level):
    # Halfway between the levels 1, 2, 3 lie 12.3 and 32.1.
    solution = kanpde.solve(well(start), time_limit=20, threads=1)
    assert solution.summary["path"] == ["spectral least squares, eigenvalue"]
    assert solution.constants["E"] == pytest.approx(level**2 * math.pi**2 / 2, rel=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_sign_is_the_same_whatever_the_truth_has_and_errors_allow_for_it(sign):
    solution = kanpde.solve(well(5.0, sign=sign), time_limit=20, threads=1)
    assert solution([[0.5]])[0, 0] == pytest.approx(math.sqrt(2), abs=1e-12)
    assert solution.errors["u"]["relative_l2"] < 1e-12
    assert solution.errors["u"]["sign"] == sign
    points = np.linspace(0, 1, 9)[:, None]
    assert np.abs(solution(points) - solution.truth(points)).max() < 1e-12


def test_value_comes_with_its_error_and_the_truth():
    found = kanpde.solve(well(5.0), time_limit=20, threads=1).identified["E"]
    assert found["true"] == pytest.approx(math.pi**2 / 2)
    assert abs(found["value"] - found["true"]) < 1e-11
    assert 0 < found["error"] < 1e-9
    assert found["low"] is None


def test_conditions_by_rows_and_mixed_ones_are_solved_too():
    problem = Problem(
        Interval(x, 0, 1),
        {"string": u.diff(x, 2) + E * u},
        {"left": Dirichlet(u, 0, on=Eq(x, 0)), "right": Neumann(u, 0, on=Eq(x, 1)), "norm": NORM},
        constants={E: Constant(20.0)},
    )
    for exact in (True, False):
        solution = kanpde.solve(problem, exact_conditions=exact, time_limit=20, threads=1)
        assert solution.constants["E"] == pytest.approx((1.5 * math.pi) ** 2, rel=1e-10)


def test_membrane_in_two_dimensions():
    v = unknown("v", x, y)
    problem = Problem(
        Rectangle((x, 0, 1), (y, 0, 2)),
        {"membrane": laplacian(v, x, y) + E * v},
        {"rim": Dirichlet(v, 0), "norm": Constraint(Integral(v**2, (x, 0, 1), (y, 0, 2)) - 1)},
        constants={E: Constant(12.0)},
    )
    solution = kanpde.solve(problem, steps=4, threads=1)
    assert solution.constants["E"] == pytest.approx(1.25 * math.pi**2, rel=1e-8)
    assert solution.summary["path"] == ["spectral least squares, eigenvalue"]


@pytest.mark.parametrize(
    "conditions",
    [{"walls": Dirichlet(u, 0)}, {"walls": Dirichlet(u, 0), "pin": PointData(u, [[0.5]], [0])}],
)
def test_a_problem_without_normalisation_is_refused_in_one_line(conditions):
    with pytest.raises(InputError, match="without normalisation") as caught:
        Problem(
            Interval(x, 0, 1),
            {"ode": -u.diff(x, 2) - E * u},
            conditions,
            constants={E: Constant(10.0)},
        )
    assert "Constraint(Integral(u**2" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("equation", "conditions"),
    [
        (-u.diff(x, 2) - E * u + 1, {"walls": Dirichlet(u, 0)}),
        (-u.diff(x, 2) - E * u, {"walls": Dirichlet(u, x)}),
        (-u.diff(x, 2) - E * u, {"walls": Dirichlet(u, 0), "pin": PointData(u, [[0.5]], [1])}),
        (-u.diff(x, 2) - E * u**2, {"walls": Dirichlet(u, 0)}),
    ],
)
def test_other_problems_with_constants_are_no_eigenproblems(equation, conditions):
    problem = Problem(
        Interval(x, 0, 1), {"ode": equation}, conditions, constants={E: Constant(10.0)}
    )
    assert not problem.eigen


def test_the_trivial_solution_is_no_success():
    # A network of one node and a few steps: the normalisation is far from met.
    solution = kanpde.solve(well(5.0), hidden=(1,), steps=1)
    assert solution.status is kanpde.Status.DIVERGED


def test_a_run_goes_on_where_it_stopped():
    plan = make_plan(well(13.0), Settings())
    first = Session(plan, Evaluation(plan.problem))
    first.phase.step()
    first.phase.step()
    second = Session(plan, Evaluation(plan.problem))
    second.restore(first.state())
    for session in (first, second):
        session.phase.step()
    assert first.phase.trial.get().tolist() == second.phase.trial.get().tolist()
    assert first.phase.constant_errors() == second.phase.constant_errors()


def test_exact_value_of_a_constant_is_a_number():
    with pytest.raises(InputError, match="Constant exact"):
        Constant(1.0, exact=x)


def test_levels_end_at_the_losses_of_the_loop_that_was_here_before():
    history = kanpde.solve(well(13.0), threads=1, steps=2).history
    recorded = [1.6945311661000306e-05, 2.613632960085624e-12]
    assert [e["loss"] for e in history] == pytest.approx(recorded, rel=1e-6)
