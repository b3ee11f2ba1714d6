"""What every network on the layer contract has to satisfy."""

import itertools

import pytest
import torch

from kanpde.calculus._jets import JetSpace, coordinates_jet, unit
from kanpde.errors import ShapeError
from kanpde.nets import ProductKAN, network_from_record, network_record
from kanpde.trial._trial import autograd_jets


def space_of(net, order):
    indices = itertools.product(range(order + 1), repeat=net.n_in)
    return JetSpace.closed(net.n_in, [a for a in indices if sum(a) <= order])


def rows_of(net, points, space, seeds):
    """Per-point Jacobian of sum(seeds * jets), by the tape, as the rows do it."""
    tape = []
    jets = net.jets(coordinates_jet(points, space), space, tape)
    outputs = [record.output for record in tape]
    cotangents = torch.autograd.grad((jets * seeds).sum(), outputs, materialize_grads=True)
    out = torch.full((len(points), net.count), torch.nan, dtype=points.dtype)
    net.rows(tape, list(cotangents), out)
    return out


def test_jets_agree_with_nested_autograd(case, helpers):
    net, smooth = case
    points, space = helpers["points"](net), space_of(net, smooth)
    found = helpers["jets"](net, points, space)
    expected = autograd_jets(net, points, space)
    for k in range(space.size):
        # both exact: the rounding of sums with cancelling signs only
        error = (found[k] - expected[k]).abs().max()
        assert error <= 1e-10 * max(float(expected[k].detach().abs().max()), 1e-3)


def test_collapsed_laplacian_agrees_with_autograd(case, helpers):
    net, smooth = case
    if smooth < 2:
        pytest.skip("second derivatives jump")
    points = helpers["points"](net)
    space = JetSpace.closed(net.n_in, [], [1.0 + k for k in range(net.n_in)])
    expected = autograd_jets(net, points, space)[-1]
    error = (helpers["jets"](net, points, space)[-1] - expected).abs().max()
    assert error <= 1e-10 * expected.abs().max()


def test_rows_agree_with_autograd_coefficient_by_coefficient(case, helpers, generator):
    net, smooth = case
    points, space = helpers["points"](net, 5), space_of(net, min(smooth, 2))
    shape = (space.size, 5, net.n_out)
    seeds = torch.randn(shape, generator=generator, dtype=torch.float64)
    found = rows_of(net, points, space, seeds)
    for i in range(5):
        jets = helpers["jets"](net, points[i : i + 1], space)
        value = (jets * seeds[:, i : i + 1]).sum()
        grads = torch.autograd.grad(value, list(net.parameters()))
        expected = torch.cat([g.flatten() for g in grads])
        assert (found[i] - expected).abs().max() <= 1e-10 * expected.abs().max()


def test_rows_of_values_agree_with_jacrev(case, helpers):
    net, _ = case
    points, space = helpers["points"](net, 5), space_of(net, 0)
    names = [name for name, _ in net.named_parameters()]

    def values(parameters):
        return torch.func.functional_call(net, parameters, (points,))[:, 0]

    parts = torch.func.jacrev(values)(dict(net.named_parameters()))
    expected = torch.cat([parts[name].flatten(1) for name in names], dim=1)
    seeds = torch.zeros(1, 5, net.n_out, dtype=torch.float64)
    seeds[..., 0] = 1.0
    found = rows_of(net, points, space, seeds)
    assert (found - expected).abs().max() <= 1e-10 * expected.abs().max()


def test_output_i_depends_only_on_point_i(case, helpers):
    net, _ = case
    points = helpers["points"](net)
    moved = points.clone()
    moved[7] *= 0.5
    change = (net(moved) - net(points)).abs().sum(1)
    assert change.nonzero().flatten().tolist() == [7]


def test_batch_size_changes_nothing_but_rounding(case, helpers):
    net, _ = case
    points = helpers["points"](net)
    alone = torch.cat([net(p[None]) for p in points])
    # matrix products of another shape may sum in another order
    assert (alone - net(points)).abs().max() <= 1e-13 * net(points).abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept_and_float32_agrees(case, dtype, helpers):
    net, smooth = case
    points = helpers["points"](net)
    space = space_of(net, min(smooth, 1))
    expected = helpers["jets"](net, points, space)
    found = helpers["jets"](net.to(dtype), points.to(dtype), space)
    assert found.dtype == dtype
    assert net.get().dtype == dtype
    # forty single-precision roundings of numbers of size 10
    tolerance = 1e-4 if dtype == torch.float32 else 1e-15
    assert (found - expected).abs().max() <= tolerance * expected.abs().max()


def test_coefficients_go_out_and_in_unchanged(case, helpers, generator):
    net, _ = case
    before, points = net.get(), helpers["points"](net)
    values = net(points)
    net.set(torch.randn(net.count, generator=generator, dtype=torch.float64))
    assert not torch.equal(net(points), values)
    net.set(before)
    assert torch.equal(net(points), values)


def test_get_returns_a_copy(case):
    net, _ = case
    vector = net.get()
    vector += 1.0
    assert torch.equal(net.get(), vector - 1.0) or (net.get() - vector).abs().max() > 0.5


def test_description_builds_the_same_network(case, helpers):
    net, _ = case
    again = network_from_record(network_record(net)).double()
    assert again.width == net.width
    again.set(net.get())
    points = helpers["points"](net)
    assert torch.equal(again(points), net(points))


def test_columns_stand_in_the_order_of_the_parameters(case):
    net, _ = case
    sizes = [p.numel() for p in net.parameters()]
    assert sum(sizes) == net.count == len(net.get())


@pytest.mark.parametrize("shape", [(5,), (5, 9), (5, 2, 1)])
def test_wrong_input_shape_says_what_was_expected(case, shape):
    net, _ = case
    with pytest.raises(ShapeError, match=rf"x: expected shape \(N, {net.n_in}\), got"):
        net(torch.zeros(shape, dtype=torch.float64))


def test_wrong_number_of_coefficients_says_the_number(case):
    net, _ = case
    with pytest.raises(ShapeError, match=rf"coefficients: expected shape \({net.count},\), got"):
        net.set(torch.zeros(net.count + 1, dtype=torch.float64))


def test_no_points_give_no_values(case):
    net, _ = case
    assert net(torch.zeros(0, net.n_in, dtype=torch.float64)).shape == (0, net.n_out)


def test_periodic_products_are_those_of_cosines_and_sines():
    angle = torch.linspace(0.3, 2.9, 7, dtype=torch.float64)
    net = ProductKAN((3.0,), (0,), 1, degree=2).double()
    with torch.no_grad():
        block = net.layer(0).blocks[0]
        block.coefficients[:, 0] = torch.tensor([1.0, 2.0, 5.0, 7.0])
    space = JetSpace.closed(1, [(3,)])
    z = torch.zeros(space.size, 7, 2, dtype=torch.float64)
    z[0] = torch.stack((torch.cos(angle), torch.sin(angle)), dim=1)
    jets = net.jets(z, space)[:, :, 0]
    for m in range(4):
        turn = m * torch.pi / 2
        one = torch.cos(angle + turn) + 2 * torch.sin(angle + turn)
        two = 5 * torch.cos(2 * angle + turn) + 7 * torch.sin(2 * angle + turn)
        expected = 3.0**m * (one + 2.0**m * two)  # the angle turns at rate 3
        assert (jets[m] - expected).abs().max() < 1e-12 * expected.abs().max()


def test_unit_is_a_first_derivative():
    assert unit(2, 0) == (1, 0)
