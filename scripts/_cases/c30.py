"""Beltrami flow of Ethier and Steinman: unsteady Navier-Stokes equations in three dimensions."""

from pathlib import Path
from typing import Any

from sympy import cos, exp, sin

from kanpde import (
    Box,
    Dirichlet,
    Initial,
    Problem,
    TimeInterval,
    coordinates,
    laplacian,
    unknown,
)

SETTINGS = {"time_limit": 400}
FREE = ("p",)


def problem(folder: Path) -> Problem:
    """Re = 1; velocity given at the start and on all faces, pressure free."""
    x, y, z, t = coordinates("x y z t")
    u, v, w, p = (unknown(name, x, y, z, t) for name in "uvwp")
    given = {
        u: -(exp(x) * sin(y + z) + exp(z) * cos(x + y)) * exp(-t),
        v: -(exp(y) * sin(z + x) + exp(x) * cos(y + z)) * exp(-t),
        w: -(exp(z) * sin(x + y) + exp(y) * cos(z + x)) * exp(-t),
    }

    def momentum(q: Any, along: Any) -> Any:
        carried = u * q.diff(x) + v * q.diff(y) + w * q.diff(z)
        return q.diff(t) + carried + p.diff(along) - laplacian(q, x, y, z)

    return Problem(
        domain=Box((x, -1, 1), (y, -1, 1), (z, -1, 1)) * TimeInterval(t, 0, 1),
        equations={
            "momentum x": momentum(u, x),
            "momentum y": momentum(v, y),
            "momentum z": momentum(w, z),
            "continuity": u.diff(x) + v.diff(y) + w.diff(z),
        },
        conditions={
            **{f"start {q.func}": Initial(q, value.subs(t, 0)) for q, value in given.items()},
            **{f"walls {q.func}": Dirichlet(q, value) for q, value in given.items()},
        },
        vectors={"velocity": (u, v, w)},
    )
