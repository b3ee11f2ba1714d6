"""Find the three constants of Lorenz' equations from noisy amplitudes.

    x' = σ (y - x),  y' = x (ρ - z) - y,  z' = x y - β z,  0 ≤ t ≤ 3,
    x(0) = -8,  y(0) = 7,  z(0) = 27,  σ, ρ, β unknown and positive,
    and x, y, z measured at 100 times.

The measurements are scipy's DOP853 solution at σ = 10, ρ = 28, β = 8/3, at times drawn uniformly,
with Gaussian noise of standard deviation `noise` = 1 % of every component's own. `draw` is the seed
of times and noise. All three constants start at 1.

Source: DeepXDE's inverse Lorenz example (Lu, Meng, Mao, Karniadakis, SIAM Review 63 (2021)
208-228): 25 times without noise, start at 1.

Shooting from (1, 1, 1) ends in a local minimum: the trajectory there has nothing in common with
the data. A fit of the data comes first, and least squares of the equations in the constants.

Good values: every constant within 0.5 %; what the noise leaves open is about 0.05 %.
"""

import numpy as np
from scipy.integrate import solve_ivp
from sympy import Symbol

from kanpde import Constant, Initial, PointData, Problem, TimeInterval, coordinates, unknown

START = (-8.0, 7.0, 27.0)
TRUTH = (10.0, 28.0, 8.0 / 3.0)
TIMES, END = 100, 3.0


def problem(noise: float = 0.01, draw: int = 0, start: float = 1.0) -> Problem:
    """Lorenz' equations with three unknown constants and noisy data."""
    t = coordinates("t")
    x, y, z = unknown("x", t), unknown("y", t), unknown("z", t)
    sigma, rho, beta = (Symbol(n, real=True) for n in ("sigma", "rho", "beta"))
    times, values = measurements(noise, draw)
    unknowns = {"x": x, "y": y, "z": z}
    return Problem(
        domain=TimeInterval(t, 0, END),
        equations={
            "x": x.diff(t) - sigma * (y - x),
            "y": y.diff(t) - x * (rho - z) + y,
            "z": z.diff(t) - x * y + beta * z,
        },
        conditions={
            **{f"start of {n}": Initial(u, START[k]) for k, (n, u) in enumerate(unknowns.items())},
            **{
                f"measured {n}": PointData(u, times[:, None], values[:, k])
                for k, (n, u) in enumerate(unknowns.items())
            },
        },
        constants={
            c: Constant(start, bounds=(0.0, None), exact=true)
            for c, true in zip((sigma, rho, beta), TRUTH, strict=True)
        },
        reference={
            u: lambda points, k=k: trajectory(points[:, 0])[:, k]
            for k, u in enumerate(unknowns.values())
        },
    )


def trajectory(times: np.ndarray) -> np.ndarray:
    """Solution at the true constants, ``(N, 3)`` at times ``(N,)``."""
    sigma, rho, beta = TRUTH

    def slope(_: float, s: np.ndarray) -> list[float]:
        x, y, z = s
        return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

    path = solve_ivp(
        slope, (0.0, END), START, method="DOP853", rtol=1e-13, atol=1e-13, dense_output=True
    )
    return np.asarray(path.sol(times).T)


def measurements(noise: float, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Make times ``(100,)`` and noisy amplitudes ``(100, 3)``."""
    rng = np.random.default_rng(draw)
    times = np.sort(rng.uniform(0.0, END, size=TIMES))
    clean = trajectory(times)
    return times, clean + noise * clean.std(axis=0) * rng.standard_normal(clean.shape)
