"""Networks that cannot solve the equation are refused before anything is computed."""

import re

import pytest

from kanpde import FitSettings, Interval, Problem, Settings, coordinates, unknown
from kanpde.basis import BASES, BSpline
from kanpde.cli import _options
from kanpde.cli.commands import _fit
from kanpde.fitting import _network as fit_network
from kanpde.ground import _choices
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import make_plan


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


@pytest.mark.parametrize("name", BASES)
def test_solve_and_fit_start_from_the_sizes_that_the_basis_names(name):
    x = coordinates("x")
    u = unknown("u", x)
    plan = make_plan(Problem(Interval(x, 0, 1), {"ode": u.diff(x) - u**2}), Settings(basis=name))
    solved, fitted = make_network(plan), fit_network._basis(FitSettings(basis=name))
    found = solved.layer(0).blocks[0].basis
    assert found.for_inputs(1).to_record() == fitted.for_inputs(1).to_record()
    assert solved.base == BASES[name].default_base
    size = found.degree if hasattr(found, "degree") else found.count
    assert size == BASES[name].default_degree


def test_help_says_of_every_basis_what_its_class_says():
    assert set(_choices.BASES) == set(BASES)
    for flags in (_options.FLAGS, _fit.FLAGS):
        assert all(name in flags["basis"][1] for name in BASES)
        first, second = re.split("; ", flags["degree"][1])
        for name, kind in BASES.items():
            assert first.startswith(kind.degree_means) or (
                second.startswith(kind.degree_means) and name in second
            )
    for name, kind in BASES.items():
        told = _fit.FLAGS["degree"][1]
        size = re.search(rf"{name} \((\d+)\)", told) or re.search(r"default (\d+)", told)
        assert int(size[1]) == kind.default_degree
    assert f"default {BSpline.default_grid}" in _fit.FLAGS["grid"][1]
