"""Knot vectors: checked, uniform, padded, subdivided, moved to where the samples are."""

import numpy as np
import torch
from torch import Tensor

from kanpde.errors import InputError, ShapeError


def checked_knots(knots: object, degree: int, *, least: int) -> Tensor:
    """Return the knots as a float64 CPU copy, or say what is wrong with them.

    Parameters
    ----------
    knots
        Anything that `torch.as_tensor` takes, shape ``(M,)`` or ``(n_in, M)``.
    degree
        Degree p, for the message.
    least
        Smallest admissible M.

    Returns
    -------
    Tensor
        The copy, detached.

    Raises
    ------
    InputError
        If there are too few, they decrease or are not finite.
    ShapeError
        If they have neither shape.
    """
    given = torch.as_tensor(knots).detach().to(device="cpu", dtype=torch.float64).clone()
    if given.ndim not in (1, 2) or given.numel() == 0:
        raise ShapeError(f"knots: expected shape (M,) or (n_in, M), got {tuple(given.shape)}")
    if given.shape[-1] < least:
        raise InputError(
            f"knots: expected at least {least} values for degree {degree}, got {given.shape[-1]}"
        )
    if not bool(torch.isfinite(given).all()):
        raise InputError("knots: expected finite values, got NaN or infinity")
    if bool((given.diff(dim=-1) < 0).any()):
        raise InputError("knots: expected nondecreasing values, got a decrease; sort them")
    return given


def uniform_knots(grid: int, degree: int, *, lower: float, upper: float) -> Tensor:
    """Divide [lower, upper] evenly and pad it.

    Parameters
    ----------
    grid
        Number of intervals G.
    degree
        Degree p.
    lower, upper
        Ends of the grid.

    Returns
    -------
    Tensor
        Shape ``(1, G + 2p + 1)``, float64.

    Raises
    ------
    InputError
        If the ends are not finite or ``lower >= upper``.

    Examples
    --------
    >>> uniform_knots(2, 1, lower=-1.0, upper=1.0)
    tensor([[-2., -1.,  0.,  1.,  2.]], dtype=torch.float64)
    """
    ends = torch.tensor([lower, upper], dtype=torch.float64)
    if not bool(torch.isfinite(ends).all()) or lower >= upper:
        raise InputError(f"lower, upper: expected finite lower < upper, got {lower}, {upper}")
    breakpoints = np.linspace(lower, upper, grid + 1)[None]
    return torch.from_numpy(with_outer_knots(breakpoints, degree))


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


def checked_samples(samples: Tensor, n_in: int, *, blend: float, margin: float) -> np.ndarray:
    """Return what a grid update is asked for as float64, or say what is wrong with it.

    Parameters
    ----------
    samples
        Shape ``(N, n_in)``, N >= 1.
    n_in
        Inputs of the layer.
    blend, margin
        See `quantile_breakpoints`.

    Returns
    -------
    ndarray
        The samples, shape ``(N, n_in)``, detached.

    Raises
    ------
    InputError
        If `blend` or `margin` is out of range or samples are not finite.
    ShapeError
        If `samples` has another shape.
    """
    if samples.ndim != 2 or samples.shape[1] != n_in or samples.shape[0] == 0:
        raise ShapeError(f"samples: expected shape (N, {n_in}), got {tuple(samples.shape)}")
    if not 0 <= blend <= 1:
        raise InputError(f"blend: expected a number in [0, 1], got {blend}")
    if not margin >= 0:
        raise InputError(f"margin: expected a number >= 0, got {margin}")
    points: np.ndarray = samples.detach().to(device="cpu", dtype=torch.float64).numpy()
    if not np.isfinite(points).all():
        raise InputError("samples: expected finite values, got NaN or infinity")
    return points


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
    knots: np.ndarray,  # (n_in, G + 2p + 1)
    degree: int,
    least: int,
) -> np.ndarray:  # (n_in, n)
    """Spread points densely: evenly in every interval and evenly over all of them.

    Parameters
    ----------
    knots
        Padded knots; intervals may be empty.
    degree
        Degree p.
    least
        At least so many distinct points on each input.

    Returns
    -------
    ndarray
        Shape ``(n_in, n)``, n > 2 `least`.

    Examples
    --------
    >>> breakpoint_points(np.array([[-1.0, 0.0, 1.0, 2.0]]), 1, 2)
    array([[0. , 0.5, 1. , 0. , 0.5, 1. ]])
    """
    breakpoints = knots[:, degree : knots.shape[1] - degree]
    grid = breakpoints.shape[1] - 1
    per = -(-least // grid)
    parameter = np.linspace(0, grid, per * grid + 1)
    local = np.stack([np.interp(parameter, np.arange(grid + 1), b) for b in breakpoints])
    even = np.linspace(breakpoints[:, 0], breakpoints[:, -1], per * grid + 1, axis=1)
    return np.concatenate([local, even], axis=1)
