"""Optimizers by name: a new one is a class and one call of `register_optimizer`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from kanpde.errors import InputError
from kanpde.ground._choices import OPTIMIZERS
from kanpde.optimize._firstorder import LBFGS, Adam
from kanpde.optimize._levenberg import LevenbergMarquardt
from kanpde.optimize._minimize import StepReport
from kanpde.optimize._quasinewton import SSBroyden


class Optimizer(Protocol):
    """Moves the coefficients of rows; knows nothing of where the rows come from.

    Attributes
    ----------
    name
        As settings choose it.
    looks_back
        Whether the loss of a report belongs to the coefficients before the step.
    """

    name: str
    looks_back: bool

    def step(self, rows: Any) -> StepReport:
        """Move once."""

    def restart(self) -> None:
        """Forget what belongs to other points."""

    def revive(self, damping: float) -> None:
        """Dare steps again after several that failed."""

    def state(self) -> dict[str, Any]:
        """Everything needed to continue."""

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state`."""


@dataclass(frozen=True)
class Habits:
    """How often the loops around an optimizer do things, since steps differ in cost.

    Parameters
    ----------
    redraw
        Steps between two redraws of collocation points.
    steps
        Steps of a fit per grid, where none are given.
    checks
        Looks at all rows without gain after which a fit has stalled.
    noisy
        Many small steps, whose loss goes up and down.
    options
        Settings by name that it takes.
    """

    redraw: int = 50
    steps: int = 300
    checks: int = 10
    noisy: bool = False
    options: tuple[str, ...] = ()


_OPTIMIZERS: dict[str, tuple[type[Optimizer], Habits]] = {
    "lm": (
        LevenbergMarquardt,
        Habits(redraw=25, steps=100, checks=8, options=("geodesic", "linear_algebra")),
    ),
    "ssbroyden": (SSBroyden, Habits()),
    "lbfgs": (LBFGS, Habits()),
    "adam": (Adam, Habits(redraw=500, steps=20_000, checks=20, noisy=True)),
}


def register_optimizer(kind: type[Optimizer], habits: Habits | None = None) -> None:
    """Let settings choose an optimizer by its name.

    Raises
    ------
    InputError
        If the name is taken.
    """
    if kind.name in OPTIMIZERS:
        raise InputError(f"optimizer: expected a new name, got {kind.name}; there is one already")
    _OPTIMIZERS[kind.name] = (kind, habits or Habits())
    OPTIMIZERS.append(kind.name)


def unregister_optimizer(name: str) -> None:
    """Take an optimizer out of the table."""
    del _OPTIMIZERS[name]
    OPTIMIZERS.remove(name)


def make_optimizer(name: str, **options: Any) -> Optimizer:
    """Make an optimizer by name; of `options` it takes those that it knows.

    Raises
    ------
    InputError
        If the name is unknown.

    Examples
    --------
    >>> make_optimizer("adam", geodesic=False).name
    'adam'
    """
    if name not in _OPTIMIZERS:
        raise InputError(f"optimizer: expected one of {', '.join(_OPTIMIZERS)}, got {name!r}")
    kind, habits = _OPTIMIZERS[name]
    return kind(**{k: v for k, v in options.items() if k in habits.options})


def habits_of(name: str) -> Habits:
    """Tell how often the loops around an optimizer do things."""
    return _OPTIMIZERS[name][1]
