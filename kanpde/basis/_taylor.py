"""What a basis tells the compiled kernel: how its Taylor coefficients are made, row by row.

A row holds one number for each point of a block; the kernel knows a few operations on rows.
A basis says which of them give the Taylor coefficients of its functions at an input. What is
zero whatever the point has no row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Protocol

Row = int | None  # None: zero by structure
Term = tuple[float, Row, Row]
Series = list[Row]  # Taylor coefficients 0 … most


class TaylorWriter(Protocol):
    """The operations on rows that the kernel offers.

    Attributes
    ----------
    most : int
        Highest Taylor coefficient that is needed.
    one : int
        The row of ones.
    """

    most: int

    @property
    def one(self) -> int:
        """The row of ones."""

    def total(self, terms: Iterable[Term], target: int | None = None) -> Row:
        """Sum of factor * row * row."""

    def chained(self, outer: Sequence[Row], inner: Series) -> Series:
        """Series of f(y) from Taylor coefficients of f at y's value and from y's series."""

    def squashed(self, y: Series) -> Series:
        """Series of tanh y."""

    def waves(self, z: int, rate: float) -> tuple[int, int]:
        """Rows of sin(rate z) and cos(rate z)."""

    def decay(self, z: int) -> int:
        """Row of exp(-z), z not negative."""

    def pieces(self, z: int, table: int, *, degree: int, count: int) -> list[Series]:
        """Taylor coefficients of `count` splines at z from the pieces at place `table`."""


class EdgeRule(ABC):
    """How the kernel gets the functions of one input; hashable, as programs are kept by it.

    Numbers that may change while the rule stays (knots) are in the basis's `edge_tables`.
    """

    count: int

    @property
    def table_size(self) -> int:
        """How many numbers of an input the rule reads from the tables."""
        return 0

    @abstractmethod
    def write(self, writer: TaylorWriter, y: Series, table: int) -> list[Series]:
        """Write the series of every function of the argument with series `y`.

        Parameters
        ----------
        writer
            Takes the operations.
        y
            Series of the argument.
        table
            Where the numbers of this input begin.
        """
