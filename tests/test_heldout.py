"""The unseen problems are unseen, their truths are true, and the page says what the data say."""

import ast
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from numpy.polynomial import chebyshev
from sympy.core.function import AppliedUndef

from kanpde.problem.conditions._base import normal
from kanpde.problem.conditions._interface import SIDE
from kanpde.problem.conditions._point_data import DATA

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))
bench = importlib.import_module("bench_heldout")
sys.path.remove(str(SCRIPTS))

CASES = bench.CASES
MADE = {name: case.make() for name, case in CASES.items()}
EXACT = [name for name, problem in MADE.items() if problem.exact]
REFERENCE = [name for name, problem in MADE.items() if problem.reference]
COUNT, NODES = 100, 40


def put_in(problem, expression):
    """Expression with the exact solution in place of the unknowns, at whatever point."""
    expression = sympy.sympify(expression)
    for u, formula in problem.exact.items():
        for other in expression.atoms(AppliedUndef):
            if other.func == u.func:
                moved = dict(zip(u.args, other.args, strict=True))
                expression = expression.subs(other, formula.subs(moved, simultaneous=True))
    return expression


def numbers(problem, expression, points, normals=None, data=None):
    """Values of an expression of the exact solution at points."""
    expression = put_in(problem, expression)
    integrals = {
        node: sympy.Symbol(f"I{k}") for k, node in enumerate(expression.atoms(sympy.Integral))
    }
    n = [normal(x) for x in problem.coordinates]
    names = [*problem.coordinates, *n, DATA, *integrals.values()]
    function = sympy.lambdify(names, expression.subs(integrals).doit(), ["numpy", "scipy"])
    normals = np.zeros_like(points) if normals is None else normals
    data = np.zeros(len(points)) if data is None else data
    inner = [by_gauss(problem, node, points) for node in integrals]
    return np.broadcast_to(function(*points.T, *normals.T, data, *inner), len(points))


def by_gauss(problem, node, points):
    """Integral over one coordinate whose limits may depend on the point."""
    ((s, low, high),) = node.limits
    x = problem.coordinates
    ends = [np.broadcast_to(sympy.lambdify(x, e)(*points.T), len(points)) for e in (low, high)]
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half, middle = (ends[1] - ends[0]) / 2, (ends[0] + ends[1]) / 2
    places = middle[:, None] + half[:, None] * nodes
    function = sympy.lambdify([s, *(c for c in x if c != s)], node.function)
    others = [points[:, k, None] for k, c in enumerate(x) if c != s]
    return half * (function(places, *others) @ weights)


def condition_error(problem, condition, rng):
    domain, kind = problem.domain, condition.kind
    if kind in {"dirichlet", "neumann", "robin", "operator"}:
        part = domain.resolve(condition.on)
        points, normals, *_ = domain.boundary(COUNT, part=part, sampler="uniform", rng=rng)
        return numbers(problem, condition.operator(problem.space), points, normals)
    if kind == "initial":
        points, _ = domain.initial(COUNT, sampler="uniform", rng=rng)
        return numbers(problem, condition.operator(problem.space), points)
    if kind == "mean value":
        points, weights = domain.interior(400, sampler="gauss", rng=rng)
        error = numbers(problem, condition.operator(problem.space), points)
        return np.array([weights @ error / weights.sum()])
    if kind == "interface":
        return interface_error(problem, condition, rng)
    assert kind == "periodic"
    return seam_error(problem, condition, rng)


def interface_error(problem, condition, rng):
    points, _, _ = problem.domain.pair(condition.coordinate, COUNT, sampler="uniform", rng=rng)
    column, jumps = problem.coordinates.index(condition.coordinate), []
    for expression in condition.expressions():
        gap = 0.0
        for side, place in zip((-1, 1), condition.sides(), strict=True):
            points[:, column] = place
            gap = gap + side * numbers(problem, expression.subs(SIDE, side), points)
        jumps.append(gap)
    return np.concatenate(jumps)


def seam_error(problem, condition, rng):
    x, (u,) = condition.coordinate, problem.unknowns
    column = problem.coordinates.index(x)
    lower, _ = problem.domain.interior(COUNT, sampler="uniform", rng=rng)
    upper = lower.copy()
    lower[:, column], upper[:, column] = problem.domain.lower[column], problem.domain.upper[column]
    slopes = [u.diff(x, k) for k in range(problem.order)]
    return np.concatenate([numbers(problem, s, upper) - numbers(problem, s, lower) for s in slopes])


def local(problem, name, place, half, degree=10):
    """Derivatives of a reference at a place, from its values on a small Chebyshev grid."""
    dimension = len(place)
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    grid = np.stack(np.meshgrid(*[nodes] * dimension, indexing="ij"), axis=-1)
    values = problem.truth(place + half * grid.reshape(-1, dimension))
    column = [str(u.func.__name__) for u in problem.unknowns].index(name)
    series = values[:, column].reshape([degree + 1] * dimension)
    inverse = np.linalg.inv(chebyshev.chebvander(nodes, degree))
    for axis in range(dimension):
        series = np.moveaxis(np.tensordot(inverse, series, (1, axis)), 0, axis)

    def derivative(orders):
        c = series
        for axis, order in enumerate(orders):
            c = chebyshev.chebder(c, order, scl=1 / half, axis=axis) if order else c
        for _ in orders:
            c = chebyshev.chebval(0.0, c)
        return float(c)

    return derivative


def reference_residual(problem, expression, place, half, known):
    """Residual of a reference in an equation over the size of its largest term."""
    x = problem.coordinates
    found = {}
    for u in problem.unknowns:
        derivative = local(problem, str(u.func.__name__), place, half)
        jets = [d for d in expression.atoms(sympy.Derivative) if d.expr == u]
        for d in jets:
            found[d] = derivative([d.variables.count(c) for c in x])
        found[u] = derivative([0] * len(x))
    known = {**known, **dict(zip(x, place, strict=True))}
    terms = sympy.Add.make_args(sympy.expand(expression))
    values = [float(t.subs(found).subs(known)) for t in terms]
    return abs(sum(values)) / max(map(abs, values))


def test_there_are_problems_of_every_kind():
    kinds = {case.kind for case in CASES.values()}
    assert len(CASES) >= 16
    assert kinds == {
        "box",
        "shape",
        "system",
        "time",
        "inverse",
        "integral",
        "eigenvalue",
        "interface",
    }


def test_names_and_equations_are_in_no_problem_file():
    files = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("problems/*.py")}
    files |= {p.stem: p.read_text(encoding="utf-8") for p in SCRIPTS.glob("_cases/*.py")}
    text = "\n".join(files.values())
    for name, case in CASES.items():
        assert name not in files
        assert case.statement not in text


def test_equations_differ_from_those_of_the_problem_files(load_problem):
    files = [path.stem for path in ROOT.glob("problems/[a-z]*.py")]
    known = {
        str(sympy.nsimplify(e.expression, rational=True).expand())
        for name in files
        for e in load_problem(name).equations.values()
    }
    for problem in MADE.values():
        new = {
            str(sympy.nsimplify(e.expression, rational=True).expand())
            for e in problem.equations.values()
        }
        if problem is MADE["stokes_eddy"]:
            new.discard("Derivative(u(x, y), x) + Derivative(v(x, y), y)")
        if problem is MADE["two_pipes"]:  # Laplace's equation has one form only
            new.discard("Derivative(u(x, y), (x, 2)) + Derivative(u(x, y), (y, 2))")
        if problem is MADE["dart"]:
            new.discard("Derivative(u(x, y), (x, 2)) + Derivative(u(x, y), (y, 2)) + 1")
        assert not new & known


def test_scripts_for_unseen_problems_name_no_setting_of_kanpde():
    tree = ast.parse((SCRIPTS / "bench_heldout.py").read_text(encoding="utf-8"))
    calls = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and ast.unparse(n.func) == "kanpde.solve"
    ]
    (call,) = calls
    assert {k.arg for k in call.keywords} == {"seed", "time_limit", "threads"}
    assert all(problem.settings is None for problem in MADE.values())


@pytest.mark.parametrize("name", EXACT)
def test_exact_solution_satisfies_every_equation(name, rng):
    problem = MADE[name]
    points, _ = problem.domain.interior(COUNT, sampler="uniform", rng=rng)
    for equation in problem.equations.values():
        assert np.abs(numbers(problem, equation.expression, points)).max() < 1e-8


@pytest.mark.parametrize("name", EXACT)
def test_exact_solution_meets_every_condition(name, rng):
    problem = MADE[name]
    for condition in problem.conditions.values():
        if condition.kind != "point data":
            assert np.abs(condition_error(problem, condition, rng)).max() < 1e-8


@pytest.mark.parametrize("name", ["hidden_source", "damped_pendulum"])
def test_data_of_inverse_problems_differ_from_the_truth_by_their_noise(name):
    problem = MADE[name]
    data = problem.conditions["measured"]
    gap = np.asarray(data.values).ravel() - problem.truth(data.points)[:, 0]
    noise = {"hidden_source": 0.005, "damped_pendulum": 0.02}[name]
    assert 0.8 * noise < gap.std() < 1.2 * noise  # 60 draws: two standard deviations


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_is_as_accurate_as_stated(name):
    case = CASES[name]
    assert case.check() <= case.accuracy


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_satisfies_every_equation(name, rng):
    problem, case = MADE[name], CASES[name]
    half = 0.03 * float(np.max(problem.domain.upper - problem.domain.lower))
    points, _ = problem.domain.interior(400, sampler="uniform", rng=rng)
    inside = ((points - problem.domain.lower > half) & (problem.domain.upper - points > half)).all(
        1
    )
    if problem.time is None:
        inside &= problem.domain.signed_distance(points) < -2 * half
    deep = points[inside][:5]
    assert len(deep) == 5
    known = {s: case.constants[s.name] for s in problem.constants}
    for equation in problem.equations.values():
        for place in deep:
            gap = reference_residual(problem, equation.expression, place, half, known)
            assert gap < 1e-5  # fourth derivatives of values to 1e-12


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_has_the_values_given_on_the_boundary(name, rng):
    problem = MADE[name]
    names = list(problem.unknowns)
    for condition in problem.conditions.values():
        if condition.kind == "dirichlet":
            part = problem.domain.resolve(condition.on)
            points, *_ = problem.domain.boundary(COUNT, part=part, sampler="uniform", rng=rng)
            found = problem.truth(points)[:, names.index(condition.unknown)]
            assert np.abs(found - float(condition.value)).max() < 1e-6


def test_a_wrong_coefficient_is_seen(rng):
    problem = MADE["stretched_rod"]
    (u,), (x, t) = problem.unknowns, problem.coordinates
    points, _ = problem.domain.interior(COUNT, sampler="uniform", rng=rng)
    wrong = u.diff(t) - ((1 + x) * u.diff(x)).diff(x)
    assert np.abs(numbers(problem, wrong, points)).max() > 0.1


def test_page_is_what_the_data_say():
    rows = json.loads(bench.STORE.read_text(encoding="utf-8"))["rows"]
    assert rows == bench.on_file()
    assert {row["problem"] for row in rows} == set(CASES)
    assert bench.PAGE.read_text(encoding="utf-8") == bench.page(rows)


def test_failure_counts_as_an_infinite_error_and_no_prediction():
    rows = [{"problem": "renewal", "kind": "integral", "failed": "no"}]
    assert bench.digest(rows) == ("1", "inf", "–", "0 of 0")
