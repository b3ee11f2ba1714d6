"""Measure how accurate the references of the problem files are.

Each reference is compared with itself at a finer resolution and with a second method that
shares neither the discretisation in space nor the integrator in time. Run from the
repository's root:

    python scripts/make_references.py [burgers] [kdv] [allen_cahn]

Prints the table whose numbers stand in docs/problems.md. All three take some minutes on one core.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.polynomial import legendre
from scipy.integrate import solve_ivp

from kanpde import cole_hopf
from kanpde.references import Resolution, SpectralReference

Array = np.ndarray
ROOT = Path(__file__).resolve().parent.parent
NU = 0.01 / np.pi


def load(name: str) -> ModuleType:
    """The module of a problem file."""
    spec = spec_from_file_location(f"problem_{name}", ROOT / "problems" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reference_of(name: str) -> Callable[[Array], Array]:
    """The reference that a problem file gives for its only unknown."""
    (reference,) = load(name).problem().reference.values()
    return reference


def sample_points(count: int) -> Array:
    """Uniform points, and as many that crowd towards t = 0 and the seam x = 1."""
    rng = np.random.default_rng(0)
    uniform = np.c_[rng.uniform(-1, 1, count), rng.uniform(0, 1, count)]
    crowded = np.c_[1 - rng.uniform(0, 1, count) ** 4, rng.uniform(0, 1, count) ** 4]
    return np.r_[uniform, crowded]


def burgers_collocation(nu: float, times: Array, *, n: int = 96, rtol: float = 1e-10):
    """Chebyshev collocation on [0, 1] (u is odd) and Radau: nodes, values (len(times), n + 1)."""
    k = np.arange(n + 1)
    nodes = np.cos(np.pi * k / n)
    c = np.where((k == 0) | (k == n), 2.0, 1.0) * (-1.0) ** k
    gaps = nodes[:, None] - nodes + np.eye(n + 1)
    D = np.outer(c, 1 / c) / gaps
    D -= np.diag(D.sum(axis=1))
    D *= 2.0
    x = 0.5 * (nodes + 1)
    inner = slice(1, -1)
    D2 = (D @ D)[inner, inner]
    D = D[inner, inner]

    def rate(_: float, u: Array) -> Array:
        return nu * (D2 @ u) - u * (D @ u)

    def jacobian(_: float, u: Array) -> Array:
        return nu * D2 - np.diag(D @ u) - u[:, None] * D

    start = -np.sin(np.pi * x[inner])
    run = solve_ivp(
        rate, (0, times[-1]), start, "Radau", times, rtol=rtol, atol=1e-12, jac=jacobian
    )
    return x, np.pad(run.y.T, ((0, 0), (1, 1)))


def gauss_lobatto(degree: int) -> tuple[Array, Array, Array]:
    """Nodes, weights and differentiation matrix of Gauss, Lobatto and Legendre."""
    p = legendre.Legendre.basis(degree)
    x = np.r_[-1.0, np.sort(p.deriv().roots().real), 1.0]
    values = p(x)
    gaps = x[:, None] - x + np.eye(degree + 1)
    D = values[:, None] / values / gaps
    np.fill_diagonal(D, 0.0)
    D -= np.diag(D.sum(axis=1))
    return x, 2 / (degree * (degree + 1) * values**2), D


ELEMENTS = (0, 0.2, 0.38, 0.46, 0.5, 0.54, 0.62, 0.8, 0.92, 0.97, 0.99, 0.997, 1)


def allen_cahn_elements(d: float, times: Array, *, degree: int = 20, rtol: float = 1e-9):
    """Spectral elements on [0, 1] (u is even about 0 and 1, u_x = 0 is natural) and Radau."""
    z, weights, D = gauss_lobatto(degree)
    size = degree * (len(ELEMENTS) - 1) + 1
    x, mass, stiffness = np.zeros(size), np.zeros(size), np.zeros((size, size))
    for e, (a, b) in enumerate(itertools.pairwise(ELEMENTS)):
        part = slice(e * degree, (e + 1) * degree + 1)
        h = (b - a) / 2
        x[part] = a + h * (z + 1)
        mass[part] += h * weights
        stiffness[part, part] += D.T @ (weights[:, None] * D) / h
    diffusion = -d * stiffness / mass[:, None]

    def rate(_: float, u: Array) -> Array:
        return diffusion @ u + 5 * u - 5 * u**3

    def jacobian(_: float, u: Array) -> Array:
        return diffusion + np.diag(5 - 15 * u**2)

    start = x**2 * np.cos(np.pi * x)
    run = solve_ivp(
        rate, (0, times[-1]), start, "Radau", times, rtol=rtol, atol=1e-11, jac=jacobian
    )
    return x, run.y.T


def kdv_integrating_factor(delta: float, times: Array, *, n: int = 512, rtol: float = 3e-14):
    """Fourier modes, skew-symmetric nonlinear term, integrating factor, DOP853."""
    x = -1 + 2 * np.arange(n) / n
    k = np.pi * np.fft.rfftfreq(n, 1 / n)
    k[-1] = 0
    phase = 1j * delta**2 * k**3

    def rate(t: float, w: Array) -> Array:
        factor = np.exp(phase * t)
        hat = factor * w
        u, ux = np.fft.irfft(hat, n), np.fft.irfft(1j * k * hat, n)
        return -(np.fft.rfft(u * ux) + 1j * k * np.fft.rfft(u * u)) / 3 / factor

    start = np.fft.rfft(np.cos(np.pi * x)).astype(complex)
    run = solve_ivp(rate, (0, times[-1]), start, "DOP853", times, rtol=rtol, atol=1e-13)
    return x, np.fft.irfft(run.y.T * np.exp(np.outer(times, phase)), n, axis=1)


def at(reference: Callable[[Array], Array], x: Array, t: float) -> Array:
    """Values of a reference on a line of constant time."""
    return reference(np.c_[x, np.full_like(x, t)])


def report(what: str, difference: Array, truth: Array) -> None:
    """One line: largest and relative root-mean-square difference."""
    relative = np.linalg.norm(difference) / np.linalg.norm(truth)
    print(
        f"  {what:<58} max {np.abs(difference).max():.1e}  relative L2 {relative:.1e}", flush=True
    )


def by_time(
    reference: Callable[[Array], Array], x: Array, times: Array, values: Array, what: str
) -> None:
    """Compare with a second method at several times."""
    for t, line in zip(times, values, strict=True):
        report(f"{what}, t = {t:g}", at(reference, x, t) - line, line)


def burgers() -> None:
    """Cole-Hopf: more nodes; Chebyshev collocation; the steepest slope."""
    points = sample_points(4000)
    reference = cole_hopf(NU)
    finer = cole_hopf(NU, nodes=1200)(points)
    report("256 against 1200 quadrature nodes", reference(points) - finer, finer)
    times = np.array([0.1, 0.25, 0.5, 0.75, 1.0])
    for n in (96, 192):
        x, values = burgers_collocation(NU, times, n=n, rtol=1e-11)
        by_time(reference, x, times, values, f"Chebyshev collocation n = {n}, Radau")
    t = np.linspace(0.4, 0.6, 4001)
    h = 1e-5
    slope = -reference(np.c_[np.full_like(t, h), t]) / h
    print(f"  steepest slope {slope.max():.3f} at t = {t[slope.argmax()]:.4f}")


def refine(name: str, finer: dict[str, Resolution]) -> SpectralReference:
    """Compare a problem's spectral reference with finer ones."""
    reference = reference_of(name)
    points = sample_points(10_000)
    begin = time.perf_counter()
    values = reference(points)
    print(f"  {reference.resolution}: {time.perf_counter() - begin:.1f} s")
    for what, resolution in finer.items():
        begin = time.perf_counter()
        other = dataclasses.replace(reference, resolution=resolution)(points)
        early, half = points[:, 1] < 0.01, len(points) // 2
        what += f" ({time.perf_counter() - begin:.0f} s)"
        report(f"{what}, uniform points", (values - other)[:half], other[:half])
        report(f"{what}, t < 0.01", (values - other)[early], other[early])
    return reference


def kdv() -> None:
    """Korteweg-de Vries: twice the steps, the modes, the snapshots; another integrator."""
    reference = refine(
        "kdv",
        {
            "60 000 steps": Resolution(512, 60_000, every=60),
            "1024 modes": Resolution(1024, 30_000, every=30),
            "2000 snapshots": Resolution(512, 30_000, every=15),
        },
    )
    times = np.array([0.1, 0.25, 0.5, 0.75, 1.0])
    x, values = kdv_integrating_factor(0.022, times)
    by_time(reference, x, times, values, "integrating factor, DOP853")


def allen_cahn() -> None:
    """Allen-Cahn: 8192 modes, twice the steps; the corner left in; spectral elements."""
    reference = refine(
        "allen_cahn",
        {
            "8192 modes": Resolution(8192, 384, 8, 8),
            "768 steps, grading 12": Resolution(3072, 768, 12, 8),
        },
    )
    points = sample_points(10_000)
    values = reference(points)
    plain = dataclasses.replace(reference, lift=None, resolution=Resolution(8192, 384, 8, 8))
    late = points[:, 1] > 0.1
    difference = plain(points) - values
    report("8192 modes, corner left in, all points", difference, values)
    report("8192 modes, corner left in, t > 0.1", difference[late], values[late])
    times = np.array([0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 1.0])
    for degree, rtol in ((20, 1e-9), (28, 1e-11)):
        x, lines = allen_cahn_elements(1e-4, times, degree=degree, rtol=rtol)
        by_time(reference, x, times, lines, f"spectral elements p = {degree}, Radau")


def kuramoto_sivashinsky() -> None:
    """Kuramoto-Sivashinsky: twice the steps, the modes, the snapshots."""
    refine(
        "kuramoto_sivashinsky",
        {
            "128 000 steps": Resolution(128, 128_000, every=128),
            "256 modes": Resolution(256, 64_000, every=64),
            "2000 snapshots": Resolution(128, 64_000, every=32),
        },
    )


def schnakenberg() -> None:
    """Schnakenberg: twice the modes, a tighter tolerance, an implicit integrator."""
    problem = load("schnakenberg").problem()
    lines = next(iter(problem.reference.values())).lines
    points = np.random.default_rng(0).uniform([0, 0], [1, 2], (4000, 2))
    values = lines(points)
    for what, changes in {
        "128 modes": {"modes": 128},
        "rtol 1e-13": {"rtol": 1e-13},
        "Radau": {"method": "Radau", "rtol": 1e-11},
    }.items():
        other = dataclasses.replace(lines, **changes)(points)
        for k, name in enumerate("uv"):
            report(f"{what}, {name}", (values - other)[:, k], other[:, k])


def cavity() -> None:
    """Cavity: other degrees."""
    CavityReference = load("cavity").CavityReference
    flow = CavityReference()
    points = np.random.default_rng(0).uniform(0, 1, (4000, 2))
    for degree in (20, 28):
        other = CavityReference(degree=degree)
        for name in ("u", "v", "p", "stream"):
            values, finer = getattr(flow, name)(points), getattr(other, name)(points)
            report(f"degree {degree}, {name}", values - finer, finer)


def main(names: list[str]) -> None:
    """Run the studies that are named, or all."""
    sys.path.insert(0, str(ROOT / "problems"))  # a problem file imports its neighbours
    studies = {
        "burgers": burgers,
        "kdv": kdv,
        "allen_cahn": allen_cahn,
        "kuramoto_sivashinsky": kuramoto_sivashinsky,
        "schnakenberg": schnakenberg,
        "cavity": cavity,
    }
    for name in names or studies:
        print(name)
        studies[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
