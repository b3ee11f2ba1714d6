"""Which simple shape a function of several variables has: sums of products of curves.

The function is looked at on a tensor grid. A matrix of rank one is a product of curves; a
gradient that keeps its direction makes a travelling wave; several products are taken apart
where their curves are eigenfunctions of the second derivative, as modes of linear problems are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

Array = NDArray[np.float64]
NODES = {1: 96, 2: 56, 3: 24, 4: 12}
MOST_TERMS = 6
CLOSED = 1e-4  # relative, of second derivatives that leave a span of modes
APART = 1e-3  # relative distance of eigenvalues that belong to different modes
RIDGE = 1e-6  # relative, of gradients that leave one direction
MODE_NOISE = 1e-6  # relative, of modes that were told apart by second derivatives
LOUDEST = 1e-3  # relative noise after an outer function was undone
SAMPLES = 1200


@dataclass(frozen=True)
class Factor:
    """A curve over a linear form of the inputs.

    Attributes
    ----------
    direction : ndarray
        The form, ``(d,)``; one entry is 1 and the others 0 for a curve over one input. The form
        stays in [-1, 1] while the inputs do.
    s, values : ndarray
        Samples of the curve, ``(n,)``.
    """

    direction: Array
    s: Array
    values: Array

    @property
    def axis(self) -> int | None:
        """The one input that it depends on, or ``None``."""
        used = np.flatnonzero(self.direction)
        return int(used[0]) if len(used) == 1 and self.direction[used[0]] == 1 else None


@dataclass(frozen=True)
class Structure:
    """A sum of products of curves, perhaps inside one more function.

    Attributes
    ----------
    terms : tuple
        Each a tuple of factors; no factor is a constant.
    constant : float
        What is added to them.
    outer : str
        Name in the library of the function around the sum; "x" if there is none.
    """

    terms: tuple[tuple[Factor, ...], ...]
    constant: float
    outer: str = "x"


Term = tuple[Factor, ...]
Function = Callable[[Array], Array]

# name of the outer function: its inverse, and where that may be asked
INVERSES: dict[str, tuple[Callable[[Array], Array], Callable[[Array], bool]]] = {
    "sqrt": (np.square, lambda u: bool((u >= 0).all())),
    "1/x": (np.reciprocal, lambda u: bool((u > 0).all() or (u < 0).all())),
    "log": (np.exp, lambda u: bool(np.abs(u).max() < 20)),
    "1/sqrt": (lambda u: 1 / u**2, lambda u: bool((u > 0).all())),
    "exp": (np.log, lambda u: bool((u > 0).all())),
    "tanh": (np.arctanh, lambda u: bool(np.abs(u).max() < 1 - 1e-4)),
}


def find_structure(function: Function, dimension: int, *, tolerance: float) -> Structure | None:
    """Find the structure of a function on the cube [-1, 1]^d, or ``None``.

    Parameters
    ----------
    function
        Maps points ``(N, d)`` to values ``(N,)``.
    dimension
        Number of inputs d, at most 4.
    tolerance
        Relative size of what counts as noise.

    Examples
    --------
    >>> wave = lambda p: np.exp(-p[:, 1]) * np.sin(2 * p[:, 0]) + 3 * np.exp(-4 * p[:, 1])
    >>> found = find_structure(wave, 2, tolerance=1e-10)
    >>> sorted(len(term) for term in found.terms)
    [1, 2]
    """
    if dimension not in NODES:
        return None
    nodes = chebyshev.chebpts1(NODES[dimension])
    grid = np.stack(np.meshgrid(*[nodes] * dimension, indexing="ij"), axis=-1)
    values = function(grid.reshape(-1, dimension)).reshape(grid.shape[:-1])
    if not np.isfinite(values).all():
        return None
    taker = _Taker(dimension, nodes, tolerance)
    found = taker.terms(values, tuple(range(dimension)))
    if found is not None:
        return _tidy(found, "x")
    for name, (inverse, able) in INVERSES.items():
        if dimension > 1 and able(values):
            inner = inverse(values)
            with np.errstate(all="ignore"):  # what leaves the range is no small noise
                moved = np.abs(inverse(values + tolerance * np.abs(values).max()) - inner).max()
            noise = float(moved / np.abs(inner).max())
            if not noise < LOUDEST:
                continue
            rough = _Taker(dimension, nodes, max(tolerance, noise))
            found = rough.terms(inner, tuple(range(dimension)))
            if found is not None and len(found) <= dimension + 1:
                return _tidy(found, name)
    return None


def _tidy(terms: Sequence[Term], outer: str) -> Structure:
    """Collect the constants and put the shorter products first."""
    constant, kept = 0.0, []
    for term in terms:
        if all(len(f.s) == 0 for f in term):
            constant += float(np.prod([f.values[0] for f in term]))
        else:
            kept.append(_scaled(term))
    kept.sort(key=len)
    return Structure(tuple(kept), constant, outer)


def _scaled(term: Term) -> Term:
    """Fold constant factors into the first curve."""
    scale = float(np.prod([f.values[0] for f in term if len(f.s) == 0]))
    curves = [f for f in term if len(f.s)]
    first = curves[0]
    return (Factor(first.direction, first.s, scale * first.values), *curves[1:])


class _Taker:
    """Takes tensors of values at Chebyshev nodes apart."""

    def __init__(self, dimension: int, nodes: Array, tolerance: float) -> None:
        self.dimension, self.nodes, self.tolerance = dimension, nodes, tolerance
        matrix = np.linalg.inv(chebyshev.chebvander(nodes, len(nodes) - 1))
        slopes = chebyshev.chebvander(nodes, len(nodes) - 2) @ chebyshev.chebder(matrix)
        self.slope, self.analysis = slopes, matrix

    def terms(self, values: Array, axes: tuple[int, ...]) -> list[Term] | None:
        """Take values over some axes apart; ``None`` if there is no simple way."""
        size = float(np.abs(values).max())
        noise = self.tolerance * size
        if size == 0:
            return []
        for k in range(len(axes)):
            mean = values.mean(axis=k, keepdims=True)
            if float(np.abs(values - mean).max()) <= noise:
                return self.terms(mean.squeeze(k), axes[:k] + axes[k + 1 :])
        if not axes:
            return [(self._constant(float(values)),)]
        if len(axes) == 1:
            return self._damped(axes[0], values) or [(self._curve(axes[0], values),)]
        for way in (self._product, self.ridge, self.additive, self._offset, self._modes):
            found = way(values, axes)
            if found is not None:
                return found
        return None

    def _constant(self, value: float) -> Factor:
        return Factor(np.zeros(self.dimension), np.zeros(0), np.array([value]))

    def _curve(self, axis: int, values: Array) -> Factor:
        direction = np.zeros(self.dimension)
        direction[axis] = 1.0
        return Factor(direction, self.nodes, values)

    def _damped(self, axis: int, values: Array) -> list[Term] | None:
        """Split exp(a s) sin(b s + c), which no single library function is, into its factors."""
        first = self.slope @ values
        second = self.slope @ first
        columns = np.stack((values, first), axis=1)
        weights = np.linalg.lstsq(columns, second, rcond=None)[0]
        if np.abs(columns @ weights - second).max() > CLOSED * np.abs(second).max():
            return None
        rate = weights[1] / 2
        turning = -weights[0] - rate**2  # of s'' = weights · (s, s')
        if turning <= 0 or abs(rate) < APART:
            return None
        decay = np.exp(rate * self.nodes)
        return [(self._curve(axis, decay), self._curve(axis, values / decay))]

    def _unfolded(self, values: Array, k: int) -> tuple[Array, Array, Array]:
        """Singular value decomposition of axis `k` against the rest, noise left out."""
        matrix = np.moveaxis(values, k, 0).reshape(values.shape[k], -1)
        u, s, vt = np.linalg.svd(matrix, full_matrices=False)
        rank = int((s > self.tolerance * s[0]).sum())
        return u[:, :rank], s[:rank], vt[:rank]

    def _product(self, values: Array, axes: tuple[int, ...]) -> list[Term] | None:
        for k, axis in enumerate(axes):
            u, s, vt = self._unfolded(values, k)
            if len(s) > 1:
                continue
            scale = float(np.abs(u[:, 0]).max())
            shape = values.shape[:k] + values.shape[k + 1 :]
            rest = self.terms((vt[0] * s[0] * scale).reshape(shape), axes[:k] + axes[k + 1 :])
            if rest is None:
                return None
            return [(self._curve(axis, u[:, 0] / scale), *term) for term in rest]
        return None

    def ridge(self, values: Array, axes: tuple[int, ...]) -> list[Term] | None:
        """Find a function of one linear form of all these inputs."""
        slopes = np.stack(
            [
                np.moveaxis(np.tensordot(self.slope, values, (1, k)), 0, k).ravel()
                for k in range(len(axes))
            ]
        )
        _, s, _ = np.linalg.svd(slopes @ slopes.T)
        if len(s) < 2 or s[1] > RIDGE**2 * s[0]:
            return None
        vectors = np.linalg.svd(slopes @ slopes.T)[0][:, 0]
        vectors = vectors * np.sign(vectors[np.abs(vectors).argmax()])
        direction = np.zeros(self.dimension)
        direction[list(axes)] = vectors / np.abs(vectors).sum()
        grids = np.meshgrid(*[self.nodes] * len(axes), indexing="ij")
        s = sum(g * direction[a] for g, a in zip(grids, axes, strict=True)).ravel()
        order = np.argsort(s)[:: max(1, s.size // SAMPLES)]
        return [(Factor(direction, s[order], values.ravel()[order]),)]

    def additive(self, values: Array, axes: tuple[int, ...]) -> list[Term] | None:
        """Find a sum of functions of one input each."""
        if len(axes) < 2:
            return None
        base = float(values.mean())
        rest = values - base
        found: list[Term] = [(self._constant(base),)]
        for k, axis in enumerate(axes):
            others = tuple(m for m in range(len(axes)) if m != k)
            curve = values.mean(axis=others) - base
            rest = rest - curve.reshape([-1 if m == k else 1 for m in range(len(axes))])
            found.append((self._curve(axis, curve),))
        return found if float(np.abs(rest).max()) <= self.tolerance * np.abs(values).max() else None

    def _offset(self, values: Array, axes: tuple[int, ...]) -> list[Term] | None:
        """Find a constant without which there is one product less."""
        u, s, vt = self._unfolded(values, 0)
        if not 2 <= len(s) <= MOST_TERMS:
            return None
        weight = float((u.sum(axis=0) / s) @ vt.sum(axis=1))
        if abs(weight) * float(np.abs(values).max()) < 0.1:  # no constant of moderate size
            return None
        rest = values - 1 / weight
        if len(self._unfolded(rest, 0)[1]) >= len(s):
            return None
        found = self.terms(rest, axes)
        return None if found is None else [(self._constant(1 / weight),), *found]

    def _modes(self, values: Array, axes: tuple[int, ...]) -> list[Term] | None:
        for k in range(len(axes)):
            groups = self._groups(values, k)
            if groups is None or len(groups) < 2:
                continue
            rough = _Taker(self.dimension, self.nodes, max(MODE_NOISE, 1e3 * self.tolerance))
            parts = [rough.terms(group, axes) for group in groups]
            if all(part is not None for part in parts):
                return [term for part in parts for term in part or []]
        return None

    def _smoothed(self, curves: Array, noise: Array) -> Array:
        """Leave the trailing coefficients of curves ``(n, R)`` out that are mere noise."""
        coefficients = self.analysis @ curves
        large = np.abs(coefficients) > np.maximum(1e-14, noise / 10)
        kept = large[::-1].cumsum(axis=0)[::-1] > 0
        return chebyshev.chebvander(self.nodes, len(self.nodes) - 1) @ (coefficients * kept)

    def _groups(self, values: Array, k: int) -> list[Array] | None:
        """Split values into parts whose curves along axis `k` are modes of equal eigenvalue."""
        u, s, vt = self._unfolded(values, k)
        if len(s) > MOST_TERMS:
            return None
        u = self._smoothed(u, self.tolerance * s[0] / s)
        second = self.slope @ (self.slope @ u)
        matrix = np.linalg.lstsq(u, second, rcond=None)[0]
        if np.abs(second - u @ matrix).max() > CLOSED * np.abs(second).max():
            return None
        eigenvalues, vectors = np.linalg.eig(matrix)
        size = float(np.abs(eigenvalues).max())
        if np.abs(eigenvalues.imag).max() > APART * size or np.linalg.cond(vectors) > 1e8:
            return None
        order = np.argsort(eigenvalues.real)
        eigenvalues, vectors = eigenvalues.real[order], vectors.real[:, order]
        weights = np.linalg.solve(vectors, s[:, None] * vt)
        starts = np.flatnonzero(np.diff(eigenvalues, prepend=-np.inf) > APART * size)
        found = []
        for low, high in zip(starts, [*starts[1:], len(order)], strict=True):
            part = u @ vectors[:, low:high] @ weights[low:high]
            shape = (values.shape[k], *values.shape[:k], *values.shape[k + 1 :])
            found.append(np.moveaxis(part.reshape(shape), 0, k))
        return found
