"""Reference solutions of periodic systems: Fourier collocation and an adaptive integrator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.integrate import OdeSolution, solve_ivp

from kanpde.errors import NumericalError
from kanpde.references._points import Array, check_grid, columns_until, periodic_grid

ORDERS = 4


@dataclass(frozen=True)
class PeriodicLines:
    r"""A system ``u_t = F(u, u_x, u_xx, ...)``, periodic in x, by the method of lines.

    Derivatives are those of the interpolating trigonometric polynomial; time is left to scipy's
    DOP853 (or a stiff method) with a tight tolerance and its dense output. Nothing is computed
    before the first call.

    Parameters
    ----------
    initial
        Values at the start of every component, functions of x ``(M,)``.
    rate
        ``rate(d)`` gives du/dt, ``(m, M)``; ``d(k)`` gives the k-th derivative of all
        components, ``(m, M)``, ``d(0)`` the values; k up to 4.
    modes
        Number of grid points M, even.
    interval, final
        The period in x and the end time T.
    method, rtol
        Of `scipy.integrate.solve_ivp`; the absolute tolerance is a hundredth of `rtol`.

    Raises
    ------
    InputError
        If the number of modes is odd or below 16, or the ends of `interval` or `final` are in the
        wrong order; in a call, if a time is outside [0, T].
    ShapeError
        In a call, if the points are not ``(N, 2)``.
    NumericalError
        In the first call, if the integrator stops.

    References
    ----------
    Trefethen, *Spectral Methods in MATLAB*, SIAM, 2000, ch. 3; DOP853: Hairer, Nørsett, Wanner,
    *Solving Ordinary Differential Equations I*, 2nd ed., Springer, 1993, sec. II.10.

    Examples
    --------
    >>> import numpy as np
    >>> heat = PeriodicLines([np.sin], lambda d: d(2), modes=16, interval=(0, 2 * np.pi), final=1)
    >>> bool(abs(heat.component(0)(np.array([[1.0, 0.5]]))[0] - np.exp(-0.5) * np.sin(1)) < 1e-9)
    True
    """

    initial: Sequence[Callable[[Array], Array]]
    rate: Callable[[Callable[[int], Array]], Array]
    modes: int
    interval: tuple[float, float] = (-1.0, 1.0)
    final: float = 1.0
    method: str = "DOP853"
    rtol: float = 1e-12

    def __post_init__(self) -> None:
        """Refuse what the grid cannot be."""
        check_grid(self.modes, self.interval, self.final)

    def component(self, k: int) -> Component:
        """Give component k as a callable of points ``(N, 2)``, columns x and t."""
        return Component(self, k)

    def __call__(self, points: Array) -> Array:
        """Values of all components ``(N, m)`` at points ``(N, 2)``, columns x and t."""
        x, t = columns_until(points, self.final)
        low, high = self.interval
        m = len(self.initial)
        result = np.empty((x.size, m))
        angle = 2 * np.pi * (x - low) / (high - low)
        order = np.argsort(t, kind="stable")
        k = np.arange(self.modes // 2 + 1)
        weight = np.where((k == 0) | (k == self.modes // 2), 1.0, 2.0) / self.modes
        for part in np.array_split(order, max(1, len(order) // 512)):
            states = np.asarray(self.solution(t[part])).T.reshape(len(part), m, -1)
            waves = np.exp(1j * k * angle[part, None]) * weight
            result[part] = np.einsum("nk,nmk->nm", waves, np.fft.rfft(states, axis=2)).real
        return result

    @cached_property
    def solution(self) -> OdeSolution:
        """Dense output of the integrator: time to all values, ``(m M,)``."""
        low, high = self.interval
        x = periodic_grid(self.interval, self.modes)
        start = np.stack([np.asarray(f(x), dtype=np.float64) for f in self.initial])
        k = 2j * np.pi * np.fft.rfftfreq(self.modes, d=(high - low) / self.modes)
        symbols = [k**p for p in range(ORDERS + 1)]
        for p in range(1, ORDERS + 1, 2):
            symbols[p][-1] = 0.0  # an odd derivative of the highest mode has no meaning

        def change(_: float, flat: Array) -> Array:
            hat = np.fft.rfft(flat.reshape(start.shape), axis=1)
            rate = self.rate(lambda p: np.fft.irfft(symbols[p] * hat, n=self.modes, axis=1))
            return np.asarray(rate).ravel()

        found = solve_ivp(
            change,
            (0.0, self.final),
            start.ravel(),
            method=self.method,
            rtol=self.rtol,
            atol=1e-2 * self.rtol,
            dense_output=True,
        )
        if not found.success:
            raise NumericalError(f"reference: the integrator stopped: {found.message}")
        assert found.sol is not None
        return found.sol


@dataclass(frozen=True)
class Component:
    """One component of a system's reference: points ``(N, 2)`` to values ``(N,)``.

    Made by `PeriodicLines.component`; the errors are those of `PeriodicLines`, whose one
    integration all components share.

    Parameters
    ----------
    lines
        The system.
    k
        Number of the component.

    Examples
    --------
    >>> import numpy as np
    >>> still = PeriodicLines([np.sin, np.cos], lambda d: 0 * d(0), 16, (0, 2 * np.pi))
    >>> still.component(1)(np.array([[0.0, 0.5]])).round(9).tolist()
    [1.0]
    """

    lines: PeriodicLines
    k: int

    def __call__(self, points: Array) -> Array:
        """Values at points ``(N, 2)``, columns x and t."""
        return self.lines(points)[:, self.k]
