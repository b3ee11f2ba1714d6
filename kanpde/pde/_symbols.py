"""Coordinates, unknowns and the vector calculus written with them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import sympy
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError, ShapeError
from kanpde.ground._names import identifier
from kanpde.pde._names import scalar

_CREATED = itertools.count()
# Keyed by equality: sympy's cache may hand out an older, equal object for a new one.
_ORDER: dict[AppliedUndef, int] = {}


def coordinates(names: str) -> sympy.Symbol | tuple[sympy.Symbol, ...]:
    """Make the real symbols that a problem is written in.

    Their order is the order of the columns in every array of points.

    Parameters
    ----------
    names
        Names separated by blanks or commas; ``x1:4`` stands for ``x1 x2 x3``.

    Returns
    -------
    Symbol or tuple of Symbol
        One symbol for one name, otherwise a tuple, as `sympy.symbols`.

    Raises
    ------
    InputError
        If there is no name, one is no identifier, or one comes twice.

    Examples
    --------
    >>> x, t = coordinates("x t")
    >>> x.is_real
    True
    """
    if not isinstance(names, str) or not names.strip(" ,"):
        raise InputError(f'coordinates: expected names like "x t", came {names!r}')
    symbols = sympy.symbols(names, real=True)
    several = symbols if isinstance(symbols, tuple) else (symbols,)
    if len(set(several)) != len(several):
        raise InputError(f"coordinates: expected different names, came {names!r}")
    for symbol in several:
        identifier("coordinates", symbol.name)
    return symbols


def unknown(
    name: str, *coords: sympy.Symbol, scale: float = 1.0, complex: bool = False
) -> AppliedUndef:
    """Make an unknown: a real function of some coordinates, or a complex one.

    Parameters
    ----------
    name
        What it is called in equations, files and plots.
    coords
        The coordinates it depends on, made by `coordinates`.
    scale
        A typical magnitude of its values, in its own units, positive; kept
        as ``u.func.scale``. Two unknowns of one name and different scales
        are different.
    complex
        Whether its values are complex. A `Problem` solves for its real and imaginary part,
        the real unknowns ``NAME_re`` and ``NAME_im``.

    Returns
    -------
    AppliedUndef
        The function applied to the coordinates, for instance ``u(x, t)``.

    Raises
    ------
    InputError
        If the name is no identifier, a coordinate is no real symbol or comes
        twice, or the scale is not positive.

    Examples
    --------
    >>> x, t = coordinates("x t")
    >>> u = unknown("u", x, t, scale=3)
    >>> u.diff(x, 2), u.func.scale
    (Derivative(u(x, t), (x, 2)), 3.0)
    >>> unknown("h", x, t, complex=True).is_real
    """
    identifier("unknown", name)
    _check_coordinates(f"unknown {name}", coords)
    if isinstance(scale, bool) or not isinstance(scale, (int, float)):
        raise InputError(f"unknown {name}: expected a number as scale, came {scale!r}")
    if not (math.isfinite(scale) and scale > 0):
        raise InputError(f"unknown {name}: expected a positive scale, came {scale}")
    if complex:
        for part in ("re", "im"):
            unknown(f"{name}_{part}", *coords, scale=scale)
        assumptions = {"complex": True}
    else:
        assumptions = {"real": True}
    made = sympy.Function(name, scale=float(scale), **assumptions)(*coords)
    _ORDER[made] = next(_CREATED)
    return made


def creation_order(u: AppliedUndef) -> int:
    """Place of an unknown among all made so far; results have their columns in this order.

    Parameters
    ----------
    u
        An unknown; one that `unknown` did not make comes first.

    Returns
    -------
    int
        Increases with every call of `unknown`, also for an unknown made again.

    Examples
    --------
    >>> x = coordinates("x")
    >>> v, u = unknown("v", x), unknown("u", x)
    >>> creation_order(v) < creation_order(u)
    True
    """
    return _ORDER.get(u, -1)


def _check_coordinates(where: str, coords: tuple[object, ...]) -> None:
    """Raise unless `coords` are different real symbols, at least one."""
    if not coords:
        raise InputError(f'{where}: expected coordinates, came none; write for example ("u", x, t)')
    for symbol in coords:
        if not isinstance(symbol, sympy.Symbol):
            raise InputError(
                f"{where}: expected coordinates made by coordinates(...), "
                f"came {symbol!r} ({type(symbol).__name__})"
            )
        if not symbol.is_real:
            raise InputError(
                f"{where}: the symbol {symbol} is not real; "
                f'make it with coordinates("{symbol}") instead of Symbol("{symbol}")'
            )
    if len(set(coords)) != len(coords):
        raise InputError(f"{where}: expected different coordinates, came {coords}")


def gradient(field: sympy.Expr, *coords: sympy.Symbol) -> sympy.ImmutableDenseMatrix:
    """Differentiate a scalar by each of the coordinates given.

    Parameters
    ----------
    field
        A scalar expression.
    coords
        The (spatial) coordinates to differentiate by, d of them.

    Returns
    -------
    ImmutableDenseMatrix
        A column of d expressions, which unpacks and multiplies:
        ``divergence(k * gradient(u, x, y), x, y)``.

    Raises
    ------
    InputError
        If `field` is no scalar or a coordinate is no real symbol.

    Examples
    --------
    >>> x, y = coordinates("x y")
    >>> tuple(gradient(x**2 * y, x, y))
    (2*x*y, x**2)
    """
    expression = scalar("gradient", field)
    _check_coordinates("gradient", coords)
    return sympy.ImmutableDenseMatrix([expression.diff(symbol) for symbol in coords])


def divergence(
    vector: Sequence[sympy.Expr] | sympy.MatrixBase, *coords: sympy.Symbol
) -> sympy.Expr:
    """Sum the derivatives of each component by its own coordinate.

    Parameters
    ----------
    vector
        d scalar expressions: a tuple, a list or a sympy matrix.
    coords
        The d (spatial) coordinates that belong to them.

    Returns
    -------
    Expr
        The divergence.

    Raises
    ------
    ShapeError
        If there are not as many components as coordinates.
    InputError
        If `vector` is a scalar or a coordinate is no real symbol.

    Examples
    --------
    >>> x, y = coordinates("x y")
    >>> divergence((x**2, x * y), x, y)
    3*x
    """
    _check_coordinates("divergence", coords)
    if not isinstance(vector, (tuple, list, sympy.Tuple, sympy.MatrixBase)):
        raise InputError(f"divergence: expected a vector (v1, v2, ...), came {vector!r}")
    components = [scalar("divergence", component) for component in vector]
    if len(components) != len(coords):
        raise ShapeError(
            f"divergence: expected as many components as coordinates, "
            f"came {len(components)} for {len(coords)} coordinates"
        )
    terms = (part.diff(symbol) for part, symbol in zip(components, coords, strict=True))
    return sympy.Add(*terms)


def laplacian(field: sympy.Expr, *coords: sympy.Symbol) -> sympy.Expr:
    """Sum the second derivatives by the coordinates given.

    Parameters
    ----------
    field
        A scalar expression.
    coords
        The (spatial) coordinates to differentiate by.

    Returns
    -------
    Expr
        The Laplacian.

    Raises
    ------
    InputError
        If `field` is no scalar or a coordinate is no real symbol.

    Examples
    --------
    >>> x, y, t = coordinates("x y t")
    >>> laplacian(unknown("u", x, y, t), x, y)
    Derivative(u(x, y, t), (x, 2)) + Derivative(u(x, y, t), (y, 2))
    """
    expression = scalar("laplacian", field)
    _check_coordinates("laplacian", coords)
    return sympy.Add(*(expression.diff(symbol, 2) for symbol in coords))
