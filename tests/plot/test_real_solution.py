import meshio
import numpy as np
import pytest
from sympy import pi, sin

import kanpde
from kanpde.export import write_vtu
from kanpde.plot import save_figures


@pytest.mark.slow
def test_a_solved_and_loaded_problem_is_drawn_and_exported_alike(tmp_path):
    x, y = kanpde.coordinates("x y")
    u = kanpde.unknown("u", x, y)
    exact = sin(pi * x) * sin(pi * y)
    problem = kanpde.Problem(
        domain=kanpde.Rectangle((x, -1, 1), (y, -1, 1)),
        equations={"poisson": kanpde.laplacian(u, x, y) + 2 * pi**2 * exact},
        conditions={"walls": kanpde.Dirichlet(u, 0)},
        exact={u: exact},
    )
    solved = kanpde.solve(problem, steps=2, out=tmp_path / "run")
    loaded = kanpde.load(tmp_path / "run")
    written = []
    for name, solution in (("solved", solved), ("loaded", loaded)):
        figures = save_figures(solution, tmp_path / name, dpi=50)
        expected = ["solution.png", "error.png", "residual.png", "convergence.png"]
        assert [p.name for p in figures] == expected
        (path,) = write_vtu(solution, tmp_path / name / "solution.vtu", resolution=11)
        written.append(meshio.read(path))
    points = written[0].points[:, :2]
    assert (written[0].point_data["u"] == solved(points)[:, 0]).all()
    gap = written[0].point_data["u"] - written[1].point_data["u"]
    assert np.abs(gap).max() <= 1e-15
