"""The trial function: points to jets of every unknown, u = g + D · scale · N(embedding(x)).

Rows, optimizers, plots and exports see trials, never networks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from sympy import Expr, Symbol
from torch import Tensor, nn

from kanpde.calculus import JetSpace, multiply, unit
from kanpde.errors import InputError
from kanpde.nets import Network, Tape
from kanpde.pde import Program, derivative, lower
from kanpde.trial._frame import Frame as Frame
from kanpde.trial._frame import Reflection as Reflection
from kanpde.trial._frame import embedded

Programs = dict[JetSpace, tuple[Program | None, Program | None]]


@dataclass
class Site:
    """Evaluation points with everything that does not depend on the coefficients."""

    points: Tensor
    space: JetSpace
    z: Tensor
    g: Tensor | None
    d: Tensor | None
    flip: Tensor | None = None
    start: Tensor | None = None

    def part(self, which: slice) -> Site:
        """Give the same for a slice of the points."""
        return Site(
            self.points[which],
            self.space,
            self.z[:, which],
            None if self.g is None else self.g[:, which],
            None if self.d is None else self.d[:, which],
            None if self.flip is None else self.flip[:, which],
            None if self.start is None else self.start[:, which],
        )


@dataclass
class Constants:
    """Unknown scalars of an inverse problem, in units of their scales."""

    names: tuple[str, ...]
    scales: Tensor
    low: Tensor
    high: Tensor


class Trial(nn.Module):
    """g + D · N, differentiable to any order, linear algebra's view of what is learned.

    Parameters
    ----------
    frame
        Coordinates, embedding and ansatz.
    network
        The network N.
    constants, start
        Unknown scalars and their first values.
    derivatives
        ``"jets"`` or ``"autograd"``.
    frozen
        A trial whose function is added and not learned (multi-stage correction).

    Attributes
    ----------
    kernel : str
        "torch", or "auto" to compute rows by the fused kernel where it applies.
    """

    kernel = "torch"

    def __init__(
        self,
        frame: Frame,
        network: Network,
        *,
        constants: Constants | None = None,
        start: Sequence[float] = (),
        derivatives: str = "jets",
        frozen: Trial | None = None,
    ) -> None:
        super().__init__()
        # Product KANs know the slope of every input, so they get the coordinates themselves.
        self.even = () if network.plain_inputs else frame.even
        inputs = dataclasses.replace(frame, even=self.even).inputs
        if network.n_in != inputs or network.n_out != len(frame.g):
            raise InputError(
                f"network: expected {inputs} inputs and {len(frame.g)} outputs, "
                f"got {network.n_in} and {network.n_out}"
            )
        self.frame, self.network = frame, network
        self.autograd = derivatives == "autograd" or not network.has_rule
        self.constants = constants or Constants((), *(torch.zeros(0),) * 3)
        self.frozen_trial = [frozen] if frozen is not None else []
        first = next(iter(network.parameters()))
        values = torch.as_tensor(list(start), dtype=first.dtype)
        scales = self.constants.scales.to(first.dtype)
        self.eta = nn.Parameter((values / scales if len(values) else values).to(first.device))
        self._programs: Programs = {}

    @property
    def outputs(self) -> int:
        """Number of unknowns m."""
        return len(self.frame.g)

    @property
    def count(self) -> int:
        """Number of coefficients, unknown constants included."""
        return self.network.count + len(self.constants.names)

    @property
    def active(self) -> int:
        """Number of coefficients that act at one point."""
        return self.count

    @property
    def device(self) -> torch.device:
        """Where the coefficients live."""
        return self.eta.device

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of the coefficients."""
        return self.eta.dtype

    def get(self) -> Tensor:
        """All coefficients and constants as one vector ``(P,)``."""
        return torch.cat((self.network.get(), self.eta.detach()))

    def set(self, vector: Tensor) -> None:
        """Overwrite them; constants are kept inside their bounds."""
        split = self.network.count
        self.network.set(vector[:split])
        if len(self.constants.names):
            c = self.constants
            scales = c.scales.to(vector)
            bounded = vector[split:].clamp(c.low.to(vector) / scales, c.high.to(vector) / scales)
            with torch.no_grad():
                self.eta.copy_(bounded)

    def constant_values(self) -> dict[str, float]:
        """Present values of the unknown constants."""
        values = (self.eta.detach().cpu() * self.constants.scales.to(self.eta.dtype)).tolist()
        return dict(zip(self.constants.names, values, strict=True))

    def site(self, points: Tensor, space: JetSpace) -> Site:
        """Prepare evaluation points ``(N, d)`` for repeated evaluation in `space`."""
        points = points.to(self.device, self.dtype)
        inner, flip = self._reflected(points, space)
        g, d = self._ansatz_jets(inner, space)
        if self.frozen_trial:
            frozen = self.frozen_trial[0]
            with torch.no_grad():
                g = frozen.jets(frozen.site(inner, space))
        z = self._embedding(inner, space)
        return Site(points, space, z, g, d, flip, self._start(z, space))

    def jets(self, site: Site, tape: Tape | None = None) -> Tensor:
        """Jets of every unknown, shape ``(K, N, m)``."""
        if self.autograd:
            return autograd_jets(self._value, site.points, site.space)
        result = self._learned(site, tape)
        scales = self.frame.scales
        if any(s != 1.0 for s in scales):
            result = result * result.new_tensor(scales)
        if site.d is not None:
            result = multiply(site.d, result, site.space)
        if site.g is not None:
            result = site.g + result
        return result if site.flip is None else result * site.flip

    def _learned(self, site: Site, tape: Tape | None) -> Tensor:
        """Jets of what is learned, before scales and ansatz; a lazy trial learns a difference."""
        return self.network.jets(site.z, site.space, tape)

    def _start(self, z: Tensor, space: JetSpace) -> Tensor | None:
        """Jets that `_learned` takes away; none."""
        return None

    def forward(self, points: Tensor) -> Tensor:
        """Values ``(N, m)`` at points ``(N, d)``, differentiable by autograd."""
        return self._value(points.to(self.device, self.dtype))

    def _value(self, points: Tensor) -> Tensor:
        space = JetSpace(points.shape[1], ((0,) * points.shape[1],))
        points, flip = self._reflected(points, space)
        z = self._embedding(points, space)
        site = Site(points, space, z, None, None, start=self._start(z, space))
        result = self._learned(site, None)[0]
        result = result * result.new_tensor(self.frame.scales)
        g, d = self._ansatz_jets(points, space)
        if d is not None:
            result = result * d[0]
        if self.frozen_trial:
            result = result + self.frozen_trial[0]._value(points)
        elif g is not None:
            result = result + g[0]
        return result if flip is None else result * flip[0]

    def _reflected(self, points: Tensor, space: JetSpace) -> tuple[Tensor, Tensor | None]:
        """Points moved to the half that is solved, and the signs ``(K, N, m)`` of their jets."""
        flip: Tensor | None = None
        for reflection in self.frame.reflections:
            below = points[:, reflection.axis] < reflection.center
            if not bool(below.any()):
                continue
            columns = list(points.unbind(1))
            x = columns[reflection.axis]
            columns[reflection.axis] = torch.where(below, 2 * reflection.center - x, x)
            points = torch.stack(columns, dim=1)
            signs = [-1 if alpha[reflection.axis] % 2 else 1 for alpha in space.indices]
            signs += [1] * (space.collapsed is not None)  # second derivatives
            jets = points.new_tensor(signs)[:, None, None] * points.new_tensor(reflection.parities)
            mine = torch.where(below[None, :, None], jets, 1.0)
            flip = mine if flip is None else flip * mine
        return points, flip

    def _embedding(self, points: Tensor, space: JetSpace) -> Tensor:
        """Jets of the network's inputs, ``(K, N, e)``; values alone where nothing else is used."""
        if self.network.plain_inputs:
            space = JetSpace(space.dimension, ((0,) * space.dimension,))
        return embedded(self.frame, points, space, even=self.even)

    def share(self, programs: Programs) -> None:
        """Keep derivatives of g and D where other trials of the same frame find them."""
        self._programs = programs

    def _ansatz_jets(self, points: Tensor, space: JetSpace) -> tuple[Tensor | None, Tensor | None]:
        if space not in self._programs:
            self._programs[space] = (
                self._jet_program(self.frame.g, space, trivial=0),
                self._jet_program(self.frame.d, space, trivial=1),
            )
        columns = points.unbind(1)
        result: list[Tensor | None] = []
        for program in self._programs[space]:
            if program is None:
                result.append(None)
                continue
            values = torch.stack(program(*columns))
            result.append(values.unflatten(0, (space.size, self.outputs)).transpose(1, 2))
        return result[0], result[1]

    def _jet_program(
        self, expressions: tuple[Expr, ...], space: JetSpace, *, trivial: int
    ) -> Program | None:
        if all(e == trivial for e in expressions):
            return None
        coordinates = self.frame.coordinates
        wanted = [derivative(e, coordinates, alpha) for alpha in space.indices for e in expressions]
        if space.collapsed is not None:
            wanted += [_collapsed(e, coordinates, space.collapsed) for e in expressions]
        return lower(wanted, coordinates, where="ansatz")


def _collapsed(e: Expr, coordinates: tuple[Symbol, ...], weights: tuple[float, ...]) -> Expr:
    total: Expr = e * 0
    for axis, weight in enumerate(weights):
        if weight:
            alpha = tuple(2 * k for k in unit(len(coordinates), axis))
            exact = int(weight) if float(weight).is_integer() else weight
            total += exact * derivative(e, coordinates, alpha)
    return total


def autograd_jets(function: nn.Module | object, points: Tensor, space: JetSpace) -> Tensor:
    """Jets by nested autograd: the reference, and the way for plain modules.

    Parameters
    ----------
    function
        Maps ``(N, d)`` to ``(N, m)``, each row on its own.

    Returns
    -------
    Tensor
        Shape ``(K, N, m)``.

    Examples
    --------
    >>> space = JetSpace.closed(1, [(2,)])
    >>> autograd_jets(lambda x: x**3, torch.tensor([[2.0]]), space).detach().flatten()
    tensor([ 8., 12., 12.])
    """
    with torch.enable_grad():
        x = points.detach().requires_grad_(True)
        value: Tensor = function(x)  # type: ignore[operator]
        found: dict[tuple[int, ...], list[Tensor]] = {space.indices[0]: list(value.unbind(1))}
        wanted = list(space.indices)
        if space.collapsed is not None:
            wanted += [
                tuple(2 * k for k in unit(space.dimension, axis))
                for axis, weight in enumerate(space.collapsed)
                if weight
            ]
        for alpha in wanted[1:]:
            axis = max(k for k, a in enumerate(alpha) if a)
            below = tuple(a - (k == axis) for k, a in enumerate(alpha))
            found[alpha] = [_slope(part, x, axis) for part in found[below]]
        parts = [torch.stack(found[alpha], dim=1) for alpha in space.indices]
        if space.collapsed is not None:
            total = torch.zeros_like(value)
            for axis, weight in enumerate(space.collapsed):
                if weight:
                    alpha = tuple(2 * k for k in unit(space.dimension, axis))
                    total = total + weight * torch.stack(found[alpha], dim=1)
            parts.append(total)
        return torch.stack(parts)


def _slope(part: Tensor, x: Tensor, axis: int) -> Tensor:
    if not part.requires_grad:
        return torch.zeros_like(part)
    (slope,) = torch.autograd.grad(
        part.sum(), x, create_graph=True, allow_unused=True, materialize_grads=True
    )
    return slope[:, axis]
