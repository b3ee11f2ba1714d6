"""The command line on the real solver, with as few steps as show the point."""

import json
import os
import pickle
import shutil
import signal
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

import kanpde
from kanpde.cli import main

POISSON = """
    from kanpde import Dirichlet, Interval, Problem, coordinates, unknown
    from sympy import pi, sin

    def problem(k: int = 1):
        x = coordinates("x")
        u = unknown("u", x)
        return Problem(
            domain=Interval(x, 0, 1),
            equations={"poisson": u.diff(x, 2) + (k * pi) ** 2 * sin(k * pi * x)},
            conditions={"ends": Dirichlet(u, 0)},
            exact={u: sin(k * pi * x)},
        )
"""
SMALL = ("-s", "linear=no", "--hidden", "4", "--steps", "4", "-s", "interior=64")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run, made once; tests that change it copy it."""
    place = tmp_path_factory.mktemp("finished")
    file = place / "poisson.py"
    file.write_text(textwrap.dedent(POISSON))
    run = place / "run"
    code = main(["solve", str(file), "--out", str(run), "--quiet", *SMALL])
    assert code == 0
    return run


@pytest.fixture
def copy(finished, here):
    """A copy of the finished run, and its problem file beside it."""
    shutil.copytree(finished, "run")
    shutil.copy(finished.parent / "poisson.py", "poisson.py")
    return Path("run")


def test_run_directory_holds_what_the_design_promises(finished):
    names = {path.name for path in finished.iterdir()}
    assert {"summary.json", "history.csv", "checkpoint.pt", "problem.json"} <= names
    assert {"solution.vtu", "solution.png", "convergence.png"} <= names
    summary = json.loads((finished / "summary.json").read_text())
    assert summary["problem"] == "poisson"
    assert summary["parameters"] == {"k": 1}
    assert summary["imposed"] == {"ends": "exact"}
    assert summary["errors"]["u"]["relative_l2"] < 1
    assert kanpde.load(finished).problem.name == "poisson"


def test_run_with_the_defaults_loads_and_meets_a_tolerance(copy, kanpde_command):
    options = ["--out", "new", "--tolerance", "1e-6", "--no-plots"]
    result = kanpde_command("solve", "poisson.py", *options)
    assert result.code == 0
    assert kanpde.load("new").summary["errors"]["u"]["relative_l2"] < 1e-6
    row = next(line for line in result.out.splitlines() if line.startswith("u "))
    assert not row.rstrip().endswith(" -"), "the predicted error stands in the table"


def test_table_of_a_run_names_errors_and_conditions(finished, kanpde_command):
    result = kanpde_command("info", finished)
    assert (result.code, result.err) == (0, "")
    summary = json.loads((finished / "summary.json").read_text())
    assert f"{summary['errors']['u']['relative_l2']:.2e}" in result.out


def test_check_of_a_complete_problem_finds_nothing(copy, kanpde_command):
    result = kanpde_command("check", "poisson.py")
    assert (result.code, result.err) == (0, "")
    assert "nothing to warn about" in result.out
    assert "order 2, linear" in result.out


def test_check_of_an_open_boundary_names_the_face(copy, kanpde_command):
    text = Path("poisson.py").read_text()
    Path("poisson.py").write_text(text.replace("Dirichlet(u, 0)", 'Dirichlet(u, 0, on="x=0")'))
    result = kanpde_command("check", "poisson.py")
    assert result.code == 0
    assert "x=1" in result.out.partition("warning:")[2]


def test_plot_and_export_work_without_the_problem_file(copy, kanpde_command):
    Path("poisson.py").unlink()
    assert (
        "figures/solution.svg"
        in kanpde_command("plot", copy, "--format", "svg", "--out", "figures").out
    )
    assert kanpde_command("export", copy, "--resolution", "9").out == "run/solution.vtu\n"
    Path("p.csv").write_text("x\n0.25\n0.5\n")
    assert kanpde_command("export", copy, "--points", "p.csv", "--out", "u.csv").code == 0
    table = np.loadtxt("u.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(table[:, 1:], kanpde.load(copy)(table[:, :1]))


def test_run_in_use_is_refused_and_resume_goes_on(copy, kanpde_command, refused):
    start = ["solve", "poisson.py", "--out", "new", "--quiet", "--no-plots", *SMALL]
    assert kanpde_command(*start).code == 0
    assert "--resume" in refused(*start)
    more = kanpde_command(*start, "--resume", "--steps", "6")
    assert more.code == 0, more.err
    assert json.loads(Path("new/summary.json").read_text())["steps"] == 6
    line = refused(*start, "--resume", "-s", "interior=65")
    assert "resume: setting interior was 64, now 65" in line


def test_tolerance_that_is_missed_is_code_1(copy, kanpde_command):
    options = ["--out", "other", "--no-plots", "--tolerance", "1e-30", *SMALL]
    result = kanpde_command("solve", "poisson.py", *options)
    assert result.code == 1
    assert "missed" in result.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_saves_the_best_state(copy, kanpde_command, number, monkeypatch):
    events = []

    def signal_later(self, event):
        events.append(event)
        if len(events) == 3:
            threading.Timer(0.05, os.kill, (os.getpid(), number)).start()

    monkeypatch.setattr("kanpde.cli._progress.NoProgress.__call__", signal_later)
    result = kanpde_command(
        "solve", "poisson.py", "--out", "stopped", "--quiet", *SMALL, "--steps", "100000",
        "-s", "optimizer=adam",
    )  # fmt: skip
    assert result.code == 130
    assert json.loads(Path("stopped/summary.json").read_text())["status"] == "interrupted"
    assert kanpde.load("stopped").problem.name == "poisson"


class Trap:
    """Unpickling it makes a file."""

    def __reduce__(self):
        return Path.touch, (Path("trapped"),)


def damage(run, how):
    """Damage a run directory, as `how` says."""
    checkpoint, problem = run / "checkpoint.pt", run / "problem.json"
    if how == "pickle":
        checkpoint.write_bytes(pickle.dumps(Trap(), protocol=2))
    elif how == "text":
        checkpoint.write_text("not a checkpoint")
    elif how == "cut":
        checkpoint.write_bytes(checkpoint.read_bytes()[: checkpoint.stat().st_size // 2])
    elif how == "no checkpoint":
        checkpoint.unlink()
    elif how == "no program":
        problem.unlink()
    elif how == "program cut":
        problem.write_text(problem.read_text()[:50])
    elif how == "foreign program":
        problem.write_text("[1, 2, 3]")
    elif how == "unknown operation":
        problem.write_text(problem.read_text().replace('"sin"', '"system"'))
    elif how == "foreign":
        shutil.rmtree(run)
        run.mkdir()
        (run / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    "how",
    [
        "pickle", "text", "cut", "no checkpoint", "no program", "program cut",
        "foreign program", "unknown operation", "foreign",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["plot", "export"])
def test_damaged_run_directory_is_refused_and_runs_no_code(copy, refused, how, command):
    damage(copy, how)
    line = refused(command, copy, "--out", "out")
    assert "run" in line
    assert "expected" in line
    assert not Path("trapped").exists()


@pytest.mark.parametrize("how", ["pickle", "text", "cut", "foreign"])
def test_damaged_run_directory_is_not_resumed(copy, refused, how):
    damage(copy, how)
    refused("solve", "poisson.py", "--out", copy, "--resume", "--quiet", *SMALL)
    assert not Path("trapped").exists()


@pytest.mark.parametrize("command", ["plot", "export", "info"])
def test_run_directory_that_is_not_there_is_refused(here, refused, command):
    assert "expected a run directory" in refused(command, "none")


def test_function_of_the_file_that_fails_while_solving_is_named_by_its_line(copy, refused):
    text = Path("poisson.py").read_text()
    text = text.replace("exact={u: sin(k * pi * x)}", "reference={u: lambda points: 1 / 0}")
    Path("poisson.py").write_text(text)
    line = refused("solve", "poisson.py", "--out", "new", "--quiet", *SMALL)
    assert "poisson.py:12: " in line
    assert "ZeroDivisionError" in line


def test_device_that_is_not_there_is_refused(copy, refused):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    assert "cuda" in refused(
        "solve", "poisson.py", "--out", "new", "--quiet", "--device", "cuda", *SMALL
    )
