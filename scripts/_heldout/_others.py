"""Inverse problems, an integral equation, an eigenvalue, an interface."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import mathieu_b, mathieu_sem
from sympy import (
    Eq,
    Integral,
    Piecewise,
    Rational,
    Symbol,
    cos,
    cosh,
    exp,
    pi,
    sin,
    sinh,
    sqrt,
    tanh,
)

from _heldout import case
from kanpde import (
    Constant,
    Constraint,
    Dirichlet,
    Initial,
    Interface,
    Interval,
    Neumann,
    PointData,
    Problem,
    Rectangle,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)

DAMPING, NOISE = 0.3, 0.02


@cache
def swings(method: str = "DOP853", tolerance: float = 1e-13):
    """Angle of the pendulum over time."""

    def slopes(_, state):
        return state[1], -DAMPING * state[1] - 4 * np.sin(state[0])

    kept = {"method": method, "rtol": tolerance, "atol": 1e-14, "dense_output": True}
    return solve_ivp(slopes, (0, 6), (2.0, 0.0), **kept).sol


def swings_gap() -> float:
    """DOP853 against Radau."""
    t = np.linspace(0, 6, 80)
    other = swings("Radau", 1e-10)(t)[0]
    return float(np.linalg.norm(swings()(t)[0] - other) / np.linalg.norm(other))


@case(
    "inverse",
    "θ″ + cθ′ + 4 sin θ = 0, c unknown, 60 angles with noise 0.02, t ≤ 6",
    "DOP853, rtol 1e-13",
    accuracy=1e-10,
    check=swings_gap,
    constants={"c": DAMPING},
)
def damped_pendulum() -> Problem:
    t = coordinates("t")
    theta, c = unknown("theta", t), Symbol("c", real=True)
    rng = np.random.default_rng(12)
    times = rng.uniform(0, 6, (60, 1))
    angles = swings()(times[:, 0])[0] + NOISE * rng.standard_normal(60)
    return Problem(
        TimeInterval(t, 0, 6),
        {"pendulum": theta.diff(t, 2) + c * theta.diff(t) + 4 * sin(theta)},
        {
            "start": Initial(theta, 2),
            "rest": Initial(theta.diff(t), 0),
            "measured": PointData(theta, times, angles),
        },
        constants={c: Constant(1.0, bounds=(0, 5))},
        reference={theta: lambda p: swings()(p[:, 0])[0]},
    )


@case("inverse", "Δu + s = 0 on [0, π] × [0, 1], field s unknown, 900 values of u, noise 0.005")
def hidden_source() -> Problem:
    x, y = coordinates("x y")
    u, s = unknown("u", x, y), unknown("s", x, y)
    exact = sin(x) * sin(pi * y) * (1 + x / 3) + sin(2 * x) * sin(pi * y) / 4
    rng = np.random.default_rng(34)
    points = rng.uniform(size=(900, 2)) * (np.pi, 1)
    a, b = points[:, 0], np.sin(np.pi * points[:, 1])
    clean = np.sin(a) * b * (1 + a / 3) + np.sin(2 * a) * b / 4
    measured = clean + 0.005 * rng.standard_normal(900)
    return Problem(
        Rectangle((x, 0, pi), (y, 0, 1)),
        {"source": laplacian(u, x, y) + s},
        {"walls": Dirichlet(u, 0), "measured": PointData(u, points, measured)},
        exact={u: exact, s: -exact.diff(x, 2) - exact.diff(y, 2)},
    )


@case("integral", "u = sin x + ∫₀ˣ cos(x - s) u(s) ds on [0, 4]")
def renewal() -> Problem:
    x, s = coordinates("x"), Symbol("s", real=True)
    u = unknown("u", x)
    past = Integral(cos(x - s) * u.subs(x, s), (s, 0, x))
    exact = 2 / sqrt(3) * exp(x / 2) * sin(sqrt(3) * x / 2)
    return Problem(Interval(x, 0, 4), {"renewal": u - sin(x) - past}, exact={u: exact})


ORDER, DEPTH = 2, 3.0
LEVEL = float(mathieu_b(ORDER, DEPTH))


def mathieu(points: np.ndarray) -> np.ndarray:
    return mathieu_sem(ORDER, DEPTH, np.degrees(points[:, 0]))[0]


def mathieu_gap() -> float:
    """SciPy's function and eigenvalue against a matrix of 40 sines."""
    k = np.arange(1, 41)
    matrix = np.diag(k**2.0)
    beside = (abs(k[:, None] - k) == 2) * DEPTH - (k[:, None] + k == 2) * DEPTH
    values, vectors = np.linalg.eigh(matrix + beside)
    x = np.linspace(0, np.pi, 80)
    other = np.sin(np.outer(x, k)) @ vectors[:, ORDER - 1]
    found = mathieu(x[:, None])
    other *= np.sign(other @ found)
    gap = np.linalg.norm(found - other) / np.linalg.norm(other)
    return float(max(gap, abs(values[ORDER - 1] / LEVEL - 1)))


@case(
    "eigenvalue",
    "-u″ + 6 cos(2x) u = a u on [0, π], u = 0 at the ends, second level (Mathieu)",
    "scipy's Mathieu functions",
    accuracy=1e-12,
    check=mathieu_gap,
    constants={"a": LEVEL},
)
def mathieu_level() -> Problem:
    x = coordinates("x")
    u, a = unknown("u", x), Symbol("a", real=True)
    return Problem(
        Interval(x, 0, pi),
        {"mathieu": -u.diff(x, 2) + 6 * cos(2 * x) * u - a * u},
        {"ends": Dirichlet(u, 0), "norm": Constraint(Integral(u**2, (x, 0, pi)) - pi / 2)},
        constants={a: Constant(3.0)},
        reference={u: mathieu},
    )


@case("interface", "∇·(k∇u) = 0 on [0, 2] × [0, 1], k = 1 below x = 4/5 and 6 above")
def buried_layer() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    place, better = Rational(4, 5), 6
    k = Piecewise((1, x < place), (better, True))
    near, far = pi * place, pi * (2 - place)
    pull = better * tanh(far)
    A = -(sinh(near) + pull * cosh(near)) / (cosh(near) + pull * sinh(near))
    B = (A * sinh(near) + cosh(near)) / cosh(far)
    low, high = A * sinh(pi * x) + cosh(pi * x), B * cosh(pi * (2 - x))
    return Problem(
        Rectangle((x, 0, 2), (y, 0, 1)),
        {"conduction": (k * u.diff(x)).diff(x) + (k * u.diff(y)).diff(y)},
        {
            "heated": Dirichlet(u, sin(pi * y), on="x=0"),
            "cold": Dirichlet(u, 0, on=["y=0", "y=1"]),
            "insulated": Neumann(u, 0, on="x=2"),
            "contact": Interface(u, at=Eq(x, place), flux=k * u.diff(x)),
        },
        exact={u: Piecewise((low, x < place), (high, True)) * sin(pi * y)},
    )
