"""Integrals of the unknowns: what is integrated, over which coordinates, and where its nodes lie.

Limits may depend on the equation's point, and only some coordinates may be integrated over:
then every point of an equation has nodes of its own. Integrals that are the same at every point
share theirs.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sympy import Symbol
from torch import Tensor

from kanpde.calculus import JetSpace
from kanpde.errors import InputError
from kanpde.pde import IntegralTerm, Program, lower

Array = NDArray[np.float64]
# along an axis, by number of axes: one integral for all points, one for each, a few for training
SHARED_NODES, OWN_NODES, FEW_NODES = (256, 64, 16, 8), (64, 14, 6, 4), (20, 8, 4, 3)
BEYOND = 1e-9  # of the domain's width: what limits may be off by rounding


@dataclass(frozen=True)
class JetInput:
    """One program input: component `component` of unknown `unknown`."""

    unknown: int
    component: int


@dataclass(frozen=True)
class Region:
    """What an integral goes over, which may depend on the equation's point.

    Parameters
    ----------
    axes
        Coordinates that are integrated over, the outermost first.
    bounds
        Lower and upper limit for every axis, ``2 len(axes)`` outputs, of the d coordinates and
        the equation's point in the coordinates `outer`.
    outer
        Coordinates that the integrand or a limit takes from the equation's point although they
        are integrated over, as x in ``K(x, s) u(s)``.
    shared
        Whether the integral is one number, the same for every point of the equation.
    """

    axes: tuple[int, ...]
    bounds: Program
    outer: tuple[int, ...] = ()
    shared: bool = True

    @classmethod
    def of(cls, term: IntegralTerm, coordinates: Sequence[Symbol]) -> Region:
        """Lower the limits of an integral.

        Raises
        ------
        InputError
            If a limit holds something else than coordinates and numbers.
        """
        limits = term.limits[::-1]
        named = tuple(symbol for symbol, _ in term.outer)
        listed = [bound for _, low, high in limits for bound in (low, high)]
        stray = set().union(*(b.free_symbols for b in listed)) - {*coordinates, *named}
        if stray:
            raise InputError(
                f"Integral: expected limits of coordinates and numbers, got "
                f"{', '.join(sorted(map(str, stray)))} in them"
            )
        return cls(
            axes=tuple(coordinates.index(x) for x, _, _ in limits),
            bounds=lower(listed, (*coordinates, *named), where="limits of an integral"),
            outer=tuple(coordinates.index(x) for _, x in term.outer),
            shared=not named and _everywhere_the_same(limits, coordinates),
        )

    def nodes(
        self,
        points: Array,
        *,
        cuts: Sequence[Sequence[float]] = (),
        finer: bool = False,
        few: bool = False,
    ) -> tuple[Array, Array]:
        """Place Gauss nodes for every point.

        Parameters
        ----------
        points
            Points of the equation, ``(N, d)``; one point where the integral is shared.
        cuts
            Per coordinate the places where the integrand may jump or bend: every piece gets the
            full number of nodes.
        finer
            Take a quarter more nodes along every axis, to see what the usual ones miss.
        few
            Take fewer, as suits networks that are trained to six digits.

        Returns
        -------
        tuple of Array
            Nodes ``(N, Q, d)`` and weights ``(N, Q)``.
        """
        own = FEW_NODES if few else OWN_NODES
        many = (SHARED_NODES if self.shared else own)[min(len(self.axes), 4) - 1]
        rule = np.polynomial.legendre.leggauss(many + many // 4 * finer)
        broken = [tuple(cuts[axis]) if cuts else () for axis in self.axes]
        each = list(itertools.product(*(range(len(rule[0]) * (len(b) + 1)) for b in broken)))
        index = np.tile(np.array(each).reshape(len(each), -1), (len(points), 1))
        flat = np.repeat(points, len(each), axis=0)
        beside = flat[:, list(self.outer)]
        weights = np.ones(len(flat))
        for k, axis in enumerate(self.axes):
            columns = torch.as_tensor(np.concatenate((flat, beside), axis=1)).unbind(1)
            low, high = (b.numpy() for b in self.bounds(*columns)[2 * k : 2 * k + 2])
            flat[:, axis], share = _placed(low, high, index[:, k], rule, broken[k])
            weights = weights * share
        return flat.reshape(len(points), len(each), -1), weights.reshape(len(points), -1)

    def check(self, coordinates: Sequence[Symbol], low: Array, high: Array, *, where: str) -> None:
        """Raise unless the integral stays in the box of the domain.

        Raises
        ------
        InputError
            If it reaches outside, where there is no solution.
        """
        rng = np.random.default_rng(0)
        points = low + (high - low) * rng.random((1 if self.shared else 16, len(low)))
        nodes = self.nodes(points)[0].reshape(-1, len(low))
        for axis in self.axes:
            least, most = nodes[:, axis].min(), nodes[:, axis].max()
            margin = BEYOND * (high[axis] - low[axis])
            if not (least >= low[axis] - margin and most <= high[axis] + margin):
                raise InputError(
                    f"{where}: expected an integral inside {low[axis]:g} <= {coordinates[axis]} "
                    f"<= {high[axis]:g}, its limits reach from {least:.4g} to {most:.4g}"
                )


def _placed(
    low: Array, high: Array, which: Array, rule: tuple[Array, Array], cuts: tuple[float, ...]
) -> tuple[Array, Array]:
    """Nodes number `which` of a rule on every piece between cuts, and their weights, ``(M,)``."""
    piece, node = which // len(rule[0]), which % len(rule[0])
    least, most = np.minimum(low, high), np.maximum(low, high)
    edges = np.array((-np.inf, *cuts, np.inf))
    a, b = (np.clip(edges[piece + side], least, most) for side in (0, 1))
    half = 0.5 * (b - a)
    return 0.5 * (a + b) + half * rule[0][node], np.sign(high - low) * half * rule[1][node]


def _everywhere_the_same(limits: Sequence[Any], coordinates: Sequence[Symbol]) -> bool:
    """Whether all coordinates are integrated over, by limits of outer ones and numbers."""
    known: set[Any] = set()
    for x, low, high in limits:
        if (low.free_symbols | high.free_symbols) - known:
            return False
        known.add(x)
    return known == set(coordinates)


@dataclass(frozen=True)
class Functional:
    """An integral of the unknowns over some coordinates.

    Parameters
    ----------
    space, jets
        What of the unknowns the integrand takes.
    program
        The integrand: of the node's d coordinates, of the equation's point in the coordinates
        ``region.outer``, of the jets at the node and of the unknown constants.
    region
        What is integrated over.
    """

    space: JetSpace
    jets: tuple[JetInput, ...]
    program: Program
    region: Region

    def integrand(
        self, points: Tensor, outer: Tensor, jets: Tensor, constants: Tensor
    ) -> Tensor:  # (M,)
        """Evaluate the integrand at nodes ``(M, d)``; `outer` has the columns of the region."""
        columns = (*points.unbind(1), *outer.unbind(1))
        (value,) = self.program(*columns, *pick(jets, self.jets), *constants.unbind(1))
        return value


def pick(jets: Tensor, inputs: tuple[JetInput, ...]) -> list[Tensor]:
    """Choose the jets that a program takes."""
    parts = [component.unbind(1) for component in jets.unbind(0)]
    return [parts[j.component][j.unknown] for j in inputs]
