"""Scattering of a plane wave by a sound-hard disc: a complex Helmholtz problem.

On the outer square the series of the scattered field is prescribed, as the case states it; the
coefficients are numbers, the functions Bessel functions of the distance.
"""

from pathlib import Path

import numpy as np
import scipy.special
import sympy

from kanpde import (
    Dirichlet,
    Disk,
    Neumann,
    Problem,
    Rectangle,
    coordinates,
    table,
    unknown,
)

SETTINGS = {"time_limit": 60}
K, RADIUS, ORDERS, NODES = 2.0, float(np.pi / 4), 40, 400


def scattered(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Evaluate the series at points of the outer square."""
    r, theta = np.hypot(x, y), np.arctan2(y, x)
    total = np.zeros(len(r), dtype=complex)
    for n in range(-ORDERS, ORDERS + 1):
        hard = scipy.special.jvp(n, K * RADIUS) / scipy.special.h1vp(n, K * RADIUS)
        total -= 1j**n * hard * scipy.special.hankel1(n, K * r) * np.exp(1j * n * theta)
    return total


def problem(folder: Path) -> Problem:
    """Total normal derivative zero on the disc, the given trace on the square."""
    x, y = coordinates("x y")
    re, im = unknown("u_re", x, y), unknown("u_im", x, y)
    pi = sympy.pi
    square = Rectangle((x, -pi, pi), (y, -pi, pi))
    domain = square - Disk((x, y), (0, 0), pi / 4, name="disc")
    wave = K * x  # d/dr exp(i k x) = i k cos(theta) exp(i k x)
    slope = K * x / RADIUS
    conditions = {
        "hard_re": Neumann(re, -slope * sympy.sin(wave), on="disc"),
        "hard_im": Neumann(im, slope * sympy.cos(wave), on="disc"),
    }
    nodes = np.linspace(-np.pi, np.pi, NODES)
    for face in square.faces:
        place = [nodes, nodes]
        place[face.axis] = np.full(NODES, face.value)
        values = scattered(*place)
        along = (y, x)[face.axis]
        for u, data, part in ((re, values.real, "re"), (im, values.imag, "im")):
            trace = table(f"{part}_{face.axis}{face.side}", nodes, data, order=5)
            conditions[f"{part} at {face.name}"] = Dirichlet(u, trace(along), on=face.name)
    return Problem(
        domain,
        {
            "helmholtz_re": re.diff(x, 2) + re.diff(y, 2) + K**2 * re,
            "helmholtz_im": im.diff(x, 2) + im.diff(y, 2) + K**2 * im,
        },
        conditions,
    )
