"""Reference solutions of periodic systems: Fourier collocation and an adaptive integrator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import OdeSolution, solve_ivp

from kanpde.errors import InputError, NumericalError, ShapeError

Array = NDArray[np.float64]
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
        components, ``(m, M)``, ``d(0)`` the values.
    modes
        Number of grid points M, even.
    interval, final
        The period in x and the end time.
    method, rtol
        Of `scipy.integrate.solve_ivp`; the absolute tolerance is a hundredth of `rtol`.

    Raises
    ------
    InputError
        If the number of modes is odd or below 16.

    Examples
    --------
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
        if self.modes < 16 or self.modes % 2:
            raise InputError(f"modes: expected an even number of at least 16, got {self.modes}")

    def component(self, k: int) -> Component:
        """Give component k as a callable of points ``(N, 2)``, columns x and t."""
        return Component(self, k)

    def __call__(self, points: Array) -> Array:
        """Values of all components ``(N, m)`` at points ``(N, 2)``, columns x and t."""
        points = np.asarray(points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ShapeError(f"points: expected shape (N, 2), columns x and t, got {points.shape}")
        low, high = self.interval
        m = len(self.initial)
        result = np.empty((len(points), m))
        angle = 2 * np.pi * (points[:, 0] - low) / (high - low)
        order = np.argsort(points[:, 1], kind="stable")
        k = np.arange(self.modes // 2 + 1)
        weight = np.where((k == 0) | (k == self.modes // 2), 1.0, 2.0) / self.modes
        for part in np.array_split(order, max(1, len(order) // 512)):
            states = np.asarray(self.solution(points[part, 1])).T.reshape(len(part), m, -1)
            waves = np.exp(1j * k * angle[part, None]) * weight
            result[part] = np.einsum("nk,nmk->nm", waves, np.fft.rfft(states, axis=2)).real
        return result

    @cached_property
    def solution(self) -> OdeSolution:
        """Dense output of the integrator: time to all values, ``(m M,)``."""
        low, high = self.interval
        x = low + (high - low) * np.arange(self.modes) / self.modes
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
    """One component of a system's reference: points ``(N, 2)`` to values ``(N,)``."""

    lines: PeriodicLines
    k: int

    def __call__(self, points: Array) -> Array:
        """Values at points ``(N, 2)``, columns x and t."""
        return self.lines(points)[:, self.k]
