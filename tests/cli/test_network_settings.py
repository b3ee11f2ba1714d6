"""Networks that cannot solve the equation are refused before anything is computed."""

import pytest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--basis", "bspline", "--degree", "1"), "degree: expected at least 2, the order"),
        (("--grid", "5", "--degree", "1"), "degree: expected at least 2, the order"),
        (("--basis", "chebyshev", "--grid", "3"), "grid: Chebyshev edges have no grid"),
        (("-s", "grids=3,7"), "grids: 7 is not a multiple of 3"),
    ],
)
def test_network_that_does_not_fit_is_refused_in_one_line(here, write, refused, options, message):
    line = refused("solve", write(), "--out", "run", *options)
    assert message in line
    assert not (here / "run").exists()


def test_spline_degree_equal_to_the_order_draws_a_warning(here, write, kanpde_command):
    options = ("--basis", "bspline", "--degree", "2", "--hidden", "2", "--steps", "1")
    result = kanpde_command("solve", write(), "--out", "run", "--no-plots", *options)
    assert result.code == 0
    assert "warning: degree 2 equals the order of the equation" in result.err
    assert "3 is suggested" in result.err
