"""Multi-stage correction: a second network fits what the first one leaves.

The first trial is frozen; the second has an output scale of the size of the error and
wiggles as the residual asks for. Scale and wiggles come from one tangent probe: the
residual of the frozen trial and its derivative by the new network's coefficients.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import torch
from torch import Tensor

from kanpde.basis import Chebyshev
from kanpde.errors import NumericalError
from kanpde.nets import KAN, MLP, Network, network_from_record
from kanpde.nets._spec import change_basis
from kanpde.optimize import Gram
from kanpde.residual import Evaluation, Rows
from kanpde.solvers._plan import Plan, interior_points
from kanpde.solvers._solver import Solver, Start
from kanpde.solvers.training._descent import DescentPhase, patience_of
from kanpde.trial import Trial, trial_from_state, trial_state

HIDDEN = (8, 8)
DEGREE = 3
FIRST_DEGREES = (3, 6, 12, 24)  # of the first layer's polynomials
FIRST_RATES = (1.0, 2.0, 4.0, 8.0)  # of an MLP's first layer
PROBE_DAMPING = 1e-8


class CorrectionPhase(DescentPhase):
    """A small network of small scale on top of a frozen trial.

    Parameters
    ----------
    plan, evaluation
        The problem made ready, and where it is measured.
    base
        The trial to correct; ``None`` before `restore`.

    References
    ----------
    Wang and Lai, *Multi-stage neural networks: function approximator of machine
    precision*, arXiv 2307.08934.
    """

    def __init__(self, plan: Plan, evaluation: Evaluation, *, base: Trial | None = None) -> None:
        self.base, self.scales = base, plan.frame.scales
        super().__init__(plan, evaluation, optimizer="lm", trial=base)
        self.name = "correction"
        self.grids, self.grid = [], None
        if base is not None:
            self._choose()
            self.best = (math.inf, self.trial.get())

    def _around(self, network: Network) -> Trial:
        assert self.base is not None
        return Trial(
            dataclasses.replace(self.plan.frame, scales=self.scales),
            network.to(self.plan.device, self.plan.dtype),
            constants=self.base.constants,
            start=list(self.base.constant_values().values()),
            derivatives=self.plan.settings.derivatives,
            frozen=self.base,
        )

    def _networks(self) -> list[Network]:
        """Give networks of more and more wiggles."""
        settings = self.plan.settings
        hidden = settings.hidden or HIDDEN
        width = [self.plan.frame.inputs, *hidden, self.plan.outputs]
        found: list[Network] = []
        if settings.net == "mlp":
            for rate in FIRST_RATES:
                network = MLP(width, generator=self.plan.generator(11))
                network.layer(0).first().data.mul_(rate)
                found.append(network)
            return found
        for degree in FIRST_DEGREES:
            basis = Chebyshev(degree=DEGREE, squash=None)
            kan = KAN(width, basis=basis, base="identity", generator=self.plan.generator(11))
            if degree > DEGREE:
                _raise_degree(kan, degree, self.plan.generator(12))
            found.append(kan)
        return found

    def _choose(self) -> None:
        """Take the network whose tangent space holds most of the residual, at its scale."""
        best = math.inf
        chosen: tuple[Network, tuple[float, ...]] | None = None
        own = self.scales
        for network in self._networks():
            self.scales = own
            size = self._error_size(self._around(network))
            self.scales = tuple(s * size for s in own)
            left = self._tangent_residual(self._around(network))
            if chosen is None or left < best:
                best, chosen = left, (network, self.scales)
        assert chosen is not None
        network, self.scales = chosen
        self.trial = self._around(network)

    def _error_size(self, trial: Trial) -> float:
        """Scale at which the network's part of the residual is as large as the residual."""
        points = interior_points(self.plan, trial.count)
        rows = Rows(trial, self.plan.draw(points, self.plan.rng(700)))
        whole = rows.vector()
        left = Rows(self._frozen(), self.plan.draw(points, self.plan.rng(700))).vector()
        part = float((whole - left).norm())
        size = float(left.norm()) / part if part > 0 else 1.0
        return size if math.isfinite(size) and size > 0 else 1.0

    def _frozen(self) -> Trial:
        assert self.base is not None
        return self.base

    def _tangent_residual(self, trial: Trial) -> float:
        """Residual on fresh points after the best step in the tangent space."""
        points = interior_points(self.plan, trial.count)
        rows = Rows(trial, self.plan.draw(points, self.plan.rng(701)))
        sums = Gram(trial.count, trial.eta).gather(rows)
        try:
            step = sums.step(PROBE_DAMPING)
        except NumericalError:
            return math.inf
        fresh = Rows(trial, self.plan.draw(points // 2, self.plan.rng(702), sampler="uniform"))
        total = 0.0
        for jacobian, residual in fresh.jacobian():
            total += float((residual + jacobian @ step).square().sum())
        return total if math.isfinite(total) else math.inf

    def state(self) -> dict[str, Any]:
        """Give the state of training, the frozen trial and the scale."""
        return {
            **super().state(),
            "base": trial_state(self._frozen()),
            "scales": list(self.scales),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        plan = self.plan
        constants = self.trial.constants
        base = trial_from_state(state["base"], plan.frame, constants, plan.dtype)
        self.base = base.to(plan.device)
        self.scales = tuple(float(s) for s in state["scales"])
        self.trial = self._around(network_from_record(state["network"]))
        super().restore(state)


def _raise_degree(network: KAN, degree: int, generator: torch.Generator) -> None:
    """Give the first layer's edges polynomials up to `degree`, none of them favoured."""
    layer = network.layer(0)
    basis = Chebyshev(degree=degree, squash=None)
    shape = (layer.n_in, basis.count, layer.n_out)
    noise: Tensor = torch.randn(shape, generator=generator, dtype=torch.float64)
    change_basis(network, 0, basis, noise / math.sqrt(layer.n_in * basis.count))


def _correction(start: Start) -> CorrectionPhase:
    phase = CorrectionPhase(start.plan, start.evaluation, base=start.base)
    phase.patience = patience_of(start)
    return phase


CORRECTION = Solver("correction", lambda plan, *, closed: True, _correction)
