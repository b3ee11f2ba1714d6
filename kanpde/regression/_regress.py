"""Fit a network to data, in place: the loop that `kanpde.fit` and the read-out share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from kanpde.nets import Network
from kanpde.optimize import StepReport, habits_of, make_optimizer
from kanpde.regression._data_rows import DataRows, Penalty
from kanpde.regression._prior import Prior

STALL_STEPS = 10
STALL_SHARE = 1e-4  # of the loss, gained over so many steps


@dataclass
class Regression:
    """What a fit did.

    Attributes
    ----------
    rmse : float
        Root mean square error over all outputs, penalty left out.
    steps : int
        Optimizer steps taken.
    seconds : float
        Wall time.
    losses : list of float
        Loss after every step, penalty included.
    """

    rmse: float = math.inf
    steps: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)


def regress(
    network: Network,
    x: Tensor,
    y: Tensor,
    *,
    optimizer: str = "lm",
    steps: int = 100,
    seconds: float = math.inf,
    tolerance: float = 0.0,
    penalty: Penalty | None = None,
) -> Regression:
    """Fit a network to data, in place.

    Parameters
    ----------
    network
        What is fitted; it starts where it is and ends at its best.
    x, y
        Inputs ``(N, n_in)`` and targets ``(N, n_out)``.
    optimizer
        ``"lm"``, ``"lbfgs"``, ``"ssbroyden"`` or ``"adam"``.
    steps, seconds
        Where it ends at the latest.
    tolerance
        Root mean square error that is good enough.
    penalty
        Further rows; without them a weak prior keeps small and smooth what no sample determines.

    Raises
    ------
    InputError
        If the optimizer is unknown.

    Examples
    --------
    >>> import torch
    >>> from kanpde.nets import KAN
    >>> x = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    >>> net = KAN([1, 1], grid=4).double()
    >>> regress(net, x, x**3, steps=20).rmse < 1e-9
    True
    """
    rows = DataRows(network, x, y, penalty=penalty)
    return descend(rows, optimizer, steps=steps, seconds=seconds, tolerance=tolerance)


def descend(
    rows: DataRows,
    optimizer: str,
    *,
    steps: int,
    seconds: float = math.inf,
    tolerance: float = 0.0,
    observe: Callable[[int, StepReport], bool | None] | None = None,
) -> Regression:
    """Move a network along rows of data until it stalls; it ends at its best.

    Parameters
    ----------
    rows
        The data and the network.
    optimizer, steps, seconds, tolerance
        As in `regress`.
    observe
        Called with the number of steps and a report after each; True ends the fit.
    """
    mover, found, start = make_optimizer(optimizer), Regression(), time.perf_counter()
    bare = DataRows(rows.network, rows.x, rows.y)
    loss = float(bare.vector().square().sum())
    given = rows.penalty
    rows.penalty = penalty = Prior(rows.y.numel()) if given is None else given
    best = (math.inf, rows.trial.get())
    while found.steps < steps:
        penalty.refresh(rows.network, loss)
        report = mover.step(rows)
        found.steps += 1
        if not report.finite:
            break
        if mover.looks_back:
            report.loss = float(rows.vector().square().sum())
        loss = report.loss
        found.losses.append(loss)
        if loss < best[0]:
            best = (loss, rows.trial.get())
        asked = observe is not None and observe(found.steps, report)
        found.seconds = time.perf_counter() - start
        if asked or found.seconds >= seconds or math.sqrt(loss) <= tolerance:
            break
        if _stalled(found.losses, report, optimizer):
            break
    rows.penalty = given
    rows.trial.set(best[1])
    found.rmse = math.sqrt(float(bare.vector().square().sum()))
    found.seconds = time.perf_counter() - start
    return found


def _stalled(losses: list[float], report: StepReport, optimizer: str) -> bool:
    if habits_of(optimizer).noisy:
        return False
    if not report.accepted:
        return True
    if len(losses) <= STALL_STEPS:
        return False
    return losses[-STALL_STEPS - 1] - losses[-1] <= STALL_SHARE * losses[-1]
