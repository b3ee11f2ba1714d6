"""Residual rows r(θ) and their Jacobian J(θ), a chunk at a time.

One backward per output gives the cotangents of every layer's output; a block turns them
into its columns; evaluations that feed the same row are summed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from kanpde._points import Drawn, quadrature
from kanpde._terms import Functional, JetInput, TermSet
from kanpde._trial import Site, Trial
from kanpde.nets import Fused, FusedTape, Inputs, Known, Room, Tape

CHUNK_ENTRIES = 3_000_000
FUSED_ENTRIES, FUSED_POINTS = 6_000_000, 8192  # of a chunk where features take no memory


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
    integrals: tuple[tuple[Functional, Site, Tensor], ...]
    inputs: Inputs | None  # of the fused kernel


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
    """

    def __init__(
        self,
        trial: Trial,
        drawn: list[tuple[TermSet, Drawn]],
        *,
        weights: Mapping[str, float] | None = None,
        chunk: int | None = None,
    ) -> None:
        self.trial = trial
        self.weights = dict(weights or {})
        covered = not trial.autograd and trial.kernel != "torch"
        self.fused = Fused.of(trial.network) if covered else None
        self.room = Room()
        entries = max(1, trial.active)
        if self.fused is None:
            self.chunk = chunk or max(128, min(2048, CHUNK_ENTRIES // (4 * entries)))
        else:
            self.chunk = chunk or max(128, min(FUSED_POINTS, FUSED_ENTRIES // entries))
        self.parts = [self._part(terms, points) for terms, points in drawn]
        self.names = list(dict.fromkeys(n for part in self.parts for n in part.terms.names))

    @property
    def count(self) -> int:
        """Total number of rows."""
        return sum(part.rows * len(part.terms.names) for part in self.parts)

    def _tensor(self, array: object) -> Tensor:
        return torch.as_tensor(array, dtype=self.trial.dtype, device=self.trial.device)

    def _part(self, terms: TermSet, drawn: Drawn) -> Part:
        weight = self._tensor(drawn.weight)
        scale = tuple(torch.sqrt(weight * self.weights.get(name, 1.0)) for name in terms.names)
        integrals = []
        for functional in terms.functionals:
            nodes, quadrature_weights = quadrature(functional)
            site = self.trial.site(self._tensor(nodes), functional.space)
            integrals.append((functional, site, self._tensor(quadrature_weights)))
        row = drawn.row
        site = self.trial.site(self._tensor(drawn.points), terms.space)
        return Part(
            terms=terms,
            site=site,
            extras=self._tensor(drawn.extras),
            row=None if row is None else torch.as_tensor(row, device=self.trial.device),
            factor=None if drawn.factor is None else self._tensor(drawn.factor),
            scale=scale,
            rows=drawn.rows,
            integrals=tuple(integrals),
            inputs=None if self.fused is None else self.fused.inputs(site.z, site.space),
        )

    def _slices(self, part: Part) -> Iterator[slice]:
        total = len(part.site.points)
        step = total if part.row is not None else self.chunk
        if self.fused is not None and total:
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
            *_pick(jets, part.terms.jets),
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
        numbers = self._functional_values(part)
        for which in self._slices(part):
            tape = None if torch.is_grad_enabled() else self._known(part, which)
            yield self._pieces(part, which, numbers, tape, scaled=scaled)

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

    def _known(self, part: Part, which: slice, *, track: bool = False) -> Known | None:
        """Tape with the network's output where the kernel computes it."""
        if self.fused is None or part.inputs is None:
            return None
        return FusedTape(self.fused, part.inputs, which, track=track)

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
            if self.fused is not None and not part.integrals:
                loss += self._fused_gradient(part, gradient)
                continue
            for pieces in self._values(part, True):
                value = torch.stack([piece.square().sum() for piece in pieces]).sum()
                loss += float(value.detach())
                grads = torch.autograd.grad(
                    value,
                    parameters,
                    retain_graph=bool(part.integrals),  # every chunk shares them
                    allow_unused=True,
                    materialize_grads=True,
                )
                gradient += torch.cat([g.flatten() for g in grads])
        return loss, gradient

    def _fused_gradient(self, part: Part, gradient: Tensor) -> float:
        """Add a part's gradient to `gradient` by the kernel; returns its loss."""
        loss, split = 0.0, self.trial.network.count
        for which in self._slices(part):
            tape = self._known(part, which, track=True)
            assert tape is not None
            pieces = self._pieces(part, which, [], tape, scaled=True)
            value = torch.stack([piece.square().sum() for piece in pieces]).sum()
            loss += float(value.detach())
            leaf, eta = torch.autograd.grad(
                value, [tape.leaf, self.trial.eta], allow_unused=True, materialize_grads=True
            )
            gradient[:split] += tape.gradient(leaf)
            gradient[split:] += eta
        return loss

    def transposed_product(self, vector: Tensor) -> Tensor:
        """Jᵀ v for scaled rows, by assembling J again; ``(R,) -> (P,)``."""
        total = torch.zeros(self.trial.count, dtype=self.trial.dtype, device=self.trial.device)
        start = 0
        for jacobian, residual in self.jacobian():
            total += jacobian.T @ vector[start : start + len(residual)]
            start += len(residual)
        return total

    def jacobian(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(J, r)`` chunk by chunk: shapes ``(n, P)`` and ``(n,)``, both scaled."""
        for part in self.parts:
            numbers, slopes = self._functional_rows(part)
            for which in self._slices(part):
                yield from self._part_rows(part, which, numbers, slopes)

    def _constants(self) -> Tensor:
        """Present values of the unknown constants, ``(1, C)``."""
        return (self.trial.eta * self.trial.constants.scales.to(self.trial.eta)).unsqueeze(0)

    def _part_rows(
        self, part: Part, which: slice, numbers: list[Tensor], slopes: list[Tensor]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        known = self._known(part, which, track=True)
        tape: Tape = [] if known is None else known
        jets = self.trial.jets(part.site.part(which), tape)
        n = jets.shape[1]
        constants = self._constants().detach().expand(n, -1).clone().requires_grad_(True)
        leaves = [v.expand(n).clone().requires_grad_(True) for v in numbers]
        outputs = part.terms.program(*self._inputs(part, which, jets, constants, leaves))
        last = len(outputs) - 1
        for k, output in enumerate(outputs):
            scale = self._scale(part, k, which)
            own = output * scale if part.row is None else output
            jacobian, slope = self._point_rows(own, tape, constants, leaves, keep=k < last)
            for leaf_slope, functional_row in zip(slope, slopes, strict=True):
                jacobian += leaf_slope[:, None] * functional_row[None]
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
        jacobian = self.room.take(self.trial.count, n, output).T  # points contiguous
        extra = [constants, *leaves]
        if self.trial.autograd:
            grads = self._by_batched_backward(output, jacobian, extra)
        elif not output.requires_grad:
            jacobian.zero_()
            grads = [torch.zeros_like(e) for e in extra]
        else:
            wanted = [tape.leaf] if isinstance(tape, Known) else [r.output for r in tape]
            found = torch.autograd.grad(
                output.sum(),
                [*wanted, *extra],
                retain_graph=keep,
                allow_unused=True,
                materialize_grads=True,
            )
            with torch.no_grad():
                if isinstance(tape, Known):
                    tape.rows(found[0], jacobian[:, :split].T)
                else:
                    self.trial.network.rows(tape, list(found[: len(tape)]), jacobian[:, :split])
            grads = list(found[len(wanted) :])
        if constants.shape[1]:
            jacobian[:, split:] = grads[0] * self.trial.constants.scales.to(output)
        return jacobian, grads[1:]

    def _by_batched_backward(
        self, output: Tensor, jacobian: Tensor, extra: list[Tensor]
    ) -> list[Tensor]:
        """Rows for networks without a rule: one vectorised backward per 64 points."""
        parameters = list(self.trial.network.parameters())
        n, split = len(output), self.trial.network.count
        for start in range(0, n, 64):
            size = min(64, n - start)
            seeds = output.new_zeros((size, n))
            seeds[torch.arange(size), start + torch.arange(size)] = 1.0
            grads = torch.autograd.grad(
                output,
                parameters,
                grad_outputs=seeds,
                is_grads_batched=True,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            jacobian[start : start + size, :split] = torch.cat(
                [g.reshape(size, -1) for g in grads], dim=1
            )
        return list(
            torch.autograd.grad(
                output.sum(), extra, retain_graph=True, allow_unused=True, materialize_grads=True
            )
        )

    def _functional_values(self, part: Part) -> list[Tensor]:
        """Values of the integrals that a term set uses, each ``()``."""
        found = []
        for functional, site, weights in part.integrals:
            jets = self.trial.jets(site)
            constants = self._constants().expand(jets.shape[1], -1)
            (value,) = functional.program(
                *site.points.unbind(1), *_pick(jets, functional.jets), *constants.unbind(1)
            )
            found.append((value * weights).sum())
        return found

    def _functional_rows(self, part: Part) -> tuple[list[Tensor], list[Tensor]]:
        """Values of the integrals and their rows ``(P,)``."""
        numbers, slopes = [], []
        for functional, site, weights in part.integrals:
            tape: Tape = []
            jets = self.trial.jets(site, tape)
            n = jets.shape[1]
            constants = self._constants().detach().expand(n, -1).clone().requires_grad_(True)
            (value,) = functional.program(
                *site.points.unbind(1), *_pick(jets, functional.jets), *constants.unbind(1)
            )
            rows, _ = self._point_rows(value * weights, tape, constants, [], keep=False)
            numbers.append((value * weights).sum().detach())
            slopes.append(rows.sum(dim=0))
        return numbers, slopes


def _pick(jets: Tensor, inputs: tuple[JetInput, ...]) -> list[Tensor]:
    parts = [component.unbind(1) for component in jets.unbind(0)]
    return [parts[j.component][j.unknown] for j in inputs]
