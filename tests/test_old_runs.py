"""Run directories that earlier versions wrote: they load, say the same, and go on.

They lie in data/runs_MAJOR_MINOR, written by scripts/record_runs.py of that version.
"""

import json
import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import kanpde
from kanpde.cli import main

HERE = Path(__file__).parent
SCRIPTS = HERE.parent / "scripts"
RECORDED = sorted(HERE.glob("data/runs_*/*.values.json"))
OLD = [pytest.param(p, id=f"{p.parent.name}-{p.name.split('.')[0]}") for p in RECORDED]
# Only the order of sums may differ between processors: some units of round-off of the largest
# number. Derivatives of polynomials of degree 60 enlarge them by the square of the degree.
SAME, SAME_DERIVATIVE = 1e-12, 1e-10


def directory(values):
    return values.with_name(values.name.split(".")[0])


def recorded(name):
    """Run directories of every version by the name of the run."""
    found = [directory(p) for p in RECORDED if directory(p).name == name]
    return [pytest.param(p, id=f"{p.parent.name}-{name}") for p in found]


@pytest.fixture(scope="module")
def scripts():
    """Import a script by its name."""
    sys.path.insert(0, str(SCRIPTS))
    yield import_module
    sys.path.remove(str(SCRIPTS))


@pytest.fixture
def copied(tmp_path):
    """Copy a run directory to where it may be changed."""

    def copy(run):
        return Path(shutil.copytree(run, tmp_path / run.name))

    return copy


def gap(found, told):
    found, told = np.asarray(found), np.asarray(told)
    assert found.shape == told.shape
    return np.abs(found - told).max() / max(np.abs(told).max(), 1e-300)


def test_runs_of_the_first_version_are_kept():
    assert len(recorded("linear")) >= 1
    assert len([p for p in RECORDED if p.parent.name == "runs_0_1"]) == 16


@pytest.mark.parametrize("values", OLD)
def test_old_run_says_what_it_said(values, scripts):
    told = json.loads(values.read_text(encoding="utf-8"))
    found = scripts("record_runs").observe(kanpde.load(directory(values)), told["points"])
    assert gap(found.pop("values"), told.pop("values")) <= SAME
    if "derivative" in told:
        assert gap(found.pop("derivative"), told.pop("derivative")) <= SAME_DERIVATIVE
    assert {name: found[name] for name in told} == told


@pytest.mark.parametrize(
    "run",
    [
        *recorded("trained_chebyshev"),
        *recorded("trained_mlp"),
        *recorded("march"),
        *recorded("continued"),
        *recorded("fit_bspline"),
    ],
)
def test_old_run_goes_on(run, scripts, copied):
    out, known = copied(run), scripts("_small_runs").RUNS[run.name]
    before = kanpde.load(out)
    after = known.make(out, resume=True)
    steps, kept = known.more["steps"], [e["loss"] for e in before.history]
    assert before.summary["steps"] < after.summary["steps"]
    assert max(e["step"] for e in after.history if "step" in e) >= steps
    assert [e["loss"] for e in after.history][: len(kept)] == kept
    assert after.status in {kanpde.Status.BUDGET, kanpde.Status.CONVERGED}
    told = json.loads(run.with_name(f"{run.name}.values.json").read_text(encoding="utf-8"))
    assert gap(kanpde.load(out)(np.array(told["points"])), after(np.array(told["points"]))) == 0.0


@pytest.mark.parametrize("run", recorded("march"))
def test_old_march_comes_to_its_end(run, scripts, copied):
    """Where it was left, a network over all time was the better of two rough answers."""
    out = copied(run)
    after = scripts("_small_runs").RUNS["march"].make(out, resume=True)
    assert "slabs" in after.summary["net"]
    end = np.linspace(0, 6, 61)[:, None]
    straight = scripts("_small_runs").oscillator()
    reference = kanpde.solve(straight, threads=1, steps=30)(end)
    # the first march is asked for 1e-4 per slab, of which there are nine
    assert gap(after(end), reference) < 1e-2


@pytest.mark.parametrize("run", recorded("trained_chebyshev"))
def test_old_run_goes_on_from_the_command_line(run, copied, tmp_path, capsys):
    out, file = copied(run), tmp_path / "cubic.py"
    text = (SCRIPTS / "_small_runs.py").read_text(encoding="utf-8")
    file.write_text(text + "\n\nproblem = cubic\n", encoding="utf-8")
    options = ["--hidden", "3", "--basis", "chebyshev", "--degree", "4", "--seed", "0"]
    options += ["-s", "linear=false", "-s", "interior=24", "-s", "boundary=8", "-s", "threads=1"]
    options += ["--steps", "6", "--no-plots", "--quiet", "--resume", "--out", str(out)]
    assert main(["solve", str(file), *options]) == 0, capsys.readouterr().err
    assert kanpde.load(out).summary["steps"] == 6


@pytest.mark.parametrize("run", [*recorded("slabs"), *recorded("hole"), *recorded("fit_symbolic")])
def test_old_run_is_shown_and_drawn(run, copied, capsys):
    out = copied(run)
    assert main(["info", str(out)]) == 0
    assert kanpde.load(run).summary["net"] in " ".join(capsys.readouterr().out.split())
    assert main(["plot", str(out)]) == 0, capsys.readouterr().err
    pictures = [Path(line) for line in capsys.readouterr().out.split()]
    assert pictures
    assert all(p.stat().st_size > 1000 for p in pictures)


@pytest.mark.parametrize("run", [*recorded("complex"), *recorded("lazy"), *recorded("table")])
def test_old_run_is_exported(run, copied, tmp_path, capsys):
    points = np.array(json.loads(run.with_name(f"{run.name}.values.json").read_text())["points"])
    names = [x.name for x in kanpde.load(run).problem.coordinates]
    np.savetxt(tmp_path / "p.csv", points, delimiter=",", header=",".join(names), comments="")
    target = tmp_path / "values.csv"
    options = ["--points", str(tmp_path / "p.csv"), "--out", str(target)]
    code = main(["export", str(copied(run)), "--format", "csv", *options])
    assert code == 0, capsys.readouterr().err
    written = np.loadtxt(target, delimiter=",", skiprows=1)
    d = points.shape[1]
    width = len(kanpde.load(run).problem.unknowns)
    # text has as many digits as the numbers, so nothing but the evaluation may differ
    assert gap(written[:, d : d + width], kanpde.load(run)(points)) <= SAME


def test_old_runs_are_listed(tmp_path, monkeypatch, capsys):
    for values in RECORDED:
        shutil.copytree(directory(values), tmp_path / "runs" / directory(values).name)
    monkeypatch.chdir(tmp_path)
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"runs/{directory(values).name}" in listed for values in RECORDED)
    assert "damaged" not in listed
