import torch
from sympy import Add, cosh, pi, sin, symbols

from kanpde import Box, Dirichlet, Problem, Rectangle, Settings, laplacian, load, solve, unknown
from kanpde.solvers._plan import make_plan
from kanpde.solvers.spectral._degrees import DegreeSchedule
from kanpde.solvers.spectral._products import product_network, stretched_points


def sines(d: int, *, rotated: bool = False) -> Problem:
    xs = symbols(f"x1:{d + 1}", real=True)
    u = unknown("u", *xs)
    ys = [xs[0] + xs[1], xs[0] - xs[1], *xs[2:]] if rotated else xs
    exact = Add(*(sin(y) for y in ys))
    return Problem(
        Box(*((x, 0, 1) for x in xs)),
        {"poisson": laplacian(u, *xs) - exact.diff(xs[0], 2) - laplacian(exact, *xs[1:])},
        {"faces": Dirichlet(u, exact)},
        exact={u: exact},
    )


def test_sums_of_functions_of_one_coordinate_are_found_and_marked(tmp_path):
    solution = solve(sines(6))
    assert solution.errors["u"]["relative_l2"] < 1e-12
    assert "structure-matched: sums of functions of 1 coordinate" in solution.summary["net"]
    solution.save(tmp_path / "run")
    points = torch.rand(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert (load(tmp_path / "run")(points) == solution(points)).all()


def test_products_of_two_coordinates_follow_where_one_is_not_enough():
    solution = solve(sines(5, rotated=True), Settings(steps=8))
    assert solution.errors["u"]["relative_l2"] < 1e-6
    assert "sums of functions of 2 coordinates" in solution.summary["net"]


def test_interaction_that_is_asked_for_is_kept():
    solution = solve(sines(5), Settings(interaction=2, steps=2))
    assert "sums of functions of 2 coordinates" in solution.summary["net"]


def test_only_the_axis_that_asks_for_it_gets_a_higher_degree():
    xs = symbols("x1:4", real=True)
    u = unknown("u", *xs)
    wave = sin(6 * pi * xs[0])
    problem = Problem(
        Box(*((x, 0, 1) for x in xs)), {"poisson": laplacian(u, *xs) - wave}, {"w": Dirichlet(u, 0)}
    )
    plan = make_plan(problem, Settings(symmetry=False))
    schedule = DegreeSchedule(plan)
    schedule.begin_at([8, 8, 8])
    network = product_network(plan, [8, 8, 8])
    with torch.no_grad():
        network.block.coefficients[network.index_list().index((8, 0, 0))] = 1.0
    schedule.advance(network, 1.0, predicted=1.0)
    assert schedule.degrees is not None
    assert schedule.degrees[0] > 10
    assert schedule.degrees[1:] == [8, 8]


def channel(length: float) -> Problem:
    x, y = symbols("x y", real=True)
    u = unknown("u", x, y)
    exact = sin(x) * cosh(y) + sin(2 * x)
    equation = laplacian(u, x, y) - laplacian(exact, x, y)
    return Problem(
        Rectangle((x, 0, length), (y, 0, 1)),
        {"poisson": equation},
        {"walls": Dirichlet(u, exact)},
        exact={u: exact},
    )


def test_long_channel_gets_uneven_degrees_and_as_many_coefficients():
    long, square = (DegreeSchedule(make_plan(channel(n), Settings())) for n in (16.0, 1.0))
    assert square.degrees == [8, 8]
    assert long.degrees == [16, 4]  # by the root of 16 : 1
    assert abs(long.network_count() / square.network_count() - 1) < 0.1
    assert long.level_of([40, 10]) == 20.0
    long.skip_to(15.0)
    assert long.degrees == [32, 8]


def test_points_of_a_long_channel_follow_its_degrees_and_integrate():
    plan = make_plan(channel(16.0), Settings())
    drawn = stretched_points(plan, product_network(plan, [30, 7]))
    x, y = drawn.points.T
    assert (len(set(x)), len(set(y))) == (39, 13)  # 1.15 per degree and four
    # Fejér's rule is exact below the number of its nodes; the mean of x⁶ y⁶ over the box
    assert abs(drawn.weight @ (x**6 * y**6) / (16.0**6 / 49) - 1) < 1e-12


def test_long_channel_is_solved_with_fewer_coefficients_than_even_degrees():
    found = solve(channel(16.0), steps=6)
    assert found.errors["u"]["relative_l2"] < 1e-9
    assert len(set(found.trial.network.degrees)) == 2
