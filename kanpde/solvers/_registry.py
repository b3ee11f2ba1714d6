"""Ways of solving, in the order in which they are tried: one entry each.

A solver says for itself when it applies and makes the phase that the session runs. A new one is a
file with a `Phase`, and `register(Solver(...))`.
"""

from __future__ import annotations

from kanpde.errors import InputError
from kanpde.solvers._plan import Plan
from kanpde.solvers._solver import Solver, Stage
from kanpde.solvers.inverse._fields import FIELDS
from kanpde.solvers.inverse._identifying import IDENTIFY
from kanpde.solvers.marching._marching import SLABS
from kanpde.solvers.spectral._eigen import EIGEN
from kanpde.solvers.spectral._linear import LINEAR
from kanpde.solvers.spectral._newton import NEWTON
from kanpde.solvers.spectral._products import against_products
from kanpde.solvers.training._correction import CORRECTION
from kanpde.solvers.training._descent import descent
from kanpde.solvers.training._lazy import LAZY

SOLVERS: list[Solver] = [LAZY, EIGEN, IDENTIFY, FIELDS, LINEAR, NEWTON, SLABS]


def register(solver: Solver, *, before: str | None = None) -> None:
    """Enter a solver into the table, before the one of that name or at the end.

    Raises
    ------
    InputError
        If its name is taken, or there is none called `before`.
    """
    names = [s.name for s in SOLVERS]
    if solver.name in names:
        raise InputError(f"solver: expected a new name, got {solver.name}; there is one already")
    if before is not None and before not in names:
        raise InputError(f"before: expected one of {', '.join(names)}, got {before}")
    SOLVERS.insert(len(names) if before is None else names.index(before), solver)


def unregister(name: str) -> None:
    """Take a solver out of the table."""
    SOLVERS[:] = [s for s in SOLVERS if s.name != name]


def stages(plan: Plan, *, closed: bool) -> list[Stage]:
    """List what is tried for a plan, in order; training comes last, unless only least squares may.

    Raises
    ------
    InputError
        If nothing is left to try.
    """
    found: list[Stage] = []
    for solver in SOLVERS:
        if solver.applies(plan, closed=closed):
            found += _starts(solver)
            if solver.alone:
                break
    if plan.settings.net != "spectral":
        return found + _training(plan)
    if not found:
        against = against_products(plan)
        against = against or "measurements, or a start, that product KANs have no phase for"
        raise InputError(f"net: spectral cannot take this problem ({against}); use net=auto")
    return found


def _starts(solver: Solver) -> list[Stage]:
    numbers = range(1, solver.attempts + 1)
    return [Stage(solver.name if n == 1 else f"{solver.name} {n}", solver, n) for n in numbers]


def _training(plan: Plan) -> list[Stage]:
    """Train by the optimizer that is asked for, then correct what the first network leaves."""
    chosen = plan.settings.optimizer
    solver = descent("lm" if chosen == "auto" else chosen)
    corrections = [Stage(CORRECTION.name, CORRECTION)] * (plan.settings.stages - 1)
    return [Stage(solver.name, solver), *corrections]
