"""``kanpde compare``, end to end in this process."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("here")

SMALL = (
    "--steps", "3", "--sizes", "2", "--hidden", "2,2", "-s", "interior=32", "-s", "threads=1",
)  # fmt: skip


def test_tables_tell_cost_errors_and_winner(write, kanpde_command):
    result = kanpde_command("compare", write(), "--seeds", "0,1", "--out", "found", *SMALL)
    assert result.code == 0
    for text in (
        "poisson: 4 of 4 runs, 3 steps each", "lm on both nets, linear path off",
        "median (range) over 2 seeds", "coefficients", "37", "39", "who wins",
        "size 2 (kan 37, mlp 39)", "3 steps", "fewer than three seeds",
        "found/ (compare.csv, compare.json, compare.png)",
    ):  # fmt: skip
        assert text in result.out
    assert max(map(len, result.out.splitlines())) <= 100
    assert sorted(p.name for p in Path("found").iterdir()) == [
        "compare.csv", "compare.json", "compare.png",
    ]  # fmt: skip


def test_default_directory_is_named_after_the_problem(write, kanpde_command):
    result = kanpde_command("compare", write(), "--seeds", "0", "--nets", "mlp", "--quiet", *SMALL)
    (directory,) = Path("runs").iterdir()
    assert directory.name.startswith("compare-poisson-")
    assert result.out.strip() == str(directory)
    assert result.err == ""


def test_parameters_and_settings_reach_the_comparison(write, kanpde_command):
    kanpde_command(
        "compare", write(), "-p", "k=2", "--seeds", "0", "--out", "found", "--quiet",
        "-s", "sampler=lhs", *SMALL,
    )  # fmt: skip
    data = json.loads(Path("found/compare.json").read_text())
    assert data["settings"]["sampler"] == "lhs"
    assert data["fingerprint"]["parameter k"] == 2


def test_comparison_is_never_overwritten_but_resumed(write, kanpde_command, refused):
    command = ("compare", write(), "--out", "found", *SMALL)
    kanpde_command(*command, "--seeds", "0")
    before = Path("found/compare.json").read_bytes()
    assert "in use" in refused(*command)
    assert Path("found/compare.json").read_bytes() == before
    result = kanpde_command(*command, "--seeds", "0,1", "--resume")
    assert "4 of 4 runs" in result.out


def test_interrupted_comparison_tells_how_to_go_on(write, kanpde_command, monkeypatch):
    from kanpde.studies import _study

    train, done = _study.measure_run, []

    def interrupted_at_the_second(*args, **kwargs):
        done.append(1)
        return train(*args, **kwargs) if len(done) == 1 else None

    monkeypatch.setattr(_study, "measure_run", interrupted_at_the_second)
    command = ("compare", write(), "--out", "found", "--seeds", "0", *SMALL)
    result = kanpde_command(*command)
    assert result.code == 130
    assert "1 of 2 runs" in result.out
    assert "add --out found --resume" in result.out
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--nets", "kan,mpl"), "--nets kan,mpl: expected some of kan, mlp, got 'mpl'; did you"),
        (("--seeds", ""), "seeds: expected at least one, got none"),
        (("--seeds", "a"), "--seeds a: expected whole numbers with commas"),
        (("--budget", "0"), "budget: expected a positive number of seconds, got 0"),
        (("--budget", "x"), "--budget x: expected a plain number, got 'x'"),
        (("--sizes", "0"), "sizes: expected positive widths, got 0"),
        (("-s", "net=mlp"), "-s net=mlp: a comparison decides net itself; use --nets"),
        (("-s", "linear=yes"), "a comparison decides linear itself; leave it out"),
        (("--resume",), "--resume: expected --out DIR with it, got none"),
        (("--resume", "--out", "nowhere"), "nowhere: expected a comparison to go on with"),
        (("--grid", "4", "--basis", "chebyshev"), "Chebyshev edges have no grid"),
    ],
)
def test_wrong_option_is_one_line_and_leaves_nothing(write, refused, here, options, says):
    assert says in refused("compare", write(), *options)
    assert {p.name for p in here.iterdir()} <= {"poisson.py", "runs"}
    assert not list(here.glob("runs/*"))
