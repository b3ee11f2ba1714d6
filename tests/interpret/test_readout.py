import json
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
import torch
from sympy import Eq, cos, exp, pi, sin, tanh

import kanpde
import kanpde.plot
from kanpde import Dirichlet, Initial, Interval, Neumann, Problem, TimeInterval
from kanpde.errors import RunDirectoryError
from kanpde.nets import KAN
from kanpde.residual._view import view
from kanpde.solution.closed_form._readout import read_out
from kanpde.solution.closed_form._record import readout_from_record, readout_record
from kanpde.solution.closed_form._verify import exact_numbers, formula_trial, vanishes, verify
from kanpde.trial._trial import Constants

x, t = kanpde.coordinates("x t")
u = kanpde.unknown("u", x, t)
NOTHING = SimpleNamespace(
    constants=Constants((), *(torch.zeros(0),) * 3), constant_values=lambda: {}
)
FEW = ("x", "x^2", "exp", "sin", "tanh", "gaussian")
BOX = Interval(x, 0, 1) * TimeInterval(t, 0, 1)


def heat() -> tuple[Problem, sympy.Expr]:
    solution = exp(-(pi**2) * t / 10) * cos(pi * x) + 2
    return Problem(
        BOX,
        {"heat": u.diff(t) - u.diff(x, 2) / 10},
        {
            "start": Initial(u, cos(pi * x) + 2),
            "flux": Neumann(u, 0, on=Eq(x, 0)),
            "right": Dirichlet(u, 2 - exp(-(pi**2) * t / 10), on=Eq(x, 1)),
        },
    ), solution


def front() -> tuple[Problem, sympy.Expr]:
    solution = (1 - tanh(sympy.Rational(5, 2) * (x - t / 2))) / 2
    return Problem(
        BOX,
        {"burgers": u.diff(t) + u * u.diff(x) - u.diff(x, 2) / 10},
        {"start": Initial(u, solution.subs(t, 0)), "ends": Dirichlet(u, solution)},
    ), solution


@pytest.mark.parametrize("make", [heat, front])
def test_closed_forms_are_read_out_and_proven(make) -> None:
    problem, solution = make()
    kept = view(problem)
    found = read_out(
        formula_trial(kept, [solution], NOTHING), kept, predicted={"u": 1e-14}, library=FEW
    )
    assert found.exact
    assert sympy.simplify((found.formulas["u"] - solution).rewrite(exp)) == 0
    assert set(found.verdict.proven.values()) == {True}
    assert found.difference["u"] < 1e-13
    again = readout_from_record(json.loads(json.dumps(readout_record(found, kept))), kept)
    assert again.formulas == found.formulas
    assert again.verdict == found.verdict
    assert torch.equal(again.networks["u"].get(), found.networks["u"].get())


def test_a_rough_solution_gives_the_exact_formula() -> None:
    """The polish in the equations leaves the solution's own error behind."""
    problem, solution = heat()
    kept = view(problem)
    noise = sympy.Rational(1, 10**5) * sin(7 * x + 3 * t)
    rough = formula_trial(kept, [solution + noise], NOTHING)
    found = read_out(rough, kept, predicted={"u": 1e-5}, library=FEW)
    assert found.exact
    assert 1e-7 < found.difference["u"] < 1e-4


def test_what_solves_something_else_is_refused() -> None:
    problem, solution = heat()
    kept = view(problem)
    found = read_out(formula_trial(kept, [exp(-t) * sin(2 * x)], NOTHING), kept, library=FEW)
    assert not found.found
    assert "residual" in found.notes[0]
    assert str(found).startswith("no closed form found: ")
    with pytest.raises(kanpde.InputError, match="expected a closed form"):
        kanpde.plot.formula_figures(found, (x, t), ".")
    assert not verify(kept, [solution * 2], NOTHING).exact


def test_no_formula_is_invented() -> None:
    problem, _ = heat()
    kept = view(problem)
    found = read_out(formula_trial(kept, [1 / (2 + sin(3 * x * t))], NOTHING), kept)
    assert found.formulas == {}
    assert found.verdict is None


def test_verdict_has_the_residuals() -> None:
    problem, solution = heat()
    verdict = verify(view(problem), [solution + sympy.Rational(1, 10**8) * t], NOTHING)
    assert verdict.residuals["heat"] == pytest.approx(1e-8, rel=1e-5)
    assert verdict.residuals["start"] < 1e-15
    assert verdict.proven["start"] is True
    assert verdict.proven["heat"] is False
    assert verdict.worst == pytest.approx(1e-8, rel=0.1)


@pytest.mark.parametrize(
    ("expression", "zero"),
    [
        (sin(x) ** 2 + cos(x) ** 2 - 1, True),
        (sin(2 * x) - 2 * sin(x) * cos(x), True),
        (tanh(x) - (exp(2 * x) - 1) / (exp(2 * x) + 1), True),
        (sin(x) - sympy.Float(1) * sin(x) * (1 + sympy.Rational(1, 10**12)), False),
        (cos(x), False),
    ],
)
def test_vanishing(expression: sympy.Expr, zero: bool) -> None:
    assert vanishes(expression) is zero


def test_floats_become_the_numbers_they_stand_for() -> None:
    text = str(exact_numbers(sympy.Float(0.003183098861837907) * x + sympy.Float(0.37) * t))
    assert text == "37*t/100 + x/(100*pi)"


def test_system_and_unknown_constant() -> None:
    z = kanpde.coordinates("z")
    v, w = kanpde.unknown("v", z), kanpde.unknown("w", z)
    rate = sympy.Symbol("rate", real=True)
    points = np.linspace(0, 1, 20)
    problem = Problem(
        Interval(z, 0, 1),
        {"first": v.diff(z) - w, "second": w.diff(z) + rate**2 * v},
        {
            "left": Dirichlet(v, 0, on=Eq(z, 0)),
            "slope": Dirichlet(w, 3, on=Eq(z, 0)),
            "seen": kanpde.PointData(v, points[:, None], np.sin(3 * points)),
        },
        constants={rate: kanpde.Constant(start=2.9)},
    )
    constants = Constants(("rate",), torch.ones(1), torch.tensor([-10.0]), torch.tensor([10.0]))
    like = SimpleNamespace(constants=constants, constant_values=lambda: {"rate": 2.95})
    kept = view(problem)
    trial = formula_trial(kept, [sin(3 * z), 3 * cos(3 * z)], like)
    found = read_out(trial, kept, predicted={"v": 1e-12, "w": 1e-12}, library=FEW)
    assert found.exact
    assert {str(e) for e in found.formulas.values()} == {"sin(3*z)", "3*cos(3*z)"}


def test_damaged_formulas_are_refused() -> None:
    problem, _ = heat()
    kept = view(problem)
    for data in ({}, {"kanpde": "formula"}, {"kanpde": "other"}, [1]):
        with pytest.raises(RunDirectoryError, match="formula"):
            readout_from_record(data, kept)


def test_methods_of_a_fit() -> None:
    rng = np.random.default_rng(1)
    inputs = 2 * rng.random((300, 2)) - 1
    fit = kanpde.fit(inputs, np.exp(inputs[:, 0]) + 3, width=[2, 2, 1], grid=4, steps=30, seed=0)
    small = fit.simplify()
    assert isinstance(small.network, KAN)
    assert list(fit.feature_scores()) == ["x1", "x2"]
    symbolic = small.auto_symbolic(library=FEW)
    assert str(symbolic.symbolic_formula()) == "exp(x1) + 3"
    assert symbolic.errors["test"]["rmse"] < 1e-12
    assert symbolic.summary["changes"][-1].endswith("edges made symbolic")
    k, i, j, name = symbolic.symbolic_edges[0]
    free = symbolic.unfix_symbolic(k, i, j)
    assert (k, i, j, name) not in free.symbolic_edges
    with pytest.raises(kanpde.InputError, match="function: expected one of"):
        small.fix_symbolic(0, 0, 0, "sinus")
    with pytest.raises(kanpde.InputError, match="expected a KAN, got MLP"):
        kanpde.fit(inputs, inputs[:, 0], net="mlp", hidden=(3,), steps=2).scores()


def plane() -> tuple[Interval, sympy.Expr]:
    z, w = kanpde.coordinates("z w")
    return Interval(z, 0, 1) * Interval(w, 0, 1), kanpde.unknown("v", z, w)


def test_a_formula_that_is_undefined_somewhere_is_no_solution() -> None:
    """Residuals that are NaN on half of the domain once counted as zero."""
    z = kanpde.coordinates("z")
    v = kanpde.unknown("v", z)
    ends = {"end": Dirichlet(v, 1, on=Eq(z, 1))}
    kept = view(Problem(Interval(z, -1, 1), {"root": 2 * v * v.diff(z) - 1}, ends))
    verdict = verify(kept, [sympy.sqrt(z)], NOTHING)
    assert not verdict.exact
    assert verdict.worst == np.inf
    assert not vanishes(sympy.nan)
    kept = view(Problem(Interval(z, 0, 1), {"ode": z * v.diff(z, 2) - 1}, {"e": Dirichlet(v, 0)}))
    assert not verify(kept, [z * sympy.log(z)], NOTHING).exact


@pytest.mark.parametrize("value", [0, 3])
def test_constant_solutions(value: int) -> None:
    domain, v = plane()
    laplace = {"laplace": sum(v.diff(c, 2) for c in domain.coordinates)}
    kept = view(Problem(domain, laplace, {"edge": Dirichlet(v, value)}))
    found = read_out(formula_trial(kept, [sympy.Integer(value)], NOTHING), kept, library=FEW)
    assert found.exact
    assert found.formulas["v"] == value


def test_small_equations_are_not_met_by_anything() -> None:
    """A residual is small beside the terms of its equation, whatever unit that is in."""
    domain, v = plane()
    z, w = domain.coordinates
    bubble = z * (1 - z) * w * (1 - w)
    solution = sin(pi * z) * sin(pi * w) + bubble * exp(z * w) / 500
    laplace = sum(v.diff(c, 2) - solution.diff(c, 2) for c in (z, w))
    kept = view(Problem(domain, {"slow": 1e-10 * laplace}, {"edge": Dirichlet(v, 0)}))
    trial = formula_trial(kept, [solution], NOTHING)
    found = read_out(trial, kept, predicted={"v": 1e-3}, library=["x", "sin"])
    assert not found.found
    assert not found.exact
    assert "beside terms" in found.notes[0]
    halves = {
        "left": kanpde.Equation(1e-13 * (v.diff(z, 2) - z), on=z < 0.6),
        "right": kanpde.Equation(1e-13 * (v.diff(z, 2) - z), on=z > 0.4),
    }
    verdict = verify(view(Problem(domain, halves, {"e": Dirichlet(v, 0)})), [0 * z], NOTHING)
    assert verdict.proven["left"] is None
    assert not verdict.exact


def test_what_only_points_tell_is_said() -> None:
    z = kanpde.coordinates("z")
    v = kanpde.unknown("v", z)
    equation = {"ode": v.diff(z) - sympy.Integral(v, (z, 0, 1)) - 1}
    kept = view(Problem(Interval(z, 0, 1), equation, {"left": Dirichlet(v, 0, on=Eq(z, 0))}))
    found = read_out(formula_trial(kept, [2 * z], NOTHING), kept, library=FEW)
    assert found.exact
    assert found.verdict.proven == {"ode": None, "left": True}
    assert str(found).endswith("simplifies to zero (ode: on fresh points)")
