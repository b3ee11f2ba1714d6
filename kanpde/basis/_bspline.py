"""B-splines on a grid per input."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from kanpde.basis._base import Basis, Family, Spread, Transfer, data_field
from kanpde.basis._differentiable import check_points, whole_number
from kanpde.basis._knots import (
    breakpoint_points,
    checked_knots,
    checked_samples,
    quantile_breakpoints,
    subdivided_knots,
    uniform_knots,
    with_outer_knots,
)
from kanpde.basis._piecewise import PieceTable, SplineRule, dense_values, local_values
from kanpde.basis._transfer import blossom, largest_change, refit
from kanpde.errors import InputError, RunDirectoryError, ShapeError


class BSpline(Basis):
    r"""B-splines of degree p on G intervals; G + p functions per input.

    The breakpoints are augmented by p knots on each side. Inside [lower, upper]
    the functions sum to 1; outside they decay to zero over the p padded
    intervals and are zero beyond, as in the KAN paper. Intervals are half-open,
    except that `upper` belongs to the interval before it: the derivative of
    order p, which jumps at knots, is there the one from inside the grid.
    Evaluation finds the span of every point and works on the p + 1 functions
    that live there.

    Parameters
    ----------
    grid
        Number of intervals G on [lower, upper].
    degree
        Polynomial degree p; 3 is cubic. Degree 0 is piecewise constant.
    lower, upper
        Ends of the grid.
    knots
        Instead of the uniform ones: nondecreasing, shape ``(M,)`` or
        ``(n_in, M)``; G = M - 2p - 1 and the ends are then read off.

    Attributes
    ----------
    grid, degree, count : int
        G, p and G + p.
    knots : Tensor
        Shape ``(1, G + 2p + 1)``, or ``(n_in, G + 2p + 1)`` when bound.
    lower, upper : Tensor
        Ends of every grid, shape ``(1,)`` or ``(n_in,)``.

    Raises
    ------
    InputError
        If `grid` < 1, `degree` < 0, `lower` >= `upper`, too few knots or
        decreasing ones.
    ShapeError
        If `knots` has neither shape.

    References
    ----------
    de Boor, *A Practical Guide to Splines*, rev. ed., 2001, ch. IX-XI;
    Liu et al., *KAN: Kolmogorov-Arnold Networks*, 2024, sec. 2.2.

    Examples
    --------
    >>> basis = BSpline(grid=2, degree=1)
    >>> basis.values(torch.tensor([[0.5]]), 1)[:, 0, 0]
    tensor([[ 0.0000,  0.5000,  0.5000],
            [ 0.0000, -1.0000,  1.0000]])
    """

    name: ClassVar[str] = "bspline"
    default_degree: ClassVar[int] = 3
    default_grid: ClassVar[int] = 5
    default_base: ClassVar[str] = "silu"

    def __init__(
        self,
        grid: int = default_grid,
        degree: int = default_degree,
        *,
        lower: float = -1.0,
        upper: float = 1.0,
        knots: Tensor | None = None,
    ) -> None:
        self.degree = whole_number("degree", degree, least=0)
        self.bounded = False
        self._bound: int | None = None
        if knots is None:
            self.grid = whole_number("grid", grid, least=1)
            self._knots = uniform_knots(grid, degree, lower=lower, upper=upper)
        else:
            checked = checked_knots(knots, degree, least=2 * degree + 2)
            self._bound = checked.shape[0] if checked.ndim == 2 else None
            self._knots = checked.reshape(-1, checked.shape[-1])
            self.grid = checked.shape[-1] - 2 * degree - 1
        self.count = self.grid + self.degree
        low, high = self._knots[:, degree], self._knots[:, -degree - 1]
        if bool((low >= high).any()):
            raise InputError("knots: expected knots[p] < knots[-p - 1], got an empty grid")
        shared = bool((self._knots == self._knots[:1]).all())
        self._distinct = self._knots[:1] if shared else self._knots
        self._tables: dict[tuple[torch.dtype, torch.device], PieceTable] = {}

    @classmethod
    def for_network(cls, degree: int | None = None, grid: int | None = None) -> "BSpline":
        """Make the basis of a network's edges, of the default size where none is asked for."""
        return cls(grid or cls.default_grid, degree or cls.default_degree)

    def __repr__(self) -> str:
        return f"BSpline(grid={self.grid}, degree={self.degree}, inputs={self._bound})"

    @property
    def knots(self) -> Tensor:
        """The knots, shape ``(n_in, G + 2p + 1)``; one row while unbound."""
        return self._knots.to(device=self.device, dtype=self.dtype)

    @property
    def lower(self) -> Tensor:
        """Lower end of every grid, shape ``(n_in,)``."""
        return self.knots[:, self.degree]

    @property
    def upper(self) -> Tensor:
        """Upper end of every grid, shape ``(n_in,)``."""
        return self.knots[:, -self.degree - 1]

    def for_inputs(self, n_in: int) -> "BSpline":
        """Bind the number of inputs: one grid each.

        Parameters
        ----------
        n_in
            Inputs of the layer.

        Returns
        -------
        BSpline
            With `knots` of shape ``(n_in, G + 2p + 1)``.

        Raises
        ------
        InputError
            If `n_in` is no positive integer or the basis is bound to another.

        Examples
        --------
        >>> BSpline(grid=5, degree=3).for_inputs(2).knots.shape
        torch.Size([2, 12])
        """
        whole_number("n_in", n_in, least=1)
        if self._bound not in (None, n_in):
            raise InputError(f"n_in: expected {self._bound}, the grids' number, got {n_in}")
        return self._with_knots(self._knots.expand(n_in, -1))

    def values(
        self,
        z: Tensor,  # (N, n_in)
        orders: int = 0,
    ) -> Tensor:  # (orders + 1, N, n_in, count)
        """Evaluate every function and its derivatives at each point.

        Parameters
        ----------
        z
            Points, shape ``(N, n_in)``; any shape while unbound.
        orders
            Highest derivative; those above the degree are zero.

        Returns
        -------
        Tensor
            Shape ``(orders + 1, N, n_in, count)``; see `Basis.values`.

        Raises
        ------
        ShapeError
            If the last axis of `z` is not n_in.

        Examples
        --------
        >>> BSpline(grid=5, degree=3).values(torch.zeros(4, 2), 2).shape
        torch.Size([3, 4, 2, 8])
        """
        self._check(z, orders)
        return dense_values(self._table(z), z, orders, self.count)

    def local(self, z: Tensor) -> tuple[Family, Spread | None]:
        """Give the p + 1 functions that live at each point, and their places.

        See `Basis.local`.
        """
        self._check(z, 0)
        return local_values(self._table(z), z, self.count)

    def edge_rule(self) -> SplineRule:
        """Say how the compiled kernel gets the functions: from the pieces of the span."""
        return SplineRule(self.count, self.degree)

    def edge_tables(self, n_in: int) -> np.ndarray:
        """Give knots and pieces of every input, ``(n_in, table_size)``."""
        found = self._table(self._knots).numbers()
        return np.broadcast_to(found, (n_in, found.shape[1]))

    def _check(self, z: Tensor, orders: int) -> None:
        if self._bound is not None and (z.ndim == 0 or z.shape[-1] != self._bound):
            raise ShapeError(f"z: expected shape (N, {self._bound}), got {tuple(z.shape)}")
        check_points(z, orders)

    def extend(
        self,
        coefficients: Tensor,  # (n_in, G + p, n_out)
        grid: int,
        *,
        nested: bool = True,
    ) -> Transfer:
        """Refine the grid without changing the function on [lower, upper].

        Every old interval is subdivided evenly; the padded knots move too.
        Nested grids hold the old function: its coefficients are exact blossoms.
        Outside [lower, upper] the function may differ, since the padded
        intervals are shorter.

        Parameters
        ----------
        coefficients
            Shape ``(n_in, count, n_out)``.
        grid
            New number of intervals, a multiple of the old.
        nested
            False allows other numbers by least squares, which changes the
            function; `moved` says by how much.

        Returns
        -------
        Transfer
            New basis (bound to n_in) and coefficients; `moved` on [lower, upper].

        Raises
        ------
        InputError
            If `grid` is no multiple of the old and `nested` is True.
        ShapeError
            If `coefficients` has another shape.

        References
        ----------
        Ramshaw, *Blossoms are polar forms*, 1989.

        Examples
        --------
        >>> basis = BSpline(grid=5, degree=3)
        >>> basis.extend(torch.ones(1, 8, 2), 10).coefficients.shape
        torch.Size([1, 13, 2])
        """
        whole_number("grid", grid, least=1)
        exact = grid % self.grid == 0
        if nested and not exact:
            raise InputError(
                f"grid: {grid} is not a multiple of {self.grid}; extension would change the "
                "function; pass nested=False to allow it"
            )
        old = self._knots_for(coefficients)
        new = subdivided_knots(old.numpy(), self.grid, grid, self.degree)
        basis, bound = self._with_knots(torch.from_numpy(new)), self._with_knots(old)
        points = breakpoint_points(new, self.degree, 4 * max(basis.count, self.count))
        if exact:
            found = blossom(old.numpy(), new, coefficients, self.degree)
        else:
            found = refit(bound, basis, coefficients, points)
        moved = largest_change(bound, basis, coefficients, found, points)
        return Transfer(basis, found, moved)

    def update(
        self,
        samples: Tensor,  # (N, n_in)
        coefficients: Tensor,  # (n_in, G + p, n_out)
        blend: float = 0.02,
        *,
        margin: float = 0.01,
    ) -> Transfer:
        """Move the knots to where the samples are, at the same G, and refit.

        Breakpoints are ``blend * uniform + (1 - blend) * quantiles`` over the
        samples' range, widened by `margin` of it; the padded knots follow with
        the mean spacing. The coefficients are refitted by least squares on a
        dense set of its own, never on the samples. An input whose samples
        coincide keeps its knots.

        Parameters
        ----------
        samples
            What the layer's inputs are, shape ``(N, n_in)``.
        coefficients
            Shape ``(n_in, count, n_out)``.
        blend
            In [0, 1]: 1 is uniform; 0.02, the paper's code's, is almost quantile.
        margin
            Fraction of the range added on each side.

        Returns
        -------
        Transfer
            New basis (bound to n_in) and coefficients; `moved` is measured on
            the samples and densely over their range.

        Raises
        ------
        InputError
            If `blend` or `margin` is out of range or samples are not finite.
        ShapeError
            If `samples` or `coefficients` has another shape.

        References
        ----------
        Liu et al., *KAN: Kolmogorov-Arnold Networks*, 2024, sec. 2.4 and its code.

        Examples
        --------
        >>> basis = BSpline(grid=5, degree=3)
        >>> step = basis.update(torch.linspace(-1, 1, 50)[:, None], torch.ones(1, 8, 2), 1.0)
        >>> step.basis.lower
        tensor([-1.0200], dtype=torch.float64)
        """
        old = self._knots_for(coefficients)
        points = checked_samples(samples, old.shape[0], blend=blend, margin=margin)
        breakpoints, kept = quantile_breakpoints(points, self.grid, blend=blend, margin=margin)
        new = with_outer_knots(breakpoints, self.degree)
        new[kept] = old.numpy()[kept]
        basis, bound = self._with_knots(torch.from_numpy(new)), self._with_knots(old)
        dense = breakpoint_points(new, self.degree, 4 * self.count)
        found = refit(bound, basis, coefficients, dense)
        found[kept] = coefficients[kept]
        inside = np.clip(dense, points.min(0)[:, None], points.max(0)[:, None])
        looked_at = np.concatenate([inside, points.T], axis=1)
        moved = largest_change(bound, basis, coefficients, found, looked_at)
        return Transfer(basis, found, moved)

    def to_record(self) -> dict[str, Any]:
        """Describe the basis by plain JSON data.

        Returns
        -------
        dict
            Name, degree, knots (nested lists) and whether inputs are bound.

        Examples
        --------
        >>> BSpline(grid=1, degree=1).to_record()["knots"]
        [[-3.0, -1.0, 1.0, 3.0]]
        """
        return {
            "name": self.name,
            "degree": self.degree,
            "bound": self._bound is not None,
            "knots": self._knots.tolist(),
        }

    @classmethod
    def _from_record(cls, data: dict[str, Any]) -> "BSpline":
        rows = data_field(data, "knots")
        bound = data_field(data, "bound")
        if not isinstance(bound, bool) or (not bound and len(rows) != 1):
            raise RunDirectoryError(f"basis: expected one row of knots unless bound, got {bound!r}")
        knots = torch.tensor(rows if bound else rows[0], dtype=torch.float64)
        return cls(degree=data_field(data, "degree"), knots=knots)

    def _copy(self) -> "BSpline":
        return self._with_knots(self._knots[0] if self._bound is None else self._knots)

    def _with_knots(self, knots: Tensor) -> "BSpline":
        basis = BSpline(degree=self.degree, knots=knots)
        basis.dtype, basis.device = self.dtype, self.device
        return basis

    def _table(self, z: Tensor) -> PieceTable:
        key = (z.dtype, z.device)
        if key not in self._tables:
            self._tables[key] = PieceTable.build(
                self._distinct, self.degree, dtype=z.dtype, device=z.device
            )
        return self._tables[key]

    def _knots_for(self, coefficients: Tensor) -> Tensor:
        """Return one row of knots per input of the coefficients."""
        expected = f"({self._bound or 'n_in'}, {self.count}, n_out)"
        shape = tuple(coefficients.shape)
        if len(shape) != 3 or shape[1] != self.count or (self._bound not in (None, shape[0])):
            raise ShapeError(f"coefficients: expected shape {expected}, got {shape}")
        return self._knots.expand(shape[0], -1).contiguous()
