"""Fisher's equation: a population invades at constant speed.

    u_t = D u_xx + r u (1 - u) on [-10, 20],  0 ≤ t ≤ 5,  D = r = 1,
    u = (1 + exp(√(r/6D) (x - ct)))⁻²,  c = 5 √(rD/6),

with values at start and ends from this wave.

Source: Ablowitz and Zeppetella, Explicit solutions of Fisher's equation for a special wave speed,
Bull. Math. Biol. 41 (1979) 835-840; Fisher, The wave of advance of advantageous genes, Annals of
Eugenics 7 (1937) 355-369, and Kolmogorov, Petrovskii, Piskunov in the same year.

Fronts of every speed of at least 2 √(rD) exist; c = 2.04 is the one with a closed form. The state
ahead of the front, u = 0, is unstable: small errors there grow like exp(rt), by 150 until t = 5.
Good values: relative L2 errors of 1e-3 to 1e-4 for trained networks; the front is smooth and a
polynomial in slabs of time reaches round-off times that growth.
"""

from sympy import exp, sqrt

from kanpde import Dirichlet, Initial, Interval, Problem, TimeInterval, coordinates, unknown


def problem(D: float = 1.0, r: float = 1.0) -> Problem:
    """Fisher's equation with the wave of Ablowitz and Zeppetella."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    speed = 5 * sqrt(r * D / 6)
    exact = (1 + exp(sqrt(r / (6 * D)) * (x - speed * t))) ** -2
    return Problem(
        domain=Interval(x, -10, 20) * TimeInterval(t, 0, 5),
        equations={"fisher": u.diff(t) - D * u.diff(x, 2) - r * u * (1 - u)},
        conditions={"start": Initial(u, exact.subs(t, 0)), "ends": Dirichlet(u, exact)},
        exact={u: exact},
    )
