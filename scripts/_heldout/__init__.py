"""Problems on which no constant of kanpde was set, for `bench_heldout.py`: one module per kind.

A problem is a function without arguments that returns a `kanpde.Problem`, registered by `case`.
Its exact solution or reference only measures. A reference says how accurate it is, and `check`
compares it with a second way; `tests/test_heldout.py` runs both.

Data on a boundary are written as formulas of that boundary alone (one face, one edge), never as the
exact solution itself: kanpde continues what it is given into the domain.

Nothing may be tuned on these problems. One that was looked at while kanpde was changed is no
longer unseen: replace it by another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import kanpde

ROUND_OFF = 1e-13  # relative, of closed forms


@dataclass(frozen=True)
class Case:
    """A problem and how its truth is known.

    Attributes
    ----------
    make
        Gives the problem.
    kind
        box, shape, system, time, inverse, integral, eigenvalue or interface.
    statement
        The equation in a line.
    truth
        closed form, manufactured, or how the reference is computed.
    accuracy
        Relative L2 error of the truth, at most.
    check
        Measured relative difference of a reference to a second way; ``None`` for exact solutions.
    constants
        True values of unknown constants.
    """

    make: Callable[[], kanpde.Problem]
    kind: str
    statement: str
    truth: str
    accuracy: float = ROUND_OFF
    check: Callable[[], float] | None = None
    constants: dict[str, float] = field(default_factory=dict)


CASES: dict[str, Case] = {}


def case(
    kind: str,
    statement: str,
    truth: str = "closed form",
    *,
    accuracy: float = ROUND_OFF,
    check: Callable[[], float] | None = None,
    constants: dict[str, float] | None = None,
) -> Callable[[Callable[[], kanpde.Problem]], Callable[[], kanpde.Problem]]:
    """Register a problem under the name of its function."""

    def register(make: Callable[[], kanpde.Problem]) -> Callable[[], kanpde.Problem]:
        name = make.__name__
        CASES[name] = Case(make, kind, statement, truth, accuracy, check, constants or {})
        return make

    return register


# The modules register their problems; the order is that of the table.
from _heldout import _boxes, _shapes, _systems, _time, _others  # noqa: E402, F401, I001
