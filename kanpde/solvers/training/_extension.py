"""Grid extension during training: the same function, so never a larger loss."""

from __future__ import annotations

from collections.abc import Callable

import torch

from kanpde.errors import InputError
from kanpde.nets import KAN, Network, extend_grid, network_from_record, network_record
from kanpde.residual import Drawn, Rows, TermSet
from kanpde.solvers._plan import Plan
from kanpde.trial import Trial


def extended(trial: Trial, grid: int, around: Callable[[Network], Trial]) -> tuple[Trial, float]:
    """Extend the grid of every layer: the same function with more coefficients.

    Parameters
    ----------
    trial
        What is extended; it stays as it is.
    grid
        Number of intervals, a multiple of the present one.
    around
        Makes the trial function around a network.

    Returns
    -------
    tuple
        The new trial, and the largest change of an edge's function.

    Raises
    ------
    InputError
        If the network has no grid.
    """
    if not isinstance(trial.network, KAN):
        raise InputError("grids: expected a KAN with B-spline edges; use basis=bspline")
    split = trial.network.count
    network = network_from_record(network_record(trial.network)).to(trial.device, trial.dtype)
    assert isinstance(network, KAN)
    network.set(trial.get()[:split])
    moved = extend_grid(network, grid)
    fine = around(network)
    fine.set(torch.cat((network.get(), trial.get()[split:])))
    return fine, moved


def loss_of(plan: Plan, trial: Trial, drawn: list[tuple[TermSet, Drawn]]) -> float:
    """Loss of a trial on given points."""
    rows = Rows(trial, drawn, weights=plan.settings.weights)
    return float(rows.vector().square().sum())
