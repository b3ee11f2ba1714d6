"""Sound that a hard disc scatters: the Helmholtz equation about an obstacle.

    Δu + k² u = 0 on [-2, 2]² less the disc r < a,  a = 1/2,  k = 4,
    ∂u/∂n = -∂/∂n exp(ikx) on the disc,
    u = -Σₙ iⁿ εₙ Jₙ'(ka)/Hₙ'(ka) Hₙ(kr) cos nθ;   ε₀ = 1, else 2, H = H⁽¹⁾.

Source: Morse and Ingard, Theoretical Acoustics, McGraw-Hill 1968, section 8.1; Ihlenburg, Finite
Element Analysis of Acoustic Scattering, Springer 1998, section 2.1.

A plane wave meets a disc that does not give way; u is what the disc sends out. On the outer
square ∂u/∂n - iku is given, so that the problem has one solution at every k. The series ends
where its terms fall below round-off. Functions of log r and the angle follow the wave beside
the disc, polynomials elsewhere.

Good values: second-order finite elements with 20 points per wave length leave 1e-2, plain networks
1e-1 to 1e-2; smooth, so a spectral method reaches 1e-10.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import h1vp, hankel1, jvp
from sympy import I, Rational, exp

from kanpde import (
    Disk,
    Operator,
    Problem,
    Rectangle,
    coordinates,
    laplacian,
    normal,
    table,
    unknown,
)

NODES = 200  # of a table along a side


def scattered(k: float, a: float, slope: bool = False) -> Callable[[np.ndarray], np.ndarray]:
    """Scattered field at points ``(N, 2)``, or its gradient ``(N, 2)`` with `slope`."""
    orders = np.arange(20 + int(2 * k * a))
    strengths = -(1j**orders) * jvp(orders, k * a) / h1vp(orders, k * a)
    strengths[1:] *= 2

    def field(points: np.ndarray) -> np.ndarray:
        r, angle = np.hypot(*points.T)[:, None], np.arctan2(points[:, 1], points[:, 0])[:, None]
        cosine = strengths * np.cos(orders * angle)
        if not slope:
            return (cosine * hankel1(orders, k * r)).sum(axis=1)
        along_r = (k * cosine * h1vp(orders, k * r)).sum(axis=1)
        sine = strengths * orders * np.sin(orders * angle)
        turned = -(sine * hankel1(orders, k * r)).sum(axis=1) / r[:, 0]
        outward = points / r
        across = np.stack((-outward[:, 1], outward[:, 0]), axis=1)
        return along_r[:, None] * outward + turned[:, None] * across

    return field


def problem(k: float = 4.0) -> Problem:
    """Field that a hard disc of radius 1/2 sends out, at wave number k."""
    x, y = coordinates("x y")
    u = unknown("u", x, y, complex=True)
    radius = Rational(1, 2)
    square = Rectangle((x, -2, 2), (y, -2, 2))
    slope = normal(x) * u.diff(x) + normal(y) * u.diff(y)
    incoming = normal(x) * I * k * exp(I * k * x)
    conditions = {"hard": Operator(slope + incoming, on="disc")}
    field, gradient = scattered(k, 0.5), scattered(k, 0.5, slope=True)
    nodes = np.linspace(-2, 2, NODES)
    for face in square.faces:
        points = np.stack((nodes, nodes), axis=1)
        points[:, face.axis] = face.value
        outward = 2 * face.side - 1
        values = outward * gradient(points)[:, face.axis] - 1j * k * field(points)
        parts = zip(("re", "im"), (values.real, values.imag), strict=True)
        re, im = (table(f"{n}{face.axis}{face.side}", nodes, v, order=5) for n, v in parts)
        along = (y, x)[face.axis]
        given = re(along) + I * im(along)
        conditions[f"absorbing {face.name}"] = Operator(slope - I * k * u - given, on=face.name)
    return Problem(
        domain=square - Disk((x, y), (0, 0), radius, name="disc"),
        equations={"helmholtz": laplacian(u, x, y) + k**2 * u},
        conditions=conditions,
        reference={u: field},
    )
