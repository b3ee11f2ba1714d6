"""Weights of rows that follow the training: by gradients, kernel traces, residuals or time.

"lra" and "ntk" give every term one factor, "rba" and "causal" every point; all of them multiply
what the user gave by hand. Optimizers of second order and L-BFGS see factors that stand still
between two drawings of points (weights of points change every fifth step), Adam sees them move.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from kanpde.errors import InputError
from kanpde.optimize import habits_of
from kanpde.residual import INTERIOR, Drawn, Rows, TermSet
from kanpde.solvers._plan import Plan
from kanpde.trial import Trial

MOST_ROWS = 512  # per term, for gradients and traces
LARGEST = 1e6
PAUSES = {"lra": 10, "ntk": 100, "rba": 1, "causal": 10}  # steps of Adam between two updates
PAUSE_BETWEEN_DRAWINGS = 5  # of weights of points, other optimizers
MEMORY = 0.9  # share of the old factors of terms that Adam keeps
DECAY, RATE = 0.999, 0.01  # of attention, at every step of Adam
QUICK_DECAY, QUICK_RATE = 0.9, 0.1  # where updates are rare
BINS, SETTLED = 32, 0.99
STRICTNESS = (1e-2, 1e-1, 1.0, 1e1, 1e2)
Sums = dict[str, tuple[float, Tensor]]


def term_sums(trial: Trial, drawn: list[tuple[TermSet, Drawn]], *, most: int = MOST_ROWS) -> Sums:
    """Trace of the kernel J Jᵀ and gradient of the loss of every term, rows as in a mean square.

    Parameters
    ----------
    most
        Rows of every term that are looked at; fewer are scaled up.
    """
    found: Sums = {}
    for terms, points in drawn:
        rows = Rows(trial, [(terms, points)])
        names = terms.names
        seen = [0] * len(names)
        for k, (jacobian, residual) in enumerate(rows.jacobian()):
            which = k % len(names)
            seen[which] += len(residual)
            trace, gradient = found.get(names[which], (0.0, torch.zeros_like(jacobian[0])))
            trace += float(jacobian.square().sum())
            found[names[which]] = (trace, gradient + 2 * jacobian.T @ residual)
            if min(seen) >= most:
                break
        for name, count in zip(dict.fromkeys(names), seen, strict=False):
            trace, gradient = found[name]
            share = rows.parts[0].rows / count
            found[name] = (share * trace, share * gradient)
    return found


def by_gradients(sums: Sums, equations: set[str]) -> dict[str, float]:
    """Largest gradient entry of the equations over the mean entry of each condition.

    Wang, Teng, Perdikaris, Understanding and mitigating gradient flow pathologies in
    physics-informed neural networks, SIAM J. Sci. Comput. 43 (2021) A3055-A3081.
    """
    inside = [gradient for name, (_, gradient) in sums.items() if name in equations]
    largest = float(torch.stack(inside).sum(dim=0).abs().max())
    return {
        name: _bounded(largest, float(gradient.abs().mean()))
        for name, (_, gradient) in sums.items()
        if name not in equations
    }


def by_traces(sums: Sums) -> dict[str, float]:
    """Trace of the whole tangent kernel over that of each term.

    Wang, Yu, Perdikaris, When and why PINNs fail to train, J. Comput. Phys. 449 (2022) 110768.
    """
    total = sum(trace for trace, _ in sums.values())
    return {name: _bounded(total, trace) for name, (trace, _) in sums.items()}


def _bounded(above: float, below: float) -> float:
    if not (math.isfinite(above) and math.isfinite(below) and above > 0 and below > 0):
        return 1.0
    return min(LARGEST, max(1 / LARGEST, above / below))


def attention(before: Tensor, residual: Tensor, *, decay: float, rate: float) -> Tensor:
    """Residual-based attention: old value times decay, plus rate times |r| / max |r|.

    Anagnostopoulos, Toscano, Stergiopulos, Karniadakis, Residual-based attention in
    physics-informed neural networks, Comput. Methods Appl. Mech. Eng. 421 (2024) 116805.

    Examples
    --------
    >>> attention(torch.ones(2), torch.tensor([1.0, -2.0]), decay=0.5, rate=0.5).tolist()
    [0.75, 1.0]
    """
    largest = residual.abs().max()
    share = residual.abs() / largest if float(largest) > 0 else torch.zeros_like(residual)
    return decay * before + rate * share


def causal_weights(losses: Tensor, strictness: float) -> Tensor:
    """Weight of every bin in time: exp(-strictness times the losses of those before).

    Wang, Sankaran, Perdikaris, Respecting causality for training physics-informed neural
    networks, Comput. Methods Appl. Mech. Eng. 421 (2024) 116813.

    Examples
    --------
    >>> causal_weights(torch.tensor([1.0, 2.0, 4.0]), 0.5).log().tolist()
    [0.0, -0.5, -1.5]
    """
    before = torch.cumsum(losses, dim=0) - losses
    return torch.exp(-strictness * before)


class Weighting:
    """Weights of one training; attached to rows anew at every drawing.

    Parameters
    ----------
    plan
        The problem made ready; its settings name the kind.
    optimizer
        Name of the optimizer, which says how often weights may change.
    """

    def __init__(self, plan: Plan, optimizer: str) -> None:
        self.kind = plan.settings.weighting
        self.plan, self.moving = plan, habits_of(optimizer).noisy
        if self.kind == "causal" and plan.problem.time is None:
            raise InputError(
                "weighting: causal needs a time coordinate, got none; "
                "choose lra, ntk or rba, or multiply the domain by TimeInterval(t, t0, t1)"
            )
        self.factors: dict[str, float] = {}
        self.strictness = 0  # place in STRICTNESS
        self.points: list[list[Tensor]] = []  # weight of every row, by part and output
        self._rows: Rows | None = None
        self._base: list[tuple[Tensor, ...]] = []
        self._bins: list[Tensor | None] = []

    @property
    def active(self) -> bool:
        """Whether there is anything to do."""
        return self.kind != "none"

    @property
    def pause(self) -> int:
        """Steps between two updates on the same points; 0 for none."""
        if self.moving:
            return PAUSES[self.kind]
        return PAUSE_BETWEEN_DRAWINGS if self.kind in {"rba", "causal"} else 0

    def attach(self, rows: Rows, drawn: list[tuple[TermSet, Drawn]], *, update: bool) -> str:
        """Weight new rows; with `update` by what the trial does there, else as restored."""
        self._rows, self._drawn = rows, drawn
        self._base = [part.scale for part in rows.parts]
        if update:
            self.points = [[torch.ones_like(s) for s in part.scale] for part in rows.parts]
        self._bins = [self._bins_of(terms, d) for terms, d in drawn]
        if update:
            return self.update()
        self._apply()
        return ""

    def update(self) -> str:
        """Bring the weights up to date; returns a note for the history."""
        if self.kind in {"lra", "ntk"}:
            self._update_factors()
        elif self.kind == "rba":
            self._update_attention()
        else:
            self._update_causal()
        self._apply()
        return self.note()

    def note(self) -> str:
        """Say in a few words what the weights are."""
        if self.kind in {"lra", "ntk"}:
            return "weights " + ", ".join(f"{k} {v:.2g}" for k, v in self.factors.items())
        low = min(float(p.min()) for points in self.points for p in points)
        if self.kind == "causal":
            return f"weights from {low:.1g}, strictness {STRICTNESS[self.strictness]:g}"
        high = max(float(p.max()) for points in self.points for p in points)
        return f"weights {low:.2g} to {high:.2g}"

    def _update_factors(self) -> None:
        assert self._rows is not None
        sums = term_sums(self._rows.trial, self._drawn)
        equations = {n for t, _ in self._drawn if t.where == INTERIOR for n in t.names}
        new = by_gradients(sums, equations) if self.kind == "lra" else by_traces(sums)
        keep = MEMORY if self.moving else 0.0
        self.factors = {k: keep * self.factors.get(k, v) + (1 - keep) * v for k, v in new.items()}

    def _plain(self) -> dict[int, list[Tensor]]:
        assert self._rows is not None
        return self._rows.residuals(scaled=False)

    def _update_attention(self) -> None:
        decay, rate = (DECAY, RATE) if self.moving else (QUICK_DECAY, QUICK_RATE)
        for k, residuals in self._plain().items():
            self.points[k] = [
                attention(before, r, decay=decay, rate=rate)
                for before, r in zip(self.points[k], residuals, strict=True)
            ]

    def _update_causal(self) -> None:
        losses, counts = torch.zeros(BINS).to(self._base[0][0]), torch.zeros(BINS)
        counts = counts.to(losses)
        plain = self._plain()
        for k, bins in enumerate(self._bins):
            if bins is not None:
                for residual in plain[k]:
                    losses.index_add_(0, bins, residual.square())
                counts.index_add_(0, bins, torch.ones_like(plain[k][0]))
        means = losses / counts.clamp_min(1.0)
        weights = causal_weights(means, STRICTNESS[self.strictness])
        if float(weights.min()) > SETTLED and self.strictness + 1 < len(STRICTNESS):
            self.strictness += 1
            weights = causal_weights(means, STRICTNESS[self.strictness])
        for k, bins in enumerate(self._bins):
            if bins is not None:
                self.points[k] = [weights[bins].sqrt() for _ in self.points[k]]

    def _bins_of(self, terms: TermSet, drawn: Drawn) -> Tensor | None:
        """Bin in time of every row of an equation."""
        if self.kind != "causal" or terms.where != INTERIOR:
            return None
        axis = self.plan.time_axis
        low, high = (float(v[axis]) for v in (self.plan.frame.lower, self.plan.frame.upper))
        share = (torch.as_tensor(drawn.points[:, axis]) - low) / (high - low)
        return (share * BINS).long().clamp(0, BINS - 1).to(self.plan.device)

    def _apply(self) -> None:
        """Put the weights into the rows' scales."""
        assert self._rows is not None
        self._rows.rescale(
            tuple(
                b * p * math.sqrt(self.factors.get(name, 1.0))
                for name, b, p in zip(part.terms.names, base, points, strict=True)
            )
            for part, base, points in zip(self._rows.parts, self._base, self.points, strict=True)
        )

    def summary(self) -> dict[str, Any] | None:
        """Tell the summary what the weights were at the end."""
        if not self.active:
            return None
        told: dict[str, Any] = {"kind": self.kind, "terms": dict(self.factors)}
        if self.kind == "causal":
            told["strictness"] = STRICTNESS[self.strictness]
        return told

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        points = [[p.cpu() for p in part] for part in self.points]
        return {"factors": dict(self.factors), "strictness": self.strictness, "points": points}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from `state`; call `attach` without update next."""
        self.factors, self.strictness = dict(state["factors"]), int(state["strictness"])
        device, dtype = self.plan.device, self.plan.dtype
        self.points = [[p.to(device, dtype) for p in part] for part in state["points"]]
