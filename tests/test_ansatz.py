"""Exact conditions hold for any coefficients, and are not imposed where they would be wrong."""

from pathlib import Path

import numpy as np
import pytest
import sympy
import torch
from sympy import Eq, cos, pi, sin

import kanpde
from kanpde import (
    Ball,
    Box,
    Constant,
    Dirichlet,
    Disk,
    Initial,
    Interval,
    Neumann,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    Settings,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)
from kanpde.basis import Chebyshev
from kanpde.calculus._jets import JetSpace, unit
from kanpde.errors import InputError
from kanpde.nets import KAN
from kanpde.problem.conditions._interface import row_names
from kanpde.problem.passes._periodic import check_periodic
from kanpde.solvers._plan import make_plan
from kanpde.trial.exact._ansatz import build

PROBLEMS = sorted(
    path.stem for path in (Path(kanpde.__file__).parents[1] / "problems").glob("[a-z]*.py")
)
# g and D are evaluated in closed form: rounding of numbers of the size of the data.
EXACT = 1e-10
# Slopes, impedance, no condition at all, and more coordinates than distances are made for.
BY_ROWS = {"integral_constraint", "helmholtz_absorbing", "love", "poisson_nd", "poisson_100d"}
BY_ROWS |= {"annulus", "channel_disc", "gear", "l_shape", "plate_hole", "scattering", "stl_ball"}


def random_trial(problem, seed=0):
    plan = make_plan(problem, Settings())
    width = [plan.frame.inputs, 4, len(problem.unknowns)]
    generator = torch.Generator().manual_seed(seed)
    net = KAN(width, basis=Chebyshev(4), generator=generator).double()
    trial = plan.trial(net)
    drawn = torch.randn(net.count, generator=generator, dtype=torch.float64)
    trial.set(torch.cat((drawn, trial.eta.detach())))
    return plan, trial


def values_of(problem, expression, points, normals=None):
    symbols = [sympy.Symbol(f"n_{x.name}", real=True) for x in problem.coordinates]
    normals = np.zeros_like(points) if normals is None else normals
    function = sympy.lambdify([*problem.coordinates, *symbols], expression, "numpy")
    return np.broadcast_to(function(*points.T, *normals.T), len(points))


def derivative_of(problem, trial, u, alpha, points):
    space = JetSpace.closed(problem.dimension, [alpha])
    site = trial.site(torch.as_tensor(points), space)
    jets = trial.jets(site).detach().numpy()
    return jets[space.position(alpha), :, problem.unknowns.index(u)]


def error_of(problem, trial, condition, rng):
    """Largest violation of a condition at random points of its face."""
    domain, u, d = problem.domain, condition.unknown, problem.dimension
    if isinstance(condition, Dirichlet | Neumann):
        on = domain.resolve(condition.on)
        points, normals, *_ = domain.boundary(60, part=on, sampler="uniform", rng=rng)
        target = values_of(problem, condition.value, points)
        if isinstance(condition, Dirichlet):
            return np.abs(derivative_of(problem, trial, u, (0,) * d, points) - target)
        slopes = [derivative_of(problem, trial, u, unit(d, k), points) for k in range(d)]
        return np.abs(sum(n * s for n, s in zip(normals.T, slopes, strict=True)) - target)
    if isinstance(condition, Initial):
        points, _ = domain.initial(60, sampler="uniform", rng=rng)
        axis = problem.coordinates.index(problem.time)
        alpha = tuple(condition.order * k for k in unit(d, axis))
        target = values_of(problem, condition.value, points)
        return np.abs(derivative_of(problem, trial, u, alpha, points) - target)
    assert isinstance(condition, Periodic)
    axis = problem.coordinates.index(condition.coordinate)
    low, high, _ = domain.pair(condition.coordinate, 60, sampler="uniform", rng=rng)
    gaps = []
    for m in range(max(1, problem.orders(problem.unknowns.index(u))[axis])):
        alpha = tuple(m * k for k in unit(d, axis))
        both = [derivative_of(problem, trial, u, alpha, p) for p in (low, high)]
        gaps.append(np.abs(both[0] - both[1]) / max(1.0, np.abs(both[0]).max()))
    return np.concatenate(gaps)


def check(problem, rng, **expected):
    """Every condition marked exact holds; `expected` says which are."""
    plan, trial = random_trial(problem)
    imposed = plan.imposed
    for name, how in expected.items():
        assert imposed[name] == how, plan.ansatzes.reasons
    assert set(imposed) == {*row_names(problem.conditions), *plan.problem.conditions}
    for name, condition in problem.conditions.items():
        if imposed[name] == "exact":
            assert error_of(problem, trial, condition, rng).max() < EXACT, name
        else:
            assert len(plan.ansatzes.reasons.get(name, "")) > 0 or not isinstance(
                condition, Dirichlet | Neumann | Initial
            )
    return plan


@pytest.mark.parametrize("name", PROBLEMS)
def test_exact_conditions_of_the_problem_files_hold_for_any_coefficients(name, load_problem, rng):
    problem = load_problem(name)
    plan = check(problem, rng)
    # a kink at its seam: half the domain, beside a heat solution
    wanted = {"allen_cahn": {"start": "exact", "seam": "rows"}}.get(name)
    for condition, how in (wanted or {}).items():
        assert plan.imposed[condition] == how
    exact = [c for c, how in plan.ansatzes.imposed.items() if how == "exact"]
    assert exact or name in BY_ROWS


def test_allen_cahn_start_jumps_across_its_seam(load_problem):
    ansatzes = build(load_problem("allen_cahn"))
    (reason,) = ansatzes.reasons.values()
    assert "derivative 1 in x jumps" in reason
    assert "across the periodic seam" in reason


def test_switching_exact_conditions_off_leaves_all_to_rows(load_problem):
    ansatzes = build(load_problem("heat"), exact=False)
    assert set(ansatzes.imposed.values()) == {"rows"}
    assert set(ansatzes.reasons.values()) == {"exact conditions are switched off"}
    assert [(p.g, p.d) for p in ansatzes.parts] == [(0, 1)]
    assert ansatzes.periodic == ()


@pytest.fixture
def square():
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    return x, y, u, Rectangle((x, 0, 1), (y, -1, 2))


@pytest.fixture
def strip():
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return x, t, u, Interval(x, -1, 2) * TimeInterval(t, 1, 3)


def test_lid_driven_cavity_demotes_one_wall_to_rows(square, rng):
    x, y, u, domain = square
    walls = [Eq(x, 0), Eq(x, 1), Eq(y, -1)]
    conditions = {"walls": Dirichlet(u, 0, on=walls), "lid": Dirichlet(u, 1, on=Eq(y, 2))}
    problem = Problem(domain, {"laplace": laplacian(u, x, y)}, conditions)
    plan = check(problem, rng, walls="exact", lid="rows")
    assert "conflicts by" in plan.ansatzes.reasons["lid"]
    assert "where they meet" in plan.ansatzes.reasons["lid"]


def test_boundary_data_that_agree_in_the_corners_are_exact(square, rng):
    x, y, u, domain = square
    data = sin(x) * sympy.exp(y) + x * y
    problem = Problem(domain, {"e": laplacian(u, x, y)}, {"all": Dirichlet(u, data)})
    check(problem, rng, all="exact")


def test_mixed_dirichlet_and_neumann_faces_keep_one_kind_exact(square, rng):
    x, y, u, domain = square
    truth = sin(x + 2 * y)
    conditions = {
        "sides": Dirichlet(u, truth, on=[Eq(x, 0), Eq(x, 1)]),
        "flux": Neumann(u, truth.diff(y), on=Eq(y, 2)),
    }
    problem = Problem(domain, {"e": laplacian(u, x, y)}, conditions)
    plan = check(problem, rng, sides="exact", flux="rows")
    assert "not prescribed" in plan.ansatzes.reasons["flux"]


def test_clamped_plate_is_exact_in_value_and_slope(square, rng):
    x, y, u, domain = square
    plate = laplacian(laplacian(u, x, y), x, y)
    conditions = {"value": Dirichlet(u, 0), "slope": Neumann(u, 0)}
    problem = Problem(domain, {"plate": plate - 1}, conditions)
    check(problem, rng, value="exact", slope="exact")


def test_clamped_ends_take_data_of_either_sign(rng):
    x = coordinates("x")
    u = unknown("u", x)
    truth = sin(2 * x) + x**2
    conditions = {
        "value": Dirichlet(u, truth),
        "left": Neumann(u, -truth.diff(x), on=Eq(x, -1)),
        "right": Neumann(u, truth.diff(x), on=Eq(x, 3)),
    }
    problem = Problem(Interval(x, -1, 3), {"beam": u.diff(x, 4) - 1}, conditions)
    check(problem, rng, value="exact", left="exact", right="exact")


def test_value_and_slope_at_one_end_of_a_second_order_equation_are_exact(rng):
    x = coordinates("x")
    u = unknown("u", x)
    conditions = {
        "slope": Neumann(u, 3, on=Eq(x, 0)),
        "value": Dirichlet(u, 2, on=Eq(x, 0)),
    }
    problem = Problem(Interval(x, 0, 1), {"e": u.diff(x, 2) + u}, conditions)
    check(problem, rng, value="exact", slope="exact")


def test_slope_of_a_first_order_equation_stays_rows(rng):
    x = coordinates("x")
    u = unknown("u", x)
    conditions = {
        "value": Dirichlet(u, 2, on=Eq(x, 0)),
        "slope": Neumann(u, 3, on=Eq(x, 0)),
    }
    problem = Problem(Interval(x, 0, 1), {"e": u.diff(x) + u}, conditions)
    plan = check(problem, rng, value="exact", slope="rows")
    assert "as many derivatives as the equation" in plan.ansatzes.reasons["slope"]


def test_start_that_disagrees_with_the_walls_becomes_rows(strip, rng):
    x, t, u, domain = strip
    conditions = {"start": Initial(u, cos(x)), "walls": Dirichlet(u, 0)}
    problem = Problem(domain, {"heat": u.diff(t, 2) - u.diff(x, 2)}, conditions)
    plan = check(problem, rng, walls="exact", start="rows")
    assert "conflicts by" in plan.ansatzes.reasons["start"]


def test_start_that_disagrees_with_the_walls_is_exact_beside_a_heat_solution(strip, rng):
    x, t, u, domain = strip
    conditions = {"start": Initial(u, cos(x)), "walls": Dirichlet(u, 0)}
    problem = Problem(domain, {"heat": u.diff(t) - u.diff(x, 2)}, conditions)
    plan = make_plan(problem, Settings())
    assert plan.imposed == {"start": "exact", "walls": "exact"}
    assert list(plan.ansatzes.lifted) == ["walls"]
    assert make_plan(problem, Settings(lift=False)).imposed["start"] == "rows"


def test_start_that_agrees_with_moving_walls_is_exact(strip, rng):
    x, t, u, domain = strip
    truth = sin(x * t) + t**2
    conditions = {
        "start": Initial(u, truth.subs(t, 1)),
        "speed": Initial(u.diff(t), truth.diff(t).subs(t, 1)),
        "walls": Dirichlet(u, truth),
    }
    problem = Problem(domain, {"wave": u.diff(t, 2) - u.diff(x, 2)}, conditions)
    check(problem, rng, start="exact", speed="exact", walls="exact")


def test_speed_without_the_value_becomes_rows(strip, rng):
    x, t, u, domain = strip
    conditions = {"speed": Initial(u.diff(t), 0), "walls": Dirichlet(u, 0)}
    problem = Problem(domain, {"wave": u.diff(t, 2) - u.diff(x, 2)}, conditions)
    plan = check(problem, rng, speed="rows")
    assert "not prescribed" in plan.ansatzes.reasons["speed"]


def test_value_given_twice_on_a_face_is_not_imposed_twice(square, rng):
    x, y, u, domain = square
    conditions = {"one": Dirichlet(u, 0, on=Eq(x, 0)), "two": Dirichlet(u, 1, on=Eq(x, 0))}
    problem = Problem(domain, {"e": laplacian(u, x, y)}, conditions)
    plan = check(problem, rng, one="exact", two="rows")
    assert "twice" in plan.ansatzes.reasons["two"]


def test_condition_on_part_of_a_face_becomes_rows(square, rng):
    x, y, u, domain = square
    part = Dirichlet(u, 0, on=lambda points: points[:, 1] < 0)
    problem = Problem(domain, {"e": laplacian(u, x, y)}, {"part": part})
    plan = check(problem, rng, part="rows")
    assert "part of a face" in plan.ansatzes.reasons["part"]


def test_unknown_constant_in_the_data_becomes_rows(strip, rng):
    x, t, u, domain = strip
    a = sympy.Symbol("a", real=True)
    conditions = {"start": Initial(u, a * sin(x)), "walls": Dirichlet(u, 0)}
    problem = Problem(
        domain, {"heat": u.diff(t) - u.diff(x, 2)}, conditions, constants={a: Constant(1.0)}
    )
    plan = check(problem, rng, start="rows", walls="exact")
    assert "unknown constant" in plan.ansatzes.reasons["start"]


@pytest.mark.parametrize("value", ["1/x", "log(x)", "sqrt(x - 2)"])
def test_data_that_are_not_finite_on_their_face_become_rows(square, value):
    x, y, u, domain = square
    data = sympy.sympify(value, locals={"x": x}) + y
    problem = Problem(domain, {"e": laplacian(u, x, y)}, {"left": Dirichlet(u, data, on=Eq(x, 0))})
    assert build(problem).imposed["left"] == "rows"


def test_kink_that_lies_off_the_face_does_not_matter(square, rng):
    x, y, u, domain = square
    conditions = {"left": Dirichlet(u, sympy.Abs(x - 0.5) * y, on=Eq(x, 0))}
    check(Problem(domain, {"e": laplacian(u, x, y)}, conditions), rng, left="exact")


@pytest.mark.parametrize(
    "data", [sympy.Abs, sympy.sign, lambda s: sympy.Max(s, 0), lambda s: sympy.Heaviside(s)]
)
def test_kinked_data_become_rows(strip, rng, data):
    # g would carry the kink to all times, where the solution is smooth
    x, t, u, domain = strip
    equation = {"heat": u.diff(t) - u.diff(x, 2)}
    problem = Problem(domain, equation, {"start": Initial(u, data(x))})
    plan = check(problem, rng, start="rows")
    assert "not smooth" in plan.ansatzes.reasons["start"]


def test_piecewise_data_become_rows(strip, rng):
    x, t, u, domain = strip
    data = sympy.Piecewise((x, x < 0), (0, True))
    equation = {"heat": u.diff(t) - u.diff(x, 2)}
    problem = Problem(domain, equation, {"start": Initial(u, data)})
    plan = check(problem, rng, start="rows")
    assert "not smooth" in plan.ansatzes.reasons["start"]


def test_disk_with_one_value_on_its_circle_is_exact(rng):
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    domain = Disk((x, y), (0.5, -1), 2)
    problem = Problem(domain, {"e": laplacian(u, x, y)}, {"rim": Dirichlet(u, x * y + 1)})
    check(problem, rng, rim="exact")


def test_disk_in_time_takes_start_and_rim_exactly_where_they_agree(rng):
    x, y, t = coordinates("x y t")
    u = unknown("u", x, y, t)
    domain = Disk((x, y), (0, 0), 2) * TimeInterval(t, 0.5, 2)
    heat = {"heat": u.diff(t) - laplacian(u, x, y)}
    bump = 4 - x**2 - y**2
    agree = {"start": Initial(u, bump + x), "rim": Dirichlet(u, x)}
    check(Problem(domain, heat, agree), rng, start="exact", rim="exact")
    disagree = {"start": Initial(u, bump + 1), "rim": Dirichlet(u, x)}
    plan = check(Problem(domain, heat, disagree), rng, start="rows", rim="exact")
    assert "conflicts" in plan.ansatzes.reasons["start"]


def test_wave_on_a_disk_takes_value_and_speed(rng):
    x, y, t = coordinates("x y t")
    u = unknown("u", x, y, t)
    domain = Disk((x, y), (0, 0), 1) * TimeInterval(t, 0, 2)
    bump = 1 - x**2 - y**2
    conditions = {
        "speed": Initial(u.diff(t), x * bump),
        "start": Initial(u, bump * sympy.exp(x)),
        "rim": Dirichlet(u, 0),
    }
    problem = Problem(domain, {"wave": u.diff(t, 2) - laplacian(u, x, y)}, conditions)
    check(problem, rng, speed="exact", start="exact", rim="exact")


def test_unknown_constant_at_the_start_on_a_disk_becomes_rows(rng):
    x, y, t = coordinates("x y t")
    u = unknown("u", x, y, t)
    a = sympy.Symbol("a", real=True)
    domain = Disk((x, y), (0, 0), 1) * TimeInterval(t, 0, 2)
    conditions = {"start": Initial(u, a * x), "rim": Dirichlet(u, 0)}
    problem = Problem(
        domain,
        {"heat": u.diff(t) - laplacian(u, x, y)},
        conditions,
        constants={a: Constant(1.0)},
    )
    plan = check(problem, rng, start="rows", rim="exact")
    assert "unknown constant" in plan.ansatzes.reasons["start"]


def test_ball_in_three_dimensions_is_exact(rng):
    x, y, z = coordinates("x y z")
    u = unknown("u", x, y, z)
    domain = Ball((x, y, z), (0, 0, 1), 1.5)
    problem = Problem(domain, {"e": laplacian(u, x, y, z)}, {"all": Dirichlet(u, x * z)})
    check(problem, rng, all="exact")


def test_box_in_three_dimensions_is_exact_on_six_faces(rng):
    x, y, z = coordinates("x y z")
    u = unknown("u", x, y, z)
    data = x * y * z + sin(x) + cos(y * z)
    domain = Box((x, 0, 1), (y, 0, 2), (z, -1, 1))
    problem = Problem(domain, {"e": laplacian(u, x, y, z)}, {"all": Dirichlet(u, data)})
    check(problem, rng, all="exact")


def test_periodic_direction_and_smooth_start_are_exact(strip, rng):
    x, t, u, domain = strip
    conditions = {"seam": Periodic(u, x), "start": Initial(u, sin(2 * pi * x / 3))}
    problem = Problem(domain, {"kdv": u.diff(t) + u.diff(x, 3)}, conditions)
    check(problem, rng, seam="exact", start="exact")


def test_periodic_in_one_of_two_unknowns_stays_rows(rng):
    x, t = coordinates("x t")
    u, v = unknown("u", x, t), unknown("v", x, t)
    domain = Interval(x, 0, 1) * TimeInterval(t, 0, 1)
    equations = {"a": u.diff(t) - v.diff(x), "b": v.diff(t) - u.diff(x)}
    problem = Problem(domain, equations, {"seam": Periodic(u, x)})
    plan = check(problem, rng, seam="rows")
    assert "not every unknown" in plan.ansatzes.reasons["seam"]


def test_wall_data_that_break_the_seam_of_another_direction_become_rows(square, rng):
    x, y, u, domain = square
    conditions = {"seam": Periodic(u, x), "floor": Dirichlet(u, x, on=Eq(y, -1))}
    problem = Problem(domain, {"e": laplacian(u, x, y)}, conditions)
    plan = check(problem, rng, seam="exact", floor="rows")
    assert "across the periodic seam" in plan.ansatzes.reasons["floor"]


def test_value_on_a_face_of_the_seam_is_not_exact_beside_it(square, rng):
    x, y, u, domain = square
    conditions = {"seam": Periodic(u, x), "left": Dirichlet(u, 1, on=Eq(x, 0))}
    problem = Problem(domain, {"e": laplacian(u, x, y)}, conditions)
    check(problem, rng, seam="exact", left="rows")


def test_periodic_with_data_on_all_faces_is_refused(square):
    x, y, u, domain = square
    conditions = {"seam": Periodic(u, x), "all": Dirichlet(u, 0)}
    problem = Problem(domain, {"e": laplacian(u, x, y)}, conditions)
    with pytest.raises(InputError, match=r"periodic in x and has boundary data \(all\)"):
        check_periodic(problem)


def test_point_data_are_rows(strip):
    x, t, u, domain = strip
    conditions = {"pin": PointData(u, [[0.0, 2.0]], 1.0)}
    problem = Problem(domain, {"heat": u.diff(t) - u.diff(x, 2)}, conditions)
    assert build(problem).imposed == {"pin": "rows"}


def test_every_unknown_has_its_own_ansatz(load_problem):
    problem = load_problem("kovasznay")
    parts = build(problem).parts
    assert len(parts) == 3
    assert parts[0].g != parts[1].g
    assert [p.d != 1 for p in parts] == [True, True, False]


def test_equation_without_derivatives_across_the_seam_keeps_its_kink(load_problem):
    problem = load_problem("reaction")
    found = build(problem)
    # the slopes of the start do not agree at the seam, and nothing in the equation smooths them
    assert found.periodic == ()
    assert found.imposed["start"] == "exact"
    seam = next(n for n, c in problem.conditions.items() if c.kind == "periodic")
    assert found.imposed[seam] == "rows"
    assert "no derivative along it" in found.reasons[seam]
