"""Measurements come from arrays, CSV files and meshes, with their own standard deviations."""

import meshio
import numpy as np
import pytest
from sympy import Eq, Symbol

from kanpde import (
    Constant,
    Dirichlet,
    InputError,
    Interval,
    PointData,
    Problem,
    Status,
    TimeInterval,
    coordinates,
    solve,
    table,
    unknown,
)
from kanpde.cli._problem_file import load_problem

x, t = coordinates("x t")
u = unknown("u", x, t)
v, w = unknown("v", x), unknown("w", x)
ROWS = "x,t,u,error\n0.5,0.25,1.5,0.1\n0.25,1,-2,0.2\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(ROWS)
    return path


def test_csv_columns_are_found_by_the_names_of_coordinates_and_unknown(file):
    data = PointData.from_csv(u, file, sd="error")
    assert data.points.tolist() == [[0.5, 0.25], [0.25, 1.0]]
    assert data.values.tolist() == [1.5, -2.0]
    assert data.sd.tolist() == [0.1, 0.2]


def test_csv_columns_can_be_named_and_are_needed_for_an_expression(file):
    data = PointData.from_csv(2 * u.diff(x), file, columns=("t", "x", "error"))
    assert data.points.tolist() == [[0.25, 0.5], [1.0, 0.25]]
    assert data.values.tolist() == [0.1, 0.2]
    with pytest.raises(InputError, match="expected columns="):
        PointData.from_csv(2 * u, file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,t,w\n1,2,3\n", "expected a column 'u'; it holds x, t, w"),
        ("x,t,u\n1,2,three\n", "row 2: expected a number in column 'u', got 'three'"),
        ("x,t,u\n1,2\n", "row 2: expected 3 entries, got 2"),
        ("x,t,u\n", "expected a header and at least one row, got 1 rows"),
        ("x,t,u\n1,2,nan\n", "expected finite numbers, got NaN"),
    ],
)
def test_damaged_csv_is_one_line(file, text, message):
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        PointData.from_csv(u, file)


def test_missing_files_are_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot read it"):
        PointData.from_csv(u, tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"none\.vtu: expected a mesh file, found none"):
        PointData.from_mesh(v, tmp_path / "none.vtu")


def test_relative_path_stands_beside_the_problem_file(file, tmp_path, monkeypatch):
    problem = tmp_path / "inverse.py"
    problem.write_text(
        "from kanpde import *\n"
        "def problem():\n"
        "    x, t = coordinates('x t')\n"
        "    u = unknown('u', x, t)\n"
        "    return Problem(Interval(x, 0, 1) * TimeInterval(t, 0, 1), {'e': u.diff(t)},\n"
        "                   {'data': PointData.from_csv(u, 'data.csv')})\n"
    )
    monkeypatch.chdir(tmp_path.parent)
    loaded, _ = load_problem(str(problem))
    assert loaded.conditions["data"].values.tolist() == [1.5, -2.0]


def test_mesh_gives_its_point_data_at_a_given_time(tmp_path):
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    mesh = meshio.Mesh(points, [("triangle", [[0, 1, 2]])], point_data={"u": [1.0, 2.0, 3.0]})
    mesh.write(tmp_path / "mesh.vtu")
    data = PointData.from_mesh(u, tmp_path / "mesh.vtu", at={t: 0.5})
    assert data.points.tolist() == [[0.0, 0.5], [1.0, 0.5], [0.0, 0.5]]
    assert data.values.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(InputError, match="expected point data 'T'; it holds u"):
        PointData.from_mesh(u, tmp_path / "mesh.vtu", field="T", at={t: 0.5})


def test_points_count_by_their_standard_deviations():
    data = PointData(v, [[0.0], [1.0], [2.0]], 0.0, sd=[1.0, 2.0, 2.0])
    np.testing.assert_allclose(data.weights, [2 / 3, 1 / 6, 1 / 6])
    np.testing.assert_allclose(PointData(v, [[0.0], [1.0]], 0.0).weights, [0.5, 0.5])


@pytest.mark.parametrize("sd", [[1.0, 0.0], [1.0, -1.0], [1.0, np.inf]])
def test_standard_deviations_are_positive(sd):
    with pytest.raises(InputError, match="PointData sd: expected positive numbers"):
        PointData(v, [[0.0], [1.0]], 0.0, sd=sd)


def test_complex_data_for_a_real_unknown_are_refused():
    with pytest.raises(InputError, match="expected real numbers for a real unknown"):
        PointData(v, [[0.0], [1.0]], [1.0, 1j])


def test_data_outside_the_domain_are_told_with_the_first_point():
    data = PointData(u, [[0.5, 0.5], [0.5, 1.25]], [0.0, 0.0])
    message = r"conditions\['data'\]: 1 of 2 data points lie outside the domain, the first at"
    with pytest.raises(InputError, match=message):
        Problem(Interval(x, 0, 1) * TimeInterval(t, 0, 1), {"e": u.diff(t)}, {"data": data})


def test_constant_that_nothing_uses_and_a_start_outside_its_bounds_are_refused():
    with pytest.raises(InputError, match="k is used by no equation or condition"):
        Problem(Interval(x, 0, 1), {"e": v.diff(x)}, constants={Symbol("k"): Constant(1.0)})
    with pytest.raises(InputError, match=r"expected a value inside \(2.0, 3.0\), got 1.0"):
        Constant(1.0, bounds=(2, 3))


def test_slopes_are_data_like_values():
    """u' = -k u, u(0) = 1: fluxes -2 u' = 2 k exp(-k x) tell of k = 1.3."""
    k = Symbol("k", real=True)
    points = np.linspace(0.1, 2, 30)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(30)
    fluxes = 2 * 1.3 * np.exp(-1.3 * points) + noise
    problem = Problem(
        Interval(x, 0, 2),
        {"ode": v.diff(x) + k * v},
        {
            "start": Dirichlet(v, 1, on=Eq(x, 0)),
            "flux": PointData(-2 * v.diff(x), points[:, None], fluxes),
        },
        constants={k: Constant(0.5, bounds=(0, None))},
    )
    solution = solve(problem, threads=1)
    assert solution.summary["path"] == ["spectral least squares, unknown constants"]
    assert solution.constants["k"] == pytest.approx(1.3, abs=1e-3)


def test_data_of_a_nonlinear_expression_are_met_by_newton():
    """Linear equations alone do not make a problem linear: one least squares missed v(1) = 2."""
    given = {"left": Dirichlet(v, 1, "x=0"), "square": PointData(v**2, [[1.0]], 4)}
    problem = Problem(Interval(x, 0, 1), {"ode": v.diff(x, 2)}, given)
    solution = solve(problem, time_limit=20)
    assert solution.summary["linear"] is False
    assert solution.status is Status.CONVERGED
    assert abs(solution(np.array([[1.0]]))[0, 0] - 2) < 1e-10


def test_tables_are_coefficients_and_boundary_values(tmp_path):
    """(a u')' + f = 0 with a = 1 + x and u = 1.5 x - x^2: f = 0.5 + 4 x, u(1) = 0.5."""
    grid = np.linspace(0, 1, 21)
    a = table("a", grid, 1 + grid)
    f = table("f", grid, 0.5 + 4 * grid)
    g = table("g", grid, 0.5 * grid)
    problem = Problem(
        Interval(x, 0, 1),
        {"ode": (a(x) * v.diff(x)).diff(x) + f(x)},
        {"left": Dirichlet(v, 0, on=Eq(x, 0)), "right": Dirichlet(v, g(x), on=Eq(x, 1))},
    )
    solution = solve(problem, threads=1, out=tmp_path / "run")
    truth = 1.5 * grid - grid**2
    assert np.abs(solution(grid[:, None])[:, 0] - truth).max() < 1e-12
    from kanpde import load

    again = load(tmp_path / "run")
    assert np.array_equal(again(grid[:, None]), solution(grid[:, None]))


def test_a_damaged_mesh_of_data_is_one_line(tmp_path):
    (tmp_path / "mesh.vtu").write_text("<VTKFile type='Unstructured")
    with pytest.raises(InputError, match="expected a mesh that meshio reads") as caught:
        PointData.from_mesh(u, tmp_path / "mesh.vtu", at={t: 0.5})
    assert "\n" not in str(caught.value)
