"""``kanpde plot RUN --diagram`` draws the network of a run, or says why it cannot."""

from pathlib import Path

import pytest

import kanpde
from kanpde.plot.diagram._run_diagram import input_names, run_diagram


@pytest.fixture
def solved(load_problem):
    def solve(name, **settings):
        return kanpde.solve(load_problem(name), **settings)

    return solve


def small(solved, name):
    return solved(name, linear=False, basis="bspline", grid=3, hidden=(3,), steps=2)


def test_diagram_of_a_run_names_its_coordinates(kanpde_command, here, solved):
    small(solved, "poisson_square").save("run")
    done = kanpde_command("plot", "run", "--diagram", "--format", "svg", "--out", "figures")
    assert done.out == "figures/diagram.svg\n"
    assert done.code == 0
    assert Path("figures/diagram.svg").read_bytes().startswith(b"<?xml")


def test_title_and_names_say_what_surrounds_the_network(solved):
    solution = small(solved, "convection")
    assert input_names(solution.trial) == [
        r"$\cos{\left(x \right)}$",
        r"$\sin{\left(x \right)}$",
        "$t$",
    ]
    texts = [t.get_text() for t in run_diagram(solution).axes[0].texts]
    assert "$u = g + D\\,N$" in texts
    assert "$N$" in texts


def test_product_network_and_mlp_say_what_to_do_in_one_line(kanpde_command, here, solved):
    solved("poisson_square").save("linear")
    done = kanpde_command("plot", "linear", "--diagram")
    assert done.code == 2
    assert "got a product KAN of 152 product nodes" in done.err
    assert "kanpde solve FILE --symbolic" in done.err
    assert done.err.count("\n") == 1
    solved("poisson_square", linear=False, net="mlp", steps=1).save("mlp")
    done = kanpde_command("plot", "mlp", "--diagram")
    assert done.code == 2
    assert "got an MLP, which has no functions on its edges; solve with -s net=kan" in done.err
