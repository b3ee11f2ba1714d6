r"""Love's integral equation: the charge of two parallel discs.

    u(x) - (1/π) ∫₋₁¹ d/(d² + (x - s)²) u(s) ds = 1 on [-1, 1].

`d` = 1 is the distance of the discs in units of their radius; u is the density of charge for equal
and opposite potentials. u is even and smooth, with poles of the kernel at a distance d from the
interval: discs that come close are harder.

Source: Love, The electrostatic field of two equal circular co-axial conducting disks, Quart. J.
Mech. Appl. Math. 2 (1949) 428-451. A standard test of solvers of Fredholm equations of the second
kind; the DeepXDE and PINN papers on integral equations use the like.

There is no derivative and no condition: all that couples the points is the integral, whose kernel
depends on the equation's own point, so every row takes Gauss nodes of its own.

Good values: linear and smooth, so 1e-13 is within reach for d = 0.2 ... 1. The reference is
Nyström's method with 400 Gauss nodes, which agrees with 800 to 2e-14 at d = 1 (6e-13 at d = 0.2).
"""

import numpy as np
from sympy import Integral, Symbol, nsimplify, pi

from kanpde import Interval, Problem, coordinates, unknown

NODES = 400


def problem(d: float = 1.0) -> Problem:
    """Fredholm equation of the second kind."""
    x, s = coordinates("x"), Symbol("s", real=True)
    u = unknown("u", x)
    gap = nsimplify(d, rational=True)
    kernel = gap / (gap**2 + (x - s) ** 2) / pi
    return Problem(
        domain=Interval(x, -1, 1),
        equations={"love": u - Integral(kernel * u.subs(x, s), (s, -1, 1)) - 1},
        reference={u: lambda points: nystrom(points[:, 0], d)},
    )


def densities(d: float, count: int = NODES):
    """Solve at Gauss nodes: nodes, weights and values."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    matrix = np.eye(count) - kernel_at(nodes, nodes, d) * weights
    return nodes, weights, np.linalg.solve(matrix, np.ones(count))


def kernel_at(x, s, d):
    """Kernel at points x and nodes s, ``(N, Q)``."""
    return d / (d**2 + (x[:, None] - s) ** 2) / np.pi


def nystrom(x, d: float, count: int = NODES):
    """Density at points, by the equation itself from its values at the nodes."""
    nodes, weights, values = densities(d, count)
    return 1 + kernel_at(x, nodes, d) @ (weights * values)
