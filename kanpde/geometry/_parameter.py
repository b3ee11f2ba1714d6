"""`ParameterInterval`: a parameter of the problem as an input of the network, with a range."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from kanpde.errors import InputError
from kanpde.geometry import _numbers, _records
from kanpde.geometry._domain import Domain
from kanpde.geometry._numbers import box_contains, checked_points
from kanpde.geometry._samplers import Array
from kanpde.geometry._selection import Part
from kanpde.geometry.piece import BoxPiece


class ParameterInterval(Domain):
    """The range [lower, upper] of a parameter: one network learns the whole family.

    A factor of a domain, beside space and time. The parameter is a coordinate of every
    unknown, so equations and data may depend on it; it has no boundary and no normal, so
    a condition holds for all its values, and it is no coordinate of space.

    Parameters
    ----------
    k
        The parameter, a sympy symbol.
    lower, upper
        Finite bounds, numbers or sympy constants, ``lower < upper``.

    Raises
    ------
    InputError
        If `k` is not a symbol or the bounds are not finite and increasing.

    Examples
    --------
    >>> from kanpde.geometry import Interval
    >>> x, k = sympy.symbols("x k", real=True)
    >>> family = Interval(x, 0, 1) * ParameterInterval(k, 1, 4)
    >>> list(family.parts), family.space, family.parameters
    (['x=0', 'x=1'], Interval(x, 0, 1), (k,))
    """

    def __init__(self, k: sympy.Symbol, lower: Any, upper: Any) -> None:
        symbol = _numbers.coordinate("ParameterInterval", k)
        name = f"ParameterInterval({symbol})"
        low = _numbers.real_number(f"{name} lower bound", lower)
        high = _numbers.real_number(f"{name} upper bound", upper)
        if low == high:
            raise InputError(
                f"{name}: expected a range of values, got {low:.17g} alone; "
                f"write that number instead of {symbol} in the problem, without ParameterInterval"
            )
        a, b = _numbers.bounds(name, low, high)
        self.coordinates = (symbol,)
        self.lower, self.upper = np.array([a]), np.array([b])

    @property
    def parameters(self) -> tuple[sympy.Symbol, ...]:
        """The parameter."""
        return self.coordinates

    @property
    def space(self) -> None:
        """There is no spatial factor."""

    @property
    def parts(self) -> dict[str, Part]:
        """There is no boundary."""
        return {}

    def bulk(self) -> BoxPiece:
        """Return the range as a piece."""
        return BoxPiece(self.lower, self.upper)

    def surface(self, name: str) -> BoxPiece:
        """Raise `InputError`: there is no boundary."""
        raise InputError(
            f"boundary: {self} has no part {name!r}; conditions hold for all its values"
        )

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the closed range."""
        return box_contains(checked_points(points, 1), self.lower, self.upper)

    def to_record(self) -> dict[str, Any]:
        """Describe the range in plain JSON types."""
        return {
            "kind": "parameter",
            "coordinates": [str(self.coordinates[0])],
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
        }

    def __repr__(self) -> str:
        """Show parameter and bounds."""
        return f"ParameterInterval({self.coordinates[0]}, {self.lower[0]:.6g}, {self.upper[0]:.6g})"


@_records.reads("parameter")
def _parameter_from_record(data: dict[str, Any]) -> Domain:
    return ParameterInterval(*_records.line(data))
