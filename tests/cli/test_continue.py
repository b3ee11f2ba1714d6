"""``--continue``: stages on the command line, and what is refused in one line."""

import json

import pytest

from kanpde.cli import main
from kanpde.cli._continue import parse
from kanpde.errors import InputError

BRATU = """
    from kanpde import Dirichlet, Interval, Problem, coordinates, unknown
    from sympy import exp

    def problem(k: float = 1.0, n: int = 1, label: str = "a"):
        x = coordinates("x")
        u = unknown("u", x)
        return Problem(
            domain=Interval(x, 0, 1),
            equations={"bratu": u.diff(x, 2) + n * k * exp(u)},
            conditions={"ends": Dirichlet(u, 0)},
        )
"""


@pytest.fixture
def file(tmp_path):
    import textwrap

    path = tmp_path / "bratu.py"
    path.write_text(textwrap.dedent(BRATU))
    return path


def solve(file, *options):
    return main(["solve", str(file), "--steps", "5", "--no-plots", *options])


def test_stages_are_solved_told_and_resumed(file, tmp_path, capsys):
    out = tmp_path / "run"
    assert solve(file, "--continue", "k=1:2.5", "--out", str(out)) == 0
    text = capsys.readouterr().out
    assert "continued" in text
    assert "k = 1" in text
    summary = json.loads((out / "summary.json").read_text())
    values = [stage["value"] for stage in summary["continued"]["stages"]]
    assert values == pytest.approx([1.0, 1.58114, 2.5])
    assert summary["parameters"]["k"] == 2.5
    assert sorted(p.name for p in (out / "stages").iterdir()) == ["1-k=1", "2-k=1.58114"]
    (out / "summary.json").unlink()
    assert solve(file, "--continue", "k=1:2.5", "--out", str(out), "--resume") == 0
    assert json.loads((out / "summary.json").read_text())["continued"]["parameter"] == "k"


def test_whole_numbers_stay_whole(file, tmp_path):
    out = tmp_path / "run"
    assert solve(file, "--continue", "n=1:3:3", "--out", str(out), "--quiet") == 0
    stages = json.loads((out / "summary.json").read_text())["continued"]["stages"]
    assert [stage["value"] for stage in stages] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("k", "expected NAME=FIRST:LAST[:STAGES], got 'k'"),
        ("k=1", "expected NAME=FIRST:LAST[:STAGES], got 'k=1'"),
        ("k=1:2:3:4", "expected NAME=FIRST:LAST[:STAGES], got 'k=1:2:3:4'"),
        ("k=1:two", "expected a plain number, got 'two'"),
        ("k=1:1", "expected two different values, got 1 twice"),
        ("k=1:2:1", "expected 2 stages or more, got 1"),
        ("nu=1:2", "expected a parameter of problem(), got 'nu'"),
        ("label=1:2", "expected a parameter that is a number, got label='a'"),
    ],
)
def test_bad_input_is_one_line(file, text, said, capsys):
    assert solve(file, "--continue", text) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"kanpde: error: --continue {text}: {said}")
    assert "\n" not in error


def test_parse_reads_all_parts():
    found = parse("nu=0.1:0.003:4")
    assert (found.name, found.first, found.last, found.stages) == ("nu", 0.1, 0.003, 4)
    with pytest.raises(InputError):
        parse("=1:2")
