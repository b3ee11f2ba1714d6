"""One way through the time interval: what was found, and what the next slab should be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from kanpde.nets import AxisMap
from kanpde.trial import SlabStart, SlabTrial

SAFETY = 0.3
HOPELESS, ROUGH = 3e-2, 30.0
ROUND_OFF = 1e-8  # tails below this may be held up by round-off
FEWEST = 6
SHORTER, HIGHER, ACCEPTED = "shorter", "higher degree", "accepted"


@dataclass(frozen=True)
class Seen:
    """How well a slab is resolved, in units of u: its highest coefficients and its residual.

    Parameters
    ----------
    length
        Length of the slab.
    time, space
        Size of the highest coefficients along time and along every space coordinate.
    residual
        Root mean square of the residual times the length.
    converged
        Whether Gauss-Newton came to a minimum.
    scale
        Largest value of every unknown, this slab included.
    """

    length: float
    time: float
    space: list[float]
    residual: float
    converged: bool
    scale: list[float] = field(default_factory=list)

    @property
    def widest(self) -> float:
        """Largest tail in space."""
        return max(self.space, default=0.0)


@dataclass
class March:
    """Slabs so far, and length, degrees and charts of the next one."""

    tolerance: float
    length: float
    degrees: list[int]
    edges: list[float]
    axis: int
    slabs: list[SlabTrial] = field(default_factory=list)
    slab_start: SlabStart | None = None
    seconds: float = 0.0
    floor: float = math.inf  # tail in time before the slab was shortened, space unresolved
    tried: float = math.inf  # tail in space before the degree was raised
    scale: list[float] = field(default_factory=list)  # largest value of every unknown so far
    last_degrees: list[int] = field(default_factory=list)
    maps: list[AxisMap | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose a degree in time that suits the tolerance: 6 at 1e-4, one more per decade."""
        if self.degrees:
            self.degrees[self.axis] = round(2 - math.log10(self.tolerance))

    def aimed(self, tolerance: float) -> March:
        """Give the same march for another tolerance."""
        return replace(self, tolerance=tolerance, degrees=list(self.degrees))

    @property
    def spatial(self) -> list[int]:
        """Axes but the time."""
        return [k for k in range(len(self.degrees)) if k != self.axis]

    def rough(self, seen: Seen) -> bool:
        """Whether the residual is far larger than the tolerance allows."""
        return seen.residual > ROUGH * self.tolerance

    def verdict(self, seen: Seen, *, shortest: bool, capped: bool) -> str:
        """Say what to do with a slab: accept it, shorten it or raise its degrees."""
        rough = self.rough(seen)
        gained_nothing = seen.widest > 0.7 * self.tried and seen.widest > ROUND_OFF
        too_long = seen.time > self.tolerance and seen.time < 0.3 * self.floor
        if not shortest:
            if not seen.converged or too_long or gained_nothing:
                return SHORTER
            if rough and (seen.time > seen.widest or capped):
                return SHORTER
        if not capped and (seen.widest > self.tolerance or rough):
            return HIGHER
        return ACCEPTED

    def factor(self, tail: float) -> float:
        """How much longer a slab may be, by its tail in time."""
        power = 1.0 / (self.degrees[self.axis] + 1)
        return float((SAFETY * self.tolerance / max(tail, 1e-300)) ** power)

    def shorten(self, seen: Seen) -> None:
        """Try again with a shorter slab."""
        self.tried = math.inf
        self.length = seen.length * max(0.2, min(0.7, self.factor(seen.time)))
        if seen.time < ROUND_OFF or seen.widest > self.tolerance:
            self.floor = seen.time

    def raise_degrees(self, seen: Seen, degrees: list[int]) -> None:
        """Try again at higher degrees; whether the slab is too long is seen anew."""
        self.tried, self.degrees = seen.widest, degrees
        if self.floor > ROUND_OFF:
            self.floor = math.inf

    def needed(self, seen: Seen) -> list[int]:
        """Degrees at which the tails in space would meet the tolerance."""
        new = list(self.degrees)
        aim = 0.5 * self.tolerance
        for k, tail in zip(self.spatial, seen.space, strict=True):
            degree, wide = self.degrees[k], tail > self.tolerance
            wanted = degree * math.log(aim) / math.log(min(max(tail, 1e-17), 0.3))
            most = (1.6 if wide else 1.1) * degree
            new[k] = max(FEWEST, math.ceil(min(most, max(0.8 * degree, wanted))))
            if wide or self.rough(seen):
                least = 1.2 * degree if self.rough(seen) else degree + 2
                new[k] = max(new[k], math.ceil(least))
        return new

    def accept(self, trial: SlabTrial, end: float, seen: Seen, better: list[int]) -> None:
        """Keep a slab; expect degrees to go on growing as they did."""
        self.floor = self.tried = math.inf
        self.slabs.append(trial)
        self.edges.append(end)
        self.length = seen.length * min(2.0, max(0.5, self.factor(seen.time)))
        before = self.last_degrees or self.degrees
        trend = [n / max(o, 1) for n, o in zip(self.degrees, before, strict=True)]
        self.last_degrees = list(self.degrees)
        for k in self.spatial:
            self.degrees[k] = math.ceil(better[k] * min(1.25, max(1.0, trend[k])))

    def follow(
        self, here: tuple[float, tuple[int, ...]], before: tuple[float, tuple[int, ...]]
    ) -> None:
        """Expect of the next slab what an earlier march met: lengths and degrees there."""
        self.length *= min(2.0, max(0.3, here[0] / before[0]))
        for k in self.spatial:
            rate = min(1.3, max(0.9, here[1][k] / max(before[1][k], 1)))
            self.degrees[k] = max(FEWEST, math.ceil(self.last_degrees[k] * rate))
