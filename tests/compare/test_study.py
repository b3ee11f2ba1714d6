"""The study on a real problem, with as few steps as show the point."""

import csv
import json
import os
import signal

import numpy as np
import pytest
from sympy import pi, sin

import kanpde
from kanpde import Dirichlet, InputError, Interval, Problem, compare, coordinates, solve, unknown
from kanpde.errors import RunDirectoryError
from kanpde.nets import MLP
from kanpde.problem._settings import Settings
from kanpde.solvers._network import make_network
from kanpde.solvers._plan import make_plan
from kanpde.studies import Run, mlp_hidden
from kanpde.studies._sizes import size_settings

SMALL = {"hidden": (3, 3), "interior": 32, "threads": 1, "redraw": 2}
x = coordinates("x")
U = unknown("u", x)


def problem(*, k=1, exact=True):
    return Problem(
        Interval(x, 0, 1),
        {"ode": U.diff(x, 2) + (k * pi) ** 2 * sin(k * pi * x)},
        {"ends": Dirichlet(U, 0)},
        exact={U: sin(k * pi * x)} if exact else None,
        name="sine",
    )


def counted(found):
    return [(r.key, [p["error"] for p in r.curve]) for r in found.runs]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "out"
    return compare(problem(), seeds=(0, 1), sizes=(2, 3), steps=3, out=out, **SMALL), out


# Sizes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 50, 257, 681, 5000])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 2)])
def test_mlp_is_matched_as_close_as_one_neuron_allows(count, inputs, outputs):
    hidden = mlp_hidden(count, inputs=inputs, outputs=outputs)
    found = MLP([inputs, *hidden, outputs]).count
    wider = MLP([inputs, *(n + 1 for n in hidden), outputs]).count
    assert len(hidden) == 3
    assert max(hidden) - min(hidden) <= 1
    least = MLP([inputs, 1, 1, 1, outputs]).count
    assert abs(found - max(count, least)) <= (wider - found) / 2


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(basis="bspline", grid=6, degree=4), Settings(grids=(3, 6, 12))],
    ids=["default", "bspline", "extended"],
)
def test_nets_have_equal_coefficients_and_equal_points(load_problem, settings):
    burgers = load_problem("burgers")
    found = size_settings(burgers, settings, (4, 8))
    for size in (4, 8):
        kan, mlp = found["kan", size], found["mlp", size]
        assert kan.interior == mlp.interior
        assert max(kan.hidden) == size
        if settings.grids:
            kan = kan.replace(grids=None, grid=12)
        counts = [make_network(make_plan(burgers, s)).count for s in (kan, mlp)]
        assert counts[1] == pytest.approx(counts[0], rel=0.08)


# Runs --------------------------------------------------------------------------------------


def test_both_nets_are_trained_on_the_same_terms(finished):
    found, _ = finished
    assert [r.key for r in found.runs] == [
        (net, size, seed) for seed in (0, 1) for size in (2, 3) for net in ("kan", "mlp")
    ]
    assert found.measure == "relative L2 error"
    assert {r.steps for r in found.runs} == {3}
    assert found.settings["optimizer"] == "lm"
    assert found.settings["linear"] is False
    for run in found.runs:
        assert [p["step"] for p in run.curve] == [0, 1, 2, 3]
        assert run.error == run.curve[-1]["error"]
    assert not found.interrupted


def test_run_is_the_solve_with_the_same_settings(finished):
    run = next(r for r in finished[0].runs if r.key == ("kan", 3, 1))
    alone = solve(problem(), linear=False, optimizer="lm", seed=1, steps=3, **SMALL)
    assert alone.summary["coefficients"] == run.coefficients
    assert alone.summary["net"] == run.network
    assert [row["loss"] for row in alone.history] == [p["loss"] for p in run.curve[1:]]


def test_files_hold_every_run_and_every_measured_step(finished):
    found, out = finished
    data = json.loads((out / "compare.json").read_text())
    assert [Run.from_record(r) for r in data["runs"]] == found.runs
    assert [v["winner"] for v in data["verdicts"]] == [v.winner for v in found.verdicts()]
    with (out / "compare.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert len(table) == sum(len(r.curve) for r in found.runs) == 32
    assert float(table[-1]["error"]) == found.runs[-1].error
    assert (out / "compare.png").read_bytes().startswith(b"\x89PNG")


def test_resumed_comparison_keeps_runs_and_adds_the_missing(finished, tmp_path):
    whole, _ = finished
    first = compare(problem(), seeds=(0,), sizes=(2,), steps=3, out=tmp_path, **SMALL)
    asked = []
    again = compare(
        problem(), seeds=(0, 1), sizes=(2,), steps=3, out=tmp_path, resume=True,
        progress=asked.append, **SMALL,
    )  # fmt: skip
    assert again.runs[:2] == first.runs
    assert {event["seed"] for event in asked} == {1}
    assert counted(again) == [(key, curve) for key, curve in counted(whole) if key[1] == 2]


def test_ctrl_c_keeps_what_is_finished(tmp_path):
    def stop(event):
        if event["run"] == 1:
            os.kill(os.getpid(), signal.SIGINT)

    found = compare(
        problem(), seeds=(0,), sizes=(2,), steps=3, out=tmp_path, progress=stop, **SMALL
    )
    assert found.interrupted
    assert [r.net for r in found.runs] == ["kan"]
    assert found.verdicts() == []
    assert len(json.loads((tmp_path / "compare.json").read_text())["runs"]) == 1
    again = compare(problem(), seeds=(0,), sizes=(2,), steps=3, out=tmp_path, resume=True, **SMALL)
    assert [r.net for r in again.runs] == ["kan", "mlp"]
    assert not again.interrupted


def test_without_a_truth_the_residual_on_fresh_points_is_compared():
    found = compare(problem(exact=False), nets=("kan",), seeds=(0,), sizes=(3,), steps=3, **SMALL)
    assert found.measure == "residual on fresh points"
    alone = solve(problem(), linear=False, optimizer="lm", steps=3, **SMALL)
    residual = alone.residuals(np.linspace(0, 1, 2000)[:, None])["ode"]
    assert found.runs[0].error == pytest.approx(np.sqrt(np.mean(residual**2)), rel=0.1)


def test_grid_extension_stands_in_the_curve_of_the_kan():
    found = compare(
        problem(k=4), nets=("kan",), seeds=(0,), sizes=(2,), grids=(2, 4), hidden=(2,), steps=90,
        interior=128, threads=1,
    )  # fmt: skip
    curve = found.runs[0].curve
    grids = [p["grid"] for p in curve[1:]]
    assert (grids[0], grids[-1]) == (2, 4)
    assert found.runs[0].coefficients > curve[0]["coefficients"]


def test_mlp_knows_nothing_of_grids():
    settings = Settings(grids=(2, 4), steps=1, linear=False, interior=32)
    mlp = size_settings(problem(), settings, (2,))["mlp", 2]
    assert (mlp.grids, mlp.grid, mlp.basis) == (None, None, None)


# Errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"nets": ("kan", "cnn")}, "nets: expected some of kan, mlp, got 'cnn'"),
        ({"nets": ()}, "nets: expected some of kan, mlp, got none"),
        ({"seeds": ()}, "seeds: expected at least one, got none"),
        ({"seeds": (-1,)}, "seeds: expected whole numbers, 0 or more, got -1"),
        ({"sizes": ()}, "sizes: expected at least one width, got none"),
        ({"sizes": (0,)}, "sizes: expected positive widths, got 0"),
        ({"budget": 0.0}, "budget: expected a positive number of seconds, got 0"),
        ({"budget": float("nan")}, "budget: expected a positive number of seconds, got nan"),
        ({"steps": 0}, "steps: expected 1 or more for a comparison, got 0"),
        ({"seed": 3}, "seed: a comparison decides it; use seeds"),
        ({"net": "mlp"}, "net: a comparison decides it; use nets"),
        ({"resume": True}, "resume: expected out=DIR with it, got none"),
    ],
)
def test_wrong_argument_says_so(options, says):
    with pytest.raises(InputError, match=says):
        compare(problem(), **options)


def test_another_problem_is_not_mixed_in(finished):
    _, out = finished
    with pytest.raises(InputError, match="holds a comparison already"):
        compare(problem(), sizes=(2,), steps=3, out=out, **SMALL)
    with pytest.raises(InputError, match="resume: equation ode was"):
        compare(problem(k=2), sizes=(2,), steps=3, out=out, resume=True, **SMALL)
    with pytest.raises(InputError, match="resume: steps was 3, now 4"):
        compare(problem(), sizes=(2,), steps=4, out=out, resume=True, **SMALL)


def test_damaged_file_is_one_line(tmp_path):
    (tmp_path / "compare.json").write_text('{"kanpde": "comparison", "runs": 3}')
    with pytest.raises(RunDirectoryError, match="expected a comparison, got a damaged file"):
        compare(problem(), sizes=(2,), steps=3, out=tmp_path, resume=True, **SMALL)


def test_default_budget_is_half_a_minute():
    from kanpde.studies._study import _shared

    assert _shared(problem(), {}, None).time_limit == 30
    assert _shared(problem(), {"steps": 5}, None).time_limit is None
    assert _shared(problem(), {"steps": 5}, 2.0).time_limit == 2.0
    assert kanpde.compare is compare
