"""A lowered set of expressions: a flat list of table operations on tensors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from kanpde.errors import InputError, RunDirectoryError, ShapeError
from kanpde.pde.program._operations import TABLE, Operation, apply_operation
from kanpde.pde.tables._meshfield import table_from_record
from kanpde.pde.tables._tabulation import Tabulation

Instruction = tuple[str | int | float, ...]
_Step = tuple[int, Operation, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Program:
    """Expressions as a list of elementwise operations; it holds no code.

    Made by `lower`, or from the data of a run directory by `from_record`.

    Parameters
    ----------
    inputs
        What each input is, for messages; its length is the number of tensors
        that a call takes.
    operations
        Instructions in order of evaluation: ``("const", 2.0)``,
        ``("input", 0)`` or an operation of the table with the positions of
        its arguments, all earlier: ``("add", 3, 4)``.
    outputs
        Positions of the results.
    tables
        Splines and mesh fields that ``("table", index, derivatives …, positions …)`` evaluates.

    Raises
    ------
    InputError
        If an instruction is not in the table, has the wrong number or kind of
        arguments, or points forwards.

    Examples
    --------
    >>> double = Program(("x",), (("input", 0), ("const", 2.0), ("mul", 1, 0)), (2,))
    >>> double(torch.tensor([1.0, 2.0]))
    (tensor([2., 4.]),)
    """

    inputs: tuple[str, ...]
    operations: tuple[Instruction, ...]
    outputs: tuple[int, ...]
    tables: tuple[Tabulation, ...] = ()
    _plan: tuple[_Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the instructions and plan when each value can be let go."""
        _check(self)
        object.__setattr__(self, "_plan", _plan(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the instructions only."""
        return Program, (self.inputs, self.operations, self.outputs, self.tables)

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Evaluate every output elementwise.

        Parameters
        ----------
        inputs
            One floating point tensor per input, of shapes that broadcast.

        Returns
        -------
        tuple of Tensor
            One tensor per output, each of the common broadcast shape (a
            constant too) and of the dtype and device of the inputs;
            differentiable. Without inputs: float64 on the CPU, shape ``()``.

        Raises
        ------
        ShapeError
            If the number of tensors is wrong or they do not broadcast.
        InputError
            If an input is not a floating point tensor.
        """
        shape = self._shape_of(inputs)
        dtype, device = torch.float64, torch.device("cpu")
        if inputs:
            dtype = functools.reduce(torch.promote_types, (value.dtype for value in inputs))
            device = inputs[0].device
        values: list[Any] = [None] * len(self.operations)
        for index, (name, *arguments) in enumerate(self.operations):
            if name == "const":
                values[index] = float(arguments[0])
            elif name == "input":
                values[index] = inputs[int(arguments[0])]
        for index, operation, positions, released in self._plan:
            operands = [values[position] for position in positions]
            values[index] = apply_operation(operation, operands, dtype, device)
            for position in released:
                values[position] = None
        return tuple(
            values[index].expand(shape)
            if isinstance(values[index], Tensor)
            else torch.full(shape, values[index], dtype=dtype, device=device)
            for index in self.outputs
        )

    def _shape_of(self, inputs: tuple[Tensor, ...]) -> torch.Size:
        """Check the inputs of a call; return their common shape."""
        if len(inputs) != len(self.inputs):
            raise ShapeError(
                f"Program: expected {len(self.inputs)} inputs ({', '.join(self.inputs)}), "
                f"came {len(inputs)}"
            )
        for name, value in zip(self.inputs, inputs, strict=True):
            if not isinstance(value, Tensor) or not value.is_floating_point():
                came = value.dtype if isinstance(value, Tensor) else type(value).__name__
                raise InputError(f"Program: {name}: expected a floating point tensor, came {came}")
        try:
            return torch.broadcast_shapes(*(value.shape for value in inputs))
        except RuntimeError as error:
            shapes = ", ".join(
                f"{name} {tuple(value.shape)}"
                for name, value in zip(self.inputs, inputs, strict=True)
            )
            raise ShapeError(
                f"Program: expected inputs of shapes that broadcast, came {shapes}"
            ) from error

    def to_record(self) -> dict[str, Any]:
        """Describe the program by lists, names and numbers, as JSON holds them.

        Returns
        -------
        dict
            ``{"inputs": [...], "operations": [[...], ...], "outputs": [...]}``.

        Examples
        --------
        >>> Program((), (("const", 1.5),), (0,)).to_record()
        {'inputs': [], 'operations': [['const', 1.5]], 'outputs': [0]}
        """
        return {
            "inputs": list(self.inputs),
            "operations": [list(instruction) for instruction in self.operations],
            "outputs": list(self.outputs),
            **({"tables": [t.to_record() for t in self.tables]} if self.tables else {}),
        }

    @classmethod
    def from_record(cls, data: object) -> Program:
        """Rebuild a program; nothing in the data is ever executed as code.

        Parameters
        ----------
        data
            What `to_record` returned, possibly through JSON.

        Returns
        -------
        Program
            Equal to the one described.

        Raises
        ------
        RunDirectoryError
            If the data is not such a description: another structure, an
            operation that is not in the table, a wrong number or kind of
            arguments, or an index out of range.

        Examples
        --------
        >>> program = Program((), (("const", 1.5),), (0,))
        >>> Program.from_record(program.to_record()) == program
        True
        """
        keys = {"inputs", "operations", "outputs"}
        if not isinstance(data, dict) or set(data) - {"tables"} != keys:
            came = sorted(map(str, data)) if isinstance(data, dict) else type(data).__name__
            raise RunDirectoryError(
                f"program: expected the keys inputs, operations, outputs, came {came}"
            )
        lists = (data["inputs"], data["operations"], data["outputs"])
        if not all(isinstance(part, list) for part in lists) or not all(
            isinstance(instruction, list) for instruction in data["operations"]
        ):
            raise RunDirectoryError("program: expected lists; the description is damaged")
        try:
            return cls(
                tuple(data["inputs"]),
                tuple(tuple(instruction) for instruction in data["operations"]),
                tuple(data["outputs"]),
                tuple(table_from_record(t) for t in data.get("tables", [])),
            )
        except InputError as error:
            raise RunDirectoryError(str(error)) from error


def _is_index(value: object, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size


def _check(program: Program) -> None:
    """Raise InputError unless every instruction is one of the table, well formed."""
    inputs, operations, outputs = program.inputs, program.operations, program.outputs
    if not all(isinstance(name, str) for name in inputs):
        raise InputError(f"program: expected names as inputs, came {inputs!r}")
    kinds: list[str] = []
    for index, instruction in enumerate(operations):
        if not instruction or not isinstance(instruction[0], str):
            raise InputError(
                f"program: operation {index}: expected [name, ...], came {instruction}"
            )
        kinds.append(_kind_of(index, instruction, kinds, program))
    for output in outputs:
        if not _is_index(output, len(operations)) or kinds[output] != "r":
            raise InputError(f"program: outputs: expected indices of numbers, came {output!r}")


def _kind_of(index: int, instruction: Instruction, kinds: list[str], program: Program) -> str:
    """Check one instruction; return the kind of its result."""
    where, inputs = f"program: operation {index}", len(program.inputs)
    name, arguments = str(instruction[0]), instruction[1:]
    if name == "table":
        _check_table(where, arguments, kinds, program.tables)
        return "r"
    leaf: dict[str, Callable[[object], bool]] = {
        "const": _is_finite,
        "input": lambda value: _is_index(value, inputs),
    }
    if name in leaf:
        if len(arguments) != 1 or not leaf[name](arguments[0]):
            expected = "one finite number" if name == "const" else f"one index below {inputs}"
            raise InputError(f"{where}: {name}: expected {expected}, came {arguments}")
        return "r"
    if name not in TABLE:
        raise InputError(
            f"{where}: expected an operation of the table, came {name!r}; "
            f"it may have been written by a newer version"
        )
    operation = TABLE[name]
    if len(arguments) != len(operation.kinds):
        raise InputError(
            f"{where}: {name}: expected {len(operation.kinds)} arguments, came {len(arguments)}"
        )
    for position, kind in zip(arguments, operation.kinds, strict=True):
        if not _is_index(position, index):
            raise InputError(
                f"{where}: {name}: expected indices of earlier operations, came {position!r}"
            )
        if kinds[int(position)] != kind:
            expected = "a number" if kind == "r" else "a truth value"
            raise InputError(f"{where}: {name}: expected {expected} at {position}, came the other")
    return operation.result


def _check_table(
    where: str, arguments: Instruction, kinds: list[str], tables: tuple[Tabulation, ...]
) -> None:
    if not arguments or not _is_index(arguments[0], len(tables)):
        raise InputError(f"{where}: table: expected an index below {len(tables)}, came {arguments}")
    d = tables[int(arguments[0])].dimension
    orders, positions = arguments[1 : 1 + d], arguments[1 + d :]
    fits = len(arguments) == 1 + 2 * d and all(_is_index(n, 100) for n in orders)
    if not fits or not all(_is_index(p, len(kinds)) and kinds[int(p)] == "r" for p in positions):
        raise InputError(
            f"{where}: table: expected {d} orders and {d} earlier numbers, came {arguments}"
        )


def _is_finite(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    )


def _plan(program: Program) -> tuple[_Step, ...]:
    """Look the operations up and note after which one each value is not needed again."""
    last: dict[int, int] = {}
    steps = [
        (index, *_resolved(instruction, program.tables))
        for index, instruction in enumerate(program.operations)
        if instruction[0] not in ("const", "input")
    ]
    for index, _, positions in steps:
        last.update(dict.fromkeys(positions, index))
    kept = set(program.outputs)
    released: dict[int, list[int]] = {}
    for position, index in last.items():
        if position not in kept:
            released.setdefault(index, []).append(position)
    return tuple(
        (index, operation, positions, tuple(released.get(index, ())))
        for index, operation, positions in steps
    )


def _resolved(
    instruction: Instruction, tables: tuple[Tabulation, ...]
) -> tuple[Operation, tuple[int, ...]]:
    """Give the operation of an instruction and the positions of its arguments."""
    name, *numbers = instruction
    arguments = tuple(int(n) for n in numbers)
    if name != "table":
        return TABLE[str(name)], arguments
    spline, d = tables[arguments[0]], tables[arguments[0]].dimension
    nu = arguments[1 : 1 + d]

    def apply(*columns: Tensor) -> Tensor:
        return spline.evaluate(nu, columns)

    return Operation("r" * d, apply, tensors=True), arguments[1 + d :]
