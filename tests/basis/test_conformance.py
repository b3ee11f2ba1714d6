"""What every basis and every base function has to satisfy."""

import json

import pytest
import torch
from torch import Tensor

from kanpde.basis import (
    BASES,
    RBF,
    UNIVARIATE_NAMES,
    Basis,
    BSpline,
    Chebyshev,
    Sine,
    base_values,
    basis_from_record,
    univariate_values,
)
from kanpde.errors import InputError, RunDirectoryError

UNEVEN = torch.tensor(
    [[-2.0, -1.5, -1.1, -0.4, -0.3, 0.2, 0.9, 1.0, 1.7], [-3, -2, -1, -1, 0, 0.5, 1, 2, 2.5]]
)
BASES_UNDER_TEST = {
    "bspline-0": BSpline(3, 0),
    "bspline-1": BSpline(4, 1),
    "bspline-3": BSpline(5, 3),
    "bspline-5": BSpline(4, 5),
    "bspline-uneven": BSpline(degree=3, knots=UNEVEN),
    "chebyshev-1": Chebyshev(1),
    "chebyshev-3": Chebyshev(3),
    "chebyshev-8": Chebyshev(8),
    "chebyshev-plain": Chebyshev(5, squash=None),
    "rbf-1": RBF(1),
    "rbf-4": RBF(4),
    "rbf-6-wide": RBF(6, width=1.5),
    "sine-1": Sine(1, 1.7),
    "sine-2": Sine(2),
    "sine-5": Sine(5, frequency=[0.7, 1.6, 4.0], trainable=True),
}


@pytest.fixture(params=list(BASES_UNDER_TEST))
def basis(request: pytest.FixtureRequest) -> Basis:
    return BASES_UNDER_TEST[request.param]


def points(generator: torch.Generator, n: int = 40, spread: float = 1.2) -> Tensor:
    uniform = torch.rand(n, 2, generator=generator, dtype=torch.float64)
    return spread * (2 * uniform - 1)


def nested(first: Tensor, z: Tensor, depth: int) -> list[Tensor]:
    """Differentiate a sum of per-point values again and again by autograd."""
    found = [first]
    for _ in range(depth):
        if not found[-1].requires_grad:
            found.append(torch.zeros_like(z))
            continue
        (slope,) = torch.autograd.grad(found[-1].sum(), z, create_graph=True)
        found.append(slope)
    return found


def test_every_registered_kind_is_tested_here():
    assert {basis.name for basis in BASES_UNDER_TEST.values()} == set(BASES)


def test_values_have_the_documented_shape(basis, generator):
    assert basis.values(points(generator), 2).shape == (3, 40, 2, basis.count)
    assert basis.values(points(generator, 0), 1).shape == (2, 0, 2, basis.count)


def test_each_order_is_the_gradient_of_the_one_below(basis, generator):
    z = points(generator).requires_grad_()
    values = basis.values(z, 5)
    for m in range(5):
        for j in range(basis.count):
            (slope,) = torch.autograd.grad(values[m, ..., j].sum(), z, retain_graph=True)
            error = (slope - values[m + 1, ..., j]).abs().max()
            # the same closed form at the next order: rounding of that form only
            assert error <= 1e-12 * values[m + 1].abs().max()


def test_derivatives_agree_with_nested_autograd_to_order_four(basis, generator):
    z = points(generator).requires_grad_()
    closed = basis.values(z.detach(), 4)
    for j in range(basis.count):
        by_autograd = nested(basis.values(z, 0)[0, ..., j], z, 4)
        for m in range(5):
            error = (by_autograd[m] - closed[m, ..., j]).abs().max()
            assert error <= 1e-10 * max(float(closed[m].abs().max()), 1e-300)


def test_derivatives_agree_with_central_differences(basis, generator):
    # independent of the closed form; away from knots, where order p jumps
    z, step = points(generator), 1e-5
    knots = getattr(basis, "knots", torch.zeros(1, 0, dtype=torch.float64))
    clear = ((z[..., None] - knots).abs() > 2 * step).all(-1)
    values = basis.values(z, 3)
    slope = (basis.values(z + step, 2) - basis.values(z - step, 2)) / (2 * step)
    error = (slope - values[1:])[:, clear].abs().amax((1, 2))
    # truncation step^2 / 6 times the third derivative above, rounding 1e-16 / step
    assert (error <= 1e-6 * (1 + basis.values(z, 5).abs().max())).all()


def test_gradcheck_and_gradgradcheck_hold(basis, generator):
    z = points(generator, 5, 0.93).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: basis.values(x, 2), z)
    assert torch.autograd.gradgradcheck(lambda x: basis.values(x, 1), z)


def test_output_i_depends_only_on_point_i(basis, generator):
    z = points(generator)
    moved = z.clone()
    moved[7] += 0.3
    change = (basis.values(moved, 2) - basis.values(z, 2)).abs().sum((0, 2, 3))
    assert change[7] > 0
    assert change.sum() == change[7]
    alone = basis.values(z[7:8], 2)
    # the matrix product of another batch size may round otherwise
    assert torch.allclose(alone[:, 0], basis.values(z, 2)[:, 7], rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept_and_float32_agrees(basis, dtype, generator):
    z = points(generator, spread=0.9)
    values = basis.values(z.to(dtype), 2)
    assert values.dtype == dtype
    reference = basis.values(z, 2)
    keep = torch.ones(40, 2, dtype=torch.bool)
    if isinstance(basis, BSpline):  # rounding may carry a point over a knot
        keep = ((z[..., None] - basis.knots).abs() > 1e-6).all(-1)
    error = (values - reference)[:, keep].abs().amax((1, 2))
    tolerance = 1e-5 if dtype == torch.float32 else 1e-14
    assert (error <= tolerance * reference.abs().amax((1, 2, 3))).all()


def test_to_changes_the_precision_of_what_the_basis_makes(basis):
    single = basis.to(dtype=torch.float32)
    assert single.initial_coefficients(2, 3).dtype == torch.float32
    assert basis.initial_coefficients(2, 3).dtype == torch.float64
    assert single.count == basis.count
    with pytest.raises(InputError, match="dtype: expected a floating-point type"):
        basis.to(dtype=torch.int64)


def test_initial_coefficients_follow_the_generator_and_no_global_state(basis):
    state = torch.get_rng_state()
    first, second = (
        basis.initial_coefficients(40, 50, torch.Generator().manual_seed(3), 0.1) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert torch.equal(state, torch.get_rng_state())
    assert first.shape == (40, basis.count, 50)
    # at least 2000 normal draws: the sample deviation is within 5 of its own, 1.6 %
    assert 0.092 < float(first.std()) < 0.108


def test_constructing_and_evaluating_touches_no_random_state(basis, generator):
    z, state = points(generator), torch.get_rng_state()
    basis.for_inputs(2).values(z, 1)
    assert torch.equal(state, torch.get_rng_state())


def test_json_round_trip_keeps_every_bit(basis, generator):
    bound = basis.for_inputs(2)
    z = points(generator)
    for kept in (basis, bound):
        again = basis_from_record(json.loads(json.dumps(kept.to_record())))
        assert torch.equal(again.values(z, 3), kept.values(z, 3))
        assert again.to_record() == kept.to_record()


def test_damaged_data_raise_run_directory_error(basis):
    data = basis.to_record()
    for field in data:
        for bad in ("missing", None, -1, "x", [["x"]], {}):
            damaged = {k: v for k, v in data.items() if k != field}
            if bad != "missing":
                damaged[field] = bad
            if field == "squash" and bad is None:
                continue
            with pytest.raises(RunDirectoryError, match="basis"):
                basis_from_record(damaged)


@pytest.mark.parametrize("data", [None, [], "bspline", {}, {"name": "os.system"}, {"name": []}])
def test_foreign_data_raise_run_directory_error(data):
    with pytest.raises(RunDirectoryError, match="basis: expected"):
        basis_from_record(data)


def test_bad_orders_and_integer_points_are_refused(basis):
    with pytest.raises(InputError, match="orders: expected an integer of at least 0, got -1"):
        basis.values(torch.zeros(1, 2), -1)
    with pytest.raises(InputError, match="z: expected a floating-point tensor"):
        basis.values(torch.zeros(1, 2, dtype=torch.int64), 1)


def test_vmap_and_jacrev_agree_with_the_batch(basis, generator):
    z = points(generator, 6)
    batch = basis.values(z, 2)
    mapped = torch.func.vmap(lambda row: basis.values(row[None], 1)[:, 0])(z)
    assert torch.allclose(mapped.transpose(0, 1), batch[:2], rtol=1e-12, atol=1e-12)
    slope = torch.func.vmap(torch.func.jacrev(lambda row: basis.values(row[None], 1)[1, 0]))(z)
    diagonal = slope.diagonal(dim1=1, dim2=3).transpose(1, 2)
    assert torch.allclose(diagonal, batch[2], rtol=1e-12, atol=1e-10)


def test_nan_input_stays_visible(basis):
    z = torch.tensor([[0.1, torch.nan]], dtype=torch.float64)
    values = basis.values(z, 1)
    assert not values[:, 0, 0].isnan().any()
    if not (isinstance(basis, BSpline) and basis.degree == 0):
        assert values[0, 0, 1].isnan().any()


@pytest.mark.gpu
def test_values_on_the_device_agree_with_the_cpu(basis, generator):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    z = points(generator).requires_grad_()
    on_device = z.detach().cuda().requires_grad_()
    values = basis.values(on_device, 3)
    assert values.device.type == "cuda"
    expected = basis.values(z, 3)
    assert torch.allclose(values.cpu(), expected, rtol=1e-11, atol=1e-11)
    (slope,) = torch.autograd.grad(values.square().sum(), on_device)
    (wanted,) = torch.autograd.grad(expected.square().sum(), z)
    assert torch.allclose(slope.cpu(), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", UNIVARIATE_NAMES)
class TestUnivariate:
    def test_derivatives_agree_with_torch_by_nested_autograd(self, name, generator):
        z = points(generator, spread=4.0).requires_grad_()
        reference = {
            "silu": torch.nn.functional.silu,
            "tanh": torch.tanh,
            "sin": torch.sin,
            "cos": torch.cos,
            "identity": lambda x: x * 1,
            "none": lambda x: x * 0,
        }[name]
        closed = univariate_values(name, z.detach(), 4)
        for m, expected in enumerate(nested(reference(z), z, 4)):
            error = (closed[m] - expected.detach()).abs().max()
            assert error <= 1e-10 * max(1.0, float(expected.detach().abs().max()))

    def test_gradient_of_each_order_is_the_next(self, name, generator):
        z = points(generator, spread=4.0).requires_grad_()
        values = univariate_values(name, z, 5)
        for m in range(5):
            (slope,) = torch.autograd.grad(values[m].sum(), z, retain_graph=True)
            assert torch.equal(slope, values[m + 1])

    def test_gradcheck_and_gradgradcheck_hold(self, name, generator):
        z = points(generator, 5, 2.0).requires_grad_()
        assert torch.autograd.gradcheck(lambda x: univariate_values(name, x, 2), z)
        assert torch.autograd.gradgradcheck(lambda x: univariate_values(name, x, 1), z)

    def test_large_inputs_stay_finite(self, name):
        z = torch.tensor([-1e4, -40.0, 0.0, 40.0, 1e4], requires_grad=True)
        values = univariate_values(name, z, 4)
        assert values.isfinite().all()
        (slope,) = torch.autograd.grad(values.sum(), z)
        assert slope.isfinite().all()

    def test_dtype_and_shape_are_kept(self, name):
        for dtype in (torch.float32, torch.float64):
            values = univariate_values(name, torch.zeros(2, 3, 4, dtype=dtype), 2)
            assert values.dtype == dtype
            assert values.shape == (3, 2, 3, 4)


def test_base_values_are_the_univariate_ones(generator):
    z = points(generator)
    for name in ("silu", "tanh", "identity", "none"):
        assert torch.equal(base_values(name, z, 3), univariate_values(name, z, 3))


def test_unknown_functions_are_refused_with_the_list():
    with pytest.raises(InputError, match=r"base: expected one of silu, tanh.*got 'sin'"):
        base_values("sin", torch.zeros(1))
    with pytest.raises(InputError, match=r"function: expected one of silu.*got 'relu'"):
        univariate_values("relu", torch.zeros(1))


def test_chebyshev_values_are_cosines_of_multiple_angles():
    angle = torch.linspace(0, torch.pi, 50, dtype=torch.float64)[:, None]
    values = Chebyshev(12, squash=None).values(angle.cos())[0, :, 0]
    expected = (torch.arange(1, 13) * angle).cos()
    assert (values - expected).abs().max() < 1e-13


def test_chebyshev_refuses_degree_zero_and_other_squashes():
    with pytest.raises(InputError, match="degree: expected an integer of at least 1, got 0"):
        Chebyshev(0)
    with pytest.raises(InputError, match="squash: expected"):
        Chebyshev(3, squash="sine")
