from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sympy import symbols

from kanpde.cli.commands._export import read_points
from kanpde.errors import InputError


@pytest.fixture
def stub_load(here, monkeypatch):
    """A loaded solution and writers that record how they were called."""
    import kanpde
    import kanpde.export
    import kanpde.plot

    calls = []
    solution = SimpleNamespace(problem=SimpleNamespace(coordinates=symbols("x t")))

    def record(name):
        def write(solution, path, *more, **options):
            calls.append((name, Path(path), more, options))
            return [Path(path, "a.png") if name == "figures" else Path(path)]

        return write

    monkeypatch.setattr(kanpde, "load", lambda directory: solution, raising=False)
    monkeypatch.setattr(kanpde.plot, "save_figures", record("figures"))
    monkeypatch.setattr(kanpde.export, "write_vtu", record("vtu"))
    monkeypatch.setattr(kanpde.export, "write_csv", record("csv"))
    Path("run").mkdir()
    return calls


def test_plot_prints_the_paths_it_wrote(kanpde_command, stub_load):
    assert kanpde_command("plot", "run").out == "run/a.png\n"
    assert kanpde_command("plot", "run", "--format", "pdf", "--out", "new/dir").code == 0
    assert stub_load == [
        ("figures", Path("run"), (), {"formats": ("png",)}),
        ("figures", Path("new/dir"), (), {"formats": ("pdf",)}),
    ]


def test_export_writes_beside_the_run_or_where_it_is_told(kanpde_command, stub_load):
    assert kanpde_command("export", "run").out == "run/solution.vtu\n"
    kanpde_command("export", "run", "--format", "csv", "--resolution", "32", "--out", "o/a.csv")
    assert stub_load == [
        ("vtu", Path("run/solution.vtu"), (), {"resolution": None}),
        ("csv", Path("o/a.csv"), (None,), {"resolution": 32}),
    ]


def test_export_passes_the_mesher_on(kanpde_command, refused, stub_load):
    kanpde_command("export", "run", "--mesher", "gmsh")
    options = {"resolution": None, "mesher": "gmsh"}
    assert stub_load == [("vtu", Path("run/solution.vtu"), (), options)]
    assert "--mesher: expected --format vtu" in refused(
        "export", "run", "--mesher", "gmsh", "--format", "csv"
    )


def test_export_evaluates_at_given_points(kanpde_command, stub_load):
    Path("p.csv").write_text("t,x\n0.5,1\n0.25,2\n")
    assert kanpde_command("export", "run", "--points", "p.csv").out == "run/points.csv\n"
    ((_, _, (points,), _),) = stub_load
    np.testing.assert_array_equal(points, [[1, 0.5], [2, 0.25]])


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("x,t\n1,2\n", [[1, 2]]),
        ("\ufefft, x ,more\n\n2,1,9\n", [[1, 2]]),
        ("1e-3, -2", [[1e-3, -2]]),
    ],
)
def test_points_are_read_with_or_without_header(tmp_path, text, points):
    file = tmp_path / "p.csv"
    file.write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_points(file, ["x", "t"]), points)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected points, got none"),
        ("x,t\n", "expected points, got none"),
        ("x,y\n1,2\n", "expected columns x, t, got x, y; add t"),
        ("1,2\n3\n", "p.csv:2: expected numbers for x, t, got '3'"),
        ("1,2,3\n", "p.csv:1: expected numbers"),
        ("1,2\n3,four\n", "p.csv:2: expected numbers"),
        ("1,2\n3,nan\n", "p.csv:2: expected numbers"),
        ("x,t\n1\n", "p.csv:2: expected numbers"),
    ],
)
def test_wrong_points_file_names_the_line(tmp_path, text, says):
    file = tmp_path / "p.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_points(file, ["x", "t"])
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_points_file_that_cannot_be_read_is_refused(refused, stub_load, content):
    if content is not None:
        Path("p.csv").write_bytes(content)
    assert "expected a CSV file of points" in refused("export", "run", "--points", "p.csv")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plot", "run", "--format", "bmp"], "expected png, svg, pdf, got 'bmp'"),
        (["plot", "run", "--out", "file"], "choose another one with --out"),
        (["export", "run", "--format", "stl"], "expected vtu or csv, got 'stl'"),
        (["export", "run", "--resolution", "1"], "expected 2 or more, got 1"),
        (["export", "run", "--resolution", "big"], "expected a whole number"),
        (["export", "run", "--points", "p", "--format", "vtu"], "leave --format out"),
        (["export", "run", "--out", "run"], "got a directory; add a file name"),
        (["export", "run", "--out", "file/a.vtu"], "choose another one with --out"),
    ],
)
def test_wrong_option_names_the_fix(refused, stub_load, arguments, says):
    Path("file").write_text("")
    assert says in refused(*arguments)
    assert stub_load == []
