"""Level functions: zero on the parts they are asked for, positive inside, with a slope."""

import numpy as np
import pytest
import sympy

from kanpde import Ball, Disk, Ellipse, Polygon, Rectangle, Triangle
from kanpde.geometry import Annulus

x, y, z = sympy.symbols("x y z", real=True)
PENTAGON = [(0, 0), (2, 0), (3, 1), (1, 2.5), (-0.5, 1)]
SHAPES = {
    "disk": (Disk((x, y), (1, -2), 1.5), ["boundary"]),
    "ball": (Ball((x, y, z), (0, 1, 0.3), 0.7), ["boundary"]),
    "ellipse": (Ellipse((x, y), (0.5, 0), (2, 0.5), 0.7), ["boundary"]),
    "triangle": (Triangle((x, y), (0, 0), (0, 1), (2, 0.1)), ["edge1", "edge3"]),
    "pentagon": (Polygon((x, y), PENTAGON), [f"edge{k}" for k in range(1, 6)]),
    "turned rectangle": (Rectangle((x, 0, 2), (y, 0, 1)).rotate(0.4), ["x=0", "y=1"]),
    "moved ellipse": (
        Ellipse((x, y), (0, 0), (2, 0.5)).rotate(0.3).scale(0.5).translate((3, 1)),
        ["boundary"],
    ),
}


@pytest.mark.parametrize(("shape", "parts"), SHAPES.values(), ids=SHAPES)
def test_function_vanishes_on_its_parts_only(shape, parts, rng):
    coordinates = shape.coordinates
    function = shape.vanishing_on(parts)
    value = sympy.lambdify(coordinates, function)
    slopes = sympy.lambdify(coordinates, [function.diff(c) for c in coordinates])
    on, normals, *_ = shape.boundary(200, part=parts, rng=rng)
    assert np.abs(value(*on.T)).max() < 1e-13
    inside, _ = shape.interior(500, rng=rng)
    assert value(*inside.T).min() > 0
    assert value(*inside.T).max() < 1 + 1e-12
    columns = [np.broadcast_to(s, len(on)) for s in slopes(*on.T)]
    slope = sum(n * s for n, s in zip(normals.T, columns, strict=True))
    assert slope.max() < 0  # it falls towards the outside
    others = [name for name in shape.parts if name not in parts]
    if others:
        beside, *_ = shape.boundary(200, part=others, rng=rng)
        assert value(*beside.T).min() > 0


@pytest.mark.parametrize(
    "shape",
    [
        Polygon((x, y), [(0, 0), (2, 0), (2, 1), (1, 0.5), (0, 1)]),
        Annulus((x, y), inner=1, outer=2),
        Rectangle((x, 0, 1), (y, 0, 1)) - Disk((x, y), (0, 0), 0.5),
        Polygon((x, y), [(np.cos(a), np.sin(a)) for a in 2 * np.pi * np.arange(12) / 12]),
    ],
)
def test_no_function_is_known(shape):
    assert shape.vanishing_on(list(shape.parts)) is None
