"""Integrals in equations: each becomes a number that rows compute by quadrature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy
from sympy.core.function import AppliedUndef

from kanpde.errors import InputError, UnsupportedError
from kanpde.pde._names import foreign_hint

Limit = tuple[sympy.Symbol, sympy.Expr, sympy.Expr]


@dataclass(frozen=True)
class IntegralTerm:
    """One integral with limits, taken out of an equation.

    Parameters
    ----------
    symbol
        The scalar that stands for its value in the equation.
    integrand
        What is integrated, written in the problem's coordinates: those of
        `limits` are the variables of integration.
    limits
        ``(coordinate, lower, upper)``, innermost first. Bounds may contain
        the coordinates of the equation's point.
    outer
        Pairs (symbol, coordinate): where the integrand also contains the
        equation's point in a coordinate that is integrated over, such as x in
        the kernel ``K(x, s) u(s)``, it stands there as this symbol.
    """

    symbol: sympy.Symbol
    integrand: sympy.Expr
    limits: tuple[Limit, ...]
    outer: tuple[tuple[sympy.Symbol, sympy.Symbol], ...] = ()


def extract_integrals(
    expr: sympy.Expr, coords: Sequence[sympy.Symbol]
) -> tuple[sympy.Expr, tuple[IntegralTerm, ...]]:
    """Take every integral out of an expression.

    The variable of integration is a coordinate, or another symbol at its
    place in an unknown: ``Integral(u(s, t), (s, 0, 1))``.

    Parameters
    ----------
    expr
        A normalised expression.
    coords
        The d coordinates of the problem, in order.

    Returns
    -------
    tuple
        The expression with a new symbol in place of each integral, and the
        `IntegralTerm` of each, in order of their names; equal integrals are
        one term.

    Raises
    ------
    InputError
        If an integral has no limits.
    UnsupportedError
        If integrals are nested in an integrand, the bounds are infinite, or
        the variable of integration stands for no coordinate.

    Examples
    --------
    >>> x, t = sympy.symbols("x t", real=True)
    >>> u = sympy.Function("u", real=True)(x, t)
    >>> rest, terms = extract_integrals(u - sympy.Integral(u**2, (x, 0, t)), [x, t])
    >>> terms[0].integrand, terms[0].limits
    (u(x, t)**2, ((x, 0, t),))
    """
    found: dict[sympy.Integral, IntegralTerm] = {}
    for node in _outermost(expr):
        if node not in found:
            found[node] = _term(node, coords, len(found))
    replacements = {node: term.symbol for node, term in found.items()}
    return expr.xreplace(replacements), tuple(found.values())


def _outermost(expression: sympy.Basic) -> list[sympy.Integral]:
    if isinstance(expression, sympy.Integral):
        return [expression]
    return [node for argument in expression.args for node in _outermost(argument)]


def _term(node: sympy.Integral, coords: Sequence[sympy.Symbol], index: int) -> IntegralTerm:
    """Check one integral and write it in the problem's coordinates."""
    integrand = node.function
    if integrand.has(sympy.Integral):
        raise UnsupportedError(
            f"integral: one inside another is not covered, came {node}; "
            f"give all limits to one Integral"
        )
    limits: list[Limit] = []
    renamed: dict[sympy.Basic, sympy.Basic] = {}
    outer: list[tuple[sympy.Symbol, sympy.Symbol]] = []
    for limit in node.limits:
        variable, lower, upper = _bounds(node, limit)
        coordinate = _coordinate(variable, integrand, coords)
        if coordinate != variable:
            renamed[variable] = coordinate
            if coordinate in integrand.free_symbols:
                symbol = sympy.Dummy(f"outer_{coordinate}", real=True)
                renamed[coordinate] = symbol
                outer.append((symbol, coordinate))
        limits.append((coordinate, lower, upper))
    limits = _named_limits(limits, renamed, [variable for variable, *_ in node.limits], outer)
    if len({coordinate for coordinate, _, _ in limits}) != len(limits):
        raise UnsupportedError(f"integral: one coordinate is integrated twice, came {node}")
    value = sympy.Dummy(f"integral_{index}", real=True)
    return IntegralTerm(value, integrand.xreplace(renamed), tuple(limits), tuple(outer))


def _named_limits(
    limits: list[Limit],
    renamed: dict[sympy.Basic, sympy.Basic],
    variables: list[sympy.Symbol],
    outer: list[tuple[sympy.Symbol, sympy.Symbol]],
) -> list[Limit]:
    """Write the limits in coordinates; the inner ones know the outer variables.

    A coordinate in an inner limit, whose place an outer variable has taken, is the equation's.
    """
    result = []
    for k, (coordinate, *bounds) in enumerate(limits):
        names: dict[sympy.Basic, sympy.Basic] = {}
        places = [place for place, *_ in limits[k + 1 :]]
        for place, variable in zip(places, variables[k + 1 :], strict=True):
            if place == variable:
                continue
            names[variable] = place
            if any(place in bound.free_symbols for bound in bounds):
                if place not in renamed:
                    renamed[place] = sympy.Dummy(f"outer_{place}", real=True)
                    outer.append((renamed[place], place))
                names[place] = renamed[place]
        low, high = (bound.xreplace(names) for bound in bounds)
        result.append((coordinate, low, high))
    return result


def _bounds(node: sympy.Integral, limit: sympy.Tuple) -> Limit:
    """Return variable, lower and upper bound, or raise."""
    if len(limit) != 3:
        raise InputError(
            f"integral: expected limits, came {node}; write "
            f"Integral({node.function}, ({limit[0]}, lower, upper))"
        )
    variable, lower, upper = limit
    if lower.has(sympy.oo, -sympy.oo) or upper.has(sympy.oo, -sympy.oo):
        raise UnsupportedError(f"integral: expected finite limits, came {node}; cut them off")
    return variable, lower, upper


def _coordinate(
    variable: sympy.Symbol, integrand: sympy.Expr, coords: Sequence[sympy.Symbol]
) -> sympy.Symbol:
    """Find the coordinate that a variable of integration stands for."""
    if variable in coords:
        return variable
    places = {
        place
        for field in integrand.atoms(AppliedUndef)
        if len(field.args) == len(coords)
        for place, argument in enumerate(field.args)
        if argument == variable
    }
    if len(places) == 1:
        return coords[places.pop()]
    hint = foreign_hint([variable], coords) or (
        f"it stands for none of the coordinates {', '.join(map(str, coords))}"
    )
    raise UnsupportedError(f"integral: variable {variable} of {integrand}: {hint}")
