"""Data of a mesh file, as numbers and as functions."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from kanpde._names import LONGEST_NAME, is_identifier
from kanpde._simplices import Indices
from kanpde.errors import InputError
from kanpde.geometry._samplers import Array
from kanpde.pde import mesh_field


class FieldsOfMesh:
    """What a mesh answers about the point data and cell data of its file."""

    points: Array
    cells: Indices
    closed: bool
    _values: dict[str, tuple[str, Array]]

    @property
    def fields(self) -> dict[str, str]:
        """Names of the file's data, each with ``"point"`` or ``"cell"`` for where they are.

        A mesh that was read back from a run directory has none.
        """
        return {name: kind for name, (kind, _) in self._values.items()}

    def data(self, name: str, *, component: int | None = None) -> Array:
        """Return the file's data at `points` or on `cells`, shape ``(N,)`` or ``(C,)``.

        Parameters
        ----------
        name
            Name of point data or cell data.
        component
            Which column, where there are several.

        Raises
        ------
        InputError
            If there are no such data; the message lists those that there are.
        """
        if name not in self._values:
            known = ", ".join(self._values) or "none"
            raise InputError(f"mesh: expected data of the file, got {name!r}; it holds {known}")
        _, values = self._values[name]
        width = 1 if values.ndim == 1 else values.shape[1]
        if values.ndim == 2:
            if (component is None and width > 1) or not 0 <= (component or 0) < width:
                raise InputError(
                    f"mesh: {name}: expected component= from 0 to {width - 1}, got {component}"
                )
            values = values[:, component or 0]
        if not np.isfinite(values).all():
            raise InputError(f"mesh: {name}: expected finite numbers, got NaN or infinity")
        return np.ascontiguousarray(values)

    def field(self, name: str, *, component: int | None = None) -> Any:
        """Make a function of the file's data, for equations, coefficients and conditions.

        Point data are continued between the points by quadratics, and have first and second
        derivatives; cell data are constant on every cell, their derivatives are zero. The field
        is stored with the problem, as numbers.

        Parameters
        ----------
        name, component
            As in `data`.

        Returns
        -------
        sympy function
            Call it with the spatial coordinates.

        Raises
        ------
        InputError
            If there are no such data, or the mesh is a closed surface.

        Examples
        --------
        >>> import meshio
        >>> import sympy
        >>> from kanpde.geometry import Mesh
        >>> x, y = sympy.symbols("x y", real=True)
        >>> points, data = [[0, 0], [1, 0], [0, 1]], {"k": [1.0, 3.0, 1.0]}
        >>> plate = Mesh((x, y), meshio.Mesh(points, {"triangle": [[0, 1, 2]]}, point_data=data))
        >>> k = plate.field("k")(x, y)
        >>> k.diff(x), round(float(k.subs({x: 0.25, y: 0.25}).evalf()), 12)
        (k_10(x, y), 1.5)
        """
        if self.closed:
            raise InputError(
                f"mesh: {name}: expected volume cells for a field, got a closed surface; "
                "mesh the inside"
            )
        on, values = self.fields.get(name, ""), self.data(name, component=component)
        return mesh_field(_label(name, component), self.points, self.cells, values, on=on)

    def interpolant(self, name: str, *, component: int | None = None) -> Any:
        """Make a callable from points ``(N, d)`` to values ``(N,)``, as `reference=` takes it.

        It is the function of `field`, in numbers.

        Raises
        ------
        InputError
            As `field`.
        """
        return self.field(name, component=component).spline.at


def _label(name: str, component: int | None) -> str:
    """Make the name of a file's data an identifier, as expressions hold it."""
    end = "" if component is None else f"_{component}"
    letters = "".join(c if f"a{c}".isidentifier() else " " for c in name)
    label = re.sub(r"\W+", "_", letters)[: LONGEST_NAME - len(end)] + end
    return label if is_identifier(label) else f"field_{label.lstrip('_')}"[:LONGEST_NAME]
