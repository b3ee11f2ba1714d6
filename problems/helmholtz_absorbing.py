"""Waves that leave a square: the Helmholtz equation with an absorbing boundary.

    Δu + k² u = 0 on [0, 1]²,  ∂u/∂n - i k u = g on all four sides,  k = 10,
    u = exp(ik(x cos α + y sin α)),  α = `angle` in degrees = 30.

Source: Engquist and Majda, Absorbing boundary conditions for the numerical simulation of waves,
Math. Comp. 31 (1977) 629-651 (the condition of first order); Ihlenburg, Finite Element Analysis
of Acoustic Scattering, Springer 1998 (plane waves through a square).

The unknown is complex and written as such; its real and imaginary part are solved for
together. A wave that meets a side at right angles leaves with g = 0; the given plane wave comes
in at an angle, which g accounts for. The problem has one solution at every k, other than with
Dirichlet data, where k² may be an eigenvalue.

Good values: second-order finite elements with 20 points per wave length leave 1e-2, plain networks
1e-2 to 1e-3. Smooth, so a spectral method reaches 1e-12.
"""

from sympy import I, cos, exp, pi, sin

from kanpde import Operator, Problem, Rectangle, coordinates, laplacian, normal, unknown


def problem(k: float = 10.0, angle: float = 30.0) -> Problem:
    """Plane wave of wave number k that crosses the unit square."""
    x, y = coordinates("x y")
    u = unknown("u", x, y, complex=True)
    cx, cy = cos(pi * angle / 180), sin(pi * angle / 180)
    wave = exp(I * k * (cx * x + cy * y))
    slope = normal(x) * u.diff(x) + normal(y) * u.diff(y)
    incoming = I * k * (normal(x) * cx + normal(y) * cy - 1) * wave
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={"helmholtz": laplacian(u, x, y) + k**2 * u},
        conditions={"absorbing": Operator(slope - I * k * u - incoming)},
        exact={u: wave},
    )
