"""Smooth functions that vanish on boundary parts and are positive inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import sympy
from sympy import Expr, Symbol

from kanpde.geometry._numbers import exact_number
from kanpde.geometry._samplers import Array

MOST_LINES = 8  # a product of more is too flat inside to be of use
SAME = 1e-9


def vanishing_quadratic(coordinates: Sequence[Symbol], center: Array, axes: Array) -> Expr:
    """Give 1 minus the squared distance from the center, in half axes (the rows of `axes`).

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> vanishing_quadratic((x, y), np.zeros(2), np.diag([2.0, 1.0]))
    -x**2/4 - y**2 + 1
    """
    offsets = [x - exact_number(float(c)) for x, c in zip(coordinates, center, strict=True)]
    total: Expr = sympy.Integer(1)
    for column in np.linalg.inv(axes).T:
        inner = sum(exact_number(float(v)) * o for v, o in zip(column, offsets, strict=True))
        total -= sympy.Integer(0) + inner**2
    return total


def vanishing_lines(
    coordinates: Sequence[Symbol], edges: Iterable[tuple[Array, Array]], vertices: Array
) -> Expr | None:
    """Give the product of the distances from lines, 1 at most over the vertices of a hull.

    Parameters
    ----------
    edges
        ``[(start, end)]``, the inside to their left.
    vertices
        Shape ``(n, 2)``.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> corners = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    >>> vanishing_lines((x, y), [(corners[0], corners[1]), (corners[2], corners[0])], corners)
    x*y/2
    """
    lines: list[Array] = []
    for a, b in edges:
        way = b - a
        normal = np.array([-way[1], way[0]])
        line = np.array([*normal, -normal @ a])
        line /= max(vertices @ normal + line[2])
        if all(np.abs(line - other).max() > SAME * np.abs(line).max() for other in lines):
            lines.append(line)
    if not lines or len(lines) > MOST_LINES:
        return None
    x, y = coordinates
    factors = []
    for line in lines:
        a, b, c = (exact_number(float(v)) for v in line)
        factors.append(a * x + b * y + c)
    return sympy.Mul(*factors)


def vanishing_moved(
    function: Expr | None, coordinates: Sequence[Symbol], matrix: Array, offset: Array
) -> Expr | None:
    """Give the function at points that ``x -> matrix x + offset`` sends to where they are."""
    if function is None:
        return None
    back = np.linalg.inv(matrix)
    shifted = [x - exact_number(float(c)) for x, c in zip(coordinates, offset, strict=True)]
    places = {
        x: sum(exact_number(float(v)) * s for v, s in zip(row, shifted, strict=True))
        for x, row in zip(coordinates, back, strict=True)
    }
    return function.subs(places, simultaneous=True)
