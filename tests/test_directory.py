"""Run directories: what is solved is what is loaded, and nothing in them can run code."""

import csv
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from sympy import Eq, Symbol, cos, pi, sin

import kanpde
import kanpde.cli
from kanpde import (
    Dirichlet,
    InputError,
    Interval,
    Problem,
    RunDirectoryError,
    Settings,
    coordinates,
    solve,
    unknown,
)
from kanpde.pde import Program
from kanpde.pde.program._operations import TABLE

POINTS = np.linspace(0, 1, 101)[:, None]
SMALL = {"hidden": (4, 4), "interior": 64, "threads": 1, "steps": 4}
KEYS = [
    *("problem", "status", "net", "coefficients", "parameters", "settings", "seconds", "steps"),
    *("device", "dtype", "seed", "threads", "loss", "terms", "errors", "estimates"),
    *("identified", "imposed", "versions"),
]
FILES = ("problem.json", "checkpoint.pt", "summary.json", "history.csv", "truth.npz")


def ode(*, reference=False):
    """A nonlinear problem with constants that binary fractions do not hold."""
    x = coordinates("x")
    u = unknown("u", x)
    exact = sin(pi * x / 3) + x / 7
    source = exact.diff(x, 2) - exact**3
    truth = {"exact": {u: exact}}
    if reference:
        truth = {
            "reference": {u: lambda points: np.sin(np.pi * points[:, 0] / 3) + points[:, 0] / 7}
        }
    return Problem(
        Interval(x, 0, 1),
        {"ode": u.diff(x, 2) - u**3 - source},
        {"left": Dirichlet(u, 0, on=Eq(x, 0)), "right": Dirichlet(u, exact, on=Eq(x, 1))},
        name="small",
        **truth,
    )


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A solved problem and its run directory."""
    out = tmp_path_factory.mktemp("runs") / "run"
    return solve(ode(reference=True), **SMALL, out=out), out


@pytest.fixture
def run(solved, tmp_path):
    """A copy of the run directory that may be damaged."""
    solution, out = solved
    points = np.linspace(0, 1, 9)[:, None]
    solution.truth(points)
    solution.save(out)
    shutil.copytree(out, tmp_path / "run")
    return tmp_path / "run"


def one_line(refusal):
    text = str(refusal.value)
    assert "\n" not in text
    assert len(text) < 600
    return text


# What is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        {**SMALL, "basis": "bspline", "grids": (3, 6)},
        {**SMALL, "basis": "sine", "degree": 3, "frequency": 1.7, "train_frequencies": True},
        {**SMALL, "basis": "rbf"},
        {**SMALL, "net": "mlp"},
        {**SMALL, "dtype": "float32", "optimizer": "adam"},
        {**SMALL, "derivatives": "autograd", "steps": 2},
        {**SMALL, "exact_conditions": False},
    ],
    ids=["chebyshev", "bspline", "sine", "rbf", "mlp", "float32", "autograd", "rows"],
)
def test_loaded_values_are_the_solved_ones_bit_for_bit(settings, tmp_path):
    solution = solve(ode(), **settings, out=tmp_path / "run")
    loaded = kanpde.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded(POINTS), solution(POINTS))
    np.testing.assert_array_equal(loaded.truth(POINTS), solution.truth(POINTS))
    # Nested autograd is how one may train; a loaded solution uses the closed forms.
    atol = 1e-10 if settings.get("derivatives") == "autograd" else 0.0
    np.testing.assert_allclose(
        loaded.residuals(POINTS)["ode"], solution.residuals(POINTS)["ode"], rtol=0, atol=atol
    )
    assert loaded.summary == solution.summary
    assert loaded.status is solution.status


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_linear_solution_loads_bit_for_bit_under_any_default_dtype(dtype, tmp_path):
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    problem = Problem(
        Interval(x, 0, 1) * kanpde.TimeInterval(t, 0, 1),
        {"heat": u.diff(t) - u.diff(x, 2) / 9},
        {"start": kanpde.Initial(u, sin(pi * x)), "ends": Dirichlet(u, 0)},
    )
    solution = solve(problem, steps=3, threads=1, out=tmp_path / "run")
    points = np.random.default_rng(0).uniform(size=(50, 2))
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(dtype)
        np.testing.assert_array_equal(kanpde.load(tmp_path / "run")(points), solution(points))
    finally:
        torch.set_default_dtype(before)


def test_loaded_run_saved_again_is_the_same_run(solved, tmp_path):
    solution, out = solved
    kanpde.load(out).save(tmp_path / "again")
    again = kanpde.load(tmp_path / "again")
    np.testing.assert_array_equal(again(POINTS), solution(POINTS))
    assert again.history == kanpde.load(out).history


def test_expressions_are_evaluated_after_loading_with_new_symbols(solved):
    solution, out = solved
    x = coordinates("x")
    u = unknown("u", x)
    expression = u.diff(x, 2) + u * x
    loaded = kanpde.load(out)
    np.testing.assert_array_equal(
        loaded.evaluate(expression, POINTS), solution.evaluate(expression, POINTS)
    )
    small = 1e-4
    inner = POINTS[1:-1]
    slope = (loaded(inner + small) - loaded(inner - small))[:, 0] / (2 * small)
    # Central differences: h^2 u'''/6 and round-off eps/h, both below 1e-6 here.
    np.testing.assert_allclose(loaded.evaluate(u.diff(x), inner), slope, atol=1e-5)


def test_loaded_residual_is_that_of_the_equation(solved):
    x = coordinates("x")
    u = unknown("u", x)
    loaded = kanpde.load(solved[1])
    exact = sin(pi * x / 3) + x / 7
    expression = u.diff(x, 2) - u**3 - exact.diff(x, 2) + exact**3
    np.testing.assert_allclose(
        loaded.residuals(POINTS)["ode"], loaded.evaluate(expression, POINTS), atol=1e-12
    )


def test_unknown_constants_are_found_by_name_after_loading(tmp_path):
    x = coordinates("x")
    u = unknown("u", x)
    k = Symbol("k", positive=True)
    problem = Problem(
        Interval(x, 0, 1),
        {"ode": u.diff(x) + k * u},
        {
            "start": Dirichlet(u, 1, on=Eq(x, 0)),
            "data": kanpde.PointData(u, [[0.5], [1.0]], [0.6, 0.37]),
        },
        constants={k: kanpde.Constant(2.0, bounds=(0, None))},
    )
    solution = solve(problem, hidden=(3,), interior=32, steps=3, out=tmp_path / "run")
    loaded = kanpde.load(tmp_path / "run")
    assert loaded.constants == solution.constants
    new = Symbol("k", real=True)
    np.testing.assert_array_equal(
        loaded.evaluate(u.diff(x) + new * u, POINTS), solution.evaluate(u.diff(x) + k * u, POINTS)
    )
    assert loaded.identified == solution.identified
    assert set(loaded.identified["k"]) == {"value", "low", "high"}


def test_reference_values_known_before_the_save_are_kept(run):
    loaded = kanpde.load(run)
    known = np.linspace(0, 1, 9)[:, None]
    np.testing.assert_allclose(
        loaded.truth(known)[:, 0], np.sin(np.pi * known[:, 0] / 3) + known[:, 0] / 7, atol=1e-15
    )
    assert loaded.truth(known + 0.01) is None


def test_figures_and_files_are_made_from_a_loaded_run(run, tmp_path):
    import kanpde.export
    import kanpde.plot

    (run / "solution.vtu").unlink(missing_ok=True)
    loaded = kanpde.load(run)
    kanpde.plot.save_figures(loaded, tmp_path)
    kanpde.export.write_vtu(loaded, tmp_path / "u.vtu")
    assert (tmp_path / "u.vtu").stat().st_size > 0
    assert list(tmp_path.glob("*.png"))


def test_saving_over_another_run_is_refused(run, solved):
    other = solve(ode(), **{**SMALL, "seed": 3, "steps": 1})
    with pytest.raises(RunDirectoryError, match="holds another run"):
        other.save(run)
    np.testing.assert_array_equal(kanpde.load(run)(POINTS), solved[0](POINTS))


def test_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunDirectoryError, match="can be written"):
        solve(ode(), **SMALL, out=tmp_path / "file" / "run")


# What the files hold -----------------------------------------------------------------------


def test_summary_holds_what_the_design_lists_and_is_strict_json(run):
    summary = json.loads((run / "summary.json").read_text(), parse_constant=pytest.fail)
    assert set(KEYS) <= set(summary)
    assert set(summary["settings"]) == set(Settings.types())
    assert summary["terms"].keys() == {"ode"}
    assert summary["imposed"] == {"left": "exact", "right": "exact"}
    assert summary["errors"]["u"].keys() >= {"relative_l2", "max", "points"}
    assert summary["estimates"].keys() == {"residual", "predicted"}
    assert summary["estimates"]["predicted"].keys() == {"u"}
    assert (summary["problem"], summary["steps"], summary["threads"]) == ("small", 4, 1)
    assert summary["identified"] == {}


def test_history_is_a_table_with_a_line_per_step(run):
    with (run / "history.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(r["step"]) for r in rows] == [1, 2, 3, 4]
    assert all(float(r["loss"]) >= 0 for r in rows)
    loaded = kanpde.load(run).history
    assert [r["loss"] for r in loaded] == [float(r["loss"]) for r in rows]


def test_problem_file_holds_operations_of_the_table_only(run):
    data = json.loads((run / "problem.json").read_text(), parse_constant=pytest.fail)
    programs = [data["frame"]["g"], data["frame"]["d"], *(t["program"] for t in data["terms"])]
    names = {operation[0] for p in programs for operation in p["operations"]}
    assert names <= {"const", "input", *TABLE}
    for p in programs:
        Program.from_record(p)


def test_checkpoint_holds_no_classes(run):
    state = torch.load(run / "checkpoint.pt", weights_only=True)

    def walk(value):
        if isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)
        else:
            assert type(value) in {int, float, str, bool, type(None), torch.Tensor}

    walk(state)


def test_no_half_written_files_are_left(run):
    assert {p.name for p in run.iterdir()} == set(FILES)


# What is refused ---------------------------------------------------------------------------


class Trap:
    """Loading it with code allowed makes a file."""

    def __reduce__(self):
        return Path.touch, (Path("trapped"),)


@pytest.mark.parametrize("how", ["pickle", "torch", "inside", "legacy"])
def test_pickle_with_code_is_refused_and_not_run(how, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = run / "checkpoint.pt"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Trap()))
    elif how == "torch":
        torch.save(Trap(), path)
    elif how == "legacy":
        torch.save(Trap(), path, _use_new_zipfile_serialization=False)
    else:
        state = torch.load(path, weights_only=True)
        torch.save({**state, "trial": {**state["trial"], "vector": Trap()}}, path)
    with pytest.raises(RunDirectoryError, match="holds code") as refusal:
        kanpde.load(run)
    one_line(refusal)
    with pytest.raises(RunDirectoryError, match="holds code"):
        solve(ode(reference=True), **SMALL, out=run, resume=True)
    assert not Path("trapped").exists()
    torch.load(path, weights_only=False) if how != "pickle" else pickle.loads(path.read_bytes())
    assert Path("trapped").exists(), "else the trap would not have shown anything"


@pytest.mark.parametrize("name", ["problem.json", "checkpoint.pt", "summary.json", "truth.npz"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_truncated_file_is_refused(name, share, run):
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(RunDirectoryError) as refusal:
        kanpde.load(run)
    assert name.split(".")[0] in one_line(refusal)


@pytest.mark.parametrize("name", ["problem.json", "checkpoint.pt", "summary.json"])
def test_flipped_bytes_are_refused_or_harmless(name, run, solved):
    content = (run / name).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(25):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), 5):
            damaged[place] = int(rng.integers(0, 256))
        (run / name).write_bytes(bytes(damaged))
        try:
            kanpde.load(run)
        except RunDirectoryError:
            continue


@pytest.mark.parametrize("missing", ["problem.json", "checkpoint.pt"])
def test_missing_file_is_named(missing, run):
    (run / missing).unlink()
    with pytest.raises(RunDirectoryError, match=missing) as refusal:
        kanpde.load(run)
    one_line(refusal)


@pytest.mark.parametrize("missing", ["history.csv", "summary.json", "truth.npz"])
def test_run_loads_without_what_is_not_needed(missing, run, solved):
    (run / missing).unlink()
    np.testing.assert_array_equal(kanpde.load(run)(POINTS), solved[0](POINTS))


def edit(run, change):
    path = run / "problem.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    "key",
    [
        "coordinates", "unknowns", "domain", "equations", "conditions", "vectors", "parameters",
        "exact", "frame", "constants", "terms", "name", "format", "kanpde",
    ],
)  # fmt: skip
def test_missing_or_wrong_key_of_the_problem_is_refused(key, run):
    whole = (run / "problem.json").read_text()
    edit(run, lambda data: data.pop(key))
    with pytest.raises(RunDirectoryError) as refusal:
        kanpde.load(run)
    one_line(refusal)
    if key not in {"name", "exact"}:
        (run / "problem.json").write_text(whole)
        edit(run, lambda data: data.update({key: 7}))
        with pytest.raises(RunDirectoryError) as refusal:
            kanpde.load(run)
        one_line(refusal)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["frame"]["lower"].append(0.0),
        lambda d: d["frame"]["scales"].append(1.0),
        lambda d: d["frame"]["periodic"].append(5),
        lambda d: d["frame"]["g"]["outputs"].append(0),
        lambda d: d["frame"]["d"].update(operations=[["system", 0]]),
        lambda d: d["frame"].pop("upper"),
        lambda d: d["unknowns"].append({"name": "v", "scale": 1.0}),
        lambda d: d["unknowns"][0].update(name="not a name"),
        lambda d: d["coordinates"].append("y"),
        lambda d: d["coordinates"].__setitem__(0, "y"),
        lambda d: d["constants"]["names"].append("k"),
        lambda d: d["terms"][0]["jets"].append([0, 0]),
        lambda d: d["terms"][0]["jets"].__setitem__(0, [3, 0]),
        lambda d: d["terms"][0]["space"].update(dimension=2),
        lambda d: d["terms"][0]["program"]["outputs"].append(0),
        lambda d: d["terms"][0]["program"]["operations"].append(["input", 99]),
        lambda d: d["domain"].update(type="teapot", kind="teapot"),
        lambda d: d.update(format=99),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, run):
    edit(run, change)
    with pytest.raises(RunDirectoryError) as refusal:
        kanpde.load(run)
    one_line(refusal)


def test_wrong_format_number_is_told_with_the_fix(run):
    edit(run, lambda data: data.update(format=99))
    with pytest.raises(RunDirectoryError, match="expected format 1 or 2, got 99; read it with"):
        kanpde.load(run)
    edit(run, lambda data: data.update(format=1))
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    torch.save({**state, "format": 99}, run / "checkpoint.pt")
    with pytest.raises(RunDirectoryError, match="expected format 1 or 2, got 99; read it with"):
        kanpde.load(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.pop("vector"),
        lambda t: t.pop("network"),
        lambda t: t.update(vector=t["vector"][:-1]),
        lambda t: t.update(vector=t["vector"][None]),
        lambda t: t.update(vector="text"),
        lambda t: t["network"].update(kind="module"),
        lambda t: t["network"].update(width=[1, 10**9, 1]),
        lambda t: t["network"].update(width=[2, 4, 4, 1]),
        lambda t: t["network"].update(width=[]),
        lambda t: t["network"].update(width=None),
        lambda t: t["network"].update(bases=[]),
        lambda t: t["network"].pop("base"),
        lambda t: t["network"]["bases"][0].update(name="teapot"),
        lambda t: t["network"]["bases"][0].update(degree=-1),
        lambda t: t["network"].update(masks=[[[True]], None, None]),
    ],
)
def test_damaged_checkpoint_is_refused(change, run):
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    change(state["trial"])
    torch.save(state, run / "checkpoint.pt")
    with pytest.raises(RunDirectoryError) as refusal:
        kanpde.load(run)
    one_line(refusal)


@pytest.mark.parametrize("key", ["session", "fingerprint"])
def test_checkpoint_without_its_session_is_not_resumed(key, run):
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    state.pop(key)
    torch.save(state, run / "checkpoint.pt")
    with pytest.raises(RunDirectoryError, match="saved solution only"):
        solve(ode(reference=True), **SMALL, out=run, resume=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.pop("steps"),
        lambda s: s.update(index=99),
        lambda s: s["phase"].pop("rng"),
        lambda s: s["phase"].update(coefficients=s["phase"]["coefficients"][:-1]),
        lambda s: s["phase"].update(drawn=[]) or s["phase"].update(levels=3),
    ],
)
def test_damaged_session_is_not_resumed(change, run):
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    change(state["session"])
    torch.save(state, run / "checkpoint.pt")
    with pytest.raises(RunDirectoryError, match="damaged") as refusal:
        solve(ode(reference=True), **SMALL, out=run, resume=True)
    one_line(refusal)


def test_foreign_files_are_refused(run):
    torch.save({"weights": torch.zeros(3)}, run / "checkpoint.pt")
    with pytest.raises(RunDirectoryError, match="foreign"):
        kanpde.load(run)
    for text in ("[1, 2]", '{"kanpde": "other"}', "null", "[" * 100000):
        (run / "problem.json").write_text(text)
        with pytest.raises(RunDirectoryError) as refusal:
            kanpde.load(run)
        one_line(refusal)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"status": "fine"}', '{"status": []}', "3"])
def test_damaged_summary_is_refused(text, run):
    (run / "summary.json").write_text(text)
    with pytest.raises(RunDirectoryError, match=r"summary\.json") as refusal:
        kanpde.load(run)
    one_line(refusal)


def test_history_that_is_no_text_is_refused(run):
    (run / "history.csv").write_bytes(b"step\n\xff\xfe\n")
    with pytest.raises(RunDirectoryError, match=r"history\.csv"):
        kanpde.load(run)


def test_missing_directory_and_empty_directory_are_refused(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(RunDirectoryError, match="expected a run directory"):
            kanpde.load(path)


def test_other_expressions_are_refused_after_loading(run):
    x = coordinates("x")
    with pytest.raises(InputError):
        kanpde.load(run).evaluate(unknown("v", x).diff(x), POINTS)
    with pytest.raises(InputError):
        kanpde.load(run).evaluate(cos(Symbol("q")), POINTS)


def test_list_shows_a_killed_run_by_its_name(run, capsys):
    (run / "summary.json").unlink()
    assert kanpde.load(run).status is kanpde.Status.INTERRUPTED
    assert kanpde.cli.main(["list", str(run.parent)]) == 0
    (line,) = [k for k in capsys.readouterr().out.splitlines() if "unfinished" in k]
    assert "small" in line
