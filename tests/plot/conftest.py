"""A stand-in for a solution: closed-form values on a real domain, no training."""

from types import SimpleNamespace

import numpy as np
import pytest
import sympy

import kanpde.geometry as geometry


class FakeSolution:
    """`values` and `truth` map the columns of ``(N, d)`` points to a list of ``(N,)``."""

    def __init__(self, domain, names, values, *, truth=None, equations=("pde",), history=()):
        unknowns = tuple(sympy.Function(n, real=True)(*domain.coordinates) for n in names)
        self.problem = SimpleNamespace(
            domain=domain,
            unknowns=unknowns,
            coordinates=domain.coordinates,
            equations=dict.fromkeys(equations),
            vectors={},
            name="fake",
        )
        self._values, self._truth = values, truth
        self.errors = {}
        self.history = list(history)
        self.asked = []

    def __call__(self, points):
        self.asked.append(points)
        return np.stack([np.broadcast_to(v, len(points)) for v in self._values(*points.T)], axis=1)

    def truth(self, points):
        if self._truth is None:
            return None
        return np.stack([np.broadcast_to(v, len(points)) for v in self._truth(*points.T)], axis=1)

    def residuals(self, points):
        size = np.abs(np.sin(3 * points).prod(axis=1))
        return {name: 1e-3 * (k + 1) * size for k, name in enumerate(self.problem.equations)}


@pytest.fixture
def solution():
    return FakeSolution


@pytest.fixture
def domains():
    x, y, z, t = sympy.symbols("x y z t", real=True)
    time = geometry.TimeInterval(t, 0, 2)
    rectangle = geometry.Rectangle((x, -1, 1), (y, 0, 3))
    disk = geometry.Disk((x, y), center=(1, 0), radius=2)
    many = sympy.symbols("x1:6", real=True)
    return {
        "time": time,
        "interval": geometry.Interval(x, -1, 1),
        "spacetime": geometry.Interval(x, -1, 1) * time,
        "rectangle": rectangle,
        "channel": geometry.Rectangle((x, 0, 4), (y, 0, 1)),
        "disk": disk,
        "rectangle-time": rectangle * time,
        "disk-time": disk * time,
        "box": geometry.Box((x, 0, 1), (y, 0, 1), (z, 0, 1)),
        "ball": geometry.Ball((x, y, z), center=(0, 0, 0), radius=1),
        "cylinder": disk * geometry.Interval(z, 0, 1),
        "five": geometry.Box(*((c, 0, 1) for c in many)),
        "box-time": geometry.Box((x, 0, 1), (y, 0, 1), (z, 0, 1)) * time,
    }
