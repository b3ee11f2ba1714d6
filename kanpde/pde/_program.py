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
from kanpde.pde._table import TABLE, Operation, apply_operation

Instruction = tuple[str | int | float, ...]
_Step = tuple[int, Operation, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Program:
    """Expressions as a list of elementwise operations; it holds no code.

    Made by `lower`, or from the data of a run directory by `from_data`.

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
    _plan: tuple[_Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the instructions and plan when each value can be let go."""
        _check(self.inputs, self.operations, self.outputs)
        object.__setattr__(self, "_plan", _plan(self.operations, self.outputs))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the instructions only."""
        return Program, (self.inputs, self.operations, self.outputs)

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

    def to_data(self) -> dict[str, Any]:
        """Describe the program by lists, names and numbers, as JSON holds them.

        Returns
        -------
        dict
            ``{"inputs": [...], "operations": [[...], ...], "outputs": [...]}``.

        Examples
        --------
        >>> Program((), (("const", 1.5),), (0,)).to_data()
        {'inputs': [], 'operations': [['const', 1.5]], 'outputs': [0]}
        """
        return {
            "inputs": list(self.inputs),
            "operations": [list(instruction) for instruction in self.operations],
            "outputs": list(self.outputs),
        }

    @classmethod
    def from_data(cls, data: object) -> Program:
        """Rebuild a program; nothing in the data is ever executed as code.

        Parameters
        ----------
        data
            What `to_data` returned, possibly through JSON.

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
        >>> Program.from_data(program.to_data()) == program
        True
        """
        keys = {"inputs", "operations", "outputs"}
        if not isinstance(data, dict) or set(data) != keys:
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
            )
        except InputError as error:
            raise RunDirectoryError(str(error)) from error


def _is_index(value: object, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size


def _check(
    inputs: tuple[str, ...], operations: tuple[Instruction, ...], outputs: tuple[int, ...]
) -> None:
    """Raise InputError unless every instruction is one of the table, well formed."""
    if not all(isinstance(name, str) for name in inputs):
        raise InputError(f"program: expected names as inputs, came {inputs!r}")
    kinds: list[str] = []
    for index, instruction in enumerate(operations):
        if not instruction or not isinstance(instruction[0], str):
            raise InputError(
                f"program: operation {index}: expected [name, ...], came {instruction}"
            )
        kinds.append(_kind_of(index, instruction, kinds, len(inputs)))
    for output in outputs:
        if not _is_index(output, len(operations)) or kinds[output] != "r":
            raise InputError(f"program: outputs: expected indices of numbers, came {output!r}")


def _kind_of(index: int, instruction: Instruction, kinds: list[str], inputs: int) -> str:
    """Check one instruction; return the kind of its result."""
    where = f"program: operation {index}"
    name, arguments = str(instruction[0]), instruction[1:]
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


def _is_finite(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    )


def _plan(operations: tuple[Instruction, ...], outputs: tuple[int, ...]) -> tuple[_Step, ...]:
    """Look the operations up and note after which one each value is not needed again."""
    last: dict[int, int] = {}
    steps = [
        (index, TABLE[str(name)], tuple(int(position) for position in positions))
        for index, (name, *positions) in enumerate(operations)
        if name not in ("const", "input")
    ]
    for index, _, positions in steps:
        last.update(dict.fromkeys(positions, index))
    kept = set(outputs)
    released: dict[int, list[int]] = {}
    for position, index in last.items():
        if position not in kept:
            released.setdefault(index, []).append(position)
    return tuple(
        (index, operation, positions, tuple(released.get(index, ())))
        for index, operation, positions in steps
    )
