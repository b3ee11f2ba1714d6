"""Intervals, rectangles and a box: variable coefficients, layers, mixed conditions."""

from __future__ import annotations

import numpy as np
from sympy import Eq, Rational, cos, erf, exp, sin, sqrt

from _heldout import case
from kanpde import (
    Box,
    Dirichlet,
    Interval,
    Neumann,
    Operator,
    Problem,
    Rectangle,
    Robin,
    coordinates,
    manufactured,
    normal,
    unknown,
)


@case("box", "x² u″ + x u′ = 2u on [1/2, 3], Robin and Neumann")
def euler_rod() -> Problem:
    x = coordinates("x")
    u = unknown("u", x)
    exact = x ** sqrt(2) + x ** (-sqrt(2)) / 3
    slope = exact.diff(x)
    low, high = Rational(1, 2), 3
    return Problem(
        Interval(x, low, high),
        {"euler": x**2 * u.diff(x, 2) + x * u.diff(x) - 2 * u},
        {
            "cooled": Robin(u, 3, 2, (3 * exact - 2 * slope).subs(x, low), on=Eq(x, low)),
            "heated": Neumann(u, slope.subs(x, high), on=Eq(x, high)),
        },
        exact={u: exact},
    )


@case("box", "-u″/120 + u′ = x on [0, 1], u = 0: a layer at the outflow")
def outflow_layer() -> Problem:
    x = coordinates("x")
    u = unknown("u", x)
    eps = Rational(1, 120)
    height = (Rational(1, 2) + eps) / (1 - exp(-1 / eps))
    exact = x**2 / 2 + eps * x - height * (exp((x - 1) / eps) - exp(-1 / eps))
    return Problem(
        Interval(x, 0, 1),
        {"transport": -eps * u.diff(x, 2) + u.diff(x) - x},
        {"ends": Dirichlet(u, 0)},
        exact={u: exact},
    )


@case("box", "u″/100 + 2x u′ = 0 on [-1, 3/2]: a layer at the turning point")
def turning_point() -> Problem:
    x = coordinates("x")
    u = unknown("u", x)
    exact = erf(10 * x)
    return Problem(
        Interval(x, -1, Rational(3, 2)),
        {"turning": u.diff(x, 2) / 100 + 2 * x * u.diff(x)},
        {
            "low": Dirichlet(u, exact.subs(x, -1), on=Eq(x, -1)),
            "high": Dirichlet(u, exact.subs(x, Rational(3, 2)), on=Eq(x, Rational(3, 2))),
        },
        exact={u: exact},
    )


@case("box", "((2 + x) w″)″ + 3w = f on [0, 2], clamped and loaded end", "manufactured")
def foundation_beam() -> Problem:
    x = coordinates("x")
    w = unknown("w", x)
    exact = exp(-x / 2) * sin(3 * x) + x**2
    moment = (2 + x) * w.diff(x, 2)
    beam = moment.diff(x, 2) + 3 * w
    end = exact.diff(x, 2) * (2 + x)
    return Problem(
        Interval(x, 0, 2),
        {"beam": beam - manufactured(beam, {w: exact})},
        {
            "place": Dirichlet(w, 0, on=Eq(x, 0)),
            "turn": Neumann(w, -exact.diff(x).subs(x, 0), on=Eq(x, 0)),
            "moment": Operator(moment - end.subs(x, 2), on=Eq(x, 2)),
            "shear": Operator(moment.diff(x) - end.diff(x).subs(x, 2), on=Eq(x, 2)),
        },
        exact={w: exact},
    )


def hyperbolic(order: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """cosh(a η)/cosh a and sinh(a η)/cosh a for η in [0, 1] without overflow."""
    grown, fallen = np.exp(order * (up - 1)), np.exp(-order * (up + 1))
    below = 1 + np.exp(-2 * order)
    return (grown + fallen) / below, (grown - fallen) / below


def torsion_along(x: np.ndarray, y: np.ndarray, a: float, b: float, terms: int) -> np.ndarray:
    """Solve -Δu = 2, u = 0 on [0, a] × [0, b]: a parabola in x and a series of sines in x."""
    m = np.arange(1, 2 * terms, 2)
    total = np.zeros(len(x))
    for part in np.array_split(np.arange(len(x)), max(1, len(x) // 500)):
        column = x[part, None]
        fall, _ = hyperbolic(m * np.pi * b / (2 * a), abs(2 * y[part, None] / b - 1))
        series = (8 * a**2 / (np.pi * m) ** 3 * fall * np.sin(m * np.pi * column / a)).sum(axis=1)
        total[part] = x[part] * (a - x[part]) - series
    return total


def torsion(points: np.ndarray) -> np.ndarray:
    return torsion_along(points[:, 1], points[:, 0], 1.0, 3.0, 800)


def torsion_gap() -> float:
    """Series along y against the series along x."""
    points = np.random.default_rng(0).uniform(size=(400, 2)) * (1.5, 1.0)
    other = torsion_along(points[:, 0], points[:, 1], 3.0, 1.0, 2400)
    return float(np.linalg.norm(torsion(points) - other) / np.linalg.norm(other))


@case(
    "box",
    "-Δu = 2 on [0, 3/2] × [0, 1], u = 0 on three sides, insulated at x = 3/2",
    "series, 800 terms",
    accuracy=1e-10,
    check=torsion_gap,
)
def torsion_half() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    return Problem(
        Rectangle((x, 0, Rational(3, 2)), (y, 0, 1)),
        {"torsion": u.diff(x, 2) + u.diff(y, 2) + 2},
        {"walls": Dirichlet(u, 0, on=["x=0", "y=0", "y=1"]), "middle": Neumann(u, 0, on="x=1.5")},
        reference={u: torsion},
    )


@case(
    "box",
    "-∇·((1 + x + y²)∇u) + 5u = f on [0, 2] × [-1, 1/2], three kinds of walls",
    "manufactured",
)
def graded_rectangle() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    exact = exp(x / 2 - y) * sin(2 * x + y) + x * y
    k = 1 + x + y**2
    balance = -(k * u.diff(x)).diff(x) - (k * u.diff(y)).diff(y) + 5 * u
    flux = normal(x) * k * u.diff(x) + normal(y) * k * u.diff(y)
    given = k * exact.diff(y) + 2 * exact
    return Problem(
        Rectangle((x, 0, 2), (y, -1, Rational(1, 2))),
        {"balance": balance - manufactured(balance, {u: exact})},
        {
            "left": Dirichlet(u, exact.subs(x, 0), on="x=0"),
            "floor": Dirichlet(u, exact.subs(y, -1), on="y=-1"),
            "slope": Neumann(u, exact.diff(x).subs(x, 2), on="x=2"),
            "film": Operator(flux + 2 * u - given.subs(y, Rational(1, 2)), on="y=0.5"),
        },
        exact={u: exact},
    )


SIDES = (1.6, 1.0)


def levy(points: np.ndarray, terms: int = 500) -> np.ndarray:
    """Deflection under the load 1 by Lévy's single series (Timoshenko, Woinowsky-Krieger)."""
    a, b = SIDES
    x, up = points[:, :1], abs(2 * points[:, 1:] / b - 1)
    m = np.arange(1, 2 * terms, 2)
    half = m * np.pi * b / (2 * a)
    cosh, sinh = hyperbolic(half, up)
    wave = 4 * a**4 / (np.pi * m) ** 5 * np.sin(m * np.pi * x / a)
    series = wave * (-(half * np.tanh(half) + 2) / 2 * cosh + half / 2 * up * sinh)
    plain = x[:, 0]
    return (plain**4 - 2 * a * plain**3 + a**3 * plain) / 24 + series.sum(axis=1)


def levy_gap() -> float:
    """Lévy's series against Navier's double series."""
    a, b = SIDES
    points = np.random.default_rng(0).uniform(size=(60, 2)) * SIDES
    m = np.arange(1, 1200, 2)
    waves = [np.sin(np.pi * m * points[:, k, None] / side) for k, side in enumerate(SIDES)]
    below = np.outer(m, m) * ((m[:, None] / a) ** 2 + (m / b) ** 2) ** 2
    other = 16 / np.pi**6 * np.einsum("nm,mk,nk->n", waves[0], 1 / below, waves[1])
    return float(np.linalg.norm(levy(points) - other) / np.linalg.norm(other))


@case(
    "box",
    "Δ²w = 1 on [0, 8/5] × [0, 1], simply supported",
    "Lévy's series, 500 terms",
    accuracy=1e-11,
    check=levy_gap,
)
def supported_plate() -> Problem:
    x, y = coordinates("x y")
    w = unknown("w", x, y)
    plate = w.diff(x, 4) + 2 * w.diff(x, 2, y, 2) + w.diff(y, 4)
    return Problem(
        Rectangle((x, 0, Rational(8, 5)), (y, 0, 1)),
        {"plate": plate - 1},
        {
            "support": Dirichlet(w, 0),
            "moment x": Operator(w.diff(x, 2), on=["x=0", "x=1.6"]),
            "moment y": Operator(w.diff(y, 2), on=["y=0", "y=1"]),
        },
        reference={w: levy},
    )


@case(
    "box",
    "-(u_xx + 2u_yy + u_zz/2) + 3u = f on [0, 1] × [0, 2] × [-1, 0], three kinds of walls",
    "manufactured",
)
def layered_box() -> Problem:
    x, y, z = coordinates("x y z")
    u = unknown("u", x, y, z)
    exact = cos(x + 2 * y) * exp(-z) + x * sin(3 * z)
    balance = -u.diff(x, 2) - 2 * u.diff(y, 2) - u.diff(z, 2) / 2 + 3 * u
    return Problem(
        Box((x, 0, 1), (y, 0, 2), (z, -1, 0)),
        {"balance": balance - manufactured(balance, {u: exact})},
        {
            "left": Dirichlet(u, exact.subs(x, 0), on="x=0"),
            "right": Dirichlet(u, exact.subs(x, 1), on="x=1"),
            "front": Neumann(u, -exact.diff(y).subs(y, 0), on="y=0"),
            "back": Neumann(u, exact.diff(y).subs(y, 2), on="y=2"),
            "floor": Robin(u, 1, 1, (exact - exact.diff(z)).subs(z, -1), on="z=-1"),
            "roof": Dirichlet(u, exact.subs(z, 0), on="z=0"),
        },
        exact={u: exact},
    )
