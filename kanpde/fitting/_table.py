"""Tables of data from CSV files: columns by name, numbers or labels."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError

MISSING = {"", "na", "nan", "null", "none", "?"}
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Table:
    """A table of text: names of the columns, rows of cells, and the lines they stand in."""

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def numbers(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Give columns of numbers, ``(N, d)``; cells without a value are NaN.

        Raises
        ------
        InputError
            If a column is missing or holds text.
        """
        found = np.empty((len(self.rows), len(names)))
        for k, name in enumerate(names):
            place = self._place(name)
            for i, row in enumerate(self.rows):
                value = _number(row[place])
                if value is None:
                    raise InputError(
                        f"{self.path}:{self.lines[i]}: expected a number in column {name!r}, got "
                        f"{row[place]!r}; {_cure(name, row[place])}"
                    )
                found[i, k] = value
        return found

    def labels(self, name: str) -> NDArray[Any]:
        """Give one column of labels, ``(N,)``: numbers where all are, else text."""
        place = self._place(name)
        cells = [row[place] for row in self.rows]
        values = [_number(cell) for cell in cells]
        found = np.empty(len(cells), dtype=object)
        whole = None not in values
        for i, (cell, value) in enumerate(zip(cells, values, strict=True)):
            found[i] = value if whole else ("" if cell.lower() in MISSING else cell)
        return found

    def is_text(self, name: str) -> bool:
        """Tell whether some cell of a column is no number."""
        place = self._place(name)
        return any(_number(row[place]) is None for row in self.rows)

    def others(self, names: Sequence[str]) -> list[str]:
        """Name all columns but `names`, which must be there."""
        for name in names:
            self._place(name)
        return [n for n in self.names if n not in names]

    def _place(self, name: str) -> int:
        if name not in self.names:
            hint = self._hint(name)
            raise InputError(
                f"{self.path}: expected a column {name!r}, got {', '.join(self.names)}{hint}"
            )
        return self.names.index(name)

    def _hint(self, name: str) -> str:
        folded = {n.lower(): n for n in self.names}
        close = difflib.get_close_matches(name.lower(), folded, n=1)
        if len(self.names) == 1:
            return "; columns are separated by commas, semicolons or tabs"
        if close:
            return f"; did you mean {folded[close[0]]}?"
        if self.lines[0] == 1 and self.names == tuple(f"c{k + 1}" for k in range(len(self.names))):
            return "; the first line holds numbers, no names, so columns are counted"
        return ""


def read_table(path: str | Path) -> Table:
    """Read a CSV file with a line of names, separated by commas, semicolons or tabs.

    Where the first line holds numbers only, there are no names: the columns are c1, c2, …

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, repeats a name, or has a line of other length.
    """
    file = Path(path)
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            first = stream.readline()
            delimiter = max(DELIMITERS, key=first.count)
            stream.seek(0)
            reader = csv.reader(stream, delimiter=delimiter, skipinitialspace=True)
            rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except UnicodeDecodeError:
        raise InputError(
            f"{file}: expected a CSV file of text in UTF-8, got another encoding or no text; "
            "save it as UTF-8"
        ) from None
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(
            f"{file}: expected a CSV file of data, got '{reason}'; check the path"
        ) from None
    if not rows:
        raise InputError(f"{file}: expected a line of names and rows of data, got an empty file")
    cells = [[cell.strip() for cell in row] for _, row in rows]
    lines = [line for line, _ in rows]
    names = _header(file, cells[0])
    if not all(_number(cell) is not None for cell in cells[0]):
        cells, lines = cells[1:], lines[1:]
    if not cells:
        raise InputError(f"{file}: expected rows of data below the names, got none")
    for line, row in zip(lines, cells, strict=True):
        if len(row) != len(names):
            raise InputError(
                f"{file}:{line}: expected {len(names)} cells as in the first line, got {len(row)}"
            )
    return Table(file, names, cells, lines)


def _header(file: Path, first: list[str]) -> tuple[str, ...]:
    if all(_number(cell) is not None for cell in first):
        return tuple(f"c{k + 1}" for k in range(len(first)))
    names = tuple(cell or f"c{k + 1}" for k, cell in enumerate(first))
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise InputError(f"{file}: expected distinct names of columns, got {twice!r} twice")
    return names


def _number(cell: str) -> float | None:
    """Give the number in a cell, NaN where it is empty, ``None`` for text."""
    if cell.lower() in MISSING:
        return float("nan")
    try:
        return None if "_" in cell else float(cell)  # Python reads 1_000 as a number
    except ValueError:
        return None


def _cure(name: str, cell: str) -> str:
    """Say what to do about text in a column of numbers."""
    if _number(cell.replace(",", ".")) is not None:
        return "write decimals with a point, and no marks between thousands"
    return f"leave that column out (--without {name}), or code it as numbers"
