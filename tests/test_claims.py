import json

import numpy as np
import pytest
import sympy
from sympy import Eq, cos, exp, pi, sin

from kanpde import (
    Dirichlet,
    Disk,
    Initial,
    Interval,
    MeanValue,
    Neumann,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)
from kanpde.problem.conditions._base import normal
from kanpde.residual._claims import claims_from_record, claims_of, claims_record


def heat() -> tuple[Problem, sympy.Expr]:
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    exact = exp(-(pi**2) * t) * cos(pi * x)
    return Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - u.diff(x, 2)},
        {
            "start": Initial(u, cos(pi * x)),
            "flux": Neumann(u, 0),
            "left": Dirichlet(u, exp(-(pi**2) * t), on=Eq(x, 0)),
            "seen": PointData(u, [[0.5, 0.5]], [0.0]),
            "mean": MeanValue(u, 0),
        },
    ), exact


def vanish(problem: Problem, claim, exact: sympy.Expr) -> list[sympy.Expr]:
    """Put the solution into a claim at its places."""
    u, found = problem.unknowns[0], []
    for e in claim.expressions(problem.coordinates, problem.unknowns, ()):
        for place in claim.places:
            at = {normal(problem.coordinates[k]): s for k, s in place.normal}
            at |= {normal(x): 0 for x in problem.space if normal(x) not in at}
            value = e.subs(u, exact).doit().subs(at)
            found.append(value.subs({problem.coordinates[k]: v for k, v in place.at}))
    return found


def test_claims_name_every_equation_and_condition_with_its_faces() -> None:
    problem, _ = heat()
    claims = {c.terms.names[0]: c for c in claims_of(problem)}
    assert list(claims) == ["heat", "start", "flux", "left", "seen", "mean"]
    assert claims["heat"].places[0].at == ()
    assert claims["start"].places[0].at == ((1, 0.0),)
    assert [(p.at, p.normal) for p in claims["flux"].places] == [
        (((0, 0.0),), ((0, -1),)),
        (((0, 1.0),), ((0, 1),)),
    ]
    assert len(claims["left"].places) == 1
    assert claims["seen"].places is None
    assert claims["mean"].places is None


def test_the_solution_meets_its_claims() -> None:
    problem, exact = heat()
    for claim in claims_of(problem):
        if claim.places is not None:
            for value in vanish(problem, claim, exact):
                assert sympy.simplify(sympy.nsimplify(value)) == 0


def test_another_function_does_not() -> None:
    problem, exact = heat()
    claim = claims_of(problem)[0]
    (value,) = vanish(problem, claim, exact * 2 + problem.coordinates[1])
    assert sympy.simplify(value) == 1


def test_claims_survive_json() -> None:
    problem, exact = heat()
    made = claims_of(problem)
    back = claims_from_record(json.loads(json.dumps(claims_record(made))), (2, 1, 0))
    for old, new in zip(made, back, strict=True):
        assert np.array_equal(old.drawn.points, new.drawn.points)
        assert np.array_equal(old.drawn.extras, new.drawn.extras)
        assert old.places == new.places
        assert not new.terms.expressions
        if new.places is not None:
            for value in vanish(problem, new, exact):
                numbers = {problem.coordinates[0]: 0.3, problem.coordinates[1]: 0.2}
                assert abs(float(value.subs(numbers))) < 1e-13


def test_collapsed_laplacian_is_written_out() -> None:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    problem = Problem(
        Rectangle((x, 0, 1), (y, 0, 1)), {"poisson": laplacian(u, x, y) - 4}, {"w": Dirichlet(u, 0)}
    )
    back = claims_from_record(json.loads(json.dumps(claims_record(claims_of(problem)))), (2, 1, 0))
    (e,) = back[0].expressions((x, y), (u,), ())
    assert sympy.simplify(e.subs(u, x**2 + y**2).doit()) == 0
    assert len(back[1].places) == 4


def test_periodic_pairs_and_curved_boundaries() -> None:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    box = Rectangle((x, 0, 1), (y, 0, 2))
    problem = Problem(box, {"e": laplacian(u, x, y) + u}, {"p": Periodic(u, y)})
    claim = claims_of(problem)[1]
    assert [p.at for p in claim.places] == [((1, 0.0),), ((1, 2.0),)]
    assert len(claim.terms.names) == 2
    disk = Problem(Disk((x, y), (0, 0), 1), {"e": laplacian(u, x, y)}, {"w": Dirichlet(u, sin(x))})
    assert claims_of(disk)[1].places is None


def test_damaged_rows_are_refused() -> None:
    problem, _ = heat()
    data = claims_record(claims_of(problem))
    data[-1]["row"][0] = 7
    with pytest.raises(ValueError, match="rows"):
        claims_from_record(data, (2, 1, 0))
