"""Names are identifiers at every door, and no module makes code of text."""

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sympy import Abs, Function, Symbol

import kanpde
from kanpde import InputError, coordinates, table, unknown
from kanpde.pde import Evaluator, truth_of


@pytest.mark.parametrize(
    "name",
    ["", "2x", "a b", "f(x)", "class", "__import__", "a.b", "x;y", "x" * 65, "a\n", 7, None],
)
def test_table_is_called_by_an_identifier(name):
    with pytest.raises(InputError, match=r"table: expected a name \(an identifier"):
        table(name, [0, 1, 2, 3], [0, 1, 2, 3])


@pytest.mark.parametrize("name", ["f(x)", "x;y", "class", "__class__", "x" * 65])
def test_coordinates_and_unknowns_are_called_by_identifiers(name):
    with pytest.raises(InputError, match=r"expected a name \(an identifier"):
        coordinates(name.replace(" ", "_"))
    with pytest.raises(InputError, match=r"unknown: expected a name \(an identifier"):
        unknown(name, coordinates("x"))


@pytest.mark.parametrize("name", ["x_1", "Straße", "ψ", "λ", "lambda", "T2"])
def test_names_of_mathematics_are_kept(name):
    x = coordinates(name)
    assert str(unknown(name, x)) == f"{name}({name})"
    assert table(name, [0, 1], [0, 1], order=1)(x).func.__name__ == name


@pytest.mark.parametrize("real", [True, None])
def test_a_hostile_symbol_is_a_symbol_and_nothing_else(real):
    s = Symbol("__import__('os').abort()", real=real)
    points = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_array_equal(Evaluator(Abs(s) + 1, [s])(points), [3.0, 1.0, 4.0])
    assert truth_of(s > 0, [s])(points).tolist() == [False, False, True]


def test_numerical_functions_inside_one_another_are_evaluated_innermost_first():
    x, f, g = Symbol("x"), Function("f"), Function("os.abort()or g")
    made = Evaluator(2 * g(f(x) + 1) + f(0), [x], {"f": np.cos, "os.abort()or g": np.sqrt})
    x_values = np.linspace(0, 3, 7)
    wanted = 2 * np.sqrt(np.cos(x_values) + 1) + 1  # to the last bit or two: two libraries
    np.testing.assert_allclose(made(x_values), wanted, rtol=1e-15, atol=1e-15)


# Where source is made ----------------------------------------------------------------------

ALLOWED = {
    # the user's own problem file is a program, and is run as one
    ("cli/_problem_file.py", "exec_module"),
    # what numba compiles is one interpreter, the same for every network; no text is generated
    ("nets/fused/_kernel.py", "njit"),
    ("nets/fused/_fused.py", "import_module"),
}
MAKES_CODE = {
    "lambdify", "parse_expr", "parse_latex", "autowrap", "ufuncify", "eval", "exec", "compile",
    "__import__", "import_module", "exec_module", "njit", "jit", "load_module", "run_path",
    "system", "popen", "Popen", "unsafe_load",
}  # fmt: skip


def called(node):
    function = node.func
    return getattr(function, "attr", getattr(function, "id", ""))


@cache
def calls():
    """Every call in the package: the file, what is called, the node."""
    root = Path(kanpde.__file__).parent
    return [
        (file.relative_to(root).as_posix(), called(node), node)
        for file in sorted(root.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def test_no_module_makes_code_of_text():
    owners = {"re"}  # re.compile makes patterns
    found = set()
    for file, name, node in calls():
        owner = getattr(getattr(node.func, "value", None), "id", "")
        if name in MAKES_CODE and owner not in owners:
            found.add((file, name))
    assert found == ALLOWED


def test_text_is_never_parsed_as_an_expression():
    lax = []
    for file, name, node in calls():
        strict = any(k.arg == "strict" and getattr(k.value, "value", 0) for k in node.keywords)
        if name in {"sympify", "S"} and not strict:
            lax.append((file, node.lineno))
    assert lax == []


def test_tensors_are_read_without_pickles_of_code():
    for file, name, node in calls():
        given = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
        owner = getattr(getattr(node.func, "value", None), "id", "")
        if (owner, name) == ("torch", "load"):
            assert given.get("weights_only") is True, file
        if (owner, name) == ("np", "load"):
            assert given.get("allow_pickle") is False, file
        assert owner != "pickle", file
