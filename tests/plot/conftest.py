"""A stand-in for a solution: closed-form values on a described domain, no training."""

from types import SimpleNamespace

import numpy as np
import pytest
import sympy


class FakeDomain:
    """A box, or a ball where `radius` is given, with an optional time interval."""

    def __init__(self, names, lower, upper, time=None, radius=None):
        self.coordinates = sympy.symbols(names, real=True, seq=True)
        self.lower, self.upper = np.array(lower, float), np.array(upper, float)
        self.dimension = len(lower)
        self.time = next((c for c in self.coordinates if str(c) == time), None)
        self.columns = [i for i, c in enumerate(self.coordinates) if c != self.time]
        self.radius, self.center = radius, None
        if radius is not None:
            self.center = (self.lower + self.upper)[self.columns] / 2
        self.space = self if self.columns else None

    def contains(self, points):
        inside = ((points >= self.lower - 1e-12) & (points <= self.upper + 1e-12)).all(axis=1)
        if self.radius is None:
            return inside
        offset = points[:, self.columns] - self.center
        return inside & (np.linalg.norm(offset, axis=1) <= self.radius * (1 + 1e-12))


class FakeSolution:
    """`values` and `truth` map ``(N, d)`` to a list of columns."""

    def __init__(self, domain, names, values, truth=None, equations=("pde",), history=()):
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
        self.history = list(history)
        self.asked = []

    def __call__(self, points):
        self.asked.append(points)
        return np.stack([np.broadcast_to(v, len(points)) for v in self._values(points.T)], axis=1)

    def truth(self, points):
        if self._truth is None:
            return None
        return np.stack([np.broadcast_to(v, len(points)) for v in self._truth(points.T)], axis=1)

    def residuals(self, points):
        size = np.abs(np.sin(3 * points).prod(axis=1))
        return {name: 1e-3 * (k + 1) * size for k, name in enumerate(self.problem.equations)}


@pytest.fixture
def domain():
    return FakeDomain


@pytest.fixture
def solution():
    return FakeSolution
