"""Row operations collected into a program for the compiled kernel.

Univariate functions are Taylor coefficients at the value of their argument, a row each.
What is zero by structure has no row and costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kanpde.basis import Row, Series, Term
from kanpde.calculus import JetSpace

PRODUCT, ADD, COMBINE, DOT, TANH, LOGISTIC, DECAY, WAVES, PIECES = range(9)
ZERO_START, NO_START = -1, -2  # of a combination, in place of the index of its bias
# Points per block: many, so that a step costs more than finding out what it is (36 ms at 32
# against 24 at 96 for 681 coefficients and 7000 points), but 96 doubles rather than 64 or 128,
# which would put every other row into the same place of the cache.
MOST_POINTS, FEWEST_POINTS, MANY_ROWS = 96, 32, 4000

Whole = tuple[float, int, int]


@dataclass(frozen=True)
class RowProgram:
    """Operations for the kernel, the rows that they need, and the points per block."""

    code: NDArray[np.int64]
    numbers: NDArray[np.float64]
    rows: int
    zero: int
    block: int

    def scratch(self) -> NDArray[np.float64]:
        """Memory for one call, with the rows of zeros and ones that the program reads."""
        rows = np.empty((self.rows, self.block))
        rows[self.zero], rows[self.zero + 1] = 0.0, 1.0
        return rows


class RowWriter:
    """Hands out rows, collects operations, composes univariate functions.

    Parameters
    ----------
    space
        The jets that are carried.
    most
        Highest Taylor coefficient that is needed.
    """

    def __init__(self, space: JetSpace, most: int) -> None:
        self.space, self.most = space, most
        self.orders = [space.component_order(k) for k in range(space.size)]
        self.code: list[tuple[int, ...]] = []
        self.numbers: list[tuple[float, float]] = []
        self.rows = 0
        self.zero = self.one = self.exponential = -1
        self._spans: dict[int, int] = {}
        self._powers: dict[tuple[Row, ...], list[Series]] = {}

    def program(self) -> RowProgram:
        block = MOST_POINTS if self.rows <= MANY_ROWS else FEWEST_POINTS
        return RowProgram(
            np.array(self.code, dtype=np.int64).reshape(-1, 6),
            np.array(self.numbers, dtype=np.float64).reshape(-1, 2),
            self.rows,
            self.zero,
            block,
        )

    def block(self, count: int) -> int:
        self.rows += count
        return self.rows - count

    def new(self) -> int:
        return self.block(1)

    def constants(self) -> None:
        self.zero = self.block(2)
        self.one = self.zero + 1
        self.exponential = self.block(2)

    def emit(self, *operands: int, c: float = 0.0, d: float = 0.0) -> None:
        self.code.append((*operands, *(0,) * (6 - len(operands))))
        self.numbers.append((c, d))

    def total(self, terms: Iterable[Term], target: int | None = None) -> Row:
        """Sum of factor * row * row; a sum that is a row already is that row."""
        kept = whole(terms)
        if not kept:
            return None
        if target is None and len(kept) == 1 and kept[0][0] == 1.0:
            _, i, j = kept[0]
            if self.one in (i, j):
                return i if j == self.one else j
        o = self.new() if target is None else target
        for at in range(0, len(kept), 2):
            self.pair(PRODUCT if at == 0 else ADD, o, kept[at : at + 2])
        return o

    def pair(self, operation: int, o: int, terms: list[Whole]) -> None:
        """Set row o to one or two terms, or add them to it."""
        (c, i, j), (d, k, m) = [*terms, (0.0, self.zero, self.zero)][:2]
        self.emit(operation, o, i, j, k, m, c=c, d=d)

    def combine(self, o: int, rows: Sequence[tuple[int, int]], step: int, start: int) -> None:
        """Row o = bias + sum of weights times rows; `rows` holds (row, index of the weight)."""
        runs = list(_runs(rows, step))
        if not runs:
            self.emit(COMBINE, o, 0, 0, 0, 0, d=start)
        for first, stride, weight, count in runs:
            self.emit(COMBINE, o, first, stride, weight, count, c=step, d=start)
            start = NO_START

    def dot(self, o: int, left: Sequence[Row], right: Sequence[Row]) -> None:
        """Write into place o of the result the sum of products of rows."""
        again = 0
        pairs = [(i, j) for i, j in zip(left, right, strict=True) if i is not None is not j]
        for first, second, count in _stretches(pairs or [(self.zero, self.zero)]):
            self.emit(DOT, o, first, second, again, count)
            again = 1

    # functions of one variable

    def squashed(self, y: Series) -> Series:
        """Series of tanh y: t' = 1 - t² at the value."""
        value, z = self.new(), y[0]
        assert z is not None  # values always are
        self.emit(TANH, value, z, self.exponential, c=2.0)
        t: Series = [value]
        for m in range(self.most):
            terms = [(f / -(m + 1), i, j) for f, i, j in _square(t, m)]
            t.append(self.total([*terms, *([(1.0, self.one, self.one)] if m == 0 else [])]))
        return self.chained(t, y)

    def variable(self, z: int) -> Series:
        """Series of the variable itself."""
        return [z, self.one, *(None,) * self.most][: self.most + 1]

    def chained(self, outer: Sequence[Row], inner: Series) -> Series:
        """Series of f(y) from Taylor coefficients of f at y's value and from y's series."""
        missing = (None,) * (self.most + 1 - len(outer))
        if inner == self.variable(inner[0] or 0):
            return [*outer, *missing]
        powers = self._series_powers(inner)
        found: Series = [outer[0]]
        for m in range(1, self.most + 1):
            top = min(m, len(outer) - 1)
            found.append(self.total([(1.0, outer[k], powers[k - 1][m]) for k in range(1, top + 1)]))
        return found

    def _series_powers(self, inner: Series) -> list[Series]:
        """Powers 1 … most of a series without its value, written once."""
        key = tuple(inner)
        if key not in self._powers:
            first: Series = [None, *inner[1:]]
            found = [first]
            for _ in range(1, self.most):
                below = found[-1]
                found.append(
                    [
                        self.total((1.0, below[j], first[m - j]) for j in range(m + 1))
                        for m in range(self.most + 1)
                    ]
                )
            self._powers[key] = found
        return self._powers[key]

    def waves(self, z: int, rate: float) -> tuple[int, int]:
        """Rows of sin(rate z) and cos(rate z)."""
        place = self.block(2)
        self.emit(WAVES, place, z, self.exponential, c=rate)
        return place, place + 1

    def decay(self, z: int) -> int:
        """Row of exp(-z), z not negative."""
        place = self.new()
        self.emit(DECAY, place, z, self.exponential, c=1.0)
        return place

    def pieces(self, z: int, table: int, *, degree: int, count: int) -> list[Series]:
        """Taylor coefficients of `count` splines at z from the pieces at place `table`."""
        if degree not in self._spans:
            self._spans[degree] = self.block(degree + 4)
        top = min(degree, self.most)
        place = self.block(count * (top + 1))
        self.emit(PIECES, place, z, table, self._spans[degree], count, c=degree, d=top)
        return [[place + f * (top + 1) + m for m in range(top + 1)] for f in range(count)]

    def silu(self, z: int) -> list[Row]:
        """Taylor coefficients of z s(z), where s' = s (1 - s)."""
        value, slope = self.new(), self.new()
        self.emit(LOGISTIC, value, z, self.exponential, slope, c=1.0)
        s: list[Row] = [value, slope]
        for m in range(1, self.most):
            terms = [(f / -(m + 1), i, j) for f, i, j in _square(s, m)]
            s.append(self.total([*terms, (1 / (m + 1), s[m], self.one)]))
        return [
            self.total([(1.0, z, s[m]), *([(1.0, s[m - 1], self.one)] if m else [])])
            for m in range(self.most + 1)
        ]


def whole(terms: Iterable[Term]) -> list[Whole]:
    """Keep the terms that are not zero by structure."""
    return [(f, i, j) for f, i, j in terms if i is not None and j is not None]


def _square(series: Sequence[Row], m: int) -> list[Term]:
    """Coefficient m of the square of a series, each pair once."""
    return [(1.0 if j == m - j else 2.0, series[j], series[m - j]) for j in range(m // 2 + 1)]


def _runs(rows: Sequence[tuple[int, int]], step: int) -> Iterator[tuple[int, int, int, int]]:
    """Split (row, weight) into runs (row, stride, weight, count), weights `step` apart."""
    at = 0
    while at < len(rows):
        row, weight = rows[at]
        stride = rows[at + 1][0] - row if at + 1 < len(rows) else 1
        count = 1
        while at + count < len(rows) and rows[at + count] == (
            row + count * stride,
            weight + count * step,
        ):
            count += 1
        yield row, stride, weight, count
        at += count


def _stretches(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Split pairs of rows into stretches (left, right, count) of neighbours."""
    at = 0
    while at < len(pairs):
        left, right = pairs[at]
        count = 1
        while at + count < len(pairs) and pairs[at + count] == (left + count, right + count):
            count += 1
        yield left, right, count
        at += count
