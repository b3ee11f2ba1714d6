"""How a problem is solved: one immutable record, every field with a default."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, get_type_hints

from kanpde.errors import InputError
from kanpde.ground._choices import (
    BASES,
    BASES_OF_AN_EDGE,
    DERIVATIVES,
    DTYPES,
    KERNELS,
    LINEAR_ALGEBRA,
    NETS,
    OPTIMIZERS,
    SAMPLERS,
    WEIGHTINGS,
)

# Settings of networks that are trained.
TRAINED_ONLY = (
    *("hidden", "basis", "grid", "grids", "degree", "base", "frequency", "train_frequencies"),
    *("optimizer", "geodesic", "linear_algebra", "derivatives", "kernel", "weighting", "redraw"),
    *("stages", "fronts", "linear"),
)


@dataclass(frozen=True)
class Settings:
    """Settings of a solve; what is ``None`` is chosen from the problem.

    Parameters
    ----------
    net
        ``"auto"`` (least squares on product KANs where that can do it, else a trained KAN),
        ``"spectral"`` (least squares on product KANs only: fixed Chebyshev and Fourier edges,
        product nodes, learned outer coefficients), ``"kan"`` (a trained KAN, with B-splines
        unless `basis` says otherwise) or ``"mlp"``.
    hidden
        Widths of the hidden layers, for example ``(8, 8)``.
    basis
        ``"chebyshev"``, ``"bspline"``, ``"sine"`` or ``"rbf"`` (KAN only).
    grid
        Number of spline intervals G (B-splines only).
    degree
        Polynomial degree of the edges; the number of functions for sine and rbf.
    frequency
        Lowest frequency of sine edges; the others are its multiples.
    train_frequencies
        Train the frequencies of sine edges, one set per node.
    base
        Base function of an edge: silu, tanh, identity, none.
    optimizer
        ``"auto"``, ``"lm"``, ``"ssbroyden"``, ``"lbfgs"`` or ``"adam"``.
    geodesic
        Bend Levenberg-Marquardt's steps by their second-order correction.
    derivatives
        ``"jets"`` (closed form) or ``"autograd"`` (nested, the reference).
    kernel
        What computes residuals and their Jacobian: ``"torch"``, ``"fused"`` (compiled;
        float64 on the CPU, no trained frequencies), or ``"auto"``: fused where it applies.
    linear_algebra
        ``"auto"``, ``"gram"`` (normal equations), ``"qr"``, ``"dual"`` (fewer rows
        than coefficients) or ``"cg"`` (conjugate gradients, no square matrix).
    grids
        Schedule of grids for grid extension, for example ``(3, 6, 12)``.
    interior
        Number of interior collocation points.
    boundary
        Number of points of every condition that is imposed by rows.
    sampler
        One of uniform, lhs, sobol, halton, grid, chebyshev, gauss.
    redraw
        Redraw the points every so many steps where the residual is large;
        0 keeps them.
    exact_conditions
        Impose conditions exactly where that is true to the problem.
    symmetry
        Use the mirror images that equations and data are invariant under.
    weights
        Factor of a term in the loss, by the name of its equation or condition.
    weighting
        Weights that follow the training of a network: ``"none"``, ``"lra"`` (by gradients),
        ``"ntk"`` (by traces of the kernel), ``"rba"`` (points with large residuals), ``"causal"``
        (early times first). With one of them no product KAN is tried.
    device, dtype, seed, threads
        Where and how to compute.
    steps, time_limit, tolerance
        When to stop: optimizer steps, seconds of optimisation, estimated
        relative error. Without `steps` the time limit is 60 seconds.
    linear
        Try product KANs first: least squares for linear problems, Gauss-Newton for smooth ones.
    interaction
        Highest number of coordinates in one product of a product KAN (1: a sum of functions of
        one coordinate); chosen by the residual from five coordinates on, all below.
    slabs
        Let product KANs march through time in slabs of adaptive length.
    lift
        Take corners out where initial and boundary data disagree (a heat solution in g).
    fronts
        Let rows count less where a trained solution is steep. Off: it gains little, and the
        residual then tells less of the error.
    charts
        Give product KANs coordinates of their own about holes and re-entrant corners.
    periodic
        Embed periodic coordinates as cosine and sine where the problem allows it.
    stages
        Networks trained one after the other, each on what the ones before leave: where
        the first stalls, it is frozen and a second one corrects it.
    sparsify, entropy
        Strength of the KAN paper's sparsification of a trained KAN, and the factor of the
        entropy in it. With a strength above 0 no product KAN is tried.

    Raises
    ------
    InputError
        If a value is outside what its field allows.

    Examples
    --------
    >>> Settings(hidden=(6, 6)).hidden
    (6, 6)
    """

    net: str = "auto"
    hidden: tuple[int, ...] | None = None
    basis: str | None = None
    grid: int | None = None
    degree: int | None = None
    frequency: float | None = None
    train_frequencies: bool = False
    base: str | None = None
    optimizer: str = "auto"
    geodesic: bool = True
    derivatives: str = "jets"
    kernel: str = "auto"
    linear_algebra: str = "auto"
    grids: tuple[int, ...] | None = None
    interior: int | None = None
    boundary: int | None = None
    sampler: str = "sobol"
    redraw: int | None = None
    exact_conditions: bool = True
    linear: bool = True
    interaction: int | None = None
    slabs: bool = True
    lift: bool = True
    periodic: bool = True
    charts: bool = True
    symmetry: bool = True
    fronts: bool = False
    stages: int = 1
    sparsify: float = 0.0
    entropy: float = 1.0
    weights: MappingProxyType[str, float] | dict[str, float] = field(default_factory=dict)
    weighting: str = "none"
    device: str = "auto"
    dtype: str = "float64"
    seed: int = 0
    threads: int | None = None
    steps: int | None = None
    time_limit: float | None = None
    tolerance: float | None = None

    def __post_init__(self) -> None:
        self._check_choices()
        self._check_numbers()

    def _check_choices(self) -> None:
        for name, allowed in (
            ("net", NETS),
            ("basis", (None, *BASES)),
            ("base", (None, *BASES_OF_AN_EDGE)),
            ("optimizer", OPTIMIZERS),
            ("derivatives", DERIVATIVES),
            ("kernel", KERNELS),
            ("linear_algebra", LINEAR_ALGEBRA),
            ("sampler", SAMPLERS),
            ("weighting", WEIGHTINGS),
            ("dtype", DTYPES),
        ):
            value = getattr(self, name)
            if value not in allowed:
                known = ", ".join(str(a) for a in allowed if a is not None)
                raise InputError(f"{name}: expected one of {known}, got {value!r}")
        if self.basis != "sine" and (self.frequency is not None or self.train_frequencies):
            name = "train_frequencies" if self.frequency is None else "frequency"
            raise InputError(f"{name}: expected basis=sine beside it, got basis={self.basis}")
        if self.sparsify and self.net not in {"auto", "kan"}:
            raise InputError(f"sparsify: expected net=kan beside it, got net={self.net}")
        if self.net == "spectral":
            self._check_spectral()

    def _check_spectral(self) -> None:
        """Refuse what a network with fixed edges and one least-squares solve has no use for."""
        fresh = {f.name: f.default for f in dataclasses.fields(self)}
        for name in TRAINED_ONLY:
            value = getattr(self, name)
            if value != fresh[name]:
                raise InputError(
                    f"{name}: expected none beside net=spectral, whose edges are fixed and whose "
                    f"outer coefficients are solved for, got {value}; leave it out or take net=kan"
                )

    def _check_numbers(self) -> None:
        positive = ("grid", "degree", "interior", "boundary", "threads", "stages", "interaction")
        for name in positive:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: expected a positive integer, got {value}")
        for name in ("steps", "redraw", "seed", "sparsify", "entropy"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise InputError(f"{name}: expected 0 or more, got {value}")
        for name in ("time_limit", "tolerance", "frequency"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name}: expected a positive number, got {value}")
        for name in ("hidden", "grids"):
            value = getattr(self, name)
            if value is not None and (not value or min(value) < 1):
                raise InputError(f"{name}: expected positive integers, got {value}")

    @classmethod
    def types(cls) -> dict[str, Any]:
        """Field names and their annotated types, as the command line converts them."""
        return get_type_hints(cls)

    @property
    def edges(self) -> str:
        """Basis of a trained KAN's edges: as asked, B-splines for net=kan or a grid."""
        splines = self.net == "kan" or self.grid or self.grids
        return self.basis or ("bspline" if splines else "chebyshev")

    @property
    def seconds(self) -> float:
        """The time limit that holds: as given, else 60 s, none where `steps` is given."""
        if self.time_limit is not None:
            return self.time_limit
        return math.inf if self.steps is not None else 60.0

    def replace(self, **changes: Any) -> Settings:
        """Make a copy with `changes`; unknown names raise `InputError`."""
        known = {f.name for f in dataclasses.fields(self)}
        for name in changes:
            if name not in known:
                raise InputError(
                    f"{name}: no such setting; the settings are {', '.join(sorted(known))}"
                )
        return dataclasses.replace(self, **changes)

    def to_data(self) -> dict[str, Any]:
        """Give the settings as plain JSON values."""
        data = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        data["weights"] = dict(self.weights)
        for name in ("hidden", "grids"):
            if data[name] is not None:
                data[name] = list(data[name])
        return data
