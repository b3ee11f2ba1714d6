"""Which product KAN comes next: degrees per axis, and how many coordinates a product has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kanpde.nets import ProductKAN
from kanpde.solvers._plan import Plan
from kanpde.solvers.spectral._products import coefficients, leading_tails

DEGREES = {
    1: (8, 12, 16, 24, 32, 48, 64, 96, 128),
    2: (8, 12, 16, 20, 24, 28, 32, 36, 40, 45, 50),
    3: (4, 6, 8, 10, 12, 14, 16, 18, 20, 22),
    4: (3, 4, 5, 6, 7, 8),
}
FEW = {1: (2, 4, 6, 8, 12, 16, 24), 2: (2, 4, 6, 8, 10, 12, 16), 3: (3, 4, 6, 8, 10)}
FULL = (2, 3, 4, 5, 6, 7, 8, 9, 10)
MANY_COORDINATES = 5  # from here on products of few coordinates are tried first
MOST_COEFFICIENTS = 2600
MEASURED = 8  # degree from which the highest coefficients tell which axis asks for more
UNEVEN = 0.3
ENOUGH = 1e-9
LONG = 4.0  # length over width of a plane domain whose degrees differ from the first
TRIES = 2  # levels without gain before products get one more coordinate


class DegreeSchedule:
    """Levels of product KANs, each chosen from how well the one before resolves every axis.

    Up to four coordinates all products are taken. The degrees grow alike, unless the highest
    coefficients along some axis are far below those along the others: then that axis keeps
    its degree, and the others take up what it leaves. From five coordinates on sums of
    functions of one coordinate come first, then of two, three and all. In a plane channel four
    times longer than wide the degrees are uneven from the first, by the root of that ratio.

    Parameters
    ----------
    plan
        The problem made ready.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, d = plan, plan.problem.dimension
        self.orders: list[int | None] = [plan.settings.interaction]
        if plan.settings.interaction is None and d >= MANY_COORDINATES and not self._broken():
            self.orders = [k for k in FEW if k < d] + [None]
        self.order, self.rung, self.idle, self.best = 0, 0, 0, float("inf")
        self.shape = proportions(plan)
        self.degrees: list[int] | None = self._plain(self._table()[0])

    def _broken(self) -> bool:
        return max(self.plan.frame.pieces) > 1

    @property
    def interaction(self) -> int | None:
        """Highest number of coordinates in one product, ``None`` for all."""
        return self.orders[self.order]

    @property
    def last_order(self) -> bool:
        """Whether products of more coordinates are left to try."""
        return self.order + 1 == len(self.orders)

    @property
    def searching(self) -> bool:
        """Whether the next level is of another kind: what gained nothing says little of it."""
        return len(self.orders) > 1 or (self.degrees is not None and len(set(self.degrees)) > 1)

    def begin_at(self, degrees: Sequence[int]) -> None:
        """Begin with degrees that have served before."""
        self.skip_to(max(degrees))
        self.degrees = list(degrees)

    def skip_to(self, least: float) -> None:
        """Leave out the levels whose degree is below `least`."""
        table = self._table()
        self.rung = next((k for k, n in enumerate(table) if n >= least), len(table) - 1)
        self.degrees = self._plain(table[self.rung])

    def level_of(self, degrees: Sequence[int]) -> float:
        """Give the degree of the even level that is as large."""
        return max(n / share for n, share in zip(degrees, self.shape, strict=True))

    def _plain(self, degree: int) -> list[int]:
        """Degrees of all axes at one level."""
        return [max(2, round(degree * share)) for share in self.shape]

    def _table(self) -> tuple[int, ...]:
        d, few = self.plan.problem.dimension, self.interaction
        usual = DEGREES.get(d, FULL)
        table = FEW.get(few, FULL) if few is not None else usual
        fitting = [n for n in table if self._count(self._plain(n)) <= MOST_COEFFICIENTS]
        return tuple(fitting) or table[:1]

    def _count(self, degrees: Sequence[int]) -> int:
        return coefficients(self.plan, degrees, self.interaction)

    def network_count(self) -> int:
        """Coefficients of the level to come."""
        return self._count(self.degrees or [1] * self.plan.problem.dimension)

    def advance(self, network: ProductKAN, fresh: float, *, predicted: float) -> None:
        """Choose the next level; `degrees` is ``None`` where there is none.

        Products of more coordinates are not tried where the predicted error is small already.
        """
        self.idle = 0 if fresh < 0.25 * self.best else self.idle + 1
        self.best = min(self.best, fresh)
        self.rung += 1
        table = self._table()
        if self.rung >= len(table) or (self.idle >= TRIES and not self.last_order):
            self.degrees = None
            if not (self.last_order or predicted < ENOUGH):
                self.order += 1
                self.rung, self.idle, self.best = 0, 0, float("inf")
                self.degrees = self._plain(self._table()[0])
            return
        plain = self._plain(table[self.rung])
        self.degrees = self._uneven(network, self._count(plain)) or plain

    def _uneven(self, network: ProductKAN, budget: int) -> list[int] | None:
        """Raise only the axes whose tails are large, to as many coefficients as `budget`."""
        d, old = len(network.degrees), network.degrees
        if d < 3 or d >= MANY_COORDINATES or min(old) < MEASURED:
            return None
        tails = leading_tails(network)
        short = [t > UNEVEN * max(tails) for t in tails]
        if all(short) and len(set(old)) == 1:
            return None
        new = list(old)
        while True:
            longer = [n + 1 if s else n for n, s in zip(new, short, strict=True)]
            if self._count(longer) > budget:
                return new if new != list(old) else None
            new = longer

    def state(self) -> dict[str, Any]:
        """Where the schedule stands, as numbers and lists."""
        kept = ("order", "rung", "idle", "best", "degrees")
        return {name: getattr(self, name) for name in kept}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        for name, value in state.items():
            setattr(self, name, value)


def proportions(plan: Plan) -> tuple[float, ...]:
    """Share of every axis in the degree; all alike but in a long plane domain.

    There the degrees follow the root of the lengths (of pieces between interfaces), so that
    their product stays: less than the lengths, since Chebyshev points crowd at the ends.
    """
    frame, problem = plan.frame, plan.problem
    d = problem.dimension
    lengths = [
        (high - low) / pieces
        for low, high, pieces in zip(frame.lower, frame.upper, frame.pieces, strict=True)
    ]
    plane = d == 2 and len(problem.space) == 2 and not frame.periodic
    if not plane or max(lengths) < LONG * min(lengths):
        return (1.0,) * d
    middle = math.prod(lengths) ** (1 / d)
    return tuple(math.sqrt(length / middle) for length in lengths)
