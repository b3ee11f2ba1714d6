"""The look before solving: what is missing is named, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from sympy import Eq, pi, sin

from kanpde import (
    Dirichlet,
    Disk,
    Initial,
    Interval,
    MeanValue,
    Neumann,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    Robin,
    TimeInterval,
    coordinates,
    laplacian,
    preflight,
    unknown,
)
from kanpde.cli import main
from kanpde.cli._problem_file import load_problem
from kanpde.solution._preflight import missing_conditions

PROBLEMS = Path(__file__).parents[1] / "problems"
x, y, t = coordinates("x y t")
U1, U2, UT, T1 = unknown("u", x), unknown("u", x, y), unknown("u", x, t), unknown("u", t)
ROD = Interval(x, 0, 1) * TimeInterval(t, 0, 1)
SQUARE = Rectangle((x, 0, 1), (y, 0, 1))
HEAT = UT.diff(t) - UT.diff(x, 2)
WAVE = UT.diff(t, 2) - UT.diff(x, 2)
TRANSPORT = UT.diff(t) + UT.diff(x)
WALLS = {"walls": Dirichlet(UT, 0)}
START = {"start": Initial(UT, sin(pi * x))}


def missing(domain, equation, conditions):
    equations = equation if isinstance(equation, dict) else {"equation": equation}
    return missing_conditions(Problem(domain, equations, conditions))


def test_heat_without_initial_condition_names_the_time():
    (line,) = missing(ROD, HEAT, WALLS)
    assert line == (
        "u: the equation is of order 1 in t and has 0 of 1 conditions there: none for u at t=0"
    )


def test_heat_with_one_wall_names_the_other_face():
    (line,) = missing(ROD, HEAT, {**START, "left": Dirichlet(UT, 0, on=Eq(x, 0))})
    assert "order 2 in x and has 1 of 2" in line
    assert line.endswith("none at x=1")


def test_mean_value_is_no_initial_condition():
    (line,) = missing(ROD, HEAT, {**WALLS, "mean": MeanValue(UT, 0)})
    assert "none for u at t=0" in line


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"start": Initial(UT, 0)}, "none for u.diff(t) at t=0"),
        ({"speed": Initial(UT.diff(t), 0)}, "none for u at t=0"),
        ({"start": Initial(UT, 0), "again": Initial(UT, 0)}, "none for u.diff(t) at t=0"),
        ({}, "none for u, u.diff(t) at t=0"),
    ],
)
def test_wave_with_one_initial_condition_names_the_other(given, named):
    (line,) = missing(ROD, WAVE, {**WALLS, **given})
    assert line.endswith(named)


def test_wave_with_both_lacks_nothing():
    both = {"start": Initial(UT, 0), "speed": Initial(UT.diff(t), 0)}
    assert missing(ROD, WAVE, {**WALLS, **both}) == []


def test_ode_with_too_few_conditions_is_told():
    (line,) = missing(Interval(x, 0, 1), U1.diff(x, 3), {"ends": Dirichlet(U1, 0)})
    assert "order 3 in x and has 2 of 3 conditions there" in line
    time = TimeInterval(t, 0, 1)
    (line,) = missing(time, T1.diff(t, 2) + T1, {"start": Initial(T1, 1)})
    assert "none for u.diff(t) at t=0" in line


def test_both_conditions_at_one_end_are_an_initial_value_problem():
    left = {"value": Dirichlet(U1, 1, on=Eq(x, 0)), "slope": Neumann(U1, 0, on=Eq(x, 0))}
    assert missing(Interval(x, 0, 1), U1.diff(x, 2) + U1, left) == []


def test_neumann_poisson_is_fixed_only_up_to_a_constant():
    flux = {"flux": Neumann(U2, 0)}
    (line,) = missing(SQUARE, laplacian(U2, x, y), flux)
    assert "up to a constant; add MeanValue(u, 0), or PointData(u, point, value)" in line
    assert missing(SQUARE, laplacian(U2, x, y), {**flux, "mean": MeanValue(U2, 0)}) == []
    pin = {"pin": PointData(U2, [[0.5, 0.5]], [0.0])}
    assert missing(SQUARE, laplacian(U2, x, y), {**flux, **pin}) == []
    assert missing(SQUARE, laplacian(U2, x, y) - U2, flux) == []
    assert missing(SQUARE, laplacian(U2, x, y), {"exchange": Robin(U2, 1, 1, 0)}) == []


@pytest.mark.parametrize("face", [0, 1])
def test_one_inflow_condition_is_enough_for_transport(face):
    given = {**START, "inflow": Dirichlet(UT, 0, on=Eq(x, face))}
    assert missing(ROD, TRANSPORT, given) == []


def test_transport_without_inflow_is_told():
    (line,) = missing(ROD, TRANSPORT, START)
    assert "order 1 in x and has 0 of 1 conditions there: none at x=0, x=1" in line


def test_periodic_lacks_nothing_in_its_direction_only():
    assert missing(ROD, TRANSPORT, {**START, "seam": Periodic(UT, x)}) == []
    assert missing(ROD, HEAT, {**START, "seam": Periodic(UT, x)}) == []
    lines = missing(SQUARE, laplacian(U2, x, y) - U2, {"seam": Periodic(U2, x)})
    assert len(lines) == 1
    assert "none at y=0, y=1" in lines[0]
    both = {"seam x": Periodic(U2, x), "seam y": Periodic(U2, y)}
    (line,) = missing(SQUARE, laplacian(U2, x, y) - 1, both)
    assert "up to a constant" in line


def test_condition_on_a_part_of_a_face_leaves_the_face_open():
    half = {
        "low": Dirichlet(U2, 0, on=Eq(x, 0) & (y < 0.5)),
        "high": Neumann(U2, 0, on=Eq(x, 0) & (y > 0.5)),
        "sides": Dirichlet(U2, 0, on=["y=0", "y=1"]),
    }
    (line,) = missing(SQUARE, laplacian(U2, x, y), half)
    assert "order 2 in x" in line
    assert "x=1" in line


def test_predicate_that_covers_everything_is_enough():
    given = {"rim": Dirichlet(U2, 0, on=lambda p: np.ones(len(p), bool))}
    assert missing(SQUARE, laplacian(U2, x, y), given) == []


def test_disk_is_told_once():
    disk = Disk((x, y), (0, 0), 1)
    assert missing(disk, laplacian(U2, x, y), {"rim": Dirichlet(U2, 0)}) == []
    assert len(missing(disk, laplacian(U2, x, y), {})) == 1


def flow(**extra):
    u, v, p = U2, unknown("v", x, y), unknown("p", x, y)
    return Problem(
        SQUARE,
        {
            "x": u * u.diff(x) + v * u.diff(y) + p.diff(x) - laplacian(u, x, y),
            "y": u * v.diff(x) + v * v.diff(y) + p.diff(y) - laplacian(v, x, y),
            "continuity": u.diff(x) + v.diff(y),
        },
        {"u": Dirichlet(u, 0), **({"v": Dirichlet(v, 0)} if extra.get("v") else {})}
        | ({"pin": PointData(p, [[0.0, 0.0]], [0.0])} if extra.get("pin") else {}),
    )


def test_pressure_needs_a_pin_and_no_more():
    assert missing_conditions(flow(v=True, pin=True)) == []
    (line,) = missing_conditions(flow(v=True))
    assert line.startswith("p: is fixed only up to a constant")


def test_missing_condition_of_a_system_names_its_unknown():
    lines = missing_conditions(flow(pin=True))
    assert [line.split(":")[0] for line in lines] == ["v", "v"]


def test_first_order_system_shares_its_boundary_conditions():
    v = unknown("v", x, t)
    equations = {"u": UT.diff(t) - v.diff(x), "v": v.diff(t) - UT.diff(x)}
    start = {"u": Initial(UT, sin(pi * x)), "v": Initial(v, 0)}
    assert missing(ROD, equations, {**start, **WALLS}) == []
    assert missing(ROD, equations, {**WALLS, "u": start["u"]})[0].startswith("v: ")


def test_measurements_stand_in_for_initial_data():
    data = PointData(UT, [[0.2, 0.1], [0.5, 0.3]], [0.1, 0.2])
    assert missing(ROD, HEAT, {**WALLS, "data": data}) == []


@pytest.mark.parametrize("name", sorted(p.stem for p in PROBLEMS.glob("[a-z]*.py")))
def test_problems_of_the_project_lack_nothing(name):
    problem, _ = load_problem(str(PROBLEMS / f"{name}.py"), [])
    assert missing_conditions(problem) == []


def test_report_counts_points_and_says_how_conditions_are_imposed():
    problem = Problem(ROD, {"heat": HEAT}, {**WALLS, **START}, exact={UT: 0 * x})
    report = preflight(problem)
    assert report["warnings"] == []
    assert [c["imposed"] for c in report["conditions"]] == ["exact", "exact"]
    assert report["equations"][0]["linear"] is True
    assert report["equations"][0]["order"] == 2
    assert report["exact_residual"] == {"heat": 0.0}
    assert report["points"]["interior"].shape == (report["interior"], 2)


def test_solve_command_tells_what_is_missing(tmp_path, capsys):
    file = tmp_path / "open.py"
    file.write_text(
        "from kanpde import Dirichlet, Interval, Problem, coordinates, unknown\n"
        "def problem():\n"
        "    x = coordinates('x')\n"
        "    u = unknown('u', x)\n"
        "    return Problem(Interval(x, 0, 1), {'ode': u.diff(x, 2) + u},\n"
        "                   {'left': Dirichlet(u, 0, on='x=0')})\n"
    )
    out = tmp_path / "run"
    code = main(["solve", str(file), "--out", str(out), "--quiet", "--no-plots", "--steps", "1"])
    assert code == 0
    (line,) = [k for k in capsys.readouterr().err.splitlines() if "warning" in k]
    assert line.startswith("kanpde: warning: u: the equation is of order 2 in x")
    assert line.endswith("none at x=1")
