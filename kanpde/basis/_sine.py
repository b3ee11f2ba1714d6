"""Sines and cosines of a few frequencies."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import torch
from torch import Tensor

from kanpde.basis._base import Basis, data_field
from kanpde.basis._differentiable import whole_number
from kanpde.basis._taylor import EdgeRule, Series, TaylorWriter
from kanpde.errors import InputError

FREQUENCY = 1.6
START = 0.3  # edges that start nearly straight train better


def sine_values(angle: Tensor, rates: Tensor, orders: int) -> Tensor:
    """Evaluate sines and cosines of angles and their derivatives by the argument.

    Parameters
    ----------
    angle
        Angles, shape ``(F, ...)``.
    rates
        d(angle)/d(argument), shape that broadcasts against `angle`.
    orders
        Highest derivative.

    Returns
    -------
    Tensor
        Shape ``(orders + 1, F, 2, ...)``.

    Examples
    --------
    >>> sine_values(torch.zeros(1, 1), torch.full((1, 1), 3.0), 2)[:, 0, :, 0]
    tensor([[ 0.,  1.],
            [ 3., -0.],
            [-0., -9.]])
    """
    sine, cosine = angle.sin(), angle.cos()
    turns = (sine, cosine, -sine, -cosine)
    found = angle.new_empty((orders + 1, angle.shape[0], 2, *angle.shape[1:]))
    scale = torch.ones_like(rates)
    for m in range(orders + 1):
        torch.mul(turns[m % 4], scale, out=found[m, :, 0])
        torch.mul(turns[(m + 1) % 4], scale, out=found[m, :, 1])
        scale = scale * rates
    return found


@dataclass(frozen=True)
class _Rule(EdgeRule):
    """Pairs of a sine and a cosine, the last of which may lack its cosine."""

    count: int
    frequencies: tuple[float, ...]

    def write(self, writer: TaylorWriter, y: Series, table: int) -> list[Series]:
        z = y[0]
        assert z is not None  # values always are
        found: list[Series] = []
        for rate in self.frequencies:
            pair = _turned(writer, z, rate, min(2, self.count - len(found)))
            found += [writer.chained(own, y) for own in pair]
        return found


def _turned(writer: TaylorWriter, z: int, rate: float, count: int) -> list[Series]:
    """Taylor coefficients of the first `count` of sin(rate z) and cos(rate z)."""
    sine, cosine = writer.waves(z, rate)
    found: list[Series] = [[sine], [cosine]]
    size = 1.0
    for m in range(1, writer.most + 1):
        size *= rate / m
        for k, own in enumerate(found[:count]):
            sign = 1.0 if (m + k) % 4 < 2 else -1.0
            own.append(writer.total([(sign * size, (sine, cosine)[(m + k) % 2], writer.one)]))
    return found[:count]


class Sine(Basis):
    r"""Functions :math:`\sin\omega_1 z, \cos\omega_1 z, \sin\omega_2 z, \dots`, `count` of them.

    A pair is a sine of any amplitude and phase: with ``count=2`` an edge is one sine. There is
    no constant: a node's bias carries it. Nothing bounds the input, and nothing has to.

    Parameters
    ----------
    count
        Functions per input.
    frequency
        One number: the frequencies are its multiples. Or one number for every pair, the last
        of which may lack its cosine.
    trainable
        The frequencies are where training starts, one set per input of a layer
        (`kanpde.nets.SineBlock`). The basis itself never changes.

    Attributes
    ----------
    frequencies : tuple of float
        One per pair.

    Raises
    ------
    InputError
        If `count` is no positive integer, a frequency not positive, or their number not that
        of the pairs.

    References
    ----------
    Sitzmann et al., *Implicit neural representations with periodic activation functions*,
    arXiv 2006.09661.

    Examples
    --------
    >>> Sine(3, frequency=2.0).values(torch.zeros(1, 1), 1)[:, 0, 0]
    tensor([[0., 1., 0.],
            [2., -0., 4.]])
    """

    name: ClassVar[str] = "sine"
    default_degree: ClassVar[int] = 2
    degree_means: ClassVar[str] = "functions per edge"

    def __init__(
        self,
        count: int = default_degree,
        frequency: float | Sequence[float] = FREQUENCY,
        *,
        trainable: bool = False,
    ) -> None:
        self.count = whole_number("count", count, least=1)
        self.frequencies = _checked_frequencies(frequency, (self.count + 1) // 2)
        if not isinstance(trainable, bool):
            raise InputError(f"trainable: expected True or False, got {trainable!r}")
        self.trainable = trainable
        self.bounded = True

    def __repr__(self) -> str:
        listed = ", ".join(f"{w:.6g}" for w in self.frequencies)
        tail = ", trainable=True" if self.trainable else ""
        return f"Sine(count={self.count}, frequency=[{listed}]{tail})"

    def _evaluate(self, z: Tensor, place: Tensor | None, orders: int) -> Tensor:
        turned = z.permute(*range(z.dim() - 1, -1, -1))
        rates = z.new_tensor(self.frequencies).reshape(-1, *(1,) * z.dim())
        found = sine_values(rates * turned, rates, orders).flatten(1, 2)[:, : self.count]
        # memory runs over the points first, then over the inputs
        return found.permute(0, *range(found.dim() - 1, 1, -1), 1)

    def edge_rule(self) -> EdgeRule | None:
        """Say how the compiled kernel gets the functions; not where frequencies are trained."""
        return None if self.trainable else _Rule(self.count, self.frequencies)

    def initial_scales(self, n_in: int) -> Tensor:
        """Give standard deviations of initial coefficients: falling with the frequency.

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
        >>> Sine(4).initial_scales(1)
        tensor([0.3000, 0.3000, 0.1500, 0.1500], dtype=torch.float64)
        """
        rates = torch.tensor(self.frequencies, dtype=torch.float64)
        return START * (rates[0] / rates).repeat_interleave(2)[: self.count] / n_in**0.5

    def to_record(self) -> dict[str, Any]:
        """Describe the basis by plain JSON data.

        Returns
        -------
        dict
            Name, count, frequencies and whether they are trained.

        Examples
        --------
        >>> Sine(2, frequency=1.5).to_record()
        {'name': 'sine', 'count': 2, 'frequency': [1.5], 'trainable': False}
        """
        return {
            "name": self.name,
            "count": self.count,
            "frequency": list(self.frequencies),
            "trainable": self.trainable,
        }

    @classmethod
    def _from_record(cls, data: dict[str, Any]) -> "Sine":
        return cls(
            data_field(data, "count"),
            data_field(data, "frequency"),
            trainable=data_field(data, "trainable"),
        )

    def _copy(self) -> "Sine":
        return Sine(self.count, self.frequencies, trainable=self.trainable)


def _checked_frequencies(frequency: Any, pairs: int) -> tuple[float, ...]:
    listed = isinstance(frequency, (list, tuple))
    given = []
    for value in frequency if listed else [frequency]:
        real = isinstance(value, Real) and not isinstance(value, bool)
        if not real or not 0 < float(value) < float("inf"):
            raise InputError(f"frequency: expected a positive number, got {value!r}")
        given.append(float(value))
    if not listed:
        return tuple(given[0] * k for k in range(1, pairs + 1))
    if len(given) != pairs:
        raise InputError(f"frequency: expected {pairs} of them, one per pair, got {len(given)}")
    return tuple(given)
