"""Reference for the cavity with the lid a x (1 - x): Chebyshev collocation by Newton's method.

Velocities are polynomials of degree N in either coordinate, the pressure one of degree N - 2, and
all equations are asked at the inner Chebyshev points (P_N - P_{N-2}). In the upper corners the
velocity is not smooth and the pressure infinite, like log r; Goodier's solution of Stokes'
equations for a lid of speed a r is split off there, and the polynomials stand for the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from kanpde import NumericalError

Array = NDArray[np.float64]
MOST_STEPS, ACCURACY = 25, 1e-11


@dataclass(frozen=True)
class CavityReference:
    """Steady flow in the unit square below a lid; callables from points ``(N, 2)`` to ``(N,)``.

    Nothing is computed before the first of them is called.

    Parameters
    ----------
    reynolds
        1 / viscosity.
    lid
        a in the lid's speed a x (1 - x).
    degree
        N.

    Raises
    ------
    NumericalError
        In the first call, if Newton's method does not converge.

    Examples
    --------
    >>> flow = CavityReference(10.0, degree=8)
    >>> float(flow.u(np.array([[0.5, 1.0]])).round(9)[0])
    1.0
    """

    reynolds: float = 100.0
    lid: float = 4.0
    degree: int = 24

    @property
    def u(self) -> Callable[[Array], Array]:
        """Velocity along the lid."""
        return lambda points: self.corners(points)[0] + self._rest(0, points)

    @property
    def v(self) -> Callable[[Array], Array]:
        """Velocity across the lid."""
        return lambda points: self.corners(points)[1] + self._rest(1, points)

    @property
    def p(self) -> Callable[[Array], Array]:
        """Pressure, 0 at the origin."""

        def values(points: Array) -> Array:
            with_origin = np.concatenate((np.zeros((1, 2)), points))
            p = self.corners(with_origin)[2] + self._rest(2, with_origin)
            return p[1:] - p[0]

        return values

    @property
    def stream(self) -> Callable[[Array], Array]:
        """Stream function ψ with u = ψ_y, v = -ψ_x, 0 on all walls."""
        bottom = np.array([1.0, 0.0])

        def values(points: Array) -> Array:
            (c, _, _) = self.solution
            integral = chebyshev.chebint(c, lbnd=-1, scl=0.5, axis=1)
            known = self._corner_stream(points) - self._corner_stream(points * bottom)
            z = 2 * points - 1
            return np.asarray(known + chebyshev.chebval2d(z[:, 0], z[:, 1], integral))

        return values

    def corners(self, points: Array) -> tuple[Array, Array, Array]:
        """Velocity and pressure of Goodier's flow in both corners."""
        a, nu = self.lid, 1 / self.reynolds
        down = 1 - points[:, 1]
        u, v, p = (np.zeros(len(points)) for _ in range(3))
        for along, sign in ((points[:, 0], 1.0), (1 - points[:, 0], -1.0)):
            theta = np.arctan2(down, along)
            square = np.maximum(along**2 + down**2, 1e-300)
            u += a * (along + theta * down - np.pi / 2 * down)
            v += sign * a * theta * along
            p += sign * nu * a * np.log(square)
        return u, v, p

    def _corner_stream(self, points: Array) -> Array:
        down = 1 - points[:, 1]
        total = np.zeros(len(points))
        for along in (points[:, 0], 1 - points[:, 0]):
            turned = np.arctan2(down, along) * (along**2 + down**2)
            total -= self.lid / 2 * (along * down + turned - np.pi / 2 * down**2)
        return total

    def _slopes(self, points: Array) -> tuple[Array, Array, Array, Array]:
        """Differentiate the corners' flow: u_x, u_y, v_x, v_y."""
        a, down = self.lid, 1 - points[:, 1]
        ux, uy, vx, vy = (np.zeros(len(points)) for _ in range(4))
        for along, sign in ((points[:, 0], 1.0), (1 - points[:, 0], -1.0)):
            theta, square = np.arctan2(down, along), along**2 + down**2
            ux += sign * a * along**2 / square
            uy += a * (np.pi / 2 - theta - along * down / square)
            vx += a * (theta - along * down / square)
            vy -= sign * a * along**2 / square
        return ux, uy, vx, vy

    def _rest(self, which: int, points: Array) -> Array:
        z = 2 * points - 1
        return np.asarray(chebyshev.chebval2d(z[:, 0], z[:, 1], self.solution[which]))

    @cached_property
    def solution(self) -> tuple[Array, Array, Array]:
        """Chebyshev coefficients of u, v and p without the corners' flow."""
        return _solve(self)


def _solve(flow: CavityReference) -> tuple[Array, Array, Array]:
    n = flow.degree
    x = 0.5 * (1 - np.cos(np.pi * np.arange(n + 1) / n))
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    inner = grid[1:-1, 1:-1].reshape(-1, 2)
    walls = grid.reshape(-1, 2)
    on_lid = walls[:, 1] == 1.0
    u, v = (-c.reshape(n + 1, n + 1) for c in flow.corners(walls)[:2])
    u += np.where(on_lid, flow.lid * walls[:, 0] * (1 - walls[:, 0]), 0.0).reshape(u.shape)
    known = (flow.corners(inner)[:2], flow._slopes(inner))
    u[1:-1, 1:-1] = v[1:-1, 1:-1] = 0.0
    operators = _operators(x)
    p = np.zeros((n - 1) ** 2)
    for _ in range(MOST_STEPS):
        size = _step(flow, operators, known, u, v, p)
        if size < ACCURACY:
            z = 2 * x - 1
            to = np.linalg.inv(chebyshev.chebvander(z, n))
            short = np.linalg.inv(chebyshev.chebvander(z[1:-1], n - 2))
            return to @ u @ to.T, to @ v @ to.T, short @ p.reshape(n - 1, n - 1) @ short.T
    raise NumericalError(
        f"cavity reference: expected Newton's method to converge, it did not at Re = "
        f"{flow.reynolds:g} and degree {n}; raise the degree or lower Re"
    )


@dataclass(frozen=True)
class _Operators:
    """Matrices from all values ``(n + 1)²`` (or inner ones, for p) to the inner points."""

    dx: Array
    dy: Array
    laplacian: Array
    px: Array
    py: Array
    inner: NDArray[np.int64]


def _operators(x: Array) -> _Operators:
    n = len(x) - 1
    first, short = _differentiation(x), _differentiation(x[1:-1])
    second, unit, one = first @ first, np.eye(n + 1), np.eye(n - 1)
    cut = slice(1, -1)
    inner = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)[cut, cut].reshape(-1)
    return _Operators(
        dx=np.asarray(np.kron(first[cut], unit[cut]), dtype=np.float64),
        dy=np.asarray(np.kron(unit[cut], first[cut]), dtype=np.float64),
        laplacian=np.kron(second[cut], unit[cut]) + np.kron(unit[cut], second[cut]),
        px=np.asarray(np.kron(short, one), dtype=np.float64),
        py=np.asarray(np.kron(one, short), dtype=np.float64),
        inner=inner,
    )


def _differentiation(x: Array) -> Array:
    """Differentiate polynomials by their values at Chebyshev points, through their series."""
    z, n = 2 * x - 1, len(x) - 1
    slopes = chebyshev.chebder(np.eye(n + 1), scl=2.0)
    to_series = np.linalg.inv(chebyshev.chebvander(z, n))
    return np.asarray(chebyshev.chebvander(z, n - 1) @ slopes @ to_series)


def _step(
    flow: CavityReference,
    o: _Operators,
    known: tuple[tuple[Array, ...], tuple[Array, ...]],
    u: Array,
    v: Array,
    p: Array,
) -> float:
    """One Newton step, made in place; returns its relative size."""
    (us, vs), (usx, usy, vsx, vsy) = known
    nu, m = 1 / flow.reynolds, len(p)
    U, V = u.reshape(-1), v.reshape(-1)
    ut, vt = us + U[o.inner], vs + V[o.inner]
    ux, uy, vx, vy = usx + o.dx @ U, usy + o.dy @ U, vsx + o.dx @ V, vsy + o.dy @ V
    residual = np.concatenate(
        (
            ut * ux + vt * uy + o.px @ p - nu * (o.laplacian @ U),
            ut * vx + vt * vy + o.py @ p - nu * (o.laplacian @ V),
            o.dx @ U + o.dy @ V,
        )
    )
    dx, dy, laplacian = (a[:, o.inner] for a in (o.dx, o.dy, o.laplacian))
    carried = ut[:, None] * dx + vt[:, None] * dy - nu * laplacian
    zero = np.zeros((m, m))
    matrix = np.block(
        [
            [carried + np.diag(ux), np.diag(uy), o.px],
            [np.diag(vx), carried + np.diag(vy), o.py],
            [dx, dy, zero],
        ]
    )
    matrix[-1] = 0.0  # one continuity equation follows from the others: p = 0 at one point instead
    matrix[-1, -1], residual[-1] = 1.0, p[-1]
    change = np.linalg.solve(matrix, -residual)
    u[1:-1, 1:-1] += change[:m].reshape(u.shape[0] - 2, -1)
    v[1:-1, 1:-1] += change[m : 2 * m].reshape(u.shape[0] - 2, -1)
    p += change[2 * m :]
    return float(np.abs(change[: 2 * m]).max() / max(1.0, flow.lid / 4))
