"""A family of Poisson problems: the wave number of the source is an input of the network.

    -Δu = f(x, y, k) on (0, 1)², u = 0 on the boundary, 1 ≤ k ≤ 4,
    f = π² [(1 + k²) sin(kπx) - x sin(kπ)] sin(πy),
    u = [sin(kπx) - x sin(kπ)] sin(πy).

The parameter k changes the number of oscillations, and the solution depends on it nonlinearly.
It is a coordinate of the domain, `ParameterInterval(k, 1, 4)`: an input of the network without
boundary. No solve is needed for another k.

Source: made for kanpde in the manner of parametric PINN benchmarks, such as Penwarden, Zhe,
Narayan, Kirby, A metalearning approach for physics-informed neural networks, J. Comput. Phys. 477
(2023) 111912.

Smooth in all three coordinates, so that a product KAN reaches a very small error; trained
networks are limited by the highest k.

Good values: networks that are trained for the whole family report relative L2 errors of 1e-2
to 1e-3; the largest over 20 values of k is what `scripts/bench_parametric.py` prints.
"""

from sympy import pi, sin

from kanpde import (
    Dirichlet,
    ParameterInterval,
    Problem,
    Rectangle,
    coordinates,
    laplacian,
    unknown,
)


def problem(lowest: float = 1.0, highest: float = 4.0) -> Problem:
    """Poisson's equation for all k between two values."""
    x, y, k = coordinates("x y k")
    u = unknown("u", x, y, k)
    source = pi**2 * ((1 + k**2) * sin(k * pi * x) - x * sin(k * pi)) * sin(pi * y)
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)) * ParameterInterval(k, lowest, highest),
        equations={"poisson": laplacian(u, x, y) + source},
        conditions={"walls": Dirichlet(u, 0)},
        exact={u: (sin(k * pi * x) - x * sin(k * pi)) * sin(pi * y)},
    )
