"""Poisson's equation in many dimensions: a sum of sines, as it is or in rotated coordinates.

    Δu = -π²/4 Σ sin(π yᵢ/2) on [0, 1]^d, u on the boundary, y = Q x,
    u = Σ sin(π yᵢ/2), Q the identity or a rotation.

`rotate` is the seed of a random rotation Q about the middle of the box; 0 leaves the coordinates
as they are. Then u is a sum of functions of one coordinate, and a network that may be one has
an easy task: its rows are marked as matched to that structure. After a rotation no sum of
functions of few coordinates is exact.

Source: Hao et al., PINNacle: a comprehensive benchmark of physics-informed neural networks for
solving PDEs, NeurIPS 2024, problem PNd (d = 5, no rotation).

High dimension punishes everything that grows like a grid. What is tried first costs no more than
d times one dimension.

Good values: PINNacle reports relative L2 errors of 4.6e-4 to 1e-2 for d = 5.
"""

import numpy as np
from sympy import Add, Float, pi, sin

from kanpde import Box, Dirichlet, Problem, coordinates, laplacian, unknown


def problem(d: int = 5, rotate: int = 0) -> Problem:
    """Poisson's equation with a sum of sines, rotated about the middle of the box if asked."""
    xs = coordinates(f"x1:{d + 1}") if d > 1 else (coordinates("x1"),)
    u = unknown("u", *xs)
    ys = list(xs)
    if rotate:
        q, r = np.linalg.qr(np.random.default_rng(rotate).normal(size=(d, d)))
        q = q * np.sign(np.diag(r))
        middle = [x - 0.5 for x in xs]
        ys = [
            0.5 + Add(*(Float(a, 17) * m for a, m in zip(row, middle, strict=True)))
            for row in q.tolist()
        ]
    total = Add(*(sin(pi * y / 2) for y in ys))
    return Problem(
        domain=Box(*((x, 0, 1) for x in xs)),
        equations={"poisson": laplacian(u, *xs) + pi**2 / 4 * total},
        conditions={"faces": Dirichlet(u, total)},
        exact={u: total},
    )
