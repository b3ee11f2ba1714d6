from pathlib import Path

import numpy as np
import pytest
from sympy import sin

import kanpde
from kanpde.cli.commands._check import written_equation

REPORT = {
    "equations": [{"name": "poisson", "expression": "u'' + f", "order": 2, "linear": True}],
    "conditions": [
        {"name": "ends", "kind": "dirichlet", "on": "x=0, x=1", "imposed": "rows",
         "points": 200, "reason": "disagrees with start [1]"},
        {"name": "start", "kind": "initial", "on": None, "imposed": "exact",
         "points": None, "reason": None},
    ],
    "warnings": ["face x=1: expected 1 condition,\n got none"],
    "degree": {"needed": 3, "suggested": 5},
    "scales": {"u": 1.0},
    "corners": ["ends and start differ by 0.1"],
    "exact_residual": {"poisson": 1.5e-13},
    "coefficients": 135, "interior": 1000,
    "points": {"interior": np.linspace(0, 1, 9)[:, None], "ends": np.zeros((0, 1))},
}  # fmt: skip


@pytest.fixture
def stub_preflight(monkeypatch):
    report = dict(REPORT)
    monkeypatch.setattr("kanpde.preflight", lambda problem, settings: report, raising=False)
    return report


def test_check_shows_equations_conditions_and_what_is_missing(
    write, kanpde_command, stub_preflight, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    result = kanpde_command("check", write())
    assert (result.code, result.err) == (0, "")
    for text in (
        "x: 0 .. 1", "x=0, x=1", "u(x)", "5 suggested, 3 at least", "order 2, linear", "sin(π⋅x)",
        "135 coefficients, 1000 interior points", "dirichlet",
        "disagrees with start [1]", "200", "1.50e-13",
        "warning: face x=1: expected 1 condition, got none", "corner: ends and start differ",
    ):  # fmt: skip
        assert text in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_check_without_findings_says_so(write, kanpde_command, stub_preflight):
    stub_preflight.update(warnings=[], corners=[], exact_residual=None)
    out = kanpde_command("check", write()).out
    assert "nothing to warn about" in out
    assert "largest residual" not in out


def test_equation_is_written_with_subscripts():
    x, y = kanpde.coordinates("x y")
    u = kanpde.unknown("u", x, y)
    equation = u * u.diff(x, y) - u.diff(y, 2) / 3 + 0.1234567891
    assert written_equation(equation, 9, unicode=False) == "u*u_xy - u_yy/3 + 0.123457"
    assert written_equation(u.diff(x) * u, 80, unicode=True) == "u⋅u_x"


def test_long_equation_is_cut():
    x = kanpde.coordinates("x")
    u = kanpde.unknown("u", x)
    line = written_equation(u.diff(x) + sum(sin(k * x) for k in range(99)), 40, unicode=False)
    assert line.endswith(" ...")
    assert len(line) < 320


def test_points_are_drawn_on_request(write, kanpde_command, stub_preflight):
    assert kanpde_command("check", write(), "--out", "figures").code == 0
    assert Path("figures/points.png").stat().st_size > 1000


def test_figure_that_cannot_be_written_is_refused(write, refused, stub_preflight):
    assert "choose another one with --out" in refused("check", write(), "--out", "poisson.py")


@pytest.mark.parametrize("options", [["-p", "q=1"], ["-s", "q=1"], ["--grid", "0"]])
def test_wrong_options_are_refused_as_by_solve(write, refused, options):
    refused("check", write(), *options)
