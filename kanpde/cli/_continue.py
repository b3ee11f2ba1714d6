"""``--continue NAME=FIRST:LAST[:STAGES]``: what is meant, and the problem of every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kanpde.cli._convert import did_you_mean, to_float, to_int
from kanpde.cli._problem_file import load_problem
from kanpde.errors import InputError

if TYPE_CHECKING:
    from kanpde import Problem

EXAMPLE = "--continue nu=0.1:0.003 or nu=0.1:0.003:5"


@dataclass(frozen=True)
class Continuation:
    """A parameter that goes from one value to another in stages.

    Parameters
    ----------
    name
        The parameter of ``problem()``.
    first, last
        Where it starts, and what is asked for.
    stages
        Number of values, both ends included; chosen if ``None``.
    text
        As it was written.
    """

    name: str
    first: float
    last: float
    stages: int | None
    text: str

    def check(self, problem: Problem) -> None:
        """See that the problem has this parameter, and that it is a number.

        Raises
        ------
        InputError
            If not.
        """
        known = problem.parameters
        if self.name not in known:
            listing = ", ".join(f"{n}={v!r}" for n, v in known.items())
            fix = f"the parameters are {listing}" if known else "problem() has no parameters"
            raise InputError(
                f"--continue {self.text}: expected a parameter of problem(), got {self.name!r}"
                f"{did_you_mean(self.name, known)}; {fix}"
            )
        value = known[self.name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(
                f"--continue {self.text}: expected a parameter that is a number, got "
                f"{self.name}={value!r}; the others stay as -p sets them"
            )

    def build(self, path: str, parameters: Sequence[str], value: float) -> Problem:
        """Make the problem at one value; rounded where the parameter is a whole number."""
        try:
            return load_problem(path, [*parameters, f"{self.name}={value!r}"])[0]
        except InputError as error:
            if "whole number" not in str(error):
                raise
        return load_problem(path, [*parameters, f"{self.name}={round(value)}"])[0]


def parse(text: str) -> Continuation:
    """Read ``NAME=FIRST:LAST`` or ``NAME=FIRST:LAST:STAGES``.

    Raises
    ------
    InputError
        If it is written in another way.

    Examples
    --------
    >>> parse("nu=0.1:0.003").last
    0.003
    """
    where = f"--continue {text}"
    name, equals, rest = text.partition("=")
    parts = rest.split(":")
    if not equals or not name.strip() or len(parts) not in {2, 3}:
        raise InputError(f"{where}: expected NAME=FIRST:LAST[:STAGES], got {text!r}; as {EXAMPLE}")
    first, last = to_float(parts[0], where), to_float(parts[1], where)
    stages = to_int(parts[2], where) if len(parts) == 3 else None
    if first == last:
        raise InputError(f"{where}: expected two different values, got {first:g} twice; drop it")
    if stages is not None and stages < 2:
        raise InputError(f"{where}: expected 2 stages or more, got {stages}; as {EXAMPLE}")
    return Continuation(name.strip(), first, last, stages, text)


def solve_stages(
    found: Continuation, path: str, parameters: Sequence[str], settings: Any, **options: Any
) -> Any:
    """Solve stage after stage."""
    import kanpde
    from kanpde.solution import stage_values

    def build(**values: float) -> Problem:
        return found.build(path, parameters, values[found.name])

    values = stage_values(found.first, found.last, found.stages)
    return kanpde.solve_continued(build, found.name, values, settings, **options)
