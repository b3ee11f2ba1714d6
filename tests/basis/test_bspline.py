"""B-splines: values, derivatives, knots."""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline as ScipyBSpline
from torch import Tensor

from kanpde.basis import BSpline, bspline_values
from kanpde.errors import InputError, ShapeError

COINCIDENT = {
    "double": [-3.0, -2, -1, -1 + 1e-13, 0, 0, 1, 2, 3, 4],
    "triple": [-4.0, -3, -2, -1, 0, 0, 0, 1, 2, 3, 4],
    "clamped": [-1.0, -1, -1, -1, 0, 1, 1, 1, 1],
    "above degree": [-4.0, -3, -2, -1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
}


def random_knots(degree: int, grid: int, generator: torch.Generator) -> Tensor:
    gaps = 0.05 + torch.rand(grid + 2 * degree, generator=generator, dtype=torch.float64)
    knots = torch.cat([torch.zeros(1, dtype=torch.float64), gaps.cumsum(0)])
    return knots - knots[knots.shape[0] // 2]


def scipy_values(knots: Tensor, degree: int, x: Tensor, order: int) -> np.ndarray:
    count = knots.shape[0] - degree - 1
    spline = ScipyBSpline(knots.numpy(), np.eye(count), degree)
    return spline(x.numpy(), nu=order)


@pytest.mark.parametrize("degree", range(8))
def test_basis_sums_to_one_inside_the_grid(degree):
    basis = BSpline(6, degree, lower=-2.0, upper=3.0)
    z = torch.linspace(-2, 3, 301, dtype=torch.float64)[:, None]
    values = basis.values(z, 2)
    assert (values[0].sum(-1) - 1).abs().max() < 1e-14
    # derivatives of the constant: rounding of terms as large as the largest entry
    assert (values[1:].sum(-1).abs().amax((1, 2)) <= 1e-14 * values[1:].abs().amax((1, 2, 3))).all()


def test_basis_decays_to_zero_over_the_padded_intervals():
    # the KAN paper's sums for G = 5, p = 3 on [-1, 1]
    z = torch.tensor([[1.0], [1.3], [1.6], [2.2], [2.3], [-2.3], [1e6], [-1e6]])
    sums = BSpline(5, 3).values(z.double())[0, :, 0].sum(-1)
    expected = torch.tensor([1, 0.930, 0.5, 0, 0, 0, 0, 0], dtype=torch.float64)
    assert (sums - expected).abs().max() < 5e-4
    assert (sums[3:] == 0).all()


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("degree", range(1, 8))
def test_basis_agrees_with_scipy(degree, uniform, generator):
    knots = BSpline(7, degree).knots[0] if uniform else random_knots(degree, 7, generator)
    basis = BSpline(degree=degree, knots=knots)
    inside = torch.rand(200, generator=generator, dtype=torch.float64)
    x = basis.lower + (basis.upper - basis.lower) * inside
    x = torch.cat([x, knots[degree:-degree]])
    values = basis.values(x[:, None], degree)[:, :, 0]
    for m in range(degree + 1):
        expected = scipy_values(knots, degree, x, m)
        error = np.abs(values[m].numpy() - expected).max()
        assert error <= 1e-12 * np.abs(expected).max()


def test_values_outside_the_grid_agree_with_scipy_on_longer_knots(generator):
    knots = random_knots(3, 5, generator)
    steps = torch.arange(1, 5, dtype=torch.float64)
    longer = torch.cat([knots[0] - steps.flip(0), knots, knots[-1] + steps])
    x = torch.linspace(float(knots[0]) - 0.5, float(knots[-1]) + 0.5, 400, dtype=torch.float64)
    values = BSpline(degree=3, knots=knots).values(x[:, None], 2)[:, :, 0]
    for m in range(3):
        expected = scipy_values(longer, 3, x, m)[:, 4:-4]
        assert np.abs(values[m].numpy() - expected).max() <= 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("degree", range(1, 8))
def test_splines_reproduce_polynomials_of_their_degree(degree, generator):
    basis = BSpline(degree=degree, knots=random_knots(degree, 5, generator))
    middle, half = (basis.upper + basis.lower) / 2, (basis.upper - basis.lower) / 2
    s = torch.linspace(-1, 1, 150, dtype=torch.float64)
    features = basis.values((middle + half * s)[:, None], 1)[:, :, 0]
    coefficients = torch.linalg.lstsq(features[0], s[:, None] ** degree).solution
    value, slope = features @ coefficients
    assert (value[:, 0] - s**degree).abs().max() < 1e-11
    assert (slope[:, 0] * half - degree * s ** (degree - 1)).abs().max() < 1e-9


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_interpolation_error_falls_with_order_degree_plus_one(degree):
    z = torch.linspace(-1, 1, 2001, dtype=torch.float64)[:, None]
    errors = []
    for grid in (16, 32):
        features = BSpline(grid, degree).values(z)[0, :, 0]
        solution = torch.linalg.lstsq(features, (4 * z).sin()).solution
        errors.append(float((features @ solution - (4 * z).sin()).square().mean().sqrt()))
    slope = np.log2(errors[0] / errors[1])
    # pre-asymptotic on both sides: within 0.35 of the theory
    assert degree + 1 - 0.35 < slope < degree + 1 + 0.35


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", list(COINCIDENT))
def test_coincident_knots_give_no_nan_in_values_or_gradients(kind, degree):
    knots = torch.tensor(COINCIDENT[kind], dtype=torch.float64)
    z = torch.cat([knots, torch.linspace(-4.5, 4.5, 41, dtype=torch.float64)])
    z.requires_grad_()
    values = bspline_values(z, knots, min(degree, len(knots) // 2 - 1))
    assert values.isfinite().all()
    weights = torch.linspace(1, 2, values.shape[1], dtype=torch.float64)
    (first,) = torch.autograd.grad((values @ weights).square().sum(), z, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), z, create_graph=True)
    (third,) = torch.autograd.grad(second.sum(), z)
    for gradient in (first, second, third):
        assert gradient.isfinite().all()


@pytest.mark.parametrize("kind", list(COINCIDENT))
def test_coincident_knots_keep_partition_of_unity_and_finite_derivatives(kind):
    basis = BSpline(degree=3, knots=torch.tensor(COINCIDENT[kind], dtype=torch.float64))
    lower, upper = float(basis.lower), float(basis.upper)
    z = torch.linspace(lower, upper, 101, dtype=torch.float64)[:, None].requires_grad_()
    values = basis.values(z, 2)
    assert values.isfinite().all()
    assert (values[0].sum(-1) - 1).abs().max() < 1e-14
    for m in range(3):
        (slope,) = torch.autograd.grad(values[m].square().sum(), z, retain_graph=True)
        assert slope.isfinite().all()


def test_nearly_coincident_knots_stay_finite_in_float32():
    knots = torch.tensor([-3.0, -2, -1, 0.5, 0.5 + 1e-7, 0.5 + 2e-7, 1, 2, 3, 4])
    z = torch.linspace(-1, 1, 101)[:, None].requires_grad_()
    values = BSpline(degree=3, knots=knots).values(z, 2)
    (slope,) = torch.autograd.grad(values.sum(), z)
    assert values.isfinite().all()
    assert slope.isfinite().all()


def test_derivatives_at_the_right_end_come_from_inside():
    basis = BSpline(4, 1)
    z = torch.tensor([[1.0 - 1e-9], [1.0]], dtype=torch.float64)
    slope = basis.values(z, 1)[1, :, 0]
    assert torch.equal(slope[0], slope[1])


@pytest.mark.parametrize("degree", [0, 1, 3])
def test_clamped_knots_have_the_right_value_at_the_right_end(degree):
    ends = torch.ones(degree + 1, dtype=torch.float64)
    knots = torch.cat([-ends, torch.zeros(1, dtype=torch.float64), ends])
    values = bspline_values(torch.tensor([1.0], dtype=torch.float64), knots, degree)
    assert values[0, -1] == 1
    assert values[0, :-1].abs().max() == 0


def test_derivatives_above_the_degree_vanish():
    values = BSpline(4, 2).values(torch.linspace(-1, 1, 9)[:, None], 5)
    assert values[2].abs().max() > 0
    assert (values[3:] == 0).all()


def test_bound_grids_differ_by_input(generator):
    knots = torch.stack([random_knots(3, 5, generator) for _ in range(3)])
    z = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    values = BSpline(degree=3, knots=knots).values(z, 2)
    for i in range(3):
        alone = BSpline(degree=3, knots=knots[i]).values(z[:, i : i + 1], 2)
        assert torch.equal(values[:, :, i : i + 1], alone)


def test_binding_does_not_change_the_values(generator):
    z = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    free = BSpline(5, 3)
    bound = free.for_inputs(4)
    assert bound.knots.shape == (4, 12)
    assert bound.lower.tolist() == [-1.0] * 4
    assert bound.upper.tolist() == [1.0] * 4
    assert torch.equal(free.values(z, 3), bound.values(z, 3))


def test_bspline_values_agree_with_the_basis_at_many_points():
    basis = BSpline(5, 3)
    x = torch.linspace(-3, 3, 200, dtype=torch.float64)
    assert torch.equal(bspline_values(x, basis.knots[0], 3), basis.values(x[:, None])[0, :, 0])


def test_bspline_values_work_with_the_fewest_knots():
    # one quadratic function on 0, 1, 2, 3 with its maximum 3/4 in the middle
    found = bspline_values(torch.tensor([0.5, 1.5, 3.0, 9.0]), torch.arange(4.0), 2)
    assert found[:, 0].tolist() == [0.125, 0.75, 0.0, 0.0]


def test_too_few_knots_names_the_number_needed():
    with pytest.raises(InputError, match="knots: expected at least 8 values for degree 3, got 7"):
        BSpline(degree=3, knots=torch.arange(7.0))
    with pytest.raises(InputError, match="knots: expected at least 5 values for degree 3, got 4"):
        bspline_values(torch.zeros(1), torch.arange(4.0), 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grid": 0}, "grid: expected an integer of at least 1, got 0"),
        ({"grid": 2.5}, "grid: expected an integer of at least 1, got 2.5"),
        ({"degree": -1}, "degree: expected an integer of at least 0, got -1"),
        ({"lower": 1.0, "upper": 1.0}, "lower, upper: expected finite lower < upper"),
        ({"upper": float("inf")}, "lower, upper: expected finite lower < upper"),
        ({"knots": torch.arange(8.0).flip(0)}, "knots: expected nondecreasing"),
        ({"knots": torch.full((9,), torch.nan)}, "knots: expected finite"),
        ({"knots": torch.zeros(9)}, "got an empty grid"),
        ({"knots": torch.zeros(2, 2, 9)}, r"knots: expected shape \(M,\) or \(n_in, M\)"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(InputError, match=message):
        BSpline(**arguments)


def test_points_of_another_width_are_refused():
    bound = BSpline().for_inputs(3)
    with pytest.raises(ShapeError, match=r"z: expected shape \(N, 3\), got \(10, 2\)"):
        bound.values(torch.zeros(10, 2))
    with pytest.raises(InputError, match="n_in: expected 3"):
        bound.for_inputs(2)
    with pytest.raises(ShapeError, match=r"x: expected shape \(N,\)"):
        bspline_values(torch.zeros(2, 2), torch.arange(8.0), 1)
    with pytest.raises(ShapeError, match=r"knots: expected shape \(M,\)"):
        bspline_values(torch.zeros(2), torch.zeros(2, 8), 1)
