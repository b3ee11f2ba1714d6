"""Systems and a complex unknown."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.integrate import solve_bvp, solve_ivp
from scipy.special import airy
from sympy import Eq, I, Rational, cos, exp, pi, sin

from _heldout import case
from kanpde import (
    Annulus,
    Dirichlet,
    Interval,
    MeanValue,
    Neumann,
    Operator,
    Problem,
    Rectangle,
    coordinates,
    laplacian,
    manufactured,
    normal,
    unknown,
)


@case("system", "plane stress in a disc that spins on a rigid shaft, rim free")
def spinning_disc() -> Problem:
    x, y = coordinates("x y")
    ux, uy = unknown("ux", x, y), unknown("uy", x, y)
    nu, inner, outer = Rational(3, 10), Rational(1, 2), 2
    stiff = 1 / (1 - nu**2)
    sxx = stiff * (ux.diff(x) + nu * uy.diff(y))
    syy = stiff * (uy.diff(y) + nu * ux.diff(x))
    sxy = (ux.diff(y) + uy.diff(x)) / (2 * (1 + nu))
    # Radial displacement A r + B/r - k r³: zero at the shaft, no stress at the rim.
    k = (1 - nu**2) / 8
    A = k * ((3 + nu) * outer**2 + (1 - nu) * inner**4 / outer**2)
    A /= 1 + nu + (1 - nu) * inner**2 / outer**2
    B = k * inner**4 - A * inner**2
    squared = x**2 + y**2
    radial = A + B / squared - k * squared
    return Problem(
        Annulus((x, y), inner=inner, outer=outer),
        {
            "equilibrium x": sxx.diff(x) + sxy.diff(y) + x,
            "equilibrium y": sxy.diff(x) + syy.diff(y) + y,
        },
        {
            "shaft x": Dirichlet(ux, 0, on="inner"),
            "shaft y": Dirichlet(uy, 0, on="inner"),
            "rim x": Operator(sxx * normal(x) + sxy * normal(y), on="outer"),
            "rim y": Operator(sxy * normal(x) + syy * normal(y), on="outer"),
        },
        vectors={"displacement": (ux, uy)},
        exact={ux: radial * x, uy: radial * y},
    )


@case("system", "Stokes' equations with a force, walls at rest, [0, π] × [0, 2]", "manufactured")
def stokes_eddy() -> Problem:
    x, y = coordinates("x y")
    u, v, p = (unknown(name, x, y) for name in "uvp")
    stream = sin(x) ** 2 * y**2 * (2 - y) ** 2 * exp(y / 2)
    exact = {u: stream.diff(y), v: -stream.diff(x), p: cos(x) * exp(-y)}
    along = -laplacian(u, x, y) / 2 + p.diff(x)
    across = -laplacian(v, x, y) / 2 + p.diff(y)
    return Problem(
        Rectangle((x, 0, pi), (y, 0, 2)),
        {
            "momentum x": along - manufactured(along, exact),
            "momentum y": across - manufactured(across, exact),
            "continuity": u.diff(x) + v.diff(y),
        },
        {"wall u": Dirichlet(u, 0), "wall v": Dirichlet(v, 0), "mean": MeanValue(p, 0)},
        vectors={"velocity": (u, v)},
        exact=exact,
    )


def film_slopes(x, state):
    """u″ = 4uv, v″ = 2uv as a system of first order."""
    u, du, v, dv = state
    return np.stack((du, 4 * u * v, dv, 2 * u * v))


@cache
def film():
    def ends(low, high):
        return np.array([low[0] - 1, low[3], high[1], high[2] - 2])

    x = np.linspace(0, 1, 200)
    start = np.stack((np.exp(-2 * x), -2 * np.exp(-2 * x), 1 + x**2, 2 * x))
    found = solve_bvp(film_slopes, ends, x, start, tol=1e-11, max_nodes=100_000)
    assert found.success
    return found.sol


def film_gap() -> float:
    """Collocation against an initial value problem from its left end, DOP853."""
    x = np.linspace(0, 1, 60)
    kept = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-14}
    other = solve_ivp(film_slopes, (0, 1), film()(0.0), t_eval=x, **kept).y
    gap = np.linalg.norm(film()(x) - other, axis=1) / np.linalg.norm(other, axis=1)
    return float(gap[[0, 2]].max())


@case(
    "system",
    "u″ = 4uv, v″ = 2uv on [0, 1]: two substances meet",
    "scipy's solve_bvp, tol 1e-11",
    accuracy=1e-11,
    check=film_gap,
)
def reacting_film() -> Problem:
    x = coordinates("x")
    u, v = unknown("u", x), unknown("v", x)
    return Problem(
        Interval(x, 0, 1),
        {"first": u.diff(x, 2) - 4 * u * v, "second": v.diff(x, 2) - 2 * u * v},
        {
            "u enters": Dirichlet(u, 1, on=Eq(x, 0)),
            "u stays": Neumann(u, 0, on=Eq(x, 1)),
            "v stays": Neumann(v, 0, on=Eq(x, 0)),
            "v enters": Dirichlet(v, 2, on=Eq(x, 1)),
        },
        reference={u: lambda p: film()(p[:, 0])[0], v: lambda p: film()(p[:, 0])[2]},
    )


def airy_pair(x):
    """Two solutions of h″ + (9x + 2i)h = 0 and their slopes."""
    factor = 9.0 ** (1 / 3)
    ai, aip, bi, bip = airy(-(9 * x + 2j) / factor**2)
    return np.stack((ai, bi)), -factor * np.stack((aip, bip))


def airy_wave(points: np.ndarray) -> np.ndarray:
    start, _ = airy_pair(0.0)
    end, slope = airy_pair(3.0)
    weights = np.linalg.solve(np.stack((start, slope - 5j * end)), np.array([1.0, 0.0]))
    values, _ = airy_pair(points[:, 0])
    return weights @ values


def airy_gap() -> float:
    """Airy's functions against DOP853 from the same start."""
    x = np.linspace(0, 3, 60)
    start, slope = airy_pair(0.0)
    end, end_slope = airy_pair(3.0)
    weights = np.linalg.solve(np.stack((start, end_slope - 5j * end)), np.array([1.0, 0.0]))
    initial = np.array([weights @ start, weights @ slope])
    kept = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-14, "t_eval": x}
    other = solve_ivp(lambda s, h: (h[1], -(9 * s + 2j) * h[0]), (0, 3), initial, **kept).y[0]
    return float(np.linalg.norm(airy_wave(x[:, None]) - other) / np.linalg.norm(other))


@case(
    "system",
    "h″ + (9x + 2i)h = 0 on [0, 3], h complex, h′ = 5ih at the end",
    "Airy's functions",
    accuracy=1e-12,
    check=airy_gap,
)
def lossy_wave() -> Problem:
    x = coordinates("x")
    h = unknown("h", x, complex=True)
    return Problem(
        Interval(x, 0, 3),
        {"wave": h.diff(x, 2) + (9 * x + 2 * I) * h},
        {
            "in": Dirichlet(h, 1, on=Eq(x, 0)),
            "out": Operator(h.diff(x) - 5 * I * h, on=Eq(x, 3)),
        },
        reference={h: airy_wave},
    )
