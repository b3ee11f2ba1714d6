import sys
from pathlib import Path

import pytest

from kanpde.cli._problem_file import load_problem
from kanpde.errors import InputError
from kanpde.problem._settings import Settings


def test_file_loads_with_defaults_name_and_settings(write):
    problem, settings = load_problem(write())
    assert problem.name == "poisson"
    assert problem.parameters["shift"] == 0.5
    assert problem.parameters["ends"] == [0.0, 1.0]
    assert settings == Settings()


def test_settings_beside_the_problem_are_taken(write):
    text = "import kanpde\nsettings = kanpde.Settings(seed=7)\n"
    file = write(text, "s.py")
    Path(file).write_text(text + Path(write()).read_text())
    assert load_problem(file)[1].seed == 7


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("k=3", "k", 3),
        ("shift=1e-3", "shift", 1e-3),
        ("slope=0.5", "slope", 0.5),
        ("flip=yes", "flip", True),
        ("flip=0", "flip", False),
        ("label=b=c", "label", "b=c"),
        ("ends=-1,2", "ends", [-1.0, 2.0]),
        ("counts=4", "counts", [4]),
    ],
)
def test_parameter_is_converted_by_the_type_of_its_default(write, text, name, value):
    assert load_problem(write(), [text])[0].parameters[name] == value


def test_parameter_text_is_never_evaluated(write):
    for text in ("shift=0.01/pi", "shift=__import__('os')", "ends=[1,2]"):
        with pytest.raises(InputError, match="are not evaluated"):
            load_problem(write(), [text])


def test_file_imports_its_neighbors_and_leaves_no_bytecode(write, here):
    write("LENGTH = 2\n", "poisson_helper_of_this_test.py")
    text = Path(write()).read_text()
    Path("a.py").write_text("from poisson_helper_of_this_test import LENGTH\n" + text)
    before = (list(sys.path), sys.dont_write_bytecode)
    load_problem("a.py")
    assert (sys.path, sys.dont_write_bytecode) == before
    assert not list(here.rglob("__pycache__"))


def test_neighbors_of_one_name_in_two_folders_do_not_mix(write, here):
    text = Path(write()).read_text().replace("shift: float = 0.5", "shift: float = SHIFT")
    for name, shift in (("one", 0.25), ("two", 0.75)):
        Path(name).mkdir()
        Path(name, "p.py").write_text("from shared_neighbor.of import SHIFT\n" + text)
        Path(name, "shared_neighbor").mkdir()
        Path(name, "shared_neighbor", "__init__.py").write_text("")
        Path(name, "shared_neighbor", "of.py").write_text(f"SHIFT = {shift}\n")
    before = set(sys.modules)
    assert load_problem("one/p.py")[0].parameters["shift"] == 0.25
    assert load_problem("two/p.py")[0].parameters["shift"] == 0.75
    left = {name.partition("_problem_")[0] for name in set(sys.modules) - before}
    assert left <= {"kanpde"}  # the two problem files themselves


def test_modules_from_elsewhere_stay_imported(write, here):
    import colorsys

    sys.modules.pop("colorsys")
    Path("a.py").write_text("import colorsys\n" + Path(write()).read_text())
    load_problem("a.py")
    assert sys.modules["colorsys"].__file__ == colorsys.__file__


def test_error_in_a_neighbor_names_both_places(write, refused):
    write("def length():\n    raise KeyError('wide')\n", "neighbor_that_raises.py")
    write("import neighbor_that_raises\nx = neighbor_that_raises.length()\n", "a.py")
    line = refused("solve", "a.py")
    assert "a.py:2: expected" in line
    assert "KeyError: 'wide' (from neighbor_that_raises.py:2)" in line


def test_two_files_of_one_name_do_not_mix(write, here):
    text = Path(write()).read_text()
    for name, k in (("one", 1), ("two", 2)):
        Path(name).mkdir()
        Path(name, "p.py").write_text(text.replace("k: int = 1", f"k: int = {k}"))
    assert load_problem("one/p.py")[0].parameters["k"] == 1
    assert load_problem("two/p.py")[0].parameters["k"] == 2


HEAD = "from kanpde import *\nimport sympy\n"
WRONG = {
    "syntax": ("def problem(:\n", "bad.py:1: expected a file that can be imported"),
    "nothing": ("x = 1\n", "expected a function `problem`, got none; add `def problem"),
    "not callable": ("problem = 3\n", "expected `problem` to be a function, got int"),
    "none": ("def problem():\n    pass\n", "got None; end it with `return Problem(...)`"),
    "dict": ("def problem():\n    return {}\n", "got dict; return kanpde.Problem"),
    "raises": ("def problem():\n    a = 1\n    return a / 0\n", "bad.py:3: expected problem()"),
    "raises what": ("def problem():\n    return 1 / 0\n", "ZeroDivisionError: division by zero"),
    "raises on import": ("x = 1\nimport no_such_module_anywhere\n", "bad.py:2: expected a file"),
    "several lines": ("def problem():\n    raise ValueError('a\\nb')\n", "ValueError: a b"),
    "exits": ("import sys\nsys.exit(4)\n", "bad.py:2: expected a file that can be imported"),
    "no default": ("def problem(nu):\n    pass\n", "none for 'nu'; write `nu=VALUE`"),
    "settings": ("settings = {}\ndef problem():\n    pass\n", "`settings = kanpde.Settings(...)`"),
    "its settings": (
        "import kanpde\nsettings = kanpde.Settings(grid=0)\n",
        "grid: expected a positive integer, got 0 (bad.py:2)",
    ),
    "unsupported function": (
        f"{HEAD}def problem():\n    x = coordinates('x')\n    u = unknown('u', x)\n"
        "    return Problem(Interval(x, 0, 1), u.diff(x) - sympy.airyai(x))\n",
        "airyai",
    ),
    "undeclared symbol": (
        f"{HEAD}def problem():\n    x = coordinates('x')\n    u = unknown('u', x)\n"
        "    return Problem(Interval(x, 0, 1), u.diff(x) - sympy.Symbol('kappa'))\n",
        "kappa",
    ),
    "no such face": (
        f"{HEAD}def problem():\n    x = coordinates('x')\n    u = unknown('u', x)\n"
        "    return Problem(Interval(x, 0, 1), u.diff(x, 2),\n"
        "                   {'wall': Dirichlet(u, 0, on=sympy.Eq(x, 2))})\n",
        "conditions['wall']",
    ),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("command", ["solve", "check"])
def test_wrong_file_is_one_line_with_place_and_fix(write, refused, here, command, case):
    text, says = WRONG[case]
    file = write(text, "bad.py")
    line = refused(command, file)
    assert says in line
    assert "bad.py" in line
    assert [path.name for path in here.iterdir()] == ["bad.py"]


def test_missing_file_and_directory_name_the_fix(write, refused):
    assert "no_such.py: expected a problem file, got nothing there; check" in refused(
        "solve", "no_such.py"
    )
    assert "got a directory; name a file in it" in refused("solve", ".")


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"x = '\xff\xfe'\n", b"# coding: nonsense\n"])
def test_file_that_is_no_text_is_refused(here, refused, data):
    Path("p.py").write_bytes(data)
    assert "expected Python source text" in refused("solve", "p.py")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kk=3", "did you mean k?; the parameters are k=1, shift=0.5"),
        ("k", "expected NAME=VALUE"),
        ("k=1.5", "expected a whole number, got '1.5'"),
        ("shift=half", "expected a plain number, got 'half'"),
        ("flip=2", "write true or false"),
        ("ends=", "expected numbers with commas"),
        ("counts=1,b", "expected whole numbers with commas"),
    ],
)
def test_wrong_parameter_names_the_known_ones_or_the_type(write, refused, text, says):
    assert says in refused("solve", write(), "-p", text)


def test_parameter_of_a_problem_without_any_says_so(write, refused):
    file = write("def problem():\n    pass\n")
    assert "has no parameters; drop -p" in refused("solve", file, "-p", "nu=1")


def test_parameter_whose_default_has_no_type_is_refused(write, refused):
    file = write("def problem(f=None):\n    pass\n")
    assert "got NoneType; give 'f' such a default" in refused("solve", file, "-p", "f=1")
