import torch
from sympy import Add, pi, sin, symbols

from kanpde import Box, Dirichlet, Problem, Settings, laplacian, load, solve, unknown
from kanpde.train import make_plan
from kanpde.train._ladder import Ladder
from kanpde.train._products import product_network


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
    ladder = Ladder(plan)
    ladder.begin_at([8, 8, 8])
    network = product_network(plan, [8, 8, 8])
    with torch.no_grad():
        network.block.coefficients[network.index_list().index((8, 0, 0))] = 1.0
    ladder.advance(network, 1.0, predicted=1.0)
    assert ladder.degrees is not None
    assert ladder.degrees[0] > 10
    assert ladder.degrees[1:] == [8, 8]
