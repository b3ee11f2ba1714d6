"""Conductivity field of a Poisson problem from noisy potentials, source given as a table."""

from pathlib import Path

import numpy as np
from sympy import Eq

from kanpde import Dirichlet, PointData, Problem, Rectangle, coordinates, table, unknown

SETTINGS = {"time_limit": 300}
VARIANTS = ({"noise": "sd 0.1"}, {"noise": "sd 0.01"})
JUDGED = ("a",)
COLUMNS = {"sd 0.1": "u", "sd 0.01": "u_noise01"}


def problem(folder: Path, noise: str = "sd 0.1") -> Problem:
    """The conductivity is known on the boundary and positive nowhere by decree."""
    x, y = coordinates("x y")
    u, a = unknown("u", x, y), unknown("a", x, y)
    source = np.load(folder / "source_table.npz")
    nodes = np.unique(source["x"][:, 0])
    f = table("f", (nodes, nodes), source["f"].reshape(len(nodes), len(nodes)))
    data = np.load(folder / "observations.npz")

    def edge(s: object) -> object:
        return 1 / (2 + s**2 + (1 - s) ** 2)

    known = {
        f"a at {name}": Dirichlet(a, edge(s), on=Eq(c, value))
        for name, c, value, s in (
            ("left", x, 0, y),
            ("right", x, 1, y),
            ("bottom", y, 0, x),
            ("top", y, 1, x),
        )
    }
    return Problem(
        domain=Rectangle((x, 0, 1), (y, 0, 1)),
        equations={"balance": (a * u.diff(x)).diff(x) + (a * u.diff(y)).diff(y) + f(x, y)},
        conditions={
            "walls": Dirichlet(u, 0),
            **known,
            "data": PointData(u, data["x"], data[COLUMNS[noise]][:, 0]),
        },
    )
