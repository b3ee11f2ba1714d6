"""Growing a list of instructions: numbering, folding of constants, guards."""

from __future__ import annotations

import torch

from kanpde.pde.program._operations import TABLE, apply_operation
from kanpde.pde.program._program import Instruction
from kanpde.pde.tables._tabulation import Tabulation

LARGEST_PRODUCT = 64
"""Integer powers up to this one are repeated products."""


class Builder:
    """A list of instructions in which equal ones exist once.

    Every method returns the position of its result. A `mask` is the position
    of a truth value, or None where everything is evaluated.
    """

    def __init__(self) -> None:
        self.operations: list[Instruction] = []
        self.tables: list[Tabulation] = []
        self._positions: dict[tuple[object, ...], int] = {}

    def _place(self, *instruction: str | int | float) -> int:
        if instruction not in self._positions:
            self._positions[instruction] = len(self.operations)
            self.operations.append(instruction)
        return self._positions[instruction]

    def constant(self, value: float) -> int:
        """Place a number."""
        return self._place("const", value)

    def input(self, index: int) -> int:
        """Place the input of this index."""
        return self._place("input", index)

    def emit(self, name: str, *positions: int) -> int:
        """Place an operation, or the number that it gives for numbers."""
        operation = TABLE[name]
        if name in ("add", "mul", "min", "max", "and", "or"):
            positions = tuple(sorted(positions))
        if name == "where" and positions[1] == positions[2]:
            return positions[1]
        numbers = [self.value(position) for position in positions]
        if operation.result == "r" and all(number is not None for number in numbers):
            folded = apply_operation(operation, numbers, torch.float64, torch.device("cpu"))
            return self.constant(float(folded))
        return self._place(name, *positions)

    def table(self, spline: Tabulation, nu: tuple[int, ...], *positions: int) -> int:
        """Place a derivative of a table at computed arguments."""
        if spline not in self.tables:
            self.tables.append(spline)
        return self._place("table", self.tables.index(spline), *nu, *positions)

    def value(self, position: int) -> float | None:
        """Return the number at a position, None if it is not a constant."""
        instruction = self.operations[position]
        return float(instruction[1]) if instruction[0] == "const" else None

    def both(self, mask: int | None, condition: int) -> int:
        """Combine two conditions."""
        return condition if mask is None else self.emit("and", mask, condition)

    def guard(self, position: int, mask: int | None, safe: float) -> int:
        """Replace an argument by a safe one wherever its branch is not taken.

        The value outside the mask is thrown away later; what counts is that
        neither it nor its slope is infinite, since 0 * inf in the backward
        pass is NaN ("double where").
        """
        if mask is None or self.value(position) is not None:
            return position
        return self.emit("where", mask, position, self.constant(safe))

    def divide(self, numerator: int, denominator: int, mask: int | None) -> int:
        """Place a quotient, safe outside the mask."""
        return self.emit("div", numerator, self.guard(denominator, mask, 1.0))

    def product(self, factors: list[int]) -> int:
        """Place a product; of none it is 1."""
        if not factors:
            return self.constant(1.0)
        result = factors[0]
        for factor in factors[1:]:
            result = self.emit("mul", result, factor)
        return result

    def integer_power(self, base: int, exponent: int) -> int:
        """Place base**exponent, exponent >= 1, by repeated squaring."""
        if exponent > LARGEST_PRODUCT:
            return self.emit("pow", base, self.constant(float(exponent)))
        factors = []
        square = base
        while exponent:
            exponent, odd = divmod(exponent, 2)
            if odd:
                factors.append(square)
            if exponent:
                square = self.emit("mul", square, square)
        return self.product(factors)

    def real_power(self, base: int, exponent: float, mask: int | None) -> int:
        """Place base**exponent for a positive number as exponent."""
        if exponent == int(exponent):
            safe = self.guard(base, mask, 1.0) if exponent > 2 else base
            return self.integer_power(safe, int(exponent))
        safe = self.guard(base, mask, 1.0)
        if exponent == 0.5:
            return self.emit("sqrt", safe)
        return self.emit("pow", safe, self.constant(exponent))
