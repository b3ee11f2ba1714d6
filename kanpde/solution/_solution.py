"""The result of a solve: a function of points, with its status, errors and estimates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray
from sympy import Expr, I
from torch import Tensor

from kanpde.errors import InputError
from kanpde.ground import _check, _files, _runs
from kanpde.ground._status import Status
from kanpde.interpret import Library
from kanpde.pde import complex_unknowns, lower, normalise, scalar, split_complex
from kanpde.problem import normal
from kanpde.residual import Drawn, ProblemView, Rows, TermSet, jet_layout
from kanpde.solution import _directory
from kanpde.solution._cubature import Integrated
from kanpde.solution._integrate import integrate
from kanpde.solution.closed_form._readout import Readout, read_out
from kanpde.trial import Trial

Array = NDArray[np.float64]
CHUNK = 4096


class Solution:
    """A solved problem: call it at points, ask it for derivatives, save it.

    Attributes
    ----------
    problem
        A `ProblemView`: coordinates, unknowns, domain, names of equations and conditions.
    status
        A `Status`: converged, budget, interrupted, diverged or nonfinite.
    summary
        What `summary.json` holds.
    history
        One dict per step.
    """

    def __init__(
        self,
        problem: ProblemView,
        trial: Trial,
        terms: Sequence[TermSet],
        *,
        status: Status,
        summary: dict[str, Any],
        history: list[dict[str, Any]],
    ) -> None:
        self.problem, self.trial, self.terms = problem, trial, list(terms)
        self.status, self.summary, self.history = status, summary, history

    @property
    def errors(self) -> dict[str, Any]:
        """Relative L2 and largest error per unknown, where the truth is known."""
        return dict(self.summary.get("errors", {}))

    @property
    def estimates(self) -> dict[str, Any]:
        """Residual per term on fresh points, and the predicted relative error per unknown."""
        return dict(self.summary.get("estimates", {}))

    @property
    def imposed(self) -> dict[str, str]:
        """How each condition is imposed: ``"exact"`` or ``"rows"``."""
        return dict(self.summary.get("imposed", {}))

    @property
    def identified(self) -> dict[str, Any]:
        """Unknown constants: value and 95 % interval."""
        return dict(self.summary.get("identified", {}))

    @property
    def constants(self) -> dict[str, float]:
        """Values of the unknown constants."""
        return self.trial.constant_values()

    @overload
    def __call__(self, points: Tensor) -> Tensor: ...
    @overload
    def __call__(self, points: Array) -> Array: ...
    def __call__(self, points: Any) -> Any:
        """Evaluate every unknown.

        Parameters
        ----------
        points
            Shape ``(N, d)``, columns in the order of `problem.coordinates`; numpy or torch.

        Returns
        -------
        ndarray or Tensor
            Shape ``(N, m)``: numpy for numpy, torch (differentiable) for torch.

        Raises
        ------
        ShapeError
            If `points` is not ``(N, d)``.
        """
        if isinstance(points, Tensor):
            _check.shape("points", points, (None, self.problem.dimension))
            values: Tensor = self.trial(points)
            return values.to(points.device)
        array = self._array(points)
        with torch.no_grad():
            tensor = torch.as_tensor(array, dtype=self.trial.dtype)
            parts = [self.trial(part) for part in tensor.split(CHUNK)]
        if not parts:
            return np.zeros((0, len(self.problem.unknowns)))
        return torch.cat(parts).double().cpu().numpy()

    def evaluate(self, expression: Expr, points: Any, *, normals: Any = None) -> NDArray[Any]:
        """Evaluate any expression of unknowns, derivatives, coordinates and constants.

        Parameters
        ----------
        expression
            For example ``u.diff(x, 2) + u``, or ``Abs(h)`` and ``h`` of a complex unknown.
        points
            Shape ``(N, d)``.
        normals
            Shape ``(N, d)``, where the expression names components `normal(x)`.

        Returns
        -------
        ndarray
            Shape ``(N,)``; complex only where the expression is.

        Raises
        ------
        InputError
            If the expression names something else.
        """
        array = self._array(points)
        if normals is not None:
            normals = self._array(normals)
            _check.shape("normals", normals, (len(array), self.problem.dimension))
        return self._evaluator(expression, normals=normals is not None)(array, normals)

    def _evaluator(self, expression: Expr, *, normals: bool) -> Callable[..., NDArray[Any]]:
        """Compile an expression to a function of points ``(N, d)`` and normals, or None."""
        given = scalar("expression", expression)
        if not (complex_unknowns(given) or given.has(I)):
            return self._real_evaluator(normalise(given), normals=normals)
        parts = split_complex(given)
        real, imaginary = (self._real_evaluator(p, normals=normals) for p in parts)
        if parts[1] == 0:
            return real
        return lambda points, outward: real(points, outward) + 1j * imaginary(points, outward)

    def integrate(
        self,
        expression: Expr,
        *,
        on: Any = None,
        at: Mapping[Any, Any] | None = None,
        tolerance: float = 1e-8,
    ) -> Integrated:
        """Integrate an expression over the domain, or over parts of its boundary.

        Parameters
        ----------
        expression
            As for `evaluate`; on the boundary it may name the components `normal(x)` of the
            unit normal, which points out of the domain (so into a body that is cut out).
        on
            Boundary parts: a name, ``Eq(x, 0)``, a list of names (``list(domain.parts)`` is the
            whole boundary), a relation or a predicate. ``None`` is the domain itself.
        at
            Coordinates that are held, such as ``{t: 0.5}``: time, parameters, sides of a box.
            All others are integrated over.
        tolerance
            Finer rules are tried until the estimated error is below this part of the integral
            of the absolute value, or more than 131 072 points would be needed.

        Returns
        -------
        Integrated
            `value` (``float()`` gives it too) and `error`, what the quadrature may be off by.

        Raises
        ------
        InputError
            If the expression, a part or a held coordinate is not of this problem.

        Examples
        --------
        >>> import kanpde, sympy
        >>> x = kanpde.coordinates("x")
        >>> u = kanpde.unknown("u", x)
        >>> equation, ends = {"ode": u.diff(x, 2) + u}, kanpde.Dirichlet(u, sympy.sin(x))
        >>> s = kanpde.solve(kanpde.Problem(kanpde.Interval(x, 0, 1), equation, {"ends": ends}))
        >>> round(float(s.integrate(u)), 6), round(1 - float(sympy.cos(1)), 6)
        (0.459698, 0.459698)
        >>> flux = s.integrate(u.diff(x) * kanpde.normal(x), on=["x=0", "x=1"])
        >>> round(float(flux), 6)
        -0.459698
        """
        named = {str(x) for x in scalar("expression", expression).free_symbols}
        outward = sorted(named & {str(normal(x)) for x in self.problem.coordinates})
        if on is None and outward:
            raise InputError(
                f"expression: expected no normal inside the domain, got {outward[0]}; "
                "pass on= with boundary parts"
            )
        return integrate(
            self._evaluator(expression, normals=on is not None),
            self.problem.domain,
            on=on,
            at=at,
            tolerance=tolerance,
        )

    def _real_evaluator(
        self, expression: Expr, *, normals: bool
    ) -> Callable[[Array, Array | None], Array]:
        """Compile a real expression to a function of points ``(N, d)`` and normals."""
        problem: Any = self.problem  # it has what the layout asks of a problem
        d = problem.dimension
        space, atoms, (rest,) = jet_layout(problem, [expression], collapse=False)
        outward = tuple(normal(x) for x in problem.coordinates) if normals else ()
        inputs = (*problem.coordinates, *outward, *atoms, *problem.constants)
        program = lower([rest], inputs, where="expression")
        constants = list(self.constants.values())

        def evaluate(points: Array, beside: Array | None) -> Array:
            both = points if beside is None else np.hstack([points, beside])
            pieces = []
            with torch.no_grad():
                for part in torch.as_tensor(both, dtype=self.trial.dtype).split(CHUNK):
                    site = self.trial.site(part[:, :d], space)
                    jets = self.trial.jets(site)
                    columns = [jets[j.component, :, j.unknown] for j in atoms.values()]
                    numbers = [site.points.new_tensor(c) for c in constants]
                    components = part[:, d:].unbind(1)
                    (value,) = program(*site.points.unbind(1), *components, *columns, *numbers)
                    pieces.append(value.detach())
            return torch.cat(pieces).double().cpu().numpy()

        return evaluate

    def residuals(self, points: Any) -> dict[str, Array]:
        """Residual of every equation at points ``(N, d)``; ``{name: (N,)}``."""
        array = self._array(points)
        pieces: dict[str, list[Array]] = {n: [] for terms in self.terms for n in terms.names}
        for part in _chunks(array) if len(array) else []:
            drawn = Drawn(part, np.zeros((len(part), 0)), None, None, np.ones(len(part)))
            for terms in self.terms:
                rows = Rows(self.trial, [(terms, drawn)])
                for name, r in zip(terms.names, rows.residuals(scaled=False)[0], strict=True):
                    pieces[name].append(r.detach().double().cpu().numpy())
        return {name: np.concatenate(parts or [np.zeros(0)]) for name, parts in pieces.items()}

    def symbolic(self, *, library: Library = None, seconds: float = 60.0, seed: int = 0) -> Readout:
        """Read a closed form out of the solution and check it in the problem.

        The solution as a whole is looked at (ansatz, embedding and normalisation undone): its
        structure is found, a fresh KAN takes it over, the edges become library functions,
        all parameters are polished in the equations, recognised constants are rounded, and
        sympy puts the result into every equation and condition.

        Parameters
        ----------
        library
            Functions to choose from: names, or a mapping with functions of your own.
        seconds
            Wall time after which nothing further is begun.
        seed
            Of the sample points.

        Returns
        -------
        Readout
            `formulas` per unknown, `exact`, `verdict`, or `notes` that say why there is none.

        Examples
        --------
        >>> import kanpde, sympy
        >>> x = kanpde.coordinates("x")
        >>> u = kanpde.unknown("u", x)
        >>> equations, ends = {"ode": u.diff(x, 2) + u}, kanpde.Dirichlet(u, sympy.sin(x))
        >>> p = kanpde.Problem(kanpde.Interval(x, 0, 1), equations, {"ends": ends})
        >>> print(kanpde.solve(p).symbolic())
        u = sin(x)
        exact: every equation and condition simplifies to zero
        """
        return read_out(
            self.trial,
            self.problem,
            predicted=self.estimates.get("predicted"),
            library=library,
            seconds=seconds,
            seed=seed,
        )

    def truth(self, points: Any) -> Array | None:
        """Exact or reference values ``(N, m)``, ``None`` where they are not known.

        Of an eigenfunction, whose sign is free, those of the solution's sign.
        """
        parts = []
        for part in _chunks(self._array(points)):
            found = self.problem.truth(part)
            if found is None:
                return None
            parts.append(found)
        opposite = any(isinstance(e, dict) and e.get("sign") == -1 for e in self.errors.values())
        return -np.concatenate(parts) if opposite else np.concatenate(parts)

    def save(self, directory: str | Path) -> Path:
        """Write the run directory; see `kanpde.load`.

        Raises
        ------
        RunDirectoryError
            If `directory` cannot be written or holds another run.
        """
        path = Path(directory)
        _directory.save(path, self.problem, self.trial, self.terms)
        _files.write_history(path / _runs.HISTORY, self.history)
        _runs.write_json(path / _runs.SUMMARY, self.summary)
        return path

    def _array(self, points: Any) -> Array:
        if isinstance(points, Tensor):
            points = points.detach().cpu()
        try:
            array = np.asarray(points, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(
                f"points: expected an array of numbers, got {type(points).__name__}"
            ) from None
        _check.shape("points", array, (None, self.problem.dimension))
        return array

    def __repr__(self) -> str:
        worst = [e["relative_l2"] for e in self.errors.values()]
        error = f", relative L2 {max(worst):.1e}" if worst else ""
        return f"Solution({self.problem.name}, {self.status.value}{error})"


def _chunks(points: Array) -> list[Array]:
    """Pieces that bound the memory, at least one; references are kept by piece."""
    return [points[start : start + CHUNK] for start in range(0, max(len(points), 1), CHUNK)]


def reference_shifts(solution: Solution) -> Array:  # (m,)
    """Give the constants that lift the reference onto the solution.

    They are 0, except for unknowns that the problem fixes only up to a constant, such
    as a pressure: those whose entry in `Solution.errors` says ``mean_removed``.
    """
    names = [str(u.func.__name__) for u in solution.problem.unknowns]
    free = np.array([bool(solution.errors.get(n, {}).get("mean_removed")) for n in names])
    shifts = np.zeros(len(names))
    if free.any():
        rng = np.random.default_rng(0)
        points, _ = solution.problem.domain.interior(2048, sampler="sobol", rng=rng)
        truth = solution.truth(points)
        if truth is not None:
            shifts[free] = (solution(points) - truth).mean(axis=0)[free]
    return shifts


def load(directory: str | Path) -> Solution:
    """Load a solution from its run directory, without its problem file and without its code.

    Parameters
    ----------
    directory
        What `kanpde solve` wrote, finished or not.

    Returns
    -------
    Solution
        Callable at points; `status` is interrupted if the run never finished.

    Raises
    ------
    RunDirectoryError
        If the directory is missing, damaged, foreign or holds a pickle with code.
    """
    problem, trial, terms, summary, history = _directory.read(Path(directory))
    status = Status(summary["status"])
    return Solution(problem, trial, terms, status=status, summary=summary, history=history)
