"""Places for functions that classes call and that are defined above them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Slot(Generic[P, R]):
    """A function that is named here and filled in by the module that can make its result.

    The operators of `Domain` make combinations, products and moved copies, which are
    domains themselves: the modules of those import `Domain`, and put their makers here.

    Parameters
    ----------
    what
        What the function makes, for the message of an empty slot.

    Examples
    --------
    >>> double: Slot[[int], int] = Slot("the double")
    >>> @double.fill
    ... def twice(n: int) -> int:
    ...     return 2 * n
    >>> double(4)
    8
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._function: Callable[P, R] | None = None

    def fill(self, function: Callable[P, R]) -> Callable[P, R]:
        """Put the function in its place; usable as a decorator."""
        if self._function is not None:
            raise RuntimeError(f"{self.what}: expected one function that makes it, got two")
        self._function = function
        return function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function."""
        if self._function is None:
            raise RuntimeError(
                f"{self.what}: expected a module that makes it, got none; import kanpde.geometry"
            )
        return self._function(*args, **kwargs)
