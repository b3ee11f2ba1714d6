"""Flow near the two upper corners of a cavity: what its lid does there, split off exactly.

Where a lid slides at a speed like s r (r the distance to the corner), or like 1, and meets a wall
at rest, Stokes' equations have a solution that holds both conditions (Goodier 1934, Taylor
1962): stream functions r² f(θ) and r f(θ), with pressures like log r and 1/r that no polynomial
resolves. `Corners` gives the sum of both corners; what is left of the flow is smoother.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import (
    Dummy,
    Eq,
    Expr,
    Integer,
    Max,
    Piecewise,
    Symbol,
    atan2,
    cos,
    diff,
    log,
    pi,
    sin,
    sqrt,
    sympify,
)

from kanpde import Dirichlet, PointData, Problem, Rectangle, coordinates, laplacian, unknown

Flow = tuple[Expr, Expr, Expr]
TAYLOR = tuple(4 / (4 - pi**2) * k for k in (-(pi**2) / 4, pi / 2, Integer(1)))


@dataclass(frozen=True)
class Corners:
    """Velocity and pressure at the corners (0, 1) and (1, 1) of the unit square.

    Parameters
    ----------
    x, y
        The coordinates.
    nu
        Viscosity.
    slope
        Rise of the lid's speed at the left corner, fall at the right one.
    jump
        Speed of the lid at the corners, where the slope is 0.
    core
        Nearer than this to a corner the flow is that at this distance; for values there.
    """

    x: Symbol
    y: Symbol
    nu: float
    slope: float = 0.0
    jump: float = 0.0
    core: float = 0.0

    def _lead(self, along: Expr, sign: int) -> Flow:
        """Stokes' flow at one corner; `along` is the distance along the lid."""
        down = 1 - self.y
        square, theta = along**2 + down**2, atan2(down, along)
        if self.core:
            square = Max(square, self.core**2)
        if self.slope:
            a = self.slope
            u = a * (along + theta * down - pi * down / 2)
            return u, sign * a * theta * along, sign * self.nu * a * log(square)
        a, c, d = (self.jump * k for k in TAYLOR)
        # stream function a Y + c θ Y + d θ X with X along the lid and Y down
        u = a + c * theta + (c * down * along + d * along**2) / square
        v = d * theta - (c * down**2 + d * along * down) / square
        return u, sign * v, sign * 2 * self.nu * (d * along + c * down) / square

    def _inertia(self, along: Expr, sign: int) -> Flow:
        """What the jump's flow carries along: stream function r² f(θ)."""
        if not self.jump:
            return Integer(0), Integer(0), Integer(0)
        down = 1 - self.y
        angle = Dummy("theta")
        f, k = inertia(angle, self.nu, self.jump)
        theta = {angle: atan2(down, along)}
        slope, f = diff(f, angle).subs(theta), f.subs(theta)
        u, v = 2 * f * down + slope * along, 2 * f * along - slope * down
        return sign * u, v, self.nu * k * log(along**2 + down**2) / 2

    @property
    def leads(self) -> tuple[Flow, Flow]:
        """Stokes' flows at the left and at the right corner."""
        return self._lead(self.x, 1), self._lead(1 - self.x, -1)

    @property
    def left(self) -> Flow:
        """Velocity and pressure of the left corner."""
        return _sum(self._lead(self.x, 1), self._inertia(self.x, 1))

    @property
    def right(self) -> Flow:
        """Velocity and pressure of the right corner."""
        return _sum(self._lead(1 - self.x, -1), self._inertia(1 - self.x, -1))

    @property
    def both(self) -> Flow:
        """Velocity and pressure of both corners."""
        return _sum(self.left, self.right)

    @property
    def near(self) -> Expr:
        """Product of the distances to the corners."""
        down = (1 - self.y) ** 2
        return sqrt(self.x**2 + down) * sqrt((1 - self.x) ** 2 + down)


def inertia(theta: Symbol, nu: float, jump: float) -> tuple[Expr, float]:
    """Solve for the flow that the inertia of Taylor's makes: r² f(θ), at rest on lid and wall.

    With Taylor's function t(θ) and h = t + t_θθ, f and its slope vanish at both ends and
    f_θθθθ + 4 f_θθ = -(t h)_θ / ν. Returns f and the number k in its pressure ν k log r.
    """
    a, c, d = (float(jump * k) for k in TAYLOR)
    s, o = sin(2 * theta), cos(2 * theta)
    # particular solutions of f_θθ + 4 f = -(1/ν) ∫ t h, term by term
    found = (
        (a * c - c * d) / 2 * theta * s / 4
        + a * d * theta / 4
        + (a * d / 2 + (c**2 - d**2) / 4) * theta * o / 4
        + (c**2 - d**2) / 2 * (theta**2 * s / 8 + theta * o / 16)
        - c * d * (-(theta**2) * o / 8 + theta * s / 16)
    ) / nu
    free = (theta / 4, Integer(1), o, s)
    ends: list[tuple[Any, int]] = [(0, 0), (0, 1), (pi / 2, 0), (pi / 2, 1)]

    def at(e: Expr, end: Any, order: int) -> float:
        return float(diff(e, theta, order).subs(theta, end))

    matrix = np.array([[at(e, *end) for e in free] for end in ends])
    k = np.linalg.solve(matrix, [-at(found, *end) for end in ends])
    return found + sum(float(x) * e for x, e in zip(k, free, strict=True)), float(k[0])


def _sum(one: Flow, other: Flow) -> Flow:
    u, v, p = (a + b for a, b in zip(one, other, strict=True))
    return u, v, p


def _carried(u: Expr, v: Expr, what: Expr, x: Symbol, y: Symbol) -> Expr:
    return u * what.diff(x) + v * what.diff(y)


def cavity(lid: Any, nu: float, **kind: float) -> Problem:
    """Pose the steady Navier-Stokes equations for what the corners leave of the flow.

    Momentum rows are multiplied by the distances to both corners, where products of the
    corners' flow with the rest are not smooth. The pressure is 0 at the lower left corner.
    """
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    corners = Corners(x, y, nu, **kind)
    us, vs, ps = corners.both
    ut, vt, near = us + u, vs + v, corners.near
    known: dict[str, tuple[Expr, Expr, Any]] = {
        "lid": (_speed(corners) - lid(x), 0 * x, Eq(y, 1)),  # both corners' flow along the lid
        "left": (*corners.right[:2], Eq(x, 0)),  # that of the left corner vanishes there
        "right": (*corners.left[:2], Eq(x, 1)),
        "bottom": (us, vs, Eq(y, 0)),
    }
    conditions: dict[str, Any] = {
        "pressure pin": PointData(p, [[0.0, 0.0]], [-float(ps.subs({x: 0, y: 0}))])
    }
    for name, (along, across, wall) in known.items():
        conditions[f"{name} u"] = Dirichlet(u, -along, on=wall)
        conditions[f"{name} v"] = Dirichlet(v, -across, on=wall)
    carried_x, carried_y = (_carried(ut, vt, w, x, y) for w in (ut, vt))
    if corners.jump:  # their inertia balances this
        for a, b, _ in corners.leads:
            carried_x -= _carried(a, b, a, x, y)
            carried_y -= _carried(a, b, b, x, y)
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={
            "momentum x": near * (carried_x + p.diff(x) - nu * laplacian(u, x, y)),
            "momentum y": near * (carried_y + p.diff(y) - nu * laplacian(v, x, y)),
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions=conditions,
    )


def _speed(corners: Corners) -> Expr:
    """Speed along the lid that both corners have together."""
    return sympify(corners.slope or 2 * corners.jump)


def whole_flow(problem: Any, nu: float, **kind: float) -> dict[str, Expr]:
    """Velocity and pressure, the corners' parts included; at rest in the corners themselves."""
    x, y = problem.coordinates
    us, vs, ps = Corners(x, y, nu, **kind).both
    u, v, p = problem.unknowns
    inside = (x - x**2) ** 2 + (1 - y) ** 2 > 1e-20
    return {
        "u": Piecewise((us + u, inside), (0, True)),
        "v": Piecewise((vs + v, inside), (0, True)),
        "p": ps + p,
    }
