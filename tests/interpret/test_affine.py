import math

import pytest
import sympy
import torch

from kanpde.interpret.symbolic._affine import fit_affine
from kanpde.interpret.symbolic._forms import canonical_form
from kanpde.nets import ARGUMENT, LIBRARY, SymbolicFunction

# arguments inside every function's domain, and parameters in canonical form
PARAMETERS = {
    "x": (1.0, 0.0),
    "exp": (-1.7, 0.0),
    "log": (-1.0, 1.3),
    "sqrt": (-1.0, 1.3),
    "x^1.5": (1.0, 1.2),
    "1/sqrt": (1.0, 1.1),
    "1/x": (1.0, 1.4),
    "1/x^2": (1.0, -1.4),
    "1/x^3": (1.0, 1.2),
    "arcsin": (0.8, 0.1),
    "arctanh": (0.7, -0.2),
    "tan": (0.9, 0.2),
    "sinh": (2.0, 0.4),
    "sin": (7.0, 0.4),
}
POWERS = {"x^2", "x^3", "x^4", "x^5", "abs", "sign"}
NAMES = [name for name in LIBRARY if name != "0"]


def points(n: int = 300) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return 2 * torch.rand(n, 1, generator=generator, dtype=torch.float64) - 1


def inner(name: str) -> tuple[float, float]:
    return PARAMETERS.get(name, (1.0, -0.3) if name in POWERS else (1.9, -0.3))


@pytest.mark.parametrize("name", NAMES)
def test_every_library_function_is_found_again_with_its_parameters(name: str) -> None:
    function, (a, b) = LIBRARY[name], inner(name)
    z = points()
    values = function.values(a * z + b)[0]
    scales = torch.tensor([1.0, 1e-5, -3e4], dtype=torch.float64)
    fit = fit_affine(z.expand(-1, 3), scales * values + 0.5 * scales, function)
    # round-off of a double; R² does not depend on the edge's amplitude
    assert float(fit.error.max()) < 1e-13
    if name != "sign":  # the jump lies anywhere between two samples
        made = fit.affine[:, 0] * 0.37 + fit.affine[:, 1]
        again = fit.affine[:, 2] * function.values(made)[0] + fit.affine[:, 3]
        there = function.values(torch.tensor(a * 0.37 + b, dtype=torch.float64))[0]
        wanted = scales * there + 0.5 * scales
        assert torch.allclose(again, wanted, rtol=1e-10)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1e-4), (50.0, 1.0), (-3.0, 200.0)])
@pytest.mark.parametrize("name", ["tanh", "gaussian", "log", "x^3", "sin"])
def test_units_of_the_argument_do_not_matter(name: str, shift: float, scale: float) -> None:
    z = points()
    a, b = inner(name)
    values = LIBRARY[name].values(a * z + b)[0]
    fit = fit_affine(shift + scale * z, values, LIBRARY[name])
    assert float(fit.error) < 1e-11  # the shift of 50 costs two digits


def test_high_frequencies_and_sharp_peaks_are_found() -> None:
    z = points(1000)
    wave = fit_affine(z, torch.sin(60 * z + 1), LIBRARY["sin"])
    peak = fit_affine(z, torch.exp(-300 * (z - 0.4) ** 2), LIBRARY["gaussian"])
    assert float(wave.error) < 1e-12
    assert float(peak.error) < 1e-12


def test_a_function_is_refused_where_it_is_not_defined() -> None:
    z = torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]
    fit = fit_affine(z, z**3, LIBRARY["log"])
    assert bool(torch.isfinite(fit.affine).all())
    a, b = fit.affine[0, :2].tolist()
    assert bool((a * z + b > 0).all())


def test_limits_of_a_family_do_not_pass_for_the_simpler_function() -> None:
    z = points()
    cosine = fit_affine(z, z**2, LIBRARY["sin"])
    assert 1e-6 < float(cosine.error) < 1e-2
    assert abs(float(cosine.affine[0, 2])) < 1e4


def test_a_constant_edge_and_a_constant_argument_give_finite_parameters() -> None:
    z = points()
    flat = fit_affine(z, torch.full_like(z, 2.0), LIBRARY["sin"])
    still = fit_affine(torch.full_like(z, 0.5), torch.sin(z), LIBRARY["exp"])
    assert bool(torch.isfinite(flat.affine).all())
    assert math.isinf(float(still.error)) or float(still.error) > 0.9


def test_redundant_parameters_are_known_from_the_function_alone() -> None:
    free = {name: canonical_form(f).free for name, f in LIBRARY.items()}
    assert free["0"] == free["x"] == (False, False)
    assert free["exp"] == (True, False)
    for name in ("x^2", "x^5", "1/x", "1/x^3", "sqrt", "1/sqrt", "log", "abs"):
        assert free[name] == (False, True), name
    for name in ("sin", "tanh", "gaussian", "arcsin", "cosh", "erf", "tan"):
        assert free[name] == (True, True), name
    own = SymbolicFunction("x^7", ARGUMENT**7)
    assert canonical_form(own).free == (False, True)
    assert canonical_form(LIBRARY["sin"]).period == pytest.approx(2 * math.pi)


def test_a_function_of_the_users_is_fitted_too() -> None:
    bessel = SymbolicFunction("J0", sympy.besselj(0, ARGUMENT), 4)
    z = points(1000)
    values = bessel.values(20 * z)[0]
    fit = fit_affine(z, 3 * values, bessel)
    assert float(fit.error) < 1e-12
    assert abs(float(fit.affine[0, 0])) == pytest.approx(20, rel=1e-10)
