"""A damped oscillator: an ordinary differential equation.

    u″ + μ u′ + k u = 0,  0 ≤ t ≤ 1,  μ = 4, k = 400,
    u(0) = 1, u′(0) = 0,
    u = exp(-δt) (cos ωt + (δ/ω) sin ωt),  δ = μ/2 = 2,  ω = √(k - δ²) = 19.9.

Source: any text on mechanics; as an example for physics-informed networks by Moseley, So, what
is a physics-informed neural network?, 2021 (the same numbers with mass 1).

About three periods while the amplitude falls to 0.14. The only coordinate is time: there is
no boundary, just two initial conditions. It is hard for nets that learn low frequencies first
(raise `k`), and for rows: k u is 400 times as large as u, so the initial rows need their
weight.

Good values: linear and smooth, so 1e-10 is within reach. `k` must exceed μ²/4 (a damped
oscillation, not a creep to rest).
"""

from sympy import cos, exp, sin, sqrt

from kanpde import Initial, Problem, TimeInterval, coordinates, unknown


def problem(mu: float = 4.0, k: float = 400.0) -> Problem:
    """Damped oscillator released at u = 1."""
    t = coordinates("t")
    u = unknown("u", t)
    if not k > mu**2 / 4:
        raise ValueError(f"k: expected more than mu**2/4 = {mu**2 / 4} (underdamped), got {k}")
    delta = mu / 2
    omega = sqrt(k - delta**2)
    return Problem(
        domain=TimeInterval(t, 0, 1),
        equations={"oscillator": u.diff(t, 2) + mu * u.diff(t) + k * u},
        conditions={"position": Initial(u, 1), "velocity": Initial(u.diff(t), 0)},
        exact={u: exp(-delta * t) * (cos(omega * t) + delta / omega * sin(omega * t))},
    )
