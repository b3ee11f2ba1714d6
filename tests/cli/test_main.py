import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import kanpde
from kanpde.cli import main

PACKAGE = Path(kanpde.__file__).parent


def test_help_of_every_command_is_there_and_fits_80_columns(kanpde_command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for command in ("solve", "check", "compare", "plot", "export", "list", "info"):
        result = kanpde_command(command, "--help")
        assert result.code == 0
        assert result.out.startswith(f"usage: kanpde {command}")
        assert max(map(len, result.out.splitlines())) <= 80


def test_version_is_printed(kanpde_command):
    result = kanpde_command("--version")
    assert (result.code, result.out) == (0, "kanpde 0.1.0\n")


def test_no_or_unknown_command_names_the_commands(refused):
    assert "required: COMMAND" in refused()
    assert "'solve', 'fit', 'check'" in refused("sole")


def test_help_needs_neither_torch_nor_matplotlib():
    code = (  # the package's own __init__ left out: what the command line itself imports
        "import sys, types; package = types.ModuleType('kanpde');"
        f"package.__path__ = [{str(PACKAGE)!r}]; sys.modules['kanpde'] = package;"
        "from kanpde.cli import main; main(['--help']);"
        "heavy = ('torch', 'matplotlib', 'sympy', 'scipy', 'kanpde.references');"
        "sys.exit(any(m in sys.modules for m in heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_module_runs_as_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "kanpde", "frobnicate"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("kanpde: error: ")


def test_reader_that_leaves_is_no_error():
    line = f"{sys.executable} -m kanpde info --cite; echo $? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({line}) | true"], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "0"


def test_warning_is_one_line(here, capsys, monkeypatch):
    monkeypatch.setattr(
        "kanpde.cli.commands._list.run", lambda _: warnings.warn("degree 2 is\n low", stacklevel=1)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        main(["list"])
    assert capsys.readouterr().err == "kanpde: warning: degree 2 is low\n"


def test_what_torch_warns_itself_about_is_not_shown(here, capsys, monkeypatch):
    def warn(_):
        warnings.warn_explicit("pickle protocol", UserWarning, "lib/torch/serialization.py", 1)

    monkeypatch.setattr("kanpde.cli.commands._list.run", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        main(["list"])
    assert capsys.readouterr().err == ""


def test_interrupt_is_code_130(monkeypatch, kanpde_command):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("kanpde.cli.commands._list.run", interrupt)
    result = kanpde_command("list")
    assert (result.code, result.err) == (130, "kanpde: interrupted\n")


@pytest.mark.parametrize("number", [0, 1])
def test_exit_code_is_that_of_the_command(monkeypatch, kanpde_command, number):
    monkeypatch.setattr("kanpde.cli.commands._list.run", lambda _: number)
    assert kanpde_command("list").code == number
