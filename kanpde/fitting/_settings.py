"""How data are fitted: one immutable record, every field with a default."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Any, get_type_hints

from kanpde.errors import InputError
from kanpde.ground._choices import BASES, BASES_OF_AN_EDGE, DTYPES, OPTIMIZERS, TRAINED_NETS
from kanpde.ground._plain import plain

TASKS = ("regression", "classification")
MISSING = ("error", "drop")
DEFAULT_SECONDS = 60.0


@dataclass(frozen=True)
class FitSettings:
    """Settings of a fit; what is ``None`` is chosen from the data.

    Parameters
    ----------
    task
        ``"regression"`` or ``"classification"``; classification where the target is text.
    inputs, outputs
        Names of the columns; ``x1, x2, …`` and ``y`` (``y1, y2, …``) where not given.
    name
        What run directories and tables call the fit.
    test
        Share of the rows that is held out, in [0, 1); training never sees them.
    missing
        ``"error"`` or ``"drop"``: what becomes of rows with NaN or infinite values.
    normalise
        Map inputs into [-1, 1] and outputs to mean 0, deviation 1, by the training rows.
    net
        ``"kan"`` or ``"mlp"``.
    hidden
        Widths of the hidden layers; ``(5,)`` where not given.
    width
        All layer sizes instead of `hidden`, for example ``(2, 5, 1)``.
    basis
        ``"bspline"`` (default), ``"chebyshev"``, ``"sine"`` or ``"rbf"`` (KAN only).
    grid
        Number of spline intervals G (B-splines only).
    grids
        Schedule of grids, for example ``(3, 5, 10, 20, 50)``; grids that do not nest are
        reached by least squares, and the transfer error is told.
    degree
        Polynomial degree of the edges; the number of functions for sine and rbf.
    base
        Base function of an edge: silu, tanh, identity, none.
    optimizer
        ``"auto"``, ``"lm"``, ``"ssbroyden"``, ``"lbfgs"`` or ``"adam"``.
    batch
        Rows of a mini-batch; all of them where not given.
    steps
        Optimizer steps per grid.
    time_limit
        Seconds of optimization, over all grids; 60 where no `steps` are given.
    sparsify
        Factor λ of the paper's sparsification; 0 for none, 1e-3 to 1e-2 are usual.
    entropy
        Factor of the entropy within it, beside 1 for the L1 norm.
    remember
        Of a network that is given: what the data do not determine stays as it was, instead of
        becoming small and smooth. Learns one set of data after the other.
    seed, device, dtype, threads
        Where and how to compute.

    Raises
    ------
    InputError
        If a value is outside what its field allows.

    Examples
    --------
    >>> FitSettings(grids=(3, 6, 12)).grids
    (3, 6, 12)
    """

    task: str | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    name: str | None = None
    test: float = 0.2
    missing: str = "error"
    normalise: bool = True
    net: str = "kan"
    hidden: tuple[Any, ...] | None = None
    width: tuple[Any, ...] | None = None
    basis: str | None = None
    grid: int | None = None
    grids: tuple[int, ...] | None = None
    degree: int | None = None
    base: str | None = None
    optimizer: str = "auto"
    batch: int | None = None
    steps: int | None = None
    time_limit: float | None = None
    sparsify: float = 0.0
    entropy: float = 1.0
    remember: bool = False
    seed: int = 0
    device: str = "auto"
    dtype: str = "float64"
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in ("inputs", "outputs", "hidden", "width", "grids"):
            object.__setattr__(self, name, _tupled(name, getattr(self, name)))
        self._check_choices()
        self._check_numbers()
        self._check_together()

    def _check_choices(self) -> None:
        for name, allowed in (
            ("task", (None, *TASKS)),
            ("missing", MISSING),
            ("net", TRAINED_NETS),
            ("basis", (None, *BASES)),
            ("base", (None, *BASES_OF_AN_EDGE)),
            ("optimizer", OPTIMIZERS),
            ("dtype", DTYPES),
        ):
            value = getattr(self, name)
            if value not in allowed:
                known = ", ".join(str(a) for a in allowed if a is not None)
                raise InputError(f"{name}: expected one of {known}, got {value!r}")

    def _check_numbers(self) -> None:
        for name in ("grid", "degree", "batch", "steps", "threads"):
            value = getattr(self, name)
            if value is not None and not _whole(value):
                raise InputError(f"{name}: expected a positive integer, got {value}")
        if self.time_limit is not None and not self.time_limit > 0:
            raise InputError(f"time_limit: expected a positive number, got {self.time_limit}")
        for name in ("sparsify", "entropy", "seed"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0 <= value < math.inf):
                raise InputError(f"{name}: expected 0 or more, got {value!r}")
        if not (isinstance(self.test, int | float) and 0 <= self.test < 1):
            raise InputError(
                f"test: expected a share of the rows in [0, 1), got {self.test!r}; 0.2 holds a "
                "fifth out, and (x_test, y_test) gives rows of your own"
            )
        _check_grids(self.grids)

    def _check_together(self) -> None:
        if self.hidden is not None and self.width is not None:
            raise InputError("width: expected hidden or width, got both; leave one out")
        if self.remember and self.grids is not None:
            raise InputError(
                "remember: expected the given network's grid, got grids; leave one out"
            )
        if self.grid is not None and self.grids is not None:
            raise InputError("grids: expected grid or grids, got both; leave one out")
        if self.net == "mlp":
            for name in ("basis", "grid", "grids", "degree", "base"):
                if getattr(self, name) is not None:
                    raise InputError(f"{name}: expected net=kan beside it, got net=mlp")
            if self.sparsify:
                raise InputError("sparsify: expected net=kan beside it, got net=mlp")
        splines = self.basis in (None, "bspline")
        for name in ("grid", "grids"):
            if getattr(self, name) is not None and not splines:
                raise InputError(
                    f"{name}: {self.basis} edges have no grid; leave it out or use basis=bspline"
                )

    @classmethod
    def types(cls) -> dict[str, Any]:
        """Field names and their annotated types, as the command line converts them."""
        return get_type_hints(cls)

    @property
    def seconds(self) -> float:
        """The time limit that holds: as given, else 60 s, none where `steps` are given."""
        if self.time_limit is not None:
            return self.time_limit
        return math.inf if self.steps is not None else DEFAULT_SECONDS

    def replace(self, **changes: Any) -> FitSettings:
        """Make a copy with `changes`; unknown names raise `InputError`."""
        known = {f.name for f in dataclasses.fields(self)}
        for name in changes:
            if name not in known:
                raise InputError(
                    f"{name}: no such setting of a fit; the settings are {', '.join(sorted(known))}"
                )
        return dataclasses.replace(self, **changes)

    def to_data(self) -> dict[str, Any]:
        """Plain data for `summary.json`."""
        data: dict[str, Any] = plain(dataclasses.asdict(self))
        return data


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and int(value) >= 1


def _check_grids(grids: tuple[int, ...] | None) -> None:
    if grids is None:
        return
    if not grids or not all(map(_whole, grids)) or any(a >= b for a, b in pairwise(grids)):
        raise InputError(
            f"grids: expected increasing positive integers such as 3,5,10, got {grids}"
        )


def _tupled(name: str, value: Any) -> Any:
    if value is None or isinstance(value, tuple):
        return value
    if isinstance(value, str):
        return (value,)
    try:
        return tuple(value)
    except TypeError:
        raise InputError(f"{name}: expected a list, got {value!r}") from None
