import os
import re
import signal
from pathlib import Path

import pytest

from kanpde.errors import InputError, NumericalError

pytestmark = pytest.mark.usefixtures("here")


def test_result_is_a_table_of_what_was_reached(write, kanpde_command, stub_solve):
    result = kanpde_command("solve", write(), "--out", "run")
    assert result.code == 0
    for text in (
        "poisson", "converged", "40", "1.2 s", "kan, 135 coefficients", "1.50e-12",
        "2.31e-07", "exact", "3.00e-07", "nu", "[9.90000e-03, 1.01000e-02]", "ends", "run/",
    ):  # fmt: skip
        assert text in result.out
    assert result.err == ""
    assert stub_solve.figures == 1


def test_no_line_is_wider_than_a_terminal_of_80_columns(
    write, kanpde_command, stub_solve, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    result = kanpde_command("solve", write(), "--out", "run")
    assert max(map(len, result.out.splitlines())) <= 80


def test_run_directory_is_named_by_problem_date_and_time(write, kanpde_command, stub_solve):
    file = write()
    first = kanpde_command("solve", file, "--quiet").out.strip()
    second = kanpde_command("solve", file, "--quiet").out.strip()
    assert re.fullmatch(r"runs/poisson-\d{8}-\d{6}", first)
    assert first != second
    assert stub_solve.calls[0].out == Path(first)


def test_options_reach_the_solver(write, kanpde_command, stub_solve):
    kanpde_command(
        "solve", write(), "-p", "k=2", "-s", "interior=64", "--hidden", "4,4", "--time-limit", "5",
        "--seed", "3", "--out", "run", "--no-plots",
    )  # fmt: skip
    (call,) = stub_solve.calls
    assert call.problem.parameters["k"] == 2
    settings = call.settings
    assert (settings.interior, settings.hidden) == (64, (4, 4))
    assert (settings.time_limit, settings.seed) == (5.0, 3)
    assert (call.resume, stub_solve.figures) == (False, 0)


@pytest.mark.parametrize(
    ("status", "tolerance", "code"),
    [
        ("converged", None, 0),
        ("budget", None, 0),
        ("converged", "1e-6", 0),
        ("converged", "1e-7", 1),
        ("budget", "1e-7", 1),
        ("interrupted", "1e-7", 130),
        ("diverged", None, 3),
        ("nonfinite", "1e-6", 3),
    ],
)
def test_exit_code_tells_status_and_tolerance(
    write, kanpde_command, stub_solve, status, tolerance, code
):
    stub_solve.summary["status"] = status
    options = [] if tolerance is None else ["--tolerance", tolerance]
    result = kanpde_command("solve", write(), "--out", "run", *options)
    assert result.code == code
    assert ("missed" in result.out) == (code == 1)
    assert ("--resume" in result.out) == (code == 130)


def test_tolerance_without_a_prediction_counts_as_missed(write, kanpde_command, stub_solve):
    stub_solve.summary["estimates"] = {}
    assert kanpde_command("solve", write(), "--out", "run", "--tolerance", "1").code == 1


def test_numerical_error_is_one_line_and_code_3(write, kanpde_command, stub_solve):
    stub_solve.error = NumericalError("loss: expected a finite number, got nan")
    result = kanpde_command("solve", write(), "--out", "run", "--quiet")
    assert (result.code, result.out) == (3, "")
    assert result.err == "kanpde: error: loss: expected a finite number, got nan\n"


def test_refused_solve_leaves_no_empty_directory(write, refused, stub_solve):
    stub_solve.error = InputError("degree: expected more")
    assert "degree: expected more" in refused("solve", write(), "--out", "run", "--quiet")
    assert not Path("run").exists()


def test_unexpected_exception_is_not_hidden(write, stub_solve, kanpde_command):
    stub_solve.error = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        kanpde_command("solve", write(), "--out", "run")


def test_sigterm_interrupts_like_ctrl_c(write, kanpde_command, stub_solve, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("kanpde.solve", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
    result = kanpde_command("solve", write(), "--out", "run")
    assert (result.code, result.err) == (130, "kanpde: interrupted\n")
    assert signal.getsignal(signal.SIGTERM) is before


def test_progress_is_a_line_now_and_then_without_a_terminal(write, kanpde_command, stub_solve):
    stub_solve.events = [
        {"step": n, "loss": 1e-3, "error": 2e-4, "seconds": 1.0, "fraction": 0.1, "phase": "lm"}
        for n in range(1, 50)
    ]
    result = kanpde_command("solve", write(), "--out", "run")
    assert result.err == "lm:  10%  0:09 left  loss 1.0e-03  error 2.0e-04  step 1\n"
    result = kanpde_command("solve", write(), "--out", "quiet", "--quiet")
    assert (result.out, result.err) == ("quiet\n", "")


def test_figure_that_cannot_be_drawn_is_told_and_spoils_nothing(
    write, kanpde_command, stub_solve, monkeypatch
):
    def fail(*_):
        raise InputError("dimension: expected at most 3, got 10")

    monkeypatch.setattr("kanpde.plot.save_figures", fail)
    result = kanpde_command("solve", write(), "--out", "run")
    assert result.code == 0
    assert "kanpde: warning: no figures: dimension: expected at most 3" in result.err


def test_run_directory_in_use_is_never_overwritten(write, refused, stub_solve):
    Path("run").mkdir()
    Path("run", "precious").write_text("data")
    line = refused("solve", write(), "--out", "run")
    assert "choose another --out, or add --resume" in line
    assert Path("run", "precious").read_text() == "data"
    assert not stub_solve.calls


def test_empty_run_directory_is_used(write, kanpde_command, stub_solve):
    Path("run").mkdir()
    assert kanpde_command("solve", write(), "--out", "run").code == 0


def test_resume_is_handed_on(write, kanpde_command, stub_solve):
    file = write()
    kanpde_command("solve", file, "--out", "run")
    kanpde_command("solve", file, "--out", "run", "--resume")
    assert [call.resume for call in stub_solve.calls] == [False, True]


def test_resume_needs_a_directory_that_is_there(write, refused):
    file = write()
    assert "expected --out DIR with it" in refused("solve", file, "--resume")
    assert "expected the run directory to resume, got nothing" in refused(
        "solve", file, "--resume", "--out", "none"
    )


@pytest.mark.parametrize("out", ["poisson.py", "poisson.py/run", "/proc/run"])
def test_output_that_cannot_be_written_is_told_before_solving(write, refused, stub_solve, out):
    assert "another" in refused("solve", write(), "--out", out)
    assert not stub_solve.calls


def test_runs_that_is_a_file_is_refused(write, refused):
    Path("runs").write_text("")
    assert "choose another one with --out" in refused("solve", write())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--grid", "0"], "grid: expected a positive integer, got 0"),
        (["--grid", "many"], "--grid many: expected a whole number"),
        (["--time-limit", "-5"], "time_limit: expected a positive number"),
        (["--steps", "-1"], "steps: expected 0 or more"),
        (["--tolerance", "0"], "tolerance: expected a positive number"),
        (["--device", "tpu"], "expected auto, cpu or cuda, got 'tpu'; use one of these"),
        (["--dtype", "half"], "expected one of float64, float32"),
        (["--net", "cnn"], "expected one of auto, spectral, kan, mlp"),
        (["--basis", "fourier"], "expected one of chebyshev, bspline"),
        (["--hidden", "6;6"], "write for example 6,6"),
        (["-s", "hiden=6"], "did you mean hidden?"),
        (["--nonsense"], "unrecognized arguments: --nonsense; see `kanpde --help`"),
        (["--out"], "expected one argument; see `kanpde solve --help`"),
    ],
)
def test_wrong_option_names_the_fix(write, refused, options, says):
    assert says in refused("solve", write(), *options)
    assert not Path("runs").exists()
