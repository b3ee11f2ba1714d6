"""Tiny problems and fits whose runs take a moment: one per kind of run that kanpde writes.

They use public names only. `record_runs.py` keeps their run directories as test data, and
`record_doors.py` the names of what they write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from sympy import Eq, I, Symbol, cos, exp, pi, sin

import kanpde
from kanpde import (
    Constant,
    Dirichlet,
    Disk,
    Initial,
    Interval,
    Operator,
    Periodic,
    PointData,
    Problem,
    Rectangle,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)

ONCE = {"threads": 1, "seed": 0}
TRAINED = {**ONCE, "interior": 24, "boundary": 8, "linear": False}


@dataclass(frozen=True)
class SmallRun:
    """A problem or the rows of a fit, and how it is run.

    `points` are where values are recorded, `holds` a word of ``summary["net"]`` that says the
    kind was met, `more` the settings that change when the run goes on (``None``: its state is not
    kept), `sweep` a parameter with its values, `after` what becomes of a fit.
    """

    build: Callable[..., Any]
    settings: Mapping[str, Any]
    points: tuple[tuple[float, ...], ...] = ()
    holds: str = ""
    kind: str = "solve"
    more: Mapping[str, Any] | None = None
    sweep: tuple[str, tuple[float, ...]] | None = None
    after: Callable[[kanpde.Fit], kanpde.Fit] | None = None

    def make(self, out: Path, *, resume: bool = False) -> Any:
        """Run it and write `out`; with `resume` go on with the run there."""
        settings = {**self.settings, **((self.more if resume else None) or {})}
        if self.kind == "compare":
            return kanpde.compare(self.build(), out=out, resume=resume, **settings)
        where = {} if self.more is None else {"out": out, "resume": resume}
        if self.kind == "fit":
            found = kanpde.fit(*self.build(), **settings, **where)
        elif self.sweep is not None:
            found = kanpde.solve_continued(self.build, *self.sweep, **settings, **where)
        else:
            found = kanpde.solve(self.build(), **settings, **where)
        if self.after is not None:
            found = self.after(found)
        if self.more is None:
            found.save(out)
        return found


def box() -> Problem:
    """Poisson's equation on a rectangle."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    return Problem(
        Rectangle((x, 0, 2), (y, 0, 1)),
        {"poisson": laplacian(u, x, y) + x * exp(y)},
        {"walls": Dirichlet(u, x)},
        name="box",
    )


def bratu(k: float = 1.0) -> Problem:
    """A smooth nonlinear problem."""
    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        Interval(x, 0, 1),
        {"bratu": u.diff(x, 2) + k * exp(u)},
        {"ends": Dirichlet(u, 0)},
        name="bratu",
    )


def burgers() -> Problem:
    """A layer that forms in time: product KANs give up, slabs in time do not."""
    x, t = coordinates("x t")
    u = unknown("u", x, t)
    return Problem(
        Interval(x, -1, 1) * TimeInterval(t, 0, 0.6),
        {"burgers": u.diff(t) + u * u.diff(x) - 0.01 * u.diff(x, 2)},
        {"start": Initial(u, -sin(pi * x)), "walls": Dirichlet(u, 0)},
        name="burgers",
    )


def oscillator() -> Problem:
    """Van der Pol's oscillator: a march with few coefficients."""
    t = coordinates("t")
    y = unknown("y", t)
    return Problem(
        TimeInterval(t, 0, 6),
        {"oscillator": y.diff(t, 2) - 2 * (1 - y**2) * y.diff(t) + y},
        {"place": Initial(y, 2), "speed": Initial(y.diff(t), 0)},
        name="oscillator",
    )


def cubic() -> Problem:
    """A nonlinear equation with a known solution, for networks that are trained."""
    x = coordinates("x")
    u = unknown("u", x)
    exact = sin(pi * x) + x / 10
    return Problem(
        Interval(x, -1, 1),
        {"cubic": u.diff(x, 2) - u**3 - (exact.diff(x, 2) - exact**3)},
        {"ends": Dirichlet(u, exact)},
        exact={u: exact},
        name="cubic",
    )


def decay() -> Problem:
    """A rate from measurements."""
    t = coordinates("t")
    y = unknown("y", t)
    rate = Symbol("rate", real=True)
    times = np.linspace(0.1, 2, 12)
    values = np.exp(-1.3 * times) + 0.01 * np.cos(9 * np.arange(12))
    return Problem(
        TimeInterval(t, 0, 2),
        {"decay": y.diff(t) + rate * y},
        {"start": Initial(y, 1), "data": PointData(y, times[:, None], values)},
        constants={rate: Constant(1.0)},
        name="decay",
    )


def tabulated() -> Problem:
    """A coefficient from a table of numbers."""
    x = coordinates("x")
    u = unknown("u", x)
    nodes = np.linspace(0, 1, 6)
    conductivity = kanpde.table("k", nodes, 1 + nodes**2 / 2)
    return Problem(
        Interval(x, 0, 1),
        {"heat": (conductivity(x) * u.diff(x)).diff(x) + 1},
        {"ends": Dirichlet(u, 0)},
        name="tabulated",
    )


def wave() -> Problem:
    """A complex wave that leaves on the right."""
    x = coordinates("x")
    h = unknown("h", x, complex=True)
    return Problem(
        Interval(x, 0, 1),
        {"helmholtz": h.diff(x, 2) + 9 * h},
        {
            "in": Dirichlet(h, 1, on=Eq(x, 0)),
            "out": Operator(h.diff(x) - 3 * I * h, on=Eq(x, 1)),
        },
        exact={h: exp(3 * I * x)},
        name="wave",
    )


def hole() -> Problem:
    """A square with a round hole: coordinates of their own about it."""
    x, y = coordinates("x y")
    u = unknown("u", x, y)
    square = Rectangle((x, -2, 2), (y, -2, 2))
    return Problem(
        square - Disk((x, y), (0.3, 0), 0.5),
        {"laplace": laplacian(u, x, y)},
        {"all": Dirichlet(u, sympy.log((x - 0.3) ** 2 + y**2))},
        name="hole",
    )


def ring() -> Problem:
    """A reaction on a circle."""
    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        Interval(x, 0, 2 * sympy.pi),
        {"ring": u.diff(x, 2) - u - u**3 / 4 + cos(x)},
        {"seam": Periodic(u, x)},
        name="ring",
    )


def rows() -> tuple[Any, Any]:
    """Rows of a smooth function of two inputs."""
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    return x, np.exp(x[:, 0]) + x[:, 1] ** 2


def _fix_edges(fit: kanpde.Fit) -> kanpde.Fit:
    """Put library functions on two edges; the others stay splines."""
    return fit.fix_symbolic(0, 0, 0, "exp").fix_symbolic(0, 1, 1, "x^2")


INTERVAL = ((0.1,), (0.3,), (0.5,), (0.77,), (0.99,))
SQUARE = ((0.2, 0.3), (1.0, 0.5), (1.7, 0.9), (0.01, 0.99), (1.3, 0.15))
EARLY_AND_LATE = ((-0.9, 0.01), (-0.2, 0.05), (0.03, 0.3), (0.4, 0.45), (0.8, 0.6))
AROUND = ((-1.5, 0.2), (0.3, 0.6), (1.2, -0.4), (-1.9, 1.9), (0.9, 1.5))
ROWS = ((-0.9, 0.2), (-0.3, -0.7), (0.0, 0.0), (0.4, 0.9), (0.95, -0.1))

# What is recorded of an earlier version is resumed with these definitions: add, but change none.
RUNS: dict[str, SmallRun] = {
    "linear": SmallRun(box, {**ONCE, "steps": 3}, SQUARE, "product KAN"),
    "newton": SmallRun(bratu, {**ONCE, "steps": 3}, INTERVAL, "product KAN"),
    "slabs": SmallRun(burgers, {**ONCE, "steps": 21}, EARLY_AND_LATE, "slabs"),
    "march": SmallRun(
        oscillator,
        {**ONCE, "steps": 8},  # amid the first march, of which the end is at step 16
        ((0.1,), (1.3,), (2.7,), (4.1,), (5.9,)),
        "product KAN",
        more={"steps": 16},
    ),
    "trained_bspline": SmallRun(
        cubic,
        {**TRAINED, "hidden": (3,), "basis": "bspline", "grid": 4, "steps": 4},
        INTERVAL,
        "BSpline",
    ),
    "trained_chebyshev": SmallRun(
        cubic,
        {**TRAINED, "hidden": (3,), "basis": "chebyshev", "degree": 4, "steps": 4},
        INTERVAL,
        "Chebyshev",
        more={"steps": 6},
    ),
    "trained_mlp": SmallRun(
        cubic,
        {**TRAINED, "net": "mlp", "hidden": (5,), "steps": 4},
        INTERVAL,
        "MLP",
        more={"steps": 5},
    ),
    "inverse": SmallRun(decay, {**ONCE, "steps": 5}, INTERVAL, "KAN"),
    "table": SmallRun(tabulated, {**ONCE, "steps": 3}, INTERVAL, "product KAN"),
    "complex": SmallRun(wave, {**ONCE, "steps": 3}, INTERVAL, "product KAN"),
    "hole": SmallRun(hole, {**ONCE, "steps": 1}, AROUND, "charts about 1 hole"),
    "periodic": SmallRun(ring, {**ONCE, "steps": 3}, INTERVAL, "product KAN"),
    "lazy": SmallRun(box, {**ONCE, "linear": False, "steps": 1}, SQUARE, "Sine"),
    "continued": SmallRun(
        bratu,
        {**ONCE, "steps": 1},
        INTERVAL,
        "product KAN",
        more={"steps": 2},
        sweep=("k", (1.0, 2.0)),
    ),
    "fit_bspline": SmallRun(
        rows,
        {**ONCE, "hidden": (2,), "grids": (2, 4), "steps": 4},
        ROWS,
        "BSpline",
        kind="fit",
        more={"steps": 5},
    ),
    "fit_symbolic": SmallRun(
        rows,
        {**ONCE, "hidden": (2,), "grid": 3, "steps": 6},
        ROWS,
        "KAN",
        kind="fit",
        after=_fix_edges,
    ),
}

COMPARISON = SmallRun(
    cubic,
    {
        "nets": ("kan", "mlp"),
        "steps": 2,
        "seeds": (0,),
        "sizes": (2,),
        "interior": 24,
        "threads": 1,
    },
    kind="compare",
)
