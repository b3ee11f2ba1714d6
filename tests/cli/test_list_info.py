import json
from pathlib import Path

import pytest


def test_problems_are_listed_by_docstring_without_importing(write, kanpde_command):
    Path("problems").mkdir()
    write('"""About heat.\n\nMore."""\nraise SystemExit\ndef problem():\n    pass\n',
          "problems/heat.py")  # fmt: skip
    write('def problem():\n    """Waves."""\n', "problems/wave.py")
    write("def problem(:\n", "problems/broken.py")
    write("LENGTH = 3\n", "problems/helper.py")
    Path("problems/binary.py").write_bytes(b"\x00\xff")
    result = kanpde_command("list")
    assert result.code == 0
    assert "About heat." in result.out
    assert "Waves." in result.out
    assert "(syntax error in line 1)" in result.out
    assert "helper" not in result.out


def test_runs_are_listed_and_damaged_ones_shown_as_such(run_directory, kanpde_command):
    runs = run_directory.parent
    for name, file, text in (
        ("cut", "summary.json", '{"problem": "po'),
        ("foreign", "summary.json", "[1, 2]"),
        ("going", "checkpoint.pt", ""),
    ):
        (runs / name).mkdir()
        (runs / name / file).write_text(text)
    (runs / "notes").mkdir()
    lines = kanpde_command("list").out.splitlines()
    found = {line.split()[0]: line for line in lines if line.startswith("runs/")}
    assert "damaged" in found["runs/cut"]
    assert "damaged" in found["runs/foreign"]
    assert "unfinished" in found["runs/going"]
    assert "2.31e-07   true" in found["runs/poisson-1"]
    assert "runs/notes" not in found


def test_predicted_error_stands_where_the_true_one_is_not_known(run_directory, kanpde_command):
    summary = json.loads((run_directory / "summary.json").read_text())
    summary["errors"] = {}
    (run_directory / "summary.json").write_text(json.dumps(summary))
    assert "3.00e-07   predicted" in kanpde_command("list", "runs").out


def test_empty_place_says_where_it_looked(here, kanpde_command):
    assert "no problem files or runs in problems/ or runs/" in kanpde_command("list").out


def test_listing_what_is_no_directory_is_refused(write, refused):
    assert "expected a directory, got nothing there" in refused("list", "none")
    assert "expected a directory, got a file" in refused("list", write())


def test_info_names_versions_devices_and_threads(kanpde_command):
    result = kanpde_command("info")
    assert result.code == 0
    for name in ("kanpde", "python", "torch", "numpy", "scipy", "sympy", "cpu", "threads"):
        assert name in result.out


def test_cite_is_bibtex_of_kanpde_and_of_kans(kanpde_command):
    out = kanpde_command("info", "--cite").out
    assert out.startswith("@software{kanpde,")
    assert "@inproceedings{liu2025kan," in out
    assert out.count("{") == out.count("}")


def test_info_shows_the_summary_of_a_run(run_directory, kanpde_command):
    result = kanpde_command("info", run_directory)
    assert result.code == 0
    for text in ("poisson", "converged", "2.31e-07", "ends", "kanpde 0.1.0"):
        assert text in result.out


def test_summary_with_odd_values_is_still_shown(run_directory, kanpde_command):
    odd = {
        "problem": ["[red]x"], "status": None, "errors": 3, "estimates": None, "loss": None,
        "seconds": "long", "terms": {"[b]": "nan"}, "identified": {"nu": 1}, "versions": [],
    }  # fmt: skip
    (run_directory / "summary.json").write_text(json.dumps(odd))
    result = kanpde_command("info", run_directory)
    assert result.code == 0
    assert "[b]" in result.out
    assert kanpde_command("list").code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "expected a run directory with summary.json"),
        ("{", "expected JSON, got a damaged file"),
        ("{}", "expected the summary of a kanpde run"),
        ("3", "expected the summary of a kanpde run, got another JSON file"),
        ("[" * 100000, "expected JSON, got a damaged file"),
    ],
)
def test_info_of_a_damaged_run_names_the_fix(run_directory, refused, text, says):
    file = run_directory / "summary.json"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    assert says in refused("info", run_directory)


def test_info_of_nothing_is_refused(here, refused, write):
    assert "got nothing there; `kanpde list`" in refused("info", "none")
    assert "got a file" in refused("info", write())
