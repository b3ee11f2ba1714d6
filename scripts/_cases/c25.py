"""Viscous flow past two discs in a wide channel that is open at its end.

Where the open end meets a wall, stresses are infinite: Stokes' flow of the wedge there, known up
to a factor, is split off (`_wedges`). Its two factors are unknown constants of the problem.
"""

from pathlib import Path
from typing import Any

from sympy import Eq, Expr, Symbol, pi, sqrt, symbols

from _cases._wedges import Wedge
from kanpde import Constant, Disk, Operator, Problem, Rectangle, coordinates, laplacian, unknown

SETTINGS = {"time_limit": 600}
ENDS = (
    Wedge((8, 0), 3 * float(pi) / 4, float(pi) / 2, free=0),
    Wedge((8, 8), -3 * float(pi) / 4, float(pi) / 2, free=1),
)
REACH, CORE = 1.0, 1e-2  # where momentum counts less; where the pressure is read at the vertex


def problem(folder: Path) -> Problem:
    """Steady Navier-Stokes equations at ν = 1; no traction at the outlet."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    factors = ends()
    low, high = corner_flows(x, y)
    us, vs = (low[k] + high[k] for k in range(2))
    ut, vt, near = u + us, v + vs, 1
    for wedge in ENDS:
        square = (x - wedge.vertex[0]) ** 2 + (y - wedge.vertex[1]) ** 2
        near *= sqrt(square / (square + REACH**2))
    bodies = ["large", "small"]
    return Problem(
        domain=Rectangle((x, 0, 8), (y, 0, 8))
        - Disk((x, y), (6, 6), 1, name="large")
        - Disk((x, y), (2, 1), 0.5, name="small"),
        equations={
            "momentum x": near
            * (ut * ut.diff(x) + vt * ut.diff(y) + p.diff(x) - laplacian(u, x, y)),
            "momentum y": near
            * (ut * vt.diff(x) + vt * vt.diff(y) + p.diff(y) - laplacian(v, x, y)),
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "discs u": Operator(ut, on=bodies),
            "discs v": Operator(vt, on=bodies),
            "bottom u": Operator(u + high[0], on=Eq(y, 0)),  # the lower end's flow rests there
            "bottom v": Operator(v + high[1], on=Eq(y, 0)),
            "top u": Operator(u + low[0], on=Eq(y, 8)),
            "top v": Operator(v + low[1], on=Eq(y, 8)),
            "inlet u": Operator(ut - y * (8 - y) / 16, on=Eq(x, 0)),
            "inlet v": Operator(vt, on=Eq(x, 0)),
            "outlet x": Operator(2 * u.diff(x) - p, on=Eq(x, 8)),  # both hold it by themselves
            "outlet y": Operator(u.diff(y) + v.diff(x), on=Eq(x, 8)),
        },
        constants={c: Constant(0.0, scale=1.0) for c in factors},
    )


def ends() -> tuple[Symbol, Symbol]:
    """Strengths of the flows at both ends."""
    low, high = symbols("low high", real=True)
    return low, high


def corner_flows(x: Symbol, y: Symbol, core: float = 0.0) -> list[tuple[Expr, ...]]:
    """Velocity and pressure at both ends."""
    found = []
    for factor, wedge in zip(ends(), ENDS, strict=True):
        (power,) = wedge.exponents(1)
        found.append(tuple(factor * part for part in wedge.flow(x, y, power, core=core)))
    return found


def expressions(problem: Any) -> dict[str, Any]:
    """Velocity and pressure, both ends' parts included."""
    low, high = corner_flows(*problem.coordinates, core=CORE)
    return {
        name: u + low[k] + high[k]
        for k, (name, u) in enumerate(zip("uvp", problem.unknowns, strict=True))
    }
