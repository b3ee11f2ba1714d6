"""Functions that a symbolic edge may be: closed forms with derivatives of every order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy
import torch
from sympy import Expr, Symbol
from torch import Tensor

from kanpde.basis import with_derivatives
from kanpde.errors import InputError, RunDirectoryError
from kanpde.pde import Program, derivative, lower, raise_program, scalar

ARGUMENT: Symbol = sympy.Symbol("x", real=True)
EDGE = 1e-12  # how near to a singular point of its derivatives a function is followed
POLE = 1e-8
DOMAINS = ("line", "positive", "nonnegative", "nonzero", "unit", "open unit")


@dataclass(frozen=True)
class SymbolicFunction:
    """A named function of one real variable.

    Called on tensors it is safe: an argument outside `domain` counts as the nearest one inside,
    so that neither values nor derivatives become infinite while parameters are trained.

    Parameters
    ----------
    name
        What users call it.
    expression
        Sympy expression in `ARGUMENT`.
    complexity
        What choosing it costs; 1 for the simplest.
    domain
        Where it is defined: ``"line"``, ``"positive"``, ``"nonnegative"``, ``"nonzero"``,
        ``"unit"`` (from -1 to 1), ``"open unit"`` (without the ends).

    Raises
    ------
    InputError
        If the expression holds other symbols or the domain is not known.

    Examples
    --------
    >>> f = SymbolicFunction("reciprocal", 1 / ARGUMENT, 2, "nonzero")
    >>> f.values(torch.tensor([2.0]), 1).flatten()
    tensor([ 0.5000, -0.2500])
    """

    name: str
    expression: Expr
    complexity: int = 3
    domain: str = "line"

    def __post_init__(self) -> None:
        """Check the expression."""
        expression = scalar(f"symbolic function {self.name!r}", self.expression)
        foreign = expression.free_symbols - {ARGUMENT}
        if foreign:
            raise InputError(
                f"symbolic function {self.name!r}: expected an expression in kanpde.ARGUMENT, "
                f"got the symbols {', '.join(sorted(map(str, foreign)))}"
            )
        if self.domain not in DOMAINS:
            raise InputError(
                f"symbolic function {self.name!r}: domain: expected one of "
                f"{', '.join(DOMAINS)}, got {self.domain!r}"
            )
        object.__setattr__(self, "expression", expression)

    def inside(self, z: Tensor) -> Tensor:
        """Tell where the function is defined: bool, the shape of `z`."""
        tests = {
            "positive": z > 0,
            "nonnegative": z >= 0,
            "nonzero": z != 0,
            "unit": z.abs() <= 1,
            "open unit": z.abs() < 1,
        }
        return tests.get(self.domain, torch.ones_like(z, dtype=torch.bool))

    def values(self, z: Tensor, orders: int = 0) -> Tensor:
        """Value and derivatives 0 … `orders`, shape ``(orders + 1, *z.shape)``."""
        return with_derivatives(z, self._evaluate, orders)

    def plain_values(self, z: Tensor, orders: int = 0) -> Tensor:
        """As `values` where no gradient is asked for: several times faster on few points."""
        with torch.no_grad():
            return self._evaluate(z, None, orders)

    def _evaluate(self, z: Tensor, place: Tensor | None, orders: int) -> Tensor:
        if self.domain == "line":
            return torch.stack(_program(self.expression, orders)(z))
        kept, smooth, outside = _clamped(z, self.domain)
        value = _program(self.expression, 0)(kept)
        if orders == 0:
            return torch.stack(value)
        slopes = _program(self.expression, orders)(smooth)[1:]
        return torch.stack([*value, *(torch.where(outside, 0.0, s) for s in slopes)])

    def to_record(self) -> dict[str, Any]:
        """Describe the function by plain JSON data; no code is in it."""
        return {
            "name": self.name,
            "complexity": self.complexity,
            "domain": self.domain,
            "program": lower([self.expression], [ARGUMENT]).to_record(),
        }

    @classmethod
    def from_record(cls, data: Any) -> SymbolicFunction:
        """Rebuild it from `to_record`'s result.

        Raises
        ------
        RunDirectoryError
            If the data are damaged.

        Examples
        --------
        >>> SymbolicFunction.from_record(LIBRARY["sin"].to_record()) == LIBRARY["sin"]
        True
        """
        try:
            name, domain = str(data["name"]), str(data["domain"])
            own = LIBRARY.get(name)
            if own is not None and own.to_record() == data:
                return own
            (expression,) = raise_program(Program.from_record(data["program"]), [ARGUMENT])
            return cls(name, expression, int(data["complexity"]), domain)
        except RunDirectoryError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise RunDirectoryError(
                f"symbolic function: expected its description, got damaged data ({error})"
            ) from None


@lru_cache(maxsize=512)
def _program(expression: Expr, orders: int) -> Program:
    wanted = [derivative(expression, (ARGUMENT,), (m,)) for m in range(orders + 1)]
    return lower(wanted, [ARGUMENT], where="symbolic function")


def _clamped(z: Tensor, domain: str) -> tuple[Tensor, Tensor, Tensor]:
    """Arguments for the value and for its derivatives, and where both are outside."""
    if domain == "nonzero":
        near = z.abs() < POLE
        kept = torch.where(near, torch.where(z < 0, -POLE, POLE), z)
        return kept, kept, near
    if domain in {"unit", "open unit"}:
        inner = z.clamp(-1 + EDGE, 1 - EDGE)
        return z.clamp(-1, 1) if domain == "unit" else inner, inner, z.abs() > 1
    kept = z.clamp_min(EDGE if domain == "positive" else 0.0)
    return kept, z.clamp_min(EDGE), z < (EDGE if domain == "positive" else 0.0)


class Library(Mapping[str, SymbolicFunction]):
    """Functions by name, which cannot be changed; write ``{**LIBRARY, "J0": f}`` for one more."""

    def __init__(self, functions: Mapping[str, SymbolicFunction]) -> None:
        self._functions = dict(functions)

    def __getitem__(self, name: str) -> SymbolicFunction:
        """Give the function of this name."""
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._functions)

    def __len__(self) -> int:
        """Count the functions."""
        return len(self._functions)


def _library() -> Mapping[str, SymbolicFunction]:
    x = ARGUMENT
    rows: list[tuple[str, Expr, int, str]] = [
        ("0", x * 0, 0, "line"),
        ("x", x, 1, "line"),
        ("x^2", x**2, 2, "line"),
        ("x^3", x**3, 3, "line"),
        ("x^4", x**4, 3, "line"),
        ("x^5", x**5, 4, "line"),
        ("1/x", 1 / x, 2, "nonzero"),
        ("1/x^2", 1 / x**2, 2, "nonzero"),
        ("1/x^3", 1 / x**3, 3, "nonzero"),
        ("sqrt", sympy.sqrt(x), 2, "nonnegative"),
        ("x^1.5", sympy.sqrt(x) ** 3, 4, "nonnegative"),
        ("1/sqrt", 1 / sympy.sqrt(x), 2, "positive"),
        ("exp", sympy.exp(x), 2, "line"),
        ("log", sympy.log(x), 2, "positive"),
        ("abs", sympy.Abs(x), 3, "line"),
        ("sin", sympy.sin(x), 2, "line"),
        ("tan", sympy.tan(x), 3, "line"),
        ("tanh", sympy.tanh(x), 3, "line"),
        ("sech^2", sympy.sech(x) ** 2, 3, "line"),
        ("sech", sympy.sech(x), 4, "line"),
        ("sinh", sympy.sinh(x), 3, "line"),
        ("cosh", sympy.cosh(x), 3, "line"),
        ("sign", sympy.sign(x), 3, "line"),
        ("arcsin", sympy.asin(x), 4, "unit"),
        ("arctan", sympy.atan(x), 4, "line"),
        ("arctanh", sympy.atanh(x), 4, "open unit"),
        ("gaussian", sympy.exp(-(x**2)), 3, "line"),
        ("erf", sympy.erf(x), 4, "line"),
    ]
    return Library({name: SymbolicFunction(name, e, c, d) for name, e, c, d in rows})


# No two are affine images of each other: a cosine is a shifted sine.
# Users pass `{**LIBRARY, "J0": SymbolicFunction(...)}`.
LIBRARY: Mapping[str, SymbolicFunction] = _library()
