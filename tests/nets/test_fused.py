"""The fused kernel against the plain path, which the conformance tests hold to autograd."""

import pytest
import torch

from kanpde.basis import RBF, BSpline, Chebyshev, Sine
from kanpde.calculus._jets import JetSpace, coordinates_jet
from kanpde.nets import (
    KAN,
    MLP,
    WORKERS,
    Fused,
    Inputs,
    Workspace,
    extend_grid,
    update_grid,
)
from kanpde.nets.fused._rowprogram import row_program


def kan(width, degree, base, **options):
    return KAN(width, basis=Chebyshev(degree, squash=None), base=base, **options)


def switched_off(net):
    net.layer(0).set_mask(torch.tensor([[True, False, True], [True, True, False]]))
    net.layer(1).set_mask(torch.tensor([[False, True], [True, True], [True, False]]))
    return net


def moved(net):
    generator = torch.Generator().manual_seed(2)
    draws = torch.rand(300, 2, generator=generator, dtype=torch.float64) ** 3
    update_grid(net.double(), draws, blend=0.1)
    return net


def extended(net):
    extend_grid(net, 2 * net.layer(0).blocks[0].basis.grid)
    return net


COVERED = {
    "identity-2": lambda: kan([2, 8, 8, 1], 2, "identity"),
    "silu-3": lambda: kan([2, 5, 4, 3], 3, "silu"),
    "tanh-5": lambda: kan([2, 5, 4, 3], 5, "tanh"),
    "none-4": lambda: kan([2, 3, 4, 2], 4, "none", bias=False),
    "line": lambda: kan([2, 9, 1], 1, "identity"),
    "squash-in-basis": lambda: KAN([2, 3, 2], basis=Chebyshev(3), squash=False),
    "open": lambda: kan([2, 3, 1], 3, "identity", squash=False),
    "masked": lambda: switched_off(kan([2, 3, 2], 3, "tanh")),
    "tanh-of-tanh": lambda: KAN([2, 3, 1], basis=Chebyshev(3), squash=True),
    "splines": lambda: KAN([2, 5, 4, 3], grid=5),
    "splines-2": lambda: KAN([2, 3, 1], grid=1, degree=2, base="none", bias=False),
    "splines-5": lambda: KAN([2, 3, 2], grid=7, degree=5, base="identity", squash=False),
    "constant-splines": lambda: KAN([2, 3, 2], grid=4, degree=0),
    "moved": lambda: moved(KAN([2, 4, 4, 1], grid=4)),
    "extended": lambda: extended(moved(KAN([2, 4, 4, 1], grid=4))),
    "masked-splines": lambda: switched_off(KAN([2, 3, 2], grid=3)),
    "sines": lambda: KAN([2, 4, 3, 2], basis=Sine(5), base="identity"),
    "squashed-sines": lambda: KAN([2, 4, 2], basis=Sine(2, 30.0), base="silu", squash=True),
    "gaussians": lambda: KAN([2, 4, 3, 2], basis=RBF(5)),
    "one-gaussian": lambda: KAN([2, 4, 2], basis=RBF(1, 0.3), base="tanh", squash=False),
    "mlp": lambda: MLP([2, 12, 9, 2]),
    "mlp-silu": lambda: MLP([2, 9, 3], activation="silu"),
}
SPACES = {
    "value": JetSpace(2, ((0, 0),)),
    "first": JetSpace.closed(2, [(1, 0)]),
    "burgers": JetSpace.closed(2, [(2, 0), (0, 1)]),
    "laplacian": JetSpace.closed(2, [], [1.0, 2.0]),
    "laplacian-and-mixed": JetSpace.closed(2, [(1, 1)], [1.0, 1.0]),
    "third": JetSpace.closed(2, [(3, 0), (0, 1), (1, 1)]),
    "biharmonic": JetSpace.closed(2, [(4, 0), (2, 2), (0, 4)]),
}


def prepared(net, space, n=150, scale=0.4):
    """Network with random coefficients, jets of its inputs, seeds for its outputs."""
    generator = torch.Generator().manual_seed(5)
    net = net.double()
    net.set(scale * torch.randn(net.count, generator=generator, dtype=torch.float64))
    points = 1.8 * torch.rand(n, net.n_in, generator=generator, dtype=torch.float64) - 0.9
    z = coordinates_jet(points, space)
    shape = (space.size, n, net.n_out)
    return net, z, torch.randn(shape, generator=generator, dtype=torch.float64)


def plain(net, z, space, seeds):
    tape = []
    jets = net.jets(z, space, tape)
    outputs = [record.output for record in tape]
    cotangents = torch.autograd.grad((jets * seeds).sum(), outputs, materialize_grads=True)
    rows = torch.empty(z.shape[1], net.count, dtype=torch.float64)
    net.rows(tape, list(cotangents), rows)
    return jets.detach(), rows


def fused(net, z, space, seeds, which=slice(None)):
    own = Fused.of(net)
    inputs = own.inputs(z, space)
    seeds = seeds[:, which].permute(2, 0, 1).contiguous()
    rows = torch.full((net.count, seeds.shape[2]), torch.nan, dtype=torch.float64)
    own.rows(inputs, which, seeds, rows)
    return own.jets(inputs, which).permute(1, 2, 0), rows.T, own.gradient(inputs, which, seeds)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", COVERED)
def test_kernel_agrees_with_the_plain_path(name, space):
    net, z, seeds = prepared(COVERED[name](), space)
    # narrow intervals: one rounding of the inputs changes the plain path by 3e-13
    close = 1e-12 if name in {"moved", "extended"} else 1e-13
    expected, expected_rows = plain(net, z, space, seeds)
    jets, rows, gradient = fused(net, z, space, seeds)
    for k in range(space.size):
        scale = max(float(expected[k].abs().max()), 1e-3)
        assert (jets[k] - expected[k]).abs().max() <= close * scale
    assert (rows - expected_rows).abs().max() <= close * expected_rows.abs().max()
    total = expected_rows.sum(dim=0)
    assert (gradient - total).abs().max() <= close * expected_rows.abs().sum(dim=0).max()


@pytest.mark.parametrize("name", ["identity-2", "silu-3", "mlp", "moved", "sines", "gaussians"])
def test_a_point_does_not_depend_on_its_chunk(name):
    space = SPACES["burgers"]
    net, z, seeds = prepared(COVERED[name](), space, n=500)
    jets, rows, _ = fused(net, z, space, seeds)
    # alone, in a short chunk, across the ends of blocks
    for which in (slice(7, 8), slice(0, 40), slice(90, 391)):
        some, own, gradient = fused(net, z, space, seeds, which)
        assert torch.equal(some, jets[:, which])
        assert torch.equal(own, rows[which])
        assert (gradient - own.sum(dim=0)).abs().max() <= 1e-13 * own.abs().sum(dim=0).max()


def test_threads_change_no_bit_of_a_row():
    space = SPACES["burgers"]
    net, z, seeds = prepared(COVERED["identity-2"](), space, n=3000)
    jets, rows, gradient = fused(net, z, space, seeds)
    token = WORKERS.set(3)
    try:
        others = fused(net, z, space, seeds)
    finally:
        WORKERS.reset(token)
    assert torch.equal(others[0], jets)
    assert torch.equal(others[1], rows)
    # the same points summed in another order
    assert (others[2] - gradient).abs().max() <= 1e-13 * rows.abs().sum(dim=0).max()


def test_tails_of_the_activations_keep_their_relative_accuracy():
    z = torch.tensor([0.0, 1e-9, 0.3, -3.0, 9.0, -30.0, 36.0, -800.0], dtype=torch.float64)
    space = JetSpace(1, ((0,),))
    for activation, expected in (("tanh", z.tanh()), ("silu", torch.nn.functional.silu(z))):
        net = MLP([1, 1, 1], activation=activation).double()
        net.set(torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64))  # the activation itself
        own = Fused.of(net)
        found = own.jets(own.inputs(z[None, :, None], space), slice(None)).flatten()
        assert (found - expected).abs().max() <= 4e-16 * 36
        kept = expected.abs() > 1e-300
        assert (found / expected - 1)[kept].abs().max() <= 1e-15


def test_nan_and_infinity_stay_visible():
    net, z, _ = prepared(kan([2, 4, 4, 1], 2, "silu"), SPACES["burgers"], n=200)
    z[0, 3, 0], z[0, 5, 1] = torch.nan, torch.inf
    own = Fused.of(net)
    jets = own.jets(own.inputs(z, SPACES["burgers"]), slice(None))[0, 0]
    assert (~torch.isfinite(jets)).nonzero().flatten().tolist() == [3, 5]


def test_what_the_kernel_does_not_cover_is_left_to_the_plain_path():
    assert Fused.of(kan([2, 3, 1], 3, "silu").float()) is None
    assert Fused.of(KAN([2, (1, 1), 1], grid=4).double()) is None
    assert Fused.of(KAN([2, 3, 1], basis=Sine(2, trainable=True)).double()) is None


def at(values):
    """Jets of one input at given values, its slope 1."""
    space = JetSpace.closed(1, [(3,)])
    return coordinates_jet(torch.tensor(values, dtype=torch.float64)[:, None], space), space


def test_splines_agree_on_knots_and_outside_the_grid():
    net = KAN([1, 3], grid=4, base="none").double()
    net.set(torch.linspace(-1.0, 1.0, net.count, dtype=torch.float64))
    knots = net.layer(0).blocks[0].basis.knots[0].tolist()
    above, below = ([v + s * 1e-15 for v in knots] for s in (1.0, -1.0))
    z, space = at([*knots, *above, *below, -40.0, -2.2, 2.2, 40.0, 1e300])
    seeds = torch.ones(space.size, z.shape[1], 3, dtype=torch.float64)
    expected, expected_rows = plain(net, z, space, seeds)
    jets, rows, _ = fused(net, z, space, seeds)
    assert (jets - expected).abs().max() <= 1e-13 * expected.abs().max()
    assert (rows - expected_rows).abs().max() <= 1e-13 * expected_rows.abs().max()
    assert (rows[-1, :-3] == 0).all()  # far outside no spline lives


def test_knots_that_coincide_are_safe():
    knots = torch.tensor([-1.0, -1, -1, -1, 0, 0, 0.5, 1, 1, 1, 1], dtype=torch.float64)
    net = KAN([1, 2], basis=BSpline(degree=3, knots=knots), base="none").double()
    z, space = at([-1.0, -0.3, 0.0, 0.25, 0.5, 1.0])
    seeds = torch.ones(space.size, z.shape[1], 2, dtype=torch.float64)
    expected, expected_rows = plain(net, z, space, seeds)
    jets, rows, _ = fused(net, z, space, seeds)
    assert (jets - expected).abs().max() <= 1e-13 * expected.abs().max()
    assert (rows - expected_rows).abs().max() <= 1e-13 * expected_rows.abs().max()


def test_what_the_kernel_prepared_follows_the_grid():
    space = SPACES["burgers"]
    net, z, seeds = prepared(KAN([2, 4, 1], grid=3), space)
    own = Fused.of(net)
    inputs = own.inputs(z, space)
    before = own.jets(inputs, slice(None))
    moved(net)
    update = own.jets(inputs, slice(None))
    assert torch.equal(update, Fused.of(net).jets(inputs, slice(None)))
    assert (update - before).abs().max() > 1e-6
    extended(net)
    rows = torch.empty(net.count, z.shape[1], dtype=torch.float64)
    own.rows(inputs, slice(None), seeds.permute(2, 0, 1).contiguous(), rows)
    expected, expected_rows = plain(net, z, space, seeds)
    assert (rows.T - expected_rows).abs().max() <= 1e-13 * expected_rows.abs().max()
    found = own.jets(inputs, slice(None)).permute(1, 2, 0)
    assert (found - expected).abs().max() <= 1e-13 * expected.abs().max()


def test_layers_of_moved_grids_have_different_knots():
    net = moved(KAN([2, 4, 4, 1], grid=4))
    first, second = (net.layer(k).blocks[0].basis.knots for k in (0, 1))
    assert (first[0] - second[0]).abs().max() > 0.01


@pytest.mark.parametrize("frequency", [1.0, 7e3])
def test_sines_of_any_angle_agree_with_the_library(frequency):
    z = torch.tensor(
        [0.0, -0.0, 1e-9, 0.7853981633974483, -1.5707963267948966, 3.0, -9.9, 355.0, -8e4, 1e9],
        dtype=torch.float64,
    )
    net = KAN([1, 1], basis=Sine(2, frequency), base="none", bias=False).double()
    own = Fused.of(net)
    inputs = own.inputs(z[None, :, None], JetSpace(1, ((0,),)))
    for k, expected in enumerate(((frequency * z).sin(), (frequency * z).cos())):
        net.set(torch.tensor([1.0, 0.0][:: 1 - 2 * k], dtype=torch.float64))
        found = own.jets(inputs, slice(None)).flatten()
        assert (found - expected).abs().max() <= 3e-16


@pytest.mark.parametrize("name", ["splines", "sines", "gaussians"])
def test_nan_stays_visible_in_every_basis(name):
    net, z, _ = prepared(COVERED[name](), SPACES["burgers"], n=200)
    z[0, 3, 0] = torch.nan
    own = Fused.of(net)
    jets = own.jets(own.inputs(z, SPACES["burgers"]), slice(None))[0, 0]
    assert (~torch.isfinite(jets)).nonzero().flatten().tolist() == [3]


def test_components_that_are_zero_by_structure_cost_nothing():
    # jets of coordinate i have two components out of d + 2, so that the first layer of a
    # Laplacian in d dimensions costs like d and not like d²
    steps = []
    for d in (10, 20):
        net, z, _ = prepared(kan([d, 4, 1], 2, "identity"), JetSpace.closed(d, [], [1.0] * d), 5)
        own = Fused.of(net)
        inputs = own.inputs(z, JetSpace.closed(d, [], [1.0] * d))
        assert len(inputs.rows) == 2 * d
        first = row_program(own.specs[:1], inputs.space, inputs.live, jacobian=False)
        steps.append(len(first.code))
    assert steps[1] < 2.2 * steps[0]


def test_room_is_taken_again_only_when_nobody_holds_it():
    workspace, like = Workspace(), torch.zeros(0, dtype=torch.float64)
    first = workspace.take(3, 4, like)
    view = first.T[1:]
    place = first.data_ptr()
    del first
    assert workspace.take(3, 4, like).data_ptr() != place  # the view holds it
    del view
    again = workspace.take(3, 4, like)
    assert again.data_ptr() == place
    assert workspace.take(3, 5, like).shape == (3, 5)


def test_inputs_keep_only_what_is_not_zero():
    _, z, _ = prepared(kan([2, 3, 1], 2, "identity"), SPACES["burgers"], n=9)
    own = Fused.of(kan([2, 3, 1], 2, "identity").double())
    inputs = own.inputs(z, SPACES["burgers"])
    assert isinstance(inputs, Inputs)
    # x and u_x's one; t and u_t's one
    assert inputs.live == ((True, True, False, False), (True, False, True, False))
    assert inputs.rows.shape == (4, 9)
