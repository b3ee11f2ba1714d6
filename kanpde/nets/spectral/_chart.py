r"""Coordinates of their own for holes and corners: where a solution is simple that is not in x, y.

Beside a hole a solution is a series in powers of 1/r and a logarithm: entire functions of
:math:`\log r`. Beside a re-entrant corner of opening :math:`\omega` it is a sum of
:math:`r^{k\pi/\omega + 2j} \cos(k\pi\varphi/\omega)`. No polynomial of x and y follows either
quickly.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from kanpde.calculus import JetSpace, compose, multiply, unit
from kanpde.nets.spectral._univariate import chebyshev_tables, fourier_tables

KINDS = ("hole", "corner")
NEAREST = 1e-24
SMOOTHNESS = 6  # derivatives of a window that vanish where it ends


@dataclass(frozen=True)
class Chart:
    r"""Polar coordinates about a place in the plane of two coordinates.

    Parameters
    ----------
    kind
        "hole": Chebyshev polynomials of log r times waves of the angle. "corner":
        :math:`r^{k\pi/\omega}` times polynomials of r² times waves of k half openings.
    axes
        The two coordinates.
    center
        Middle of the hole, or vertex.
    inner, outer
        Smallest and largest distance from it in the domain.
    direction
        Angle of the corner's bisector, inside the domain.
    opening
        Angle of the corner, 2π for a hole.
    windowed
        Let the functions end smoothly at the distance `outer`.
    """

    kind: str
    axes: tuple[int, int]
    center: tuple[float, float]
    inner: float
    outer: float
    direction: float = 0.0
    opening: float = 2 * math.pi
    windowed: bool = False

    def __post_init__(self) -> None:
        least = 0.0 if self.kind == "corner" else 1e-300
        numbers = (*self.center, self.inner, self.outer, self.direction, self.opening)
        good = self.kind in KINDS and all(map(math.isfinite, numbers))
        if not good or not least <= self.inner < self.outer or not self.opening > 0:
            raise ValueError(f"a chart of positive size, got {self}")

    @property
    def rate(self) -> float:
        """Frequency of the first wave of the angle."""
        return 1.0 if self.kind == "hole" else math.pi / self.opening

    def to_record(self) -> dict[str, Any]:
        """Describe the chart in plain JSON types."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_record(cls, data: dict[str, Any]) -> Chart:
        """Rebuild what `to_record` described.

        Raises
        ------
        ValueError
            If the numbers are no chart.
        """
        first, second = (int(a) for a in data["axes"])
        x, y = (float(c) for c in data["center"])
        names = ("inner", "outer", "direction", "opening")
        numbers = {name: float(data[name]) for name in names}
        return cls(
            str(data["kind"]), (first, second), (x, y), windowed=bool(data["windowed"]), **numbers
        )

    def tables(
        self, points: Tensor, degrees: tuple[int, int], space: JetSpace
    ) -> tuple[Tensor, Tensor]:
        """Jets of the functions of the radius and of the angle.

        Parameters
        ----------
        points
            All coordinates, ``(N, d)``.
        degrees
            Highest degree of the radius and highest wave of the angle.

        Returns
        -------
        radial, angular
            ``(K, N, n)``: of a corner the angular ones carry the power of r too.
        """
        square, angle, values = self._polar(points, space)
        if self.kind == "corner":
            low, high = 0.0, self.outer**2
            place = square
        else:
            low, high = math.log(self.inner), math.log(self.outer)
            place = 0.5 * logarithm(square, space)
        s = (2.0 / (high - low)) * place
        s = with_value(s, s[0] - (high + low) / (high - low))
        radial = compose(
            torch.stack(chebyshev_tables(s[0, :, 0], degrees[0], 1.0, space.order))[:, :, None],
            s,
            space,
        )[:, :, 0]
        turned = self.rate * values
        tables = fourier_tables(
            torch.cos(turned), torch.sin(turned), degrees[1], self.rate, space.order
        )
        waves = torch.stack(tables)[:, :, None]
        angular = compose(waves, angle, space)[:, :, 0]
        if self.kind == "corner":
            angular = self._with_powers(angular, square, degrees[1], space)
        if self.windowed:
            radial = multiply(self._window(square, space), radial, space)
        return radial, angular

    def _polar(self, points: Tensor, space: JetSpace) -> tuple[Tensor, Tensor, Tensor]:
        """Jets of r² and of the angle, ``(K, N, 1)``, and the angle from the bisector."""
        i, j = self.axes
        x, y = (
            self._offset(points[:, a] - c, a, space)
            for a, c in zip(self.axes, self.center, strict=True)
        )
        square = multiply(x, x, space) + multiply(y, y, space)
        tiny = (NEAREST * self.outer) ** 2  # the vertex itself has no angle
        square = with_value(square, square[0].clamp_min(tiny))
        inverse = power(square, -1.0, space)
        slopes = {i: -multiply(y, inverse, space), j: multiply(x, inverse, space)}
        turned = math.cos(self.direction), math.sin(self.direction)
        a, b = x[0, :, 0], y[0, :, 0]
        values = torch.atan2(b * turned[0] - a * turned[1], a * turned[0] + b * turned[1])
        return square, self._angle(values, slopes, space), values

    def _angle(self, values: Tensor, slopes: dict[int, Tensor], space: JetSpace) -> Tensor:
        """Jets of the angle from its value ``(N,)`` and the jets of its two slopes."""
        parts = [values[:, None]]
        for alpha in space.indices[1:]:
            lead = next((axis for axis in self.axes if alpha[axis]), None)
            if lead is None or any(m and a not in self.axes for a, m in enumerate(alpha)):
                parts.append(torch.zeros_like(parts[0]))
                continue
            below = tuple(m - (axis == lead) for axis, m in enumerate(alpha))
            parts.append(slopes[lead][space.position(below)])
        if space.collapsed is not None:
            total = torch.zeros_like(parts[0])
            for axis in self.axes:
                if space.collapsed[axis]:
                    own = slopes[axis][space.position(unit(space.dimension, axis))]
                    total = total + space.collapsed[axis] * own
            parts.append(total)
        return torch.stack(parts)

    def _offset(self, values: Tensor, axis: int, space: JetSpace) -> Tensor:
        jet = values.new_zeros((space.size, len(values), 1))
        alpha = unit(space.dimension, axis)
        if alpha in space.indices:
            jet[space.position(alpha)] = 1.0
        return with_value(jet, values[:, None])

    def _with_powers(self, waves: Tensor, square: Tensor, degree: int, space: JetSpace) -> Tensor:
        """Multiply the waves of k half openings by the radius to the power of their k."""
        scaled = square / self.outer**2
        parts = [waves[:, :, :1]]
        for k in range(1, degree + 1):
            own = power(scaled, 0.5 * k * self.rate, space)
            parts.append(multiply(own, waves[:, :, 2 * k - 1 : 2 * k + 1], space))
        return torch.cat(parts, dim=2)

    def _window(self, square: Tensor, space: JetSpace) -> Tensor:
        rest = -square / self.outer**2
        rest = with_value(rest, (1.0 + rest[0]).clamp_min(0.0))
        found = power(rest, SMOOTHNESS, space)
        return torch.where(rest[0] > 0, found, torch.zeros_like(found))


def with_value(jet: Tensor, value: Tensor) -> Tensor:
    """Give a jet ``(K, N, n)`` another value ``(N, n)``."""
    return torch.cat((value[None], jet[1:]))


def logarithm(inner: Tensor, space: JetSpace) -> Tensor:
    """Jets of the logarithm of positive jets ``(K, N, n)``."""
    z = inner[0]
    values = [torch.log(z)]
    for m in range(1, space.order + 1):
        values.append((-1) ** (m - 1) * math.factorial(m - 1) * z ** (-m))
    return compose(torch.stack(values), inner, space)


def power(inner: Tensor, exponent: float, space: JetSpace) -> Tensor:
    """Jets of a power of positive jets ``(K, N, n)``.

    Examples
    --------
    >>> space = JetSpace.closed(1, [(2,)])
    >>> power(torch.tensor([[[4.0]], [[1.0]], [[0.0]]]), 0.5, space).flatten()
    tensor([ 2.0000,  0.2500, -0.0312])
    """
    z, factor, values = inner[0], 1.0, []
    for m in range(space.order + 1):
        gone = not factor or (isinstance(exponent, int) and m > exponent >= 0)
        values.append(torch.zeros_like(z) if gone else factor * z ** (exponent - m))
        factor *= exponent - m
    return compose(torch.stack(values), inner, space)
