"""What the table of solvers holds: when a way of solving applies, and the phase that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kanpde.residual import Evaluation
from kanpde.solvers._phase import Phase
from kanpde.solvers._plan import Plan
from kanpde.trial import Trial


@dataclass(frozen=True)
class Start:
    """What a phase starts from.

    Parameters
    ----------
    plan, evaluation
        The problem made ready, and where it is measured.
    base
        The best trial so far, for a phase that corrects it.
    followed
        Whether another phase comes after it.
    attempt
        1 for the first start, 2 and more for restarts.
    """

    plan: Plan
    evaluation: Evaluation
    base: Trial | None = None
    followed: bool = False
    attempt: int = 1


@dataclass(frozen=True)
class Solver:
    """One way of solving.

    Parameters
    ----------
    name
        In histories and checkpoints.
    applies
        Tells of a plan whether it may be tried; `closed` is whether equations and conditions
        determine the unknowns without the measurements.
    make
        Makes the phase.
    alone
        Where it applies no other of the table is tried; training may follow.
    attempts
        How often it may be started.
    """

    name: str
    applies: Callable[..., bool]  # (plan, *, closed)
    make: Callable[[Start], Phase]
    alone: bool = False
    attempts: int = 1


@dataclass(frozen=True)
class Stage:
    """A start of a solver, at its place in the order."""

    name: str
    solver: Solver
    attempt: int = 1

    def phase(self, start: Start) -> Phase:
        """Make the phase of this stage."""
        return self.solver.make(start)
