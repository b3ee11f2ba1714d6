"""Consoles, one-line messages and how numbers look."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from kanpde.errors import InputError
from kanpde.ground._names import visible

PLAIN_WIDTH = 100  # columns where there is no terminal to ask


class _PipeSafeConsole(Console):
    """A console that falls silent when its reader has gone."""

    def on_broken_pipe(self) -> None:
        """Keep running: the exit code still tells how the command went."""
        self.quiet = True
        detach(self.file)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Make control characters of names and texts visible; rich's own stay what they are."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


def console(stream: IO[str] | None = None) -> Console:
    """Make a console on `stream` (standard output), 100 columns where it is no terminal."""
    file = sys.stdout if stream is None else stream
    terminal = file.isatty()
    width = None if terminal or "COLUMNS" in os.environ else PLAIN_WIDTH
    return _PipeSafeConsole(file=file, width=width, highlight=False, markup=False, emoji=False)


def detach(stream: IO[str]) -> None:
    """Point `stream` at nowhere after its reader has gone, so that flushing it is silent."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # a captured stream has no descriptor
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def flush() -> None:
    """Flush both streams; a reader that has gone is no error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            detach(stream)


def one_line(message: object) -> str:
    """Fold `message` to a single line that cannot steer the terminal."""
    return visible(" ".join(str(message).split()))


def error_line(message: object) -> None:
    """Print ``kanpde: error: message`` as one line on standard error."""
    warning_line(message, kind="error")


def warning_line(message: object, *, kind: str | None = "warning") -> None:
    """Print ``kanpde: warning: message`` as one line on standard error."""
    prefix = "kanpde: " if kind is None else f"kanpde: {kind}: "
    try:
        print(prefix + one_line(message), file=sys.stderr, flush=True)
    except BrokenPipeError:
        detach(sys.stderr)


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Turn an `OSError` while writing to `path` into one line that names the fix."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{path}: expected a place that can be written, got '{reason}'; "
            "choose another one with --out"
        ) from error


def table(*columns: str, title: str | None = None, right: tuple[str, ...] = ()) -> Table:
    """Make an empty table; the columns named in `right` are aligned to the right."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    for name in columns:
        made.add_column(
            name, justify="right" if name in right else "left", overflow="fold", header_style="bold"
        )
    return made


def pairs(rows: Sequence[tuple[str, str | Text]], *, title: str | None = None) -> Table:
    """Make a table of names and values without a header."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        show_header=False,
        pad_edge=False,
    )
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, value if isinstance(value, Text) else Text(value))
    return made


def number(value: Any, digits: int = 2) -> str:
    """Write an error-like number: ``2.31e-07``; a dash for what is not there."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value is None else one_line(value)
    if value == 0:
        return "0"
    return f"{value:.{digits}e}" if math.isfinite(value) else str(value)


def plain(value: Any) -> str:
    """Write a setting or parameter as one would type it: ``6,6``, ``0.01``, ``none``."""
    if isinstance(value, list | tuple):
        return ",".join(plain(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}={plain(v)}" for k, v in value.items()) or "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "none" if value is None else one_line(value)


def duration(seconds: Any) -> str:
    """Write a time span: ``12.3 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return "-"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
