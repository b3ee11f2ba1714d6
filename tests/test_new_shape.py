"""A new shape is one class and one reader: it is drawn from, solved on, combined, stored."""

import numpy as np
import pytest
import sympy

import kanpde
from kanpde import Dirichlet, Disk, Problem, coordinates, unknown
from kanpde.geometry import _records, domain_from_record
from kanpde.geometry.plane._polygon import Polygon


class Kite(Polygon):
    """A kite along the first coordinate, by its length and width."""

    def __init__(self, symbols, length, width):
        self.size = (float(length), float(width))
        top, side = 0.6 * length, width / 2
        super().__init__(symbols, [(0, 0), (top, -side), (length, 0), (top, side)])

    def to_record(self):
        return {
            "kind": "kite",
            "coordinates": [c.name for c in self.coordinates],
            "size": self.size,
        }


@pytest.fixture
def registered():
    @_records.reads("kite")
    def read(data):
        names, size = _records.entries(data, "coordinates", "size")
        return Kite(_records.symbols(names), *_records.floats("size", list(size), 2))

    yield
    del _records._READERS["kite"]


def poisson(domain, x, y):
    u = unknown("u", x, y)
    truth = sympy.sin(x) * sympy.cosh(y)  # harmonic
    return Problem(
        domain,
        {"laplace": u.diff(x, 2) + u.diff(y, 2)},
        {"rim": Dirichlet(u, truth)},
        exact={u: truth},
    )


def test_registered_shape_is_solved_on_and_comes_back_from_its_files(registered, tmp_path):
    x, y = coordinates("x y")
    kite = Kite((x, y), 2.0, 1.0)
    assert kite.measure == pytest.approx(1.0)
    assert domain_from_record(kite.to_record()).measure == pytest.approx(1.0)
    problem = poisson(kite, x, y)
    found = kanpde.solve(problem, threads=1, steps=5, out=tmp_path / "run")
    assert found.summary["errors"]["u"]["relative_l2"] < 1e-4
    again = kanpde.load(tmp_path / "run")
    points = np.array([[0.5, 0.1], [1.2, -0.2]])
    assert np.array_equal(again(points), found(points))
    assert again.problem.domain.contains(points).all()


def test_registered_shape_is_combined_with_others(registered):
    x, y = coordinates("x y")
    holed = Kite((x, y), 2.0, 1.0) - Disk((x, y), (1.2, 0.0), 0.2)
    assert holed.measure == pytest.approx(1.0 - np.pi * 0.04, rel=1e-6)
    assert domain_from_record(holed.to_record()).measure == pytest.approx(holed.measure)
