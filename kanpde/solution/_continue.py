"""Continuation in a parameter: stages from an easy value to the one that is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kanpde.errors import InputError
from kanpde.ground import _runs
from kanpde.ground._plain import plain
from kanpde.ground._status import Status
from kanpde.problem import Problem, Settings
from kanpde.solution._solution import Solution
from kanpde.solution._solution import load as load_solution
from kanpde.solution._solve import Progress, solve

SHARE = 0.5  # of the time limit for all stages but the last
ENOUGH = 1e-3  # predicted error of a stage that the next one may start from
FACTOR = 2.0  # between stages whose number is not given
MOST_STAGES = 100
FINISHED = ("converged", "budget")


def stage_values(first: float, last: float, count: int | None = None) -> list[float]:
    """Values of the stages, both ends included.

    Geometric where both ends have one sign, linear else; without `count` the factor between
    stages is at most two (linear: five stages).

    Examples
    --------
    >>> stage_values(100, 400)
    [100.0, 200.0, 400.0]
    >>> stage_values(0.1, 0.025, 2)
    [0.1, 0.025]
    """
    geometric = first * last > 0
    if count is None:
        ratio = abs(math.log(last / first)) / math.log(FACTOR) if geometric else 4
        count = 1 + max(1, math.ceil(ratio - 1e-9))
    if not 2 <= count <= MOST_STAGES:
        raise InputError(f"stages: expected 2 to {MOST_STAGES}, got {count}")
    shares = [k / (count - 1) for k in range(count)]
    if geometric:
        between = [first * (last / first) ** s for s in shares[1:-1]]
    else:
        between = [first + (last - first) * s for s in shares[1:-1]]
    return [float(first), *(float(f"{v:.6g}") for v in between), float(last)]


def solve_continued(
    build: Callable[..., Problem],
    parameter: str,
    values: Sequence[float],
    settings: Settings | None = None,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **overrides: Any,
) -> Solution:
    """Solve a problem for one value of a parameter after the other, each from the one before.

    Parameters
    ----------
    build
        Makes the problem; called with the parameter as a keyword.
    parameter, values
        Its name, and at least two values; the last one is asked for.
    settings
        How each is solved. All values but the last share half of the time limit at most, and end
        at a predicted error of 1e-3; the last one gets the rest.
    out
        Run directory of the last value; those before it lie in its folder ``stages``.
    resume
        Go on with the run in `out`; stages that are finished are read.
    progress
        Called after every step, as by `kanpde.solve`; `stage` tells the value's place.
    overrides
        Settings by name.

    Returns
    -------
    Solution
        At the last value; ``summary["continued"]`` tells of every stage.

    Raises
    ------
    InputError
        If there are fewer than two values or `build` does not take the parameter.

    Examples
    --------
    >>> from kanpde import Dirichlet, Interval, Problem, coordinates, unknown
    >>> def build(k=1.0):
    ...     x = coordinates("x")
    ...     u = unknown("u", x)
    ...     ode = u.diff(x, 2) + k * u**3 - 1
    ...     return Problem(Interval(x, 0, 1), {"ode": ode}, {"ends": Dirichlet(u, 0)})
    >>> found = solve_continued(build, "k", [1.0, 2.0], steps=4)
    >>> [stage["value"] for stage in found.summary["continued"]["stages"]]
    [1.0, 2.0]
    """
    if len(values) < 2:
        raise InputError(f"values: expected two or more, got {len(values)}; else use solve")
    if resume and out is None:
        raise InputError("resume: expected out=DIR with it, got none")
    start: Solution | None = None
    told: list[dict[str, Any]] = []
    for k, value in enumerate(values):
        last = k == len(values) - 1
        problem = _built(build, parameter, value)
        chosen = (settings or problem.settings or Settings()).replace(**overrides)
        chosen = _share(chosen, len(values), told, last=last)
        place = _place(out, k, parameter, value, last=last)
        observe = _numbered(progress, k, len(values))
        start = _stage(problem, chosen, place, resume=resume, start=start, observe=observe)
        told.append(_told(start, problem.parameters[parameter]))
        if start.status not in {Status.CONVERGED, Status.BUDGET}:
            break
    assert start is not None
    start.summary["continued"] = {"parameter": parameter, "stages": told}
    if out is not None and len(told) == len(values):
        _runs.write_json(Path(out) / _runs.SUMMARY, start.summary)
    return start


def _built(build: Callable[..., Problem], parameter: str, value: float) -> Problem:
    try:
        problem = build(**{parameter: value})
    except TypeError as error:
        if parameter not in str(error):
            raise
        raise InputError(f"parameter: {error}; expected one that build takes") from None
    if not isinstance(problem, Problem):
        raise InputError(f"build: expected a kanpde.Problem, got {type(problem).__name__}")
    problem.parameters = {parameter: value, **problem.parameters}
    return problem


def _share(settings: Settings, stages: int, told: list[dict[str, Any]], *, last: bool) -> Settings:
    """Give a stage its share of the time, and an earlier one a tolerance that does."""
    whole = settings.seconds
    if not last:
        settings = settings.replace(tolerance=max(ENOUGH, settings.tolerance or 0.0))
    if not math.isfinite(whole):
        return settings
    left = whole - sum(float(stage["seconds"]) for stage in told)
    part = left if last else SHARE * whole / (stages - 1)
    return settings.replace(time_limit=max(part, (1 - SHARE) * whole / stages))


def _place(
    out: str | Path | None, k: int, parameter: str, value: float, *, last: bool
) -> Path | None:
    if out is None:
        return None
    return Path(out) if last else Path(out) / "stages" / f"{k + 1}-{parameter}={value:g}"


def _stage(
    problem: Problem,
    settings: Settings,
    place: Path | None,
    *,
    resume: bool,
    start: Solution | None,
    observe: Progress | None,
) -> Solution:
    """Solve one stage, or read it where it is finished."""
    if place is not None and resume and (place / _runs.SUMMARY).exists():
        found = load_solution(place)
        if found.status.value in FINISHED and "stages" in place.parts:
            return found
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
    return solve(problem, settings, out=place, resume=resume, progress=observe, start=start)


def _numbered(progress: Progress | None, k: int, count: int) -> Progress | None:
    if progress is None:
        return None
    return lambda event: progress({**event, "stage": f"{k + 1}/{count}"})


def _told(solution: Solution, value: float) -> dict[str, Any]:
    """Give what the summary says of a stage."""
    summary = solution.summary
    told: dict[str, Any] = plain(
        {
            "value": value,
            "status": summary["status"],
            "path": summary["path"],
            "start": summary.get("start"),
            "steps": summary["steps"],
            "seconds": summary["seconds"],
            "loss": summary["loss"],
            "predicted": summary["estimates"]["predicted"],
        }
    )
    return told
