"""A new basis is one class and one entry: it solves, fits, is stored and comes back."""

import numpy as np
import pytest
import torch
from numpy.polynomial import legendre
from sympy import exp

import kanpde
from kanpde import Dirichlet, InputError, Interval, Problem, Settings, coordinates, unknown
from kanpde.basis import Chebyshev, register_basis, unregister_basis
from kanpde.basis._base import Basis


class Legendre(Basis):
    """Legendre polynomials P_1 … P_p of inputs in [-1, 1]."""

    name = "legendre"
    default_degree = 4
    bounded = False

    def __init__(self, degree=default_degree):
        self.degree = self.count = degree

    def _evaluate(self, z, place, orders):
        powers = torch.stack([z**k for k in range(self.degree + 1)], dim=-1)
        found = []
        for order in range(orders + 1):
            rows = np.zeros((self.degree, self.degree + 1))
            for n in range(1, self.degree + 1):
                series = legendre.leg2poly(np.eye(self.degree + 1)[n])
                derived = np.polynomial.polynomial.polyder(series, order)
                rows[n - 1, : len(derived)] = derived
            found.append(powers @ torch.as_tensor(rows, dtype=z.dtype).T)
        return torch.stack(found)

    def to_record(self):
        return {"name": self.name, "degree": self.degree}

    @classmethod
    def _from_record(cls, data):
        return cls(int(data["degree"]))

    def _copy(self):
        return Legendre(self.degree)

    def __repr__(self):
        return f"Legendre(degree={self.degree})"


@pytest.fixture
def registered():
    register_basis(Legendre)
    yield
    unregister_basis("legendre")


def ode():
    x = coordinates("x")
    u = unknown("u", x)
    return Problem(
        Interval(x, 0, 1),
        {"ode": u.diff(x, 2) - exp(x)},
        {"ends": Dirichlet(u, exp(x))},
        exact={u: exp(x)},
    )


def test_registered_basis_has_derivatives_of_any_order():
    z = torch.linspace(-1, 1, 7, dtype=torch.float64)[:, None]
    values = Legendre(3).values(z, 2)
    assert torch.allclose(values[2, :, 0, 1], torch.full((7,), 3.0, dtype=torch.float64))
    assert torch.allclose(values[1, :, 0, 2], 7.5 * z[:, 0] ** 2 - 1.5)


def test_registered_basis_solves_and_comes_back_from_its_files(registered, tmp_path):
    found = kanpde.solve(
        ode(), net="kan", basis="legendre", hidden=(3,), steps=40, threads=1, out=tmp_path / "run"
    )
    assert found.summary["net"].startswith("KAN [1,3,1], Legendre(degree=4)")
    assert found.summary["errors"]["u"]["relative_l2"] < 1e-5
    x = np.linspace(0, 1, 9)[:, None]
    assert np.array_equal(kanpde.load(tmp_path / "run")(x), found(x))


def test_registered_basis_fits_data(registered):
    x = np.linspace(-1, 1, 60)
    found = kanpde.fit(x, np.exp(x), basis="legendre", degree=7, hidden=(), steps=20)
    assert found.errors["test"]["rmse"] < 1e-6


def test_name_of_a_basis_is_taken_once(registered):
    with pytest.raises(InputError, match="basis: expected a new name, got chebyshev"):
        register_basis(Chebyshev)
    assert Settings(basis="legendre").edges == "legendre"


def test_settings_refuse_a_basis_that_is_gone():
    with pytest.raises(InputError, match="basis: expected one of chebyshev, bspline"):
        Settings(basis="legendre")
