"""What every basis offers, and derivatives that autograd can take further."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from kanpde.basis._differentiable import whole_number, with_derivatives
from kanpde.basis._taylor import EdgeRule
from kanpde.errors import InputError, RunDirectoryError

if TYPE_CHECKING:
    from typing_extensions import Self

Family = Callable[[Tensor, int], Tensor]
Spread = Callable[[Tensor], Tensor]


def data_field(data: dict[str, Any], name: str) -> Any:
    """Read one field of a basis description from a run directory.

    Parameters
    ----------
    data
        The description.
    name
        The field.

    Returns
    -------
    Any
        Its value.

    Raises
    ------
    RunDirectoryError
        If the field is missing.

    Examples
    --------
    >>> data_field({"degree": 3}, "degree")
    3
    """
    if name not in data:
        raise RunDirectoryError(f"basis: expected the field {name!r}, got {sorted(data)}")
    return data[name]


class Basis(ABC):
    """Functions of one real variable; the same number of them for every input.

    Immutable. A new basis is one file: `values` (a closed form handed to
    `with_derivatives`), `to_record` and `_from_record`, for the compiled kernel `edge_rule`,
    plus one entry in the registry and in the conformance tests.

    Attributes
    ----------
    name : str
        What `basis_from_record` and the command line call it.
    default_degree : int
        The size of a network's edges where nobody asks for one; the constructor's default.
    degree_means : str
        What settings called `degree` count, as the command line explains it.
    default_base : str
        Base function that customarily goes with it.
    count : int
        Functions per input.
    bounded : bool
        Whether any input will do: the basis squashes it, or is good on the whole
        line. Where it is not, inputs belong into `lower` .. `upper`.
    dtype, device
        Where `initial_coefficients` puts its result; values follow `z`.
    """

    name: ClassVar[str]
    default_degree: ClassVar[int]
    degree_means: ClassVar[str] = "polynomial degree of the edges"
    default_base: ClassVar[str] = "identity"
    count: int
    bounded: bool
    dtype: torch.dtype = torch.float64
    device: torch.device = torch.device("cpu")

    @classmethod
    def for_network(cls, degree: int | None = None) -> "Self":
        """Make the basis of a network's edges, of the default size where none is asked for."""
        return cls(degree or cls.default_degree)  # type: ignore[call-arg]

    @abstractmethod
    def to_record(self) -> dict[str, Any]:
        """Describe the basis by plain JSON data.

        Returns
        -------
        dict
            Read back by `basis_from_record`; numbers survive exactly.
        """

    @classmethod
    @abstractmethod
    def _from_record(cls, data: dict[str, Any]) -> "Self":
        """Build the basis from `to_record`'s result."""

    @abstractmethod
    def _copy(self) -> "Self":
        """Return a copy that may be changed."""

    def _evaluate(self, z: Tensor, place: Tensor | None, orders: int) -> Tensor:
        """Evaluate the closed form that `values` makes differentiable."""
        raise TypeError(f"{type(self).__name__}: expected _evaluate or values to be defined")

    def values(
        self,
        z: Tensor,  # (N, n_in)
        orders: int = 0,
    ) -> Tensor:  # (orders + 1, N, n_in, count)
        """Evaluate every function and its derivatives at each point.

        Parameters
        ----------
        z
            Points, any shape.
        orders
            Highest derivative with respect to `z`.

        Returns
        -------
        Tensor
            Shape ``(orders + 1, *z.shape, count)``, `z`'s dtype and device. Differentiable in `z`
            to any depth; the gradient of order m is order m + 1 in closed form.

        Raises
        ------
        InputError
            If `orders` is negative or `z` is not floating point.

        Examples
        --------
        >>> from kanpde.basis import Sine
        >>> Sine(4).values(torch.zeros(5, 3), 2).shape
        torch.Size([3, 5, 3, 4])
        """
        return with_derivatives(z, self._evaluate, orders)

    def local(self, z: Tensor) -> tuple[Family, Spread | None]:
        """Split evaluation into the functions that live at a point and where they go.

        Parameters
        ----------
        z
            Points, shape ``(N, n_in)``.

        Returns
        -------
        tuple
            ``family(z, orders)``, the closed form of those functions at these points,
            shape ``(orders + 1, N, n_in, w)``; and what places them (or their jets)
            among all, ``(..., N, n_in, w) -> (..., N, n_in, count)``, or ``None`` if
            they are all.

        Examples
        --------
        >>> from kanpde.basis import Chebyshev
        >>> z = torch.zeros(4, 2)
        >>> Chebyshev(3).local(z)[0](z, 1).shape
        torch.Size([2, 4, 2, 3])
        """
        return self.values, None

    def edge_rule(self) -> EdgeRule | None:
        """Say how the compiled kernel gets the functions; ``None`` leaves them to torch."""
        return None

    def edge_tables(self, n_in: int) -> np.ndarray:
        """Give the numbers that `edge_rule` reads, ``(n_in, table_size)``, float64."""
        return np.empty((n_in, 0))

    def initial_coefficients(
        self,
        n_in: int,
        n_out: int,
        generator: torch.Generator | None = None,
        scale: float = 0.1,
    ) -> Tensor:  # (n_in, count, n_out)
        """Draw normal coefficients of standard deviation `scale`.

        Parameters
        ----------
        n_in, n_out
            Inputs and outputs of the layer.
        generator
            A CPU generator; drawn there whatever the device, in float64.
        scale
            Standard deviation; 0.1 in the KAN paper.

        Returns
        -------
        Tensor
            Shape ``(n_in, count, n_out)``.

        Raises
        ------
        InputError
            If `n_in` or `n_out` is no positive integer.

        Examples
        --------
        >>> from kanpde.basis import Chebyshev
        >>> Chebyshev(4).initial_coefficients(2, 3).shape
        torch.Size([2, 4, 3])
        """
        whole_number("n_in", n_in, least=1)
        whole_number("n_out", n_out, least=1)
        shape = (n_in, self.count, n_out)
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
        return (scale * drawn).to(device=self.device, dtype=self.dtype)

    def initial_scales(self, n_in: int) -> Tensor:  # (count,)
        """Give standard deviations of the coefficients that a network starts from.

        Parameters
        ----------
        n_in
            Inputs of the layer.

        Returns
        -------
        Tensor
            Shape ``(count,)``, float64; 0.1 as in the KAN paper where a basis says
            nothing else.

        Examples
        --------
        >>> from kanpde.basis import BSpline
        >>> BSpline(grid=1, degree=1).initial_scales(4)
        tensor([0.1000, 0.1000], dtype=torch.float64)
        """
        return torch.full((self.count,), 0.1, dtype=torch.float64)

    def for_inputs(self, n_in: int) -> "Self":
        """Bind the number of inputs.

        Parameters
        ----------
        n_in
            Inputs of the layer.

        Returns
        -------
        Basis
            One that holds what it needs per input; itself if that is nothing.

        Raises
        ------
        InputError
            If `n_in` is no positive integer or the basis is bound to another.
        """
        whole_number("n_in", n_in, least=1)
        return self

    def to(
        self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> "Self":
        """Return a copy that makes its tensors elsewhere or in another precision.

        Parameters
        ----------
        device, dtype
            Where and in which precision; None keeps.

        Returns
        -------
        Basis
            The copy.

        Raises
        ------
        InputError
            If `dtype` is not floating point.
        """
        copy = self._copy()
        if dtype is not None:
            if not dtype.is_floating_point:
                raise InputError(f"dtype: expected a floating-point type, got {dtype}")
            copy.dtype = dtype
        if device is not None:
            copy.device = torch.device(device)
        return copy


@dataclass(frozen=True)
class Transfer:
    """A function carried over to another basis.

    Attributes
    ----------
    basis : Basis
        The new basis.
    coefficients : Tensor
        The new coefficients, shape ``(n_in, count, n_out)``.
    moved : float
        Largest absolute change of any edge's function on a dense set of points.
    """

    basis: Basis
    coefficients: Tensor
    moved: float
