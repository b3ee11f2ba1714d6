"""Threads: one for the many small tensors of a network, all for dense linear algebra.

Two threads gained nothing on jets of [2, 8, 8, 8, 8, 1] at 6279 points (185 against 188 ms on
two idle cores), and lost a factor of twenty where another process held one of the cores, because
threads wait for each other in every small operation.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar

import torch

from kanpde.nets import WORKERS

WORTH_IT = 400
_MANY: ContextVar[int | None] = ContextVar("threads of the linear algebra", default=None)


@contextlib.contextmanager
def few_threads(given: int | None) -> Iterator[None]:
    """Run with one thread, and with all inside `many_threads`; or with `given` everywhere."""
    before = torch.get_num_threads()
    token = _MANY.set(None if given is not None else cores())
    torch.set_num_threads(given if given is not None else 1)
    workers = WORKERS.set(given if given is not None else cores())
    try:
        yield
    finally:
        WORKERS.reset(workers)
        _MANY.reset(token)
        torch.set_num_threads(before)


@contextlib.contextmanager
def many_threads(size: int) -> Iterator[None]:
    """Run dense linear algebra of `size` columns on all cores, where `few_threads` is in force.

    Small matrices stay on one: they gain little and wait for busy cores.
    """
    many = _MANY.get()
    if many is None or size < WORTH_IT:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(many)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
