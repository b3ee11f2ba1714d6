"""Complex-valued problems, written as such and solved as two real ones."""

import numpy as np
import pytest
import sympy
from sympy import Abs, Derivative, Eq, I, Integral, arg, conjugate, exp, im, pi, re, sin

from kanpde import (
    Constraint,
    Dirichlet,
    Initial,
    InputError,
    Interval,
    MeanValue,
    Neumann,
    Operator,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    Robin,
    TimeInterval,
    coordinates,
    export,
    load,
    normal,
    plot,
    preflight,
    solve,
    unknown,
)
from kanpde.pde import parts_of, split_complex
from kanpde.references import SplitStep

x, t = coordinates("x t")
h = unknown("h", x, t, complex=True)
a, b = parts_of(h)
LINE = Interval(x, 0, 1) * TimeInterval(t, 0, 1)


def free(**more):
    """A wave of the free Schroedinger equation, periodic on [0, 1]."""
    return Problem(
        LINE,
        {"free": I * h.diff(t) + h.diff(x, 2) / 40},
        {"start": Initial(h, exp(2 * I * pi * x)), "seam": Periodic(h, x)},
        exact={h: exp(2 * I * pi * x - I * pi**2 * t / 10)},
        **more,
    )


@pytest.fixture(scope="module")
def solved():
    return solve(free(), time_limit=20, threads=1)


@pytest.mark.parametrize(
    "expression",
    [
        I * h.diff(t) + h.diff(x, 2) + Abs(h) ** 2 * h,
        conjugate(h.diff(x)) * h - arg(h),
        (2 - I) * h**3 / (1 + I * x) + exp(I * h),
        re(h) * im(h.diff(t)) + Abs(h).diff(x) + sympy.cos(h) * sympy.sqrt(x),
        Derivative(h * x, x) + 1 / h,
    ],
)
def test_parts_of_an_expression_are_its_real_and_imaginary_part(expression):
    # Put a known h in: the numbers must agree with complex arithmetic.
    u, v = sympy.cos(x) * t + 2, sympy.sin(x + t)
    real, imaginary = (
        p.subs({a: u, b: v}).doit().subs({x: 0.3, t: 0.7}).evalf()
        for p in split_complex(expression)
    )
    # arg and Abs are differentiated by hand: h is put in after the derivatives in x and t.
    whole = expression.subs(h, u + I * v).doit().subs({x: 0.3, t: 0.7}).evalf()
    assert abs(complex(real + I * imaginary) - complex(whole)) < 1e-12


def test_equations_and_conditions_become_two():
    k = 3
    problem = Problem(
        LINE,
        {"wave": I * h.diff(t) + h.diff(x, 2), "size": Eq(Abs(h) ** 2, 1)},
        {
            "left": Dirichlet(h, x + I * t, on=Eq(x, 0)),
            "flow": Neumann(h, I, on=Eq(x, 1)),
            "plain": Robin(h, 1, 2, I * t, on=Eq(x, 1)),
            "leaving": Robin(h, -I * k, 1, 2 + I, on=Eq(x, 1)),
            "operator": Operator(normal(x) * h.diff(x) - I * h, on=Eq(x, 0)),
            "start": Initial(h, exp(I * x)),
            "data": PointData(h, [[0.5, 0.5], [0.1, 0.2]], [1 + 2j, 3j]),
            "mean": MeanValue(h, 1 - I),
            "norm": Constraint(Integral(Abs(h) ** 2, (x, 0, 1), (t, 0, 1)) - 1),
        },
    )
    assert list(problem.equations) == ["wave (re)", "wave (im)", "size"]
    assert problem.equations["wave (re)"].expression == a.diff(x, 2) - b.diff(t)
    assert problem.equations["size"].expression == a**2 + b**2 - 1
    assert problem.unknowns == (a, b)
    assert problem.complex == {h: (a, b)}
    c = problem.conditions
    assert (c["left (re)"].value, c["left (im)"].value) == (x, t)
    assert (c["flow (re)"].value, c["flow (im)"].value) == (0, 1)
    assert (c["plain (im)"].a, c["plain (im)"].value) == (1, t)
    n = normal(x)
    assert c["leaving (re)"].expression == k * b + n * a.diff(x) - 2
    assert c["leaving (im)"].expression == -k * a + n * b.diff(x) - 1
    assert c["operator (im)"].expression == n * b.diff(x) - a
    assert c["start (im)"].value == sin(x)
    assert c["data (re)"].values.tolist() == [1, 0]
    assert c["data (im)"].values.tolist() == [2, 3]
    assert (c["mean (re)"].value, c["mean (im)"].value) == (1, -1)
    assert c["norm"].unknowns == (b, a)


def test_waves_are_solved_and_their_size_is_measured(solved):
    assert {"h_re", "h_im", "abs(h)"} == set(solved.errors)
    assert max(e["relative_l2"] for e in solved.errors.values()) < 1e-9


def test_complex_expressions_are_evaluated_also_after_loading(solved, tmp_path):
    solved.save(tmp_path / "run")
    points = np.random.default_rng(0).uniform(size=(50, 2))
    truth = np.exp(2j * np.pi * points[:, 0] - 0.1j * np.pi**2 * points[:, 1])
    for found in (solved, load(tmp_path / "run")):
        assert np.abs(found.evaluate(h, points) - truth).max() < 1e-9
        assert found.evaluate(Abs(h), points).dtype == np.float64
        assert np.abs(found.evaluate(Abs(h), points) - 1).max() < 1e-9
        assert np.abs(found.evaluate(arg(h), points) - np.angle(truth)).max() < 1e-8
        slope = found.evaluate(conjugate(h) * h.diff(x), points)
        assert np.abs(slope - 2j * np.pi).max() < 1e-7
        assert found.problem.complex == {"h": (0, 1)}


def test_figures_and_files_show_the_size(solved, tmp_path):
    figure = plot.solution_figure(solved)
    titles = [axes.get_title() for axes in figure.axes]
    assert "$|h|$" in titles
    (table,) = export.write_csv(solved, tmp_path / "h.csv", resolution=5)
    lines = table.read_text().splitlines()
    assert lines[0] == "x,t,h_re,h_im,abs(h)"
    assert abs(float(lines[7].split(",")[-1]) - 1) < 1e-9
    import meshio

    file = export.write_vtu(solved, tmp_path / "h.vtu", resolution=6)[0]
    assert np.abs(meshio.read(file).point_data["abs(h)"] - 1).max() < 1e-9


def test_a_damaged_pair_of_columns_is_refused(solved, tmp_path):
    from kanpde import RunDirectoryError

    solved.save(tmp_path / "run")
    file = tmp_path / "run" / "problem.json"
    text = file.read_text()
    assert '"complex"' in text
    file.write_text(
        text.replace('"complex": {\n  "h": [\n   0,\n   1', '"complex": {\n  "h": [\n   0,\n   7')
    )
    with pytest.raises(RunDirectoryError, match="columns"):
        load(tmp_path / "run")


def test_preflight_reports_both_parts():
    report = preflight(free())
    assert [e["name"] for e in report["equations"]] == ["free (re)", "free (im)"]
    assert report["warnings"] == []


def test_a_complex_reference_is_asked_once_for_both_parts():
    asked = []

    def truth(points):
        asked.append(len(points))
        return points[:, 0] + 2j * points[:, 1]

    problem = Problem(
        LINE, {"e": I * h.diff(t) + h.diff(x, 2)}, {"s": Initial(h, x)}, reference={h: truth}
    )
    points = np.array([[0.1, 0.2], [0.3, 0.4]])
    assert problem.truth(points).tolist() == [[0.1, 0.4], [0.3, 0.8]]
    assert asked == [2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda u: {"equations": {"e": u.diff(t) + I * u}}, r"equations\['e'\]: expected real"),
        (lambda u: {"conditions": {"c": Initial(u, I * x)}}, r"conditions\['c'\]: expected real"),
        (
            lambda u: {"conditions": {"c": Robin(u, 1, I, 0, on=Eq(x, 0))}},
            r"conditions\['c'\]: expected real",
        ),
        (
            lambda u: {"conditions": {"c": Operator(u.diff(x) - I * u)}},
            r"conditions\['c'\]: expected real",
        ),
        (lambda u: {"conditions": {"c": PointData(u, [[0.1, 0.2]], [1 + 1j])}}, "complex"),
    ],
)
def test_complex_data_for_a_real_unknown_are_refused_in_one_line(make, message):
    u = unknown("u", x, t)
    with pytest.raises(InputError, match=message) as caught:
        Problem(**({"domain": LINE, "equations": {"e": u.diff(t) - u.diff(x, 2)}} | make(u)))
    assert "\n" not in str(caught.value)


def test_real_unknowns_may_stand_beside_complex_ones():
    n = unknown("n", x, t)
    problem = Problem(
        LINE,
        {"envelope": I * h.diff(t) + h.diff(x, 2) - n * h, "density": n.diff(t) - Abs(h) ** 2},
        {"start": Initial(h, exp(I * x)), "density start": Initial(n, 0)},
    )
    assert [str(u.func) for u in problem.unknowns] == ["h_re", "h_im", "n"]
    assert list(problem.equations) == ["envelope (re)", "envelope (im)", "density"]


def test_absorbing_boundary_lets_a_plane_wave_out():
    y = coordinates("y")
    u, k = unknown("u", x, y, complex=True), 4
    wave = exp(I * k * x)
    slope = normal(x) * u.diff(x) + normal(y) * u.diff(y)
    problem = Problem(
        Rectangle((x, 0, 1), (y, 0, 1)),
        {"helmholtz": u.diff(x, 2) + u.diff(y, 2) + k**2 * u},
        {"absorbing": Operator(slope - I * k * u - I * k * (normal(x) - 1) * wave)},
        exact={u: wave},
    )
    solution = solve(problem, steps=3, threads=1)
    assert solution.summary["path"] == ["spectral least squares"]
    assert solution.errors["abs(u)"]["relative_l2"] < 1e-9


def test_split_step_conserves_the_norm_and_converges_with_order_four():
    def start(x):
        return 2 / np.cosh(x)

    points = np.c_[np.linspace(-4, 4, 40), np.linspace(0, 1, 40)]
    runs = [SplitStep(start, modes=128, steps=n)(points) for n in (200, 400, 1600)]
    errors = [np.abs(r - runs[-1]).max() for r in runs[:-1]]
    assert 3.5 < np.log2(errors[0] / errors[1]) < 4.8
    kept = SplitStep(start, modes=128, steps=400).solution(np.linspace(0, 1, 41))
    norms = np.square(np.abs(kept)).sum(axis=1)
    assert np.ptp(norms) < 1e-12 * norms[0]
