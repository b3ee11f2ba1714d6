"""Bases by name: how a run directory gets its basis back."""

from typing import Any

from kanpde.basis._base import Basis
from kanpde.basis._bspline import BSpline
from kanpde.basis._chebyshev import Chebyshev
from kanpde.basis._rbf import RBF
from kanpde.basis._sine import Sine
from kanpde.errors import InputError, RunDirectoryError
from kanpde.ground._choices import BASES as CHOICES

BASES: dict[str, type[Basis]] = {kind.name: kind for kind in (BSpline, Chebyshev, Sine, RBF)}


def register_basis(kind: type[Basis]) -> None:
    """Let settings choose a basis by its name, and run directories bring it back.

    Raises
    ------
    InputError
        If the name is taken.
    """
    if kind.name in BASES:
        raise InputError(f"basis: expected a new name, got {kind.name}; there is one already")
    BASES[kind.name] = kind
    CHOICES.append(kind.name)


def unregister_basis(name: str) -> None:
    """Take a basis out of the table."""
    del BASES[name]
    CHOICES.remove(name)


def basis_from_record(data: Any) -> Basis:
    """Build a basis from what `Basis.to_record` wrote.

    Parameters
    ----------
    data
        Plain JSON data; nothing in it is executed.

    Returns
    -------
    Basis
        Equal to the one written, bit by bit.

    Raises
    ------
    RunDirectoryError
        If the data are damaged: unknown name, missing field, bad value.

    Examples
    --------
    >>> basis_from_record({"name": "chebyshev", "degree": 4, "squash": "tanh"})
    Chebyshev(degree=4, squash='tanh')
    """
    if not isinstance(data, dict):
        raise RunDirectoryError(f"basis: expected a JSON object, got {type(data).__name__}")
    name = data.get("name")
    if not isinstance(name, str) or name not in BASES:
        raise RunDirectoryError(f"basis: expected one of {', '.join(BASES)}, got {name!r}")
    try:
        return BASES[name]._from_record(data)
    except RunDirectoryError:
        raise
    except (InputError, TypeError, ValueError, RuntimeError) as error:
        raise RunDirectoryError(f"basis: damaged description: {error}") from error
