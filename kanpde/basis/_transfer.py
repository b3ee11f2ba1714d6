"""Carry a spline over to other knots: exactly where they nest, else by least squares."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

CUTOFF = 1e-12  # singular values below this part of the largest are dropped


class _HasValues(Protocol):
    def values(self, z: Tensor, orders: int = 0) -> Tensor: ...


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
