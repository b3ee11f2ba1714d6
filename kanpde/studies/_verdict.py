"""Who wins, at equal coefficients and at equal seconds, and by how much against the spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kanpde.studies._run import Run


@dataclass(frozen=True)
class Spread:
    """Median of the errors over the seeds, the least and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, errors: Sequence[float]) -> Spread:
        """Summarise errors, at least one.

        Examples
        --------
        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(median=2.0, low=1.0, high=3.0)
        """
        return cls(statistics.median(errors), min(errors), max(errors))


@dataclass(frozen=True)
class Row:
    """One net at one size: what it costs and what it reached.

    `same_steps` is the error after as many steps as all runs of that size made,
    `same_seconds` after as many seconds as they all had; both ``None`` without a partner.
    """

    net: str
    size: int
    network: str
    coefficients: int
    seeds: int
    seconds: float
    steps: float
    final: Spread
    same_steps: Spread | None
    same_seconds: Spread | None


@dataclass(frozen=True)
class Verdict:
    """The outcome of one comparison.

    Attributes
    ----------
    size
        ``None`` where each net takes the size that suits it best.
    axis, limit
        ``"step"`` or ``"seconds"``, and how many of them each net had.
    winner
        The net with the smaller median.
    factor
        Larger median over smaller one.
    tie
        Whether the ranges over the seeds overlap, so that seeds decide as much as nets.
    seeds
        How many seeds both nets have finished.
    spreads
        By net.
    sizes, coefficients
        By net, the size that was taken and the number of its coefficients.
    """

    size: int | None
    axis: str
    limit: float
    winner: str
    factor: float
    tie: bool
    seeds: int
    spreads: dict[str, Spread]
    sizes: dict[str, int]
    coefficients: dict[str, int]


def rows(runs: Sequence[Run]) -> list[Row]:
    """Table of every net at every size.

    Parameters
    ----------
    runs
        Finished runs.
    """
    found = []
    for size in sorted({r.size for r in runs}):
        paired = _paired([r for r in runs if r.size == size])
        steps, seconds = common_limit(paired, "step"), common_limit(paired, "seconds")
        for net in _nets(runs):
            own = [r for r in runs if (r.net, r.size) == (net, size)]
            if not own:
                continue
            shared = [r for r in paired if r.net == net]
            found.append(
                Row(
                    net=net,
                    size=size,
                    network=own[0].network,
                    coefficients=coefficients(own),
                    seeds=len(own),
                    seconds=statistics.median(r.seconds for r in own),
                    steps=statistics.median(r.steps for r in own),
                    final=Spread.of([r.error for r in own]),
                    same_steps=_spread(shared, "step", steps),
                    same_seconds=_spread(shared, "seconds", seconds),
                )
            )
    return found


def verdicts(runs: Sequence[Run]) -> list[Verdict]:
    """Compare the nets size by size, and each at its best size at equal seconds.

    Parameters
    ----------
    runs
        Finished runs; seeds that not every net has finished are left out.
    """
    found = []
    for size in sorted({r.size for r in runs}):
        paired = _paired([r for r in runs if r.size == size])
        if paired:
            sizes = dict.fromkeys(_nets(paired), size)
            for axis in ("step", "seconds"):
                limit = common_limit(paired, axis)
                found.append(_verdict(paired, sizes, axis, limit, size=size))
    paired = _paired(runs)
    if len({r.size for r in paired}) > 1:
        seconds = common_limit(paired, "seconds")
        best = {n: best_size([r for r in paired if r.net == n], seconds) for n in _nets(paired)}
        found.append(_verdict(paired, best, "seconds", seconds, size=None))
    return found


def common_limit(runs: Sequence[Run], axis: str) -> float:
    """Seconds or steps that every run had; one that stopped of itself would not have changed."""
    ends = [float(r.curve[-1][axis]) for r in runs if r.used_up]
    if ends:
        return min(ends)
    return max((float(r.curve[-1][axis]) for r in runs), default=math.inf)


def coefficients(runs: Sequence[Run]) -> int:
    """Median of the coefficients; seeds differ where the grid was not always extended."""
    return statistics.median_high(r.coefficients for r in runs)


def best_size(runs: Sequence[Run], seconds: float) -> int:
    """Size with the least median error after `seconds`, among the runs of one net."""

    def median(size: int) -> float:
        return statistics.median(r.error_at("seconds", seconds) for r in runs if r.size == size)

    return min(sorted({r.size for r in runs}), key=median)


def _verdict(
    runs: Sequence[Run], sizes: dict[str, int], axis: str, limit: float, *, size: int | None
) -> Verdict:
    spreads = {
        net: Spread.of([r.error_at(axis, limit) for r in runs if (r.net, r.size) == (net, own)])
        for net, own in sizes.items()
    }
    first, second = sorted(spreads, key=lambda n: spreads[n].median)[:2]
    a, b = spreads[first], spreads[second]
    return Verdict(
        size=size,
        axis=axis,
        limit=limit,
        winner=first,
        factor=_ratio(b.median, a.median),
        tie=b.low <= a.high,
        seeds=len({r.seed for r in runs}),
        spreads=spreads,
        sizes=sizes,
        coefficients={
            net: coefficients([r for r in runs if (r.net, r.size) == (net, own)])
            for net, own in sizes.items()
        },
    )


def _ratio(larger: float, smaller: float) -> float:
    if larger == smaller:
        return 1.0
    return larger / smaller if smaller > 0 else math.inf


def _spread(runs: Sequence[Run], axis: str, limit: float) -> Spread | None:
    return Spread.of([r.error_at(axis, limit) for r in runs]) if runs else None


def _paired(runs: Sequence[Run]) -> list[Run]:
    """Keep the (size, seed) that more than one net has finished, and every net of them."""
    nets = _nets(runs)
    done = {r.key for r in runs}
    if len(nets) < 2:
        return []
    return [r for r in runs if all((n, r.size, r.seed) in done for n in nets)]


def _nets(runs: Iterable[Run]) -> list[str]:
    return list(dict.fromkeys(r.net for r in runs))
