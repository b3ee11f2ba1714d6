"""Shapes: a dart, two pipes in a block, an ellipse, a half ring, a wedge, a ball, a trapezoid."""

from __future__ import annotations

from functools import cache

import numpy as np
from sympy import Rational, cos, exp, log, sin, sinh, sqrt, tan

from _heldout import case
from _heldout._harmonic import Harmonic, crowded, outside_corners
from kanpde import (
    Annulus,
    Ball,
    Dirichlet,
    Disk,
    Ellipse,
    Interval,
    Neumann,
    Operator,
    Polygon,
    Problem,
    Rectangle,
    Sector,
    coordinates,
    laplacian,
    manufactured,
    normal,
    unknown,
)


def slope(u, *space):
    """Normal derivative of an expression."""
    return sum(normal(x) * u.diff(x) for x in space)


@case("shape", "Δu + 2 exp u = 0 in a trapezoid (Liouville)")
def liouville_trapezoid() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    squared = (x - Rational(7, 10)) ** 2 + (y + Rational(3, 10)) ** 2
    exact = log(8 / (2 + squared) ** 2)
    lines = {  # along every edge a formula of one coordinate
        "edge1": exact.subs(y, 0),
        "edge2": exact.subs(x, 2 - Rational(3, 5) * y),
        "edge3": exact.subs(y, 1),
        "edge4": exact.subs(x, Rational(3, 10) * y),
    }
    return Problem(
        Polygon((x, y), [(0, 0), (2, 0), (1.4, 1), (0.3, 1)]),
        {"liouville": laplacian(u, x, y) + 2 * exp(u)},
        {edge: Dirichlet(u, value, on=edge) for edge, value in lines.items()},
        exact={u: exact},
    )


DART = [(0.0, 0.0), (1.2, -0.8), (0.3, 1.3), (-1.1, -0.7)]
TIPS = np.array([complex(*corner) for corner in DART])


def paraboloid(z):
    """A solution of Δu = -1."""
    return -0.25 * abs(z) ** 2


@cache
def dart_fit() -> Harmonic:
    poles = outside_corners(TIPS, 70, 1.5)
    function = Harmonic(0.1 + 0.2j, 1.4, 40, poles)
    z = crowded(TIPS, 900)
    return function.fit(z, -paraboloid(z))


def dart_values(points: np.ndarray) -> np.ndarray:
    return dart_fit()(points) + paraboloid(points[:, 0] + 1j * points[:, 1])


def dart_gap() -> float:
    """Largest value on the rim, between the points of the fit, over the largest inside."""
    z = crowded(TIPS, 1711, 1e-9)
    edge = np.stack((z.real, z.imag), axis=1)
    inside, _ = dart().domain.interior(500, sampler="sobol", rng=np.random.default_rng(0))
    return float(abs(dart_values(edge)).max() / abs(dart_values(inside)).max())


@case(
    "shape",
    "Δu + 1 = 0, u = 0 on a dart: one re-entrant corner of 246°",
    "lightning Laplace solver, bounded by its error on the rim",
    accuracy=1e-9,
    check=dart_gap,
)
def dart() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    return Problem(
        Polygon((x, y), DART),
        {"membrane": laplacian(u, x, y) + 1},
        {"rim": Dirichlet(u, 0)},
        reference={u: dart_values},
    )


WIDE, HIGH = 2.0, 1.0
PIPES = [(-0.9 + 0.1j, 0.4, 1.0), (0.8 - 0.25j, 0.3, -0.5)]  # center, radius, temperature


@cache
def pipes() -> Harmonic:
    """Fit; the pipes' images behind the cold walls take the nearest singularities away."""
    holes = [(c, r, 20, True) for c, r, _ in PIPES]
    for c, r, _ in PIPES:
        images = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        for i, j in images:
            across = complex(2 * i * WIDE + (-1) ** i * c.real, 2 * j * HIGH + (-1) ** j * c.imag)
            holes.append((across, r, 12, False))
    function = Harmonic(0.0, 2.0, 30, holes=holes)
    z, values = block_rim(400, 0.0)
    return function.fit(z, values)


def block_rim(many: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Points on walls and pipes with the values there."""
    corners = [complex(-WIDE, -HIGH), complex(WIDE, -HIGH), complex(WIDE, HIGH), -WIDE + 1j * HIGH]
    along = 0.5 - 0.5 * np.cos(np.pi * (np.arange(many) + 0.5 + shift) / (many + 1))
    walls = [a + (b - a) * along for a, b in zip(corners, np.roll(corners, -1), strict=True)]
    turn = np.exp(2j * np.pi * (np.arange(many) + shift) / many)
    rims = [c + r * turn for c, r, _ in PIPES]
    values = [np.full(many, v) for v in (0.0, 0.0, 0.0, 0.0, *(v for *_, v in PIPES))]
    return np.concatenate(walls + rims), np.concatenate(values)


def pipes_values(points: np.ndarray) -> np.ndarray:
    return pipes()(points)


def pipes_gap() -> float:
    """Largest error on walls and pipes, between the points of the fit."""
    z, values = block_rim(1711, 0.37)
    return float(abs(pipes_values(np.stack((z.real, z.imag), axis=1)) - values).max())


@case(
    "shape",
    "Δu = 0 on [-2, 2] × [-1, 1] less two discs: u = 1 and -1/2 on them, 0 on the walls",
    "multipoles and polynomials, bounded by their error on the boundary",
    accuracy=1e-12,
    check=pipes_gap,
)
def two_pipes() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    block = Rectangle((x, -WIDE, WIDE), (y, -HIGH, HIGH))
    walls, domain, held = list(block.parts), block, {}
    for name, (c, r, value) in zip(("hot", "cold"), PIPES, strict=True):
        domain = domain - Disk((x, y), (c.real, c.imag), r, name=name)
        held[name] = Dirichlet(u, value, on=name)
    return Problem(
        domain,
        {"conduction": laplacian(u, x, y)},
        {"walls": Dirichlet(u, 0, on=walls), **held},
        reference={u: pipes_values},
    )


@case("shape", "-Δu + 3u_x + u = f in a turned ellipse, ∂u/∂n + 2u given", "manufactured")
def windy_ellipse() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    exact = exp(-x) * sin(2 * y + 1) + x**2
    balance = -laplacian(u, x, y) + 3 * u.diff(x) + u
    given = slope(exact, x, y) + 2 * exact
    return Problem(
        Ellipse((x, y), (0.4, -0.2), (1.3, 0.7), 0.5),
        {"wind": balance - manufactured(balance, {u: exact})},
        {"film": Operator(slope(u, x, y) + 2 * u - given)},
        exact={u: exact},
    )


@case("shape", "Δu = y in a half ring, insulated inside, u = 0 elsewhere")
def half_ring() -> Problem:
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    inner, outer = Rational(1, 2), Rational(3, 2)
    # (r³/8 + A r + B/r) sin θ: no slope at the inner radius, zero at the outer one.
    both = 1 + inner**2 / outer**2
    A = -(outer**2 / 8 + 3 * inner**4 / (8 * outer**2)) / both
    B = inner**2 * (3 * inner**2 / 8 + A)
    squared = x**2 + y**2
    exact = y * (squared / 8 + A + B / squared)
    below = Rectangle((x, -2, 2), (y, -2, 0), name="table")
    ring = Annulus((x, y), inner=inner, outer=outer) - below
    return Problem(
        ring,
        {"source": laplacian(u, x, y) - y},
        {
            "insulated": Neumann(u, 0, on="inner"),
            "held": Dirichlet(u, 0, on=[n for n in ring.parts if n != "inner"]),
        },
        exact={u: exact},
    )


@case(
    "shape", "-Δu + (1 + x²)u = f in a piece of a cylinder, flux given on its ends", "manufactured"
)
def cylinder_piece() -> Problem:
    x, y, z = coordinates("x y z")
    u = unknown("u", x, y, z)
    exact = exp(x / 2) * cos(y) * sin(2 * z + 1)
    balance = -laplacian(u, x, y, z) + (1 + x**2) * u
    low, high = Rational(-1, 2), Rational(7, 10)
    piece = Sector((x, y), radius=1.2, start=0.3, stop=2.1) * Interval(z, low, high)
    return Problem(
        piece,
        {"balance": balance - manufactured(balance, {u: exact})},
        {
            "arc": Dirichlet(u, exact.subs(y, sqrt(Rational(36, 25) - x**2)), on="arc"),
            "start": Dirichlet(u, exact.subs(y, tan(0.3) * x), on="start"),
            "end": Dirichlet(u, exact.subs(x, y / tan(2.1)), on="end"),
            "ends": Operator(slope(u - exact, z), on=["z=-0.5", "z=0.7"]),
        },
        exact={u: exact},
    )


@case("shape", "Δu = 4u in a ball, ∂u/∂n + u/2 given (Debye)")
def debye_ball() -> Problem:
    x, y, z = coordinates("x y z")
    u = unknown("u", x, y, z)
    place = (Rational(1, 2), Rational(1, 5), 0)
    distance = sqrt(sum((a - b) ** 2 for a, b in zip((x, y, z), place, strict=True)))
    exact = sinh(2 * distance) / distance
    given = slope(exact, x, y, z) + exact / 2
    return Problem(
        Ball((x, y, z), (0.2, -0.1, 0.3), 0.9),
        {"screening": laplacian(u, x, y, z) - 4 * u},
        {"skin": Operator(slope(u, x, y, z) + u / 2 - given)},
        exact={u: exact},
    )
