"""What a problem claims of its solution: every equation and condition, imposed exactly or not.

A read-out puts a formula into them: by sympy where a claim holds on faces, by numbers on
fresh points in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef

from kanpde.pde import raise_program, tree_expression, tree_record
from kanpde.problem import Problem, normal, outward
from kanpde.residual._points import Drawn, draw
from kanpde.residual._state import terms_from_record, terms_record
from kanpde.residual._terms import (
    INITIAL,
    INTERFACE,
    INTERIOR,
    MEAN,
    PAIR,
    POINTS,
    TermSet,
    all_terms,
)

INSIDE, BESIDE = 1000, 200


@dataclass(frozen=True)
class Place:
    """A face: coordinates that are constant there, and the outward normal along each."""

    at: tuple[tuple[int, float], ...]
    normal: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Claim:
    """Expressions that vanish, where, and fresh points of that place.

    Attributes
    ----------
    terms : TermSet
        The expressions, lowered.
    drawn : Drawn
        Fresh points with their rows.
    places : tuple of Place or None
        Faces on which the expressions vanish, a place without a constant coordinate for the
        interior, the two ends of a periodic pair; ``None`` where only the points tell.
    """

    terms: TermSet
    drawn: Drawn
    places: tuple[Place, ...] | None
    trees: tuple[Any, ...] = ()

    def expressions(
        self,
        coordinates: Sequence[Symbol],
        unknowns: Sequence[AppliedUndef],
        constants: Sequence[Symbol],
    ) -> tuple[Expr, ...]:
        """Write the expressions in sympy.

        After loading, numbers are floats where an expression holds what `tree_record` does not
        describe.
        """
        terms = self.terms
        if terms.expressions:
            return terms.expressions
        if self.trees and all(tree is not None for tree in self.trees):
            names: dict[str, Expr] = {x.name: x for x in (*coordinates, *constants)}
            names |= {n.name: n for n in map(normal, coordinates)}
            names |= {str(u.func.__name__): u for u in unknowns}
            return tuple(tree_expression(tree, names) for tree in self.trees)
        jets = []
        for jet in terms.jets:
            u = unknowns[jet.unknown]
            parts = [(f, a) for k, f, a in terms.space.parts if k == jet.component]
            jets.append(sympy.Add(*(_number(f) * _derivative(u, coordinates, a) for f, a in parts)))
        space = [x for x in coordinates if x.name in self._normals]
        extras = [Symbol(f"n_{x.name}", real=True) for x in space]
        inputs = (*coordinates, *extras, *jets, *constants)
        return raise_program(terms.program, inputs)

    @property
    def _normals(self) -> set[str]:
        """Coordinates whose normal component the program takes."""
        found = self.terms.program.inputs
        return {n.removeprefix("n_") for n in found if n.startswith("n_")}


def _number(value: float) -> Expr:
    return sympy.Integer(int(value)) if value == int(value) else sympy.Float(value, 17)


def _derivative(u: AppliedUndef, coordinates: Sequence[Symbol], alpha: Sequence[int]) -> Expr:
    counts = [(x, k) for x, k in zip(coordinates, alpha, strict=True) if k]
    return sympy.Derivative(u, *counts) if counts else u


def claims_of(problem: Problem, *, seed: int = 0) -> tuple[Claim, ...]:
    """List what a problem claims, with fresh points.

    Parameters
    ----------
    problem
        As it was given, before a half domain was taken.
    seed
        Of the points.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> p = Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2) + 2}, {"ends": Dirichlet(u, 0)})
    >>> [(c.terms.names[0], len(c.places)) for c in claims_of(p)]
    [('ode', 1), ('ends', 2)]
    """
    found = []
    for k, terms in enumerate(all_terms(problem)):
        rng = np.random.default_rng([seed, 1511, k])
        many = INSIDE if terms.where == INTERIOR else BESIDE
        drawn = draw(problem, terms, many, sampler="uniform", rng=rng)
        found.append(Claim(terms, drawn, _places(problem, terms)))
    return tuple(found)


def _places(problem: Problem, terms: TermSet) -> tuple[Place, ...] | None:
    if terms.functionals or terms.where in {INTERFACE, MEAN, POINTS}:
        return None
    if terms.where == INTERIOR:
        return None if terms.on is not None else (Place(()),)
    if terms.where == INITIAL:
        assert problem.time is not None
        axis, bounds = problem.coordinates.index(problem.time), problem.domain.time_bounds
        assert bounds is not None
        return (Place(((axis, float(bounds[0])),)),)
    faces = {f.name: f for f in problem.domain.faces}
    if terms.where == PAIR:
        assert terms.condition is not None
        axis = problem.coordinates.index(terms.condition.seam)
        ends = sorted((f.side, f.value) for f in faces.values() if f.axis == axis)
        return tuple(Place(((axis, float(value)),)) for _, value in ends)
    chosen = problem.domain.resolve(terms.on)
    if chosen.mask is not None or not set(chosen.parts) <= faces.keys():
        return None
    return tuple(
        Place(((f.axis, float(f.value)),), ((f.axis, outward(f.side)),))
        for f in (faces[name] for name in chosen.parts)
    )


def claims_record(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """Describe claims by plain JSON data."""
    return [
        {
            "terms": terms_record(c.terms),
            "trees": list(c.trees) or [tree_record(e) for e in c.terms.expressions],
            "extras": c.drawn.extras.shape[1],
            "points": c.drawn.points.tolist(),
            "inputs": c.drawn.extras.tolist(),
            "row": None if c.drawn.row is None else c.drawn.row.tolist(),
            "factor": None if c.drawn.factor is None else c.drawn.factor.tolist(),
            "weight": c.drawn.weight.tolist(),
            "places": None
            if c.places is None
            else [{"at": [*map(list, p.at)], "normal": [*map(list, p.normal)]} for p in c.places],
        }
        for c in claims
    ]


def claims_from_record(data: Any, sizes: tuple[int, int, int]) -> tuple[Claim, ...]:
    """Inverse of `claims_record`; `sizes` count coordinates, unknowns and unknown constants.

    Raises
    ------
    RunDirectoryError, ValueError, TypeError, KeyError
        If the data are damaged.
    """
    return tuple(_claim(entry, sizes) for entry in data)


def _claim(data: Any, sizes: tuple[int, int, int]) -> Claim:
    extras = int(data["extras"])
    terms = terms_from_record(data["terms"], sizes, extras=extras)
    points = np.array(data["points"], dtype=np.float64).reshape(-1, sizes[0])
    given = np.array(data["inputs"], dtype=np.float64).reshape(len(points), extras)
    row, factor = (data[k] for k in ("row", "factor"))
    drawn = Drawn(
        points,
        given,
        None if row is None else _whole(row, len(points), len(data["weight"])),
        None if factor is None else np.array(factor, dtype=np.float64).reshape(len(points)),
        np.array(data["weight"], dtype=np.float64),
    )
    places = None
    if data["places"] is not None:
        places = tuple(
            Place(
                tuple((_axis(k, sizes[0]), float(v)) for k, v in p["at"]),
                tuple((_axis(k, sizes[0]), int(s)) for k, s in p["normal"]),
            )
            for p in data["places"]
        )
    return Claim(terms, drawn, places, tuple(data.get("trees", ())))


def _axis(value: Any, dimension: int) -> int:
    if not 0 <= int(value) < dimension:
        raise ValueError(f"axis {value} of {dimension}")
    return int(value)


def _whole(values: Any, count: int, rows: int) -> NDArray[np.int64]:
    found = np.array(values, dtype=np.int64).reshape(count)
    if count and not (found.min() >= 0 and found.max() < rows):
        raise ValueError(f"rows up to {rows}")
    return found
