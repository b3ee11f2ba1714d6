"""Blocks, masks, widths, wrapped modules, grid extension and update."""

import pytest
import torch

from kanpde.basis import RBF, BSpline, Chebyshev, Sine
from kanpde.calculus._jets import JetSpace, coordinates_jet
from kanpde.errors import InputError, RunDirectoryError, ShapeError
from kanpde.nets import (
    KAN,
    MLP,
    BaseBlock,
    BasisBlock,
    BiasBlock,
    Layer,
    ModuleNet,
    ProductKAN,
    SineBlock,
    extend_grid,
    network_from_record,
    network_record,
    product_count,
    update_grid,
)
from kanpde.trial._trial import autograd_jets

BLOCKS = {
    "bspline-2": (lambda c: BasisBlock(BSpline(4, 2), 2, 3, c(2, 6, 3)), 1),
    "bspline-3": (lambda c: BasisBlock(BSpline(4, 3), 2, 3, c(2, 7, 3)), 2),
    "bspline-4": (lambda c: BasisBlock(BSpline(4, 4), 2, 3, c(2, 8, 3)), 3),
    "bspline-5": (lambda c: BasisBlock(BSpline(4, 5), 2, 3, c(2, 9, 3)), 4),
    "chebyshev": (lambda c: BasisBlock(Chebyshev(5), 2, 3, c(2, 5, 3)), 4),
    "chebyshev-plain": (lambda c: BasisBlock(Chebyshev(5, squash=None), 2, 3, c(2, 5, 3)), 4),
    "rbf": (lambda c: BasisBlock(RBF(4), 2, 3, c(2, 4, 3)), 4),
    "sine": (lambda c: BasisBlock(Sine(4), 2, 3, c(2, 4, 3)), 4),
    "sine-trained": (lambda c: SineBlock(Sine(3, trainable=True), 2, 3, c(2, 3, 3)), 4),
    "silu": (lambda c: BaseBlock("silu", 2, 3, c(2, 3)), 4),
    "tanh": (lambda c: BaseBlock("tanh", 2, 3, c(2, 3)), 4),
    "identity": (lambda c: BaseBlock("identity", 2, 3, c(2, 3)), 4),
}


def points_in(generator, n=10, d=2):
    return 1.8 * torch.rand(n, d, generator=generator, dtype=torch.float64) - 0.9


def layer_of(name, generator, squash=False):
    maker, smooth = BLOCKS[name]

    def coefficients(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    bias = BiasBlock(3, coefficients(1, 3))
    return Layer([maker(coefficients), bias], 2, 3, squash=squash), smooth


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("name", list(BLOCKS))
def test_block_jets_agree_with_nested_autograd(name, squash, generator):
    layer, smooth = layer_of(name, generator, squash)
    values = JetSpace.closed(2, [])
    space = JetSpace.closed(2, [(smooth, 0), (smooth // 2, smooth - smooth // 2), (0, smooth)])
    points = points_in(generator)
    found = layer.jets(coordinates_jet(points, space), space)
    expected = autograd_jets(lambda x: layer.jets(x[None], values)[0], points, space)
    assert found.shape == (space.size, 10, 3)
    for k in range(space.size):
        error = (found[k] - expected[k]).abs().max()
        # the same closed forms, summed in another order
        assert error <= 1e-10 * max(float(expected[k].detach().abs().max()), 1e-3)


@pytest.mark.parametrize("name", list(BLOCKS))
def test_block_rows_are_the_slopes_of_every_coefficient(name, generator):
    layer, smooth = layer_of(name, generator)
    space = JetSpace.closed(2, [(min(smooth, 2), 0), (0, 1)])
    points = points_in(generator, 4)
    seeds = torch.randn(space.size, 4, 3, generator=generator, dtype=torch.float64)
    tape = []
    jets = layer.jets(coordinates_jet(points, space), space, tape)
    count = sum(p.numel() for p in layer.parameters())
    found = torch.full((4, count), torch.nan, dtype=torch.float64)
    layer.rows(tape[0], seeds, found)
    for i in range(4):
        value = (jets[:, i] * seeds[:, i]).sum()
        grads = torch.autograd.grad(value, list(layer.parameters()), retain_graph=True)
        expected = torch.cat([g.flatten() for g in grads])
        assert (found[i] - expected.detach()).abs().max() <= 1e-12 * expected.abs().max()


@pytest.mark.parametrize("name", list(BLOCKS))
def test_mask_silences_values_and_rows_of_dead_edges(name, generator):
    layer, _ = layer_of(name, generator)
    space = JetSpace.closed(2, [(1, 0), (0, 1)])
    points = points_in(generator)
    alive = torch.tensor([[True, False, True], [False, False, True]])
    layer.set_mask(alive)
    tape = []
    jets = layer.jets(coordinates_jet(points, space), space, tape).detach()
    bias = layer.blocks[1].coefficients.detach()[0]
    # output 1 has no live edge: its bias alone; output 0 hears input 0 alone
    assert torch.equal(jets[0, :, 1], bias[1].expand(10))
    assert jets[1:, :, 1].abs().max() == 0
    assert jets[space.position((0, 1)), :, 0].abs().max() == 0
    assert jets[space.position((1, 0)), :, 0].abs().max() > 0
    count = sum(p.numel() for p in layer.parameters())
    out = torch.full((10, count), torch.nan, dtype=torch.float64)
    layer.rows(tape[0], torch.ones(3, 10, 3, dtype=torch.float64), out)
    split = layer.blocks[0].coefficients.numel()
    edges = out[:, :split].reshape(10, 2, -1, 3)
    dead = ~alive
    assert edges.permute(0, 2, 1, 3)[..., dead].abs().max() == 0
    for i, o in alive.nonzero().tolist():
        assert edges[:, i, :, o].abs().max() > 0
    layer.set_mask(None)
    assert layer.jets(coordinates_jet(points, space), space)[1:, :, 1].abs().max() > 0


def test_mask_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"mask: expected shape \(2, 3\), got \(3, 2\)"):
        KAN([2, 3, 1]).layer(0).set_mask(torch.ones(3, 2))


@pytest.mark.parametrize("make", [KAN, MLP])
@pytest.mark.parametrize("width", [[2], [], [2, 0, 1], [2, -1]])
def test_width_that_is_no_network_is_refused(make, width):
    with pytest.raises(InputError, match="width: expected at least two positive layer sizes"):
        make(width)


@pytest.mark.parametrize("width", ["21", 5, None, [2, "a", 1], [2, 2.5, 1]])
def test_width_of_the_wrong_kind_is_refused(width):
    with pytest.raises(InputError, match="width: expected"):
        KAN(width)


def test_unknown_base_and_activation_name_the_known_ones():
    with pytest.raises(InputError, match="base: expected one of silu, tanh, identity, none, got"):
        KAN([1, 1], base="relu")
    with pytest.raises(InputError, match="activation: expected tanh or silu, got 'relu'"):
        MLP([1, 1], activation="relu")


@pytest.mark.parametrize("make", [KAN, MLP])
def test_construction_leaves_the_global_generator_alone(make, generator):
    before = torch.random.get_rng_state()
    make([2, 5, 1])
    make([2, 5, 1], generator=generator)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("make", [KAN, MLP])
def test_same_generator_gives_the_same_network(make):
    one, two, three = (
        make([2, 5, 1], generator=torch.Generator().manual_seed(s)).get() for s in (5, 5, 6)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, three)


def test_counts_are_those_of_the_formula():
    assert KAN([2, 5, 1], grid=5, degree=3).count == (2 * 5 + 5) * (5 + 3 + 1) + 6
    assert MLP([2, 16, 1]).count == 3 * 16 + 17
    assert ProductKAN((1.0, 1.0), (), 1, degree=12).count == 13 * 14 // 2
    for periodic in range(3):
        net = ProductKAN((1.0, 1.0), tuple(range(periodic)), 1, degree=5)
        axes = tuple(k < periodic for k in range(2))
        assert net.products == product_count(axes, (5, 5))
    # i / 6 + j / 3 <= 1: 7 + 5 + 3 + 1 products, the constant among them
    assert ProductKAN((1.0, 1.0), (), 1, degree=(6, 3)).count == 16
    assert KAN([2, 5, 1], base="none", bias=False).count == 15 * 8
    assert KAN([2, 7, 3]).width == [2, 7, 3]


@pytest.mark.parametrize(("dimension", "degree"), [(1, 6), (2, 5), (3, 3)])
def test_product_kan_spans_all_polynomials_of_its_degree(dimension, degree, generator):
    net = ProductKAN((1.0,) * dimension, (), 1, degree=degree).double()
    points = points_in(generator, 400, dimension)
    space, tape = JetSpace.closed(dimension, []), []
    net.jets(points[None], space, tape)
    features = torch.empty(400, net.count, dtype=torch.float64)
    net.rows(tape, [torch.ones(1, 400, 1, dtype=torch.float64)], features)
    target = (points.sum(1) ** degree + points[:, 0] ** (degree - 1))[:, None]
    found = torch.linalg.lstsq(features, target, driver="gelsd").solution
    # spectral: the polynomial is in the span; conditioning costs few digits
    assert (features @ found - target).abs().max() <= 1e-10 * target.abs().max()


def plain_twin(net):
    class Twin(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(2, 5, dtype=torch.float64)
            self.second = torch.nn.Linear(5, 2, dtype=torch.float64)

        def forward(self, x):
            return self.second(torch.tanh(self.first(x)))

    twin = Twin()
    w1, b1, w2, b2 = (p.detach() for p in net.parameters())
    with torch.no_grad():
        twin.first.weight.copy_(w1.T)
        twin.first.bias.copy_(b1[0])
        twin.second.weight.copy_(w2.T)
        twin.second.bias.copy_(b2[0])
    return ModuleNet(twin, 2, 2)


def test_wrapped_module_agrees_with_the_mlp_it_copies(generator):
    net = MLP([2, 5, 2]).double()
    wrapped = plain_twin(net)
    points = points_in(generator)
    assert wrapped.count == net.count
    assert (wrapped(points) - net(points)).abs().max() <= 1e-14
    space = JetSpace.closed(2, [(2, 1)])
    expected = net.jets(coordinates_jet(points, space), space)
    assert (autograd_jets(wrapped, points, space) - expected).abs().max() <= 1e-10


def test_wrapped_module_refuses_jets_by_name(generator):
    wrapped = plain_twin(MLP([2, 5, 2]).double())
    space = JetSpace.closed(2, [(1, 0)])
    with pytest.raises(TypeError, match="derivatives='autograd'"):
        wrapped.jets(coordinates_jet(points_in(generator), space), space)


def test_description_of_a_wrapped_module_cannot_be_rebuilt():
    data = network_record(plain_twin(MLP([2, 5, 2])))
    assert data == {"kind": "module", "width": [2, 2], "class": "Twin"}
    with pytest.raises(RunDirectoryError, match="cannot be rebuilt without its code"):
        network_from_record(data)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"kind": "kan"},
        {"kind": "kan", "width": [2, 1], "base": "silu"},
        {"kind": "mlp", "width": ["a", 1], "activation": "tanh"},
        {"kind": "mlp", "width": [2], "activation": "tanh"},
        {"kind": "product", "width": [3, 9, 1], "degree": 3, "rates": [1.0], "periodic": []},
    ],
)
def test_damaged_description_is_refused(data):
    with pytest.raises(RunDirectoryError, match="network: expected"):
        network_from_record(data)


@pytest.mark.parametrize("degree", [2, 3, 5])
def test_nested_extension_keeps_the_function(degree, generator):
    net = KAN([2, 4, 1], grid=3, degree=degree).double()
    points = points_in(generator, 200) / 0.9
    before = net(points).detach()
    moved = extend_grid(net, 12)
    # blossoming is exact; a dozen roundings of numbers of size 1
    assert (net(points) - before).abs().max() <= 1e-12
    assert moved <= 1e-12
    assert net.layer(0).blocks[0].basis.grid == 12
    assert net.basis.grid == 12
    assert net.count == (8 + 4) * (12 + degree + 1) + 5


def test_extended_network_survives_its_description(generator):
    net = KAN([2, 4, 1], grid=3).double()
    extend_grid(net, 6)
    again = network_from_record(network_record(net)).double()
    again.set(net.get())
    points = points_in(generator)
    assert torch.equal(again(points), net(points))


def test_extension_that_does_not_nest_is_refused_and_changes_nothing(generator):
    net = KAN([2, 4, 1], grid=5).double()
    points = points_in(generator)
    before = net(points)
    with pytest.raises(InputError, match="multiple"):
        extend_grid(net, 7)
    assert torch.equal(net(points), before)
    # a least-squares fit on a finer grid moves a cubic spline of size 0.1 a little
    assert 1e-6 < extend_grid(net, 7, nested=False) < 0.1


def test_extension_of_edges_without_a_grid_is_refused():
    with pytest.raises(InputError, match="grids: expected B-spline edges, got chebyshev"):
        extend_grid(KAN([1, 1], basis=Chebyshev(3)), 6)


def test_update_moves_knots_and_reports_what_moved(generator):
    net = KAN([1, 3, 1], grid=8).double()
    points = torch.rand(500, 1, generator=generator, dtype=torch.float64) ** 3
    before = net.layer(0).blocks[0].basis.knots.clone()
    values = net(points).detach()
    moved = update_grid(net, points, blend=0.2)
    after = net.layer(0).blocks[0].basis.knots
    assert (after - before).abs().max() > 0.01
    # the report bounds the change of an edge, three edges feed an output
    assert 0 < (net(points) - values).abs().max() <= 20 * moved


def test_precision_of_knots_survives_a_visit_to_float32(generator):
    net = KAN([2, 3, 1], grid=3).double()
    points = points_in(generator)
    expected = net(points).detach()
    net.float().double()
    # coefficients were rounded to single precision, the knots were not
    assert (net(points) - expected).abs().max() <= 1e-6
    assert net.layer(0).blocks[0].basis.knots.dtype == torch.float64
