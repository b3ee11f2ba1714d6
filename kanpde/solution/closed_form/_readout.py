"""Read a closed form out of a solution, and check it in the equations and conditions.

The trial function itself is looked at, ansatz and normalisation undone: its structure is found
on a grid, a fresh KAN takes it over, its edges become library functions, all parameters are
polished in the equations, recognised constants are rounded, and sympy puts the formula into
what the problem claims.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy
import torch
from numpy.typing import NDArray
from sympy import Expr

from kanpde.interpret.formula._formula import symbolic_formula
from kanpde.interpret.formula._rounding import rounded
from kanpde.interpret.symbolic._auto import auto_symbolic
from kanpde.interpret.symbolic._polish import free_columns, settle
from kanpde.interpret.symbolic._suggest import Library, numerical_edges
from kanpde.nets import ARGUMENT, KAN, LIBRARY, SymbolicFunction
from kanpde.pde import Evaluator
from kanpde.residual import POINTS, ProblemView, Rows, relative_l2
from kanpde.solution.closed_form._refit import structure_network
from kanpde.solution.closed_form._side import SideBySide
from kanpde.solution.closed_form._structure import find_structure
from kanpde.solution.closed_form._verify import (
    Verdict,
    exact_numbers,
    plain_trial,
    term_sizes,
    verify,
)
from kanpde.trial import Trial

Array = NDArray[np.float64]
SAMPLES = 1500
LEAST_NOISE, MOST_NOISE, UNKNOWN_NOISE = 1e-11, 1e-2, 1e-7
ROUNDING = 1e-11  # relative change that rounding may make
FIRM = 1e10  # weight of equations and conditions against measured data
CLOSE = 1e-8  # relative to the size of the unknowns: residual of what counts as a closed form


@dataclass
class Readout:
    """A closed form of a solution, or why there is none.

    Attributes
    ----------
    formulas : dict
        One sympy expression per unknown; empty if no closed form was found.
    verdict : Verdict or None
        What the formulas make of the equations and conditions.
    difference : dict
        Relative L2 difference between formula and solution per unknown.
    networks : dict
        The symbolic KAN per unknown, inputs scaled to [-1, 1].
    notes : list of str
        What was tried.
    seconds : float
        Wall time.
    """

    formulas: dict[str, Expr] = field(default_factory=dict)
    verdict: Verdict | None = None
    difference: dict[str, float] = field(default_factory=dict)
    networks: dict[str, KAN] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def found(self) -> bool:
        """Whether there is a closed form."""
        return bool(self.formulas)

    @property
    def exact(self) -> bool:
        """Whether it simplifies equations and conditions to zero."""
        return self.found and self.verdict is not None and self.verdict.exact

    @property
    def proof(self) -> str:
        """Say what makes it exact, and what only points could tell."""
        told = "exact: every equation and condition simplifies to zero"
        known = {} if self.verdict is None else self.verdict.proven
        seen = () if self.verdict is None else self.verdict.measured
        only = [name for name, p in known.items() if p is None and name not in seen]
        return f"{told} ({', '.join(only)}: on fresh points)" if only else told

    def __str__(self) -> str:
        """Tell the formula and how good it is, or why there is none."""
        if not self.found:
            return "no closed form found: " + "; ".join(self.notes)
        lines = [f"{name} = {formula}" for name, formula in self.formulas.items()]
        assert self.verdict is not None
        if self.exact:
            return "\n".join([*lines, self.proof])
        return "\n".join([*lines, f"largest residual on fresh points {self.verdict.worst:.1e}"])


class _NoFormError(Exception):
    """No closed form; the message says why."""


def read_out(
    trial: Trial,
    view: ProblemView,
    *,
    predicted: Mapping[str, float | None] | None = None,
    library: Library = None,
    seconds: float = 60.0,
    seed: int = 0,
) -> Readout:
    """Read a closed form out of a trial function.

    Parameters
    ----------
    trial
        The solution.
    view
        Its problem.
    predicted
        Relative error of each unknown, for what counts as noise.
    library
        Functions to choose from; the library with a few composites if not given.
    seconds
        Wall time after which nothing further is begun.
    seed
        Of the samples.

    Returns
    -------
    Readout
        The formulas and their check, or why there are none.
    """
    start = time.perf_counter()
    found = Readout()
    reader = _Reader(trial, view, library or composites(), start + seconds, seed)
    noise = [_noise((predicted or {}).get(n)) for n in reader.names]
    try:
        networks = [reader.network(k, noise[k]) for k in range(len(reader.names))]
        found.networks = dict(zip(reader.names, networks, strict=True))
        reader.polish(networks)
        formulas = reader.formulas(networks)
        verdict = reader.verdict(formulas)
        if not verdict.exact and any(f.has(sympy.sin) for f in formulas):
            split = reader.without_phases(networks)
            other = reader.verdict(split)
            if other.exact:
                formulas, verdict = split, other
        found.verdict = verdict
        found.difference = reader.differences(formulas)
        reader.evaluation(formulas, verdict, found.difference, noise)
        found.formulas = dict(zip(reader.names, formulas, strict=True))
    except _NoFormError as failure:
        found.notes.append(str(failure))
    found.seconds = time.perf_counter() - start
    return found


def composites() -> Mapping[str, SymbolicFunction]:
    """Give the library and the functions of a square that solutions of equations often hold."""
    x = ARGUMENT
    more = {"sin(x^2)": sympy.sin(x**2), "cos(x^2)": sympy.cos(x**2), "exp(x^2)": sympy.exp(x**2)}
    return {**LIBRARY, **{n: SymbolicFunction(n, e, 5) for n, e in more.items()}}


def _noise(predicted: float | None) -> float:
    if predicted is None or not predicted > 0:
        return UNKNOWN_NOISE
    return float(np.clip(10 * predicted, LEAST_NOISE, MOST_NOISE))


def _split_phase(wave: Expr, coordinates: Sequence[sympy.Symbol]) -> Expr:
    """Write sin(a + b), b the constant part, by the sine and cosine of a."""
    phase, rest = sympy.expand(wave.args[0]).as_independent(*coordinates, as_Add=True)
    return sympy.cos(phase) * sympy.sin(rest) + sympy.sin(phase) * sympy.cos(rest)


class _Reader:
    """One read-out: samples of the solution, and the steps from them to a verdict."""

    def __init__(
        self, trial: Trial, view: ProblemView, library: Library, deadline: float, seed: int
    ) -> None:
        self.trial, self.view, self.library, self.deadline = trial, view, library, deadline
        self.like = trial
        self.names = [str(u.func.__name__) for u in view.unknowns]
        self.low, self.high = inscribed(view)
        self.box = (self.low.tolist(), self.high.tolist())
        self.x = 2 * np.random.default_rng([seed, 4711]).random((SAMPLES, view.dimension)) - 1
        self.values = self.ask(self.x)

    def ask(self, x: Array) -> Array:
        """Evaluate all unknowns at points of the cube, ``(N, m)``."""
        points = self.low + (x + 1) / 2 * (self.high - self.low)
        with torch.no_grad():
            pieces = torch.as_tensor(points, dtype=self.trial.dtype).split(4096)
            return torch.cat([self.trial(p) for p in pieces]).double().cpu().numpy()

    def left(self) -> float:
        """Seconds until nothing further is begun."""
        return self.deadline - time.perf_counter()

    def network(self, k: int, noise: float) -> KAN:
        """Make the symbolic KAN of one unknown."""
        name = self.names[k]
        structure = find_structure(
            lambda x: self.ask(x)[:, k], self.view.dimension, tolerance=noise
        )
        if structure is None:
            raise _NoFormError(
                f"{name}: no sum of products of curves, no travelling wave and no simple function "
                f"of a sum of curves (to {noise:.0e})"
            )
        network = structure_network(structure, self.view.dimension)
        x, y = torch.from_numpy(self.x), torch.from_numpy(self.values[:, k : k + 1])
        made = auto_symbolic(network, x, y, library=self.library, seconds=self.left() / 2)
        rest = numerical_edges(made.network)
        if rest:
            raise _NoFormError(
                f"{name}: a KAN of shape {network.width} takes it over, but {len(rest)} of its "
                "curves are no function of the library"
            )
        size = float(self.values[:, k].std()) or 1.0
        if made.rmse_after > max(10 * noise, 1e-4) * size:
            raise _NoFormError(
                f"{name}: the nearest combination of library functions is "
                f"{made.rmse_after / size:.0e} off"
            )
        return made.network

    def polish(self, networks: Sequence[KAN]) -> None:
        """Polish all parameters, unknown constants included, in equations and conditions."""
        trial = plain_trial(self.view, SideBySide(networks), self.like, box=self.box)
        drawn = [(c.terms, c.drawn) for c in self.view.claims]
        x = torch.from_numpy(self.x)
        free = [free_columns(n, x) for n in networks]
        free.append(torch.ones(len(trial.constants.names), dtype=torch.bool))
        names = {n for c in self.view.claims if c.terms.where != POINTS for n in c.terms.names}
        weights = [1.0, FIRM] if any(t.where == POINTS for t, _ in drawn) else [1.0]
        for weight in weights:  # data fix the constants, then give way
            rows = Rows(trial, drawn, weights=dict.fromkeys(names, weight))
            settle(rows, torch.cat(free), steps=40)
        self.like = trial

    @property
    def scaling(self) -> tuple[list[float], list[float]]:
        """Shift and scale of the coordinates."""
        return ((self.low + self.high) / 2).tolist(), ((self.high - self.low) / 2).tolist()

    def formulas(self, networks: Sequence[KAN]) -> list[Expr]:
        """Write the networks in the problem's coordinates, recognised constants rounded."""
        x = self.view.coordinates
        return [symbolic_formula(n, x, inputs=self.scaling)[0] for n in networks]

    def without_phases(self, networks: Sequence[KAN]) -> list[Expr]:
        """Write them with sines and cosines of the same argument instead of a phase."""
        x, found = self.view.coordinates, []
        points = self.low + (self.x + 1) / 2 * (self.high - self.low)
        for k, network in enumerate(networks):
            (raw,) = symbolic_formula(network, x, inputs=self.scaling, round=False)
            split = sympy.expand(
                sympy.expand(raw, deep=True).replace(
                    lambda e: isinstance(e, sympy.sin), lambda e: _split_phase(e, x)
                )
            )
            size = float(np.abs(self.values[:, k]).max())
            found.append(rounded(split, x, points, tolerance=ROUNDING * size))
        return found

    def verdict(self, formulas: Sequence[Expr]) -> Verdict:
        """Put the formulas into what the problem claims."""
        return verify(self.view, formulas, self.like, exactly=exact_numbers)

    def differences(self, formulas: Sequence[Expr]) -> dict[str, float]:
        """Relative L2 differences between formulas and solution."""
        points = self.low + (self.x + 1) / 2 * (self.high - self.low)
        columns = [Evaluator(f, self.view.coordinates)(*points.T) for f in formulas]
        found = relative_l2(np.stack(columns, axis=1), self.values)
        return dict(zip(self.names, found.tolist(), strict=True))

    def evaluation(
        self,
        formulas: Sequence[Expr],
        verdict: Verdict,
        difference: Mapping[str, float],
        noise: Sequence[float],
    ) -> None:
        """Refuse formulas that are no solution, or not this one."""
        size = max(1.0, float(np.abs(self.values).max()))
        if not verdict.exact:
            if not verdict.worst <= CLOSE * size:
                raise _NoFormError(f"the best candidate leaves a residual of {verdict.worst:.0e}")
            sizes = term_sizes(self.view, formulas, self.like.constant_values())
            for name, own in sizes.items():
                if not verdict.residuals[name] <= CLOSE * own:
                    raise _NoFormError(
                        f"{name}: the best candidate leaves a residual of "
                        f"{verdict.residuals[name]:.0e} beside terms of {own:.0e}"
                    )
        for (name, off), own in zip(difference.items(), noise, strict=True):
            if not off <= max((10 if verdict.exact else 1) * own, 1e-6):
                raise _NoFormError(f"{name}: the best candidate is another solution, {off:.0e} off")


def inscribed(view: ProblemView) -> tuple[Array, Array]:
    """Give the bounds of a box inside the domain: the domain's own where it is a box."""
    low = np.array(view.domain.lower, dtype=np.float64)
    high = np.array(view.domain.upper, dtype=np.float64)
    middle, half = (low + high) / 2, (high - low) / 2
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * len(low), indexing="ij"), -1)
    corners = corners.reshape(-1, len(low))
    for shrink in 0.95 ** np.arange(40):
        if bool(view.domain.contains(middle + shrink * (1 - 1e-12) * half * corners).all()):
            return middle - shrink * half, middle + shrink * half
    raise _NoFormError("no box inside the domain")
