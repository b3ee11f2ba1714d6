"""Tables as sympy functions: interpolating splines that can be differentiated and stored."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import sympy
from numpy.typing import ArrayLike
from sympy import Expr

from kanpde.calculus import Indices
from kanpde.ground._names import identifier
from kanpde.pde.tables._meshfield import MeshField
from kanpde.pde.tables._spline import interpolate
from kanpde.pde.tables._tabulation import Array, Tabulation


class Tabulated(sympy.Function):
    """A derivative of a table, as a function of real arguments."""

    is_real = True
    spline: ClassVar[Tabulation]
    nu: ClassVar[tuple[int, ...]]

    def fdiff(self, argindex: int = 1) -> Expr:
        """Give the next derivative; it vanishes beyond the degree."""
        raised = tuple(n + (k == argindex - 1) for k, n in enumerate(self.nu))
        if max(raised) > self.spline.degree:
            return sympy.S.Zero
        result: Expr = tabulated(self.spline, raised)(*self.args)
        return result

    def _eval_evalf(self, prec: int) -> Expr | None:
        numbers = [a.evalf(prec) for a in self.args]
        if not all(n.is_Float or n.is_Integer for n in numbers):
            return None
        value = self.spline.values([np.array(float(n)) for n in numbers], self.nu)
        return sympy.Float(float(value), 17)


@lru_cache(maxsize=256)
def tabulated(spline: Tabulation, nu: tuple[int, ...]) -> Any:
    """Give the sympy function of a derivative of a table, the same one every time."""
    name = spline.name + ("" if not any(nu) else "_" + "".join(map(str, nu)))
    content = {"spline": spline, "nu": nu, "nargs": len(nu), "__module__": __name__}
    make: Any = type(Tabulated)
    return make(name, (Tabulated,), content)


def table(name: str, axes: Any, values: ArrayLike, order: int = 3) -> Any:
    """Make a function of a table of numbers, for equations, coefficients and data.

    Between the numbers it is a spline of degree `order` (cubic, bicubic), so it has `order` - 1
    continuous derivatives. It is stored with the problem, as numbers.

    Parameters
    ----------
    name
        What it is called in printed equations, an identifier.
    axes
        Increasing coordinates: one sequence, or one per argument.
    values
        Shape ``(n_1, …, n_d)``, one length per axis.
    order
        Polynomial degree, 1 (linear) to 5.

    Returns
    -------
    sympy function
        Call it with as many expressions as there are axes. Outside the table the outermost
        polynomials go on.

    Raises
    ------
    InputError
        If the name is no identifier; if axes and values do not fit together, are not finite or
        not increasing.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> f = table("f", [0, 1, 2, 3], [0, 1, 4, 9])
    >>> f(x).diff(x)
    f_1(x)
    >>> round(float(f(1.5).evalf()), 12)
    2.25
    """
    spline = interpolate(name, axes, values, order)
    return tabulated(spline, (0,) * spline.dimension)


def mesh_field(name: str, points: Array, cells: Indices, values: Array, *, on: str) -> Any:
    """Make a function of values at the points of a mesh, or on its cells.

    Parameters
    ----------
    name
        What it is called in printed equations.
    points, cells, values, on
        As of `MeshField`.

    Returns
    -------
    sympy function
        Call it with as many expressions as there are coordinates.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> corners, cells = np.array([[0.0, 0], [1, 0], [0, 1]]), np.array([[0, 1, 2]])
    >>> f = mesh_field("f", corners, cells, np.array([1.0, 3.0, 1.0]), on="point")
    >>> round(float(f(0.25, 0.25).evalf()), 12)
    1.5
    """
    identifier("mesh field", name)
    return tabulated(MeshField(name, points, cells, values, on=on), (0,) * points.shape[1])
