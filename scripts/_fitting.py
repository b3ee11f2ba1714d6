"""What the benchmarks of `kanpde.fit` share: an MLP of equal size and seconds, medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from typing import Any

import kanpde
from kanpde.nets import MLP

MANY = 100_000  # steps: the time ends it


def mlp_width(n_in: int, n_out: int, count: int, layers: int = 2) -> tuple[int, ...]:
    """Layer sizes of the smallest MLP with equal hidden layers that has `count` coefficients."""
    size = 1
    while MLP([n_in, *[size] * layers, n_out]).count < count:
        size += 1
    return (n_in, *[size] * layers, n_out)


def beside(kan: Any, x: Any, y: Any, *, least: float = 2.0, **settings: Any) -> Any:
    """Fit an MLP with as many coefficients and seconds as a KAN had, or a few more.

    Where it stalls before its time is up it goes on from there with new damping.
    """
    seconds = max(least, float(kan.summary["seconds"]))
    width = mlp_width(kan.network.n_in, kan.network.n_out, kan.summary["coefficients"])
    end = time.perf_counter() + seconds
    found = kanpde.fit(
        x, y, net="mlp", width=width, optimizer="lm", steps=MANY, time_limit=seconds, **settings
    )
    while end - time.perf_counter() > 0.05 * seconds:
        again = found.train(time_limit=end - time.perf_counter())
        if again.summary["loss"] > found.summary["loss"]:
            break
        found = again
    return found


def spread(values: Iterable[float]) -> str:
    """Median and range as text."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.2e} ({ordered[0]:.2e} … {ordered[-1]:.2e})"


def line(cells: Sequence[object]) -> str:
    """One row of a table in Markdown."""
    return f"| {' | '.join(map(str, cells))} |"
