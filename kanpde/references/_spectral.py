"""Reference solutions that are computed, not looked up.

`cole_hopf` evaluates the closed form of Burgers' equation by quadrature;
`spectral_reference` integrates a periodic evolution equation by Fourier modes
and ETDRK4. Both give a callable from points ``(N, 2)``, columns x and t in any
order of rows, to values ``(N,)``. Their accuracy is measured by
``scripts/make_references.py`` and written in ``docs/problems.md``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_hermite

from kanpde.errors import InputError, NumericalError, ShapeError

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Reference = Callable[[Array], Array]

_CHUNK = 4096
_CONTOUR_POINTS = 32
_OVERSAMPLING = 4
_STENCIL_X = 12
_STENCIL_T = 10


def cole_hopf(nu: float, *, nodes: int | None = None) -> Reference:
    r"""Solution of Burgers' equation that starts from minus a sine.

    ``u_t + u u_x = nu u_xx`` on the line with ``u(x, 0) = -sin(pi x)``, hence
    ``u(-1, t) = u(1, t) = 0``. The Cole-Hopf transformation gives a quotient
    of two Gaussian integrals, done here by Gauss-Hermite quadrature with the
    largest exponent taken out of numerator and denominator.

    Parameters
    ----------
    nu
        Viscosity, 5e-4 to 1; the values are accurate to 1e-12 where ``nu t <= 1``.
    nodes
        Number of quadrature nodes; chosen from `nu` unless given.

    Returns
    -------
    callable
        Maps points ``(N, 2)`` with columns x and ``t >= 0`` to ``u``, ``(N,)``.

    Raises
    ------
    InputError
        If `nu` is outside [5e-4, 1] or a time is negative.
    ShapeError
        If the points are not ``(N, 2)``.

    References
    ----------
    Basdevant et al., Spectral and finite difference solutions of the Burgers
    equation, Computers & Fluids 14 (1986) 23-41.

    Examples
    --------
    >>> u = cole_hopf(0.01 / np.pi)
    >>> u(np.array([[0.5, 0.0], [0.0, 0.3]])).tolist()
    [-1.0, 0.0]
    """
    if not 5e-4 <= nu <= 1.0:
        raise InputError(f"nu: expected a viscosity from 5e-4 to 1, got {nu}")
    # Small nu moves the saddle points to 1/(2 sqrt(nu t)) Gaussian widths off centre, large nu
    # makes the sine oscillate; measured: 256 nodes leave 1e-13 up to nu = 0.1, 1e-10 at nu = 1.
    count = (256 if 2e-3 <= nu <= 0.1 else 512) if nodes is None else nodes
    z, weights = roots_hermite(count)
    keep = weights > 0.0
    # Symmetric to the last bit, so that u is odd in x up to the order of the sum.
    z = 0.5 * (z - z[::-1])[keep]
    log_weights = np.log(0.5 * (weights + weights[::-1])[keep])

    def chunk(x: Array, t: Array) -> Array:
        y = x[:, None] - 2.0 * np.sqrt(nu * t)[:, None] * z
        exponent = log_weights - np.cos(np.pi * y) / (2.0 * np.pi * nu)
        kernel = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        u: Array = -(np.sin(np.pi * y) * kernel).sum(axis=1) / kernel.sum(axis=1)
        return np.where(t == 0.0, -np.sin(np.pi * x), u)

    def reference(points: Array) -> Array:
        x, t = _columns(points)
        if t.size and t.min() < 0.0:
            raise InputError(f"points: expected times t >= 0, got {t.min()}")
        return _in_chunks(chunk, x, t)

    return reference


@dataclass(frozen=True)
class Lift:
    """A known singular part w of a solution, taken out before modes are counted.

    Parameters
    ----------
    values
        ``values(x, t)`` evaluates w; x of shape ``(N,)``, t of shape ``(N,)``
        or a number. Periodic in x.
    rate
        w solves ``w_t = L w + rate w`` with the equation's own linear part L.
    """

    values: Callable[[Array, Array | float], Array]
    rate: float = 0.0


@dataclass(frozen=True)
class Resolution:
    """How finely a spectral reference is computed.

    Parameters
    ----------
    modes
        Number of grid points in space, even.
    steps
        Time steps in each of the ``grading + 1`` intervals ``[0, 2^-g T]``,
        ``[2^-g T, 2^(1-g) T]``, ..., ``[T/2, T]``.
    grading
        Number of halvings g towards t = 0; 0 is one uniform interval.
    every
        A snapshot is stored after every so many steps (a divisor of `steps`).
    """

    modes: int
    steps: int
    grading: int = 0
    every: int = 1

    def __post_init__(self) -> None:
        """Refuse what the integrator cannot do."""
        if self.modes < 16 or self.modes % 2:
            raise InputError(f"modes: expected an even number of at least 16, got {self.modes}")
        if self.every < 1 or self.steps % self.every or self.steps // self.every < _STENCIL_T:
            raise InputError(
                f"every: expected a divisor of steps = {self.steps} that leaves at least "
                f"{_STENCIL_T} snapshots, got {self.every}"
            )


def spectral_reference(
    initial: Callable[[Array], Array],
    linear: Callable[[Array], NDArray[np.number]],
    nonlinear: Callable[[Array], Array],
    *,
    resolution: Resolution,
    outer: Callable[[Array], NDArray[np.number]] | None = None,
    lift: Lift | None = None,
    interval: tuple[float, float] = (-1.0, 1.0),
    final: float = 1.0,
) -> SpectralReference:
    r"""Describe a reference for a periodic evolution equation ``u_t = L u + M n(u)``.

    Nothing is computed before the first call; that call integrates the whole
    time interval once and keeps snapshots.

    Parameters
    ----------
    initial
        ``u(x, 0)`` on the interval.
    linear
        Fourier symbol of L as a function of the wave number k, ``L exp(ikx) =
        linear(k) exp(ikx)``; for example ``lambda k: -nu * k**2``.
    nonlinear
        The pointwise function n(u).
    resolution
        Modes, steps, grading towards t = 0, snapshots.
    outer
        Symbol of M (none: 1); for a flux u^2/2 it is ``lambda k: -1j * k``.
    lift
        Known part that is evaluated in closed form, for data with a corner.
    interval, final
        The period in x and the end time.

    Returns
    -------
    SpectralReference
        Callable from points ``(N, 2)``, columns x and t, to ``(N,)``.

    Raises
    ------
    NumericalError
        On the first call, if the integration blows up.

    References
    ----------
    Kassam and Trefethen, Fourth-order time-stepping for stiff PDEs, SIAM J.
    Sci. Comput. 26 (2005) 1214-1233.

    Examples
    --------
    >>> heat = spectral_reference(
    ...     lambda x: np.sin(np.pi * x),
    ...     lambda k: -0.1 * k**2,
    ...     lambda u: 0.0 * u,
    ...     resolution=Resolution(modes=16, steps=32),
    ... )
    >>> exact = np.exp(-0.1 * np.pi**2 * 0.77) * np.sin(np.pi * 0.3)
    >>> bool(abs(heat(np.array([[0.3, 0.77]]))[0] - exact) < 1e-8)
    True
    """
    return SpectralReference(initial, linear, nonlinear, resolution, outer, lift, interval, final)


@dataclass(frozen=True)
class SpectralReference:
    """A solution computed by Fourier modes and ETDRK4 on its first call.

    Made by `spectral_reference`, which explains the fields.
    """

    initial: Callable[[Array], Array]
    linear: Callable[[Array], NDArray[np.number]]
    nonlinear: Callable[[Array], Array]
    resolution: Resolution
    outer: Callable[[Array], NDArray[np.number]] | None = None
    lift: Lift | None = None
    interval: tuple[float, float] = (-1.0, 1.0)
    final: float = 1.0
    _x: Array = field(init=False, repr=False, compare=False)
    _wave_numbers: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the grid."""
        modes, length = self.resolution.modes, self.interval[1] - self.interval[0]
        object.__setattr__(self, "_x", self.interval[0] + length * np.arange(modes) / modes)
        k = 2.0 * np.pi * np.fft.rfftfreq(modes, d=length / modes)
        object.__setattr__(self, "_wave_numbers", k)

    def __call__(self, points: Array) -> Array:
        """Values at points ``(N, 2)``: columns x (periodic) and t."""
        x, t = _columns(points)
        slack = 1e-12 * self.final
        if t.size and not (t.min() >= -slack and t.max() <= self.final + slack):
            raise InputError(
                f"points: expected times in [0, {self.final}], got {t.min()} to {t.max()}"
            )
        return _in_chunks(self._evaluate, x, np.clip(t, 0.0, self.final))

    @cached_property
    def snapshots(self) -> tuple[Array, Array]:
        """Times ``(S,)`` and values ``(S, M)`` on the oversampled grid, without the lift."""
        times, coefficients = self._integrate()
        fine = _OVERSAMPLING * self.resolution.modes
        coefficients[:, -1] *= 0.5  # the highest mode stands for both signs of k
        return times, np.fft.irfft(coefficients, n=fine, axis=1) * _OVERSAMPLING

    def _evaluate(self, x: Array, t: Array) -> Array:
        times, values = self.snapshots
        fine = values.shape[1]
        lower, upper = self.interval
        position = (x - lower) / (upper - lower) * fine
        first = np.floor(position).astype(np.int64) - _STENCIL_X // 2 + 1
        nodes = np.broadcast_to(np.arange(_STENCIL_X, dtype=np.float64), (x.size, _STENCIL_X))
        weights_x = _lagrange(position - first, nodes)
        columns = (first[:, None] + np.arange(_STENCIL_X)) % fine
        start = np.searchsorted(times, t, side="right") - _STENCIL_T // 2
        rows = np.clip(start, 0, times.size - _STENCIL_T)[:, None] + np.arange(_STENCIL_T)
        weights_t = _lagrange(t, times[rows])
        result = np.zeros_like(x)
        for j in range(_STENCIL_T):
            line = values[rows[:, j, None], columns]
            result += weights_t[:, j] * np.einsum("ij,ij->i", weights_x, line)
        return result if self.lift is None else result + self.lift.values(x, t)

    def _integrate(self) -> tuple[Array, ComplexArray]:
        resolution, modes = self.resolution, self.resolution.modes
        symbol = _symbol(self.linear, self._wave_numbers)
        start = self.initial(self._x)
        if self.lift is not None:
            start = start - self.lift.values(self._x, 0.0)
        hat = np.fft.rfft(start, n=modes)
        times, stored = [0.0], [hat]
        edges = [0.0] + [self.final * 2.0**-g for g in range(resolution.grading, -1, -1)]
        force = self._force()
        with np.errstate(over="ignore", invalid="ignore"):
            for begin, end in itertools.pairwise(edges):
                h = (end - begin) / resolution.steps
                step = _Etdrk4(symbol, h)
                for i in range(resolution.steps):
                    hat = step(hat, begin + i * h, force)
                    if (i + 1) % resolution.every == 0:
                        times.append(begin + (i + 1) * h)
                        stored.append(hat)
                times[-1] = end
                if not np.isfinite(hat).all():
                    raise NumericalError(
                        f"spectral reference: expected finite values up to t = {end:g}, got "
                        f"infinity or NaN; take more than {resolution.steps} steps"
                    )
        return np.array(times), np.array(stored)

    def _force(self) -> Callable[[ComplexArray, float], ComplexArray]:
        """Fourier coefficients of ``M n(v + w) - rate w`` as a function of those of v."""
        modes, k, lift = self.resolution.modes, self._wave_numbers, self.lift
        outer = None if self.outer is None else _symbol(self.outer, k)
        cache: dict[float, Array] = {}

        def lifted(t: float) -> Array:
            assert lift is not None
            if t not in cache:
                while len(cache) > 2:
                    cache.pop(next(iter(cache)))
                cache[t] = lift.values(self._x, t)
            return cache[t]

        def force(hat: ComplexArray, t: float) -> ComplexArray:
            u = np.fft.irfft(hat, n=modes)
            if lift is not None:
                u += lifted(t)
            product: ComplexArray = np.fft.rfft(self.nonlinear(u))
            if outer is not None:
                product *= outer
            if lift is not None and lift.rate != 0.0:
                product -= lift.rate * np.fft.rfft(lifted(t))
            return product

        return force


class _Etdrk4:
    """One step of exponential time differencing, coefficients by contour integrals."""

    def __init__(self, symbol: ComplexArray, h: float) -> None:
        angles = 2.0 * np.pi * (np.arange(_CONTOUR_POINTS) + 0.5) / _CONTOUR_POINTS
        z = h * symbol[:, None] + np.exp(1j * angles)
        e = np.exp(z)
        self.h = h
        self.full = np.exp(h * symbol)
        self.half = np.exp(0.5 * h * symbol)
        self.q = h * ((np.exp(0.5 * z) - 1.0) / z).mean(axis=1)
        self.f1 = h * ((-4.0 - z + e * (4.0 - 3.0 * z + z**2)) / z**3).mean(axis=1)
        self.f2 = h * 2.0 * ((2.0 + z + e * (z - 2.0)) / z**3).mean(axis=1)
        self.f3 = h * ((-4.0 - 3.0 * z - z**2 + e * (4.0 - z)) / z**3).mean(axis=1)

    def __call__(
        self,
        v: ComplexArray,
        t: float,
        force: Callable[[ComplexArray, float], ComplexArray],
    ) -> ComplexArray:
        middle = t + 0.5 * self.h
        n0 = force(v, t)
        a = self.half * v + self.q * n0
        n1 = force(a, middle)
        n2 = force(self.half * v + self.q * n1, middle)
        n3 = force(self.half * a + self.q * (2.0 * n2 - n0), t + self.h)
        end: ComplexArray = self.full * v + self.f1 * n0 + self.f2 * (n1 + n2) + self.f3 * n3
        return end


def _symbol(function: Callable[[Array], NDArray[np.number]], k: Array) -> ComplexArray:
    """Evaluate a Fourier symbol on the non-negative wave numbers of a real field."""
    values = np.asarray(function(k), dtype=np.complex128).copy()
    values[-1] = values[-1].real  # an odd symbol has no meaning at the highest mode
    return values


def _lagrange(x: Array, nodes: Array) -> Array:
    """Weights of the interpolating polynomial: x ``(N,)``, nodes ``(N, q)``, result ``(N, q)``."""
    weights = np.ones_like(nodes, dtype=np.float64)
    count = nodes.shape[1]
    for j in range(count):
        for m in range(count):
            if m != j:
                weights[:, j] *= (x - nodes[:, m]) / (nodes[:, j] - nodes[:, m])
    return weights


def _columns(points: Array) -> tuple[Array, Array]:
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(f"points: expected shape (N, 2) with columns x and t, got {points.shape}")
    return points[:, 0], points[:, 1]


def _in_chunks(function: Callable[[Array, Array], Array], x: Array, t: Array) -> Array:
    result = np.empty(x.shape)
    for i in range(0, x.size, _CHUNK):
        part = slice(i, i + _CHUNK)
        result[part] = function(x[part], t[part])
    return result
