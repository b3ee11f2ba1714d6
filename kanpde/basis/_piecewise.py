"""B-splines as polynomial pieces: one table per knot vector, then a lookup per point."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kanpde.basis._base import Family, Spread
from kanpde.basis._differentiable import placed, whole_number, with_derivatives
from kanpde.basis._knots import checked_knots
from kanpde.basis._taylor import EdgeRule, Series, TaylorWriter
from kanpde.errors import ShapeError


def _pieces(knots: np.ndarray, degree: int) -> np.ndarray:
    """Expand the p + 1 functions that live on each span, about its middle.

    `knots` is ``(R, M)``; the result ``(R, M - 1, p + 1 functions, p + 1 powers)``
    holds powers of u = (x - middle) / length, u in [-1/2, 1/2]. De Boor's
    recursion on polynomials (Piegl & Tiller, *The NURBS Book*, algorithm A2.2);
    0/0 := 0. Functions that reach beyond the knots hold no meaning.
    """
    rows, last = knots.shape[0], knots.shape[1] - 1
    span = np.arange(last)
    length = np.diff(knots)
    middle = knots[:, :-1] + length / 2
    pieces = np.zeros((rows, last, degree + 1, degree + 1))
    pieces[:, :, 0, 0] = 1.0
    for k in range(1, degree + 1):
        saved = np.zeros((rows, last, degree + 1))
        for r in range(k):
            high = knots[:, np.minimum(span + r + 1, last)]
            low = knots[:, np.maximum(span + 1 - k + r, 0)]
            gap = high - low
            inverse = np.divide(1, gap, out=np.zeros_like(gap), where=gap > 0)
            part = pieces[:, :, r] * inverse[..., None]
            pieces[:, :, r] = saved + _times_linear(part, high - middle, -length)
            saved = _times_linear(part, middle - low, length)
        pieces[:, :, k] = saved
    return pieces


def _times_linear(polynomial: np.ndarray, constant: np.ndarray, slope: np.ndarray) -> np.ndarray:
    product: np.ndarray = polynomial * constant[..., None]
    product[..., 1:] += polynomial[..., :-1] * slope[..., None]
    return product


@dataclass(frozen=True)
class SplineRule(EdgeRule):
    """Splines by a search for the span and the pieces there; the knots are in the table.

    An input's table holds its M knots, then for every row of the `PieceTable` the left end,
    half the length, the first function that lives there, and the pieces' coefficients.
    """

    count: int
    degree: int

    @property
    def spans(self) -> int:
        """Rows of the `PieceTable`."""
        return self.count + self.degree + 2

    @property
    def table_size(self) -> int:
        """Numbers per input."""
        return self.spans - 1 + self.spans * (3 + (self.degree + 1) ** 2)

    def write(self, writer: TaylorWriter, y: Series, table: int) -> list[Series]:
        z = y[0]
        assert z is not None  # values always are
        found = writer.pieces(z, table, degree=self.degree, count=self.count)
        return [writer.chained(own, y) for own in found]


@dataclass(frozen=True)
class PieceTable:
    """The polynomial pieces of every B-spline on some knot vectors.

    Row 0 lies left of the knots, row s + 1 is span s, the last row lies right of
    the knots; the rows of the knot vectors follow one another.

    Attributes
    ----------
    knots : Tensor
        For the search, ``(R, M)``; intervals are half-open to the right, except
        that ``knots[-p - 1]`` and the last knot close the interval before them.
    left, inverse : Tensor
        Left end and 1/length of each row's span, ``(R (M + 1),)``.
    columns : Tensor
        Indices of the functions that live there, ``(R (M + 1), width)``.
    powers : Tensor
        Their coefficients, ``(p + 1, R (M + 1), width)``.
    """

    knots: Tensor
    left: Tensor
    inverse: Tensor
    columns: Tensor
    powers: Tensor

    @cached_property
    def rows(self) -> Tensor:
        """All coefficients of a row side by side, ``(R (M + 1), (p + 1) width)``."""
        return self.powers.transpose(0, 1).reshape(self.powers.shape[1], -1)

    def numbers(self) -> np.ndarray:
        """Give knot vectors and pieces as `SplineRule` reads them, ``(R, table_size)``.

        Coefficients are those of powers of x - middle, from power 0 on.
        """
        half = torch.where(self.inverse > 0, 0.5 / self.inverse, 0.0)
        power = torch.arange(len(self.powers))
        pieces = self.powers.permute(1, 2, 0) * self.inverse[:, None, None] ** power
        spans = [self.left[:, None], half[:, None], self.columns[:, :1], pieces.flatten(1)]
        rows = torch.cat(spans, dim=1).reshape(len(self.knots), -1)
        found: np.ndarray = torch.cat((self.knots, rows), dim=1).numpy()
        return found

    @classmethod
    def build(
        cls, knots: Tensor, degree: int, *, dtype: torch.dtype, device: torch.device
    ) -> "PieceTable":
        """Tabulate the pieces in float64 for knots rounded to `dtype`.

        Parameters
        ----------
        knots
            Nondecreasing, shape ``(R, M)``, M >= degree + 2.
        degree
            Degree p.
        dtype, device
            Of the points to come.

        Returns
        -------
        PieceTable
            The table.
        """
        rounded = knots.detach().to(device="cpu", dtype=dtype)
        t = rounded.double().numpy()
        rows, m = t.shape
        count = m - degree - 1
        width = min(degree + 1, count)
        span = np.arange(m - 1)
        first = np.clip(span - degree, 0, count - width)
        source = first[:, None] + np.arange(width) - (span - degree)[:, None]
        inside = (source >= 0) & (source <= degree)
        taken = np.where(inside, source, 0)
        window = _pieces(t, degree)[:, span[:, None], taken] * inside[:, :, None]
        powers = np.zeros((degree + 1, rows, m + 1, width))
        powers[:, :, 1:-1] = np.moveaxis(window, -1, 0)
        length = np.diff(t)
        inverse = np.zeros((rows, m + 1))
        inverse[:, 1:-1] = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
        left = np.concatenate([t[:, :1], t], axis=1)
        start = np.concatenate([[0], first, [count - width]])
        columns = np.tile(start[:, None] + np.arange(width), (rows, 1))

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array)).to(device=device, dtype=dtype)

        return cls(
            knots=_search_knots(rounded, degree).to(device),
            left=tensor(left.reshape(-1)),
            inverse=tensor(inverse.reshape(-1)),
            columns=torch.from_numpy(columns).to(device),
            powers=tensor(powers.reshape(degree + 1, -1, width)),
        )

    def locate(self, z: Tensor) -> Tensor:
        """Find the table's row of each point.

        Parameters
        ----------
        z
            Points; with several knot vectors the last axis runs over them.

        Returns
        -------
        Tensor
            Rows, `z`'s shape, int64.
        """
        return _located(z.detach(), self)

    def evaluate(self, z: Tensor, place: Tensor | None, orders: int) -> Tensor:
        """Evaluate the functions that live where the points are.

        Parameters
        ----------
        z
            Points, any shape.
        place
            Their rows, from `locate`.
        orders
            Highest derivative.

        Returns
        -------
        Tensor
            Value and derivatives, shape ``(orders + 1, *z.shape, width)``.
        """
        if place is None:
            place = self.locate(z)
        turned = _reversed(z)
        row = _reversed(place).reshape(-1)
        degree, width = self.powers.shape[0] - 1, self.powers.shape[2]
        inverse = self.inverse.index_select(0, row)
        u = (turned.reshape(-1) - self.left.index_select(0, row)) * inverse - 0.5
        found = self.rows.index_select(0, row).T.contiguous()
        taylor = found.view(degree + 1, width, -1)
        scale = inverse  # m! / length^m
        for m in range(min(orders, degree) + 1):  # Horner's scheme, repeated: Taylor at u
            for k in range(degree - 1, m - 1, -1):
                taylor[k].addcmul_(u, taylor[k + 1])
            if m:
                scale = scale if m == 1 else scale * inverse * m
                taylor[m].mul_(scale)
        if orders > degree:
            beyond = taylor.new_zeros(orders - degree, *taylor.shape[1:])
            taylor = torch.cat([taylor, beyond * u])  # beyond * u keeps NaN visible
        result = taylor[: orders + 1].reshape(orders + 1, width, *turned.shape)
        # memory runs over the points first, then over the inputs
        return result.permute(0, *range(result.dim() - 1, 1, -1), 1)

    def places(self, z: Tensor, place: Tensor) -> Tensor:
        """Look up which functions live at each point.

        Parameters
        ----------
        z
            Points.
        place
            Their rows, from `locate`.

        Returns
        -------
        Tensor
            Indices, shape ``(*z.shape, width)``, in the order of `evaluate`'s memory.
        """
        first = self.columns[:, 0].index_select(0, _reversed(place).reshape(-1))
        steps = torch.arange(self.columns.shape[1], device=z.device)
        found = (steps[:, None] + first).view(len(steps), *z.shape[::-1])
        return found.permute(*range(found.dim() - 1, -1, -1))


def _reversed(z: Tensor) -> Tensor:
    return z.permute(*range(z.dim() - 1, -1, -1))


def _search_knots(knots: Tensor, degree: int) -> Tensor:
    """Move the knots that close an interval up by one rounding."""
    closing = knots == knots[:, -1:]
    if knots.shape[1] >= 2 * degree + 2:
        closing |= knots == knots[:, -degree - 1, None]
    above = torch.nextafter(knots, torch.full_like(knots, torch.inf))
    return torch.where(closing, above, knots).contiguous()


class _Locate(torch.autograd.Function):
    """The search; a Function because batched searches have no rule under vmap."""

    @staticmethod
    def forward(z: Tensor, table: PieceTable) -> Tensor:
        rows, m = table.knots.shape
        if rows == 1:
            turned = _reversed(z).contiguous()
            return _reversed(torch.searchsorted(table.knots[0], turned, right=True))
        columns = z.reshape(-1, rows).T.contiguous()
        found = torch.searchsorted(table.knots, columns, right=True).T.reshape(z.shape)
        return found + torch.arange(rows, device=z.device) * (m + 1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.mark_non_differentiable(output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], z: Tensor, table: PieceTable
    ) -> tuple[Tensor, int]:
        return _located(z.movedim(in_dims[0] or 0, 0), table), 0


_located: Callable[..., Tensor] = _Locate.apply


def dense_values(table: PieceTable, z: Tensor, orders: int, count: int) -> Tensor:
    """Evaluate all `count` functions, of which few live at each point.

    Parameters
    ----------
    table
        The pieces.
    z
        Points, any shape.
    orders
        Highest derivative.
    count
        Functions per knot vector.

    Returns
    -------
    Tensor
        Shape ``(orders + 1, *z.shape, count)``, differentiable in `z`.
    """
    family, spread = local_values(table, z, count)
    assert spread is not None
    return spread(family(z, orders))


def local_values(table: PieceTable, z: Tensor, count: int) -> tuple[Family, Spread | None]:
    """Split evaluation into the few functions that live at a point and their places.

    Parameters
    ----------
    table
        The pieces.
    z
        Points, any shape.
    count
        Functions per knot vector.

    Returns
    -------
    tuple
        ``family(z, orders)`` of shape ``(orders + 1, *z.shape, width)``, to be used at
        these points, and what places such values (or their jets) among all `count`.
    """
    place = table.locate(z)
    columns = table.places(z, place)

    def family(points: Tensor, orders: int) -> Tensor:
        return with_derivatives(points, table.evaluate, orders, place=place)

    return family, lambda local: placed(local, columns, count)


def bspline_values(
    x: Tensor,  # (N,)
    knots: Tensor,  # (M,), nondecreasing
    degree: int,
) -> Tensor:  # (N, M - degree - 1)
    r"""Evaluate every B-spline of `degree` at each point.

    Parameters
    ----------
    x
        Points, shape ``(N,)``, in the units of `knots`. Outside the knots
        every basis function is zero.
    knots
        Nondecreasing, shape ``(M,)``; coincident knots are safe (0/0 := 0).
    degree
        Polynomial degree p; 3 is cubic (de Boor's *order* is ``p + 1``).

    Returns
    -------
    Tensor
        Shape ``(N, M - p - 1)``; rows sum to 1 between ``knots[p]`` and
        ``knots[-p - 1]``, both ends included. Has p - 1 continuous derivatives
        in `x` where knots are simple; differentiable by autograd to any depth.

    Raises
    ------
    InputError
        If `knots` holds fewer than ``p + 2`` values, or they decrease.
    ShapeError
        If `x` or `knots` is not one-dimensional.

    References
    ----------
    de Boor, *A Practical Guide to Splines*, rev. ed., 2001, ch. IX.

    Examples
    --------
    >>> bspline_values(torch.tensor([3.5]), torch.arange(8.0), degree=1)
    tensor([[0.0000, 0.0000, 0.5000, 0.5000, 0.0000, 0.0000]])
    """
    whole_number("degree", degree, least=0)
    if x.ndim != 1:
        raise ShapeError(f"x: expected shape (N,), got {tuple(x.shape)}")
    if knots.ndim != 1:
        raise ShapeError(f"knots: expected shape (M,), got {tuple(knots.shape)}")
    checked = checked_knots(knots, degree, least=degree + 2)
    table = PieceTable.build(checked[None], degree, dtype=x.dtype, device=x.device)
    return dense_values(table, x, 0, checked.shape[0] - degree - 1)[0]
