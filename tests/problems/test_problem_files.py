"""Every problem file says what it solves, and its exact solution solves it."""

import ast
import doctest
import inspect
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import sympy

import kanpde
from kanpde.problem.conditions._base import normal
from kanpde.problem.conditions._interface import SIDE
from kanpde.problem.conditions._point_data import DATA

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"
PAGES = [PROBLEMS.parent / "README.md", *sorted((PROBLEMS.parent / "docs").glob("*.md"))]
NAMES = sorted(path.stem for path in PROBLEMS.glob("[a-z]*.py"))
MADE = {name: runpy.run_path(str(PROBLEMS / f"{name}.py"))["problem"]() for name in NAMES}
EXACT = [name for name, problem in MADE.items() if problem.exact]
REFERENCE = [name for name, problem in MADE.items() if problem.reference]
# Unknown constants at the value that made the data, and no noise.
TRUE_CONSTANTS = {"heat_inverse": {"D": 0.1}}
KEYWORDS = {"heat_inverse": {"noise": 0.0}, "conductivity_field": {"sd": 0.0}}
ONLY_FORCES = ["channel_disc"]  # drag and lift are known, not the flow
COUNT = 200


@pytest.fixture
def make(problem_file):
    return lambda name: problem_file(name).problem(**KEYWORDS.get(name, {}))


def true_constants(problem):
    stated = {s.name: c.exact for s, c in problem.constants.items() if c.exact is not None}
    return stated or TRUE_CONSTANTS.get(problem_name(problem), {})


def numbers(problem, expression, points, normals=None, data=None):
    """Values of an expression with the exact solution put in for the unknowns."""
    known = true_constants(problem)
    expression = sympy.sympify(expression)
    for u, formula in problem.exact.items():  # an integral may name u at another point
        for other in expression.atoms(sympy.core.function.AppliedUndef):
            if other.func == u.func:
                moved = dict(zip(u.args, other.args, strict=True))
                expression = expression.subs(other, formula.subs(moved, simultaneous=True))
    expression = expression.doit()
    expression = expression.subs({c: known[c.name] for c in problem.constants})
    n = [normal(x) for x in problem.coordinates]
    function = sympy.lambdify([*problem.coordinates, *n, DATA], expression, "numpy")
    normals = np.zeros_like(points) if normals is None else normals
    data = np.zeros(len(points)) if data is None else data
    return np.broadcast_to(function(*points.T, *normals.T, data), len(points))


def problem_name(problem):
    return "heat_inverse" if problem.constants else ""


def highest(problem, u, x):
    """Order in x of the equations, at least 1: the derivatives below it agree at the seam."""
    orders = [
        d.variables.count(x)
        for e in problem.equations.values()
        for d in e.expression.atoms(sympy.Derivative)
        if d.expr == u
    ]
    return max([1, *orders])


def condition_error(problem, condition, rng):
    domain, u = problem.domain, condition.unknown
    if condition.kind in {"dirichlet", "neumann", "robin", "operator"}:
        part = domain.resolve(condition.on)
        points, normals, *_ = domain.boundary(COUNT, part=part, sampler="uniform", rng=rng)
        return numbers(problem, condition.operator(problem.space), points, normals)
    if condition.kind == "initial":
        points, _ = domain.initial(COUNT, sampler="uniform", rng=rng)
        return numbers(problem, condition.operator(problem.space), points)
    if condition.kind == "point data":
        points, values = condition.points, condition.values
        return numbers(problem, condition.operator(problem.space), points, data=values)
    if condition.kind == "mean value":
        points, weights = domain.interior(40, sampler="gauss", rng=rng)
        error = numbers(problem, condition.operator(problem.space), points)
        return np.array([weights @ error / weights.sum()])
    if condition.kind == "interface":
        return interface_error(problem, condition, rng)
    if condition.kind == "constraint":
        return np.array([constraint_error(problem, condition.expression)])
    assert condition.kind == "periodic"
    x, column = condition.coordinate, problem.coordinates.index(condition.coordinate)
    lower, _ = domain.interior(COUNT, sampler="uniform", rng=rng)
    upper = lower.copy()
    lower[:, column], upper[:, column] = domain.lower[column], domain.upper[column]
    jumps = [
        numbers(problem, u.diff(x, k), upper) - numbers(problem, u.diff(x, k), lower)
        for k in range(highest(problem, u, x))
    ]
    return np.concatenate(jumps)


def interface_error(problem, condition, rng):
    """Jumps of value and flux, from one-sided values next to the plane."""
    points, _, _ = problem.domain.pair(condition.coordinate, COUNT, sampler="uniform", rng=rng)
    column, total = problem.coordinates.index(condition.coordinate), []
    for expression in condition.expressions():
        gap = 0.0
        for side, place in zip((-1, 1), condition.sides(), strict=True):
            points[:, column] = place
            gap = gap + side * numbers(problem, expression.subs(SIDE, side), points)
        total.append(gap)
    return np.concatenate(total)


def constraint_error(problem, expression):
    """Value of an expression of definite integrals, each by Gauss quadrature."""
    known = true_constants(problem)
    values = {}
    for node in expression.atoms(sympy.Integral):
        limits = {x: (float(low), float(high)) for x, low, high in node.limits}
        box = kanpde.Box(*((x, *limits[x]) for x in problem.coordinates))
        points, weights = box.interior(4096, sampler="gauss", rng=np.random.default_rng(0))
        values[node] = box.measure * (weights @ numbers(problem, node.function, points))
        values[node] /= weights.sum()
    return float(expression.subs(values).subs({c: known[c.name] for c in problem.constants}))


def test_every_problem_file_has_a_truth():
    assert sorted({*EXACT, *REFERENCE, *ONLY_FORCES}) == NAMES


@pytest.mark.parametrize("name", EXACT)
def test_exact_solution_has_zero_residual(name, make, rng):
    problem = make(name)
    points, _ = problem.domain.interior(COUNT, sampler="uniform", rng=rng)
    for equation in problem.equations.values():
        assert np.abs(numbers(problem, equation.expression, points)).max() < 1e-10


@pytest.mark.parametrize("name", EXACT)
def test_exact_solution_meets_every_condition(name, make, rng):
    problem = make(name)
    assert problem.conditions
    for condition in problem.conditions.values():
        assert np.abs(condition_error(problem, condition, rng)).max() < 1e-10


@pytest.mark.parametrize("name", EXACT)
def test_exact_solution_is_not_trivial(name, make, rng):
    problem = make(name)
    points, _ = problem.domain.interior(COUNT, sampler="uniform", rng=rng)
    truth = problem.truth(points)
    assert truth.shape == (COUNT, len(problem.unknowns))
    assert truth.std(axis=0).min() > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_parameters_have_plain_defaults(name, problem_file):
    for parameter in inspect.signature(problem_file(name).problem).parameters.values():
        assert type(parameter.default) in {int, float, str}


@pytest.mark.parametrize("name", NAMES)
def test_docstring_is_a_page(name, problem_file):
    page = problem_file(name).__doc__
    assert "Source: " in page
    assert "Good values: " in page


@pytest.mark.parametrize("name", NAMES)
def test_problem_is_in_the_table(name):
    table = (PROBLEMS.parent / "docs" / "problems.md").read_text(encoding="utf-8")
    assert f"| `{name}` |" in table


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("poisson_square", {"mode": 3}),
        ("helmholtz", {"a1": 2, "a2": 3, "k": 2.5}),
        ("wave", {"c": 1.5, "mode": 4}),
        ("heat", {"alpha": 0.3, "mode": 2}),
        ("convection", {"beta": 30.0}),
        ("reaction", {"rho": 3.0}),
        ("kovasznay", {"Re": 20.0}),
        ("oscillator", {"mu": 2.0, "k": 100.0}),
        ("integral_constraint", {"mean": -2.0}),
        ("two_layer_conduction", {"k1": 2.0, "k2": 0.1, "c": 0.6, "R": 0.4}),
        ("volterra", {"a": 2.5, "L": 3.0}),  # rational exponents: sympy is quick
    ],
)
def test_other_parameters_keep_the_solution_exact(name, changed, problem_file, rng):
    problem = problem_file(name).problem(**changed)
    points, _ = problem.domain.interior(COUNT, sampler="uniform", rng=rng)
    for equation in problem.equations.values():
        assert np.abs(numbers(problem, equation.expression, points)).max() < 1e-10
    for condition in problem.conditions.values():
        assert np.abs(condition_error(problem, condition, rng)).max() < 1e-10


def test_a_wrong_sign_is_seen(make, rng):
    problem = make("heat")
    points, _ = problem.domain.interior(COUNT, sampler="uniform", rng=rng)
    x, t = problem.coordinates
    (u,) = problem.unknowns
    wrong = u.diff(t) + 0.1 * u.diff(x, 2)
    assert np.abs(numbers(problem, wrong, points)).max() > 0.1


def test_creeping_oscillator_is_refused_by_name(problem_file):
    with pytest.raises(ValueError, match="k: expected more than"):
        problem_file("oscillator").problem(mu=50.0)


def test_inverse_data_repeat_with_the_draw_and_carry_the_noise(problem_file):
    measurements = problem_file("heat_inverse").measurements
    points, values = measurements(0.1, 0.01, 3)
    again = measurements(0.1, 0.01, 3)
    clean = measurements(0.1, 0.0, 3)[1]
    other = measurements(0.1, 0.01, 4)
    assert np.array_equal(points, again[0])
    assert np.array_equal(values, again[1])
    assert not np.array_equal(values, other[1])
    # 200 draws: the sample's standard deviation is within 20 % of 1 % (four sigma).
    assert 0.008 < (values - clean).std() / clean.std() < 0.012


def test_truth_of_the_inverse_problem_is_not_in_its_equations(problem_file):
    problem = problem_file("heat_inverse").problem(truth=0.123456)
    for equation in problem.equations.values():
        assert not equation.expression.atoms(sympy.Float)
    for constant in problem.constants.values():
        assert constant.start == 1.0


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_problem_is_made_without_computing(name, problem_file):
    problem = problem_file(name).problem()
    for reference in problem.reference.values():
        assert callable(reference)
        assert "solution" not in getattr(reference, "__dict__", ())


@pytest.mark.parametrize("name", NAMES)
def test_problem_file_imports_only_what_a_user_has(name):
    allowed = {"kanpde", "sympy", "numpy", "scipy", "math", "pathlib", "collections"}
    allowed |= {path.stem for path in PROBLEMS.glob("_*.py")}
    tree = ast.parse((PROBLEMS / f"{name}.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        n
        for node in imports
        for n in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert {n.split(".")[0] for n in names} <= allowed


def private_imports(source):
    """Names in the imports of `source` that kanpde keeps for itself."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        ours = [name for name in names if name.split(".")[0] == "kanpde"]
        found += [name for name in ours if "._" in name]
    return found


def python_of(page):
    """Python of a page: its fenced blocks, with or without prompts."""
    parser = doctest.DocTestParser()
    for block in re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE):
        examples = parser.get_examples(block)
        yield "".join(example.source for example in examples) or block


@pytest.mark.parametrize("path", sorted(PROBLEMS.glob("*.py")), ids=lambda path: path.stem)
def test_problem_file_imports_public_names_only(path):
    assert private_imports(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_python_of_the_documentation_imports_public_names_only(page):
    blocks = list(python_of(page.read_text(encoding="utf-8")))
    assert [name for block in blocks for name in private_imports(block)] == []


def test_private_imports_are_seen():
    text = (
        "import kanpde.calculus._jets\nfrom kanpde.trial import _trial\nfrom kanpde import fit\n"
        "from kanpde.nets.kan._kan import KAN\n"
    )
    expected = ["kanpde.calculus._jets", "kanpde.trial._trial", "kanpde.nets.kan._kan.KAN"]
    assert private_imports(text) == expected
    page = f"```python\n{text}```\n```python\n>>> import kanpde.residual._rows\n```\n"
    assert [n for b in python_of(page) for n in private_imports(b)] == [
        *expected,
        "kanpde.residual._rows",
    ]


def test_references_are_public():
    assert kanpde.cole_hopf is kanpde.references.cole_hopf
    assert kanpde.spectral_reference is kanpde.references.spectral_reference
    for name in kanpde.references.__all__:
        assert ">>>" in getattr(kanpde.references, name).__doc__
