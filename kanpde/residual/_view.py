"""What a solution keeps of its problem, with or without the problem file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sympy import Symbol
from sympy.core.function import AppliedUndef

from kanpde.geometry import Domain
from kanpde.pde import Program, lower
from kanpde.problem import Problem, columns_of
from kanpde.residual._claims import Claim, claims_of

Array = NDArray[np.float64]


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
    source: Problem | None = None
    complex: dict[str, tuple[int, int]] = field(default_factory=dict)
    stored_claims: tuple[Claim, ...] | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Equations and conditions with fresh points, made when first asked for."""
        if self.stored_claims is None:
            self.stored_claims = () if self.source is None else claims_of(self.source)
        return self.stored_claims

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
        source=problem,
        complex=columns_of(problem.complex, problem.unknowns),
    )
