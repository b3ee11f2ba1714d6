"""Residual rows r(θ) and their Jacobian J(θ), a chunk at a time.

A backend turns every output of a term's program into rows of the points it was evaluated at;
evaluations that feed the same row are summed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from kanpde.nets import Inputs, Tape, Workspace
from kanpde.problem import pick
from kanpde.residual._points import Drawn
from kanpde.residual._quadrature import Quadrature
from kanpde.residual._terms import TermSet
from kanpde.residual.backends import make_backend
from kanpde.trial import Site, Trial

T = TypeVar("T")


@dataclass
class Part:
    """One term set at its drawn points, ready to be evaluated again and again."""

    terms: TermSet
    site: Site
    extras: Tensor
    row: Tensor | None
    factor: Tensor | None
    scale: tuple[Tensor, ...]
    rows: int
    integrals: tuple[Quadrature, ...]
    inputs: Inputs | None  # as the backend arranged them


class Rows:
    """All residual rows of a problem at given points.

    Parameters
    ----------
    trial
        The trial function; its coefficients are θ.
    drawn
        ``[(terms, points)]``.
    weights
        Factor of a term in the loss by name; 1 where absent.
    chunk
        Points per chunk; chosen from the number of coefficients if ``None``.
    finer
        Take more nodes for integrals than usual, to see what the usual ones miss.
    """

    def __init__(
        self,
        trial: Trial,
        drawn: list[tuple[TermSet, Drawn]],
        *,
        weights: Mapping[str, float] | None = None,
        chunk: int | None = None,
        finer: bool = False,
    ) -> None:
        self.trial = trial
        self.finer = finer
        self.weights = dict(weights or {})
        self.backend = make_backend(trial, chunk)
        self.workspace = Workspace()
        self.parts = [self._part(terms, points) for terms, points in drawn]
        self.names = list(dict.fromkeys(n for part in self.parts for n in part.terms.names))

    def only(self, chosen: Callable[[TermSet], bool]) -> Rows:
        """Rows of some term sets alone, with the same trial and memory."""
        few = copy.copy(self)
        few.parts = [part for part in self.parts if chosen(part.terms)]
        few.names = list(dict.fromkeys(n for part in few.parts for n in part.terms.names))
        return few

    def rescale(self, scales: Iterable[tuple[Tensor, ...]]) -> None:
        """Give every term set other factors, one per row and name."""
        for part, scale in zip(self.parts, scales, strict=True):
            part.scale = scale

    @property
    def count(self) -> int:
        """Total number of rows."""
        return sum(part.rows * len(part.terms.names) for part in self.parts)

    def _tensor(self, array: object) -> Tensor:
        return torch.as_tensor(array, dtype=self.trial.dtype, device=self.trial.device)

    def _part(self, terms: TermSet, drawn: Drawn) -> Part:
        weight = self._tensor(drawn.weight)
        scale = tuple(torch.sqrt(weight * self.weights.get(name, 1.0)) for name in terms.names)
        row, points = drawn.row, self._tensor(drawn.points)
        site = self.trial.site(points, terms.space)
        return Part(
            terms=terms,
            site=site,
            extras=self._tensor(drawn.extras),
            row=None if row is None else torch.as_tensor(row, device=self.trial.device),
            factor=None if drawn.factor is None else self._tensor(drawn.factor),
            scale=scale,
            rows=drawn.rows,
            integrals=tuple(
                Quadrature.at(f, self.trial, points, prepare=self.backend.prepare, finer=self.finer)
                for f in terms.functionals
            ),
            inputs=self.backend.prepare(site.z, site.space),
        )

    def _slices(self, part: Part) -> Iterator[slice]:
        total = len(part.site.points)
        step = total if part.row is not None else self.backend.chunk
        if self.backend.even and total:
            step = -(-total // -(-total // step))  # chunks of even length
        for start in range(0, total, step):
            yield slice(start, min(start + step, total))

    def _inputs(
        self, part: Part, which: slice, jets: Tensor, constants: Tensor, values: list[Tensor]
    ) -> list[Tensor]:
        points = part.site.points[which]
        return [
            *points.unbind(1),
            *part.extras[which].unbind(1),
            *pick(jets, part.terms.jets),
            *constants.unbind(1),
            *values,
        ]

    def _sum(self, part: Part, values: Tensor) -> Tensor:
        """Sum evaluations into rows, ``(M, …) -> (R, …)``."""
        if part.row is None:
            return values
        if part.factor is not None:
            values = values * part.factor.view(-1, *(1,) * (values.dim() - 1))
        total = values.new_zeros((part.rows, *values.shape[1:]))
        return total.index_add(0, part.row, values)

    def _scale(self, part: Part, k: int, which: slice) -> Tensor:
        return part.scale[k] if part.row is not None else part.scale[k][which]

    def residuals(self, *, scaled: bool = True) -> dict[int, list[Tensor]]:
        """Residuals by part, one ``(R,)`` tensor per output, without gradients."""
        with torch.no_grad():
            return {
                k: [torch.cat(pieces) for pieces in zip(*self._values(part, scaled), strict=True)]
                for k, part in enumerate(self.parts)
            }

    def _values(self, part: Part, scaled: bool) -> Iterator[list[Tensor]]:
        for which, numbers in self._with_integrals(part, self._integral):
            tape = None if torch.is_grad_enabled() else self._tape(part, which)
            yield self._pieces(part, which, numbers, tape, scaled=scaled)

    def _with_integrals(
        self, part: Part, compute: Callable[[Quadrature, slice], T]
    ) -> Iterator[tuple[slice, list[T]]]:
        """Slices of the points, and what is computed of every integral there."""
        shared = [compute(q, slice(0)) if q.shared else None for q in part.integrals]
        for which in self._slices(part):
            found = [
                compute(q, which) if known is None else known
                for q, known in zip(part.integrals, shared, strict=True)
            ]
            yield which, found

    def _pieces(
        self, part: Part, which: slice, numbers: list[Tensor], tape: Tape | None, *, scaled: bool
    ) -> list[Tensor]:
        jets = self.trial.jets(part.site.part(which), tape)
        n = jets.shape[1]
        constants = self._constants().expand(n, -1)
        outputs = part.terms.program(
            *self._inputs(part, which, jets, constants, [v.expand(n) for v in numbers])
        )
        return [
            self._sum(part, value) * (self._scale(part, k, which) if scaled else 1.0)
            for k, value in enumerate(outputs)
        ]

    def _tape(self, part: Part | Quadrature, which: slice) -> Tape | None:
        """Tape of an evaluation whose rows are not asked for."""
        return self.backend.tape(part.inputs, which, track=False)

    def _recording(self, part: Part | Quadrature, which: slice) -> Tape:
        """Tape of an evaluation whose rows are asked for."""
        tape = self.backend.tape(part.inputs, which, track=True)
        assert tape is not None
        return tape

    def vector(self) -> Tensor:
        """All scaled residuals as one vector, in the order of `jacobian`'s rows."""
        with torch.no_grad():
            return torch.cat(
                [p for part in self.parts for ps in self._values(part, True) for p in ps]
            )

    def terms(self) -> dict[str, float]:
        """Weighted mean square of every term, unscaled by its loss factor."""
        found = self.residuals()
        totals: dict[str, float] = dict.fromkeys(self.names, 0.0)
        for k, part in enumerate(self.parts):
            for name, r in zip(part.terms.names, found[k], strict=True):
                totals[name] += float(r.square().sum()) / (self.weights.get(name, 1.0) or 1.0)
        return totals

    def loss(self) -> Tensor:
        """Sum of all weighted mean squares, differentiable in the network's parameters."""
        total = torch.zeros((), dtype=self.trial.dtype, device=self.trial.device)
        for part in self.parts:
            for pieces in self._values(part, True):
                for piece in pieces:
                    total = total + piece.square().sum()
        return total

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Loss and its gradient ``(P,)``, a chunk at a time."""
        parameters = [*self.trial.network.parameters(), self.trial.eta]
        gradient = torch.zeros(self.trial.count, dtype=self.trial.dtype, device=self.trial.device)
        loss = 0.0
        for part in self.parts:
            if self.backend.pulls_back and not part.integrals:
                loss += self._pulled_back(part, gradient)
                continue
            for pieces in self._values(part, True):
                value = torch.stack([piece.square().sum() for piece in pieces]).sum()
                loss += float(value.detach())
                grads = torch.autograd.grad(
                    value,
                    parameters,
                    retain_graph=any(q.shared for q in part.integrals),  # by every chunk
                    allow_unused=True,
                    materialize_grads=True,
                )
                gradient += torch.cat([g.flatten() for g in grads])
        return loss, gradient

    def _pulled_back(self, part: Part, gradient: Tensor) -> float:
        """Add a part's gradient to `gradient` by the backend's own pass; returns its loss."""
        loss, split = 0.0, self.trial.network.count
        for which in self._slices(part):
            tape = self._recording(part, which)
            pieces = self._pieces(part, which, [], tape, scaled=True)
            value = torch.stack([piece.square().sum() for piece in pieces]).sum()
            loss += float(value.detach())
            own, eta = self.backend.gradient(value, tape)
            gradient[:split] += own
            gradient[split:] += eta
        return loss

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)`` chunk by chunk: shapes ``(n, P)`` and ``(n,)``, both scaled."""
        for part in self.parts:
            for which, found in self._with_integrals(part, self._integral_rows):
                yield from self._part_rows(part, which, found)

    def _constants(self) -> Tensor:
        """Present values of the unknown constants, ``(1, C)``."""
        return (self.trial.eta * self.trial.constants.scales.to(self.trial.eta)).unsqueeze(0)

    def _part_rows(
        self, part: Part, which: slice, integrals: list[tuple[Tensor, Tensor]]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        tape = self._recording(part, which)
        jets = self.trial.jets(part.site.part(which), tape)
        n = jets.shape[1]
        constants = self._constants().detach().expand(n, -1).clone().requires_grad_(True)
        leaves = [v.expand(n).clone().requires_grad_(True) for v, _ in integrals]
        outputs = part.terms.program(*self._inputs(part, which, jets, constants, leaves))
        last = len(outputs) - 1
        for k, output in enumerate(outputs):
            scale = self._scale(part, k, which)
            own = output * scale if part.row is None else output
            jacobian, slope = self._point_rows(own, tape, constants, leaves, keep=k < last)
            for leaf_slope, (_, integral_rows) in zip(slope, integrals, strict=True):
                jacobian += leaf_slope[:, None] * integral_rows
            if part.row is None:
                yield jacobian, own.detach()
            else:
                value = self._sum(part, output.detach()) * scale
                yield self._sum(part, jacobian) * scale[:, None], value

    def _point_rows(
        self,
        output: Tensor,
        tape: Tape,
        constants: Tensor,
        leaves: list[Tensor],
        *,
        keep: bool,
    ) -> tuple[Tensor, list[Tensor]]:
        """Jacobian of one output at every evaluation point, ``(M, P)``."""
        n, split = len(output), self.trial.network.count
        jacobian = self.workspace.take(self.trial.count, n, output).T  # points contiguous
        extra = [constants, *leaves]
        if output.requires_grad:
            grads = self.backend.rows(output, tape, jacobian[:, :split], extra, keep=keep)
        else:
            jacobian.zero_()
            grads = [torch.zeros_like(e) for e in extra]
        if constants.shape[1]:
            jacobian[:, split:] = grads[0] * self.trial.constants.scales.to(output)
        return jacobian, grads[1:]

    def _integral(self, q: Quadrature, which: slice) -> Tensor:
        """Values of an integral at the points `which`, ``(n,)``, ``(1,)`` where it is shared."""
        found = []
        for piece in q.pieces(which, self.backend.nodes):
            constants = self._constants().expand(piece.stop - piece.start, -1)
            tape = None if torch.is_grad_enabled() else self._tape(q, piece)
            found.append(q.summed(q.weighted(self.trial, piece, constants, tape)))
        return torch.cat(found)

    def _integral_rows(self, q: Quadrature, which: slice) -> tuple[Tensor, Tensor]:
        """Values of an integral and their rows ``(n, P)``; one where it is shared."""
        values, rows = [], []
        for piece in q.pieces(which, self.backend.nodes):
            tape = self._recording(q, piece)
            constants = self._constants().detach().expand(piece.stop - piece.start, -1)
            constants = constants.clone().requires_grad_(True)
            weighted = q.weighted(self.trial, piece, constants, tape)
            own, _ = self._point_rows(weighted, tape, constants, [], keep=False)
            values.append(q.summed(weighted.detach()))
            rows.append(q.summed(own))
        return torch.cat(values), torch.cat(rows)
