"""Exact conditions on disks, ellipses and convex polygons."""

import numpy as np
import pytest

from kanpde import (
    Dirichlet,
    Disk,
    Ellipse,
    Neumann,
    Problem,
    Rectangle,
    Triangle,
    coordinates,
    solve,
    unknown,
)
from kanpde.trial.exact._ansatz import build

x, y = coordinates("x y")
u = unknown("u", x, y)
LAPLACE = u.diff(x, 2) + u.diff(y, 2)
BIHARMONIC = u.diff(x, 4) + 2 * u.diff(x, 2, y, 2) + u.diff(y, 4)


def built(domain, equation, conditions):
    problem = Problem(domain, {"equation": equation}, conditions)
    ansatzes = build(problem)
    return ansatzes.parts[0], ansatzes.imposed, ansatzes.reasons


def test_an_ellipse_takes_its_value_exactly_and_solves_to_round_off(rng):
    domain = Ellipse((x, y), center=(0.5, 0), radii=(2, 1), angle=0.3)
    problem = Problem(domain, {"poisson": LAPLACE + 1}, {"rim": Dirichlet(u, x * y)})
    solution = solve(problem)
    assert solution.imposed == {"rim": "exact"}
    points, *_ = domain.boundary(100, rng=rng)
    assert np.abs(solution(points)[:, 0] - points.prod(axis=1)).max() < 1e-13
    inside, _ = domain.interior(100, rng=rng)
    a, b = (x - 0.5), y  # u = xy + (1 - s) c has the Laplacian -c (2/a^2 + 2/b^2)
    vanishing = domain.vanishing_on(["boundary"])
    bump = 1 / -(vanishing.diff(x, 2) + vanishing.diff(y, 2)) * vanishing
    expected = [float((x * y + bump).subs({x: p, y: q})) for p, q in inside]
    assert np.abs(solution(inside)[:, 0] - expected).max() < 1e-12
    assert a.has(x)
    assert b.has(y)


def test_conditions_of_one_expression_hold_together():
    domain = Triangle((x, y), (0, 0), (1, 0), (0, 1))
    part, imposed, reasons = built(
        domain,
        LAPLACE,
        {
            "floor": Dirichlet(u, x, on="edge1"),
            "wall": Dirichlet(u, 0, on="edge3"),  # x is 0 there
            "slope": Neumann(u, 1, on="edge2"),
        },
    )
    assert imposed == {"floor": "exact", "wall": "exact", "slope": "rows"}
    assert part.g == x
    assert part.d == x * y
    assert "value" in reasons["slope"]


def test_other_data_become_rows():
    domain = Triangle((x, y), (0, 0), (1, 0), (0, 1))
    conditions = {"a": Dirichlet(u, x, on=["edge1", "edge2"]), "b": Dirichlet(u, y, on="edge3")}
    part, imposed, reasons = built(domain, LAPLACE, conditions)
    assert imposed == {"a": "exact", "b": "rows"}
    assert reasons["b"] == "its data are not those of 'a'"
    assert part.g == x


def test_a_clamped_disk_squares_the_distance():
    conditions = {"value": Dirichlet(u, x), "slope": Neumann(u, x)}  # n . grad x = x on r = 1
    part, imposed, _ = built(Disk((x, y)), BIHARMONIC - 1, conditions)
    assert imposed == {"value": "exact", "slope": "exact"}
    assert (part.d - (1 - x**2 - y**2) ** 2).expand() == 0


def test_another_slope_becomes_rows():
    conditions = {"value": Dirichlet(u, x), "slope": Neumann(u, y)}
    part, imposed, reasons = built(Disk((x, y)), BIHARMONIC - 1, conditions)
    assert imposed == {"value": "exact", "slope": "rows"}
    assert "not the normal derivative" in reasons["slope"]
    assert (part.d - (1 - x**2 - y**2)).expand() == 0


def test_a_hole_has_no_smooth_distance():
    domain = Rectangle((x, -1, 1), (y, -1, 1)) - Disk((x, y), radius=0.5)
    _, imposed, reasons = built(domain, LAPLACE, {"all": Dirichlet(u, 0)})
    assert imposed == {"all": "rows"}
    assert "no smooth distance" in reasons["all"]


@pytest.mark.parametrize("power", [1, 2])
def test_clamped_plate_reaches_the_closed_form(power, rng):
    domain = Disk((x, y), radius=2)
    conditions = {"value": Dirichlet(u, 0), "slope": Neumann(u, 0)}
    solution = solve(Problem(domain, {"plate": BIHARMONIC - power}, conditions))
    points, _ = domain.interior(100, rng=rng)
    expected = power * (4 - (points**2).sum(axis=1)) ** 2 / 64
    assert np.abs(solution(points)[:, 0] - expected).max() < 1e-13
