"""The layout of the package: few places to look into, and no circles among them."""

import ast
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "kanpde"
MOST_FILES_ABOVE = 6  # beside the folders of kanpde/
MOST_LAYERS = 16
MOST_FILES_IN_A_FOLDER = 12  # without __init__.py
MOST_LINES, LONG, MOST_LONG = 400, 350, 10


def files_above(package):
    """Files beside the folders of a package, whatever their kind."""
    return sorted(p.name for p in package.iterdir() if p.is_file())


def layers(project):
    """Lines of the import contract on the whole package."""
    tomllib = pytest.importorskip("tomllib")
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (root,) = (c for c in contracts if c["type"] == "layers" and c["containers"] == ["kanpde"])
    return root["layers"]


def sources(package):
    """Every Python file, by the dotted name of its module."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


class Graph:
    """Which module needs which: through an ``__init__`` to where a name is defined.

    Imports within functions count, those for type checkers do not. An ``__init__`` counts only
    for what it defines itself.
    """

    def __init__(self, package):
        self.files = sources(package)
        self.trees = {n: ast.parse(f.read_text(encoding="utf-8")) for n, f in self.files.items()}
        self.stubs = {
            name: ast.parse(file.with_suffix(".pyi").read_text(encoding="utf-8"))
            for name, file in self.files.items()
            if file.with_suffix(".pyi").exists()
        }
        self.bound = {name: self._bound(name) for name in self.files}

    def _is_package(self, name):
        return self.files[name].name == "__init__.py"

    def _absolute(self, name, node):
        """Module that an import statement in the module `name` is about."""
        if not node.level:
            return node.module
        parts = name.split(".")
        parts = parts[: len(parts) - node.level + self._is_package(name)]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def _bound(self, name):
        """Names that imports bind in a module, and what they stand for."""
        found = {}
        for tree in (self.trees[name], self.stubs.get(name, ast.Module([], []))):
            for node in run_time(tree):
                if isinstance(node, ast.ImportFrom):
                    module = self._absolute(name, node)
                    found |= {a.asname or a.name: f"{module}.{a.name}" for a in node.names}
                elif isinstance(node, ast.Import):
                    for a in node.names:
                        top = a.name.partition(".")[0]
                        found[a.asname or top] = a.name if a.asname else top
        return found

    def resolve(self, target):
        """Find the module that a dotted name is defined in.

        ``None`` outside the package, and of a folder as such: only what is taken out of it counts.
        """
        for _ in range(10):  # an __init__ may take a name from another one
            parts = target.split(".")
            depth = len(parts)
            while depth and ".".join(parts[:depth]) not in self.files:
                depth -= 1
            if not depth:
                return None
            module, rest = ".".join(parts[:depth]), parts[depth:]
            if not self._is_package(module):
                return module
            if not rest:
                return None
            if rest[0] not in self.bound[module]:
                return module
            target = ".".join([self.bound[module][rest[0]], *rest[1:]])
        raise AssertionError(f"{target}: an import that leads to itself")

    def edges(self, name):
        """Modules that the module `name` needs."""
        found, aliases = set(), self.bound[name]
        for node in run_time(self.trees[name]):
            if isinstance(node, ast.ImportFrom):
                module = self._absolute(name, node)
                found |= {self.resolve(f"{module}.{a.name}") for a in node.names}
            elif isinstance(node, ast.Import):
                found |= {self.resolve(a.name) for a in node.names}
            elif isinstance(node, ast.Attribute) and (path := dotted(node)):
                first, *rest = path.split(".")
                if first in aliases:
                    found.add(self.resolve(".".join([aliases[first], *rest])))
        return found - {None, name}

    def circles(self):
        """Sets of modules each of which needs every other one, by Tarjan's algorithm."""
        index, low, stack, found = {}, {}, [], []
        edges = {name: sorted(self.edges(name)) for name in self.files}

        def visit(name):
            index[name] = low[name] = len(index)
            stack.append(name)
            for other in edges[name]:
                if other not in index:
                    visit(other)
                if other in stack:
                    low[name] = min(low[name], low[other])
            if low[name] == index[name]:
                start = stack.index(name)
                component = stack[start:]
                del stack[start:]
                if len(component) > 1:
                    found.append(sorted(component))

        for name in self.files:
            if name not in index:
                visit(name)
        return found


def run_time(tree):
    """Every node but those that only a type checker reads."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            stack.extend(node.orelse)
        else:
            stack.extend(ast.iter_child_nodes(node))


def dotted(node):
    """``a.b.c`` of nested attributes, nothing where they do not begin at a name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def full_folders(package, most):
    """Folders with more than `most` Python files, and how many they have."""
    folders = [package, *(p for p in package.rglob("*") if p.is_dir())]
    counts = {p: len([f for f in p.glob("*.py") if f.name != "__init__.py"]) for p in folders}
    return {str(p.relative_to(package.parent)): n for p, n in counts.items() if n > most}


def longer_than(package, lines):
    """Files with more lines, and how many they have."""
    counts = {
        str(p.relative_to(package.parent)): len(p.read_text(encoding="utf-8").splitlines())
        for pattern in ("*.py", "*.pyi")
        for p in package.rglob(pattern)
    }
    return {name: n for name, n in counts.items() if n > lines}


@cache
def package_graph():
    return Graph(PACKAGE)


def test_few_files_stand_beside_the_folders():
    files = files_above(PACKAGE)
    assert len(files) <= MOST_FILES_ABOVE, files


def test_import_contract_has_few_layers():
    assert len(layers(ROOT)) <= MOST_LAYERS


def test_no_modules_need_one_another():
    circles = package_graph().circles()
    assert not circles, "\n".join(" - ".join(c) for c in circles)


def test_folders_hold_few_files():
    full = full_folders(PACKAGE, MOST_FILES_IN_A_FOLDER)
    assert not full, full


def test_no_file_is_too_long():
    long = longer_than(PACKAGE, MOST_LINES)
    assert not long, long


def test_few_files_are_long():
    long = longer_than(PACKAGE, LONG)
    assert len(long) <= MOST_LONG, long


CIRCLE = {
    "__init__.py": "from pack._a import one\n",
    "_a.py": "def one():\n    from pack import inner\n    return inner.two\n",
    "inner/__init__.py": "from pack.inner._b import two\n",
    "inner/_b.py": "from pack._c import three\ntwo = three\n",
    "_c.py": "import pack\ndef three():\n    return pack.one()\n",
    "_d.py": "import pack.inner\nfour = pack.inner.two\n",
}


@pytest.fixture
def pack(tmp_path):
    def write(files):
        for name, text in files.items():
            file = tmp_path / "pack" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path / "pack"

    return write


def test_circle_through_functions_and_packages_is_found(pack):
    graph = Graph(pack(CIRCLE))
    assert graph.circles() == [["pack._a", "pack._c", "pack.inner._b"]]
    assert graph.edges("pack._d") == {"pack.inner._b"}


def test_circle_through_what_an_init_defines_is_found(pack):
    files = {"__init__.py": "from pack._a import one\nTWO = one()\n", "_a.py": ""}
    files["_a.py"] = "def one():\n    from pack import TWO\n    return TWO\n"
    assert Graph(pack(files)).circles() == [["pack", "pack._a"]]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("_c.py", "def three():\n    return 3\n"),
        (
            "_c.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack import one\n",
        ),
        ("inner/_b.py", "two = 2\n"),
    ],
)
def test_no_circle_is_found_where_it_is_cut(pack, file, text):
    assert Graph(pack({**CIRCLE, file: text})).circles() == []


def test_relative_imports_and_stubs_are_followed(pack):
    lazy = "import lazy_loader\n__getattr__ = lazy_loader.attach_stub(__name__, __file__)[0]\n"
    files = {**CIRCLE, "__init__.py": lazy, "__init__.pyi": "from ._a import one as one\n"}
    files["inner/_b.py"] = "from .._c import three\nfrom . import _e\ntwo = three\n"
    files["inner/_e.py"] = ""
    graph = Graph(pack(files))
    assert graph.edges("pack.inner._b") == {"pack._c", "pack.inner._e"}
    assert graph.circles() == [["pack._a", "pack._c", "pack.inner._b"]]


def test_every_import_of_the_package_is_resolved():
    """Else a circle could hide: most modules need others, and the lowest ones none."""
    graph = package_graph()
    needed = {name: graph.edges(name) for name in graph.files}
    assert needed["kanpde.errors"] == set()
    assert sum(map(bool, needed.values())) > 0.8 * len(needed)
    order = ["kanpde.__main__", "kanpde.cli._main", "kanpde.cli.commands._solve"]
    assert all(b in needed[a] for a, b in pairwise(order))
