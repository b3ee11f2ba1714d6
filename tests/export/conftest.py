"""A stand-in for a solution: closed-form values on a real domain, no training."""

from types import SimpleNamespace

import numpy as np
import pytest
import sympy

import kanpde.geometry as geometry


class FakeSolution:
    """`values` and `truth` map the columns of ``(N, d)`` points to a list of ``(N,)``."""

    def __init__(self, domain, names, values, *, truth=None, vectors=None):
        unknowns = tuple(sympy.Function(n, real=True)(*domain.coordinates) for n in names)
        by_name = dict(zip(names, unknowns, strict=True))
        vectors = {k: tuple(by_name[n] for n in v) for k, v in (vectors or {}).items()}
        self.problem = SimpleNamespace(
            domain=domain,
            unknowns=unknowns,
            coordinates=domain.coordinates,
            equations={"mass": None},
            vectors=vectors,
        )
        self._values, self._truth = values, truth
        self.errors = {}

    def __call__(self, points):
        return np.stack([np.broadcast_to(v, len(points)) for v in self._values(*points.T)], axis=1)

    def truth(self, points):
        if self._truth is None:
            return None
        return np.stack([np.broadcast_to(v, len(points)) for v in self._truth(*points.T)], axis=1)

    def residuals(self, points):
        return {"mass": points.sum(axis=1)}


@pytest.fixture
def solution():
    return FakeSolution


@pytest.fixture
def domains():
    x, y, z, t = sympy.symbols("x y z t", real=True)
    time = geometry.TimeInterval(t, 0, 0.3)
    many = sympy.symbols("x1:6", real=True)
    return {
        "time": time,
        "interval": geometry.Interval(x, -1, 1),
        "interval-time": geometry.Interval(x, -1, 1) * time,
        "time-interval": time * geometry.Interval(x, -1, 1),
        "rectangle": geometry.Rectangle((x, 0, 2), (y, 0, 1)),
        "disk": geometry.Disk((x, y), center=(1, 0), radius=2),
        "disk-time": geometry.Disk((x, y), center=(1, 0), radius=2) * time,
        "box": geometry.Box((x, 0, 1), (y, 0, 1), (z, 0, 1)),
        "ball": geometry.Ball((x, y, z), center=(0, 0, 1), radius=2),
        "cylinder": geometry.Disk((x, y), center=(0, 0), radius=1) * geometry.Interval(z, 0, 1),
        "five": geometry.Box(*((c, 0, 1) for c in many)),
    }


@pytest.fixture
def plate():
    x, y = sympy.symbols("x y", real=True)
    hole = geometry.Disk((x, y), (0.5, 0.5), 0.1)
    return geometry.Rectangle((x, 0, 2), (y, 0, 1)) - hole
