"""Problems on cut and on named domains: conditions find their parts, results load back."""

import numpy as np
import sympy

from kanpde import (
    Dirichlet,
    Disk,
    Problem,
    Rectangle,
    Settings,
    TimeInterval,
    coordinates,
    laplacian,
    load,
    preflight,
    solve,
    unknown,
)

x, y, t = coordinates("x y t")
u = unknown("u", x, y)


def test_a_square_with_a_hole_is_solved_by_rows_and_loads_back(tmp_path):
    domain = Rectangle((x, 0, 1), (y, 0, 1)) - Disk((x, y), (0.5, 0.5), 0.2, name="hole")
    truth = sympy.sin(3 * x) * sympy.exp(y) * ((x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.04)
    problem = Problem(
        domain,
        {"poisson": laplacian(u, x, y) - laplacian(truth, x, y)},
        {
            "hole": Dirichlet(u, 0, on="hole"),
            "left": Dirichlet(u, truth, on="x=0"),
            "right": Dirichlet(u, truth, on=sympy.Eq(x, 1)),
            "rest": Dirichlet(u, truth, on=["y=0", "y=1"]),
        },
        exact={u: truth},
    )
    report = preflight(problem)
    assert [c["imposed"] for c in report["conditions"]] == 4 * ["rows"]
    assert report["warnings"] == []
    found = solve(problem, Settings(charts=False, tolerance=1e-5), out=tmp_path / "run")
    assert found.errors["u"]["relative_l2"] < 1e-4
    again = load(tmp_path / "run")
    assert again.problem.domain == domain
    points, _ = domain.interior(50, rng=np.random.default_rng(0))
    assert np.array_equal(again(points), found(points))


def test_a_side_without_a_condition_is_named():
    domain = Rectangle((x, 0, 1), (y, 0, 1)) - Disk((x, y), (0.5, 0.5), 0.2, name="hole")
    problem = Problem(
        domain, {"poisson": laplacian(u, x, y) + 1}, {"hole": Dirichlet(u, 0, on="hole")}
    )
    [warning] = preflight(problem)["warnings"]
    assert "none at x=0, x=1, y=0, y=1" in warning


def test_the_mirror_of_a_named_box_keeps_its_name():
    workspace = Rectangle((x, -1, 1), (y, -1, 1), name="room")
    walls = Dirichlet(u, 0, on=["room:x=-1", "room:x=1", "room:y=-1", "room:y=1"])
    truth = sympy.sin(sympy.pi * x) * sympy.cos(sympy.pi * y / 2)
    problem = Problem(
        workspace, {"poisson": laplacian(u, x, y) - laplacian(truth, x, y)}, {"walls": walls}
    )
    found = solve(problem, Settings(tolerance=1e-6))
    values = np.asarray(found([[0.5, 0.25], [-0.5, 0.25]])).ravel()
    assert abs(values[0] + values[1]) < 1e-12
    assert abs(values[0] - np.cos(np.pi / 8)) < 1e-5


def test_points_of_a_cut_times_time_are_where_they_belong():
    domain = (Rectangle((x, 0, 1), (y, 0, 1)) - Disk((x, y), (0, 0), 0.5)) * TimeInterval(t, 0, 2)
    points, normals, weights, _ = domain.boundary(64, part="boundary", rng=np.random.default_rng(0))
    assert abs(np.hypot(points[:, 0], points[:, 1]) - 0.5).max() < 1e-15
    assert abs(normals[:, :2] + points[:, :2] / 0.5).max() < 1e-15
    assert abs(weights.sum() - np.pi / 4 * 2) < 1e-14
