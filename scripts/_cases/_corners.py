"""Flow near the two upper corners of a cavity: what its lid does there, split off exactly.

Where a lid slides at a speed like s r (r the distance to the corner), or like 1, and meets a wall
at rest, Stokes' equations have a solution that holds both conditions (Goodier 1934, Taylor
1962): stream functions r² f(θ) and r f(θ), with pressures like log r and 1/r that no polynomial
resolves. `Corners` gives the sum of both corners; what is left of the flow is smoother.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Eq, Expr, Max, Piecewise, Symbol, atan2, log, pi, sqrt, sympify

from kanpde import Dirichlet, PointData, Problem, Rectangle, coordinates, laplacian, unknown

Flow = tuple[Expr, Expr, Expr]


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

    def _one(self, along: Expr, sign: int) -> Flow:
        """Velocity and pressure of one corner; `along` is the distance along the lid."""
        down = 1 - self.y
        square, theta = along**2 + down**2, atan2(down, along)
        if self.core:
            square = Max(square, self.core**2)
        if self.slope:
            a = self.slope
            u = a * (along + theta * down - pi * down / 2)
            return u, sign * a * theta * along, sign * self.nu * a * log(square)
        d = 4 / (4 - pi**2) * self.jump
        a, c = -(pi**2) / 4 * d, pi / 2 * d
        # stream function a Y + c θ Y + d θ X with X along the lid and Y down
        u = a + c * theta + (c * down * along + d * along**2) / square
        v = d * theta - (c * down**2 + d * along * down) / square
        return u, sign * v, sign * 2 * self.nu * (d * along + c * down) / square

    @property
    def left(self) -> Flow:
        """Velocity and pressure of the left corner."""
        return self._one(self.x, 1)

    @property
    def right(self) -> Flow:
        """Velocity and pressure of the right corner."""
        return self._one(1 - self.x, -1)

    @property
    def both(self) -> Flow:
        """Velocity and pressure of both corners."""
        u, v, p = (a + b for a, b in zip(self.left, self.right, strict=True))
        return u, v, p

    @property
    def near(self) -> Expr:
        """Product of the distances to the corners."""
        down = (1 - self.y) ** 2
        return sqrt(self.x**2 + down) * sqrt((1 - self.x) ** 2 + down)


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
    carried_x = ut * ut.diff(x) + vt * ut.diff(y)
    carried_y = ut * vt.diff(x) + vt * vt.diff(y)
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

