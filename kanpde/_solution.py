"""The result of a solve: a function of points, with its status, errors and estimates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef
from torch import Tensor

from kanpde import _check
from kanpde._points import Drawn
from kanpde._problem import Problem
from kanpde._rows import Rows
from kanpde._terms import TermSet, jet_layout
from kanpde._trial import Trial
from kanpde.errors import InputError
from kanpde.geometry import Domain
from kanpde.pde import Program, lower, normalise
from kanpde.train import Status

Array = NDArray[np.float64]
CHUNK = 4096


@dataclass
class ProblemView:
    """What a solution keeps of its problem, enough to evaluate, draw and export.

    A solution that was loaded has this instead of the problem file.
    """

    name: str | None
    coordinates: tuple[Symbol, ...]
    unknowns: tuple[AppliedUndef, ...]
    domain: Domain
    equations: dict[str, str]
    conditions: dict[str, str]
    constants: tuple[Symbol, ...]
    vectors: dict[str, tuple[AppliedUndef, ...]]
    parameters: dict[str, Any]
    exact: Program | None = None
    truths: dict[str, Array] = field(default_factory=dict)
    reference: Callable[[Array], Array | None] | None = None

    @property
    def dimension(self) -> int:
        """Number of coordinates d."""
        return len(self.coordinates)

    @property
    def time(self) -> Symbol | None:
        """The time coordinate, if there is one."""
        return self.domain.time

    def truth(self, points: Array) -> Array | None:
        """Exact values, or reference values where they were computed before; else ``None``.

        Parameters
        ----------
        points
            Shape ``(N, d)``.
        """
        if self.exact is not None:
            columns = torch.as_tensor(points, dtype=torch.float64).unbind(1)
            values = self.exact(*columns)
            return torch.stack(torch.broadcast_tensors(*values), dim=1).numpy()
        key = hashlib.sha256(np.ascontiguousarray(points, dtype=np.float64).tobytes()).hexdigest()
        if key not in self.truths and self.reference is not None:
            found = self.reference(points)
            if found is not None:
                self.truths[key] = found
        return self.truths.get(key)


def view(problem: Problem) -> ProblemView:
    """Return the part of a problem that a solution keeps."""
    exact = None
    if problem.exact and not problem.reference:
        exact = lower(
            [problem.exact[u] for u in problem.unknowns], problem.coordinates, where="exact"
        )
    return ProblemView(
        name=problem.name,
        coordinates=problem.coordinates,
        unknowns=problem.unknowns,
        domain=problem.domain,
        equations={k: str(e.expression) for k, e in problem.equations.items()},
        conditions={k: c.kind for k, c in problem.conditions.items()},
        constants=tuple(problem.constants),
        vectors=problem.vectors,
        parameters=dict(problem.parameters),
        exact=exact,
        reference=problem.truth if problem.reference else None,
    )


class Solution:
    """A solved problem: call it at points, ask it for derivatives, save it.

    Attributes
    ----------
    problem
        A `ProblemView`: coordinates, unknowns, domain, names of equations and conditions.
    status
        A `Status`: converged, budget, interrupted, diverged or nonfinite.
    summary
        What `summary.json` holds.
    history
        One dict per step.
    """

    def __init__(
        self,
        problem: ProblemView,
        trial: Trial,
        terms: Sequence[TermSet],
        *,
        status: Status,
        summary: dict[str, Any],
        history: list[dict[str, Any]],
    ) -> None:
        self.problem, self.trial, self.terms = problem, trial, list(terms)
        self.status, self.summary, self.history = status, summary, history

    @property
    def errors(self) -> dict[str, Any]:
        """Relative L2 and largest error per unknown, where the truth is known."""
        return dict(self.summary.get("errors", {}))

    @property
    def estimates(self) -> dict[str, Any]:
        """Residual per term on fresh points, and the predicted relative error per unknown."""
        return dict(self.summary.get("estimates", {}))

    @property
    def imposed(self) -> dict[str, str]:
        """How each condition is imposed: ``"exact"`` or ``"rows"``."""
        return dict(self.summary.get("imposed", {}))

    @property
    def identified(self) -> dict[str, Any]:
        """Unknown constants: value and 95 % interval."""
        return dict(self.summary.get("identified", {}))

    @property
    def constants(self) -> dict[str, float]:
        """Values of the unknown constants."""
        return self.trial.constant_values()

    @overload
    def __call__(self, points: Tensor) -> Tensor: ...
    @overload
    def __call__(self, points: Array) -> Array: ...
    def __call__(self, points: Any) -> Any:
        """Evaluate every unknown.

        Parameters
        ----------
        points
            Shape ``(N, d)``, columns in the order of `problem.coordinates`; numpy or torch.

        Returns
        -------
        ndarray or Tensor
            Shape ``(N, m)``: numpy for numpy, torch (differentiable) for torch.

        Raises
        ------
        ShapeError
            If `points` is not ``(N, d)``.
        """
        if isinstance(points, Tensor):
            _check.shape("points", points, (None, self.problem.dimension))
            values: Tensor = self.trial(points)
            return values.to(points.device)
        array = self._array(points)
        with torch.no_grad():
            tensor = torch.as_tensor(array, dtype=self.trial.dtype)
            parts = [self.trial(part) for part in tensor.split(CHUNK)]
        if not parts:
            return np.zeros((0, len(self.problem.unknowns)))
        return torch.cat(parts).double().cpu().numpy()

    def evaluate(self, expression: Expr, points: Any) -> Array:
        """Evaluate any expression of unknowns, derivatives, coordinates and constants.

        Parameters
        ----------
        expression
            For example ``u.diff(x, 2) + u``.
        points
            Shape ``(N, d)``.

        Returns
        -------
        ndarray
            Shape ``(N,)``.

        Raises
        ------
        InputError
            If the expression names something else.
        """
        array = self._array(points)
        space, atoms, (rest,) = jet_layout(
            self.problem,
            [normalise(expression)],
            collapse=False,  # type: ignore[arg-type]
        )
        inputs = (*self.problem.coordinates, *atoms, *self.problem.constants)
        program = lower([rest], inputs, where="expression")
        constants = list(self.constants.values())
        pieces = []
        with torch.no_grad():
            for part in torch.as_tensor(array, dtype=self.trial.dtype).split(CHUNK):
                site = self.trial.site(part, space)
                jets = self.trial.jets(site)
                columns = [jets[j.component, :, j.unknown] for j in atoms.values()]
                numbers = [site.points.new_tensor(c) for c in constants]
                (value,) = program(*site.points.unbind(1), *columns, *numbers)
                pieces.append(value.detach())
        return torch.cat(pieces).double().cpu().numpy()

    def residuals(self, points: Any) -> dict[str, Array]:
        """Residual of every equation at points ``(N, d)``; ``{name: (N,)}``."""
        array = self._array(points)
        drawn = Drawn(array, np.zeros((len(array), 0)), None, None, np.ones(len(array)))
        found: dict[str, Array] = {}
        if not len(array):
            return {name: np.zeros(0) for terms in self.terms for name in terms.names}
        for terms in self.terms:
            rows = Rows(self.trial, [(terms, drawn)])
            for name, r in zip(terms.names, rows.residuals(scaled=False)[0], strict=True):
                found[name] = r.detach().double().cpu().numpy()
        return found

    def truth(self, points: Any) -> Array | None:
        """Exact or reference values ``(N, m)``, ``None`` where they are not known."""
        return self.problem.truth(self._array(points))

    def save(self, directory: str | Path) -> Path:
        """Write the run directory; see `kanpde.load`.

        Raises
        ------
        RunDirectoryError
            If `directory` cannot be written or holds another run.
        """
        from kanpde._directory import save_solution

        return save_solution(self, Path(directory))

    def _array(self, points: Any) -> Array:
        if isinstance(points, Tensor):
            points = points.detach().cpu()
        try:
            array = np.asarray(points, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(
                f"points: expected an array of numbers, got {type(points).__name__}"
            ) from None
        _check.shape("points", array, (None, self.problem.dimension))
        return array

    def __repr__(self) -> str:
        worst = [e["relative_l2"] for e in self.errors.values()]
        error = f", relative L2 {max(worst):.1e}" if worst else ""
        return f"Solution({self.problem.name}, {self.status.value}{error})"


def unknown_names(unknowns: Sequence[AppliedUndef]) -> list[str]:
    """Names of unknowns."""
    return [str(u.func.__name__) for u in unknowns]


def plain(value: Any) -> Any:
    """Numbers, strings, lists and dicts only, as JSON wants them (no NaN)."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
