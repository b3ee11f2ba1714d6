"""A run directory of a stranger: whatever names it holds, nothing of it is executed."""

import json
import shutil
import textwrap

import numpy as np
import pytest
import torch

import kanpde
import kanpde.cli
from kanpde import InputError, RunDirectoryError
from kanpde.nets import ARGUMENT, SymbolicFunction, network_record

PROBLEM = """
    from kanpde import Dirichlet, Interval, Problem, coordinates, table, unknown

    def problem():
        x = coordinates("x")
        u = unknown("u", x)
        k = table("k", [0, 0.4, 0.7, 1], [1, 1, 1, 1], order=1)
        return Problem(
            Interval(x, 0, 1),
            {"ode": k(x) * u.diff(x, 2) + 2},
            {"ends": Dirichlet(u, 0)},
            exact={u: x - x**2},
        )
"""
COMMANDS = {
    "plot": ["plot", "RUN"],
    "formula": ["plot", "RUN", "--formula"],
    "diagram": ["plot", "RUN", "--diagram"],
    "export": ["export", "RUN", "--format", "csv"],
    "list": ["list", "."],
    "info": ["info", "RUN"],
}
LOADING = ("plot", "formula", "diagram", "export")


def payload(sentinel):
    """A name that makes the file when it is evaluated, as generated source would."""
    return f"__import__('os').system('touch {sentinel}')or abs"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Run directories of a solve with a table and of a fit with symbolic edges."""
    place = tmp_path_factory.mktemp("stored")
    (place / "p.py").write_text(textwrap.dedent(PROBLEM).lstrip())
    kanpde.cli.main(["solve", str(place / "p.py"), "--out", str(place / "run"), "--quiet"])
    x = np.random.default_rng(0).uniform(-1, 1, (40, 1))
    fit = kanpde.fit(x, x[:, 0] ** 2, net="kan", hidden=(), steps=20, threads=1, out=place / "fit")
    fixed = fit.fix_symbolic(0, 0, 0, "x^2")
    fixed.save(place / "symbolic")
    shutil.rmtree(place / "fit")
    (place / "symbolic").rename(place / "fit")
    return place


@pytest.fixture
def here(stored, tmp_path, monkeypatch):
    """Copies that may be tampered with, in the working directory."""
    monkeypatch.delenv("COLUMNS", raising=False)
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sentinel(tmp_path):
    return tmp_path / "executed"


def command(capsys, *argv):
    capsys.readouterr()
    code = kanpde.cli.main(list(argv))
    said = capsys.readouterr()
    return code, said.out, said.err


def one_error(code, err):
    """The exit code of bad input, and one line that says what was expected."""
    assert code == 2, err
    assert len(err.splitlines()) == 1, err
    assert err.startswith("kanpde: error: ")
    assert "expected" in err


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def edit_checkpoint(path, change):
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)


def everywhere(data, change):
    """Call `change` on every dict in plain data."""
    if isinstance(data, dict):
        change(data)
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for part in inside:
        everywhere(part, change)


def spline(name):
    return {"name": name, "degree": 1, "knots": [[0, 0, 1, 1]], "coefficients": [1.0, 1.0]}


def field(name):
    """A mesh field on one triangle."""
    points = np.array([[0.0, 0], [1, 0], [0, 1]])
    made = kanpde.pde.mesh_field("f", points, np.array([[0, 1, 2]]), np.ones(3), on="point")
    return {**made.spline.to_record(), "name": name}


def rename_tables(name):
    def change(data):
        for t in data.get("tables", ()):
            t["name"] = name

    return lambda data: everywhere(data, change)


def plus_table(program, made):
    """Add a table of the first input, once or twice, to the first output of a program."""
    d = 2 if made.get("kind") == "mesh" else 1
    program.setdefault("tables", []).append(made)
    operations = program["operations"]
    operations.append(["input", 0])
    at, index = len(operations) - 1, len(program["tables"]) - 1
    operations.append(["table", index, *[0] * d, *[at] * d])
    operations.append(["add", program["outputs"][0], at + 1])
    program["outputs"][0] = at + 2


def rename_coordinate(name):
    def change(data):
        data["coordinates"][0] = name
        data["domain"]["coordinates"][0] = name

    return change


ROADS = {
    "every table": rename_tables,
    "coordinate": rename_coordinate,
    "unknown": lambda n: lambda d: d["unknowns"][0].update(name=n),
    "domain": lambda n: lambda d: d["domain"]["coordinates"].__setitem__(0, n),
    "constant": lambda n: (
        lambda d: d["constants"].update(names=[n], scales=[1.0], low=[None], high=[None])
    ),
    "parameter": lambda n: lambda d: d["parameters"].update({n: 1.0}),
    "complex unknown": lambda n: lambda d: d["complex"].update({n: [0, 0]}),
    "table of g": lambda n: lambda d: plus_table(d["frame"]["g"], spline(n)),
    "table of D": lambda n: lambda d: plus_table(d["frame"]["d"], spline(n)),
    "table of the exact solution": lambda n: lambda d: plus_table(d["exact"], spline(n)),
    "table of an equation": lambda n: lambda d: plus_table(d["terms"][0]["program"], spline(n)),
    "table of a claim": lambda n: (
        lambda d: plus_table(d["claims"][0]["terms"]["program"], spline(n))
    ),
    "mesh field": lambda n: lambda d: plus_table(d["claims"][0]["terms"]["program"], field(n)),
}


@pytest.mark.parametrize("road", ROADS)
def test_name_in_a_problem_is_refused_and_not_run(road, here, sentinel, capsys):
    edit(here / "run" / "problem.json", ROADS[road](payload(sentinel)))
    for name, argv in COMMANDS.items():
        code, _, err = command(capsys, *[a.replace("RUN", "run") for a in argv])
        assert not sentinel.exists(), name
        if name in LOADING:
            one_error(code, err)
        else:
            assert code == 0, name
    with pytest.raises(RunDirectoryError, match=r"expected a name \(an identifier"):
        kanpde.load(here / "run")


@pytest.mark.parametrize("road", ROADS)
def test_resuming_writes_the_problem_anew(road, here, sentinel, capsys):
    edit(here / "run" / "problem.json", ROADS[road](payload(sentinel)))
    code, _, err = command(capsys, "solve", "p.py", "--out", "run", "--resume", "--quiet")
    assert code == 0, err
    assert not sentinel.exists()
    assert "__import__" not in (here / "run" / "problem.json").read_text()
    kanpde.load(here / "run")


def symbolic_edge(name):
    """A table as the function of an edge, in every network of a checkpoint."""
    program = {
        "inputs": ["x"],
        "operations": [["input", 0], ["table", 0, 0, 0]],
        "outputs": [1],
        "tables": [spline(name)],
    }
    function = {"name": "curve", "complexity": 3, "domain": "line", "program": program}

    def change(data):
        for layer in data.get("symbolic", ()):
            for edge in layer:
                edge["function"] = function

    return lambda state: everywhere(state, change)


@pytest.mark.parametrize("name", COMMANDS)
def test_name_in_a_fit_is_refused_and_not_run(name, here, sentinel, capsys):
    edit_checkpoint(here / "fit" / "checkpoint.pt", symbolic_edge(payload(sentinel)))
    code, _, err = command(capsys, *[a.replace("RUN", "fit") for a in COMMANDS[name]])
    assert not sentinel.exists()
    if name in LOADING:
        one_error(code, err)
    else:
        assert code == 0
    with pytest.raises(RunDirectoryError, match=r"expected a name \(an identifier"):
        kanpde.load(here / "fit").symbolic_formula()
    assert not sentinel.exists()


def slabs(frame):
    """A trial of one slab of time, whose frame holds programs in the checkpoint itself."""

    def change(state):
        trial = state["trial"]
        part = {**trial, "frame": 0, "seam": None}
        network = {"kind": "slabs", "edges": [0.0, 1.0], "axis": 0}
        state["trial"] = {
            "network": network, "vector": trial["vector"], "frames": [frame], "slabs": [part]
        }  # fmt: skip

    return change


@pytest.mark.parametrize("name", COMMANDS)
def test_name_in_the_checkpoint_of_a_solve_is_refused_and_not_run(name, here, sentinel, capsys):
    frame = json.loads((here / "run" / "problem.json").read_text())["frame"]
    plus_table(frame["g"], spline(payload(sentinel)))
    edit_checkpoint(here / "run" / "checkpoint.pt", slabs(frame))
    code, _, err = command(capsys, *[a.replace("RUN", "run") for a in COMMANDS[name]])
    if name in LOADING:
        one_error(code, err)
        assert "expected a name (an identifier" in err
    else:
        assert code == 0
    assert not sentinel.exists()


def evil_edges(sentinel):
    """Make every layer of every network of a checkpoint hold an edge with a payload."""
    function = symbolic_edge(payload(sentinel))

    def change(state):
        def add(data):
            for layer in data.get("symbolic", ()):
                layer[:] = [{"i": 0, "j": 0, "function": {}}]

        everywhere(state, add)
        function(state)

    return change


def test_resuming_a_solve_with_a_name_in_its_edges_runs_nothing(here, sentinel, capsys):
    argv = ["solve", "p.py", "--out", "kan", "--quiet", "-s", "net=kan", "-s", "linear=false"]
    argv += ["-s", "hidden=3", "-s", "interior=32", "-s", "steps=2"]
    assert command(capsys, *argv)[0] == 0
    edit_checkpoint(here / "kan" / "checkpoint.pt", evil_edges(sentinel))
    code, _, err = command(capsys, "plot", "kan", "--diagram")
    one_error(code, err)
    assert "expected a name (an identifier" in err
    # The network follows from the settings; of the checkpoint only numbers are taken.
    code, _, err = command(capsys, *argv, "--resume")
    assert code == 0, err
    assert not sentinel.exists()
    assert command(capsys, "plot", "kan", "--diagram")[0] == 0


def test_resuming_a_fit_with_a_name_in_its_edges_runs_nothing(here, sentinel, capsys):
    (here / "data.csv").write_text("a,y\n" + "\n".join(f"{k},{k * k}" for k in range(30)))
    argv = ["fit", "data.csv", "--target", "y", "--out", "csv", "--quiet", "-s", "steps=5"]
    assert command(capsys, *argv)[0] == 0
    edit_checkpoint(here / "csv" / "checkpoint.pt", evil_edges(sentinel))
    code, _, err = command(capsys, *argv, "--resume")
    one_error(code, err)
    assert "expected a name (an identifier" in err
    assert not sentinel.exists()


def stored_formula(program, key="u"):
    net = kanpde.KAN([1, 1])
    return {
        "kanpde": "formula",
        "formulas": {},
        "trees": {key: None},
        "programs": {key: program},
        "networks": {key: {"network": network_record(net), "coefficients": net.get().tolist()}},
        **{k: {} for k in ("proven", "residuals", "difference")},
        "exact": False,
        "measured": [],
        "notes": [],
        "seconds": 0.0,
    }


def test_stored_formula_with_a_name_is_refused_and_not_run(here, sentinel, capsys):
    program = {"inputs": ["x"], "operations": [["input", 0]], "outputs": [0]}
    plus_table(program, spline(payload(sentinel)))
    (here / "run" / "formula.json").write_text(json.dumps(stored_formula(program)))
    code, _, err = command(capsys, "plot", "run", "--formula")
    one_error(code, err)
    assert not sentinel.exists()


def test_stored_formula_cannot_name_a_file_elsewhere(here, capsys):
    program = {"inputs": ["x"], "operations": [["input", 0]], "outputs": [0]}
    data = stored_formula(program, key="../../elsewhere")
    (here / "run" / "formula.json").write_text(json.dumps(data))
    code, _, err = command(capsys, "plot", "run", "--formula")
    one_error(code, err)
    assert "other unknowns than u" in err


def test_table_that_is_honest_has_its_formula(here, capsys):
    code, out, err = command(capsys, "plot", "run", "--formula")
    assert code == 0, err
    assert "u = -x**2 + x" in out
    # a spline of ones is 1 by its numbers, not to sympy
    assert "not proven; largest residual on fresh points" in out


def test_columns_with_units_have_their_formula(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
    rows = [f"{a},{b},{3 * a * a + b}" for a, b in x.tolist()]
    head = "temperature [K],'p' \\ ($),rate (1/s)"
    (tmp_path / "data.csv").write_text("\n".join([head, *rows]))
    argv = ["fit", "data.csv", "--target", "rate (1/s)", "--out", "fit", "--quiet"]
    code, _, err = command(capsys, *argv, "-s", "hidden=", "-s", "steps=60")
    assert code == 0, err
    code, out, err = command(capsys, "plot", "fit", "--formula")
    assert code == 0, err
    assert "rate (1/s) = " in out
    assert "temperature [K]**2" in out
    assert command(capsys, "plot", "fit")[0] == 0


def test_free_text_cannot_steer_the_terminal(here, capsys):
    evil = "\x1b]0;title\x07[red]walls[/red] \x9b2J\u202e"

    def change(data):
        data["problem"] = evil
        data["imposed"] = {evil: evil}
        data["versions"] = {evil: evil}

    for directory in ("run", "fit"):
        edit(here / directory / "summary.json", change)
    for argv in (["list", "."], ["info", "run"], ["info", "fit"]):
        code, out, err = command(capsys, *argv)
        assert code == 0
        for letter in "\x1b\x07\x9b\u202e":
            assert letter not in out + err, (argv, letter)
        assert "[red]walls[/red]" in "".join(out.split()).replace("\n", "") or "walls" in out
    edit(here / "run" / "problem.json", lambda d: d["unknowns"][0].update(name=evil))
    code, _, err = command(capsys, "plot", "run")
    one_error(code, err)
    assert "\x1b" not in err


def test_names_of_equations_are_text_in_figures(here, capsys):
    name = "cost in $ and $\\frac{"

    def rename(data):
        data["equations"] = {name: data["equations"]["ode"]}
        data["terms"][0]["names"] = [name]

    edit(here / "run" / "problem.json", rename)
    history = here / "run" / "history.csv"
    history.write_text(history.read_text().replace("term:ode", f"term:{name}"))
    code, _, err = command(capsys, "plot", "run")
    assert code == 0, err


def test_text_is_no_expression(stored):
    solution = kanpde.load(stored / "run")
    touch = f"__import__('os').system('touch {stored / 'text'}')"
    doors = (
        lambda: solution.evaluate(touch, np.zeros((1, 1))),
        lambda: solution.integrate(touch),
        lambda: SymbolicFunction("f", touch),
        lambda: kanpde.Constant(1.0, exact=touch),
        lambda: kanpde.interpret.network_from_expression(touch, [ARGUMENT]),
    )
    for door in doors:
        with pytest.raises(InputError):
            door()
    assert not (stored / "text").exists()
