"""Reference solutions of the nonlinear Schroedinger equation: Fourier modes and splitting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kanpde.errors import InputError, ShapeError

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
STENCIL = 8
CUBE = 1 / (2 - 2 ** (1 / 3))  # Yoshida's triple jump
JUMPS = (CUBE, 1 - 2 * CUBE, CUBE)


@dataclass(frozen=True)
class SplitStep:
    r"""Solution of ``i h_t + h_xx / 2 + |h|^2 h = 0``, periodic in x, by splitting of order four.

    Both halves of the equation are solved exactly: the linear one for every Fourier mode, the
    other at every point. Kept are the modes without their free rotation
    :math:`e^{-ik^2t/2}`, which vary slowly, so that high modes are exact between snapshots
    as well. Nothing is computed before the first call.

    Parameters
    ----------
    initial
        Values at the start, a function of x ``(M,)``.
    modes
        Number of grid points M, even.
    steps
        Time steps, a multiple of `every`.
    interval, final
        The period in x and the end time.
    every
        A snapshot is kept after so many steps.

    Raises
    ------
    InputError
        If the number of modes is odd, or there are too few snapshots.

    References
    ----------
    Yoshida, Construction of higher order symplectic integrators, Phys. Lett. A 150 (1990) 262.

    Examples
    --------
    >>> h = SplitStep(lambda x: 1 / np.cosh(x), modes=256, steps=400, interval=(-20, 20), final=1)
    >>> exact = np.exp(0.5j * 0.7) / np.cosh(1.0)
    >>> bool(abs(h(np.array([[1.0, 0.7]]))[0] - exact) < 1e-6)
    True
    """

    initial: Callable[[Array], Array]
    modes: int
    steps: int
    interval: tuple[float, float] = (-5.0, 5.0)
    final: float = 1.0
    every: int = 10

    def __post_init__(self) -> None:
        """Refuse what the grid cannot be."""
        if self.modes < 16 or self.modes % 2:
            raise InputError(f"modes: expected an even number of at least 16, got {self.modes}")
        if self.steps % self.every or self.steps // self.every < STENCIL:
            raise InputError(
                f"steps: expected a multiple of {self.every} that leaves {STENCIL} snapshots, "
                f"got {self.steps}"
            )

    def __call__(self, points: Array) -> ComplexArray:
        """Complex values ``(N,)`` at points ``(N, 2)``, columns x and t."""
        points = np.asarray(points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ShapeError(f"points: expected shape (N, 2), columns x and t, got {points.shape}")
        times, kept = self.snapshots
        k, result = self._wave_numbers, np.empty(len(points), dtype=np.complex128)
        for part in np.array_split(np.arange(len(points)), len(points) // 256 + 1):
            x, t = points[part].T
            first = np.searchsorted(times, t) - STENCIL // 2
            first = np.clip(first, 0, len(times) - STENCIL)
            places = first[:, None] + np.arange(STENCIL)
            weights = _lagrange(t, times[places])
            slow = np.zeros((len(part), len(k)), dtype=np.complex128)
            for j in range(STENCIL):
                slow += weights[:, j, None] * kept[places[:, j]]
            phase = k * (x[:, None] - self.interval[0]) - 0.5 * k**2 * t[:, None]
            result[part] = (slow * np.exp(1j * phase)).sum(axis=1)
        return result

    @property
    def _wave_numbers(self) -> Array:
        low, high = self.interval
        return np.asarray(2 * np.pi * np.fft.fftfreq(self.modes, d=(high - low) / self.modes))

    @cached_property
    def snapshots(self) -> tuple[Array, ComplexArray]:
        """Times ``(S,)`` and modes without their free rotation ``(S, M)``."""
        low, high = self.interval
        x = low + (high - low) * np.arange(self.modes) / self.modes
        k, dt = self._wave_numbers, self.final / self.steps
        h = np.asarray(self.initial(x), dtype=np.complex128)
        halves = [np.exp(-0.25j * k**2 * a * dt) for a in JUMPS]
        times, kept = [0.0], [np.fft.fft(h) / self.modes]
        for step in range(1, self.steps + 1):
            hat = np.fft.fft(h)
            for a, half in zip(JUMPS, halves, strict=True):
                inner = np.fft.ifft(half * hat)
                inner *= np.exp(1j * a * dt * np.abs(inner) ** 2)
                hat = half * np.fft.fft(inner)
            h = np.fft.ifft(hat)
            if step % self.every == 0:
                t = step * dt
                times.append(t)
                kept.append(hat * np.exp(0.5j * k**2 * t) / self.modes)
        return np.array(times), np.array(kept)


def _lagrange(t: Array, nodes: Array) -> Array:
    """Weights of the interpolating polynomials: t ``(N,)``, nodes ``(N, q)``."""
    weights = np.ones_like(nodes)
    for j in range(nodes.shape[1]):
        for m in range(nodes.shape[1]):
            if m != j:
                weights[:, j] *= (t - nodes[:, m]) / (nodes[:, j] - nodes[:, m])
    return weights
