import importlib.metadata
import importlib.resources
import inspect
import re
from pathlib import Path

import pytest

import kanpde
from kanpde.ground._version import __version__

ROOT = Path(__file__).parents[1]
PUBLIC = sorted(
    name
    for name, value in ((name, getattr(kanpde, name)) for name in kanpde.__all__)
    if not name.startswith("_") and not inspect.ismodule(value)
)


def code_blocks(language):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def test_citation_names_the_version_of_the_package():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert set(re.findall(r"^ *version: (\S+)$", citation, flags=re.MULTILINE)) == {__version__}


def test_installed_metadata_names_the_version_of_the_package():
    try:
        installed = importlib.metadata.version("kanpde")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("kanpde is on the path but not installed")
    assert installed == __version__ == kanpde.__version__


def test_type_information_is_shipped():
    assert importlib.resources.files("kanpde").joinpath("py.typed").is_file()


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_says_what_it_is(name):
    assert getattr(kanpde, name).__doc__


def test_ci_runs_the_two_commands_of_the_readme_letter_by_letter():
    commands = "".join(code_blocks("sh")[:2]).splitlines()
    assert len(commands) == 2
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in script if line in commands] == commands


def test_python_blocks_of_the_readme_run_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "readme"}
    for block in code_blocks("python"):
        exec(compile(block, "README.md", "exec"), namespace)  # noqa: S102 - our own text
    assert "solution" in namespace
