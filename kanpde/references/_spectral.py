"""Periodic evolution equations by Fourier modes and exponential time differencing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import NdBSpline, make_interp_spline

from kanpde.errors import InputError, NumericalError
from kanpde.references._etdrk4 import Etdrk4
from kanpde.references._points import (
    Array,
    ComplexArray,
    check_grid,
    columns_until,
    periodic_grid,
)

_OVERSAMPLING = 2
_DEGREE = 9  # of the splines between snapshots and between grid points
_MARGIN = 32  # grid points beyond the period: what the spline's ends do wrong falls by 0.6 a point


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

    Examples
    --------
    ``u_t = -u`` from a cosine, whose part ``exp(2 t) cos(pi x)`` is taken out: w has no L here.

    >>> import numpy as np
    >>> wave = lambda x, t: np.exp(2.0 * t) * np.cos(np.pi * x)
    >>> decay = spectral_reference(
    ...     lambda x: np.cos(np.pi * x),
    ...     lambda k: 0.0 * k,
    ...     lambda u: -u,
    ...     lift=Lift(wave, rate=2.0),
    ...     resolution=Resolution(modes=16, steps=64),
    ... )
    >>> bool(abs(decay(np.array([[0.0, 1.0]]))[0] - np.exp(-1.0)) < 1e-7)
    True
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
        Values between snapshots are those of a spline of degree 9.

    Raises
    ------
    InputError
        If `modes` is odd or below 16, `grading` negative, or `every` leaves
        fewer than 10 snapshots or is no divisor of `steps`.

    Examples
    --------
    >>> Resolution(modes=512, steps=30_000, every=30)
    Resolution(modes=512, steps=30000, grading=0, every=30)
    """

    modes: int
    steps: int
    grading: int = 0
    every: int = 1

    def __post_init__(self) -> None:
        """Refuse what the integrator cannot do."""
        check_grid(self.modes, (0.0, 1.0), 1.0)
        if self.grading < 0:
            raise InputError(f"grading: expected a number of halvings >= 0, got {self.grading}")
        if self.every < 1 or self.steps % self.every or self.steps // self.every <= _DEGREE:
            raise InputError(
                f"every: expected a divisor of steps = {self.steps} that leaves at least "
                f"{_DEGREE + 1} snapshots, got {self.every}"
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
        The period in x and the end time T.

    Returns
    -------
    SpectralReference
        Callable from points ``(N, 2)``, columns x (any, periodic) and t in
        [0, T], to ``(N,)``.

    Raises
    ------
    InputError
        If the ends of `interval` or `final` are in the wrong order; in a call,
        if a time is outside [0, T].
    ShapeError
        In a call, if the points are not ``(N, 2)``.
    NumericalError
        In the first call, if the integration blows up.

    References
    ----------
    Kassam and Trefethen, Fourth-order time-stepping for stiff PDEs, SIAM J.
    Sci. Comput. 26 (2005) 1214-1233.

    Examples
    --------
    >>> import numpy as np
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

    Made by `spectral_reference`, which explains the fields, the points and the
    errors. A finer one is made by `dataclasses.replace`.

    Examples
    --------
    >>> import dataclasses
    >>> import numpy as np
    >>> coarse = spectral_reference(
    ...     lambda x: np.sin(np.pi * x),
    ...     lambda k: -0.1 * k**2,
    ...     lambda u: -(u**3),
    ...     resolution=Resolution(modes=32, steps=32),
    ... )
    >>> fine = dataclasses.replace(coarse, resolution=Resolution(modes=64, steps=64))
    >>> point = np.array([[0.3, 0.77]])
    >>> bool(abs(coarse(point) - fine(point))[0] < 1e-7)
    True
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
        check_grid(self.resolution.modes, self.interval, self.final)
        modes, length = self.resolution.modes, self.interval[1] - self.interval[0]
        object.__setattr__(self, "_x", periodic_grid(self.interval, modes))
        k = 2.0 * np.pi * np.fft.rfftfreq(modes, d=length / modes)
        object.__setattr__(self, "_wave_numbers", k)

    def __call__(self, points: Array) -> Array:
        """Values ``(N,)`` at points ``(N, 2)``: columns x (periodic) and t."""
        x, t = columns_until(points, self.final)
        low, high = self.interval
        values = np.asarray(self.solution(np.c_[t, low + np.mod(x - low, high - low)]))
        return values if self.lift is None else values + self.lift.values(x, t)

    @cached_property
    def solution(self) -> NdBSpline:
        """Spline of t and x, without the lift, on [0, T] and one period."""
        times, coefficients = self._integrate()
        coefficients[:, -1] *= 0.5  # the highest mode stands for both signs of k
        in_time = make_interp_spline(times, coefficients, k=_DEGREE)
        fine = _OVERSAMPLING * self.resolution.modes
        places = np.arange(-_MARGIN, fine + _MARGIN + 1)
        values = np.fft.irfft(in_time.c, n=fine, axis=1)[:, places % fine] * _OVERSAMPLING
        low, high = self.interval
        in_space = make_interp_spline(low + (high - low) * places / fine, values.T, k=_DEGREE)
        coefficients = np.ascontiguousarray(in_space.c.T)
        return NdBSpline((in_time.t, in_space.t), coefficients, _DEGREE)

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
                step = Etdrk4(symbol, h)
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


def _symbol(function: Callable[[Array], NDArray[np.number]], k: Array) -> ComplexArray:
    """Evaluate a Fourier symbol on the non-negative wave numbers of a real field."""
    values = np.asarray(function(k), dtype=np.complex128).copy()
    values[-1] = values[-1].real  # an odd symbol has no meaning at the highest mode
    return values
