"""Heat, transport, waves, fronts, an ODE system and a ring."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import ellipj, iv
from sympy import Eq, Float, Rational, cos, exp, log, pi, sin, sqrt, tanh

from _heldout import case
from kanpde import (
    Dirichlet,
    Initial,
    Interval,
    Periodic,
    Problem,
    TimeInterval,
    coordinates,
    unknown,
)


def ends(u, exact, x, places):
    """Values at both ends, each a function of time alone."""
    return {f"x = {a}": Dirichlet(u, exact.subs(x, a), on=Eq(x, a)) for a in places}


@case("time", "u_t = ((1 + x)² u_x)_x on [0, 1], u = 0 at the ends, t ≤ 1/10")
def stretched_rod() -> Problem:
    x, t = coordinates("x t")
    u = unknown("u", x, t)

    def mode(n):
        rate = n * pi / log(2)
        shape = sin(rate * log(1 + x)) / sqrt(1 + x)
        return shape * exp(-(rate**2 + Rational(1, 4)) * t)

    exact = mode(1) + mode(2) / 2
    return Problem(
        Interval(x, 0, 1) * TimeInterval(t, 0, Rational(1, 10)),
        {"heat": u.diff(t) - ((1 + x) ** 2 * u.diff(x)).diff(x)},
        {"start": Initial(u, exact.subs(t, 0)), "ends": Dirichlet(u, 0)},
        exact={u: exact},
    )


@case("time", "u_t + 3u_x/2 = u_xx/100 on [0, 4], t ≤ 3/2: a bell that drifts and spreads")
def drifting_bell() -> Problem:
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    speed, spread = Rational(3, 2), Rational(1, 100)
    exact = exp(-((x - 1 - speed * t) ** 2) / (4 * spread * (1 + t))) / sqrt(1 + t)
    return Problem(
        Interval(x, 0, 4) * TimeInterval(t, 0, Rational(3, 2)),
        {"drift": u.diff(t) + speed * u.diff(x) - spread * u.diff(x, 2)},
        {"start": Initial(u, exact.subs(t, 0)), **ends(u, exact, x, (0, 4))},
        exact={u: exact},
    )


@case("time", "u_t = u_xx + u(1 - u)(u - 3/10) on [-10, 14], t ≤ 8 (Nagumo's front)")
def nagumo_front() -> Problem:
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    a = Rational(3, 10)
    speed = sqrt(2) * (Rational(1, 2) - a)
    exact = 1 / (1 + exp((x - speed * t) / sqrt(2)))
    return Problem(
        Interval(x, -10, 14) * TimeInterval(t, 0, 8),
        {"nagumo": u.diff(t) - u.diff(x, 2) - u * (1 - u) * (u - a)},
        {"start": Initial(u, exact.subs(t, 0)), **ends(u, exact, x, (-10, 14))},
        exact={u: exact},
    )


@case("time", "u_tt = u_xx + u - u³ on [-4, 6], t ≤ 4: a kink of speed 2/5")
def quartic_kink() -> Problem:
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    speed = Rational(2, 5)
    exact = tanh((x - speed * t) / sqrt(2 * (1 - speed**2)))
    return Problem(
        Interval(x, -4, 6) * TimeInterval(t, 0, 4),
        {"quartic": u.diff(t, 2) - u.diff(x, 2) - u + u**3},
        {
            "start": Initial(u, exact.subs(t, 0)),
            "velocity": Initial(u.diff(t), exact.diff(t).subs(t, 0)),
            **ends(u, exact, x, (-4, 6)),
        },
        exact={u: exact},
    )


START = (1.2, 0.0, 1.0)


def body(points: np.ndarray) -> np.ndarray:
    """Angular velocities by Jacobi's elliptic functions, ``(3, N)``."""
    a, _, c = START
    sn, cn, dn, _ = ellipj(c * points[:, 0], a**2 / (3 * c**2))
    return np.stack((a * cn, a * sn, c * dn))


def body_gap() -> float:
    """Elliptic functions against DOP853."""
    t = np.linspace(0, 10, 80)
    kept = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-14, "t_eval": t}
    other = solve_ivp(
        lambda _, w: (-w[1] * w[2], w[0] * w[2], -w[0] * w[1] / 3), (0, 10), START, **kept
    ).y
    gap = np.linalg.norm(body(t[:, None]) - other, axis=1) / np.linalg.norm(other, axis=1)
    return float(gap.max())


@case(
    "time",
    "a′ = -bc, b′ = ca, c′ = -ab/3, t ≤ 10 (Euler's rigid body)",
    "Jacobi's elliptic functions",
    accuracy=1e-12,
    check=body_gap,
)
def rigid_body() -> Problem:
    t = coordinates("t")
    a, b, c = (unknown(name, t) for name in "abc")
    return Problem(
        TimeInterval(t, 0, 10),
        {"a": a.diff(t) + b * c, "b": b.diff(t) - c * a, "c": c.diff(t) + a * b / 3},
        {
            f"start {u.func}": Initial(u, Float(value))
            for u, value in zip((a, b, c), START, strict=True)
        },
        reference={u: lambda p, k=k: body(p)[k] for k, u in enumerate((a, b, c))},
    )


@case("time", "u_t + u_x + u_xxx/20 = 0 on [0, 2π], periodic, t ≤ 2, from exp cos x")
def dispersive_ring() -> Problem:
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    exact = Float(float(iv(0, 1.0)), 17)
    for k in range(1, 16):  # the 16th amplitude is below 1e-17
        rate = k - Rational(k**3, 20)
        exact += 2 * Float(float(iv(k, 1.0)), 17) * cos(k * x - rate * t)
    return Problem(
        Interval(x, 0, 2 * pi) * TimeInterval(t, 0, 2),
        {"dispersion": u.diff(t) + u.diff(x) + u.diff(x, 3) / 20},
        {"start": Initial(u, exp(cos(x))), "seam": Periodic(u, x)},
        exact={u: exact},
    )
