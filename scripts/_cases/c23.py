"""Flow over a backward-facing step; the velocity at the outlet is that of the reference."""

from pathlib import Path

import numpy as np

from kanpde import Dirichlet, PointData, Polygon, Problem, coordinates, laplacian, table, unknown

SETTINGS = {"time_limit": 600}
FREE = ("p",)
NU = 0.01
CORNERS = ((0, 0), (4, 0), (4, 2), (2, 2), (2, 1), (0, 1))
SIDES = ("floor", "outlet", "ceiling", "step", "roof", "inlet")


def problem(folder: Path) -> Problem:
    """Steady Navier-Stokes equations at ν = 1/100; the pressure is 0 in one corner."""
    x, y = coordinates("x y")
    u, v, p = unknown("u", x, y), unknown("v", x, y), unknown("p", x, y)
    outlet = np.load(folder / "outlet.npz")
    out_u, out_v = (table(f"{n}_out", outlet["y"], outlet[n])(y) for n in "uv")
    walls = ["floor", "ceiling", "step", "roof"]
    return Problem(
        domain=Polygon((x, y), CORNERS, names=SIDES),
        equations={
            "momentum x": u * u.diff(x) + v * u.diff(y) + p.diff(x) - NU * laplacian(u, x, y),
            "momentum y": u * v.diff(x) + v * v.diff(y) + p.diff(y) - NU * laplacian(v, x, y),
            "continuity": u.diff(x) + v.diff(y),
        },
        conditions={
            "walls u": Dirichlet(u, 0, on=walls),
            "walls v": Dirichlet(v, 0, on=walls),
            "inlet u": Dirichlet(u, 4 * y * (1 - y), on="inlet"),
            "inlet v": Dirichlet(v, 0, on="inlet"),
            "outlet u": Dirichlet(u, out_u, on="outlet"),
            "outlet v": Dirichlet(v, out_v, on="outlet"),
            "pressure pin": PointData(p, [[0.0, 0.0]], [0.0]),
        },
    )
