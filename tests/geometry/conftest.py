from collections.abc import Callable
from functools import cache
from typing import Any

import meshio
import numpy as np
import pytest
import sympy
from numpy.typing import NDArray

from kanpde.geometry import (
    Annulus,
    Ball,
    Box,
    Cone,
    Cylinder,
    Disk,
    Domain,
    Ellipse,
    Interval,
    Mesh,
    Part,
    Polygon,
    Polyhedron,
    Product,
    Rectangle,
    Sector,
    TimeInterval,
    Torus,
    Triangle,
)
from kanpde.geometry.piece._box import BoxPiece
from kanpde.geometry.piece._piece import Piece, Sample, draw_where, join

x, y, z, t, w = sympy.symbols("x y z t w", real=True)


class LBulk(Piece):
    """The L-shape by rejection: a piece that no map of the unit cube gives."""

    dimension = columns = 2
    measure = 3.0

    def scatter(self, n: int, sampler: str, rng: np.random.Generator) -> Sample:
        square = BoxPiece(np.zeros(2), np.full(2, 2.0))
        sample = draw_where(square, n, sampler, rng, lambda p: (p < 1).any(axis=1))
        return sample._replace(weights=np.full(n, 3.0 / n))

    def tensor(self, count: int, sampler: str) -> Sample:
        corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
        return join(
            [BoxPiece(np.array(c), np.array(c) + 1.0).tensor(count, sampler) for c in corners]
        )


class LShape(Domain):
    """[0, 2]² without (1, 2]², with the outer side on x = 0 as its only part."""

    def __init__(self) -> None:
        self.coordinates = (x, y)
        self.lower, self.upper = np.zeros(2), np.full(2, 2.0)

    @property
    def parts(self) -> dict[str, Part]:
        return {"left": Part("left", 2.0)}

    def bulk(self) -> Piece:
        return LBulk()

    def surface(self, name: str) -> Piece:
        return Rectangle((x, 0, 2), (y, 0, 2)).surface("x=0")

    def contains(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        inside = (points >= 0).all(axis=1) & (points <= 2).all(axis=1)
        return inside & (points <= 1 + 1e-12).any(axis=1)

    def to_record(self) -> dict[str, Any]:
        return {"kind": "L"}


time = TimeInterval(t, 0.5, 2)
FLAT = meshio.Mesh(  # a trapezium of six triangles
    [[0, 0], [2, 0], [4, 0], [0, 1], [1.5, 1.2], [3, 1], [2, 2], [0, 2]],
    [("triangle", [[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4], [4, 5, 6], [3, 4, 7], [4, 6, 7]])],
)
SOLID = meshio.Mesh(
    [[i, j, k] for k in (0, 1) for j in (0, 2) for i in (0, 3)],
    [("hexahedron", [[0, 1, 3, 2, 4, 5, 7, 6]])],
)
SURFACE = meshio.Mesh(  # an octahedron
    [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]],
    {"triangle": [(0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4), (1, 0, 5), (2, 1, 5), (3, 2, 5),
                  (0, 3, 5)]},
)  # fmt: skip
ROOM = [(0, 0), (4, 0), (4, 1.5), (3, 1.5), (3, 3), (0, 3)]
PARTS = [*5 * ["wall"], "door", *4 * ["pane"]]
WINDOW = [(0.5, 0.5), (1.5, 0.5), (1.5, 1.25), (0.5, 1.0)]
TENT = [(0, 0, 0), (2, 0, 0), (2, 1, 0), (0, 1, 0), (0.5, 0.5, 1.5)]
ROOF = [(0, 3, 2, 1), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
BUILT_IN: dict[str, Callable[[], Domain]] = {
    "interval": lambda: Interval(x, -1, 2),
    "time": lambda: time,
    "rectangle": lambda: Rectangle((x, -1, 2), (y, 0, sympy.pi)),
    "box": lambda: Box((x, -1, 2), (y, 0, 0.5), (z, 3, 5)),
    "disk": lambda: Disk((x, y), (1, -2), 1.5),
    "ball": lambda: Ball((x, y, z), (1, -2, 3), 1.5),
    "ball4": lambda: Ball((x, y, z, w), 0.25, 2),
    "interval*time": lambda: Interval(x, -1, 2) * time,
    "time*interval": lambda: time * Interval(x, -1, 2),
    "disk*time": lambda: Disk((x, y), radius=2) * time,
    "cylinder*time": lambda: Disk((x, y), radius=2) * Interval(z, 0, 3) * time,
    "disk*disk": lambda: Disk((x, y)) * Disk((z, w), radius=2),
    "ellipse*time": lambda: Ellipse((x, y), (1, -2), (2, 0.5), 0.3, name="oval") * time,
    "annulus": lambda: Annulus((x, y), (1, -2), inner=0.5, outer=2),
    "sector": lambda: Sector((x, y), (1, -2), radius=2, start=-1, stop=2.5, name="cake"),
    "triangle": lambda: Triangle((x, y), (0, 0), (0, 3), (4, 1)),
    "polygon": lambda: Polygon((x, y), ROOM, [WINDOW], names=PARTS),
    "tilted": lambda: Rectangle((x, -1, 2), (y, 0, 1)).rotate(0.4, center=(3, 1)).scale(2),
    "cone": lambda: Cone((x, y, z), (1, -2, 3), radius=1.5, height=2, axis=(1, 2, 3)),
    "frustum": lambda: Cone((x, y, z), radius=1.5, height=2, top_radius=0.5, axis=x, name="cup"),
    "cylinder": lambda: Cylinder((x, y, z), (1, -2, 3), radius=0.5, height=2, axis=(1, 2, 3)),
    "torus": lambda: Torus((x, y, z), (1, -2, 3), radius=2, tube=0.5, axis=(1, 2, 3)),
    "polyhedron": lambda: Polyhedron((x, y, z), TENT, ROOF, names=["floor", *4 * ["roof"]]),
    "plate*time": lambda: (
        (Rectangle((x, -1, 2), (y, 0, 1)) - Disk((x, y), (0.6, 0.4), 0.2, name="hole")) * time
    ),
    "lens": lambda: Disk((x, y)) & Disk((x, y), (1, 0)),
    "moved lens": lambda: (Disk((x, y)) & Disk((x, y), (1, 0))).translate((1, 1)).rotate(1),
    "dented box": lambda: Box((x, 0, 1), (y, 0, 1), (z, 0, 1)) - Ball((x, y, z), 1, 0.5),
    "moved box": lambda: Box((x, 0, 1), (y, 0, 1), (z, 0, 2)).rotate(0.4, axis=(1, 1, 1)),
    "mesh": lambda: Mesh((x, y), FLAT),
    "mesh*time": lambda: Mesh((x, y), FLAT) * time,
    "solid mesh": lambda: Mesh((x, y, z), SOLID),
    "surface": lambda: Mesh((x, y, z), SURFACE),
    "interval*time*interval": lambda: Product(Interval(x, 0, 1), time, Interval(y, 0, 3)),
}
BUILT_IN = {name: cache(make) for name, make in BUILT_IN.items()}
ALL = BUILT_IN | {"L": LShape, "L*time": lambda: LShape() * time}


@pytest.fixture(params=ALL)
def domain(request: pytest.FixtureRequest) -> Domain:
    return ALL[request.param]()


@pytest.fixture(params=BUILT_IN)
def built_in(request: pytest.FixtureRequest) -> Domain:
    return BUILT_IN[request.param]()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
