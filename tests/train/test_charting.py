"""Charts found from the domain, and what they bring."""

import math

import numpy as np
import pytest

from kanpde import (
    Annulus,
    Dirichlet,
    Disk,
    Initial,
    Polygon,
    Problem,
    Rectangle,
    Settings,
    TimeInterval,
    coordinates,
    load,
    solve,
    unknown,
)
from kanpde.geometry import corners, holes
from kanpde.nets import ChartedKAN
from kanpde.solvers._plan import make_plan

x, y, t = coordinates("x y t")
u = unknown("u", x, y)
SQUARE = Rectangle((x, -1, 1), (y, -1, 1))
ROOM = SQUARE - Rectangle((x, 0, 1), (y, -1, 0))


def poisson(domain, load=1):
    return Problem(domain, {"p": u.diff(x, 2) + u.diff(y, 2) + load}, {"rim": Dirichlet(u, 0)})


def test_holes_and_corners_are_found():
    plate = SQUARE - Disk((x, y), (0.4, 0.5), 0.2) - Disk((x, y), (-0.5, 0), 0.3)
    found = holes(plate)
    assert np.allclose([h.center for h in found], [(-0.5, 0), (0.4, 0.5)], atol=1e-9)
    assert np.allclose([h.radius for h in found], [0.3, 0.2], rtol=2e-4)
    assert corners(plate) == []
    [corner] = corners(ROOM)
    assert np.allclose(corner.vertex, 0, atol=1e-12)
    assert math.isclose(corner.opening, 1.5 * math.pi)
    assert math.isclose(corner.direction, 0.75 * math.pi)
    assert math.isinf(corner.reach)


def test_a_slit_is_seen_by_the_opposite_wall():
    star = [(0, 0), (2, -2), (4, 0), (2.2, 0), (2, 1), (1.8, 0)]  # a notch from above
    notched = Polygon((x, y), [(0, 0), (4, 0), (4, 3), (2.2, 3), (2, 1), (1.8, 3), (0, 3)])
    [corner] = corners(notched)
    assert np.allclose(corner.vertex, (2, 1))
    assert math.isinf(corner.reach)
    inner = Polygon((x, y), [(-5, -5), (9, -5), (9, 5), (-5, 5)], holes=[star])
    reaches = sorted(c.reach for c in corners(inner))
    assert len(reaches) == 4  # the two vertices of the star that point inwards do not count
    assert all(0 < r < 9 for r in reaches)


def test_charts_go_into_the_network_unless_switched_off():
    plan = make_plan(poisson(ROOM), Settings())
    assert [c.kind for c in plan.charts] == ["corner"]
    assert make_plan(poisson(ROOM), Settings(charts=False)).charts == ()
    assert make_plan(poisson(SQUARE), Settings()).charts == ()
    assert make_plan(poisson(Disk((x, y))), Settings()).charts == ()


def test_the_corner_of_a_room_gains_three_digits(tmp_path, rng):
    points, _ = ROOM.interior(300, rng=rng)
    fine = solve(poisson(ROOM), Settings(steps=5, time_limit=60))
    plain = solve(poisson(ROOM), Settings(steps=5, time_limit=60, charts=False))
    assert isinstance(fine.trial.network, ChartedKAN)
    rough = solve(poisson(ROOM), Settings(steps=3, time_limit=60))
    size = np.linalg.norm(fine(points))
    assert np.linalg.norm(rough(points) - fine(points)) < 2e-3 * size
    assert np.linalg.norm(plain(points) - fine(points)) > 3e-2 * size
    # The middle of the upper left square: 0.131053 by degree 40 with heavier walls.
    assert abs(float(fine(np.array([[-0.5, 0.5]]))[0, 0]) - 0.131053) < 3e-4 * 0.131
    fine.save(tmp_path / "run")
    assert np.array_equal(load(tmp_path / "run")(points), fine(points))


def test_diffusion_about_a_hole_takes_the_time_along(rng):
    domain = Annulus((x, y), inner=0.5, outer=1) * TimeInterval(t, 0, 1)
    w = unknown("w", x, y, t)
    # w = t log r solves w_t = Laplace w + log r; r as its own square root of polynomials
    from sympy import log, sqrt

    exact = t * log(sqrt(x**2 + y**2))
    problem = Problem(
        domain,
        {"heat": w.diff(t) - w.diff(x, 2) - w.diff(y, 2) - exact.diff(t)},
        {
            "start": Initial(w, 0),
            "inner": Dirichlet(w, -log(2) * t, on="inner"),
            "outer": Dirichlet(w, 0, on="outer"),
        },
        exact={w: exact},
    )
    solution = solve(problem, Settings(time_limit=30, steps=3))
    assert isinstance(solution.trial.network, ChartedKAN)
    assert solution.errors["w"]["relative_l2"] < 1e-9


@pytest.mark.parametrize("number", [1, 2])
def test_a_nonlinear_problem_uses_them_too(number):
    domain = Annulus((x, y), inner=0.5, outer=1)
    from sympy import log, sqrt

    exact = 1 + number * log(sqrt(x**2 + y**2))  # harmonic
    problem = Problem(
        domain,
        {"p": u.diff(x, 2) + u.diff(y, 2) + u**3 - exact**3},
        {"rim": Dirichlet(u, exact)},
        exact={u: exact},
    )
    solution = solve(problem, Settings(time_limit=30))
    assert solution.summary["path"] == ["spectral least squares, Gauss-Newton, charts about 1 hole"]
    assert solution.errors["u"]["relative_l2"] < 1e-10
