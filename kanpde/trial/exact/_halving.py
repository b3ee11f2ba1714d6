"""What is made of a mirror image: the half domain where all is odd, even inputs where all is even.

Even unknowns get no half domain unless a kink asks for it: a vanishing slope on the mirror could
not be imposed exactly, while a network of even inputs is even by itself, to any order, and the
ansatz is so already.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from typing import Any

import numpy as np
import torch
from sympy import Symbol

from kanpde.geometry import Box, Domain
from kanpde.pde import lower
from kanpde.problem import (
    BOUNDARY,
    EVEN,
    INITIAL,
    MEAN,
    ODD,
    PAIR,
    Condition,
    Dirichlet,
    Mirror,
    Neumann,
    Problem,
)
from kanpde.trial.exact._ansatz import Ansatzes

SMALLEST_SLOPE = 1e-9


def is_halved(problem: Problem, mirror: Mirror) -> bool:
    """Whether the half domain can be solved instead, where one condition is enough on its ends.

    Where all is odd that is u = 0 on the mirror. Where all is even and periodic, but starts with
    a kink at the seam, no network of waves has that kink: then the slope vanishes on the mirror
    and at the seam. Orders above two would need more conditions.
    """
    orders = [problem.orders(k)[mirror.axis] for k in range(len(problem.unknowns))]
    if max(orders) > 2:
        return False
    if _periodic(problem, mirror.axis):
        return mirror.even and min(orders) == 2 and _starts_with_kink(problem, mirror)
    return mirror.odd


def _periodic(problem: Problem, axis: int) -> bool:
    x = problem.coordinates[axis]
    return any(c.seam == x for c in problem.conditions.values())


def _starts_with_kink(problem: Problem, mirror: Mirror) -> bool:
    """Whether initial data that are even have a slope at the seam."""
    x, high = problem.coordinates[mirror.axis], float(problem.domain.upper[mirror.axis])
    starts = [c.prescribed for c in problem.conditions.values() if c.prescribes(INITIAL)]
    slopes = [value.diff(x).subs(x, high).evalf() for value in starts]
    return any(s.is_number and s.is_real and abs(s) > SMALLEST_SLOPE for s in slopes)


def reduce(problem: Problem, mirrors: tuple[Mirror, ...]) -> tuple[Problem, dict[str, str]]:
    """Make the problem on the upper half of every mirrored axis.

    Returns
    -------
    Problem
        Same equations; conditions where they are left, and what holds on the mirrors. It has no
        `exact` and no `reference`.
    dict
        For every condition that fell away: the one that stands for it on the upper half,
        ``""`` for a mean value, which vanishes by itself.

    Examples
    --------
    >>> from kanpde import Interval, coordinates, unknown
    >>> from kanpde.problem import find
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> p = Problem(Interval(x, -1, 1), {"ode": u.diff(x, 2) + x}, {"walls": Dirichlet(u, 0)})
    >>> half, _ = reduce(p, find(p))
    >>> half.domain, list(half.conditions)
    (Box((x, 0, 1)), ['walls', 'symmetry x u'])
    """
    domain = _upper(problem.domain, {problem.coordinates[m.axis]: m.center for m in mirrors})
    gone = {
        f.name for m in mirrors for f in problem.domain.faces if f.axis == m.axis and f.side == 0
    }
    conditions: dict[str, Condition] = {}
    dropped: list[str] = []
    for name, condition in problem.conditions.items():
        kept = _kept(problem, condition, gone, mirrors)
        if kept is None:
            dropped.append(name)
        else:
            conditions[name] = kept
    for m in mirrors:
        conditions |= _on_mirror(problem, domain, m)
    images = {name: _image(problem, conditions, problem.conditions[name]) for name in dropped}
    reduced = Problem(
        domain,
        problem.equations,
        conditions,
        constants=problem.constants,
        vectors=problem.vectors,
        name=problem.name,
    )
    reduced.settings, reduced.parameters = problem.settings, problem.parameters
    return reduced, images


def _image(problem: Problem, left: dict[str, Condition], gone: Condition) -> str:
    """Name the condition that stands for one that fell away, ``""`` where none is needed."""
    if gone.seam is not None:  # even and periodic: the slope vanishes at the seam
        wanted = f"symmetry {gone.seam} {gone.unknown.func.__name__}"
        return next((n for n in left if n.startswith(wanted)), "")
    return next((n for n, c in left.items() if _alike(c, gone)), "")


def _upper(domain: Domain, centers: dict[Symbol, float]) -> Domain:
    """Replace the lower bounds by the mirrors' places."""
    parts: list[Domain] = []
    for factor in getattr(domain, "factors", (domain,)):
        if factor.space is None:  # time or a parameter
            parts.append(factor)
            continue
        bounds = zip(factor.coordinates, factor.lower, factor.upper, strict=True)
        sides = [(x, centers.get(x, float(a)), float(b)) for x, a, b in bounds]
        parts.append(Box(*sides, name=getattr(factor, "name", None)))
    return functools.reduce(operator.mul, parts)


def _kept(
    problem: Problem, condition: Condition, gone: set[str], mirrors: tuple[Mirror, ...]
) -> Condition | None:
    """Restrict a condition to what is left, ``None`` where nothing is."""
    if condition.where == PAIR:
        mirrored = [problem.coordinates[m.axis] for m in mirrors]
        return None if condition.seam in mirrored else condition
    if condition.where == MEAN:
        return None if any(m.odd for m in mirrors) else condition  # odd: zero by itself
    if condition.where != BOUNDARY:
        return condition
    parts = [p for p in problem.domain.resolve(condition.on).parts if p not in gone]
    change: dict[str, Any] = {"on": parts}
    return dataclasses.replace(condition, **change) if parts else None


def _alike(left: Condition, right: Condition) -> bool:
    return left.kind == right.kind and left.unknown == right.unknown


def _on_mirror(problem: Problem, domain: Domain, mirror: Mirror) -> dict[str, Condition]:
    """Odd unknowns vanish on the mirror, the slopes of even ones there and at the seam.

    Without derivatives along the axis nothing is needed.
    """
    faces = sorted((f for f in domain.faces if f.axis == mirror.axis), key=lambda f: f.side)
    x = problem.coordinates[mirror.axis]
    found: dict[str, Condition] = {}
    for k, u in enumerate(problem.unknowns):
        if problem.orders(k)[mirror.axis]:
            name = f"symmetry {x} {u.func.__name__}"
            while name in problem.conditions:
                name += "'"
            odd = mirror.parities[k] == ODD
            found[name] = (
                Dirichlet(u, 0, on=faces[0].name)
                if odd
                else Neumann(u, 0, on=[f.name for f in faces])
            )
    return found


def keeps_ansatz(problem: Problem, ansatzes: Ansatzes, mirror: Mirror) -> bool:
    """Whether g and D of every unknown are even, as far as random points tell.

    They are unless one of two conditions that are images of each other could not be imposed
    exactly for the other's sake.
    """
    rng = np.random.default_rng(0)
    low, high = problem.domain.lower, problem.domain.upper
    points = low + (high - low) * rng.random((64, problem.dimension))
    turned = points.copy()
    turned[:, mirror.axis] = 2 * mirror.center - points[:, mirror.axis]
    listed = [e for part in ansatzes.parts for e in (part.g, part.d)]
    program = lower(listed, problem.coordinates, where="ansatz")
    pairs = zip(*(program(*torch.as_tensor(p).unbind(1)) for p in (points, turned)), strict=True)
    return all(bool(((a - b).abs() <= 1e-9 * (1 + a.abs())).all()) for a, b in pairs)


def described(
    problem: Problem, mirrors: tuple[Mirror, ...], *, trained: bool = True
) -> dict[str, Any]:
    """Tell of every mirror where it stands, the parities and what is made of it.

    Parameters
    ----------
    trained
        Whether the network is a trained one; product KANs take no even inputs.
    """
    words = {EVEN: "even", ODD: "odd"}
    names = [str(u.func.__name__) for u in problem.unknowns]
    found: dict[str, Any] = {}
    for m in mirrors:
        x = str(problem.coordinates[m.axis])
        even = "even inputs of the trained network" if trained else "not needed"
        used = "half domain solved" if is_halved(problem, m) else even
        parities = {n: words[p] for n, p in zip(names, m.parities, strict=True)}
        listed = ", ".join(f"{n} {p}" for n, p in parities.items())
        found[x] = {
            "center": m.center,
            "parities": parities,
            "used": used,
            "text": f"{listed} about {x} = {m.center:.6g} ({used})",
        }
    return found
