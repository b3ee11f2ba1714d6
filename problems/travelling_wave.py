"""A shock front that travels: Burgers' equation with its tanh wave.

    u_t + u u_x = ν u_xx on [-1, 1],  0 ≤ t ≤ 1,
    u = c - a tanh(a (x - c t) / (2 ν)).

`nu` is the viscosity ν = 0.1, `speed` is c = 1/2, `height` is a = 1/2: the front falls from
c + a on the left to c - a on the right and moves with the speed c.

Source: J. M. Burgers, A mathematical model illustrating the theory of turbulence, Adv. Appl.
Mech. 1 (1948) 171-199; G. B. Whitham, Linear and Nonlinear Waves (1974), section 4.3.

The front has the width 4 ν / a; it becomes steep with small `nu` or large `height`. Nonlinear,
smooth, and a function of x - c t alone: `kanpde solve --symbolic` finds the closed form.

Good values: 1e-8 and below for fronts that are wider than a tenth of the interval.
"""

from sympy import nsimplify, tanh

from kanpde import Dirichlet, Initial, Interval, Problem, TimeInterval, coordinates, unknown


def problem(nu: float = 0.1, speed: float = 0.5, height: float = 0.5) -> Problem:
    """Burgers' equation with a travelling front."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    nu, c, a = (nsimplify(value, rational=True) for value in (nu, speed, height))
    exact = c - a * tanh(a * (x - c * t) / (2 * nu))
    return Problem(
        domain=Interval(x, -1, 1) * TimeInterval(t, 0, 1),
        equations={"burgers": u.diff(t) + u * u.diff(x) - nu * u.diff(x, 2)},
        conditions={"start": Initial(u, exact.subs(t, 0)), "ends": Dirichlet(u, exact)},
        exact={u: exact},
    )
