"""Grid extension keeps the function; grid update reports how far it moved it."""

import pytest
import torch
from torch import Tensor

from kanpde.basis import BSpline
from kanpde.errors import InputError, ShapeError


def function(basis: BSpline, coefficients: Tensor, z: Tensor, orders: int = 0) -> Tensor:
    """Give every edge's function, shape (orders + 1, N, n_in, n_out)."""
    return torch.einsum("mnic,ico->mnio", basis.values(z, orders), coefficients)


def spread(basis: BSpline, n: int = 401) -> Tensor:
    s = torch.linspace(0, 1, n, dtype=torch.float64)[:, None]
    return basis.lower + (basis.upper - basis.lower) * s


def uneven(degree: int) -> BSpline:
    breakpoints = torch.tensor([[-1.0, -0.7, 0.1, 0.15, 1.0], [0.0, 1.0, 1.1, 1.5, 4.0]])
    pads = torch.arange(1, degree + 1) * 0.4
    low = breakpoints[:, :1] - pads.flip(0)
    return BSpline(
        degree=degree, knots=torch.cat([low, breakpoints, breakpoints[:, -1:] + pads], 1)
    )


@pytest.mark.parametrize("kind", ["uniform", "uneven", "coincident"])
@pytest.mark.parametrize("factor", [1, 2, 3, 5])
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 5])
def test_nested_extension_keeps_the_function(degree, factor, kind, generator):
    basis = BSpline(4, degree).for_inputs(2) if kind == "uniform" else uneven(degree)
    if kind == "coincident":
        knots = basis.knots.clone()
        knots[:, degree + 2] = knots[:, degree + 1]
        basis = BSpline(degree=degree, knots=knots)
    coefficients = basis.initial_coefficients(2, 3, generator, 1.0)
    step = basis.extend(coefficients, 4 * factor)
    assert step.basis.grid == 4 * factor
    z = spread(basis)
    before = function(basis, coefficients, z, 2)
    after = function(step.basis, step.coefficients, z, 2)
    assert (after[0] - before[0]).abs().max() < 1e-13
    # derivatives: the same relative to the largest entry of the finer basis
    scale = step.basis.values(z, 2).abs().amax((1, 2, 3))
    clear = ((z[..., None] - basis.knots).abs() > 1e-9).all(-1)  # order p jumps at knots
    error = (after - before)[:, clear].abs().amax((1, 2))
    assert (error <= 1e-13 * (scale + 1)).all()
    assert step.moved < 1e-13


@pytest.mark.parametrize("factor", [1, 2, 3])
@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_extension_keeps_a_jump_where_knots_coincide(degree, factor, generator):
    # p + 1 equal knots: the pieces left and right have nothing in common
    knots = BSpline(12, degree).knots.clone()
    knots[:, degree + 3 : 2 * degree + 4] = knots[:, degree + 3].clone()
    basis = BSpline(degree=degree, knots=knots)
    coefficients = basis.initial_coefficients(1, 3, generator, 1.0)
    step = basis.extend(coefficients, 12 * factor)
    z = spread(basis)
    change = function(step.basis, step.coefficients, z) - function(basis, coefficients, z)
    assert change.abs().max() < 1e-13


def test_extension_of_a_uniform_grid_is_the_finer_uniform_grid():
    step = BSpline(5, 3).extend(torch.zeros(2, 8, 1), 10)
    assert (step.basis.knots - BSpline(10, 3).knots).abs().max() < 1e-15


def test_extension_twice_is_extension_at_once(generator):
    basis = BSpline(3, 3)
    coefficients = basis.initial_coefficients(2, 2, generator, 1.0)
    first = basis.extend(coefficients, 6)
    second = first.basis.extend(first.coefficients, 12)
    once = basis.extend(coefficients, 12)
    assert (second.coefficients - once.coefficients).abs().max() < 1e-13


def test_extension_of_the_constant_is_the_constant():
    step = BSpline(5, 3).extend(torch.ones(1, 8, 1, dtype=torch.float64), 20)
    assert (step.coefficients - 1).abs().max() < 1e-14


def test_schedule_that_does_not_nest_is_refused_with_the_fix():
    with pytest.raises(InputError, match=r"grid: 7 is not a multiple of 5.*nested=False"):
        BSpline(5, 3).extend(torch.zeros(1, 8, 1), 7)


@pytest.mark.parametrize("grid", [3, 7])
def test_extension_that_does_not_nest_reports_how_far_it_moved(grid, generator):
    basis = BSpline(5, 3)
    coefficients = basis.initial_coefficients(2, 3, generator)
    step = basis.extend(coefficients, grid, nested=False)
    z = spread(basis, 2001).expand(-1, 2)
    change = (
        (function(step.basis, step.coefficients, z) - function(basis, coefficients, z)).abs().max()
    )
    # `moved` looks at fewer points than this test
    assert 0.5 * change <= step.moved <= 1.1 * change
    assert 1e-4 < step.moved < 0.3


def test_extension_that_does_not_nest_keeps_a_cubic():
    basis = BSpline(5, 3)
    z = spread(basis)
    solution = torch.linalg.lstsq(basis.values(z)[0, :, 0], z**3).solution
    step = basis.extend(solution[None], 7, nested=False)
    assert step.moved < 1e-13


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_transfer_keeps_the_dtype(dtype):
    basis = BSpline(5, 3).to(dtype=dtype)
    coefficients = basis.initial_coefficients(1, 2)
    samples = torch.linspace(-1, 1, 30, dtype=dtype)[:, None]
    for step in (basis.extend(coefficients, 10), basis.update(samples, coefficients)):
        assert step.coefficients.dtype == dtype
        assert step.basis.dtype == dtype
        assert step.basis.knots.dtype == dtype
        assert not step.coefficients.requires_grad


def test_update_moves_breakpoints_to_quantiles_blended_with_uniform(generator):
    basis = BSpline(4, 3)
    samples = torch.rand(1001, 1, generator=generator, dtype=torch.float64) ** 3
    low, high = float(samples.min()), float(samples.max())
    uniform = torch.linspace(low, high, 5, dtype=torch.float64)
    quantiles = samples[:, 0].quantile(torch.linspace(0, 1, 5, dtype=torch.float64))
    for blend in (0.0, 0.3, 1.0):
        step = basis.update(samples, torch.zeros(1, 7, 1), blend, margin=0.0)
        expected = blend * uniform + (1 - blend) * quantiles
        assert (step.basis.knots[0, 3:-3] - expected).abs().max() < 1e-14
        outer = step.basis.knots[0, :4].diff()
        assert (outer - (high - low) / 4).abs().max() < 1e-14


def test_update_reports_how_far_it_moved(generator):
    basis = BSpline(6, 3)
    coefficients = basis.initial_coefficients(2, 3, generator)
    samples = 0.3 * torch.randn(500, 2, generator=generator, dtype=torch.float64)
    step = basis.update(samples, coefficients, 0.1)
    change = function(step.basis, step.coefficients, samples) - function(
        basis, coefficients, samples
    )
    assert float(change.abs().max()) <= step.moved
    assert 0 < step.moved < 0.3


def test_update_to_the_same_knots_moves_nothing(generator):
    basis = BSpline(5, 3)
    coefficients = basis.initial_coefficients(1, 2, generator)
    samples = torch.linspace(-1, 1, 6, dtype=torch.float64)[:, None]
    step = basis.update(samples, coefficients, 1.0, margin=0.0)
    assert (step.basis.knots - basis.knots).abs().max() < 1e-15
    assert step.moved < 1e-13
    assert (step.coefficients - coefficients).abs().max() < 1e-12


def test_update_with_few_samples_is_as_good_off_the_samples_as_on_them():
    # a refit on 30 samples with 53 coefficients is off by 1.0 between them
    basis = BSpline(50, 3)
    z = spread(basis, 2001)
    target = (torch.pi * z).sin()
    coefficients = torch.linalg.lstsq(basis.values(z)[0, :, 0], target).solution[None]
    samples = z[:: 2000 // 29]
    step = basis.update(samples, coefficients, 1.0)
    inside = z[(z >= samples.min()) & (z <= samples.max())][:, None]
    found = function(step.basis, step.coefficients, inside)[0, :, 0]
    assert (found - (torch.pi * inside).sin()).abs().max() < 1e-3


@pytest.mark.parametrize("blend", [0.0, 0.02, 1.0])
def test_update_is_safe_with_coincident_samples(blend, generator):
    basis = BSpline(5, 3)
    coefficients = basis.initial_coefficients(3, 2, generator)
    samples = torch.stack(
        [
            torch.full((60,), 0.3),  # one value
            torch.tensor([-1.0] * 40 + [1.0] * 20),  # two values
            torch.cat([torch.zeros(50), torch.rand(10, generator=generator)]),
        ],
        1,
    ).double()
    step = basis.update(samples, coefficients, blend)
    assert step.coefficients.isfinite().all()
    assert step.coefficients.abs().max() < 100
    assert step.moved < 1.0
    assert torch.equal(step.coefficients[0], coefficients[0])
    assert torch.equal(step.basis.knots[0], basis.knots[0])
    z = samples.requires_grad_()
    values = step.basis.values(z, 2)
    (slope,) = torch.autograd.grad(values.square().sum(), z)
    assert values.isfinite().all()
    assert slope.isfinite().all()


def test_updated_grid_can_be_extended_exactly(generator):
    basis = BSpline(4, 3)
    coefficients = basis.initial_coefficients(2, 2, generator)
    samples = torch.randn(80, 2, generator=generator, dtype=torch.float64)
    update = basis.update(samples, coefficients)
    assert update.basis.extend(update.coefficients, 12).moved < 1e-13


def test_bad_transfer_arguments_are_refused_by_name():
    basis = BSpline(5, 3)
    coefficients, samples = torch.zeros(2, 8, 1), torch.zeros(4, 2)
    with pytest.raises(ShapeError, match=r"coefficients: expected shape \(n_in, 8, n_out\)"):
        basis.extend(torch.zeros(2, 7, 1), 10)
    with pytest.raises(ShapeError, match=r"samples: expected shape \(N, 2\), got \(4, 3\)"):
        basis.update(torch.zeros(4, 3), coefficients)
    with pytest.raises(InputError, match=r"blend: expected a number in \[0, 1\], got 1.5"):
        basis.update(samples, coefficients, 1.5)
    with pytest.raises(InputError, match="margin: expected a number >= 0"):
        basis.update(samples, coefficients, margin=-1.0)
    with pytest.raises(InputError, match="samples: expected finite values"):
        basis.update(samples / 0, coefficients)
    with pytest.raises(InputError, match="grid: expected an integer of at least 1, got 0"):
        basis.extend(coefficients, 0)
