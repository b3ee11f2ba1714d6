"""What a resumed run must share with the stopped one, in words that users know."""

from __future__ import annotations

import hashlib
from typing import Any

from kanpde.ground._plain import plain
from kanpde.problem import Equation, Problem, Settings
from kanpde.solvers import Plan
from kanpde.trial import Trial

MAY_CHANGE = {"steps", "time_limit", "tolerance", "threads"}


def as_now(stored: dict[str, Any], form: int, now: dict[str, Any]) -> dict[str, Any]:
    """Say what a stored run began with in the words of this version.

    In format 1 the net "kan" was what "auto" is now, and what "kan" is where edges were named.
    """
    net = stored.get("setting net")
    if form == 1 and net == "kan":
        named = any(stored.get(f"setting {k}") is not None for k in ("basis", "grid", "grids"))
        net = "kan" if named and now.get("setting net") == "kan" else "auto"
    return {**_settings(Settings()), **stored, "setting net": net}


def _settings(settings: Settings) -> dict[str, Any]:
    """Name the settings that a resumed run must share."""
    shared = {k: v for k, v in settings.to_data().items() if k not in MAY_CHANGE}
    found: dict[str, Any] = plain({f"setting {k}": v for k, v in shared.items()})
    return found


def fingerprint(plan: Plan) -> dict[str, Any]:
    """Collect what a resumed run must share with the stopped one, by names that users know."""
    problem = plan.asked
    found: dict[str, Any] = plain(
        {
            **({} if plan.start is None else {"start": _start_record(plan.start)}),
            **{f"parameter {k}": v for k, v in problem.parameters.items()},
            **_settings(plan.settings),
            "domain": problem.domain.to_record(),
            **{f"equation {k}": _equation_record(problem, e) for k, e in problem.equations.items()},
            **{
                f"condition {k}": c.record(problem.domain, problem.space)
                for k, c in problem.conditions.items()
            },
            **{
                f"constant {k}": [c.start, *map(str, c.bounds), c.scale]
                for k, c in problem.constants.items()
            },
        }
    )
    return found


def _start_record(start: Trial) -> str:
    """Tell one start from another."""
    return hashlib.sha256(start.get().double().cpu().numpy().tobytes()).hexdigest()


def _equation_record(problem: Problem, equation: Equation) -> str:
    where = "" if equation.on is None else f" on {problem.domain.resolve(equation.on).description}"
    return f"{equation.expression}{where}"
