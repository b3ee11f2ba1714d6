"""Stokes flow in a wedge between walls, or between a wall and an open end: singular corners.

Beside a corner the stream function of viscous flow is a sum of r^(λ+1) f(φ) with exponents λ that
the corner's angle and the conditions on its sides decide (Dean and Montagnon, Math. Proc.
Cambridge Philos. Soc. 45 (1949) 389-394; Moffatt, J. Fluid Mech. 18 (1964) 1-18). Below λ = 1 the
stresses are infinite at the vertex. How strong such a flow is follows from the flow elsewhere: its
factor is an unknown constant of the problem, and what is left is smoother.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from sympy import Dummy, Expr, Max, Symbol, atan2, cos, diff, sin, sqrt

Flow = tuple[Expr, Expr, Expr]
TINY = 1e-24  # square of the distance from where on the vertex is not approached


@dataclass(frozen=True)
class Wedge:
    """A corner, its sides at angles ∓ half the opening from the direction.

    Parameters
    ----------
    vertex
        Where it is.
    direction
        Angle of its bisector, inside the fluid.
    opening
        Angle between the sides.
    free
        Number of the side, 0 or 1, without traction; both are walls unless given. The angle grows
        from side 0 to side 1.
    """

    vertex: tuple[float, float]
    direction: float
    opening: float
    free: int | None = None

    def exponents(self, count: int) -> list[float]:
        """Smallest real exponents λ, up to 1."""
        grid = np.linspace(0.2, 0.999, 400)
        signs = [np.linalg.det(self._matrix(t)) for t in grid]
        brackets = [k for k in range(len(grid) - 1) if signs[k] * signs[k + 1] < 0]
        return [
            float(brentq(lambda t: np.linalg.det(self._matrix(t)), grid[k], grid[k + 1]))
            for k in brackets[:count]
        ]

    def _matrix(self, power: float) -> np.ndarray:
        """Conditions on both sides, ``(4, 4)``, of the four functions of the angle."""
        rows = []
        for side, place in enumerate((0.0, self.opening)):
            value, slope, second, third = (_derivative(power, place, m) for m in range(4))
            if side != self.free:
                rows += [value, slope]
                continue
            rows.append(second + (1 - power**2) * value)  # traction along the side
            rows.append(third + ((power + 1) ** 2 + 2 * power * (power - 1)) * slope)
        return np.array(rows)

    def flow(self, x: Symbol, y: Symbol, power: float, *, core: float = 0.0) -> Flow:
        """Velocity, and pressure over the viscosity, of the flow with an exponent.

        Nearer to the vertex than `core` the pressure is that at this distance.
        """
        angle = Dummy("phi")
        f = self._shape(angle, power)
        r, phi, dx, dy = self._polar(x, y)
        slope, value = diff(f, angle).subs(angle, phi), f.subs(angle, phi)
        vorticity = (power + 1) ** 2 * f + diff(f, angle, 2)
        pressure = diff(vorticity, angle).subs(angle, phi) / (power - 1)
        pressure *= (Max(r, core) if core else r) ** (power - 1)
        along_r, around = r**power * slope, -(power + 1) * r**power * value
        return (along_r * dx - around * dy) / r, (along_r * dy + around * dx) / r, pressure

    def stream(self, x: Symbol, y: Symbol, power: float) -> Expr:
        """Stream function of the flow with an exponent."""
        angle = Dummy("phi")
        r, phi, _, _ = self._polar(x, y)
        return r ** (power + 1) * self._shape(angle, power).subs(angle, phi)

    def _shape(self, angle: Symbol, power: float) -> Expr:
        weights = np.linalg.svd(self._matrix(power))[2][-1]
        return sum(float(w) * g for w, g in zip(weights, _functions(angle, power), strict=True))

    def _polar(self, x: Symbol, y: Symbol) -> tuple[Expr, Expr, Expr, Expr]:
        """Distance from the vertex, angle from side 0, and the two offsets."""
        turn_x, turn_y = float(np.cos(self.direction)), float(np.sin(self.direction))
        dx, dy = x - self.vertex[0], y - self.vertex[1]
        phi = atan2(turn_x * dy - turn_y * dx, turn_x * dx + turn_y * dy) + self.opening / 2
        return sqrt(dx**2 + dy**2 + TINY), phi, dx, dy


def _functions(angle: Symbol, power: float) -> tuple[Expr, ...]:
    up, down = (power + 1) * angle, (power - 1) * angle
    return cos(up), sin(up), cos(down), sin(down)


def _derivative(power: float, angle: float, order: int) -> np.ndarray:
    """Derivatives of `_functions` at an angle, ``(4,)``."""
    rates = np.array([power + 1, power + 1, power - 1, power - 1])
    shift = 0.5 * np.pi * order - np.array([0, 0.5 * np.pi, 0, 0.5 * np.pi])
    return rates**order * np.cos(rates * angle + shift)
