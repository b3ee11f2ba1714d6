"""A Neumann problem whose constant is fixed by a mean value.

    -u″ = 2 + cos(2πx) on [0, 1],  u′(0) = 1, u′(1) = -1,  ∫₀¹ u dx = m,
    u = x - x² + cos(2πx)/(4π²) + m - 1/6.

`mean` is m = 0.5. The slopes are outward normal derivatives -1 at both ends; they balance the
source, u′(0) - u′(1) = 2 = ∫₀¹ (2 + cos 2πx) dx, without which there would be no solution.

Source: the compatibility condition of Neumann's problem; any text on elliptic equations.

Equation and slopes leave u free up to a constant; only the mean value, one row over many
points, fixes it. A solver that drops that row, or weights it like one point among thousands,
shows a small residual and an error that is a constant.

Good values: linear and smooth, so 1e-10 is within reach. Watch the error's shape: a constant
means the mean value, a line means the slopes.
"""

from sympy import Rational, cos, pi

from kanpde import Interval, MeanValue, Neumann, Problem, coordinates, unknown


def problem(mean: float = 0.5) -> Problem:
    """Neumann problem on an interval with a given mean value."""
    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        domain=Interval(x, 0, 1),
        equations={"poisson": -u.diff(x, 2) - 2 - cos(2 * pi * x)},
        conditions={"ends": Neumann(u, -1), "mean": MeanValue(u, mean)},
        exact={u: x - x**2 + cos(2 * pi * x) / (4 * pi**2) + mean - Rational(1, 6)},
    )
