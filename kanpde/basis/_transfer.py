"""Carry a spline over to other knots: exactly where they nest, else by least squares."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

CUTOFF = 1e-12  # singular values below this part of the largest are dropped


class _HasValues(Protocol):
    def values(self, z: Tensor, orders: int = 0) -> Tensor: ...


def with_outer_knots(
    breakpoints: np.ndarray,  # (n_in, G + 1)
    degree: int,
) -> np.ndarray:  # (n_in, G + 2p + 1)
    """Pad the breakpoints by `degree` knots on each side, a mean interval apart.

    Parameters
    ----------
    breakpoints
        Shape ``(n_in, G + 1)``.
    degree
        Degree p.

    Returns
    -------
    ndarray
        Shape ``(n_in, G + 2p + 1)``.

    Examples
    --------
    >>> with_outer_knots(np.array([[-1.0, 0.0, 1.0]]), 1)
    array([[-2., -1.,  0.,  1.,  2.]])
    """
    lower, upper = breakpoints[:, :1], breakpoints[:, -1:]
    steps = np.arange(1, degree + 1) * ((upper - lower) / (breakpoints.shape[1] - 1))
    return np.concatenate([lower - steps[:, ::-1], breakpoints, upper + steps], axis=1)


def subdivided_knots(
    knots: np.ndarray,  # (n_in, G + 2p + 1)
    old: int,
    new: int,
    degree: int,
) -> np.ndarray:  # (n_in, new + 2p + 1)
    """Place `new` intervals evenly in parameter on the `old` ones, padding included.

    Parameters
    ----------
    knots
        Padded knots of the old grid.
    old, new
        Numbers of intervals.
    degree
        Degree p.

    Returns
    -------
    ndarray
        Padded knots of the new grid; old breakpoints are kept exactly when `new`
        is a multiple of `old`.

    Examples
    --------
    >>> subdivided_knots(np.array([[-3.0, -1.0, 1.0, 3.0]]), 1, 2, 1)
    array([[-2., -1.,  0.,  1.,  2.]])
    """
    parameter = np.arange(-degree, new + degree + 1) * old / new
    known = np.arange(-degree, old + degree + 1)
    inner = np.stack([np.interp(parameter, known, row) for row in knots])
    if new >= old:
        return inner
    # a coarser grid needs wider padding than the old knots reach
    return with_outer_knots(inner[:, degree : degree + new + 1], degree)


def blossom(
    old: np.ndarray,  # (n_in, G + 2p + 1)
    new: np.ndarray,  # (n_in, G' + 2p + 1)
    coefficients: Tensor,  # (n_in, G + p, n_out)
    degree: int,
) -> Tensor:  # (n_in, G' + p, n_out)
    """Write a spline in finer knots: coefficient j is its blossom at p new knots.

    The blossom of the polynomial on an interval that function j covers, at
    ``new[j + 1] .. new[j + p]``, by de Boor's triangle with one argument per
    level. Functions that cover nothing get 0.

    Parameters
    ----------
    old, new
        Padded knots; the new contain the old breakpoints.
    coefficients
        In the old knots.
    degree
        Degree p.

    Returns
    -------
    Tensor
        In the new knots; the function on [lower, upper] is the same.

    References
    ----------
    Ramshaw, *Blossoms are polar forms*, Computer Aided Geometric Design, 1989.

    Examples
    --------
    >>> line = torch.tensor([[[-1.0], [1.0]]])
    >>> old, new = np.array([[-3.0, -1, 1, 3]]), np.array([[-2.0, -1, 0, 1, 2]])
    >>> blossom(old, new, line, 1)[0, :, 0]
    tensor([-1.,  0.,  1.])
    """
    p, count = degree, new.shape[1] - degree - 1
    span, covered = _covered_spans(old, new, p)
    row = np.arange(old.shape[0])[:, None]
    values = coefficients.detach().to(device="cpu", dtype=torch.float64).numpy()
    triangle = [values[row, span - p + i] for i in range(p + 1)]
    for level in range(1, p + 1):
        argument = new[:, level : level + count]
        for i in range(p, level - 1, -1):
            low = old[row, span - p + i]
            high = old[row, span + i + 1 - level]
            weight = ((argument - low) / (high - low))[..., None]
            triangle[i] = (1 - weight) * triangle[i - 1] + weight * triangle[i]
    found = np.where(covered[..., None], triangle[p], 0.0)
    return torch.from_numpy(found).to(coefficients)


def _covered_spans(old: np.ndarray, new: np.ndarray, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Find for every new function an old span inside [lower, upper] that it covers."""
    count = new.shape[1] - p - 1
    spans = np.arange(p, new.shape[1] - p - 1)
    offset = spans[None] - np.arange(count)[:, None]  # (function, span)
    distance = np.where((offset >= 0) & (offset <= p), np.abs(offset - p / 2), np.inf)
    empty = np.diff(new)[:, None, p : new.shape[1] - p - 1] <= 0
    distance = np.where(empty, np.inf, distance[None])
    nearest = distance.argmin(-1)
    covered = np.isfinite(distance.min(-1))
    nonempty = (~empty[:, 0]).argmax(-1)[:, None]
    chosen = p + np.where(covered, nearest, nonempty)
    row = np.arange(new.shape[0])[:, None]
    middle = (new[row, chosen] + new[row, chosen + 1]) / 2
    found = [np.searchsorted(t, x, side="right") - 1 for t, x in zip(old, middle, strict=True)]
    return np.stack(found), covered


def quantile_breakpoints(
    samples: np.ndarray,  # (N, n_in)
    grid: int,
    *,
    blend: float,
    margin: float,
) -> tuple[np.ndarray, np.ndarray]:  # (n_in, G + 1), (n_in,)
    """Blend the samples' quantiles with uniform breakpoints.

    Parameters
    ----------
    samples
        Finite, shape ``(N, n_in)``.
    grid
        Intervals G.
    blend
        1 is uniform, 0 is quantiles.
    margin
        Fraction of the range added on each side.

    Returns
    -------
    tuple of ndarray
        Breakpoints ``(n_in, G + 1)``, and a mask ``(n_in,)`` of inputs whose
        samples all coincide: they have no range to divide.

    Examples
    --------
    >>> quantile_breakpoints(np.array([[0.0], [1.0], [4.0]]), 2, blend=0.0, margin=0.0)
    (array([[0., 1., 4.]]), array([False]))
    """
    low, high = samples.min(0), samples.max(0)
    width = high - low
    coincide = width <= 1e-9 * np.maximum(np.abs(low), np.abs(high))
    lower, upper = low - margin * width, high + margin * width
    adaptive = np.quantile(samples, np.linspace(0, 1, grid + 1), axis=0).T
    uniform = np.linspace(lower, upper, grid + 1, axis=1)
    mixed = blend * uniform + (1 - blend) * adaptive
    mixed[:, 0], mixed[:, -1] = lower, upper
    return np.maximum.accumulate(mixed, axis=1), coincide


def breakpoint_points(
    breakpoints: np.ndarray,  # (n_in, G + 1)
    least: int,
) -> np.ndarray:  # (n_in, n)
    """Spread points densely: evenly in every interval and evenly over all of them.

    Parameters
    ----------
    breakpoints
        Shape ``(n_in, G + 1)``; intervals may be empty.
    least
        At least so many distinct points on each input.

    Returns
    -------
    ndarray
        Shape ``(n_in, n)``, n > 2 `least`.

    Examples
    --------
    >>> breakpoint_points(np.array([[0.0, 1.0]]), 2)
    array([[0. , 0.5, 1. , 0. , 0.5, 1. ]])
    """
    grid = breakpoints.shape[1] - 1
    per = -(-least // grid)
    parameter = np.linspace(0, grid, per * grid + 1)
    local = np.stack([np.interp(parameter, np.arange(grid + 1), b) for b in breakpoints])
    even = np.linspace(breakpoints[:, 0], breakpoints[:, -1], per * grid + 1, axis=1)
    return np.concatenate([local, even], axis=1)


def refit(
    old: _HasValues,
    new: _HasValues,
    coefficients: Tensor,  # (n_in, count, n_out)
    points: np.ndarray,  # (n_in, n)
) -> Tensor:  # (n_in, new count, n_out)
    """Fit the old function in the new basis by least squares on `points`.

    Parameters
    ----------
    old, new
        Bases bound to n_in.
    coefficients
        In the old basis.
    points
        Abscissae of every input.

    Returns
    -------
    Tensor
        In the new basis: the least-squares solution of smallest norm, so
        functions that see no point get 0 and none of them runs away.
    """
    z = torch.from_numpy(points.T.copy())
    exact = coefficients.detach().to(device="cpu", dtype=torch.float64)
    target = torch.einsum("nic,ico->ino", old.values(z)[0], exact).numpy()
    features = new.values(z)[0].permute(1, 0, 2).numpy()
    found = [np.linalg.lstsq(f, t, rcond=CUTOFF)[0] for f, t in zip(features, target, strict=True)]
    return torch.from_numpy(np.stack(found)).to(coefficients)


def largest_change(
    old: _HasValues,
    new: _HasValues,
    before: Tensor,  # (n_in, count, n_out)
    after: Tensor,  # (n_in, new count, n_out)
    points: np.ndarray,  # (n_in, n)
) -> float:
    """Measure how far any edge's function moved at any point.

    Parameters
    ----------
    old, new
        Bases bound to n_in.
    before, after
        Coefficients in them.
    points
        Where to look, per input.

    Returns
    -------
    float
        Largest absolute difference.
    """
    z = torch.from_numpy(points.T.copy())
    was, now = (
        torch.einsum("nic,ico->nio", basis.values(z)[0], c.detach().cpu().double())
        for basis, c in ((old, before), (new, after))
    )
    return float((now - was).abs().max())
