"""The fused kernel against the plain path, which the conformance tests hold to autograd."""

import pytest
import torch

from kanpde.basis import Chebyshev
from kanpde.calculus._jets import JetSpace, coordinates_jet
from kanpde.nets import KAN, MLP, WORKERS, Fused, Inputs, Workspace
from kanpde.nets.fused._rowprogram import row_program


def kan(width, degree, base, **options):
    return KAN(width, basis=Chebyshev(degree, squash=None), base=base, **options)


def masked():
    net = kan([2, 3, 2], 3, "tanh")
    net.layer(0).set_mask(torch.tensor([[True, False, True], [True, True, False]]))
    net.layer(1).set_mask(torch.tensor([[False, True], [True, True], [True, False]]))
    return net


COVERED = {
    "identity-2": lambda: kan([2, 8, 8, 1], 2, "identity"),
    "silu-3": lambda: kan([2, 5, 4, 3], 3, "silu"),
    "tanh-5": lambda: kan([2, 5, 4, 3], 5, "tanh"),
    "none-4": lambda: kan([2, 3, 4, 2], 4, "none", bias=False),
    "line": lambda: kan([2, 9, 1], 1, "identity"),
    "squash-in-basis": lambda: KAN([2, 3, 2], basis=Chebyshev(3), squash=False),
    "open": lambda: kan([2, 3, 1], 3, "identity", squash=False),
    "masked": masked,
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
@pytest.mark.parametrize("maker", COVERED.values(), ids=COVERED)
def test_kernel_agrees_with_the_plain_path(maker, space):
    net, z, seeds = prepared(maker(), space)
    expected, expected_rows = plain(net, z, space, seeds)
    jets, rows, gradient = fused(net, z, space, seeds)
    for k in range(space.size):
        scale = max(float(expected[k].abs().max()), 1e-3)
        assert (jets[k] - expected[k]).abs().max() <= 1e-13 * scale
    assert (rows - expected_rows).abs().max() <= 1e-13 * expected_rows.abs().max()
    total = expected_rows.sum(dim=0)
    assert (gradient - total).abs().max() <= 1e-13 * expected_rows.abs().sum(dim=0).max()


@pytest.mark.parametrize("name", ["identity-2", "silu-3", "mlp"])
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
    assert Fused.of(KAN([2, 3, 1], grid=4).double()) is None
    assert Fused.of(kan([2, 3, 1], 3, "silu").float()) is None
    assert (
        Fused.of(KAN([2, 3, 1], basis=Chebyshev(3), squash=True).double()) is None
    )  # tanh of tanh


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
