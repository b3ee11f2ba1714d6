"""Gaussian bumps at fixed centres."""

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import torch
from torch import Tensor

from kanpde.basis._base import Basis, data_field
from kanpde.basis._differentiable import whole_number
from kanpde.basis._taylor import EdgeRule, Series, TaylorWriter
from kanpde.errors import InputError

START = 0.2  # edges that start nearly straight train better


def gaussian_values(u: Tensor, rate: float, orders: int) -> Tensor:
    r"""Evaluate :math:`e^{-u^2}` and its derivatives by an argument with du = rate d(argument).

    Derivative m is :math:`(-1)^m H_m(u) e^{-u^2}` with the Hermite polynomials'
    recurrence, so it is stable where it is small.

    Parameters
    ----------
    u
        Points, any shape.
    rate
        The slope of `u`.
    orders
        Highest derivative.

    Returns
    -------
    Tensor
        Shape ``(orders + 1, *u.shape)``.

    Examples
    --------
    >>> gaussian_values(torch.zeros(1), 2.0, 2)[:, 0]
    tensor([ 1., -0., -8.])
    """
    twice = -2.0 * rate * u
    found = u.new_empty((orders + 1, *u.shape))
    torch.exp(-u * u, out=found[0])
    for m in range(orders):
        torch.mul(twice, found[m], out=found[m + 1])
        if m:
            found[m + 1].sub_(found[m - 1], alpha=2.0 * m * rate**2)
    return found


@dataclass(frozen=True)
class _Rule(EdgeRule):
    """Gaussians of u = rate (z - center): c_m+1 = -2 rate (u c_m + rate c_m-1) / (m + 1)."""

    count: int
    centers: tuple[float, ...]
    rate: float

    def write(self, writer: TaylorWriter, y: Series, table: int) -> list[Series]:
        z = y[0]
        assert z is not None  # values always are
        found = []
        for center in self.centers:
            shift = (-self.rate * center, writer.one, writer.one)
            u = writer.total([(self.rate, z, writer.one), shift])
            square = writer.total([(1.0, u, u)])
            assert square is not None
            own: Series = [writer.decay(square)]
            for m in range(writer.most):
                factor = -2.0 * self.rate / (m + 1)
                below = [(factor * self.rate, own[m - 1], writer.one)] if m else []
                own.append(writer.total([(factor, u, own[m]), *below]))
            found.append(writer.chained(own, y))
        return found


class RBF(Basis):
    r"""Gaussians :math:`\exp(-((z - c_k) / h)^2)` with `count` centres evenly on [-1, 1].

    Parameters
    ----------
    count
        Functions per input; the first and the last centre are the ends, a single one is 0.
    width
        h in units of the distance of the centres. Wider bumps approximate smooth functions
        better and are closer to being dependent.

    Attributes
    ----------
    spacing : float
        Distance of the centres (2 for a single one).

    Raises
    ------
    InputError
        If `count` is no positive integer or `width` no positive number.

    References
    ----------
    Li, *Kolmogorov-Arnold networks are radial basis function networks*, arXiv 2405.06721.

    Examples
    --------
    >>> RBF(3).values(torch.zeros(1, 1))[0, 0, 0]
    tensor([0.3679, 1.0000, 0.3679])
    """

    name: ClassVar[str] = "rbf"
    default_degree: ClassVar[int] = 4
    degree_means: ClassVar[str] = "functions per edge"

    def __init__(self, count: int = default_degree, width: float = 1.0) -> None:
        self.count = whole_number("count", count, least=1)
        real = isinstance(width, Real) and not isinstance(width, bool)
        if not real or not 0 < float(width) < float("inf"):
            raise InputError(f"width: expected a positive number, got {width!r}")
        self.width = float(width)
        self.spacing = 2.0 / max(self.count - 1, 1)
        self._first = -1.0 if self.count > 1 else 0.0
        self.bounded = False

    def __repr__(self) -> str:
        return f"RBF(count={self.count}, width={self.width:g})"

    def _evaluate(self, z: Tensor, place: Tensor | None, orders: int) -> Tensor:
        turned = z.permute(*range(z.dim() - 1, -1, -1))
        rate = 1.0 / (self.width * self.spacing)
        centres = self._first + self.spacing * torch.arange(
            self.count, dtype=z.dtype, device=z.device
        )
        u = rate * (turned - centres.reshape(-1, *(1,) * z.dim()))
        found = gaussian_values(u, rate, orders)
        # memory runs over the points first, then over the inputs
        return found.permute(0, *range(found.dim() - 1, 1, -1), 1)

    def edge_rule(self) -> EdgeRule:
        """Say how the compiled kernel gets the functions: by Hermite's recurrence."""
        centers = tuple(self._first + self.spacing * k for k in range(self.count))
        return _Rule(self.count, centers, 1.0 / (self.width * self.spacing))

    def initial_scales(self, n_in: int) -> Tensor:
        """Give standard deviations of initial coefficients: the same for every bump.

        Parameters
        ----------
        n_in
            Inputs of the layer.

        Returns
        -------
        Tensor
            Shape ``(count,)``.

        Examples
        --------
        >>> RBF(2).initial_scales(4)
        tensor([0.1000, 0.1000], dtype=torch.float64)
        """
        return torch.full((self.count,), START * n_in**-0.5, dtype=torch.float64)

    def to_record(self) -> dict[str, Any]:
        """Describe the basis by plain JSON data.

        Returns
        -------
        dict
            Name, count and width.

        Examples
        --------
        >>> RBF(4).to_record()
        {'name': 'rbf', 'count': 4, 'width': 1.0}
        """
        return {"name": self.name, "count": self.count, "width": self.width}

    @classmethod
    def _from_record(cls, data: dict[str, Any]) -> "RBF":
        return cls(data_field(data, "count"), data_field(data, "width"))

    def _copy(self) -> "RBF":
        return RBF(self.count, self.width)
