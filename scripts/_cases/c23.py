"""Flow over a backward-facing step; the velocity at the outlet is that of the reference.

The channel is cut into three rectangles that meet in the step's edge, and each is mirrored onto
[0, 2] x [0, 1] so that all meet there where products crowd, in its corner (2, 1). Every one has a
stream function and a pressure of its own, whose values and slopes agree where they meet.

The velocity that is given at the outlet is not that of a flow that goes on: a layer of thickness
ν/u, 1/100, ends there. The coordinate along the channel is stretched, so that the degrees along it
are three times those across.

At the edge stresses are infinite: the two singular flows that Stokes' equations have in a wedge of
270 degrees are split off (`_wedges`). Their factors are unknown constants of the problem.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Eq, Expr, Symbol, pi, sqrt, symbols

import kanpde
from _cases._wedges import Wedge
from kanpde import (
    Constant,
    Operator,
    PointData,
    Problem,
    Rectangle,
    Settings,
    Solution,
    coordinates,
    table,
    unknown,
)

VALUES = ("inlet", "in floor", "in roof", "low floor", "high ceiling", "step", "pressure pin")
JOINTS = ("in to low", "in to low p", "low to high", "low to high p")
OUTLET = ("low outlet u", "high outlet u")
SETTINGS = {"time_limit": 600, "weights": dict.fromkeys((*VALUES, *JOINTS, *OUTLET), 1000.0)}
FREE = ("p",)
RE, FLUX = 100, 2 / 3
STRETCH, FIRST_LEVELS, FURTHER_LEVELS = 5, 2, 5
EDGE = Wedge((2, 1), -float(pi) / 4, 3 * float(pi) / 2)
REACH, CORE = 0.3, 1e-2  # where momentum counts less; where the pressure is read at the vertex
FACTORS = symbols("first second", real=True)


@dataclass(frozen=True)
class Block:
    """A rectangle, mirrored in x = 2 or y = 1 or neither: its unknowns and their derivatives."""

    name: str
    mirrored: tuple[bool, bool]
    x: Symbol
    y: Symbol

    @property
    def psi(self) -> Expr:
        """What the edge's flow leaves of the stream function."""
        return unknown(f"psi_{self.name}", self.x, self.y)

    @property
    def p(self) -> Expr:
        """What it leaves of the pressure."""
        return unknown(f"p_{self.name}", self.x, self.y)

    @property
    def place(self) -> tuple[Expr, Expr]:
        """Where in the channel a point of the rectangle lies."""
        a, b = self.mirrored
        x = self.x / STRETCH
        return (4 - x if a else x), (2 - self.y if b else self.y)

    @property
    def whole(self) -> Expr:
        """Stream function, the edge's flow included."""
        powers = EDGE.exponents(2)
        flows = (EDGE.stream(*self.place, power) for power in powers)
        return self.psi + sum(c * f for c, f in zip(FACTORS, flows, strict=True))

    def dx(self, e: Expr) -> Expr:
        """Slope along the channel."""
        return (-STRETCH if self.mirrored[0] else STRETCH) * e.diff(self.x)

    def dy(self, e: Expr) -> Expr:
        """Slope across the channel."""
        return -e.diff(self.y) if self.mirrored[1] else e.diff(self.y)

    def equations(self, nu: float) -> dict[str, Expr]:
        """Momentum; the edge's flow and pressure hold Stokes' equations."""
        dx, dy, psi, whole = self.dx, self.dy, self.psi, self.whole
        u, v = dy(whole), -dx(whole)
        square = (self.x / STRETCH - 2) ** 2 + (self.y - 1) ** 2
        near = sqrt(square / (square + REACH**2))
        turning = dx(dx(psi)) + dy(dy(psi))
        along = u * dx(u) + v * dy(u) + dx(self.p) - nu * dy(turning)
        across = u * dx(v) + v * dy(v) + dy(self.p) + nu * dx(turning)
        return {f"{self.name} momentum x": near * along, f"{self.name} momentum y": near * across}


def blocks(x: Symbol, y: Symbol) -> tuple[Block, Block, Block]:
    """Inlet channel, and the lower and the upper half behind the step."""
    names = ("in", "low", "high")
    mirrors = ((False, False), (True, False), (True, True))
    first, low, high = (Block(n, m, x, y) for n, m in zip(names, mirrors, strict=True))
    return first, low, high


def problem(folder: Path, Re: float = RE) -> Problem:
    """Steady Navier-Stokes equations at ν = 1/Re; the pressure is 0 in one corner."""
    x, y = coordinates("x y")
    first, low, high = blocks(x, y)
    outlet = np.load(folder / "outlet.npz")
    out_u, out_v = (table(f"{n}_out", outlet["y"], outlet[n]) for n in "uv")
    end, middle, floor, top = Eq(x, 0), Eq(x, 2 * STRETCH), Eq(y, 0), Eq(y, 1)
    conditions = {
        **_wall("inlet", first.whole, 2 * y**2 - 4 * y**3 / 3, x, on=end),
        **_wall("in floor", first.whole, 0, y, on=floor),
        **_wall("in roof", first.psi, FLUX, y, on=top),
        **_wall("low floor", low.whole, 0, y, on=floor),
        **_wall("high ceiling", high.whole, FLUX, y, on=floor),
        **_wall("step", high.psi, FLUX, x, on=middle),
        **_joint("in to low", first, low, x, on=middle),
        **_joint("low to high", low, high, y, on=top),
        "pressure pin": PointData(first.p, [[0.0, 0.0]], [0.0]),
    }
    for block in (low, high):
        place = block.place[1]
        conditions[f"{block.name} outlet u"] = Operator(block.dy(block.whole) - out_u(place), end)
        conditions[f"{block.name} outlet v"] = Operator(block.dx(block.whole) + out_v(place), end)
    return Problem(
        domain=Rectangle((x, 0, 2 * STRETCH), (y, 0, 1)),
        equations={k: e for b in (first, low, high) for k, e in b.equations(1 / Re).items()},
        conditions=conditions,
        constants={c: Constant(0.0, scale=1.0) for c in FACTORS},
    )


def solve(folder: Path, settings: dict[str, Any], *, seed: int) -> Solution:
    """Take a few cheap levels, and go on from them by the steps of a solution that is near."""
    posed, chosen = problem(folder), Settings(seed=seed, **settings)
    first = kanpde.solve(posed, chosen, steps=FIRST_LEVELS)
    return kanpde.solve(posed, chosen, start=first, steps=FURTHER_LEVELS)


def _wall(name: str, psi: Expr, value: Any, across: Symbol, *, on: Any) -> dict[str, Any]:
    """Give stream function and its slope across a wall or the inlet."""
    return {name: Operator(psi - value, on), f"{name} slope": Operator(psi.diff(across), on)}


def _joint(name: str, one: Block, other: Block, across: Symbol, *, on: Any) -> dict[str, Any]:
    """Let two rectangles meet that are mirror images."""
    return {
        name: Operator(one.psi - other.psi, on),
        f"{name} slope": Operator(one.psi.diff(across) + other.psi.diff(across), on),
        f"{name} bend": Operator(one.psi.diff(across, 2) - other.psi.diff(across, 2), on),
        f"{name} p": Operator(one.p - other.p, on),
    }


def values(solution: Any, points: np.ndarray) -> dict[str, np.ndarray]:
    """Velocity and pressure at points of the channel."""
    found = {name: np.zeros(len(points)) for name in "uvp"}
    behind, upper = points[:, 0] > 2, points[:, 1] > 1
    for block, mask in zip(
        blocks(*solution.problem.coordinates), (~behind, behind & ~upper, upper), strict=True
    ):
        own = points[mask].copy()
        for axis, (turned, at) in enumerate(zip(block.mirrored, (4, 2), strict=True)):
            own[:, axis] = at - own[:, axis] if turned else own[:, axis]
        own[:, 0] *= STRETCH
        edge = [EDGE.flow(*block.place, power, core=CORE)[2] for power in EDGE.exponents(2)]
        pressure = block.p + sum(c * e for c, e in zip(FACTORS, edge, strict=True)) / RE
        wanted = {"u": block.dy(block.whole), "v": -block.dx(block.whole), "p": pressure}
        for name, expression in wanted.items():
            found[name][mask] = solution.evaluate(expression, own)
    return found
