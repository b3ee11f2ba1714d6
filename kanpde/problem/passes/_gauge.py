"""Unknowns that equations and conditions fix only up to a constant or a function of time."""

from __future__ import annotations

from kanpde.problem._problem import Problem


def floating_unknowns(problem: Problem) -> list[bool]:
    """Which unknowns are fixed only up to a constant, like an unpinned pressure."""
    result = []
    named = problem.derivatives()
    for k, u in enumerate(problem.unknowns):
        pinned = any(c.pins(u) for c in problem.conditions.values())
        in_value = any(j == k and sum(a) == 0 for j, a in named)
        result.append(not pinned and not in_value)
    return result


def drifting_unknowns(problem: Problem) -> list[bool]:
    """Which unknowns are fixed only up to a function of time, like the pressure of a moving fluid.

    They are differentiated along space and never along time, and no condition holds their
    value at all times.
    """
    time = problem.time
    if time is None:
        return [False] * len(problem.unknowns)
    axis, named = problem.coordinates.index(time), problem.derivatives()
    result = []
    for k, u in enumerate(problem.unknowns):
        spatial = all(alpha[axis] == 0 and sum(alpha) > 0 for j, alpha in named if j == k)
        held = any(c.holds(u) for c in problem.conditions.values())
        result.append(spatial and not held)
    return result
