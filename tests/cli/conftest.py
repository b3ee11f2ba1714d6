"""What the tests of the command line share: problem files, runs and a solver that is a stub."""

import json
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from kanpde.cli import main

POISSON = """
    \"\"\"Poisson's equation on an interval.\"\"\"
    from kanpde import Dirichlet, Interval, Problem, coordinates, unknown
    from sympy import pi, sin

    def problem(k: int = 1, shift: float = 0.5, flip: bool = False, label: str = "a",
                ends: tuple = (0.0, 1.0), counts: tuple = (1, 2), slope: float = 1):
        x = coordinates("x")
        u = unknown("u", x)
        return Problem(
            domain=Interval(x, *ends),
            equations={"poisson": u.diff(x, 2) + (k * pi) ** 2 * sin(k * pi * x)},
            conditions={"ends": Dirichlet(u, 0)},
            exact={u: sin(k * pi * x)},
        )
"""

SUMMARY = {
    "problem": "poisson",
    "status": "converged",
    "net": "kan",
    "coefficients": 135,
    "parameters": {"k": 1},
    "settings": {},
    "seconds": 1.25,
    "steps": 40,
    "device": "cpu",
    "dtype": "float64",
    "seed": 0,
    "threads": 2,
    "loss": 1.5e-12,
    "terms": {"poisson": 1.5e-12},
    "errors": {"u": {"relative_l2": 2.31e-7, "max": 4e-7, "points": 1000, "against": "exact"}},
    "estimates": {"residual": {"poisson": 1e-6}, "predicted": {"u": 3e-7}},
    "identified": {
        "nu": {"value": 0.01, "low": 0.0099, "high": 0.0101},
        "k": {"value": 2.0, "low": None, "high": None},
    },
    "imposed": {"ends": "exact"},
    "versions": {"kanpde": "0.1.0"},
}


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch):
    """No width from outside: workers of a parallel run have one."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(here):
    """Write a problem file into the working directory and return its path."""

    def write_file(text=POISSON, name="poisson.py"):
        Path(name).write_text(textwrap.dedent(text).lstrip("\n"))
        return name

    return write_file


@pytest.fixture
def kanpde_command(capsys):
    """Run the command in this process; returns code, out, err."""

    def run(*argv):
        capsys.readouterr()
        code = main([str(a) for a in argv])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def refused(kanpde_command):
    """Run the command, expect bad input, and return the one line on standard error."""

    def run(*argv):
        result = kanpde_command(*argv)
        assert result.code == 2
        assert result.out == ""
        lines = result.err.splitlines()
        assert len(lines) == 1, result.err
        assert lines[0].startswith("kanpde: error: ")
        assert "Traceback" not in result.err
        return lines[0]

    return run


@pytest.fixture
def stub_solve(monkeypatch):
    """Replace the solver, figures and VTU; `calls` records what they were asked."""
    import kanpde
    import kanpde.export
    import kanpde.plot

    stub = SimpleNamespace(calls=[], figures=0, summary=dict(SUMMARY), events=[], error=None)

    def solve(problem, settings, *, out, resume, progress):
        stub.calls.append(
            SimpleNamespace(problem=problem, settings=settings, out=Path(out), resume=resume)
        )
        for event in stub.events:
            progress(event)
        if stub.error is not None:
            raise stub.error
        Path(out, "problem.json").write_text("{}")
        Path(out, "summary.json").write_text(json.dumps(stub.summary))
        return SimpleNamespace(
            status=SimpleNamespace(value=stub.summary["status"]),
            summary=stub.summary,
            save=lambda directory: None,
        )

    def save_figures(solution, directory):
        stub.figures += 1

    monkeypatch.setattr(kanpde, "solve", solve, raising=False)
    monkeypatch.setattr(kanpde.plot, "save_figures", save_figures)
    monkeypatch.setattr(kanpde.export, "write_vtu", lambda solution, path: None)
    return stub


@pytest.fixture
def run_directory(here):
    """A run directory with a summary alone."""
    directory = here / "runs" / "poisson-1"
    directory.mkdir(parents=True)
    (directory / "summary.json").write_text(json.dumps(SUMMARY))
    return directory
