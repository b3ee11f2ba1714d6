"""The study: every net, size and seed in turn, written down as soon as it is finished."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kanpde.errors import InputError, RunDirectoryError
from kanpde.ground import _files, _runs
from kanpde.ground._choices import TRAINED_NETS
from kanpde.ground._plain import check_unchanged, plain
from kanpde.ground._versions import versions
from kanpde.problem import Problem, Settings
from kanpde.solution import fingerprint
from kanpde.solvers import make_plan
from kanpde.studies._run import Measure, Run, measure_run
from kanpde.studies._sizes import size_settings, usual_sizes
from kanpde.studies._tables import write_curves
from kanpde.studies._verdict import Row, Verdict, rows, verdicts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUDGET = 30.0
STUDY, CURVES, FIGURE = "compare.json", "compare.csv", "compare.png"
# settings that a comparison decides itself, and what is said of them
DECIDED = {
    "net": "nets",
    "seed": "seeds",
    "time_limit": "budget",
    "linear": "no linear=: both nets are trained",
    "tolerance": "no tolerance=: both nets use their budget up",
}

Progress = Callable[[dict[str, Any]], None]


@dataclass
class Comparison:
    """What a comparison found.

    Attributes
    ----------
    problem
        Name of the problem.
    measure
        What is compared: the relative L2 error, or the residual on fresh points where the
        truth is not known.
    runs
        Finished runs.
    asked
        How many runs were asked for.
    budget, steps
        Seconds and steps that every run was given, ``None`` for no limit.
    settings
        What the nets share.
    fingerprint
        What a resumed comparison must have in common with this one.
    interrupted
        Whether runs are missing.
    """

    problem: str
    measure: str
    runs: list[Run]
    asked: int
    budget: float | None
    steps: int | None
    settings: dict[str, Any]
    fingerprint: dict[str, Any]
    interrupted: bool = False

    def rows(self) -> list[Row]:
        """Every net at every size: its cost, and its errors over the seeds."""
        return rows(self.runs)

    def verdicts(self) -> list[Verdict]:
        """Who wins, size by size and over all sizes."""
        return verdicts(self.runs)

    def figure(self) -> Figure:
        """Error against seconds and against coefficients."""
        from kanpde.studies._figure import comparison_figure

        return comparison_figure(self.runs, measure=self.measure)

    def to_data(self) -> dict[str, Any]:
        """Give plain JSON values: settings, table, verdicts, runs with their curves."""
        found: dict[str, Any] = plain(
            {
                "kanpde": "comparison",
                "problem": self.problem,
                "measure": self.measure,
                "budget": self.budget,
                "steps": self.steps,
                "asked": self.asked,
                "interrupted": self.interrupted,
                "settings": self.settings,
                "rows": [asdict(row) for row in self.rows()],
                "verdicts": [asdict(verdict) for verdict in self.verdicts()],
                "versions": versions(),
                "fingerprint": self.fingerprint,
                "runs": [run.to_record() for run in self.runs],
            }
        )
        return found

    def save(self, directory: str | Path, *, figure: bool = True) -> Path:
        """Write `compare.json`, `compare.csv` and `compare.png`.

        Parameters
        ----------
        directory
            Made where it is missing; these three files are replaced.
        figure
            False leaves the figure out.

        Raises
        ------
        RunDirectoryError
            If the directory cannot be written.
        """
        path = Path(directory)
        _runs.write_json(path / STUDY, self.to_data())
        _files.write(path / CURVES, write_curves(self.runs))
        if figure and self.runs:
            from kanpde.studies._figure import png

            _files.write(path / FIGURE, png(self.figure()))
        return path


def compare(
    problem: Problem,
    *,
    nets: Sequence[str] = TRAINED_NETS,
    seeds: Sequence[int] = (0, 1, 2),
    sizes: Sequence[int] | None = None,
    budget: float | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **overrides: Any,
) -> Comparison:
    """Train KAN and MLP alike: at equal coefficients and at equal seconds.

    Both nets get the same optimizer (Levenberg-Marquardt unless another is set), the same
    number of points from the same generators, the same seeds and the same budget. The MLP has
    three hidden layers, as wide as gives it the KAN's number of coefficients. Linear problems
    are trained too: spectral least squares, which trains nothing, is off. The KAN has Chebyshev
    edges, or B-splines where a grid is given, unless `basis` says otherwise.

    Parameters
    ----------
    problem
        What to solve; `problem.settings`, where they are set, are what the nets share.
    nets
        Some of ``"kan"``, ``"mlp"``.
    seeds
        Whole numbers, 0 or more, at least one.
    sizes
        Widths of the KAN's widest hidden layer; half, three quarters and all of the usual
        width where it is ``None``.
    budget
        Seconds of optimisation for every run; 30 unless `steps` is given.
    out
        Directory for `compare.json` and `compare.csv`, written after every run, and
        `compare.png`.
    resume
        Keep the runs that `out` has and add those that are missing.
    progress
        Called with a dict after every step: what `solve` tells, and run, runs, net, size, seed.
    overrides
        Settings by name, for example ``steps=200`` or ``basis="bspline"``.

    Returns
    -------
    Comparison
        Runs, table, verdicts and figure; after Ctrl-C, of the runs that were finished.

    Raises
    ------
    InputError
        If nets, seeds, sizes, budget or settings are not allowed, or `out` holds a comparison.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, Problem, compare, coordinates, unknown
    >>> x = coordinates("x")
    >>> u = unknown("u", x)
    >>> p = Problem(Interval(x, 0, 1), {"ode": u.diff(x, 2) + 2}, {"ends": Dirichlet(u, 0)})
    >>> found = compare(p, sizes=(2,), seeds=(0,), steps=2, hidden=(2, 2), interior=32)
    >>> [(row.net, row.coefficients) for row in found.rows()]
    [('kan', 37), ('mlp', 39)]
    """
    if not isinstance(problem, Problem):
        raise InputError(f"problem: expected a kanpde.Problem, got {type(problem).__name__}")
    if resume and out is None:
        raise InputError("resume: expected out=DIR with it, got none")
    for name in overrides:
        if name in DECIDED:
            raise InputError(f"{name}: a comparison decides it; use {DECIDED[name]}")
    settings = _shared(problem, overrides, budget)
    nets, seeds = _checked(nets, seeds)
    plan = make_plan(problem, settings)
    sizes = _checked_sizes(usual_sizes(plan) if sizes is None else sizes)
    asked = size_settings(problem, settings, sizes)
    tasks = [(net, size, seed) for seed in seeds for size in sizes for net in nets]
    found = Comparison(
        problem=problem.name or "problem",
        measure="",
        runs=[],
        asked=len(tasks),
        budget=settings.time_limit,
        steps=settings.steps,
        settings=settings.to_data(),
        fingerprint=plain(
            {**fingerprint(plan), "budget": settings.time_limit, "steps": settings.steps}
        ),
    )
    directory = None if out is None else Path(out)
    if directory is not None:
        found.runs = _kept(directory, found, tasks, resume=resume)
    _train(problem, found, [(t, asked[t[0], t[1]]) for t in tasks], directory, progress)
    return found


def _train(
    problem: Problem,
    found: Comparison,
    tasks: list[tuple[tuple[str, int, int], Settings]],
    directory: Path | None,
    progress: Progress | None,
) -> None:
    """Do what is missing, nets in turn, so that a machine that slows down slows both."""
    done = {run.key for run in found.runs}
    try:
        measure = Measure(problem)
        found.measure = measure.name
        for place, ((net, size, seed), settings) in enumerate(tasks):
            if (net, size, seed) in done:
                continue
            where = {"run": place, "runs": len(tasks), "net": net, "size": size, "seed": seed}
            run = measure_run(
                problem,
                settings.replace(seed=seed),
                size=size,
                measure=measure,
                tell=_teller(progress, where),
            )
            if run is None:
                found.interrupted = True
                break
            found.runs.append(run)
            if directory is not None:
                found.save(directory, figure=False)
    except KeyboardInterrupt:  # between two runs, where no session defers it
        found.interrupted = True
    if directory is not None and found.runs:
        found.save(directory)


def _teller(progress: Progress | None, where: dict[str, Any]) -> Progress | None:
    if progress is None:
        return None
    return lambda event: progress({**event, **where})


def _shared(problem: Problem, overrides: dict[str, Any], budget: float | None) -> Settings:
    """Settle what both nets share."""
    base = (problem.settings or Settings()).replace(net="kan", **overrides)
    if budget is not None and not (budget > 0 and math.isfinite(budget)):
        raise InputError(f"budget: expected a positive number of seconds, got {budget}")
    if base.steps is not None and base.steps < 1:
        raise InputError(f"steps: expected 1 or more for a comparison, got {base.steps}")
    if budget is None and base.steps is None:
        budget = BUDGET
    return base.replace(
        net="kan",
        seed=0,
        linear=False,
        tolerance=None,
        time_limit=budget,
        optimizer="lm" if base.optimizer == "auto" else base.optimizer,
    )


def _checked(nets: Sequence[str], seeds: Sequence[int]) -> tuple[list[str], list[int]]:
    for net in nets:
        if net not in TRAINED_NETS:
            raise InputError(f"nets: expected some of {', '.join(TRAINED_NETS)}, got {net!r}")
    if not nets:
        raise InputError(f"nets: expected some of {', '.join(TRAINED_NETS)}, got none")
    if not seeds:
        raise InputError("seeds: expected at least one, got none; three show a spread")
    for seed in seeds:
        if not isinstance(seed, int) or seed < 0:
            raise InputError(f"seeds: expected whole numbers, 0 or more, got {seed!r}")
    return list(dict.fromkeys(nets)), list(dict.fromkeys(seeds))


def _checked_sizes(sizes: Sequence[int]) -> list[int]:
    if not sizes:
        raise InputError("sizes: expected at least one width, got none; for example 4,6,8")
    for size in sizes:
        if not isinstance(size, int) or size < 1:
            raise InputError(f"sizes: expected positive widths, got {size!r}")
    return sorted(set(sizes))


def _kept(
    directory: Path, found: Comparison, tasks: list[tuple[str, int, int]], *, resume: bool
) -> list[Run]:
    """Read the runs that `directory` has, for the same problem and settings."""
    file = directory / STUDY
    if not file.exists():
        return []
    if not resume:
        raise InputError(
            f"out: {directory} holds a comparison already; choose another directory or resume it"
        )
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["kanpde"] != "comparison":
            raise ValueError("another file of kanpde")
        stored = dict(data["fingerprint"])
        runs = [Run.from_record(run) for run in data["runs"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunDirectoryError(
            f"{file}: expected a comparison, got a damaged file ({type(error).__name__}: {error}); "
            "choose another --out"
        ) from None
    check_unchanged(stored, found.fingerprint)
    return [run for run in runs if run.key in set(tasks)]
