"""Programs as data: round trip and strict reading."""

import copy
import json
import pickle

import pytest
import sympy
import torch
from sympy import Piecewise, exp, sin

from kanpde.errors import InputError, RunDirectoryError, ShapeError
from kanpde.pde import Program, coordinates, lower

x, t = coordinates("x t")
EXPRESSIONS = [
    Piecewise((sympy.log(x), x > 1), (sympy.besselj(1, x) * t, True)),
    exp(-t) * sin(sympy.pi * x) / 3,
    sympy.Heaviside(x - t) + 7,
]


@pytest.fixture
def program():
    return lower(EXPRESSIONS, [x, t])


@pytest.mark.parametrize(
    "copied",
    [
        lambda program: Program.from_record(json.loads(json.dumps(program.to_record()))),
        lambda program: pickle.loads(pickle.dumps(program)),
        copy.deepcopy,
    ],
    ids=["json", "pickle", "deepcopy"],
)
def test_copy_is_equal_and_computes_the_same_bits(program, copied):
    again = copied(program)
    assert again == program
    points = torch.linspace(-2, 2, 9, dtype=torch.float64)
    times = torch.linspace(0, 1, 9, dtype=torch.float64)
    for left, right in zip(program(points, times), again(points, times), strict=True):
        assert torch.equal(left, right)


def test_json_of_a_program_is_strict(program):
    text = json.dumps(program.to_record(), allow_nan=False)
    assert set(json.loads(text)) == {"inputs", "operations", "outputs"}


GOOD = {"inputs": ["x"], "operations": [["input", 0], ["sin", 0]], "outputs": [1]}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ([], "expected the keys inputs, operations, outputs, came list"),
        ({"inputs": []}, "came .'inputs'"),
        ({**GOOD, "code": "1"}, "expected the keys"),
        ({**GOOD, "inputs": [1]}, "expected names as inputs"),
        ({**GOOD, "inputs": "x"}, "expected lists"),
        ({**GOOD, "operations": ["sin"]}, "expected lists"),
        ({**GOOD, "operations": [[]]}, "operation 0: expected .name"),
        ({**GOOD, "operations": [[0, 0]]}, "operation 0: expected .name"),
        ({**GOOD, "operations": [["input", 0], ["__import__", 0]]}, "came '__import__'"),
        ({**GOOD, "operations": [["input", 1], ["sin", 0]]}, "input: expected one index below 1"),
        ({**GOOD, "operations": [["input", 0], ["sin", 1]]}, "indices of earlier operations"),
        ({**GOOD, "operations": [["input", 0], ["sin", -1]]}, "indices of earlier operations"),
        ({**GOOD, "operations": [["input", 0], ["sin", True]]}, "indices of earlier operations"),
        ({**GOOD, "operations": [["input", 0], ["sin", 0.0]]}, "indices of earlier operations"),
        ({**GOOD, "operations": [["input", 0], ["sin", [0]]]}, "indices of earlier operations"),
        (
            {**GOOD, "operations": [["input", 0], ["sin", 0, 0]]},
            "sin: expected 1 arguments, came 2",
        ),
        ({**GOOD, "operations": [["input", 0], ["lt", 0, 0]]}, "expected indices of numbers"),
        (
            {**GOOD, "operations": [["input", 0], ["lt", 0, 0], ["sin", 1]]},
            "sin: expected a number at 1",
        ),
        ({**GOOD, "operations": [["input", 0], ["not", 0]]}, "expected a truth value at 0"),
        ({**GOOD, "operations": [["const", "1"], ["sin", 0]]}, "expected one finite number"),
        ({**GOOD, "operations": [["const", float("nan")], ["sin", 0]]}, "one finite number"),
        ({**GOOD, "operations": [["const", 10**400], ["sin", 0]]}, "one finite number"),
        ({**GOOD, "operations": [["const"], ["sin", 0]]}, "one finite number"),
        ({**GOOD, "outputs": [2]}, "outputs: expected indices"),
        ({**GOOD, "outputs": [None]}, "outputs: expected indices"),
    ],
    ids=str,
)
def test_damaged_data_is_refused(damage, message):
    assert Program.from_record(GOOD).outputs == (1,)
    with pytest.raises(RunDirectoryError, match=message):
        Program.from_record(damage)


def test_program_made_by_hand_is_checked_too():
    with pytest.raises(InputError, match="operation 0: expected an operation of the table"):
        Program(("x",), (("sine", 0),), (0,))


def test_program_on_numbers_only_follows_the_dtype_of_the_inputs():
    operations = (("const", -1.0), ("const", 2), ("div", 0, 1), ("abs", 2), ("lt", 0, 1))
    program = Program(("x",), (*operations, ("where", 4, 3, 0)), (5,))
    (value,) = program(torch.zeros(2, dtype=torch.float32))
    assert value.tolist() == [0.5, 0.5]
    assert value.dtype == torch.float32


def test_wrong_number_of_inputs_names_them(program):
    with pytest.raises(ShapeError, match=r"expected 2 inputs \(x, t\), came 1"):
        program(torch.zeros(3))


def test_inputs_that_do_not_broadcast_are_named(program):
    with pytest.raises(ShapeError, match=r"x \(3,\), t \(2,\)"):
        program(torch.zeros(3), torch.zeros(2))


@pytest.mark.parametrize("value", [torch.zeros(3, dtype=torch.int64), 1.0], ids=str)
def test_input_that_is_no_floating_point_tensor_is_refused(program, value):
    with pytest.raises(InputError, match="t: expected a floating point tensor"):
        program(torch.zeros(3), value)


def test_output_at_one_point_depends_only_on_that_point(program):
    points = torch.linspace(-2, 2, 9, dtype=torch.float64)
    times = torch.linspace(0, 1, 9, dtype=torch.float64)
    for whole, single in zip(program(points, times), program(points[4], times[4]), strict=True):
        assert whole[4].item() == pytest.approx(single.item(), rel=1e-15)


def test_program_without_inputs_gives_a_double():
    (value,) = lower([sympy.pi], [])()
    assert (value.shape, value.dtype, value.item()) == ((), torch.float64, float(sympy.pi))


def test_values_not_needed_again_are_let_go():
    expression = x
    for _ in range(20):
        expression = sin(expression)
    program = lower([expression], [x])
    released = [position for _, _, _, positions in program._plan for position in positions]
    assert sorted(released) == list(range(20))
