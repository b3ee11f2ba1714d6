"""A problem on a mesh: solved, stored, loaded without its files, and written on the mesh."""

import meshio
import numpy as np
import pytest
from sympy import cos, exp, sin

import kanpde
from kanpde import (
    Dirichlet,
    Initial,
    Mesh,
    Neumann,
    Problem,
    TimeInterval,
    coordinates,
    gradient,
    unknown,
)
from kanpde.cli import main

x, y, z, t = coordinates("x y z t")


@pytest.fixture
def solved(makers, tmp_path):
    """-div(k grad u) = f on a meshed rectangle, k from the file, a flux through one group."""
    made = makers.square(8)
    made.point_data["k"] = 1 + made.points[:, 0] / 2 + made.points[:, 1] ** 2
    file = tmp_path / "own.vtu"
    meshio.write(file, made)
    mesh = Mesh((x, y), file, parts={"hot": y > 0.999})
    u = unknown("u", x, y)
    exact = sin(x) * exp(y)
    true_k = 1 + x / 2 + y**2

    def balance(u, k):
        return sum((k * g).diff(s) for s, g in zip((x, y), gradient(u, x, y), strict=True))

    problem = Problem(
        domain=mesh,
        equations={"heat": balance(u, mesh.field("k")(x, y)) - balance(exact, true_k)},
        conditions={
            "cold": Dirichlet(u, exact, on="boundary"),
            "hot": Neumann(u, exact.diff(y), on="hot"),
        },
        exact={u: exact},
        name="plate",
    )
    out = tmp_path / "run"
    solution = kanpde.solve(problem, out=out, time_limit=20, tolerance=1e-6)
    return solution, out, file


def test_a_problem_on_a_mesh_is_solved_stored_and_written_on_it(solved, tmp_path, capsys):
    solution, out, file = solved
    assert solution.errors["u"]["relative_l2"] < 1e-6
    file.rename(tmp_path / "elsewhere.vtu")  # the run directory needs it no more
    loaded = kanpde.load(out)
    assert loaded.problem.domain == solution.problem.domain
    points = loaded.problem.domain.points
    assert np.array_equal(loaded(points), solution(points))
    residuals = loaded.residuals(points)["heat"]
    assert np.array_equal(residuals, solution.residuals(points)["heat"])
    target = tmp_path / "result.vtu"
    code = main(
        ["export", str(out), "--mesh", str(tmp_path / "elsewhere.vtu"), "--out", str(target)]
    )
    assert (code, capsys.readouterr().out.strip()) == (0, str(target))
    read = meshio.read(target)
    assert np.array_equal(read.point_data["u"], solution(read.points[:, :2])[:, 0])
    assert np.array_equal(read.point_data["k"], 1 + read.points[:, 0] / 2 + read.points[:, 1] ** 2)


def test_a_problem_inside_a_closed_surface_is_solved(makers):
    u = unknown("u", x, y, z)
    exact = cos(x) * exp(y) + z**2
    mesh = Mesh((x, y, z), makers.octahedron(level=2))
    problem = Problem(
        domain=mesh,
        equations={"poisson": u.diff(x, 2) + u.diff(y, 2) + u.diff(z, 2) - 2},
        conditions={"skin": Dirichlet(u, exact)},
        exact={u: exact},
    )
    solution = kanpde.solve(problem, time_limit=10, tolerance=1e-4)
    assert solution.errors["u"]["relative_l2"] < 1e-4


def test_values_of_the_file_serve_as_boundary_and_initial_data(makers, tmp_path):
    made = makers.square(8)
    made.point_data["T"] = 1 + made.points[:, 0] ** 2 - made.points[:, 1]
    mesh = Mesh((x, y), made)
    u, T = unknown("u", x, y, t), mesh.field("T")(x, y)
    problem = Problem(
        domain=mesh * TimeInterval(t, 0, 0.5),
        equations={"heat": u.diff(t) - u.diff(x, 2) - u.diff(y, 2)},
        conditions={"rim": Dirichlet(u, T + 2 * t), "start": Initial(u, T)},
        exact={u: 1 + x**2 - y + 2 * t},
    )
    solution = kanpde.solve(problem, out=tmp_path / "run", time_limit=20, tolerance=1e-6)
    assert solution.errors["u"]["relative_l2"] < 1e-8
    points = np.array([[0.5, 0.25, 0.1], [1.5, 0.75, 0.4]])
    assert np.array_equal(kanpde.load(tmp_path / "run")(points), solution(points))


def test_export_refuses_a_mesh_with_a_table(tmp_path, capsys):
    assert main(["export", str(tmp_path), "--mesh", "a.vtu", "--format", "csv"]) == 2
    assert "--mesh: expected --format vtu" in capsys.readouterr().err
