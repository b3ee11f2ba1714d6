"""Files written so that no kill can damage them, and read so that no code can run."""

from __future__ import annotations

import csv
import io
import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from kanpde.errors import RunDirectoryError

DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError)


_PROBLEM: ContextVar[Path | None] = ContextVar("directory of the problem file", default=None)


@contextmanager
def problem_directory(directory: Path) -> Iterator[None]:
    """Let relative paths of data be taken from `directory` while a problem file runs."""
    token = _PROBLEM.set(directory)
    try:
        yield
    finally:
        _PROBLEM.reset(token)


def beside_problem(path: str | Path) -> Path:
    """Give a path of data: a relative one stands beside the problem file that is being run."""
    directory, given = _PROBLEM.get(), Path(path).expanduser()
    return given if directory is None else directory / given


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give an empty file beside `path` to write to, and put it in its place at the end.

    A reader sees the old or the new file, never a part, whatever ends the program or the power.
    The file has the permissions of the one that it replaces, a new one those that the umask
    leaves. Where the writing fails, the old file stays and nothing is left beside it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as partial:
    ...         _ = partial.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    # Not tempfile: its files are for their owner only, and the umask cannot be asked safely.
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write(path: Path, content: bytes | str) -> None:
    """Write a file as `replacing` does; text as UTF-8.

    Raises
    ------
    RunDirectoryError
        If the directory cannot be written.
    """
    try:
        with replacing(path) as partial:
            partial.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise RunDirectoryError(
            f"out: expected a directory that can be written, got {path.parent} "
            f"({error.strerror or error}); choose another with --out"
        ) from None


def write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays of numbers as an npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write(path, buffer.getvalue())


def read_arrays(file: Path) -> dict[str, Any]:
    """Read arrays that `write_arrays` wrote; none where the file is missing."""
    if not file.exists():
        return {}
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as stored:
            return {k: stored[k] for k in stored.files}
    except (*DAMAGE, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RunDirectoryError(f"{file}: expected arrays, got a damaged file ({error})") from None


def write_history(path: Path, history: list[dict[str, Any]]) -> None:
    """Write a history as CSV, one row per step."""
    names = list(dict.fromkeys(k for row in history for k in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    write(path, buffer.getvalue())


def read_history(file: Path) -> list[dict[str, Any]]:
    """Read a history that `write_history` wrote; none where the file is missing."""
    if not file.exists():
        return []
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return [{k: _value(v) for k, v in row.items() if k} for row in csv.DictReader(stream)]
    except (OSError, ValueError, csv.Error) as error:
        raise RunDirectoryError(f"{file}: expected a table, got a damaged file ({error})") from None


def _value(text: str | None) -> Any:
    if text is None or text == "":
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and "." not in text and "e" not in text else number
