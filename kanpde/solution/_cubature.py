"""Integrals over curves and sheets by cells that are halved where the integrand is not smooth.

`scipy.integrate.cubature` halves one cell after the other and asks twice in each. Every question
to a network costs a millisecond, however few its points; here all cells of a size are asked at
once: 5 questions instead of 491 for the waves of sin(300 x)². Nor does it see a jump between an end
and the first node (1e-3 off), or give the noise of a vanishing integrand up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BarycentricInterpolator

Array = NDArray[np.float64]
# Points (N, d), normals or None, and area elements (N,) of points (N, m) of the unit cube on
# the maps with these numbers (N,).
Place = Callable[[NDArray[np.intp], Array], tuple[Array, Array | None, Array]]

_PIECES = {1: 8, 2: 2}  # of every axis to begin with
_HALVINGS, _PART = 50, 1 / 64
_STALLS, _HELPS = 2, 0.7


@dataclass(frozen=True)
class Integrated:
    """An integral: its value and what the quadrature may be off by.

    Attributes
    ----------
    value
        A float, or a complex number where the integrand is one.
    error
        Estimated error of the quadrature, not of the solution that was integrated: the
        difference to the next coarser rule, or a 95 % interval where points are scattered.
    points
        How often the integrand was asked in the finest rule.

    Examples
    --------
    >>> Integrated(2.0, 1e-9, 24)
    2.0 ± 1e-09
    >>> float(Integrated(2.0, 1e-9, 24))
    2.0
    """

    value: Any
    error: float
    points: int

    def __float__(self) -> float:
        """Give the value where it is real."""
        return float(self.value)

    def __complex__(self) -> complex:
        """Give the value as a complex number."""
        return complex(self.value)

    def __repr__(self) -> str:
        """Show value and error."""
        return f"{self.value} ± {self.error:.0e}"


def _kronrod() -> tuple[Array, Array, Array]:
    """Give Kronrod's rule of 15 points on [0, 1], and its difference to Gauss' rule of 7."""
    nodes = [0.0, 0.207784955007898, 0.405845151377397, 0.586087235467691]
    nodes += [0.741531185599394, 0.864864423359769, 0.949107912342759, 0.991455371120813]
    kronrod = [0.209482141084728, 0.204432940075298, 0.190350578064785, 0.169004726639267]
    kronrod += [0.140653259715525, 0.104790010322250, 0.063092092629979, 0.022935322010529]
    x, w = np.array(nodes), np.array(kronrod)
    places = np.concatenate([-x[:0:-1], x])
    weights = np.concatenate([w[:0:-1], w])
    gauss = np.zeros(15)
    gauss[1::2] = np.polynomial.legendre.leggauss(7)[1]
    return 0.5 * (places + 1), 0.5 * weights / (0.5 * weights.sum()), 0.5 * (weights - gauss)


# Nodes in (0, 1) of the 15-point Kronrod rule, its weights, and how far Gauss' 7 points differ.
_KRONROD, _KRONROD_WEIGHTS, _GAUSS_WEIGHTS = _kronrod()
_GAP = float(_KRONROD[0])  # between the ends of a cell and the first node
_NEAR = np.array([1e-4, 1 - 1e-4])
# Values there of the polynomials that are 1 at one of the nodes, (2, 15).
_ENDS = BarycentricInterpolator(_KRONROD, np.eye(len(_KRONROD)), rng=0)(_NEAR)


def over_cells(
    function: Callable[[Array, Array | None], NDArray[Any]],
    place: Place,
    *,
    maps: int,
    axes: int,
    tolerance: float,
    most: int,
) -> Integrated:
    """Halve cells of unit cubes until Gauss and Kronrod agree on each of them.

    Corners at which the integrand or its derivatives are infinite, and jumps, cost a few cells
    for every halving.

    Parameters
    ----------
    function
        The integrand, of points and normals.
    place
        Where the points of the unit cubes are.
    maps
        Number of unit cubes.
    axes
        Their dimension, 1 or 2.
    tolerance
        Of the integral of the absolute value.
    most
        Points after which nothing is halved any more.

    Examples
    --------
    >>> place = lambda which, unit: (unit, None, np.ones(len(unit)))
    >>> corner = lambda points, normals: 1 / np.sqrt(points[:, 0] + points[:, 1])
    >>> found = over_cells(corner, place, maps=1, axes=2, tolerance=1e-9, most=10**6)
    >>> round(float(found), 9), round(4 / 3 * (8**0.5 - 2), 9), found.error < 1e-8
    (1.1045695, 1.1045695, True)
    """
    nodes, fine, coarse, ends = _tensor_rule(axes)
    each = _PIECES[axes]
    corners = np.stack(np.meshgrid(*[np.arange(each) / each] * axes, indexing="ij"), axis=-1)
    lower = np.tile(corners.reshape(-1, axes), (maps, 1))
    which = np.repeat(np.arange(maps), each**axes)
    width = np.full(len(lower), 1.0 / each)
    value: Any = 0.0
    error, size, points, stalled, before = 0.0, 0.0, 0, 0, np.inf
    for halvings in range(_HALVINGS + 1):
        unit = (lower[:, None] + width[:, None, None] * nodes).reshape(-1, axes)
        where, normals, element = place(np.repeat(which, len(nodes)), unit)
        f = (function(where, normals) * element).reshape(len(lower), -1)
        share = width**axes
        off = share * (np.abs(f @ coarse) + _GAP * np.abs(f @ ends).max(axis=1))
        absolute = share * (np.abs(f) @ fine)
        points += f.size
        # A jump or a singular end is left to a cell too small to matter.
        done = off <= tolerance * (size + absolute.sum()) * np.maximum(share / maps, _PART)
        # Noise of a vanishing integrand: all cells are to be halved, and it does not help.
        stalled = stalled + 1 if not done.any() and off.sum() > _HELPS * before else 0
        before = float(off.sum())
        if (
            stalled > _STALLS
            or halvings == _HALVINGS
            or points + 2**axes * len(nodes) * (~done).sum() > most
        ):
            done[:] = True
        value = value + (share * (f @ fine))[done].sum()
        error, size = error + float(off[done].sum()), size + float(absolute[done].sum())
        if done.all():
            break
        shifts = np.stack(np.meshgrid(*[[0.0, 0.5]] * axes, indexing="ij"), axis=-1)
        half = width[~done, None, None] * shifts.reshape(1, -1, axes)
        lower = (lower[~done][:, None] + half).reshape(-1, axes)
        which = np.repeat(which[~done], 2**axes)
        width = np.repeat(0.5 * width[~done], 2**axes)
    return Integrated(value, error + float(np.finfo(np.float64).eps) * size, points)


def _tensor_rule(axes: int) -> tuple[Array, Array, Array, Array]:
    """Nodes ``(Q, axes)`` of Kronrod's product rule, its weights, Gauss' differences, ends.

    The last are weights ``(Q, E)``: along a curve what the integrand near the two ends of a cell
    is off the polynomial through the other nodes, which a jump between them and the ends shows.
    """
    if axes == 1:
        zero = np.zeros(2)
        ends = np.vstack([_ENDS.T, -np.eye(2)])
        nodes = np.concatenate([_KRONROD, _NEAR])[:, None]
        weights = np.concatenate([_KRONROD_WEIGHTS, zero])
        return nodes, weights, np.concatenate([_GAUSS_WEIGHTS, zero]), ends
    grid = np.stack(np.meshgrid(_KRONROD, _KRONROD, indexing="ij"), axis=-1).reshape(-1, 2)
    fine = np.outer(_KRONROD_WEIGHTS, _KRONROD_WEIGHTS).ravel()
    gauss = _KRONROD_WEIGHTS - _GAUSS_WEIGHTS
    return grid, fine, fine - np.outer(gauss, gauss).ravel(), np.zeros((len(grid), 1))
