"""Lorenz' convection in three amplitudes: where deterministic chaos was found.

    x' = σ (y - x),  y' = x (ρ - z) - y,  z' = x y - β z,  0 ≤ t ≤ 3,
    x(0) = -8,  y(0) = 7,  z(0) = 27,  σ = 10,  ρ = 28,  β = 8/3.

Source: Lorenz, Deterministic nonperiodic flow, J. Atmos. Sci. 20 (1963) 130-141; initial values
of DeepXDE's inverse example (Lu, Meng, Mao, Karniadakis, SIAM Review 63 (2021) 208-228).

Errors grow like exp(0.906 t) (the largest Lyapunov exponent), by 15 up to t = 3 and by 1e4 up to
t = 10 (`-p end=10`). The reference is scipy's DOP853 at a relative tolerance of 1e-13.

Good values: 1e-9 at `end=3`. Networks on the whole interval at once tend to the trivial state
instead; marching through time does not.
"""

import numpy as np
from scipy.integrate import solve_ivp

from kanpde import Initial, Problem, TimeInterval, coordinates, unknown

START = (-8.0, 7.0, 27.0)
SIGMA, RHO, BETA = 10.0, 28.0, 8.0 / 3.0


def problem(end: float = 3.0) -> Problem:
    """Lorenz' equations from the start of DeepXDE's example."""
    t = coordinates("t")
    x, y, z = unknown("x", t), unknown("y", t), unknown("z", t)
    return Problem(
        domain=TimeInterval(t, 0, end),
        equations={
            "x": x.diff(t) - SIGMA * (y - x),
            "y": y.diff(t) - x * (RHO - z) + y,
            "z": z.diff(t) - x * y + BETA * z,
        },
        conditions={
            f"start of {u.func.__name__}": Initial(u, value)
            for u, value in zip((x, y, z), START, strict=True)
        },
        reference={u: component(k, end) for k, u in enumerate((x, y, z))},
    )


def trajectory(times: np.ndarray, end: float) -> np.ndarray:
    """Give the reference ``(N, 3)`` at times ``(N,)``."""

    def slope(_: float, s: np.ndarray) -> list[float]:
        x, y, z = s
        return [SIGMA * (y - x), x * (RHO - z) - y, x * y - BETA * z]

    path = solve_ivp(
        slope, (0.0, end), START, method="DOP853", rtol=1e-13, atol=1e-13, dense_output=True
    )
    return np.asarray(path.sol(times).T)


def component(k: int, end: float):
    """Give one component of the reference as a function of points ``(N, 1)``."""
    return lambda points: trajectory(np.asarray(points)[:, 0], end)[:, k]
