"""Self-scaled Broyden updates of a dense inverse Hessian, with a strong Wolfe line search."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kanpde.optimize._minimize import StepReport
from kanpde.optimize._source import GradientSource

ITERATIONS = 10  # a step, as many as a step of L-BFGS has
SAFEGUARD = 0.1  # an interpolated step keeps this share of the interval from both ends


@dataclass(frozen=True)
class Sample:
    """A step length with the loss there and its slope along the direction."""

    length: float
    loss: float
    slope: float


class SSBroyden:
    r"""Self-scaled Broyden method; dense, so that memory and a step's algebra grow as P².

    .. math:: H^+ = \frac1\tau\Big(H - \frac{Hy\,y^TH}{y^THy} + \varphi\,v v^T\Big)
              + \frac{s s^T}{y^Ts}

    with Al-Baali's scaling τ ≤ 1 and member φ of Broyden's family; τ = φ = 1 is BFGS.

    Parameters
    ----------
    scaled
        False for BFGS.
    curvature
        Wolfe's second constant: how far the slope must fall along a direction.
    iterations
        Quasi-Newton iterations a step.

    References
    ----------
    Urbán, Stefanou, Pons, *Unveiling the optimization process of physics informed neural
    networks*, arXiv 2405.04230, eqs. 13-23; Kiyani et al., arXiv 2501.16371.
    """

    name = "ssbroyden"
    looks_back = False

    def __init__(
        self, *, scaled: bool = True, curvature: float = 0.9, iterations: int = ITERATIONS
    ) -> None:
        self.scaled, self.curvature, self.iterations = scaled, curvature, iterations
        self.inverse: Tensor | None = None

    def state(self) -> dict[str, Any]:
        """Give the inverse Hessian."""
        return {"inverse": None if self.inverse is None else self.inverse.detach().cpu().clone()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state`."""
        found = state["inverse"]
        self.inverse = None if found is None else found.clone()

    def revive(self, damping: float) -> None:
        """Go on: the line search finds its own step."""

    def restart(self) -> None:
        """Curvature is kept over new points: it belongs to the network more than to them."""

    def step(self, rows: GradientSource) -> StepReport:
        """Do some iterations; the report has the loss after the last."""
        start = rows.trial.get()
        loss, gradient = rows.loss_and_gradient()
        if not (math.isfinite(loss) and bool(torch.isfinite(gradient).all())):
            return StepReport(loss, accepted=False, evaluations=1, finite=False)
        if self.inverse is None or len(self.inverse) != len(start):
            self.inverse = None
        elif self.inverse.device != start.device or self.inverse.dtype != start.dtype:
            self.inverse = self.inverse.to(start)
        evaluations, moved = 1, False
        for _ in range(self.iterations):
            line = _Line(rows, gradient, self._direction(gradient))
            found = line.search(loss, curvature=self.curvature)
            if found is None and self.inverse is not None:
                evaluations += line.calls
                self.inverse = None  # what it knows of the curvature misleads: steepest descent
                line = _Line(rows, gradient, self._direction(gradient))
                found = line.search(loss, curvature=self.curvature)
            evaluations += line.calls
            if found is None:
                rows.trial.set(line.start)
                break
            after = line.arrive(found.length)
            self._update(line, found.length, after - gradient)
            loss, gradient, moved = found.loss, after, True
        return StepReport(loss, accepted=moved, evaluations=evaluations)

    def _direction(self, gradient: Tensor) -> Tensor:
        if self.inverse is not None:
            direction = -(self.inverse @ gradient)
            if float(direction @ gradient) < 0:
                return direction
            self.inverse = None
        return -gradient / gradient.norm().clamp_min(1e-300)

    def _update(self, line: _Line, length: float, y: Tensor) -> None:
        now = line.rows.trial.get()
        s = now - line.start
        ys = float(y @ s)
        if not ys > 1e-14 * float(y.norm() * s.norm()):
            return
        free = bool(torch.equal(line.start + length * line.direction, now))  # no bound met
        if self.inverse is None:
            self.inverse = torch.eye(len(s), dtype=s.dtype, device=s.device)
            self.inverse *= ys / float(y @ y)
            free = False
        hy = self.inverse @ y
        yhy = float(y @ hy)
        tau, phi = 1.0, 1.0
        if self.scaled and free:  # the direction is then that of the present inverse
            b = -length * float(s @ line.gradient) / ys
            tau, phi = self_scaling(b, yhy / ys, len(s))
        # both outer products at once: one pass over the matrix
        left = torch.stack((hy, s), dim=1)
        middle = left.new_tensor(
            [
                [(phi - 1) / (tau * yhy), -phi / (tau * ys)],
                [-phi / (tau * ys), (1 + phi * yhy / (tau * ys)) / ys],
            ]
        )
        self.inverse.addmm_(left @ middle, left.T, beta=1 / tau)


def self_scaling(b: float, h: float, count: int) -> tuple[float, float]:
    """Al-Baali's scaling τ and member φ of Broyden's family.

    Parameters
    ----------
    b, h
        sᵀBs / yᵀs and yᵀHy / yᵀs; their product is at least 1.
    count
        Number of coefficients.

    Examples
    --------
    On the curvature that the matrix holds already, nothing is scaled: τ = 1.

    >>> self_scaling(1.0, 1.0, 5)[0]
    1.0
    """
    a = max(h * b - 1, 1e-14)
    c = math.sqrt(a / (a + 1))
    rho = min(1.0, h * (1 - c))
    theta = max((rho - 1) / a, min(1 / rho, (1 - b) / b))
    sigma = 1 + theta * a
    scale, power = min(1.0, 1 / b), sigma ** (-1 / max(count - 1, 1))
    tau = scale * min(power, 1 / theta) if theta > 0 else min(scale * power, sigma)
    return tau, (1 - theta) / sigma


class _Line:
    """The loss along a direction, and a point on it with Wolfe's strong conditions."""

    def __init__(self, rows: GradientSource, gradient: Tensor, direction: Tensor) -> None:
        self.rows, self.gradient, self.direction = rows, gradient, direction
        self.start = rows.trial.get()
        self.calls = 0
        self._seen: dict[float, Tensor] = {}

    def at(self, length: float) -> Sample:
        self.rows.trial.set(self.start + length * self.direction)
        loss, gradient = self.rows.loss_and_gradient()
        self.calls += 1
        self._seen[length] = gradient
        return Sample(length, loss, float(gradient @ self.direction))

    def arrive(self, length: float) -> Tensor:
        """Move the trial there; gives the gradient."""
        self.rows.trial.set(self.start + length * self.direction)
        return self._seen[length]

    def search(self, loss: float, *, curvature: float, most: int = 25) -> Sample | None:
        """Find a length with strong Wolfe conditions, or the best descent that was seen."""
        return strong_wolfe(
            self.at, loss, float(self.gradient @ self.direction), curvature=curvature, most=most
        )


def strong_wolfe(
    sample: Callable[[float], Sample],
    loss: float,
    slope: float,
    *,
    descent: float = 1e-4,
    curvature: float = 0.9,
    most: int = 25,
) -> Sample | None:
    """Find a step length with Wolfe's strong conditions.

    Parameters
    ----------
    sample
        Loss and slope at a length.
    loss, slope
        Those at length 0; the slope is negative.
    descent, curvature
        The two constants: how much the loss, how far the slope must fall.
    most
        Largest number of samples; the best descent is given after them.

    Returns
    -------
    Sample or None
        ``None`` where no sample lies below the start.

    References
    ----------
    Nocedal and Wright, *Numerical Optimization*, 2nd ed., algorithms 3.5 and 3.6.

    Examples
    --------
    >>> strong_wolfe(lambda a: Sample(a, (a - 3)**2, 2*a - 6), 9.0, -6.0, curvature=0.1).length
    3.0
    """
    low, high = Sample(0.0, loss, slope), None
    length = 1.0
    for _ in range(most):
        new = sample(length)
        fine = math.isfinite(new.loss) and math.isfinite(new.slope)
        if not fine or new.loss > loss + descent * length * slope or new.loss >= low.loss:
            high = new
        elif abs(new.slope) <= -curvature * slope:
            return new
        else:
            ahead = math.inf if high is None else high.length - low.length
            if new.slope * ahead >= 0:
                high = low
            low = new
        length = _beyond(low, slope) if high is None else _between(low, high)
        if length == low.length:
            break
    return low if low.loss < loss else None


def _beyond(low: Sample, slope: float) -> float:
    """Extrapolate: where the slope would vanish, two to ten times as far."""
    gained = low.slope - slope
    reached = low.length * -slope / gained if gained > 0 else math.inf
    return min(max(reached, 2 * low.length), 10 * low.length)


def _between(low: Sample, high: Sample) -> float:
    """Minimiser of the cubic through both ends, kept away from them."""
    width = high.length - low.length
    if not (math.isfinite(high.loss) and math.isfinite(high.slope)):
        return low.length + 0.2 * width
    d1 = low.slope + high.slope - 3 * (high.loss - low.loss) / width
    square = d1 * d1 - low.slope * high.slope
    share = 0.5
    if square >= 0:
        d2 = math.copysign(math.sqrt(square), width)
        bottom = high.slope - low.slope + 2 * d2
        if bottom != 0:
            share = 1 - (high.slope + d2 - d1) / bottom
    if not math.isfinite(share):
        share = 0.5
    return low.length + min(max(share, SAFEGUARD), 1 - SAFEGUARD) * width
