"""Points in the unit cube: random, low-discrepancy and tensor quadrature rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.special import roots_legendre
from scipy.stats import qmc

from kanpde.errors import InputError

Array = NDArray[np.float64]
Mask = Callable[[Array], NDArray[np.bool_]]

SCATTERED = ("uniform", "lhs", "sobol", "halton")
TENSOR = ("grid", "chebyshev", "gauss")
SAMPLERS: tuple[str, ...] = SCATTERED + TENSOR

# Rounding n**(1/d) up multiplies the points by at most (4/3)**d. Beyond this
# factor (d > 4) the count is rounded down: 1.5**30 = 2e5 would become 2**30.
_LARGEST_EXCESS = 4


def unit_points(
    n: int, d: int, sampler: str = "sobol", rng: np.random.Generator | None = None
) -> tuple[Array, Array]:  # (N, d), (N,)
    """Draw points in the unit cube, with weights that sum to one.

    Parameters
    ----------
    n
        Number of points. The tensor samplers (``grid``, ``chebyshev``,
        ``gauss``) give about `n`: ``round(n**(1/d))`` on every axis.
    d
        Dimension of the cube; the cube of dimension 0 is one point.
    sampler
        One of `SAMPLERS`: ``uniform`` (independent), ``lhs`` (Latin
        hypercube), ``sobol`` and ``halton`` (scrambled), ``grid`` (midpoints),
        ``chebyshev`` (Chebyshev nodes with Fejér's weights), ``gauss``
        (Gauss–Legendre).
    rng
        Generator that the scattered samplers draw from; the tensor samplers
        need none.

    Returns
    -------
    points
        Shape ``(N, d)``, each entry in [0, 1].
    weights
        Shape ``(N,)``, positive, sum 1; equal for the scattered samplers.

    Raises
    ------
    InputError
        If `n` is not a positive whole number, the sampler is unknown, or a
        scattered sampler comes without a generator.

    Examples
    --------
    >>> points, weights = unit_points(9, 2, "gauss")
    >>> points.shape, round(float(weights @ points[:, 0] ** 5), 12)
    ((9, 2), 0.166666666667)
    """
    check_request(n, sampler, rng)
    if d == 0:
        return np.zeros((1, 0)), np.ones(1)
    if sampler in TENSOR:
        return tensor_points(axis_count(n, d), d, sampler)
    assert rng is not None
    return _scattered(int(n), d, sampler, rng), np.full(int(n), 1.0 / int(n))


def check_request(n: int, sampler: str, rng: np.random.Generator | None) -> None:
    """Raise `InputError` unless `n`, `sampler` and `rng` fit together."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InputError(f"n: expected a whole number of points >= 1, got {n!r}")
    if sampler not in SAMPLERS:
        raise InputError(f"sampler: expected one of {', '.join(SAMPLERS)}, got {sampler!r}")
    if sampler in SCATTERED and not isinstance(rng, np.random.Generator):
        raise InputError(
            f"rng: sampler {sampler!r} expected a numpy Generator, got {type(rng).__name__}; "
            "pass rng=numpy.random.default_rng(seed)"
        )


def axis_count(n: int, d: int) -> int:
    """Return the points per axis of a tensor rule of about `n` points."""
    if d == 0:
        return 1
    count: int = max(1, int(np.rint(float(n) ** (1.0 / d))))
    if count**d > _LARGEST_EXCESS * n:
        count = max(1, int(float(n) ** (1.0 / d)))
    return count


def axis_rule(count: int, sampler: str) -> tuple[Array, Array]:
    """Return nodes in (0, 1) and weights of sum 1 of a one-dimensional rule."""
    if sampler == "gauss":
        nodes, weights = roots_legendre(count)
        return 0.5 * (nodes + 1.0), weights / weights.sum()
    middle = (np.arange(count) + 0.5) / count
    if sampler == "grid":
        return middle, np.full(count, 1.0 / count)
    # Fejér's first rule: exact for polynomials below degree `count`.
    series = np.zeros(count)
    series[::2] = 1.0 / (1.0 - np.arange(0, count, 2) ** 2)
    weights = dct(series, type=3)
    return 0.5 * (1.0 - np.cos(np.pi * middle)), weights / weights.sum()


def tensor_points(count: int, d: int, sampler: str) -> tuple[Array, Array]:
    """Return the tensor rule with `count` nodes on each of `d` axes, C order."""
    nodes, weights = axis_rule(count, sampler)
    return outer([nodes] * d), outer_weights([weights] * d)


def outer(axes: list[Array]) -> Array:  # (product of lengths, len(axes))
    """Return all combinations of the axes' nodes, last axis fastest."""
    if not axes:
        return np.zeros((1, 0))
    mesh = np.meshgrid(*axes, indexing="ij")
    return np.stack([m.reshape(-1) for m in mesh], axis=1)


def outer_weights(axes: list[Array]) -> Array:
    """Return the products of the axes' weights in the order of `outer`."""
    return reduce(lambda a, b: np.multiply.outer(a, b).reshape(-1), axes, np.ones(1))


def _scattered(n: int, d: int, sampler: str, rng: np.random.Generator) -> Array:
    if sampler == "uniform":
        return rng.random((n, d))
    if sampler == "lhs":
        return np.asarray(qmc.LatinHypercube(d, rng=rng).random(n), dtype=np.float64)
    if sampler == "halton":
        return np.asarray(qmc.Halton(d, scramble=True, rng=rng).random(n), dtype=np.float64)
    # Any prefix of a balanced set of 2**m points keeps the low discrepancy.
    power = max(0, int(n - 1).bit_length())
    points = qmc.Sobol(d, scramble=True, rng=rng).random_base2(power)
    return np.asarray(points[:n], dtype=np.float64)
