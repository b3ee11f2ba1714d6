"""Progress of a solve on standard error: a bar in a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from kanpde.cli._output import console, number

REFRESH = 0.1  # seconds between updates of the bar
LINE_EVERY = 10.0  # seconds between plain lines

Event = Mapping[str, Any]
SHOWN = (
    ("loss", "loss"),
    ("error", "error"),
    ("predicted", "pred."),
    ("train", "train"),
    ("test", "test"),
)


class _Figures(ProgressColumn):
    """Time left, loss, errors and step, each only where it is known."""

    def render(self, task: Task) -> Text:
        """Render the last event."""
        return Text(describe(task.fields["event"]))


class BarProgress:
    """A rich progress bar, redrawn at most ten times a second.

    Use it as a context manager and hand it to ``kanpde.solve`` as `progress`.
    """

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=8),
            TextColumn("{task.percentage:>3.0f}%"),
            _Figures(table_column=Column(no_wrap=True, overflow="crop")),
            console=console(sys.stderr),
            auto_refresh=False,
            transient=True,
        )
        self._task = self._progress.add_task("start", total=1.0, event={})
        self._shown = -REFRESH

    def __enter__(self) -> BarProgress:
        self._progress.start()
        self._progress.refresh()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show `event`, or skip it if the last one is too young."""
        now = time.monotonic()
        if now - self._shown < REFRESH:
            return
        self._shown = now
        self._progress.update(
            self._task,
            completed=fraction(event) or 0.0,
            description=str(event.get("phase") or "solve"),
            event=dict(event),
        )
        self._progress.refresh()


class LineProgress:
    """A plain line every ten seconds, for logs and pipes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = clock()

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, event: Event) -> None:
        """Print `event` as a line if one is due."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + LINE_EVERY
        part = fraction(event)
        percent = "" if part is None else f"{part:4.0%}  "
        phase = event.get("phase") or "solve"
        print(f"{phase}: {percent}{describe(event)}", file=sys.stderr, flush=True)


class NoProgress:
    """Nothing at all, for ``--quiet``."""

    def __enter__(self) -> NoProgress:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, event: Event) -> None:
        """Ignore `event`."""


def choose(*, quiet: bool) -> BarProgress | LineProgress | NoProgress:
    """Choose what shows progress: nothing, a bar in a terminal, lines elsewhere."""
    if quiet:
        return NoProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()


def fraction(event: Event) -> float | None:
    """Tell the fraction of the time limit or of the steps that has gone, in [0, 1]."""
    value = event.get("fraction")
    return min(1.0, max(0.0, float(value))) if isinstance(value, int | float) else None


def describe(event: Event) -> str:
    """Write time left, loss, errors and step of `event` in one short line."""
    left = time_left(event)
    parts = [] if left is None else [f"{clock_time(left)} left"]
    for key, label in SHOWN:
        if event.get(key) is not None:
            parts.append(f"{label} {number(event[key], 1)}")
    if event.get("stage") is not None:
        parts.insert(0, f"stage {event['stage']}")
    if event.get("grid") is not None and "train" in event:
        parts.append(f"grid {event['grid']}")
    if event.get("step") is not None:
        parts.append(f"step {event['step']}")
    return "  ".join(parts)


def time_left(event: Event) -> float | None:
    """Estimate the seconds left from the seconds and the fraction that have gone."""
    part, seconds = fraction(event), event.get("seconds")
    if not part or not isinstance(seconds, int | float):
        return None
    return seconds / part - seconds


def clock_time(seconds: float) -> str:
    """Write a time span as a clock does: ``0:45``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
