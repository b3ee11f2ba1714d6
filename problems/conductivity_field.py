"""Find the conductivity of a plate, as a field, from noisy potentials.

    ∇·(a ∇u) + f = 0 on [0, 1]²,  u = 0 on the boundary,
    f known, a(x, y) unknown inside and known on the boundary,
    and u measured at 1600 points.

The measurements are u = sin(πx) sin(πy) + sin(2πx) sin(πy)/2 on points drawn uniformly, with
Gaussian noise of standard deviation `sd`, for a = 1 + exp(-8((x - 0.4)² + (y - 0.6)²)), which gives
the source f. `draw` is the seed of points and noise; the true field enters the source, its boundary
values, the data and the error measure, nothing else.

Source: identification of a conductivity is the textbook example of an ill-posed inverse problem:
Isakov, Inverse Problems for Partial Differential Equations, 3rd ed., Springer 2017; posed for
physics-informed networks by Hao et al., PINNacle, NeurIPS 2024 (another field).

Where ∇u vanishes the data say nothing of a; what is found there is as smooth as the rest. Noise of
1 % in u is noise of any size in its second derivatives, so a must not be read off point by point:
the smoothness of the field is chosen by the marginal likelihood of the data.

Good values: relative L2 error of a of 1e-2 at `sd=0.01` and 3e-2 at `sd=0.1` (networks in the
literature reach 2e-2 at best).
"""

import numpy as np
from sympy import exp, pi, sin

from kanpde import Dirichlet, PointData, Problem, Rectangle, coordinates, unknown

MEASUREMENTS = 1600


def problem(sd: float = 0.01, draw: int = 0) -> Problem:
    """Poisson's equation with an unknown coefficient field and noisy data."""
    x, y = coordinates("x y")
    u, a = unknown("u", x, y), unknown("a", x, y)
    exact = {
        u: sin(pi * x) * sin(pi * y) + sin(2 * pi * x) * sin(pi * y) / 2,
        a: 1 + exp(-8 * ((x - 0.4) ** 2 + (y - 0.6) ** 2)),
    }

    def balance(u, a):
        return (a * u.diff(x)).diff(x) + (a * u.diff(y)).diff(y)

    points, values = measurements(sd, draw)
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={"balance": balance(u, a) - balance(exact[u], exact[a])},
        conditions={
            "walls": Dirichlet(u, 0),
            "conductivity of the rim": Dirichlet(a, exact[a]),
            "data": PointData(u, points, values),
        },
        exact=exact,
    )


def measurements(sd: float, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Make points ``(1600, 2)`` and noisy potentials ``(1600,)``."""
    rng = np.random.default_rng(draw)
    points = rng.uniform(size=(MEASUREMENTS, 2))
    x, y = np.pi * points.T
    clean = np.sin(x) * np.sin(y) + np.sin(2 * x) * np.sin(y) / 2
    return points, clean + sd * rng.standard_normal(MEASUREMENTS)
