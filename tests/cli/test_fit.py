import json
import signal

import numpy as np
import pytest

import kanpde
from kanpde.cli.commands import _fit


@pytest.fixture
def table(here):
    """Write a table of exp(a) + b², a constant and a kind, into the working directory."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 80))
    lines = ["a,b,c,y,kind"]
    for i in range(80):
        y = np.exp(a[i]) + b[i] ** 2
        kind = "high" if y > 1.5 else "low"
        lines.append(
            f"{a[i]!r},{b[i]!r},7,{y!r},{kind}".replace("np.float64(", "").replace(")", "")
        )
    (here / "data.csv").write_text("\n".join(lines) + "\n")
    return here


def test_fit_writes_a_run_and_tells_errors_and_grids(table, kanpde_command):
    result = kanpde_command(
        "fit", "data.csv", "--target", "y", "--inputs", "a,b,c", "--hidden", "2", "--grids", "2,4",
        "--steps", 5, "--out", "run", "-s", "base=identity",
    )  # fmt: skip
    assert result.code == 0
    for text in ("64 train, 16 test", "a, b, c", "KAN [3,2,1]", "constant input c", "transfer"):
        assert text in result.out
    names = {path.name for path in (table / "run").iterdir()}
    assert {"fit.json", "data.npz", "summary.json", "history.csv", "checkpoint.pt"} <= names
    assert {"fit.png", "training.png"} <= names
    summary = json.loads((table / "run" / "summary.json").read_text())
    assert [level["grid"] for level in summary["grids"]] == [2, 4]
    assert summary["problem"] == "data"
    fit = kanpde.load("run")
    x = np.loadtxt("data.csv", delimiter=",", skiprows=1, usecols=(0, 1, 2))
    y = np.loadtxt("data.csv", delimiter=",", skiprows=1, usecols=3)
    assert np.sqrt(np.mean((fit(x)[:, 0] - y) ** 2)) < 0.05
    assert fit.settings.base == "identity"


def test_target_of_text_is_classified(table, kanpde_command):
    result = kanpde_command(
        "fit", "data.csv", "--target", "kind", "--without", "y,c", "--hidden", "2", "--grid", "3",
        "--steps", 4, "--out", "run", "--no-plots",
    )  # fmt: skip
    assert result.code == 0
    assert "high, low" in result.out
    assert "accuracy" in result.out
    assert kanpde.load("run").data.inputs == ("a", "b")


def test_quiet_prints_the_run_alone(table, kanpde_command):
    result = kanpde_command(
        "fit", "data.csv", "--target", "y", "--inputs", "a", "--steps", 2, "--quiet", "--no-plots"
    )
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith("runs/data-")
    assert len(result.out.splitlines()) == 1


def test_test_rows_may_come_from_a_file(table, kanpde_command):
    lines = (table / "data.csv").read_text().splitlines()
    (table / "test.csv").write_text("\n".join([lines[0], *lines[-5:]]))
    result = kanpde_command(
        "fit", "data.csv", "--target", "y", "--inputs", "b,a", "--test-file", "test.csv",
        "--steps", 2, "--out", "run", "--no-plots",
    )  # fmt: skip
    assert result.code == 0
    assert "80 train, 5 test" in result.out


def test_runs_of_fits_are_listed_shown_and_drawn(table, kanpde_command, refused):
    kanpde_command(
        "fit", "data.csv", "--target", "y", "--inputs", "a,b", "--hidden", "2", "--steps", 3,
        "--out", "runs/one", "--no-plots", "--quiet",
    )  # fmt: skip
    listed = kanpde_command("list")
    assert "runs/one" in listed.out
    assert "test rmse" in listed.out
    shown = kanpde_command("info", "runs/one")
    assert "regression" in shown.out
    assert "RMSE" in shown.out
    drawn = kanpde_command("plot", "runs/one", "--format", "svg")
    assert drawn.out.split() == [f"runs/one/{name}.svg" for name in ("fit", "function", "training")]
    assert kanpde_command("plot", "runs/one", "--diagram").out.split() == ["runs/one/diagram.png"]
    assert "expected the run of `kanpde solve`" in refused("export", "runs/one")


def test_interrupted_fit_saves_the_best_state_and_goes_on(table, kanpde_command, monkeypatch):
    class Stop:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def __call__(self, event):
            if event["step"] == 3:
                signal.raise_signal(signal.SIGINT)

    command = ["fit", "data.csv", "--target", "y", "--inputs", "a,b", "--hidden", "2"]
    command += ["--steps", "6", "--out", "run"]
    with monkeypatch.context() as patch:
        patch.setattr(_fit._progress, "choose", lambda *, quiet: Stop())
        stopped = kanpde_command(*command)
    assert stopped.code == 130
    assert "--resume" in stopped.out
    assert not (table / "run" / "fit.png").exists()
    resumed = kanpde_command(*command, "--resume", "--no-plots")
    assert resumed.code == 0
    assert kanpde.load("run").summary["steps"] == 6


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--target", "z"], "expected a column 'z', got a, b, c, y, kind"),
        (["--target", "y,y"], "--target y,y: expected names with commas between them, got 'y' tw"),
        (["--target", "y"], "data.csv:2: expected a number in column 'kind'"),
        (["--target", "y", "--inputs", "a,y"], "--inputs: 'y' is the target"),
        (["--target", "y", "--inputs", "a,q"], "expected a column 'q'"),
        (["--target", "y,kind", "--inputs", "a"], "expected a number in column 'kind'"),
        (["--target", "kind", "--task", "regression", "--inputs", "a"], "expected a number in col"),
        (["--target", "y", "--without", "a,b,c,kind"], "expected columns beside the target"),
        (["--target", "y", "--inputs", "a", "--hidden", "x"], "--hidden x: expected whole numbers"),
        (["--target", "y", "--inputs", "a", "--test", "2"], "test: expected a share"),
        (["--target", "y", "--inputs", "a", "-s", "grd=3"], "did you mean grid?"),
        (["--target", "y", "--inputs", "a", "--task", "guess"], "task: expected one of regression"),
        (["--target", "y", "--inputs", "a", "--resume"], "--resume: expected --out DIR"),
        (["--target", "y", "--task", "classification", "--inputs", "a"], "classes that repeat"),
        (
            ["--target", "y", "--inputs", "a", "--test", "0.1", "--test-file", "data.csv"],
            "got both",
        ),
        ([], "--target"),
    ],
)
def test_wrong_options_are_told_in_one_line_and_leave_nothing(table, refused, options, says):
    assert says in refused("fit", "data.csv", *options)
    assert not (table / "runs").exists() or not any((table / "runs").iterdir())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "got an empty file"),
        ("a,y\n1,2\nnan,3\n", "drop such rows by missing=drop (--drop-missing)"),
        ("a,k\n1,x\n2,x\n", "expected at least two classes"),
        ("a,a\n1,2\n", "'a' twice"),
    ],
)
def test_wrong_tables_are_told_in_one_line(here, refused, text, says):
    (here / "data.csv").write_text(text)
    target = "k" if "k" in text else "y"
    assert says in refused("fit", "data.csv", "--target", target, "--out", "run")
    assert not (here / "run").exists()


def test_rows_with_missing_values_are_dropped_where_asked(here, kanpde_command):
    rows = "\n".join(f"{k},{k * k}" for k in range(20))
    (here / "data.csv").write_text(f"a,y\n{rows}\n5,\n")
    result = kanpde_command(
        "fit", "data.csv", "--target", "y", "--drop-missing", "--steps", 2, "--no-plots",
        "--hidden", "1",
    )  # fmt: skip
    assert result.code == 0
    assert "1 of 21 rows with missing values dropped" in result.out


def test_run_in_use_is_not_overwritten(table, refused, kanpde_command):
    options = ["fit", "data.csv", "--target", "y", "--inputs", "a", "--hidden", "1", "--steps", 1]
    options += ["--out", "run", "--no-plots"]
    assert kanpde_command(*options).code == 0
    assert "in use" in refused(*options)
    assert "resume: setting seed was 0, now 1" in refused(*options, "--resume", "--seed", "1")


def test_a_name_with_a_comma_can_be_the_target(here, kanpde_command):
    rows = "".join(f"{k},{k * k}\n" for k in range(12))
    (here / "data.csv").write_text('a,"y, out"\n' + rows)
    given = ("--target", "y, out", "--steps", 2, "--out", "run", "--no-plots")
    assert kanpde_command("fit", "data.csv", *given).code == 0
    assert kanpde.load("run").data.outputs == ("y, out",)


def test_directories_of_fits_that_lack_files_are_told_apart_from_solutions(here, kanpde_command):
    (here / "data.csv").write_text("a,y\n" + "".join(f"{k},{k * k}\n" for k in range(12)))
    kanpde_command("fit", "data.csv", "--target", "y", "--steps", 2, "--out", "run", "--no-plots")
    (here / "run" / "summary.json").unlink()
    result = kanpde_command("info", "run")
    assert (result.code, "`kanpde fit FILE --out DIR --resume`" in result.err) == (2, True)
    (here / "run" / "data.npz").unlink()
    result = kanpde_command("plot", "run")
    assert (result.code, "expected data.npz" in result.err) == (2, True)
